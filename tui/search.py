"""Looking for words in a whole tape: action names, marks, what was said, and the agents' notes and long texts.

A pattern is a regular expression without regard to case; one that is not valid is looked for as plain text. The search
reads on in portions and takes up what a running match adds. It sees through a Vantage: what the viewer may not know
is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from arena.events import Acted, from_tree, shown
from replays.recorder import ACTS, NOTES, TEXTS
from tui.vantage import Vantage

__all__ = ["Search"]

_LONGEST = 20_000
"""Characters of one text that are searched."""
_DEEP = 6


class Search:
    """One pattern over one tape. `hits(position)` are the ticks found so far, ascending."""

    def __init__(self, pattern: str, vantage: Vantage) -> None:
        self.pattern, self._vantage = pattern, vantage
        try:
            self._wanted = re.compile(pattern, re.IGNORECASE)
        except (re.error, OverflowError, RecursionError):
            self._wanted = re.compile(re.escape(pattern), re.IGNORECASE)
        self._read = dict.fromkeys((ACTS, NOTES, TEXTS), 0)
        self._marks_read = 0
        self._own: set[int] = set()
        self._others: set[int] = set()

    def advance(self, most: int = 800) -> bool:
        """Search on, at most `most` records of each kind; True while there is more."""
        log, more = self._vantage.tape.log, False
        for track in self._read:
            stop = min(log.count(track), self._read[track] + most)
            if self._read[track] < stop:
                for _, step, tree in log.iterate(track, self._read[track]):
                    self._read[track] += 1
                    self._look(track, step, tree)
                    if self._read[track] >= stop:
                        break
                self._read[track] = max(self._read[track], stop)
            more = more or stop < log.count(track)
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
        elif own and self._found(_texts(tree.get("notes" if track == NOTES else "texts"))):
            self._own.add(step)

    def _look_at_marks(self) -> None:
        # Marks of the future are filtered by `hits`, so all that this viewer will ever see are looked at.
        marks = self._vantage.marks(self._vantage.tape.last)
        for mark in marks[self._marks_read :]:
            if self._found([f"{mark.kind} {mark.text}"]):
                self._own.add(mark.tick)
        self._marks_read = len(marks)

    def _found(self, texts: Any) -> bool:
        return any(self._wanted.search(text[:_LONGEST]) for text in texts)


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
