"""Magnetic mirror descent with a network: its gradient against torch's, its answer, and runs that are resumed."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import arena
import envs
from arena.training import checkpoint, mmd
from arena.training.judging import exact
from arena.training.mmd_network import NetworkMmd, gradient
from arena.training.run import Run

SMALL = {
    "policy": "network", "magnet": "annealed", "rows": 32, "ticks": 6, "batch": 64, "hidden": 8, "alpha": 0.3, "eta": 2.0, "log_every": 0.0,
}  # fmt: skip


def test_the_gradient_is_that_of_the_objective(seeds: Any) -> None:
    """Two factors, of 3 and 2 values: torch differentiates the loss as it is written down in the docstring."""
    import torch

    (seed,) = seeds(1)
    rng, n, edges = np.random.default_rng(seed), 7, np.array([0, 3, 5])
    out, old = rng.normal(size=(n, 6)).astype(np.float32), rng.normal(size=(n, 5)).astype(np.float32)
    mask = np.ones((n, 5), np.bool_)
    mask[:3, 1] = False
    action = np.stack([rng.choice([0, 2], n), rng.choice(2, n)], axis=1).astype(np.int32)
    advantage, target = rng.normal(size=n).astype(np.float32), rng.normal(size=n).astype(np.float32)
    alpha, per_eta = 0.3, 1.7

    def parts(logits: Any) -> list[Any]:
        held = torch.where(torch.tensor(mask), logits, torch.tensor(-1e30))
        return [torch.log_softmax(held[:, a:b], 1) for a, b in ((0, 3), (3, 5))]

    now, before = torch.tensor(out, requires_grad=True), parts(torch.tensor(old))
    logs = parts(now[:, :5])
    drawn = [log.gather(1, torch.tensor(action[:, k : k + 1]).long())[:, 0] for k, log in enumerate(logs)]
    logp = sum(log.gather(1, torch.tensor(action[:, k : k + 1]).long())[:, 0] for k, log in enumerate(before))
    ratio = torch.exp(sum(drawn) - logp)  # type: ignore[arg-type]
    pull = sum((log.exp() * torch.where(log > -1e20, log, 0.0)).sum(1) for log in logs)
    apart = sum(
        (log.exp() * torch.where(log > -1e20, log - was, 0.0)).sum(1) for log, was in zip(logs, before, strict=True)
    )
    miss = 0.5 * torch.square(now[:, 5] - torch.tensor(target))
    ((-ratio * torch.tensor(advantage) + alpha * pull + per_eta * apart + miss).sum() / n).backward()

    def shifted(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        held = np.where(mask, logits, -1e30).astype(np.float32)
        score = np.concatenate([held[:, a:b] - held[:, a:b].max(1, keepdims=True) for a, b in ((0, 3), (3, 5))], axis=1)
        return score, np.exp(score)

    slope, sums = np.zeros_like(out), np.zeros(4)
    gradient(
        *shifted(out[:, :5]), edges, action, logp.numpy().astype(np.float32), advantage, target, *shifted(old), alpha, per_eta, 1 / n, out,
        slope, sums,
    )  # fmt: skip
    assert now.grad is not None
    assert slope == pytest.approx(now.grad.numpy(), abs=2e-6)
    expected = [(ratio * torch.tensor(advantage)).sum(), -pull.sum(), apart.sum(), miss.sum()]
    assert sums == pytest.approx([float(each.detach()) for each in expected], rel=1e-4)


def test_the_answer_is_the_mean_of_the_last_weights() -> None:
    work = NetworkMmd(mmd.Config(**SMALL | {"averaging": 0.5}), envs.game("kuhn_poker"))
    first = work.weights()["player/0.weight"].copy()
    assert (first == work.nets["player"].weights()["0.weight"]).all(), "before the last part, the weights of now"
    seen = []
    for progress in (0.2, 0.6, 0.8):
        work.round(progress)
        seen.append(work.nets["player"].weights()["0.weight"].copy())
    assert work.counted == 2
    assert work.weights()["player/0.weight"] == pytest.approx(np.mean(seen[1:], axis=0), abs=1e-6)
    assert not (seen[2] == work.weights()["player/0.weight"]).all()
    work.close()


def test_payoffs_are_scaled_to_one() -> None:
    work = NetworkMmd(mmd.Config(**SMALL), envs.game("leduc_poker"))
    work.round(0.0)
    paid = np.abs(work.shards[0].collector.reward)
    assert paid.max() <= 1 and set(np.unique(np.round(paid * 13, 4)).tolist()) <= set(map(float, range(14))), (
        "chips / 13"
    )
    assert paid.max() >= 3 / 13
    work.close()


def test_a_network_learns_is_resumed_to_the_bit_and_plays(tmp_path: Path) -> None:
    straight = mmd.Config(**SMALL | {"steps": 40_000, "rows": 128, "batch": 256, "seed": 1})
    mmd.train(straight, "kuhn_poker", tmp_path / "a")
    assert exact(Run.opened(tmp_path / "a")).exploitability < 0.2 < 11 / 24
    config = mmd.Config(**SMALL | {"steps": 900})
    mmd.train(config, "kuhn_poker", tmp_path / "whole")
    ticks = itertools.count()  # every look at the clock takes a second, so a part is a few rounds
    parts = 0
    while parts == 0 or Run.opened(tmp_path / "parts").newest_step() < 900:
        mmd.train(
            config.replace(part=0.15),
            "kuhn_poker",
            tmp_path / "parts",
            resume=parts > 0,
            clock=lambda: float(next(ticks)),
        )
        parts += 1
    assert parts > 1
    a, b = (checkpoint.newest(tmp_path / name / "checkpoints") for name in ("whole", "parts"))
    assert a is not None and b is not None and a.step == b.step
    assert all(a.weights[name].tobytes() == b.weights[name].tobytes() for name in a.weights)
    assert arena.play("kuhn_poker", [str(tmp_path / "a"), "random"], seed=2).faults == ()
