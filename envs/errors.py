"""The one exception that speaks to a user: one line, no traceback.

A message says what was wrong, what was allowed and what to do. The command line prints it and exits with
`code`; a library user catches `UserError`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["CORRUPT", "DIVERGES", "FAILURE", "NOT_FOUND", "USAGE", "UserError", "unknown"]

FAILURE, USAGE, NOT_FOUND, CORRUPT, DIVERGES = 1, 2, 3, 4, 5


class UserError(Exception):
    """A mistake that the user can mend. `code` is the exit code of the command line (2 to 5)."""

    def __init__(self, message: str, code: int = USAGE) -> None:
        super().__init__(" ".join(message.split()))
        self.code = code


def unknown(kind: str, name: str, known: Iterable[str]) -> UserError:
    """The error for a name that nobody has: the nearest known names first, then all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return UserError(f"no {kind} {name!r}: {hint}known are {', '.join(names) or 'none'}", NOT_FOUND)
