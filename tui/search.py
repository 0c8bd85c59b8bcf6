"""Looking for words in a whole tape: action names, marks, what was said, and the agents' notes and long texts.

A pattern is a regular expression without regard to case; one that is not valid is looked for as plain text. The search
reads on in portions and takes up what a running match adds. It sees through a Vantage: what the viewer may not know
is not found. Of a hit in an agent's notes it knows whose they are and which note it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from arena.events import Acted, from_tree, shown
from replays.recorder import ACTS, NOTES, TEXTS
from tui.vantage import Vantage

__all__ = ["Search"]

_LONGEST, _PORTION = 1 << 18, 1 << 21
"""Characters of one text that are searched, which no note exceeds, and of all texts in one portion, more or less."""
_DEEP = 6


class Search:
    """One pattern over one tape. `hits(position)` are the ticks found so far, ascending; `noted[tick]`: (seat, name of the note) of the
    first hit in a note there.
    """

    def __init__(self, pattern: str, vantage: Vantage) -> None:
        self.pattern, self._vantage = pattern, vantage
        try:
            self.wanted = re.compile(pattern, re.IGNORECASE)
        except (re.error, OverflowError, RecursionError):
            self.wanted = re.compile(re.escape(pattern), re.IGNORECASE)
        self.noted: dict[int, tuple[int, str]] = {}
        self._looked = 0
        self._read = dict.fromkeys((ACTS, NOTES, TEXTS), 0)
        self._marks_read = 0
        self._own: set[int] = set()
        self._others: set[int] = set()

    def advance(self, most: int = 800) -> bool:
        """Search on, at most `most` records of each kind and _PORTION characters; True while there is more."""
        log, more = self._vantage.tape.log, False
        self._looked = 0
        for track in self._read:
            stop = min(log.count(track), self._read[track] + most)
            if self._read[track] < stop:
                for _, step, tree in log.iterate(track, self._read[track]):
                    self._read[track] += 1
                    self._look(track, step, tree)
                    if self._read[track] >= stop or self._looked > _PORTION:
                        break
                else:
                    self._read[track] = max(self._read[track], stop)
            more = more or self._read[track] < log.count(track)
        self._look_at_marks()
        return more

    def hits(self, position: int) -> list[int]:
        """Ticks with a hit that the viewer knows of at a position."""
        if self._vantage.everything:
            return sorted(self._own | self._others)
        known = {tick for tick in self._own if tick <= position} | {tick for tick in self._others if tick < position}
        return sorted(known)

    def _look(self, track: int, step: int, tree: Any) -> None:
        if not isinstance(tree, dict):
            return
        own = self._vantage.everything or tree.get("seat") == self._vantage.who
        if track == ACTS:
            seen = _shown_act(tree, self._vantage)
            if seen is not None and self._found([seen.name, *(text for _, text in seen.said)]):
                (self._own if own else self._others).add(step)
        elif own and isinstance(notes := tree.get("notes" if track == NOTES else "texts"), dict):
            name = next((name for name, value in notes.items() if self._found(_texts({name: value}))), None)
            if name is not None:
                self._own.add(step)
                self.noted.setdefault(step, (_seat_of(tree), str(name)))

    def _look_at_marks(self) -> None:
        # Marks of the future are filtered by `hits`, so all that this viewer will ever see are looked at.
        marks = self._vantage.marks(self._vantage.tape.last)
        for mark in marks[self._marks_read :]:
            if self._found([f"{mark.kind} {mark.text}"]):
                self._own.add(mark.tick)
        self._marks_read = len(marks)

    def _found(self, texts: Any) -> bool:
        for text in texts:
            self._looked += len(text)
            if self.wanted.search(text[:_LONGEST]):
                return True
        return False


def _seat_of(tree: dict[str, Any]) -> int:
    seat = tree.get("seat")
    return seat if isinstance(seat, int) else -1


def _shown_act(tree: dict[str, Any], vantage: Vantage) -> Acted | None:
    try:
        event = from_tree(tree)
    except ValueError:
        return None
    seen = shown(event, vantage.who, vantage.tape.opened)
    return seen if isinstance(seen, Acted) else None


def _texts(value: Any, deep: int = _DEEP) -> Iterator[str]:
    """All texts in a tree of notes, names included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and deep:
        for name, part in value.items():
            yield from _texts(name, deep - 1)
            yield from _texts(part, deep - 1)
    elif isinstance(value, (list, tuple)) and deep:
        for part in value:
            yield from _texts(part, deep - 1)
