"""What can come of one request: a Completion, or one of three kinds of trouble; and how openai's errors are read as these.

    Trouble                 the endpoint's, never the model's: it costs nobody a move and nobody a match
        Transient           another try may help; RateLimited: after so many seconds
        Permanent           no try will help: wrong key, no quota, unknown model, a budget that is spent
    Completion              what the model wrote, whole or cut off; whether it is a move is for the reader and the match to say

Texts that leave this module have passed through `secrets.redacted`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from agents.llm.secrets import redacted

__all__ = ["Completion", "Permanent", "RateLimited", "Transient", "Trouble", "Usage", "trouble_of"]

_PASSING = {408, 409, 425}
_NO_QUOTA = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "access_terminated"}


class Trouble(Exception):  # noqa: N818  an outcome, told apart by kind
    """The endpoint did not answer. `status` is HTTP's, 0 where there is none; the text is one line without secrets."""

    kind = "trouble"
    free = False
    """Whether it is known to have cost nothing: the endpoint refused before it began."""

    def __init__(self, what: str, status: int = 0, named: str = "") -> None:
        super().__init__(redacted(" ".join(what.split()))[:400])
        self.status, self.named = status, named


class Transient(Trouble):
    """Another try may help: a server's error, a broken or idle stream, a refused connection."""

    kind = "transient"


class RateLimited(Transient):
    """The endpoint asks for patience; `after` in seconds, None where it does not say how long."""

    kind = "rate limited"

    def __init__(self, what: str, status: int = 0, after: float | None = None) -> None:
        super().__init__(what, status)
        self.after = after


class Permanent(Trouble):
    """No try will help. `named` is the parameter that the endpoint does not take, where it says so."""

    kind = "permanent"


@dataclass(frozen=True)
class Usage:
    """Tokens of one answer. `completion` includes `reasoning`, `prompt` includes `cached`; reported: the endpoint counted them."""

    prompt: int = 0
    completion: int = 0
    reasoning: int = 0
    cached: int = 0
    reported: bool = False

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt + other.prompt, self.completion + other.completion, self.reasoning + other.reasoning,
            self.cached + other.cached, self.reported and other.reported,
        )  # fmt: skip


@dataclass(frozen=True)
class Completion:
    """What a model wrote. finish: the endpoint's word for why it stopped ("stop", "length", "tool_calls", "content_filter").

    first, total: seconds from the request to the first token and to the end. training: token ids, log-probabilities and whatever
    else the endpoint gave of each token. without: parameters that were asked for and that the endpoint does not take.
    """

    text: str
    finish: str
    reasoning: str = ""
    refusal: str = ""
    tools: int = 0
    usage: Usage = Usage()
    first: float = 0.0
    total: float = 0.0
    model: str = ""
    training: Mapping[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()


def trouble_of(error: BaseException, now: datetime | None = None) -> Trouble:
    """An error of the client or of the wire as trouble. now: for a Retry-After that is a date (with its time zone)."""
    told = getattr(error, "status_code", None)
    trouble = _trouble(error, told if isinstance(told, int) else 0, now)
    trouble.free = isinstance(told, int)
    return trouble


def _trouble(error: BaseException, status: int, now: datetime | None) -> Trouble:
    body = getattr(error, "body", None)
    code = str(getattr(error, "code", None) or _entry(body, "code") or "")
    kind = str(getattr(error, "type", None) or _entry(body, "type") or "")
    status = status or _status_in(code)
    what = f"{f'HTTP {status}: ' if status else ''}{_told(error)}"
    if status == 402 or {code, kind} & _NO_QUOTA:
        return Permanent(what, status)
    after = _retry_after(error, now)
    if status == 429 or "rate_limit" in (code + kind):
        return RateLimited(what, status, after)
    if status in _PASSING or status >= 500 or not status:
        return RateLimited(what, status, after) if after is not None else Transient(what, status)
    return Permanent(what, status, f"{_entry(body, 'param') or ''} {what}")


def _entry(body: Any, name: str) -> Any:
    """A field of an error's body, which some endpoints wrap once more."""
    if not isinstance(body, Mapping):
        return None
    inner = body.get("error")
    return body.get(name) or (inner.get(name) if isinstance(inner, Mapping) else None)


def _status_in(code: str) -> int:
    return int(code) if code.isdecimal() and len(code) == 3 else 0


def _told(error: BaseException) -> str:
    """What went wrong in a few words; a page of HTML is named and not quoted."""
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
        return f"the answer cannot be read ({type(error).__name__})"
    told = str(getattr(error, "message", None) or "") or str(error) or type(error).__name__
    # Where the client finds no message it names the status alone, and the body says more.
    told = _in_body(getattr(error, "body", None)) or told if re.fullmatch(r"Error code: \d+", told) else told
    if "<html" in told[:2000].lower() or "<!doctype" in told[:2000].lower():
        return "a page of HTML instead of an answer"
    told = re.sub(r"\AError code: \d+ - ", "", told)
    cause, url = error.__cause__, getattr(getattr(error, "request", None), "url", None)
    if cause is None or getattr(error, "status_code", None):
        return told
    why = f"{type(cause).__name__}{f': {cause}' if str(cause) else ''}"
    return f"{told} ({why})" if url is None else f"no connection with {url.scheme}://{url.netloc.decode()} ({why})"


def _in_body(body: Any) -> str:
    """What an error's body says where it is not of the API's form: a text, or a tree that holds one."""
    if isinstance(body, Mapping):
        body = next((body[name] for name in ("message", "error", "detail") if body.get(name)), body)
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, default=str) if body else ""


def _retry_after(error: BaseException, now: datetime | None) -> float | None:
    """The seconds that Retry-After asks for (a number, or a date), within an hour; None without one that makes sense."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    text = str(headers.get("retry-after") or "").strip()
    try:
        seconds = float(headers["retry-after-ms"]) / 1000 if "retry-after-ms" in headers else float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - (now or datetime.now(UTC))).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(3600.0, seconds) if 0 <= seconds < 1e9 else None
