"""PQN: its targets against a naive recursion, exploration, a smoke run that is resumed to the bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import arena
import envs
from arena.training import action_values, kernels, pqn
from arena.training.run import Run
from envs.errors import UserError

SMALL: dict[str, Any] = {
    "rows": 32, "ticks": 8, "batch": 64, "epochs": 1, "hidden": 16, "snapshot": 2, "save_every": 0.0, "log_every": 0.0, "net": "mlp",
    "threads": 1,
}  # fmt: skip


def no_sync(_handle: int) -> None:
    return


def test_the_targets_are_those_of_the_naive_recursion(seeds: Any) -> None:
    """G_t = r_t + gamma (1 - d_t) [(1 - lambda) max Q_{t+1} + lambda G_{t+1}], as the paper has it, for one seat that always acts."""
    gamma, lam, ticks = 0.95, 0.65, 40
    for seed in seeds(5):
        draw = np.random.default_rng(seed)
        reward, done = draw.normal(size=(ticks, 1, 1)).astype(np.float32), draw.random((ticks, 1)) < 0.2
        best = draw.normal(size=ticks + 1).astype(np.float32)

        def naive(t: int, reward: Any = reward, done: Any = done, best: Any = best) -> float:
            if done[t, 0]:
                return float(reward[t, 0, 0])
            ahead = best[t + 1] if t == ticks - 1 else (1 - lam) * best[t + 1] + lam * naive(t + 1)
            return float(reward[t, 0, 0] + gamma * ahead)

        shape = (ticks, 1, 1)
        advantage, valid = np.zeros(shape, np.float32), np.zeros(shape, np.bool_)
        kernels.advantages(
            reward, done, np.zeros(shape, np.int64), np.ones(shape, np.bool_), best[:-1].reshape(shape), np.zeros((1, 1), np.int64),
            np.ones((1, 1), np.bool_), best[-1:].reshape(1, 1), gamma, lam, advantage, valid, np.zeros((4, 1)),
        )  # fmt: skip
        assert valid.all()
        assert np.allclose(advantage.ravel() + best[:-1], [naive(t) for t in range(ticks)], atol=1e-4)


def test_exploration_has_the_chances_that_it_says() -> None:
    out = np.array([[1.0, 5.0, 2.0], [7.0, 0.0, 3.0]], np.float32)
    mask = np.array([[True, False, True], [True, True, True]])
    score, weight, value = np.zeros((2, 3), np.float32), np.zeros((2, 3), np.float32), np.zeros(2, np.float32)
    edges = np.array([0, 3], np.int64)
    kernels.shift(out, mask, edges, score)
    action_values.explore(out, score, edges, np.array([0.2, 0.3], np.float32), 1, weight, value)
    assert np.allclose(weight, [[0.1, 0.0, 0.9], [0.8, 0.1, 0.1]])
    assert value.tolist() == [2.0, 7.0]


def trained(path: Path, game: str, steps: int, resume: bool = False) -> Run:
    pqn.train(pqn.Config(**SMALL, steps=steps, anneal=False, exploring=0.0), game, path, fsync=no_sync, resume=resume)
    return Run.opened(path)


def test_a_smoke_run_plays_and_goes_on_to_the_bit(tmp_path: Path) -> None:
    straight, broken = trained(tmp_path / "s", "connect_four", 900), trained(tmp_path / "b", "connect_four", 400)
    broken = trained(broken.path, "connect_four", 900, resume=True)
    one, other = straight.newest(), broken.newest()
    assert one is not None and other is not None and one.step == other.step
    assert all(np.array_equal(one.weights[name], other.weights[name]) for name in one.weights)
    assert '"loss"' in (straight.path / "metrics.jsonl").read_text()
    assert arena.play("connect_four", [str(straight.path), "random"], seed=1).faults == ()


def test_a_perceptron_with_norms_learns_simultaneous_games_too(tmp_path: Path) -> None:
    run = trained(tmp_path / "r", "matrix", 300)
    found = run.newest()
    assert found is not None and all(np.isfinite(array).all() for array in found.weights.values())


def test_actions_of_several_parts_are_refused() -> None:
    game = envs.game("connect_four", plain=True)
    from envs.spec import MultiDiscrete, Role

    role = game.spec.roles[0]
    game.spec = game.spec.replace(roles=(Role(role.name, role.count, MultiDiscrete((3, 4)), role.views),))
    with pytest.raises(UserError, match="several parts"):
        pqn.demand_single("pqn", game)
