"""DQN: n-step transitions and prioritised draws against slow references, its losses against torch, a smoke run resumed to the bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import arena
import envs
from arena.training import action_values, dqn, q_steps, threads
from arena.training.replay import Replay, transitions
from arena.training.run import Run

torch.set_num_threads(1)
SMALL: dict[str, Any] = {
    "rows": 32, "ticks": 12, "batch": 32, "memory": 10, "warm": 100, "hidden": 16, "snapshot": 2, "save_every": 0.0, "log_every": 0.0,
    "net": "mlp", "target": 5, "threads": 1,
}  # fmt: skip


def no_sync(_handle: int) -> None:
    return


@pytest.mark.parametrize("span", [1, 3])
def test_transitions_are_those_of_the_definition(seeds: Any, span: int) -> None:
    ticks, rows, seats, gamma = 30, 3, 2, 0.9
    for seed in seeds(4):
        draw = np.random.default_rng(seed)
        reward, done = draw.normal(size=(ticks, rows, seats)).astype(np.float32), draw.random((ticks, rows)) < 0.15
        seat = draw.integers(seats, size=(ticks, rows, 1))
        learn = draw.random((ticks, rows, 1)) < 0.9
        returns, discount, ahead, lane, valid = (
            np.zeros(seat.shape, kind) for kind in (np.float32, np.float32, np.int64, np.int64, np.bool_)
        )
        transitions(
            reward, done, seat, learn, span, gamma, returns, discount, ahead, lane, valid, np.zeros((seats, span + 1, 2)),
            np.zeros((seats, span + 1, 2), np.int64),
        )  # fmt: skip
        for b in range(rows):
            for t in np.flatnonzero(learn[:, b, 0]):
                slow = slow_transition(reward[:, b], done[:, b], seat[:, b, 0], learn[:, b, 0], int(t), span, gamma)
                assert bool(valid[t, b, 0]) == (slow is not None), (t, b)
                if slow is not None:
                    assert np.allclose((returns[t, b, 0], discount[t, b, 0]), slow[:2], atol=1e-5)
                    assert not slow[1] or ahead[t, b, 0] == slow[2]


def slow_transition(
    reward: Any, done: Any, seat: Any, learn: Any, start: int, span: int, gamma: float
) -> tuple[float, float, int] | None:
    """(return, discount, tick of the later decision) by walking forward; None when neither it nor the end was seen."""
    own, total, weight, passed = seat[start], 0.0, 1.0, 0
    for t in range(start, len(reward)):
        if t > start and learn[t] and seat[t] == own:
            weight *= gamma
            passed += 1
            if passed == span:
                return total, weight, t
        total += weight * reward[t, own]
        if done[t]:
            return total, 0.0, t
    return None


def test_draws_follow_the_priorities_and_the_weights_take_the_bias_away() -> None:
    memory = Replay(8, {"v": ((), np.float32)}, alpha=1.0)
    memory.add({"v": np.arange(5, dtype=np.float32)})
    errors = np.array([1.0, 0.0, 3.0, 2.0, 2.0])
    memory.surprise(np.arange(5), errors)
    counts, weights = np.zeros(8), np.zeros(8)
    for key in range(500):
        places, found = memory.draw(16, key, beta=1.0)
        counts += np.bincount(places, minlength=8)
        weights[places] = found
    expected = (errors + 1e-3) / (errors + 1e-3).sum()
    assert np.abs(counts[:5] / counts.sum() - expected).max() < 0.01 and counts[5:].sum() == 0
    seen = np.flatnonzero(counts > 100)
    assert np.allclose(weights[seen] * expected[seen], (weights * np.append(expected, [0, 0, 0]))[seen[0]], rtol=1e-5)
    again = Replay(8, {"v": ((), np.float32)}, alpha=1.0)
    again.restore(memory.state())
    assert np.allclose(again.tree, memory.tree)
    assert np.array_equal(again.draw(16, 3, 1.0)[0], memory.draw(16, 3, 1.0)[0])


def test_old_transitions_are_overwritten() -> None:
    memory = Replay(8, {"v": ((), np.float32)}, alpha=0.5)
    for n in range(3):
        memory.add({"v": np.arange(5, dtype=np.float32) + 5 * n})
    assert sorted(memory.arrays["v"].tolist()) == list(range(7, 15))
    assert memory.count == 8


def test_the_gradient_is_that_of_the_dueling_huber_loss() -> None:
    draw = np.random.default_rng(3)
    out, target = draw.normal(size=(20, 6)).astype(np.float32), draw.normal(0, 3, 20).astype(np.float32)
    action, weight = draw.integers(5, size=(20, 1)).astype(np.int32), draw.random(20).astype(np.float32)
    slope, errors, sums = np.zeros_like(out), np.zeros(20, np.float32), np.zeros(2)
    action_values.dueling_gradient(out, action, target, weight, 1 / 20, slope, errors, sums)
    leaf = torch.tensor(out, requires_grad=True)
    advantage = leaf[:, :-1]
    value = (leaf[:, -1:] + advantage - advantage.mean(1, keepdim=True)).gather(1, torch.tensor(action).long())[:, 0]
    loss = (torch.nn.functional.huber_loss(value, torch.tensor(target), reduction="none") * torch.tensor(weight)).mean()
    loss.backward()  # type: ignore[no-untyped-call]
    assert leaf.grad is not None
    assert np.allclose(slope, leaf.grad.numpy(), atol=1e-6)
    assert np.allclose(errors, (value.detach().numpy() - target), atol=1e-5)
    assert sums[0] / 20 == pytest.approx(float(loss.detach()), rel=1e-5)


def test_the_online_network_chooses_and_the_target_network_judges() -> None:
    online, judge = np.array([[1, 9, 5, 0]], np.float32), np.array([[3, 6, 9, 2]], np.float32)
    best = np.zeros(1, np.float32)
    action_values.double_best(online, judge, np.array([[True, False, True]]), best)
    assert best[0] == 2 + 9 - 6


def test_actors_explore_from_boldly_to_hardly() -> None:
    bold = dqn.boldness(dqn.Config(**SMALL), 9)
    assert bold[0] == np.float32(0.4) and bold[-1] == np.float32(0.4**8)
    assert (np.diff(bold) < 0).all()


def trained(path: Path, steps: int, resume: bool = False, **more: Any) -> Run:
    config = dqn.Config(**(SMALL | {"steps": steps, "beta": 1.0} | more))
    dqn.train(config, "connect_four", path, fsync=no_sync, resume=resume)
    return Run.opened(path)


def test_a_smoke_run_plays_and_goes_on_to_the_bit(tmp_path: Path) -> None:
    straight, broken = trained(tmp_path / "s", 1500), trained(tmp_path / "b", 700)
    broken = trained(broken.path, 1500, resume=True)
    one, other = straight.newest(), broken.newest()
    assert one is not None and other is not None and one.step == other.step
    assert all(np.array_equal(one.weights[name], other.weights[name]) for name in one.weights)
    assert one.state["work"]["updates"] > 10
    result = arena.play("connect_four", [str(straight.path), "random"], seed=1)
    assert result.faults == ()


def test_a_run_keeps_the_number_of_shards_that_a_machine_has_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "cores", lambda: 2)
    straight, broken = (
        trained(tmp_path / "s", 1500, threads=0, shard=16),
        trained(tmp_path / "b", 700, threads=0, shard=16),
    )
    monkeypatch.setattr(threads, "cores", lambda: 1)
    one, other = straight.newest(), trained(broken.path, 1500, resume=True, threads=0, shard=16).newest()
    assert one is not None and other is not None
    assert len(one.state["work"]["shards"]) == len(other.state["work"]["shards"]) == 2
    assert all(np.array_equal(one.weights[name], other.weights[name]) for name in one.weights)


def test_threads_that_share_a_step_take_it_as_one_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a run keeps their number: it goes on to the bit where there are other cores."""
    monkeypatch.setattr(q_steps, "SHARE", 20)
    works = []
    for count in (1, 3):
        monkeypatch.setattr(q_steps, "cores", lambda count=count: count)
        works.append(dqn.Dqn(dqn.Config(**(SMALL | {"batch": 64, "threads": 0})), envs.game("connect_four")))
    assert [work.here.count for work in works] == [1, 3]
    begun = works[0].nets["player"].theta.copy()
    told = [[work.round(0.1) for _ in range(6)][-1] for work in works]
    one, other = (work.nets["player"].theta for work in works)
    learned = np.abs(one - begun).max()
    assert learned > 1e-4 and np.abs(one - other).max() < 0.02 * learned
    assert told[0]["loss"] == pytest.approx(told[1]["loss"], rel=1e-3) and works[0].updates == works[1].updates > 3
    for work in works:
        work.close()
    monkeypatch.setattr(q_steps, "cores", lambda: 3)
    straight, broken = (
        trained(tmp_path / name, steps, threads=0, batch=64) for name, steps in (("s", 1500), ("b", 700))
    )
    monkeypatch.setattr(q_steps, "cores", lambda: 1)
    ends = [straight.newest(), trained(broken.path, 1500, resume=True, threads=0, batch=64).newest()]
    assert all(end is not None and end.state["work"]["hands"] == 3 for end in ends)
    assert all(np.array_equal(ends[0].weights[name], ends[1].weights[name]) for name in ends[0].weights)  # type: ignore[union-attr]
