"""DQN with a memory: sequences against a walk through the rollout, steps along them against single decisions, a run resumed to the bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch

import envs
from arena.training import dqn
from arena.training.recurrent import Gru
from arena.training.sequence_replay import SequenceReplay
from tests.training.remembering import RECALLED, points, straight_and_broken

torch.set_num_threads(1)
SMALL: dict[str, Any] = {
    "rows": 24, "ticks": 9, "batch": 32, "memory": 9, "warm": 64, "span": 2, "target": 5, "hidden": 8, "layers": 1, "threads": 1,
    "reuse": 1.0, "log_every": 0.0, "save_every": 0.0, "beta": 1.0,
}  # fmt: skip


def no_sync(_handle: int) -> None:
    return


@pytest.fixture(params=[2])
def work(request: pytest.FixtureRequest) -> Any:
    """A work in the middle of episodes, with openings and former selves, whose ring has gone round; its parameter is the span."""
    found = dqn.Dqn(dqn.Config(**SMALL | {"span": request.param}, past=0.5, snapshot=1, plies=2), envs.game(RECALLED))
    for _ in range(6):
        found.round(0.5)
    assert found.updates > 10 and found.memories["player"].count == 512
    yield found
    found.close()


def test_what_is_stored_is_what_a_walk_through_the_rollout_finds(work: Any) -> None:
    work.roster.seat(work.shards, work.rounds)
    (shard,) = work.shards
    shard.collector.collect(shard.passes, work.rounds)
    s = shard.stream("player")
    rows = work._transitions(shard, s)
    begins = np.flatnonzero(rows["length"])
    assert begins[0] == 0 and np.array_equal(np.diff(begins), rows["length"][begins[:-1]])
    found = {(*[row_of(rows, n) for n in range(b, b + rows["length"][b])], rows["memory"][b].tobytes()) for b in begins}
    assert len(found) > 20 and any(rows["memory"][b].any() for b in begins) and not rows["known"].all()
    assert found == slow(s)
    assert rows["known"].sum() == s.valid.sum()


def row_of(rows: Any, n: int) -> tuple[Any, ...]:
    return rows["x"][n].tobytes(), int(rows["action"][n, 0]), bool(rows["known"][n])


def slow(s: Any) -> set[tuple[Any, ...]]:
    """The same sequences, seat by seat; those without a known outcome left out."""
    found: set[tuple[Any, ...]] = set()
    fields = {"x": s.x, "action": s.action, "known": s.valid}
    for b, p in np.ndindex(s.start.shape[:2]):
        own: list[list[tuple[Any, ...]]] = [[]]
        memories = [s.start[b, p]]
        for t in np.flatnonzero((s.seat[:, b, 0] == p) & s.learn[:, b, 0]):
            if s.fresh[t, b, 0]:
                own.append([])
                memories.append(np.zeros_like(s.start[b, p]))
            own[-1].append(row_of({name: array[:, b, 0] for name, array in fields.items()}, t))
        found |= {
            (*each, memory.tobytes()) for each, memory in zip(own, memories, strict=True) if any(k for *_, k in each)
        }
    return found


@pytest.mark.parametrize(("work", "burn"), [(2, 0), (1, 1), (1, 2)], indirect=["work"])
def test_a_step_along_sequences_is_learning_decision_by_decision(
    work: Any, burn: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Double Q from the target network, the span-th next decision, Huber's loss with importance weights, R2D2's urgencies and burn-in."""
    memory, span, work.config = work.memories["player"], work.config.span, work.config.replace(batch=200, burn=burn)
    online, judge = (cast(Gru, each["player"]) for each in (work.nets, work.judges))
    for n, each in enumerate((online, judge)):
        each.theta += np.random.default_rng(n).normal(0, 0.3, each.theta.shape).astype(np.float32)
    gradients: list[torch.Tensor] = []
    monkeypatch.setattr(
        work.optimisers["player"], "step_on", lambda given, rate, norm: (gradients.append(given), given.norm())[1]
    )
    begins, weights = memory.draw(round(200 / memory.mean), 77, 0.6)
    assert not memory.arrays["known"][memory.whole(begins).places].all()
    loss, played, count, heads, urgency = torch.zeros(()), list[float](), 0, 0, {}
    for begin, weight in zip(begins.tolist(), weights.tolist(), strict=True):
        length = memory.arrays["length"][begin]
        rows = {name: array[(begin + np.arange(length)) % memory.size] for name, array in memory.arrays.items()}
        head = min(burn, int(rows["known"].sum()) - 1) if rows["memory"][0].any() else 0
        values, after = (q_values(each, rows, head) for each in (online, judge))
        misses, heads = [], heads + head
        played += [float(v[a].detach()) for v, (a,) in list(zip(values, rows["action"], strict=True))[head:]]
        for n in np.flatnonzero(rows["known"])[head:]:
            target = float(rows["returns"][n])
            if rows["discount"][n]:
                best = int(np.where(rows["mask"][n + span], values[n + span].detach().numpy(), -np.inf).argmax())
                target += float(rows["discount"][n] * after[n + span][best].detach())
            miss = values[n][rows["action"][n, 0]] - target
            loss = loss + weight * (0.5 * miss**2 if abs(miss) < 1 else abs(miss) - 0.5)
            misses.append(abs(float(miss.detach())))
        count += len(misses)
        urgency[begin] = 0.9 * max(misses) + 0.1 * float(np.mean(misses))
    told, _ = work._step("player", memory, 77, 0.6)
    assert any(memory.arrays["memory"][begins].any(axis=1)) and count > len(begins) and (heads > 5 or not burn)
    assert np.allclose(gradients[0], online.gradient(loss / count), atol=1e-5)
    assert told.tolist() == pytest.approx([float(loss.detach()) / count, np.mean(played)], abs=1e-4)
    for begin, size in urgency.items():
        assert memory.tree[memory.size + begin] == pytest.approx((size + 1e-3) ** memory.alpha, rel=1e-3)


