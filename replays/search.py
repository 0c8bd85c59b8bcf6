"""Finding things on a tape: words that somebody wrote, and places that somebody names.

`search` looks at marks, names of actions, what was said, and what agents noted; `place` understands "412", "-1", "37%", "e3" and "win".
Who looks sees only what is theirs, so a search for one seat betrays nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from arena.events import Acted, Event, Faulted, Marked, Refused, shown
from arena.text import safe_text
from envs.errors import UserError
from envs.spec import PUBLIC, SPECTATOR
from replays.tape import Tape

__all__ = ["Hit", "acts_for", "demand_seat", "marks_for", "pattern", "place", "search", "texts_of"]

_LONGEST, _AROUND, _DEEPEST = 1 << 18, 40, 6


@dataclass(frozen=True)
class Hit:
    """A found text: the tick, the seat (-1: none), and the words around.

    where: "mark", "action", "said", "refused", "fault" or a note's name.
    """

    tick: int
    seat: int
    where: str
    snippet: str


def pattern(text: str, regex: bool = False) -> re.Pattern[str]:
    """What to look for, without regard to case. A regular expression that is none is looked for as it stands."""
    if regex:
        try:
            return re.compile(text, re.IGNORECASE)
        except (re.error, OverflowError, RecursionError):
            pass  # none: as it stands
    return re.compile(re.escape(text), re.IGNORECASE)


def search(tape: Tape, wanted: str | re.Pattern[str], who: int = SPECTATOR) -> Iterator[Hit]:
    """Every text that holds `wanted` (a text, or what `pattern` made), in order of ticks; the first place in each text counts."""
    sought = pattern(wanted) if isinstance(wanted, str) else wanted
    for entry in tape.entries(states=False):
        for event in (*entry.events, *entry.acts):
            seen = shown(event, who, tape.opened)
            for where, seat, text in texts_of(seen) if seen is not None else ():
                found = sought.search(text[:_LONGEST])
                if found is not None:
                    yield Hit(entry.tick, seat, where, _snippet(text, found.start(), found.end()))


def _snippet(text: str, start: int, end: int) -> str:
    before, after = max(0, start - _AROUND), min(len(text), min(end, start + _AROUND) + _AROUND)
    cut = ("…" if before else "") + text[before:after] + ("…" if after < len(text) else "")
    return safe_text(cut)


def texts_of(event: Event) -> Iterator[tuple[str, int, str]]:
    """(where, seat, text) of everything in an event that somebody may look for."""
    if isinstance(event, Marked):
        yield "mark", event.seat, event.text
    elif isinstance(event, Refused):
        yield "refused", event.seat, f"{event.kind}: {event.reason}"
        yield "refused", event.seat, event.answer
        yield from _noted(event)
    elif isinstance(event, Faulted):
        yield "fault", event.seat, f"{event.cause}: {event.detail}"
    elif isinstance(event, Acted):
        yield "action", event.seat, event.name
        yield from (("said", event.seat, text) for _, text in event.said)
        yield from _noted(event)


def _noted(event: Acted | Refused) -> Iterator[tuple[str, int, str]]:
    for name, value in event.notes.items():
        yield from ((name, event.seat, text) for text in _strings(value) if name != "policy")


def _strings(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple) and depth < _DEEPEST:
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item, depth + 1)


def marks_for(tape: Tape, who: int = SPECTATOR) -> list[Marked]:
    """The marks that `who` may see, in order."""
    return [mark for mark in tape.marks() if shown(mark, who, tape.opened) is not None]


def acts_for(tape: Tape, acts: list[Acted], who: int = SPECTATOR) -> list[Acted]:
    """Of these acts, what `who` may know."""
    return [seen for act in acts if isinstance(seen := shown(act, who, tape.opened), Acted)]


def demand_seat(tape: Tape, who: int) -> None:
    """Raises UserError unless the match has that seat; -1 and -2 are the spectator and the public."""
    if not PUBLIC <= who < tape.seats:
        raise UserError(f"no seat {who}: there are 0 to {tape.seats - 1}, -1 sees everything and -2 what all know")


def place(tape: Tape, text: str, who: int = SPECTATOR) -> int:
    """The tick that a text names: a number (negative from the end), per cents, "end", the n-th event "e3", a kind of mark "win" or "win:2".

    Raises UserError for anything else, saying what there is.
    """
    wanted = text.strip().lower()
    if re.fullmatch(r"-?\d{1,18}", wanted):
        return _within(tape, int(wanted))
    percent = re.fullmatch(r"(\d{1,3}(?:\.\d{1,6})?)%", wanted)
    if percent and float(percent[1]) <= 100:
        return round(tape.last * float(percent[1]) / 100)
    if wanted in ("end", "last", "start", "first"):
        return tape.last if wanted in ("end", "last") else 0
    return min(_event_place(marks_for(tape, who), wanted, text), tape.last)


def _within(tape: Tape, tick: int) -> int:
    found = tick + tape.last + 1 if tick < 0 else tick
    if not 0 <= found <= tape.last:
        raise UserError(f"tick {tick} is not on the tape: it has 0 to {tape.last}")
    return found


def _event_place(marks: list[Marked], wanted: str, text: str) -> int:
    numbered = re.fullmatch(r"e(\d{1,9})", wanted)
    kind, _, number = wanted.partition(":")
    of_kind = marks if numbered else [mark for mark in marks if mark.kind.lower() == kind]
    nth = numbered[1] if numbered else number or "1"
    if nth.isdecimal() and len(nth) < 10 and 0 < int(nth) <= len(of_kind):
        return of_kind[int(nth) - 1].tick
    kinds = ", ".join(sorted({mark.kind for mark in marks})[:20]) or "none"
    raise UserError(
        f"no place {safe_text(text, width=40)!r}: give a tick (12, -1), per cents (37%), end, an event by number (e1 to e{len(marks)}) "
        f"or by kind, as win or win:2 (there are {safe_text(kinds, width=200)})"
    )
