"""Intervals, against closed forms and published values."""

from __future__ import annotations

import math
from random import Random
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.statistics import Z95, paired_bootstrap, wilson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        # Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_intervals(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.1, 5))
def test_wilsons_ends_solve_its_equation(counts: tuple[int, int], z: float) -> None:
    """An end is a share p from which the observed share is z standard errors away."""
    share, n = counts[0] / counts[1], counts[1]
    low, high = wilson(*counts, z)
    assert 0 <= low <= share <= high <= 1
    for p in (low, high):
        assert (share - p) ** 2 == pytest.approx(z * z * p * (1 - p) / n, abs=1e-9)


def test_wilson_is_symmetric_and_knows_nothing_without_trials() -> None:
    low, high = wilson(3, 10)
    assert wilson(7, 10) == pytest.approx((1 - high, 1 - low))
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 9)[0] == 0.0
    assert wilson(9, 9)[1] == 1.0


@pytest.mark.parametrize("counts", [(-1, 3), (4, 3)])
def test_impossible_counts_are_refused(counts: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="successes"):
        wilson(*counts)


def test_equal_differences_leave_no_doubt() -> None:
    assert paired_bootstrap([3.0, 5.0, 9.0], [1.0, 3.0, 7.0], seed=1) == (2.0, 2.0, 2.0)


def test_pairs_stay_together() -> None:
    """What both share cancels, however large it is."""
    shared = [float(10**i) for i in range(8)]
    gain = [1.0, -1.0] * 4
    mean, low, high = paired_bootstrap([a + b for a, b in zip(shared, gain, strict=True)], shared, seed=2)
    assert mean == pytest.approx(0)
    assert -1 <= low < 0 < high <= 1


def test_two_pairs_have_the_quantiles_of_their_four_resamples() -> None:
    """Means 0, 1/2, 1/2, 1: the middle 40 % is 1/2 alone, the middle 95 % is all."""
    assert paired_bootstrap([0.0, 1.0], [0.0, 0.0], seed=3, level=0.4) == (0.5, 0.5, 0.5)
    assert paired_bootstrap([0.0, 1.0], [0.0, 0.0], seed=3) == (0.5, 0.0, 1.0)


def test_many_pairs_come_near_the_normal_interval() -> None:
    draw = Random(4)
    differences = [draw.gauss(1.0, 2.0) for _ in range(400)]
    mean, low, high = paired_bootstrap(differences, [0.0] * 400, seed=5, resamples=4000)
    half = Z95 * stdev(differences) / math.sqrt(400)
    assert mean == pytest.approx(fmean(differences))
    assert (low, high) == pytest.approx((mean - half, mean + half), abs=0.03)


def test_the_same_seed_gives_the_same_interval() -> None:
    values = [1.0, 4.0, 2.0, 8.0, 5.0, 7.0, 3.5]
    assert paired_bootstrap(values, [0.0] * 7, seed=6) == paired_bootstrap(values, [0.0] * 7, seed=6)
    assert paired_bootstrap(values, [0.0] * 7, seed=6) != paired_bootstrap(values, [0.0] * 7, seed=7)


@pytest.mark.parametrize(
    ("first", "second", "more"),
    [([], [], {}), ([1.0], [], {}), ([1.0], [1.0], {"resamples": 0}), ([1.0], [1.0], {"level": 1.0})],
)
def test_what_cannot_be_resampled_is_refused(first: list[float], second: list[float], more: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="give"):
        paired_bootstrap(first, second, 1, **more)  # type: ignore[arg-type]