def q_values(own: Gru, rows: Any, head: int) -> list[torch.Tensor]:
    """The values of all actions at each decision of a sequence, one after another; nothing is learned from what its head leads on."""
    state, found, one = torch.tensor(rows["memory"][:1]), [], torch.zeros((1, 1), dtype=torch.long)
    for n, x in enumerate(rows["x"]):
        state = state.detach() if n == head else state
        out, state = own.remembered(torch.tensor(x)[None].float(), one, one[0], one[0], state)
        found.append(out[0, -1] + out[0, :-1] - out[0, :-1].mean())
    return found


def test_no_sequence_is_drawn_of_which_a_part_was_overwritten(work: Any) -> None:
    memory, draw, number = SequenceReplay(256, work.shards[0].stream("player"), 1.0), np.random.default_rng(1), 0
    for _ in range(100):
        lengths = draw.integers(1, 6, size=4)
        count = int(lengths.sum())
        rows = {name: np.zeros((count, *array.shape[1:]), array.dtype) for name, array in memory.arrays.items()}
        rows["length"][np.cumsum(lengths) - lengths] = lengths
        rows["returns"][:] = np.repeat(np.arange(number, number + 4), lengths)
        rows["known"][:] = True
        number += 4
        memory.add(rows)
        begins, _ = memory.draw(16, number, 0.5)
        part = memory.whole(begins)
        for places in np.split(part.places, np.cumsum(part.lengths)[:-1]):
            assert len(set(memory.arrays["returns"][places].tolist())) == 1
        memory.surprise_along(begins, part, draw.normal(size=len(part)))
    assert 1 < memory.mean < 6


def test_a_run_goes_on_to_the_bit(tmp_path: Path) -> None:
    def train(steps: int, path: Path, resume: bool) -> None:
        dqn.train(
            dqn.Config(**SMALL, past=0.5, snapshot=1, plies=2, steps=steps),
            RECALLED,
            path,
            resume=resume,
            fsync=no_sync,
        )

    one, _ = straight_and_broken(train, tmp_path, 400, 900)
    assert one.state["work"]["updates"] > 10


def test_values_that_remember_learn_what_one_view_does_not_tell_and_are_played_from(tmp_path: Path) -> None:
    config = dqn.Config(
        rows=32, ticks=16, batch=64, memory=12, warm=300, rate=3e-3, hidden=16, layers=1, threads=1, past=0.0, span=2, target=40,
        steps=4000, log_every=0.0,
    )  # fmt: skip
    dqn.train(config, RECALLED, tmp_path / "r", fsync=no_sync)
    assert points(tmp_path / "r") == 1.0, "who sees one view alone is right half of the time"
