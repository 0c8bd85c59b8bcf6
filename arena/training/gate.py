"""The gate: a candidate replaces the best when a sequential test says that it is stronger, not when it was lucky.

The generalised sequential probability ratio test on pairs: two matches from one start, seats swapped, are one observation, the mean of the
candidate's two scores. Two hypotheses about its expectation, `worse` and `better`, are compared by the ratio of their greatest likelihoods
over all distributions on the scores seen (Van den Bergh, "A practical introduction to the GSPRT"; after Wald 1945 and Li, Liu and Ying
2014), so nothing is assumed about draws. Past either bound the test ends; wrong verdicts stay below alpha (a `worse` one promoted) and
beta (a `better` one rejected), as far as Wald's approximation goes.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from arena.statistics import Z95
from arena.training.config import Settings, setting

__all__ = ["Config", "Gate", "bounds", "log_ratio"]

SUPPORT = (0.0, 0.25, 0.5, 0.75, 1.0)
_PRIOR = 1e-3
"""So many pairs of each possible score are added, so that a likelihood exists when all pairs ended alike."""

OPEN, PROMOTED, REJECTED, UNDECIDED = "open", "promoted", "rejected", "undecided"


@dataclass(frozen=True)
class Config(Settings):
    """Scores are from 0 (lost) to 1 (won); 0.5 is as strong as the best. Raises UserError outside the ranges."""

    worse: float = setting(0.5, "the candidate's expected score by the hypothesis that keeps the best", 0.01, 0.98)
    better: float = setting(0.55, "its expected score by the hypothesis that promotes it; above `worse`", 0.02, 0.99)
    alpha: float = setting(0.05, "how often a `worse` candidate may be promoted", 1e-6, 0.4)
    beta: float = setting(0.05, "how often a `better` candidate may be rejected", 1e-6, 0.4)
    most: int = setting(400, "pairs after which the best is kept, undecided", 1, 1 << 20)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.better <= self.worse:
            from envs.errors import UserError  # noqa: PLC0415

            raise UserError(
                f"better={self.better}: the score of the hypothesis that promotes is above worse={self.worse}"
            )


def bounds(alpha: float, beta: float) -> tuple[float, float]:
    """Wald's bounds on the logarithm of the ratio: (below it the candidate is rejected, above it promoted)."""
    return math.log(beta / (1 - alpha)), math.log((1 - beta) / alpha)


def log_ratio(counts: Mapping[float, float], worse: float, better: float) -> float:
    """The logarithm of the generalised likelihood ratio of `better` over `worse`; counts: how often each score 0..1 was seen."""
    total = Counter(dict.fromkeys(SUPPORT, _PRIOR))
    total.update(counts)
    tilts = {mean: _tilt(total, mean) for mean in (worse, better)}

    def log_odds(mean: float) -> float:
        return sum(n * math.log1p(tilts[mean] * (score - mean)) for score, n in total.items())

    return log_odds(worse) - log_odds(better)


def _tilt(counts: Mapping[float, float], mean: float) -> float:
    """The x that makes n_i / (1 + x (score_i - mean)) the likeliest weights with this mean: a root, by Newton's steps kept in bounds."""
    low, high, x = -1 / (max(counts) - mean), 1 / (mean - min(counts)), 0.0
    for _ in range(100):
        terms = [(n, (score - mean) / (1 + x * (score - mean))) for score, n in counts.items()]
        slope = sum(n * term for n, term in terms)
        # It falls from +inf to -inf between the two poles.
        low, high = (x, high) if slope > 0 else (low, x)
        step = x + slope / sum(n * term * term for n, term in terms)
        step = step if low < step < high else (low + high) / 2
        if abs(step - x) <= 1e-12 * (1 + abs(x)):
            break
        x = step
    return x


@dataclass
class Gate:
    """One candidate's test. Feed it pairs; when `verdict` is no longer "open" it is over.

    counts: how often each pair's score was seen; void: pairs that came to no result.
    """

    config: Config = field(default_factory=Config)
    counts: Counter[float] = field(default_factory=Counter)
    verdict: str = OPEN
    ratio: float = 0.0
    void: int = 0

    def add(self, first: float, second: float) -> str:
        """The candidate's scores, 0 to 1, in two matches from one start with the seats swapped; the verdict so far.

        ValueError for a score outside 0..1 or a test that is over.
        """
        if not (0 <= first <= 1 and 0 <= second <= 1):
            raise ValueError(f"scores {first}, {second}: give 0 (lost) to 1 (won)")
        if self.verdict != OPEN:
            raise ValueError(f"the test is over: {self.verdict}")
        self.counts[(first + second) / 2] += 1
        self.ratio = log_ratio(self.counts, self.config.worse, self.config.better)
        low, high = bounds(self.config.alpha, self.config.beta)
        if self.ratio >= high:
            self.verdict = PROMOTED
        elif self.ratio <= low:
            self.verdict = REJECTED
        elif self.pairs >= self.config.most:
            self.verdict = UNDECIDED
        return self.verdict

    def skip(self) -> str:
        """A pair came to no result, by no player's fault; as many as pairs are allowed end the test undecided."""
        self.void += 1
        if self.void >= self.config.most:
            self.verdict = UNDECIDED
        return self.verdict

    @property
    def pairs(self) -> int:
        return self.counts.total()

    @property
    def score(self) -> float:
        """The candidate's mean score so far; 0.5 before the first pair."""
        return sum(score * n for score, n in self.counts.items()) / self.pairs if self.pairs else 0.5

    @property
    def margin(self) -> float:
        """Half of the 95 % interval of the score, by the variance of pairs; a little optimistic, since the test stops when it likes."""
        if self.pairs < 2:
            return 0.5
        mean = self.score
        variance = sum(n * (score - mean) ** 2 for score, n in self.counts.items()) / (self.pairs - 1)
        return Z95 * math.sqrt(variance / self.pairs)

    def tree(self) -> dict[str, Any]:
        """As plain values, for a log and the monitor."""
        low, high = bounds(self.config.alpha, self.config.beta)
        return {
            "verdict": self.verdict, "score": self.score, "margin": self.margin, "pairs": self.pairs,
            "ratio": self.ratio, "low": low, "high": high, "better": self.config.better,
        }  # fmt: skip

    def __str__(self) -> str:
        if self.verdict == PROMOTED and not self.pairs:
            return f"gate {PROMOTED}: the first challenger is the best without a match"
        return f"gate {self.verdict}: {100 * self.score:.1f} % +- {100 * self.margin:.1f} in {self.pairs} pairs"
