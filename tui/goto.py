"""Reads what a user types after `:`: a step, a per cent, an event by number or by name. Nothing else is known here."""

from __future__ import annotations

import re
from collections.abc import Sequence

from arena.events import Marked
from envs.errors import UserError

__all__ = ["destination"]

_STEP = re.compile(r"([+-]?)(\d{1,12})$")
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*%$")
_EVENT = re.compile(r"e(\d{1,9})$")
_NUMBERED = re.compile(r"(.+?)\s+(\d{1,9})$")


def destination(text: str, position: int, last: int, marks: Sequence[Marked]) -> int:
    """The tick that a text names, in 0..last.

    "412", "+10", "-10"; "37%"; "e3", the third event; "win", the next event of that kind or with that text, from the
    position on and round; "wave 5", the text if an event has it, else the fifth event of the kind. UserError otherwise.
    """
    text = text.strip().lower()
    if match := _STEP.match(text):
        ticks = int(match[2])
        return _within({"+": position + ticks, "-": position - ticks}.get(match[1], ticks), last)
    if match := _PERCENT.match(text):
        return _within(round(float(match[1]) * last / 100), last)
    if match := _EVENT.match(text):
        return _nth(marks, int(match[1]), "event")
    return _named(text, position, marks)


def _within(tick: int, last: int) -> int:
    return min(max(tick, 0), last)


def _nth(marks: Sequence[Marked], n: int, what: str) -> int:
    if not 1 <= n <= len(marks):
        raise UserError(f"no {what} {n}: there are {len(marks)} so far")
    return marks[n - 1].tick


def _named(text: str, position: int, marks: Sequence[Marked]) -> int:
    found = [mark.tick for mark in marks if text and (mark.kind.lower() == text or text in mark.text.lower())]
    if found:
        return next((tick for tick in found if tick > position), found[0])
    match = _NUMBERED.match(text)
    kind = [mark for mark in marks if match and mark.kind.lower() == match[1]]
    if match and kind:
        return _nth(kind, int(match[2]), match[1])
    kinds = ", ".join(sorted({mark.kind for mark in marks})[:8]) or "none so far"
    raise UserError(f"no event {text!r}; kinds are {kinds}; or type a step (412) or a per cent (37%)")
