"""Networks that remember: along a rollout as in play, with numpy as with torch, chosen where the view hides the past; and they learn."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch

import agents
import arena
import envs
from agents import guided
from agents.learned import Policy
from arena.training import away, best_response, checkpoint, dqn, judging, league_training, net, ppo, roster
from arena.training.memory import Sequences, grid, sequences
from arena.training.net import Plan, Recalling
from arena.training.opponents import Past
from arena.training.reader import reader
from arena.training.run import Run
from arena.training.sight import tells_the_past
from arena.training.trees import walk
from envs.errors import UserError
from tests.agents.conftest import question

torch.set_num_threads(1)
GAME = str(Path(__file__).parent / "recalled.py")
SMALL: dict[str, Any] = {
    "rows": 24, "ticks": 7, "batch": 64, "epochs": 2, "hidden": 8, "layers": 1, "threads": 1, "past": 0.5, "snapshot": 1, "plies": 2,
    "log_every": 0.0, "save_every": 0.0,
}  # fmt: skip
LEARNING: dict[str, Any] = {
    "rows": 32, "ticks": 16, "batch": 128, "epochs": 6, "rate": 5e-3, "hidden": 16, "layers": 1, "threads": 1, "log_every": 0.0,
}  # fmt: skip


def no_sync(_handle: int) -> None:
    return


def last(path: Path) -> checkpoint.Checkpoint:
    found = Run.opened(path).newest()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that has learned to name the colour."""
    folder = tmp_path_factory.mktemp("runs") / "recalled"
    ppo.train(ppo.Config(**LEARNING, steps=4000), GAME, folder, fsync=no_sync)
    return folder


# ------------------------------------------------------------------ what it is for
def test_a_network_that_remembers_learns_what_no_other_can(trained: Path) -> None:
    assert net.Plan.of(last(trained).state["work"]["nets"]["player"]).kind == "gru"
    work = ppo.Ppo(ppo.Config(**LEARNING, net="mlp"), envs.game(GAME))
    points = [work.round(0.0)["points/self"] for _ in range(6)]
    work.close()
    assert np.mean(points[-4:]) < 0.3, "who sees one view alone is right half of the time"
    rules = envs.game(GAME)
    scores = [arena.play(rules, [f"{trained}?temperature=0"] * 2, seed=seed).scores for seed in range(10)]
    assert np.mean(scores) == 1.0


def test_a_player_remembers_its_match_and_no_other_and_is_not_moved_by_being_asked_again(trained: Path) -> None:
    game = envs.game(GAME)
    player = cast(Any, agents.load(f"{trained}?temperature=0"))()
    for seed in range(6):
        state = game.start(seed)
        while not game.facts(state).done:
            (seat,) = game.acting(state)
            ask = question(game, state, seat, seed)
            if seat == 0:
                assert player(ask).notes["value"] == player(ask).notes["value"]
            state = game.step(state, {seat: player(ask).actions[0]}, seed)
        assert game.facts(state).reward[1] == 1.0, "one instance keeps two seats, and matches, apart"


# ------------------------------------------------------------------ one arithmetic
@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("shape", [(5,), (2, 4, 3), (4, 3)])
def test_along_a_sequence_is_step_by_step_and_numpy_is_torch(shape: tuple[int, ...], norm: bool) -> None:
    plan = Plan("gru", "v", shape, 8, 2, 4, norm)
    made, draw = net.make(plan, 3), np.random.default_rng(0)
    made.theta += draw.normal(0, 0.2, made.theta.shape).astype(np.float32)
    way, read = cast(Recalling, made.passing(8)), reader(plan, made.weights())
    lengths = np.array([3, 1, 4])
    x, memory = (draw.normal(size=size).astype(np.float32) for size in ((8, *shape), (3, 8)))
    whole = way.along(x, lengths, memory).copy()
    for s, begin in enumerate((0, 3, 4)):
        own, plain = memory[s : s + 1], memory[s : s + 1]
        for n in range(begin, begin + lengths[s]):
            (out, own), (told, after) = way.step(x[n : n + 1], own), read(x[n : n + 1], plain)
            assert after is not None
            assert np.allclose(out[0], whole[n], atol=1e-5) and np.allclose(told[0], whole[n], atol=1e-5)
            assert np.allclose(own, after, atol=1e-5)
            plain = after
    assert np.allclose(way(x)[3], read(x, None)[0][3], atol=1e-5)


def test_the_gradient_along_sequences_is_that_of_finite_differences() -> None:
    made, draw = net.make(Plan("gru", "v", (3,), 4, 1, 2), 5), np.random.default_rng(1)
    made.theta += draw.normal(0, 0.3, made.theta.shape).astype(np.float32)
    way, lengths = cast(Recalling, made.passing(8)), np.array([3, 2])
    x, memory, slope = (draw.normal(size=size).astype(np.float32) for size in ((5, 3), (2, 4), (5, 2)))
    way.along(x, lengths, memory)
    way.back(slope)
    for place in range(0, len(made.theta), 7):
        ends = []
        for step in (1e-2, -2e-2):
            made.theta[place] += np.float32(step)
            ends.append(float((way.along(x, lengths, memory) * slope).sum()))
        made.theta[place] += np.float32(1e-2)
        assert way.gradient[place] == pytest.approx((ends[0] - ends[1]) / 2e-2, abs=3e-3)


