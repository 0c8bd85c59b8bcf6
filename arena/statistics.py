"""Intervals for what matches and measurements give: shares, and means of paired differences.

Sources: Wilson, "Probable Inference, the Law of Succession, and Statistical Inference" (1927); Efron, "Bootstrap Methods" (1979).
Resampling draws from a generator of its own, seeded by the caller: equal calls give equal intervals. Loads no numpy.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from statistics import fmean

__all__ = ["Z95", "paired_bootstrap", "wilson"]

Z95 = 1.959963984540054
"""The 97.5 % point of the normal distribution: what lies within it on both sides is 95 %."""


def wilson(successes: int, trials: int, z: float = Z95) -> tuple[float, float]:
    """Wilson's score interval of a share, within 0..1; (0, 1) without trials. ValueError unless 0 <= successes <= trials."""
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials: give 0 <= successes <= trials")
    if trials == 0:
        return 0.0, 1.0
    share, squared = successes / trials, z * z
    middle = (share + squared / (2 * trials)) / (1 + squared / trials)
    half = z / (1 + squared / trials) * math.sqrt(share * (1 - share) / trials + squared / (4 * trials * trials))
    # At both ends the formula is exact only up to rounding.
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return low, high


def paired_bootstrap(
    first: Sequence[float], second: Sequence[float], seed: int, resamples: int = 2000, level: float = 0.95
) -> tuple[float, float, float]:
    """The mean of first[i] - second[i], and its percentile bootstrap interval: (mean, low, high).

    Pairs are drawn together with replacement, `resamples` times. ValueError for unequal or empty
    sequences, fewer than one resample, or a level outside 0..1 (exclusive).
    """
    if len(first) != len(second) or not first:
        raise ValueError(f"{len(first)} and {len(second)} values: give two sequences of one length, at least 1")
    if resamples < 1 or not 0 < level < 1:
        raise ValueError(f"resamples {resamples}, level {level}: give resamples >= 1 and 0 < level < 1")
    differences = [a - b for a, b in zip(first, second, strict=True)]
    draw = random.Random(seed).choices
    means = sorted(fmean(draw(differences, k=len(differences))) for _ in range(resamples))
    return fmean(differences), _quantile(means, (1 - level) / 2), _quantile(means, (1 + level) / 2)


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Linear between the neighbours of rank share * (n - 1)."""
    rank = share * (len(ordered) - 1)
    low = math.floor(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (rank - low) * (ordered[high] - ordered[low])
