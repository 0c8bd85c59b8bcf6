"""The gate: likelihood ratios against closed forms, and how often it errs when it is simulated."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from arena.training.gate import OPEN, PROMOTED, REJECTED, UNDECIDED, Config, Gate, bounds, log_ratio
from envs.errors import UserError


def test_the_bounds_are_walds() -> None:
    assert bounds(0.05, 0.1) == (math.log(0.1 / 0.95), math.log(0.9 / 0.05))


@pytest.mark.parametrize(("won", "lost"), [(30, 20), (5, 5), (80, 3), (10, 40)])
def test_without_draws_the_ratio_is_that_of_a_coin(won: int, lost: int) -> None:
    exact = won * math.log(0.6 / 0.5) + lost * math.log(0.4 / 0.5)
    assert log_ratio({1.0: won, 0.0: lost}, 0.5, 0.6) == pytest.approx(exact, abs=0.01)


def test_the_likelihoods_are_the_greatest_of_all_with_that_mean() -> None:
    """Three scores leave one free number once the mean is fixed: a fine grid over it finds no greater likelihood."""
    counts = {0.0: 20.0, 0.5: 50.0, 1.0: 30.0}

    def greatest(mean: float) -> float:
        draws = np.linspace(1e-6, 2 * min(mean, 1 - mean) - 1e-6, 200_001)
        win = mean - draws / 2
        likelihood = 30 * np.log(win) + 50 * np.log(draws) + 20 * np.log(1 - win - draws)
        return float(likelihood.max())

    assert log_ratio(counts, 0.5, 0.55) == pytest.approx(greatest(0.55) - greatest(0.5), abs=0.01)


def played(expected: float, rng: np.random.Generator, config: Config) -> Gate:
    """A gate fed with pairs whose draws and correlation follow no model that it knows; expected score as given."""
    gate = Gate(config)
    while gate.verdict == OPEN:
        shift = rng.choice([-0.25, 0.25]) * 0.6  # some starts are better for one side, in both matches
        first, second = (float(rng.random() < min(1.0, max(0.0, expected + shift))) for _ in range(2))
        gate.add(first, second)
    return gate


@pytest.mark.parametrize(("expected", "wrong"), [(0.5, PROMOTED), (0.6, REJECTED)])
def test_wrong_verdicts_are_as_rare_as_promised(expected: float, wrong: str, seeds: Any) -> None:
    """Of 100 tests at 5 %, more than 11 wrong ones would come with a probability of 0.4 %."""
    (seed,) = seeds(1)
    rng, config = np.random.default_rng(seed), Config(better=0.6, most=2000)
    verdicts = [played(expected, rng, config).verdict for _ in range(100)]
    assert verdicts.count(wrong) <= 11
    assert UNDECIDED not in verdicts


def test_a_clear_case_ends_soon() -> None:
    gate = Gate(Config())
    while gate.add(1.0, 1.0) == OPEN:
        pass
    assert gate.verdict == PROMOTED and gate.pairs < 40 and gate.score == 1.0
    with pytest.raises(ValueError, match="the test is over: promoted"):
        gate.add(1.0, 1.0)


def test_equals_end_undecided_and_keep_the_best() -> None:
    gate = Gate(Config(better=0.51, most=50))
    for _ in range(25):
        gate.add(1.0, 0.0)
        verdict = gate.add(0.5, 0.5)
    assert verdict == UNDECIDED and gate.pairs == 50
    assert str(gate) == "gate undecided: 50.0 % +- 0.0 in 50 pairs"


def test_the_margin_is_that_of_the_pairs() -> None:
    gate = Gate(Config(most=1000))
    for first, second in ((1, 0), (1, 1), (0, 0), (1, 0)):
        gate.add(first, second)
    scores = [0.5, 1.0, 0.0, 0.5]
    assert gate.score == 0.5 and gate.margin == pytest.approx(1.959963985 * np.std(scores, ddof=1) / 2)
    assert gate.tree()["pairs"] == 4 and gate.tree()["verdict"] == OPEN


@pytest.mark.parametrize("wrong", [{"alpha": 0.0}, {"beta": 0.6}, {"most": 0}, {"worse": 0.5, "better": 0.5}])
def test_settings_outside_their_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"from|above"):
        Config(**wrong)


def test_a_score_is_between_lost_and_won() -> None:
    with pytest.raises(ValueError, match="give 0"):
        Gate().add(1.5, 0.0)