def test_sequences_are_those_of_a_walk_through_the_rollout(seeds: Any) -> None:
    ticks, rows, lanes, count = 9, 5, 2, 3
    for seed in seeds(5):
        draw = np.random.default_rng(seed)
        seat = draw.permuted(np.broadcast_to(np.arange(count), (ticks, rows, count)), axis=2)[..., :lanes]
        fresh, valid = (draw.random(seat.shape) < share for share in (0.2, 0.8))
        start = draw.normal(size=(rows, count, 2)).astype(np.float32)
        found = sequences(seat, fresh, start, np.flatnonzero(valid))
        told = set()
        for order in (found, found.taken(draw.permutation(len(found.lengths)))):
            parts = [piece for part in order.cut(3) for piece in part.chunks(ticks)]
            assert sum(map(len, parts)) == valid.sum() and all(len(part) <= ticks for part in parts)
            told.add(frozenset(strands(parts)))
        assert told == {frozenset(slow_strands(seat, fresh, start, valid))}


def strands(parts: list[Sequences]) -> list[tuple[Any, ...]]:
    """(places, memory) of each sequence."""
    found = []
    for part in parts:
        cut = np.split(part.places, np.cumsum(part.lengths)[:-1])
        found += [(tuple(p.tolist()), tuple(m.tolist())) for p, m in zip(cut, part.memory, strict=True)]
    return found


def slow_strands(seat: Any, fresh: Any, start: Any, valid: Any) -> list[tuple[Any, ...]]:
    found = []
    for b in range(seat.shape[1]):
        for p in range(start.shape[1]):
            run: list[int] = []
            memory = start[b, p]
            for t, i in np.argwhere((seat[:, b] == p) & valid[:, b]).tolist():
                if fresh[t, b, i]:
                    found += [(tuple(run), tuple(memory.tolist()))] * bool(run)
                    run, memory = [], np.zeros(2)
                run.append(int(np.ravel_multi_index((t, b, i), seat.shape)))
            found += [(tuple(run), tuple(memory.tolist()))] * bool(run)
    return found


def test_columns_begin_together() -> None:
    places, t, s = grid(np.array([2, 3]))
    assert places.tolist() == [[0, 2], [1, 3], [1, 4]]
    assert t.tolist() == [0, 1, 0, 1, 2] and s.tolist() == [0, 0, 1, 1, 1]


# ------------------------------------------------------------------ in training
def test_the_learner_sees_what_was_seen_in_play() -> None:
    """Values and memories of a rollout that begins in the middle of episodes, with openings and former selves, come again."""
    work = ppo.Ppo(ppo.Config(**SMALL | {"epochs": 1}), envs.game(GAME))
    for _ in range(3):
        work.round(0.0)
    work.roster.seat(work.shards, work.rounds)
    (shard,) = work.shards
    assert work._play(shard)
    s, collector = shard.stream("player"), shard.collector
    young = collector.age <= (collector.vec.seeds >> np.uint64(40)) % np.uint64(SMALL["plies"] + 1)
    assert young.any() and s.memory is not None
    for rows, memory in [
        (slice(None), s.memory),
        *((b.rows, cast(Past, b).memories["player"]) for b in collector.blocks),
    ]:
        assert memory.known.any() and not memory.known[young[rows]].any(), "an opening is nobody's own"
    assert s.start.any() and s.fresh[s.learn].any() and not s.fresh[s.learn].all()
    parts = shard.parts("player", shard.choose("player"), 3, 0, 2)
    for part in parts:
        for places, out in shard.outputs("player", part):
            assert np.allclose(out[:, -1], s.flat("value")[places], atol=1e-5)
    assert sum(map(len, parts)) == s.valid.sum()
    work.close()


def test_a_run_goes_on_to_the_bit_with_former_selves_and_their_memories(tmp_path: Path) -> None:
    for name, steps in (("straight", (500,)), ("broken", (200, 500))):
        for n, each in enumerate(steps):
            ppo.train(ppo.Config(**SMALL, anneal=False, steps=each), GAME, tmp_path / name, resume=n > 0, fsync=no_sync)
    one, other = last(tmp_path / "straight"), last(tmp_path / "broken")
    assert one.step == other.step and one.step > 500 - 24 * 7
    assert all(np.array_equal(one.weights[name], other.weights[name]) for name in one.weights)
    kept = [each.state["work"]["shards"][0]["memories"] for each in (one, other)]
    assert len(kept[0]) == 3 and kept[0][1]["known"].any(), "the learner's and those of two former selves"
    assert all(np.array_equal(a["state"], b["state"]) for a, b in zip(*kept, strict=True))


