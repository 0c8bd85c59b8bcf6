"""The one door for errors: a user's mistake is its own line, a bug is a line and a traceback in a file.

Loaded only when there is an error. Whatever is written to the terminal has lost its control codes, and nothing that is written holds a key
which a model's seat has read. The file of tracebacks is `errors.log` in the user's state folder; it is begun anew when it has grown past
a megabyte.
"""

from __future__ import annotations

import sys
import traceback
from datetime import UTC, datetime

import click
import platformdirs

from arena.text import safe_text
from envs.errors import FAILURE, UserError
from envs.extras import wanting

__all__ = ["told"]

LIMIT = 1_000_000
_KINDS = {
    "integer range": "a whole number",
    "integer": "a whole number",
    "float range": "a number",
    "float": "a number",
}
"""What click calls a kind of value, and what people call it."""


def told(error: Exception, debug: bool) -> int:
    """Say on stderr what went wrong and return the exit code; `debug` shows the traceback of a bug."""
    if isinstance(error, UserError):
        return _line(str(error), error.code)
    if isinstance(error, ModuleNotFoundError) and (missing := wanting(error)):
        return _line(str(missing), missing.code)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return error.exit_code
    if isinstance(error, click.ClickException):
        return _line(_usage(error), error.exit_code)
    return _bug(error, debug)


def _line(message: str, code: int) -> int:
    click.echo(f"arena: {safe_text(_without_keys(message))}", err=True)
    return code


def _usage(error: click.ClickException) -> str:
    message = error.format_message().rstrip(".")
    for kind, words in _KINDS.items():
        message = message.replace(f"is not a valid {kind}", f"is not {words}")
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{message} (`{context.command_path} --help` tells more)" if context else message


def _bug(error: Exception, debug: bool) -> int:
    text = _without_keys("".join(traceback.format_exception(error)))
    if debug:
        click.echo(safe_text(text, lines=text.count("\n") + 1), err=True)
    what = safe_text(f"{type(error).__name__}: {error}")
    return _line(f"this is a bug of ours: {what} ({_keep(text)}; --debug shows it)", FAILURE)


def _without_keys(text: str) -> str:
    """Keys are known to what reads them, and where it was never loaded there are none."""
    secrets = sys.modules.get("agents.llm.secrets")
    return text if secrets is None else str(secrets.redacted(text))


def _keep(text: str) -> str:
    path = platformdirs.user_state_path("palaestra") / "errors.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = "w" if path.exists() and path.stat().st_size > LIMIT else "a"
        with path.open(mode, encoding="utf-8", errors="backslashreplace") as log:
            log.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} {sys.argv[1:]!r}\n{text}\n")
    except OSError as error:
        return f"its traceback could not be written to {path}: {error.strerror}"
    return f"its traceback is in {path}"
