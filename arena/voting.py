"""From many rankings to one: games as voters, players as those who are voted on. Exact: whole numbers and fractions, no rounding.

`schulze` ranks players by the strongest chain of majorities that leads from one to another; whoever would beat everybody else in a vote of
two comes first, and copies of a player change nothing for the others. `lottery` mixes players so that no other mixture is preferred by a
majority; in a circle (a before b before c before a) it gives each its share where a ranking has to pick one.
Sources: Schulze, "A New Monotonic, Clone-Independent, Reversal Symmetric, and Condorcet-Consistent Single-Winner Election Method", Social
Choice and Welfare 36 (2011); Fishburn, "Probabilistic Social Choice Based on Simple Voting Comparisons", Review of Economic Studies 51
(1984). For ratings of agents: Lanctot et al., "Evaluating Agents using Social Choice Theory", arXiv 2312.03121.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from fractions import Fraction
from typing import TypeVar

__all__ = ["lottery", "majorities", "mixture", "schulze"]

T = TypeVar("T", bound=Hashable)
Counts = list[list[int]]


def majorities(ballots: Sequence[Sequence[T]], players: Sequence[T]) -> Counts:
    """counts[i][j]: how many ballots have player i before player j. A ballot need not name everybody; best first, no ties."""
    place = {player: n for n, player in enumerate(players)}
    counts = [[0] * len(players) for _ in players]
    for ballot in ballots:
        for n, better in enumerate(ballot):
            for worse in ballot[n + 1 :]:
                counts[place[better]][place[worse]] += 1
    return counts


def schulze(ballots: Sequence[Sequence[T]], players: Sequence[T]) -> list[list[T]]:
    """Groups of equals, best first."""
    counts = majorities(ballots, players)
    every = range(len(players))
    path = [[counts[i][j] if counts[i][j] > counts[j][i] else 0 for j in every] for i in every]
    for k in every:
        for i in every:
            for j in every:
                if i != j:
                    path[i][j] = max(path[i][j], min(path[i][k], path[k][j]))
    beaten = [sum(path[i][j] > path[j][i] for j in every if j != i) for i in every]
    return [[players[i] for i in every if beaten[i] == level] for level in sorted(set(beaten), reverse=True)]


def lottery(ballots: Sequence[Sequence[T]], players: Sequence[T]) -> dict[T, Fraction]:
    """The maximal lottery over majorities: the share of each player, 1 in all."""
    counts = majorities(ballots, players)
    every = range(len(players))
    shares = mixture([[Fraction(counts[i][j] - counts[j][i]) for j in every] for i in every])
    return dict(zip(players, shares, strict=True))


def mixture(payoffs: Sequence[Sequence[Fraction]]) -> list[Fraction]:
    """A mixture of rows that no column beats: the maximin strategy of a zero-sum matrix game, exactly. ValueError without rows or columns.

    Where there are several it is one of them, always the same one.
    """
    if not payoffs or not payoffs[0]:
        raise ValueError("no payoffs: give at least one row and one column")
    # With every payoff positive the value is positive, and the strategies are scaled solutions of a linear program (Dantzig 1951).
    lift = 1 - min(min(row) for row in payoffs)
    rows, columns = len(payoffs), len(payoffs[0])
    tableau = [
        [payoffs[i][j] + lift for j in range(columns)] + [Fraction(i == k) for k in range(rows)] + [Fraction(1)]
        for i in range(rows)
    ]
    tableau.append([Fraction(-1)] * columns + [Fraction(0)] * (rows + 1))
    _maximise(tableau)
    weights = tableau[-1][columns : columns + rows]  # the dual solution
    total = sum(weights, Fraction(0))
    return [weight / total for weight in weights]


def _maximise(tableau: list[list[Fraction]]) -> None:
    """The simplex method with Bland's rule, which cannot run in circles. The last row is the objective, the last column the bounds."""
    basis = [len(tableau[0]) - len(tableau) + i for i in range(len(tableau) - 1)]
    while True:
        entering = next((j for j, cost in enumerate(tableau[-1][:-1]) if cost < 0), None)
        if entering is None:
            return
        ratios = [(row[-1] / row[entering], basis[i], i) for i, row in enumerate(tableau[:-1]) if row[entering] > 0]
        _, _, leaving = min(ratios)  # bounded: every payoff is positive
        basis[leaving] = entering
        _pivot(tableau, leaving, entering)


def _pivot(tableau: list[list[Fraction]], leaving: int, entering: int) -> None:
    pivot = tableau[leaving][entering]
    tableau[leaving] = [value / pivot for value in tableau[leaving]]
    for i, row in enumerate(tableau):
        if i != leaving and row[entering]:
            factor = row[entering]
            tableau[i] = [value - factor * own for value, own in zip(row, tableau[leaving], strict=True)]