def test_a_worker_elsewhere_plays_the_same_rollout() -> None:
    works = [ppo.Ppo(ppo.Config(**SMALL), envs.game(GAME)) for _ in range(2)]
    for _ in range(2):
        for work in works:
            work.round(0.0)
    near, far = works
    for work in works:
        work.roster.seat(work.shards, work.rounds)
    config = SimpleNamespace(values=lambda: deepcopy(near.config.values()))
    (order,) = away.orders(GAME, config, far.nets, far.shards, far.rounds)
    answer = deepcopy(away.rollout(deepcopy(order), net.named(far.nets), far.roster.former()))
    assert away.take_over(far.shards[0], answer) == near._play(near.shards[0])
    parts = [work.shards[0].parts("player", work.shards[0].choose("player"), 2, 0, 1)[0] for work in works]
    for a, b in zip(*map(strands, cast(Any, [[part] for part in parts])), strict=True):
        assert a == b
    for work in works:
        work.close()


def test_who_takes_a_seat_knows_nothing_of_what_its_predecessor_remembered() -> None:
    work = ppo.Ppo(ppo.Config(**SMALL), envs.game(GAME))
    work.round(0.0)
    blocks = [block for block in work.shards[0].collector.blocks if isinstance(block, Past)]
    assert all(block.memories["player"].known.any() for block in blocks)
    roster.unseat([blocks], [0, 7], [0, 9])
    assert blocks[0].memories["player"].known.any() and not blocks[1].memories["player"].state.any()
    work.close()


def test_leagues_and_exploiters_remember(tmp_path: Path, trained: Path) -> None:
    settings: dict[str, Any] = {"rows": 16, "ticks": 8, "batch": 64, "hidden": 8, "layers": 1, "least": 20, "most": 40}
    league_training.train(league_training.Config(**settings, steps=300), GAME, tmp_path / "league", fsync=no_sync)
    assert arena.play(envs.game(GAME), [str(tmp_path / "league")] * 2, seed=1).faults == ()
    bound = best_response.lower_bound(Run.opened(trained), best_response.Config(steps=1, games=50, rows=32, ticks=8))
    assert bound.games >= 50 and abs(bound.gain) <= 1.0


# ------------------------------------------------------------------ where it is taken, and where it cannot be
def test_what_is_seen_is_the_past_or_a_memory_is_taken(tmp_path: Path) -> None:
    """Kuhn poker's view tells all bets; the view of the game of colours forgets them."""
    kuhn, own = envs.game("kuhn_poker"), envs.game(GAME)
    assert tells_the_past(kuhn, kuhn.spec.roles[0], "flat")
    assert not tells_the_past(own, own.spec.roles[0], "flat")
    sizes: dict[str, Any] = {"view": "", "hidden": 8, "layers": 1, "outputs": 3}
    kinds = [net.plan_for(game, game.spec.roles[0], kind="auto", memory=True, **sizes).kind for game in (kuhn, own)]
    assert kinds == ["mlp", "gru"]
    assert net.plan_for(own, own.spec.roles[0], kind="auto", **sizes).kind == "mlp", "who cannot train one takes none"
    ppo.train(ppo.Config(rows=8, ticks=4, steps=1, net="gru", hidden=8, layers=1), "kuhn_poker", tmp_path / "r")
    run = Run.opened(tmp_path / "r")
    tree = walk(kuhn)  # type: ignore[arg-type]
    found, policy = judging.strategy_of(run, tree), Policy(run)
    for i, (begin, end) in enumerate(zip(tree.first[:-1], tree.first[1:], strict=True)):
        chain = [i]
        while tree.before[chain[0]] >= 0:
            chain.insert(0, int(tree.before[chain[0]]))
        memory = None
        for each in chain:
            out, memory = policy.outputs(kuhn, tree.seen[each], int(tree.owner[i]), memory)
        weights = np.exp(out[tree.action[begin:end]])
        assert np.allclose(found[begin:end], weights / weights.sum(), atol=1e-5)
    assert max(len(set(tree.before)), 1) > 2


def test_where_a_memory_cannot_be_used_it_is_told_in_one_line(trained: Path) -> None:
    rules = envs.game(GAME)
    with pytest.raises(UserError, match="learns from single decisions: take ppo, pqn, dqn or bc, or another net"):
        net.plan_for(rules, rules.spec.roles[0], kind="gru", view="", hidden=8, layers=1, outputs=3)
    with pytest.raises(
        UserError, match="memory=4 keeps 16 decisions, and a rollout may have 40: give at least memory=6"
    ):
        dqn.Dqn(dqn.Config(net="gru", rows=4, ticks=10, memory=4, past=0.0), rules)
    with pytest.raises(UserError, match="at most 1024 ticks, not 1025"):
        ppo.Ppo(ppo.Config(**SMALL | {"ticks": 1025, "rows": 4, "past": 0.0}), envs.game(GAME))
    game = envs.game("connect_four", plain=True)
    with pytest.raises(UserError, match="a search meets positions without a past: give search=0"):
        guided.guided(question(game, game.start(0), 0), Policy(Run.opened(trained)), 10)
