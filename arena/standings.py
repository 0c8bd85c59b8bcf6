"""The nouns of a table of ratings: players, matches as ratings see them, standings, meetings, ladders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

from arena.spending import Spent
from arena.statistics import wilson

__all__ = ["Bout", "Ladder", "Meeting", "Player", "Standing", "Table", "comparisons"]


class Player(NamedTuple):
    """Who is rated: an agent in a role."""

    agent: str
    role: str = "player"


class Bout(NamedTuple):
    """One match as ratings see it. players: by seat; scores: by seat in points, None for a match that counts for nobody; faults: (seat,
    cause); refused, spent: by seat; number and group: its place in the schedule. reason: as in a match's result.
    """

    number: int
    group: int
    players: tuple[Player, ...]
    scores: tuple[float, ...] | None
    faults: tuple[tuple[int, str], ...] = ()
    refused: tuple[int, ...] = ()
    reason: str = "played out"
    spent: tuple[Spent, ...] = ()


@dataclass
class Meeting:
    """Two players' matches against each other, from the first one's side; `bouts` are their numbers."""

    won: int = 0
    drawn: int = 0
    lost: int = 0
    bouts: list[int] = field(default_factory=list)

    @property
    def matches(self) -> int:
        return self.won + self.drawn + self.lost

    @property
    def share(self) -> float:
        """Wins and half of the draws per match, 1/2 without matches."""
        return (self.won + self.drawn / 2) / self.matches if self.matches else 0.5


@dataclass
class Standing:
    """One player. rating with its interval (low, high); places: best and worst place at 95 %; counts are of matches, seats of one player
    in one match counted once. faults: cause -> matches; refused: answers; spent: in matches that count; trend: the running rating
    (openskill's mu) over its matches.
    """

    player: Player
    rating: float = 1500.0
    low: float = 1500.0
    high: float = 1500.0
    places: tuple[int, int] = (1, 1)
    matches: int = 0
    won: int = 0
    drawn: int = 0
    lost: int = 0
    uncounted: int = 0
    points: float = 0.0
    refused: int = 0
    spent: Spent = field(default_factory=Spent)
    faults: Counter[str] = field(default_factory=Counter)
    running: float = 25.0
    sigma: float = 25.0 / 3
    trend: tuple[float, ...] = ()

    @property
    def mean(self) -> float:
        """Points per match and seat."""
        return self.points / self.matches if self.matches else 0.0

    @property
    def per_dollar(self) -> float | None:
        """Wins and half of the draws for each dollar of a match; None where nothing was spent."""
        return self._for(self.spent.dollars)

    @property
    def per_second(self) -> float | None:
        """The same for each second of thought."""
        return self._for(self.spent.seconds)

    def _for(self, spent: float) -> float | None:
        return (self.won + self.drawn / 2) / spent if spent and self.matches else None

    def rate(self, count: int) -> tuple[float, float, float]:
        """A count as a share of all its matches, void ones included, with Wilson's interval."""
        every = self.matches + self.uncounted
        return (count / every if every else 0.0, *wilson(count, every))

    @property
    def forfeits(self) -> int:
        """Matches that it lost by a fault of its own."""
        return sum(count for cause, count in self.faults.items() if cause != "void")


@dataclass
class Ladder:
    """The players of one role of a game, best first."""

    role: str
    standings: list[Standing]


@dataclass
class Table:
    """All ladders of a game; `meetings[a, b]` for each two that have met, from the first one's side. tie: how often equals tie."""

    ladders: list[Ladder]
    meetings: dict[tuple[Player, Player], Meeting]
    matches: int = 0
    uncounted: int = 0
    tie: float = 0.0


def comparisons(bout: Bout) -> Iterator[tuple[tuple[Player, Player], int]]:
    """Every two seats of different players: +1 the first has more points, 0 as many, -1 fewer."""
    if bout.scores is None:
        return
    for one, two in combinations(range(len(bout.players)), 2):
        if bout.players[one] != bout.players[two]:
            more = (bout.scores[one] > bout.scores[two]) - (bout.scores[one] < bout.scores[two])
            yield (bout.players[one], bout.players[two]), more
