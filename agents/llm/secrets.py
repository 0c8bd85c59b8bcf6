"""Keys stay in the environment: whatever text leaves the seat is searched for them by value and comes out without.

A key is read once, by the name of its variable, and handed to the client; from then on `redacted` replaces it wherever it turns up,
as it stands and in the forms that encoders give it; log records of any library pass through it too. A process that holds a key writes no
core file.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from envs.errors import UserError

__all__ = ["SHORTEST", "key_from", "redacted", "redacted_tree", "remember"]

SHORTEST = 6
"""A shorter key would be found in innocent words; it is refused."""
SHOWN = "[redacted]"
_LONGEST_NAME = 40
_forms: list[str] = []


def key_from(variable: str, environ: Mapping[str, str] | None = None) -> str:
    """The key in an environment variable, remembered for redaction; "" for an endpoint that needs none (variable "")."""
    if not variable:
        return ""
    if not re.fullmatch(r"[A-Z_a-z][A-Z_a-z0-9]*", variable):
        raise UserError(
            "llm: key_env= takes the name of an environment variable that holds the key, as OPENAI_API_KEY, and no key"
        )
    key = (os.environ if environ is None else environ).get(variable, "").strip()
    if not key:
        # What was given may be the key itself, which is not repeated.
        named = (
            variable if variable.isupper() and len(variable) <= _LONGEST_NAME else "variable of the name in key_env="
        )
        raise UserError(f"llm: the environment has no {named}: export it, or give key_env= for an endpoint without key")
    if len(key) < SHORTEST:
        raise UserError(
            f"llm: the key in {variable} has fewer than {SHORTEST} characters, too few to be kept out of records"
        )
    if not (key.isascii() and key.isprintable()):
        raise UserError(f"llm: the key in {variable} has characters that no header can hold: it must be plain ASCII")
    remember(key)
    return key


def remember(key: str) -> None:
    """From now on `redacted` replaces this text, alone and encoded."""
    for form in _encoded(key):
        if form not in _forms:
            _forms.append(form)
    _forms.sort(key=len, reverse=True)
    _no_core_file()
    _guard_logs()


def _encoded(key: str) -> list[str]:
    """As it stands, quoted for URLs and JSON, in hex, and in base64 at each of the three places that it may take in a longer text."""
    data = key.encode()
    forms = [key, quote(key, safe=""), quote_plus(key), json.dumps(key)[1:-1], data.hex(), data.hex().upper()]
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            # The characters at both ends depend on the neighbours; what lies between is the key's alone.
            whole = encode(b"\0" * shift + data).decode().rstrip("=")
            forms.append(whole[(0, 2, 3)[shift] : len(whole) - 1])
    return [form for form in dict.fromkeys(forms) if len(form) >= SHORTEST]


def _no_core_file() -> None:
    """Where cores go to a program the limit does not count, so that they must hold no memory either."""
    with suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415  (not on every system)

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    with suppress(OSError):
        Path("/proc/self/coredump_filter").write_text("0")


def _guard_logs() -> None:
    """Every log record that is made from now on, whoever makes it, is written without keys."""
    inner = logging.getLogRecordFactory()
    if getattr(inner, "redacts", False):
        return

    def factory(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = inner(*args, **kwargs)
        with suppress(Exception):  # a wrong format is told by the handler, as always
            record.msg, record.args = redacted(record.getMessage()), ()
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = redacted(logging.Formatter().formatException(record.exc_info))
        return record

    factory.redacts = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(factory)


def redacted(text: str) -> str:
    """The text without any key that was ever read in this process."""
    for form in _forms:
        if form in text:
            text = text.replace(form, SHOWN)
    return text


def redacted_tree(value: Any) -> Any:
    """The same for every text in lists and dicts, keys included."""
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Mapping):
        return {redacted(str(name)): redacted_tree(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [redacted_tree(each) for each in value]
    return value
