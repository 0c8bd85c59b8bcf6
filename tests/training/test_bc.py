"""Behavioural cloning: rows from recordings, the gradient against torch's, and a run that plays what it was shown."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import arena
import arena.matches
import envs
from arena.training import bc, checkpoint
from arena.training.bc import Bc, Config, Decision, recorded
from envs.errors import NOT_FOUND, UserError
from tests.training.remembering import recalled_rows

RECALLED = str(Path(__file__).parent / "recalled.py")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings of the agent that takes the first legal action, in both seats; one of another game among them."""
    place = tmp_path_factory.mktemp("recordings")
    with pytest.MonkeyPatch.context() as patched:
        for seed in range(24):
            agents = ["first", "random"] if seed % 2 else ["random", "first"]
            patched.setattr(arena.matches.secrets, "token_hex", lambda _, seed=seed: f"match {seed}")
            arena.play("kuhn_poker", agents, seed=seed, record=place / f"{seed}.arena")
    arena.play("leduc_poker", ["first", "first"], seed=0, record=place / "other.arena")
    return place


def test_rows_of_recordings_say_what_was_done_and_how_it_ended(folder: Path) -> None:
    game = envs.game("kuhn_poker")
    rows = list(recorded(folder / "3.arena", game))
    result = arena.play("kuhn_poker", ["first", "random"], seed=3)
    assert {row.seat for row in rows} == {0, 1}
    for row in rows:
        assert row.outcome == result.scores[row.seat], "the only reward of Kuhn poker comes at the end"
        assert row.mask[row.action[0]] and row.obs.seat == row.seat
    assert all(row.action == (0,) for row in rows if row.seat == 0)
    assert len({row.episode for row in recorded(folder, game)}) == 24


def test_an_outcome_is_what_a_seat_gets_from_there_on(tmp_path: Path) -> None:
    """Rewards come in every round here: the first decision's outcome is the whole score, the last one's the last round."""
    game = envs.game("matrix?game=prisoners_dilemma&rounds=4")
    result = arena.play(
        "matrix?game=prisoners_dilemma&rounds=4", ["random", "random"], seed=5, record=tmp_path / "x.arena"
    )
    rows = [row for row in recorded(tmp_path / "x.arena", game) if row.seat == 0]
    assert [len(rows), rows[0].outcome] == [4, result.scores[0]]
    gained = [a.outcome - b.outcome for a, b in pairwise(rows)] + [rows[-1].outcome]
    assert all(each in (0, 1, 3, 5) for each in gained)


def made(seed: int, count: int, winners: bool = False) -> tuple[Bc, list[Decision]]:
    """A learner on made-up decisions."""
    game, rng = envs.game("leduc_poker"), np.random.default_rng(seed)
    rows = []
    for n in range(count):
        state = game.start(n)
        (seat,) = game.acting(state)
        legal = game.legal(state, seat)
        rows.append(
            Decision(
                str(n),
                seat,
                game.observe(state, seat),
                legal.mask,
                (int(rng.choice(list(legal))),),
                float(rng.normal()),
            )
        )
    return Bc(Config(hidden=8, layers=1, winners=winners), game, rows), rows


@pytest.mark.parametrize("winners", [False, True])
def test_the_gradient_is_that_of_torch(winners: bool, seeds: Any) -> None:
    import torch

    (seed,) = seeds(1)
    work, _ = made(seed, 40, winners)
    (one,) = work.nets.values()
    rows, chosen = work.rows["player"], np.arange(40)
    work.passes["player"].gradient[:] = 0
    losses = work._slope("player", chosen, 1 / 40)
    parts = [
        torch.tensor(each, requires_grad=True) for pair in zip(one.matrices, one.biases, strict=True) for each in pair
    ]  # type: ignore[attr-defined]
    hidden = torch.relu(torch.tensor(rows.x) @ parts[0] + parts[1])
    out = hidden @ parts[2] + parts[3]
    logits = torch.where(torch.tensor(rows.mask), out[:, :-1], torch.tensor(-1e30))
    counted = torch.tensor((rows.outcome > 0).astype(np.float32) if winners else np.ones(40, np.float32))
    policy = -(torch.log_softmax(logits, 1).gather(1, torch.tensor(rows.action))[:, 0] * counted).sum()
    value = 0.5 * torch.square(out[:, -1] - torch.tensor(rows.outcome)).sum()
    ((policy + 0.5 * value) / 40).backward()
    expected = np.concatenate([part.grad.numpy().ravel() for part in parts])  # type: ignore[union-attr]
    assert work.passes["player"].gradient == pytest.approx(expected, abs=1e-6)
    assert losses == pytest.approx([policy.item(), value.item()], rel=1e-5)


