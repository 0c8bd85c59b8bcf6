"""Tokens: 256 random bits each, shown once, kept as SHA-256 in a file of this user alone, with what they allow and until when.

A host reads the file again when it has changed, so that a revoked token ends its connections within a second.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from envs.errors import CORRUPT, NOT_FOUND, UserError

__all__ = ["SCOPES", "Grant", "Tokens", "digest"]

SCOPES = ("play", "spectate", "submit", "admin")
"""play: take seats. spectate: watch as the public. submit: hand in results. admin: all of it, and watch through a seat."""
_log = logging.getLogger("palaestra.tokens")
_NAME = re.compile(r"[\w.@-]{1,64}")


def digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True)
class Grant:
    """A token's owner, what it allows, and when it ends (seconds since 1970, None: never)."""

    name: str
    digest: str
    scopes: tuple[str, ...]
    until: float | None = None

    def allows(self, scope: str) -> bool:
        return scope in self.scopes or "admin" in self.scopes


@dataclass
class Tokens:
    """The tokens of a host. path: the file that keeps them, None for tokens of one run alone."""

    path: Path | None = None
    grants: dict[str, Grant] = field(default_factory=dict)
    _seen: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        self.refresh()

    def add(self, name: str, scopes: Iterable[str], until: float | None = None) -> str:
        """A new token; it is not kept anywhere and cannot be shown again. UserError for a name or scope that is not allowed."""
        chosen = tuple(dict.fromkeys(scopes))
        if not _NAME.fullmatch(name):
            raise UserError(f"no token for {name!r}: a name has 1 to 64 letters, digits, dots, dashes or underscores")
        if not chosen or set(chosen) - set(SCOPES):
            raise UserError(f"scopes {', '.join(chosen) or 'none'} are not allowed: give some of {', '.join(SCOPES)}")
        if name in self.grants:
            raise UserError(f"{name} has a token: revoke it first")
        token = secrets.token_urlsafe(32)
        self.grants[name] = Grant(name, digest(token), chosen, until)
        self._write()
        return token

    def revoke(self, name: str) -> None:
        """Take a token back."""
        if name not in self.grants:
            raise UserError(f"no token of {name!r}: there are {', '.join(sorted(self.grants)) or 'none'}", NOT_FOUND)
        del self.grants[name]
        self._write()

    def find(self, token: str, now: float) -> Grant | None:
        """Whose token it is. Every kept one is compared, each in constant time."""
        given, found = digest(token), None
        for grant in self.grants.values():
            if hmac.compare_digest(grant.digest, given):
                found = grant
        return found if found is not None and self.valid(found, now) else None

    def valid(self, grant: Grant, now: float) -> bool:
        """Whether a grant still holds; now: seconds since 1970."""
        return self.grants.get(grant.name) == grant and (grant.until is None or now < grant.until)

    def refresh(self) -> bool:
        """Read the file again if it has changed; True then."""
        if self.path is None:
            return False
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            seen = (0, 0)
        else:
            seen = (stat.st_mtime_ns, stat.st_size)
        if seen == self._seen:
            return False
        self._seen = seen
        self.grants = _read(self.path) if seen[1] else {}
        return True

    def renew(self) -> None:
        """`refresh` for a host that runs: a file that cannot be read is logged, and what was known still holds."""
        try:
            self.refresh()
        except UserError as error:
            _log.error("%s", error)

    def _write(self) -> None:
        if self.path is None:
            return
        rows = [asdict(grant) for grant in self.grants.values()]
        part = self.path.with_name(self.path.name + ".part")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "w", encoding="utf-8") as file:
            json.dump({"tokens": rows}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, self.path)
        self.refresh()


def _read(path: Path) -> dict[str, Grant]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["tokens"]
        grants = [Grant(str(row["name"]), str(row["digest"]), tuple(row["scopes"]), row["until"]) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} is no file of tokens ({type(error).__name__}): make one with `arena token new`", CORRUPT
        ) from None
    return {grant.name: grant for grant in grants}
