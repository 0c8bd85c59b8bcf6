"""Tracks read side by side: the records of each tick together, in one pass over the file."""

from __future__ import annotations

from typing import Any

from replays.log import LogReader

__all__ = ["ACCEPTED", "MOST_AT_ONCE", "NEVER", "Head", "notes_by_seat"]

ACCEPTED = -1
"""The attempt of an answer that was no failure."""
NEVER = 1 << 63
"""A step that no record has."""
MOST_AT_ONCE = 100_000
"""Records of one tick and track that are read; no match has as many."""


class Head:
    """The next record of one track, so that tracks can be read side by side."""

    def __init__(self, log: LogReader, track: int) -> None:
        self._records = log.iterate(track)
        self.tick, self._tree = NEVER, None
        self._advance()

    def _advance(self) -> None:
        _, self.tick, self._tree = next(self._records, (0, NEVER, None))

    def take(self, tick: int) -> list[Any]:
        """All records at this tick; of more than a match can have, the first ones."""
        found: list[Any] = []
        while self.tick == tick:
            if len(found) < MOST_AT_ONCE:
                found.append(self._tree)
            self._advance()
        return found


def notes_by_seat(trees: list[Any]) -> dict[tuple[int, int], dict[str, Any]]:
    """(seat, attempt) -> notes, from the records of the tracks of notes and of long texts; the accepted act is attempt ACCEPTED."""
    found: dict[tuple[int, int], dict[str, Any]] = {}
    for tree in trees:
        if not isinstance(tree, dict):
            continue
        seat, attempt = tree.get("seat"), tree.get("attempt", ACCEPTED)
        if isinstance(seat, int) and isinstance(attempt, int):
            for part in (tree.get("notes"), tree.get("texts")):
                if isinstance(part, dict):
                    found[seat, attempt] = found.get((seat, attempt), {}) | part
    return found
