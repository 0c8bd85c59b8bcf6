"""A trained best response: never above the exact one, near it where the game is small."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arena.training import best_response, cfr_plus, dqn, ga, ppo, pqn
from arena.training.best_response import Config, _bound, lower_bound
from arena.training.judging import exact
from arena.training.run import Run
from envs.errors import UserError


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run on Kuhn poker that has learned next to nothing."""
    folder = tmp_path_factory.mktemp("runs") / "young"
    ppo.train(ppo.Config(steps=1, rows=8, ticks=4, past=0.0, hidden=16, threads=1), "kuhn_poker", folder)
    return Run.opened(folder)


def test_the_bound_is_below_the_truth_and_near_it(run: Run) -> None:
    truth = exact(run)
    found = lower_bound(run, Config(steps=60_000, games=4000, rows=256, ticks=6, batch=512))
    assert found.games >= 4000 and found.steps >= 60_000 and 0 < found.margin < 0.1
    assert found.gain <= truth.exploitability + 2 * found.margin
    assert found.gain >= 0.6 * truth.exploitability, "a fresh network is easily exploited"
    assert str(found).startswith(f"a trained exploiter gains {found.gain:+.4f}")


@pytest.mark.parametrize("algo", [pqn, dqn, ga], ids=lambda module: str(module.__name__).rpartition(".")[2])
def test_values_of_actions_are_exploited_as_they_are_played(algo: Any, tmp_path: Path) -> None:
    """Greedily: whoever plays so in Kuhn poker is found out at once."""
    settings = {"population": 4, "parents": 2, "finalists": 2} if algo is ga else {"rows": 8, "ticks": 4, "past": 0.0}
    run = Run.opened(algo.train(algo.Config(steps=1, hidden=16, **settings), "kuhn_poker", tmp_path / "run"))
    truth = exact(run)
    found = lower_bound(run, Config(steps=300_000, games=4000, rows=256, ticks=6, batch=512))
    assert 0.5 * truth.exploitability <= found.gain <= truth.exploitability + 2 * found.margin


def test_the_error_of_the_mean_is_that_of_a_bootstrap() -> None:
    rng = np.random.default_rng(3)
    games = rng.integers(50, 80, 40)
    rounds = np.stack([games, games // 2, [rng.normal(0.3, 2, n).sum() for n in games]], axis=1).astype(float)
    found = _bound(rounds, 7)
    means = []
    for _ in range(2000):
        drawn = rounds[rng.integers(0, 40, 40)].sum(axis=0)
        means.append(drawn[2] / drawn[0])
    assert found.margin == pytest.approx(1.96 * np.std(means), rel=0.15)
    assert found.gain == pytest.approx(rounds[:, 2].sum() / games.sum()) and found.won == pytest.approx(0.5, abs=0.01)


def test_a_table_is_refused_in_one_line(tmp_path: Path) -> None:
    cfr_plus.train(cfr_plus.Config(steps=2), "kuhn_poker", tmp_path / "run")
    with pytest.raises(UserError, match="holds a table, which is exploited exactly: leave --train out"):
        lower_bound(Run.opened(tmp_path / "run"), Config())
    with pytest.raises(UserError, match="from 2"):
        best_response.Config(games=1)
