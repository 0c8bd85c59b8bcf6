"""Figures over a whole tape, read as it grows: scores, values, think times, tokens, cost, refusals.

Reading goes on in small portions (`advance`), so that a long recording never holds up a screen. What a viewer may
see of the figures is decided here by the same rule as for events: others' rewards only where all is open, others'
notes never.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from arena.events import Acted, Refused, from_tree
from envs.spec import SPECTATOR
from replays.recorder import ACTS, EVENTS, NOTES, STATES
from replays.tape import Tape

__all__ = ["Figures", "Tally", "number"]

_COUNTED = ("tokens", "cost")
_LARGEST_GAP = 100_000
"""Ticks that a damaged file may lack in one place; a larger leap is no tick of a match."""


def number(value: Any) -> float | None:
    """A finite number that an agent gave, or None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        figure = float(value)
    except OverflowError:
        return None
    return figure if math.isfinite(figure) else None


@dataclass(frozen=True)
class Figures:
    """A seat's figures up to a tick."""

    decisions: int
    mean: float
    longest: float
    refusals: int
    tokens: float
    cost: float
    score: float


@dataclass
class _Seat:
    """One seat's series: ticks ascending, running totals beside them."""

    ticks: list[int] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    longest: list[float] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    counted: dict[str, tuple[list[int], list[float]]] = field(
        default_factory=lambda: {name: ([], []) for name in _COUNTED}
    )
    values: dict[int, float] = field(default_factory=dict)


class Tally:
    """The figures of one tape. Ticks that are lost in a damaged file count as no change."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self._read = dict.fromkeys((STATES, ACTS, NOTES, EVENTS), 0)
        self._seats = [_Seat() for _ in tape.started.seats]
        self._scores: list[list[float]] = [[] for _ in tape.started.seats]

    def advance(self, most: int = 1500) -> bool:
        """Read on, at most `most` records of each kind; True while there is more."""
        more = False
        for track, take in ((STATES, self._state), (ACTS, self._act), (NOTES, self._note), (EVENTS, self._event)):
            stop = min(self.tape.log.count(track), self._read[track] + most)
            if self._read[track] < stop:
                for _, step, tree in self.tape.log.iterate(track, self._read[track]):
                    self._read[track] += 1
                    if isinstance(tree, dict):
                        take(step, tree)
                    if self._read[track] >= stop:
                        break
                # Records that could not be read are not waited for.
                self._read[track] = max(self._read[track], stop)
            more = more or stop < self.tape.log.count(track)
        return more

    def _state(self, step: int, tree: dict[str, Any]) -> None:
        rewards = tree.get("r")
        for seat, series in enumerate(self._scores):
            total = series[-1] if series else 0.0
            gained = number(rewards[seat]) if isinstance(rewards, list) and seat < len(rewards) else None
            if 0 <= step - len(series) <= _LARGEST_GAP:
                series.extend([total] * (step - len(series)))
                series.append(total + (gained or 0.0))

    def _act(self, step: int, tree: dict[str, Any]) -> None:
        event = _event(tree)
        if not isinstance(event, Acted) or not 0 <= event.seat < len(self._seats):
            return
        seat, took = self._seats[event.seat], number(event.took) or 0.0
        seat.ticks.append(step)
        seat.took.append((seat.took[-1] if seat.took else 0.0) + took)
        seat.longest.append(max(seat.longest[-1] if seat.longest else 0.0, took))

    def _note(self, step: int, tree: dict[str, Any]) -> None:
        n, notes = tree.get("seat"), tree.get("notes")
        if not isinstance(n, int) or not 0 <= n < len(self._seats) or not isinstance(notes, dict):
            return
        value = number(notes.get("value"))
        if value is not None:
            self._seats[n].values[step] = value
        for name, (ticks, totals) in self._seats[n].counted.items():
            figure = number(notes.get(name))
            if figure is not None:
                ticks.append(step)
                totals.append((totals[-1] if totals else 0.0) + figure)

    def _event(self, step: int, tree: dict[str, Any]) -> None:
        event = _event(tree)
        if isinstance(event, Refused) and 0 <= event.seat < len(self._seats):
            self._seats[event.seat].refused.append(step)

    # ------------------------------------------------------------------ what a viewer sees
    def figures(self, seat: int, until: int) -> Figures:
        """A seat's figures over the ticks up to and with `until`."""
        kept = self._seats[seat]
        n = bisect_right(kept.ticks, until)
        scores = self._scores[seat]
        return Figures(
            decisions=n,
            mean=kept.took[n - 1] / n if n else 0.0,
            longest=kept.longest[n - 1] if n else 0.0,
            refusals=bisect_right(kept.refused, until),
            tokens=_total(kept.counted["tokens"], until),
            cost=_total(kept.counted["cost"], until),
            score=scores[min(until, len(scores) - 1)] if scores else 0.0,
        )

    def scores(self, who: int, until: int) -> dict[int, Sequence[float]]:
        """Seat -> total reward at each tick, in points, of the seats whose rewards `who` may know."""
        seats = range(len(self._scores)) if who == SPECTATOR or self.tape.opened else (who,)
        return {seat: self._cut(self._scores[seat], who, until) for seat in seats if seat >= 0}

    def values(self, who: int, until: int) -> dict[int, Sequence[float]]:
        """Seat -> what it expected at each tick, held from one decision to the next; only one's own for a seat."""
        seats = range(len(self._seats)) if who == SPECTATOR else (who,)
        return {seat: self._held(seat, who, until) for seat in seats if seat >= 0 and self._seats[seat].values}

    def _held(self, seat: int, who: int, until: int) -> list[float]:
        series: list[float] = []
        held = math.nan
        for tick in range(self._length):
            held = self._seats[seat].values.get(tick, held)
            series.append(held)
        return self._cut(series, who, until)

    @property
    def _length(self) -> int:
        return max((len(series) for series in self._scores), default=0)

    def _cut(self, series: list[float], who: int, until: int) -> list[float]:
        """Who is not the spectator knows nothing of what comes after `until`; the time axis stays the same."""
        known = series if who == SPECTATOR else series[: until + 1]
        return known + [math.nan] * (self._length - len(known))


def _total(counted: tuple[list[int], list[float]], until: int) -> float:
    n = bisect_right(counted[0], until)
    return counted[1][n - 1] if n else 0.0


def _event(tree: dict[str, Any]) -> Any:
    """An event of a file; None for what is none."""
    try:
        return from_tree(tree)
    except ValueError:
        return None
