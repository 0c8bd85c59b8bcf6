"""Strengths from results that do not care about their order: Bradley and Terry's model with Davidson's ties, by maximum likelihood.

With strengths e^a and e^b, the first wins with probability e^a / D and the two tie with v e^((a + b) / 2) / D, where D makes the three sum
to one. The fit depends on counts of wins and ties alone. Each player is given one more match, half won and half lost against a player of
strength 0, so that who has won everything has a finite strength; so is the tie parameter. Newton's method, batch first.
Sources: Davidson, "On Extending the Bradley-Terry Model to Accommodate Ties in Paired Comparison Experiments", JASA 65 (1970); Hunter, "MM
Algorithms for Generalized Bradley-Terry Models", Annals of Statistics 32 (2004).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["PRIOR", "Fit", "fit"]

Floats = NDArray[np.float64]

PRIOR = 1.0
"""Matches that each player is given, half won and half lost against a player of strength 0."""
_STEPS, _HALVINGS, _CLOSE = 100, 40, 1e-10


@dataclass(frozen=True)
class Fit:
    """strengths float64[batch, n] in natural units (a difference of 1 is odds of e without ties); tie float64[batch], the logarithm of v,
    -inf without ties; spread float64[batch, n, n]: covariances of the strengths, from the information at the maximum.
    """

    strengths: Floats
    tie: Floats
    spread: Floats


def fit(wins: Floats, ties: Floats, prior: float = PRIOR) -> Fit:
    """wins[batch, i, j]: how often i has beaten j; ties[batch, i, j], symmetric: how often they tied. Diagonals count for nothing.

    ValueError for shapes that do not match. Every batch row is fitted by itself.
    """
    if wins.ndim != 3 or wins.shape != ties.shape or wins.shape[1] != wins.shape[2]:
        raise ValueError(f"wins {wins.shape} and ties {ties.shape}: give two arrays [batch, n, n]")
    off = ~np.eye(wins.shape[1], dtype=bool)
    model = _Model(wins * off, ties * off, prior)
    return model.maximum()


class _Model:
    """The likelihood of a batch. Points are float64[batch, n + 1]: strengths, and the logarithm of the tie parameter last."""

    def __init__(self, wins: Floats, ties: Floats, prior: float) -> None:
        self.wins, self.ties, self.prior = wins, ties, prior
        self.met = wins + wins.transpose(0, 2, 1) + ties
        self.batch, self.n = wins.shape[0], wins.shape[1]
        self.tied = bool(ties.any())

    def maximum(self) -> Fit:
        """Newton's steps, halved until the likelihood grows; rows that have arrived stay where they are."""
        at = np.zeros((self.batch, self.n + 1))
        for _ in range(_STEPS):
            slope, curve = self.derivatives(at)
            if np.abs(slope).max() < _CLOSE * (1 + self.met.sum(axis=(1, 2)).max()):
                break
            step = np.asarray(np.linalg.solve(curve, slope[:, :, None])[:, :, 0], np.float64)
            at = self._climb(at, step)
        _, curve = self.derivatives(at)
        tie = at[:, -1] if self.tied else np.full(self.batch, -np.inf)
        spread = np.asarray(np.linalg.inv(curve)[:, :-1, :-1], np.float64)
        return Fit(at[:, :-1], tie, spread)

    def _climb(self, at: Floats, step: Floats) -> Floats:
        """At most 3 units, and only upwards."""
        size = np.minimum(1.0, 3.0 / np.maximum(np.abs(step).max(axis=1), 1e-300))
        before = self.likelihood(at)
        for _ in range(_HALVINGS):
            after = self.likelihood(at + size[:, None] * step)
            # Near the top both are equal up to rounding.
            worse = after < before - 1e-12 * np.abs(before)
            if not worse.any():
                break
            size = np.where(worse, size / 2, size)
        return at + size[:, None] * step

    def chances(self, at: Floats) -> tuple[Floats, Floats]:
        """[batch, i, j]: probability that i beats j, and that they tie."""
        gap = (at[:, :-1, None] - at[:, None, :-1]) / 2
        most = np.abs(gap)
        first, second = np.exp(gap - most), np.exp(-gap - most)
        tie = np.exp(at[:, -1, None, None] - most) if self.tied else np.zeros_like(gap)
        every = first + second + tie
        return first / every, tie / every

    def likelihood(self, at: Floats) -> Floats:
        """Its logarithm, by row."""
        won, tied = self.chances(at)
        found = (self.wins * np.log(np.maximum(won, 1e-300))).sum(axis=(1, 2))
        strengths = at[:, :-1]
        found -= self.prior * (np.logaddexp(0, strengths) - strengths / 2).sum(axis=1)
        if self.tied:
            found += (self.ties * np.log(np.maximum(tied, 1e-300))).sum(axis=(1, 2)) / 2
            found += self.prior * (at[:, -1] / 2 - np.logaddexp(np.log(2), at[:, -1]))
        return found

    def derivatives(self, at: Floats) -> tuple[Floats, Floats]:
        """The slope [batch, n + 1] and minus the second derivatives [batch, n + 1, n + 1]."""
        won, tied = self.chances(at)
        own = 1 / (1 + np.exp(-at[:, :-1]))
        slope, curve = np.zeros_like(at), np.zeros((self.batch, self.n + 1, self.n + 1))
        slope[:, :-1] = (self.wins + self.ties / 2 - self.met * (won + tied / 2)).sum(axis=2)
        slope[:, :-1] += self.prior * (0.5 - own)
        between = self.met * (won + tied / 4 - (won + tied / 2) ** 2)
        # Without the extra matches only differences are determined; the one direction that is not must not stop the solver.
        curve[:, :-1, :-1] = -between if self.prior else 1 - between
        diagonal = np.arange(self.n)
        curve[:, diagonal, diagonal] += between.sum(axis=2) + self.prior * own * (1 - own)
        self._tie_derivatives(at, won, tied, slope, curve)
        return slope, curve

    def _tie_derivatives(self, at: Floats, won: Floats, tied: Floats, slope: Floats, curve: Floats) -> None:
        """The last row and column; without ties the parameter stays where it is."""
        if not self.tied:
            curve[:, -1, -1] = 1.0
            return
        even = 1 / (1 + 2 * np.exp(-at[:, -1]))  # how often equals tie
        slope[:, -1] = (self.ties - self.met * tied).sum(axis=(1, 2)) / 2 + self.prior * (0.5 - even)
        cross = (self.met * (tied / 2 - (won + tied / 2) * tied)).sum(axis=2)
        curve[:, -1, :-1] = curve[:, :-1, -1] = cross
        curve[:, -1, -1] = (self.met * tied * (1 - tied)).sum(axis=(1, 2)) / 2 + self.prior * even * (1 - even)
