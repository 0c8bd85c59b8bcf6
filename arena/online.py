"""Running ratings: openskill's BradleyTerryFull, one match after another, in the order in which they were scheduled.

Players tied in a match stay tied there, which PlackettLuce does not keep. The rating of a player is (mu, sigma), its conservative value
mu - 3 sigma. Unlike the batch ratings of `arena.ratings` these depend on the order of the matches: they are for ladders that are going on.
Source: Weng and Lin, "A Bayesian Approximation Method for Online Ranking", JMLR 12 (2011).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["Line", "Online", "Running", "fold"]


class Line(NamedTuple):
    """One match: who sat in each seat, and the scores by seat; None where the match counts for nobody."""

    players: Sequence[Hashable]
    scores: Sequence[float] | None


@dataclass(frozen=True)
class Running:
    """A running rating: mean and standard deviation, after so many matches."""

    mu: float = 25.0
    sigma: float = 25.0 / 3
    matches: int = 0

    @property
    def ordinal(self) -> float:
        """What the player is worth at least, with high probability."""
        return self.mu - 3 * self.sigma


class Online(dict[Any, Running]):
    """Player -> Running. `add` takes the next match; a player that has played none is at `default`."""

    default = Running()

    def __init__(self) -> None:
        super().__init__()
        from openskill.models import BradleyTerryFull  # noqa: PLC0415  (only ladders and tables pay for it)

        self._model = BradleyTerryFull()

    def add(self, line: Line) -> None:
        """Count one match: the seats of one player are one team, placed by their mean score."""
        teams = _teams(line)
        if len(teams) < 2:
            return
        before = {player: self.get(player, self.default) for player in teams}
        made = [[self._model.rating(before[player].mu, before[player].sigma)] for player in teams]
        after = self._model.rate(made, scores=list(teams.values()))
        for player, (rating,) in zip(teams, after, strict=True):
            self[player] = Running(rating.mu, rating.sigma, before[player].matches + 1)


def _teams(line: Line) -> Mapping[Hashable, float]:
    """Mean score of each player of a match that counts, {} for one that does not."""
    if line.scores is None:
        return {}
    seats: dict[Hashable, list[float]] = {}
    for player, score in zip(line.players, line.scores, strict=True):
        seats.setdefault(player, []).append(score)
    return {player: sum(scores) / len(scores) for player, scores in seats.items()}


def fold(lines: Iterable[Line]) -> Online:
    """The ratings after all these matches, in this order."""
    online = Online()
    for line in lines:
        online.add(line)
    return online
