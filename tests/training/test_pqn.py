"""PQN: its targets against a naive recursion, exploration, a smoke run that is resumed to the bit; and all of it with a memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch

import arena
import envs
from arena.training import action_values, kernels, pqn
from arena.training.memory import Sequences
from arena.training.reader import reader
from arena.training.recurrent import Gru
from arena.training.run import Run
from envs.errors import UserError
from tests.training.remembering import RECALLED, points, straight_and_broken

SMALL: dict[str, Any] = {
    "rows": 32, "ticks": 8, "batch": 64, "epochs": 1, "hidden": 16, "snapshot": 2, "save_every": 0.0, "log_every": 0.0, "net": "mlp",
    "threads": 1,
}  # fmt: skip
REMEMBERING: dict[str, Any] = SMALL | {"ticks": 7, "hidden": 8, "layers": 1, "net": "auto"}

torch.set_num_threads(1)


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


# ------------------------------------------------------------------ with a memory
@pytest.fixture
def remembering() -> Any:
    """A work with a memory that has played a rollout, in the middle of episodes, and knows its targets."""
    work = pqn.Pqn(pqn.Config(**REMEMBERING | {"past": 0.0}), envs.game(RECALLED))
    for _ in range(3):
        work.round(0.5)
    work.shards[0].collector.collect(work.shards[0].passes, work.rounds)
    assert work.shards[0].collector.assess(work.shards[0].passes, 0.9, 0.65)
    yield work
    work.close()


def test_the_targets_along_a_memory_are_those_of_a_walk_with_numpy(remembering: Any) -> None:
    """Q(lambda) as above, of each seat in turn, its memory led from where it was when the rollout began."""
    collector, s = remembering.shards[0].collector, remembering.shards[0].stream("player")
    own = remembering.nets["player"]
    read, found = reader(own.plan, own.weights()), 0
    assert own.plan.kind == "gru" and own.plan.norm and s.start.any()
    for b, p in np.ndindex(collector.vec.num, 2):
        memory: Any = s.start[b, p][None]
        steps: list[tuple[int, float]] = []
        for t in np.flatnonzero(s.seat[:, b, 0] == p).tolist():
            out, memory = read(s.x[t, b], None if s.fresh[t, b, 0] else memory)
            steps.append((t, float(out.max())))
        ends = np.flatnonzero(collector.done[:, b])
        if collector.vec.acting[b, p]:
            begun = not len(ends) or (bool(steps) and steps[-1][0] > ends[-1])
            out, _ = read(collector.vec.obs["player"][s.view][b], memory if begun else None)
            steps.append((collector.ticks, float(out.max())))
        returns = slow_returns(collector.reward[:, b, p], collector.done[:, b], steps, 0.9, 0.65)
        for (t, value), target in zip(steps, returns, strict=True):
            if t < collector.ticks:
                assert s.value[t, b, 0] == pytest.approx(value, abs=1e-5)
                assert s.valid[t, b, 0] == (target is not None)
                assert target is None or s.target[t, b, 0] == pytest.approx(target, abs=1e-5)
                found += target is not None
    assert found == s.valid.sum() > 100


def slow_returns(
    reward: np.ndarray, done: np.ndarray, steps: list[tuple[int, float]], gamma: float, lam: float
) -> list[float | None]:
    """G of each decision (tick, greatest value) of one seat; None where nothing that follows was seen, and for a tick behind the last."""
    found: list[float | None] = []
    for n, (t, _) in enumerate(steps):
        later = steps[n + 1 :]
        until = later[0][0] if later else len(reward)
        ends = [e for e in range(t, until) if done[e]]
        total = float(reward[t : ends[0] + 1 if ends else until].sum())
        if ends:
            found.append(total)
        elif later and t < len(reward):
            (ahead,) = slow_returns(reward, done, later, gamma, lam)[:1]
            value = later[0][1]
            found.append(total + gamma * (value if ahead is None else (1 - lam) * value + lam * ahead))
        else:
            found.append(None)
    return found


def test_learning_from_a_batch_of_sequences_is_learning_decision_by_decision(remembering: Any) -> None:
    s, own = remembering.shards[0].stream("player"), cast(Gru, remembering.nets["player"])
    for (part,) in remembering._steps("player"):
        for places, out in remembering.shards[0].outputs("player", part):
            assert np.allclose(out.max(axis=1), s.flat("value")[places], atol=1e-5), "from the memory that was stored"
    own.theta += np.random.default_rng(3).normal(0, 0.2, own.theta.shape).astype(np.float32)
    (part,) = remembering._steps("player")[0]
    assert isinstance(part, Sequences) and len(set(part.lengths.tolist())) > 1
    sums = remembering._gradient((remembering.shards[0], "player", part, 1.0 / len(part)))
    loss, played = torch.zeros(()), 0.0
    for places, memory in zip(np.split(part.places, np.cumsum(part.lengths)[:-1]), part.memory, strict=True):
        state = torch.tensor(memory)[None]
        for place in places.tolist():
            one = torch.zeros((1, 1), dtype=torch.long)
            out, state = own.remembered(torch.tensor(s.flat("x")[place])[None].float(), one, one[0], one[0], state)
            value = out[0, int(s.flat("action")[place, 0])]
            loss = loss + 0.5 * (value - float(s.flat("target")[place])) ** 2
            played += float(value.detach())
    assert np.allclose(remembering.shards[0].passes["player"].gradient, own.gradient(loss / len(part)), atol=1e-5)
    assert sums.tolist() == pytest.approx([float(loss.detach()), played], rel=1e-4, abs=1e-4)


def test_a_run_with_a_memory_goes_on_to_the_bit(tmp_path: Path) -> None:
    more: dict[str, Any] = REMEMBERING | {"past": 0.5, "snapshot": 1, "plies": 2, "anneal": False, "exploring": 0.0}

    def train(steps: int, path: Path, resume: bool) -> None:
        pqn.train(pqn.Config(**more, steps=steps), RECALLED, path, resume=resume, fsync=no_sync)

    found = straight_and_broken(train, tmp_path, 200, 500)
    kept = [each.state["work"]["shards"][0]["memories"] for each in found]
    assert len(kept[0]) == 3 and kept[0][1]["known"].any(), "the learner's and those of two former selves"
    assert all(np.array_equal(a["state"], b["state"]) for a, b in zip(*kept, strict=True))


def test_values_that_remember_learn_what_one_view_does_not_tell_and_are_played_from(tmp_path: Path) -> None:
    config = pqn.Config(
        rows=32, ticks=16, batch=128, epochs=4, rate=3e-3, anneal=False, hidden=16, layers=1, threads=1, past=0.0, exploring=0.5,
        steps=8000, log_every=0.0,
    )  # fmt: skip
    pqn.train(config, RECALLED, tmp_path / "r", fsync=no_sync)
    assert points(tmp_path / "r") == 1.0, "who sees one view alone is right half of the time"


def test_actions_of_several_parts_are_refused() -> None:
    game = envs.game("connect_four", plain=True)
    from envs.spec import MultiDiscrete, Role

    role = game.spec.roles[0]
    game.spec = game.spec.replace(roles=(Role(role.name, role.count, MultiDiscrete((3, 4)), role.views),))
    with pytest.raises(UserError, match="several parts"):
        pqn.demand_single("pqn", game)