def test_a_tenth_of_the_episodes_is_held_out_whole(seeds: Any) -> None:
    (seed,) = seeds(1)
    names = [f"{seed}-{n}" for n in range(2000)]
    assert sum(map(bc.held_out, names)) == pytest.approx(200, abs=60)
    assert [bc.held_out(name) for name in names] == [bc.held_out(name) for name in names]


@pytest.mark.parametrize("kind", ["auto", "mlp"])
def test_what_hangs_on_the_past_is_cloned_by_a_network_that_remembers(kind: str, tmp_path: Path) -> None:
    told: list[dict[str, float]] = []
    rows = recalled_rows(60)
    config = Config(steps=len(rows) * 60, batch=64, rate=1e-2, net=kind, hidden=16, layers=1, log_every=0.0)
    bc.train(config, RECALLED, tmp_path / "run", rows, progress=lambda *news: told.append(dict(news[-1])))
    scores = [
        arena.play(envs.game(RECALLED), [f"{tmp_path / 'run'}?temperature=0"] * 2, seed=seed).scores
        for seed in range(8)
    ]
    assert (told[-1]["accuracy"] == 1.0) == (kind == "auto")
    assert (np.mean(scores) == 1.0) == (kind == "auto")


def test_sequences_are_learned_from_whole_and_in_their_order() -> None:
    rows = recalled_rows(40)
    work = Bc(Config(net="gru", hidden=8, layers=1), envs.game(RECALLED), rows)
    own = work.rows["player"]
    assert own.lengths.sum() == len(rows) and len(own.lengths) == 80
    for unit, held in enumerate(own.held):
        places = own.places(np.array([unit]))
        assert (own.x[places[0], :2].sum(), own.x[places[1:], :2].sum()) == (1.0, 0.0), "the colour is shown first"
        assert own.x[places, 2].tolist() == [0.0] * (len(places) - 1) + [1.0], "and asked for last"
        assert held == bc.held_out(str(unit // 2))
    assert sorted(np.concatenate([own.places(units) for units in own.chunks(np.arange(80))])) == [*range(len(rows))]


def test_what_was_shown_is_played_and_foretold(folder: Path, tmp_path: Path) -> None:
    told: list[dict[str, float]] = []
    rows = [row for row in recorded(folder, envs.game("kuhn_poker")) if row.action == (0,)]
    config = Config(steps=len(rows) * 60, batch=16, rate=1e-2, hidden=16, log_every=0.0)
    bc.train(config, "kuhn_poker", tmp_path / "run", rows, progress=lambda *news: told.append(dict(news[-1])))
    assert told[-1]["accuracy"] == 1.0 and told[-1]["loss"] < 0.05 < told[0]["loss"]
    assert told[-1]["value_loss"] < told[0]["value_loss"]
    result = arena.play("kuhn_poker", [str(tmp_path / "run?temperature=0"), "random"], seed=1)
    assert result.faults == ()


def test_a_run_goes_on_from_the_same_rows_only(folder: Path, tmp_path: Path) -> None:
    config = Config(steps=200, recordings=str(folder), batch=16, hidden=8, log_every=0.0)
    bc.train(config, "kuhn_poker", tmp_path / "straight")
    bc.train(config.replace(steps=100), "kuhn_poker", tmp_path / "broken")
    bc.train(config, "kuhn_poker", tmp_path / "broken", resume=True)
    a, b = (checkpoint.newest(tmp_path / name / "checkpoints") for name in ("straight", "broken"))
    assert a is not None and b is not None and a.step == b.step
    few = list(recorded(folder / "3.arena", envs.game("kuhn_poker")))
    with pytest.raises(UserError, match="not those that the run began with"):
        bc.train(config, "kuhn_poker", tmp_path / "broken", few, resume=True)


def test_without_rows_there_is_one_line(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="give --recordings"):
        bc.train(Config(), "kuhn_poker", tmp_path / "a")
    with pytest.raises(UserError, match="holds no recording of connect_four") as raised:
        bc.train(Config(recordings=str(folder)), "connect_four", tmp_path / "b")
    assert raised.value.code == NOT_FOUND
    with pytest.raises(UserError, match="nothing to learn from"):
        bc.train(Config(), "kuhn_poker", tmp_path / "c", [])
