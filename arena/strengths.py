"""From the results of a game to ratings with intervals: groups of matches, a fit, and fits to groups that are drawn again.

See `arena.ratings` for what the figures mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from arena.davidson import fit
from arena.standings import Bout, Player, Standing, comparisons
from arena.statistics import Z95

__all__ = ["MEAN", "SCALE", "Groups", "write_strengths"]

Floats = NDArray[np.float64]

SCALE = 400 / float(np.log(10))
"""Elo points of one natural unit."""
MEAN = 1500.0
_CHUNK = 4_000_000


class Groups:
    """Wins and ties of each group of matches, as rows: wins float64[groups, n * n]; strata: groups of the same players; lone: bool[n], who
    has played at a table with one group alone, which is drawn again the same each time.
    """

    def __init__(self, bouts: Sequence[Bout], index: Mapping[Player, int]) -> None:
        self.n = len(index)
        rows: dict[int, int] = {}
        strata: dict[tuple[int, ...], list[int]] = {}
        counts: list[tuple[int, int, int, int]] = []
        for bout in bouts:
            pairs = [(index[a], index[b], more) for (a, b), more in comparisons(bout)]
            if pairs and bout.group not in rows:
                rows[bout.group] = len(rows)
                strata.setdefault(tuple(sorted(index[player] for player in bout.players)), []).append(rows[bout.group])
            counts += [(rows[bout.group], a, b, more) for a, b, more in pairs]
        self.strata = [np.array(strata[table]) for table in sorted(strata)]
        self.lone = np.zeros(self.n, np.bool_)
        for table, found in strata.items():
            self.lone[list(table)] |= len(found) == 1
        self.wins, self.ties = np.zeros((len(rows), self.n, self.n)), np.zeros((len(rows), self.n, self.n))
        for row, a, b, more in counts:
            if more:
                self.wins[(row, a, b) if more > 0 else (row, b, a)] += 1
            else:
                self.ties[row, a, b] += 1
                self.ties[row, b, a] += 1

    def whole(self) -> tuple[Floats, Floats]:
        return self.wins.sum(axis=0)[None], self.ties.sum(axis=0)[None]

    def drawn(self, count: int, draw: np.random.Generator) -> tuple[Floats, Floats]:
        """`count` resamples of the groups, as many of each table as there are."""
        weights = np.zeros((count, len(self.wins)))
        for rows in self.strata:
            weights[:, rows] = draw.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=count)
        shape = (count, self.n, self.n)
        # Sums of small whole numbers: exact, whatever the order of the additions.
        return (weights @ self.wins.reshape(len(self.wins), -1)).reshape(shape), (
            weights @ self.ties.reshape(len(self.ties), -1)
        ).reshape(shape)


def write_strengths(groups: Groups, standings: Sequence[Standing], resamples: int, seed: int) -> float:
    """Writes rating, interval and places; gives the probability that equals tie."""
    whole = groups.whole()
    found = fit(*whole)
    roles = _by_role(standings)
    points = _points(found.strengths, roles)
    reach = Z95 * SCALE * _deviations(found.spread[0], roles)
    low, high = points[0] - reach, points[0] + reach
    again = list(_resampled(groups, roles, resamples, seed))
    drawn = np.concatenate(again) if again else points
    if again:
        least, most = np.quantile(drawn, [0.025, 0.975], axis=0)
        sided = _one_sided(*whole) | groups.lone
        low = np.where(sided, np.minimum(low, least), least)
        high = np.where(sided, np.maximum(high, most), most)
    for n, standing in enumerate(standings):
        standing.rating, standing.low, standing.high = float(points[0, n]), float(low[n]), float(high[n])
    for members in roles:
        _places(members, standings, drawn)
    v = float(np.exp(found.tie[0]))
    return v / (2 + v)


def _deviations(spread: Floats, roles: Sequence[NDArray[np.intp]]) -> Floats:
    """float64[n]: standard errors of strengths minus the mean of their ladder."""
    found = np.empty(len(spread))
    for members in roles:
        part = spread[np.ix_(members, members)]
        own = np.diagonal(part) - 2 * part.mean(axis=1) + part.mean()
        found[members] = np.sqrt(np.maximum(own, 0.0))
    return found


def _one_sided(wins: Floats, ties: Floats) -> NDArray[np.bool_]:
    """bool[n]: who has met somebody against whom all points went to one side, or nobody; drawing these again shows no spread."""
    half = wins[0] + ties[0] / 2
    all_to_one = (half == 0) & (half.T > 0)
    return (all_to_one | all_to_one.T).any(axis=1) | ~(half + half.T).any(axis=1)


def _by_role(standings: Sequence[Standing]) -> list[NDArray[np.intp]]:
    roles = [standing.player.role for standing in standings]
    return [np.array([n for n, role in enumerate(roles) if role == each]) for each in sorted(set(roles))]


def _points(strengths: Floats, roles: Sequence[NDArray[np.intp]]) -> Floats:
    """Natural units as Elo points, the mean of each ladder at MEAN."""
    points = np.empty_like(strengths)
    for members in roles:
        part = strengths[:, members]
        points[:, members] = MEAN + SCALE * (part - part.mean(axis=1, keepdims=True))
    return points


def _resampled(groups: Groups, roles: Sequence[NDArray[np.intp]], count: int, seed: int) -> Iterator[Floats]:
    draw = np.random.Generator(np.random.PCG64(seed))
    most = max(1, _CHUNK // max(groups.n**2, len(groups.wins)))
    while count > 0 and len(groups.wins):
        yield _points(fit(*groups.drawn(min(most, count), draw)).strengths, roles)
        count -= most


def _places(members: NDArray[np.intp], standings: Sequence[Standing], drawn: Floats) -> None:
    """The best and the worst place of each in 95 % of the resamples."""
    part = drawn[:, members]
    places = 1 + (part[:, None, :] > part[:, :, None]).sum(axis=2)
    best, worst = np.quantile(places, [0.025, 0.975], axis=0, method="nearest")
    for n, member in enumerate(members):
        standings[member].places = int(best[n]), int(worst[n])
