"""Learned players: found by their folder, they say what they think, refuse other rules, and search where all is seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import agents
import arena
import envs
from agents import guided
from agents.learned import Learned, Policy
from arena.agent import Ask, Reply
from arena.training import checkpoint, net
from arena.training.run import Run
from envs.errors import CORRUPT, NOT_FOUND, USAGE, UserError
from tests.agents.conftest import question


def no_sync(_handle: int) -> None:
    return


def made(path: Path, game: str = "connect_four", kind: str = "softmax", seed: int = 0) -> Path:
    """A run whose network was never trained; its outputs are not small."""
    rules = envs.game(game, plain=True)
    run = Run.create(path, algo="ppo", game=rules, config={"seed": seed}, fsync=no_sync)
    role = rules.spec.roles[0]
    outputs = sum(role.actions.factors) + (kind != "q")
    plan = net.plan_for(rules, role, kind="mlp", view="", hidden=16, layers=1, outputs=outputs)
    each = net.make(plan, seed)
    each.theta += np.random.default_rng(seed).normal(0, 0.3, each.theta.shape).astype(np.float32)
    work = {"nets": {role.name: plan.tree()}, "policy": kind, "scale": 1.0}
    run.save(7, net.named({role.name: each}), {"work": work, "seconds": 0.0, "low": 0})
    return path


def asked(moves: list[int], seed: int = 0) -> Ask:
    """Connect Four after some discs."""
    game = envs.game("connect_four")
    state = game.start(0)
    for move in moves:
        state = game.step(state, {game.acting(state)[0]: [move]}, 0)
    return question(game, state, game.acting(state)[0], seed)


@pytest.mark.parametrize("kind", ["softmax", "q", "dueling"])
def test_a_run_is_a_player_by_its_folder(tmp_path: Path, kind: str) -> None:
    maker = agents.load(str(made(tmp_path / "r", kind=kind)))
    assert maker.title == "Learned (ppo)" and maker.address == str(tmp_path / "r")
    reply: Any = maker()(asked([]))
    assert isinstance(reply, Reply)
    shares = dict(reply.notes["policy"])
    assert sum(shares.values()) == pytest.approx(1.0) and len(shares) == 7
    assert -1 <= reply.notes["value"] <= 1 and "step 7" in reply.notes["why"]
    again: Any = maker()(asked([]))
    assert again.actions == reply.actions


def test_where_something_is_hidden_it_plays_a_mixture(tmp_path: Path) -> None:
    path, game = made(tmp_path / "r", "kuhn_poker"), envs.game("kuhn_poker")
    asks = [question(game, game.start(1), 0, seed) for seed in range(60)]
    drawn = {agents.load(str(path))()(ask).actions[0][0] for ask in asks}  # type: ignore[union-attr]
    sure = {agents.load(f"{path}?temperature=0")()(ask).actions[0][0] for ask in asks}  # type: ignore[union-attr]
    assert drawn == {0, 1} and len(sure) == 1


def test_what_is_illegal_has_no_share(tmp_path: Path) -> None:
    player: Any = agents.load(str(made(tmp_path / "r")))()
    ask = asked([0, 0, 0, 0, 0, 0])
    shares = dict(player(ask).notes["policy"])
    assert len(shares) == 6 and "column 1" not in shares


@pytest.mark.parametrize(
    ("moves", "move", "why"), [([0, 1, 0, 1, 0, 1], 0, "a proven win"), ([0, 1, 0, 1, 0], 0, "simulations")]
)
def test_a_search_finds_the_win_and_the_block_whatever_the_network_says(
    tmp_path: Path, moves: list[int], move: int, why: str
) -> None:
    player: Any = agents.load(f"{made(tmp_path / 'r')}?search=150&c=3")()
    reply = player(asked(moves))
    assert reply.actions == [[move]] and why in reply.notes["why"]


def test_a_search_proves_that_everything_loses(tmp_path: Path) -> None:
    """Red has three in a row with both ends free: yellow can stop one end."""
    policy = Policy(Run.opened(made(tmp_path / "r")))
    ask = asked([2, 0, 3, 6, 4])
    reply = guided.guided(ask, policy, 400)
    assert "a proven loss" in reply.notes["why"] and reply.notes["value"] == -1


def test_a_search_is_refused_where_something_is_hidden(tmp_path: Path) -> None:
    player: Any = agents.load(f"{made(tmp_path / 'r', 'kuhn_poker')}?search=10")()
    game = envs.game("kuhn_poker")
    with pytest.raises(UserError, match="give search=0"):
        player(question(game, game.start(1), 0))


def test_a_run_of_other_rules_is_refused_before_the_match(tmp_path: Path) -> None:
    path = str(made(tmp_path / "r"))
    with pytest.raises(UserError, match="was trained on connect_four") as raised:
        arena.play("breakthrough", [path, "random"])
    assert raised.value.code == CORRUPT


def test_a_run_without_a_checkpoint_and_one_without_a_network_are_told(tmp_path: Path) -> None:
    rules = envs.game("connect_four", plain=True)
    run = Run.create(tmp_path / "r", algo="ppo", game=rules, config={}, fsync=no_sync)
    with pytest.raises(UserError, match="train it first") as raised:
        Policy(run)
    assert raised.value.code == NOT_FOUND
    run.save(1, {"a": np.zeros(1, np.float32)}, {"work": {"policy": "poetry"}})
    with pytest.raises(UserError) as raised:
        Policy(run)
    assert raised.value.code == CORRUPT


@pytest.mark.parametrize(
    ("options", "game", "message", "code"),
    [
        ("?step=99", "connect_four", r"r has no checkpoint 99: it has 7", NOT_FOUND),
        ("?step=7&search=5", "kuhn_poker", r"not kuhn_poker-v0: give search=0", USAGE),
    ],
)
def test_what_cannot_be_played_from_is_told_before_the_match(
    tmp_path: Path, options: str, game: str, message: str, code: int
) -> None:
    path = f"{made(tmp_path / 'r', game)}{options}"
    with pytest.raises(UserError, match=message) as raised:
        arena.play(game, [path, "random"])
    assert raised.value.code == code


@pytest.mark.parametrize("algo", ["ppo", "cfr+"])
def test_a_run_that_has_just_begun_or_is_damaged_is_no_player_yet(tmp_path: Path, algo: str) -> None:
    rules = envs.game("kuhn_poker", plain=True)
    Run.create(tmp_path / "r", algo=algo, game=rules, config={}, fsync=no_sync)
    for _ in range(2):
        with pytest.raises(UserError, match="r has no checkpoint that can be loaded: train it first") as raised:
            arena.play("kuhn_poker", [str(tmp_path / "r"), "random"])
        assert raised.value.code == NOT_FOUND
        (tmp_path / "r" / "checkpoints" / "3").mkdir(parents=True, exist_ok=True)
        (tmp_path / "r" / "checkpoints" / "3" / "weights.safetensors").write_bytes(b"\0" * 30)


def test_weights_that_do_not_fit_the_network_are_told(tmp_path: Path) -> None:
    run = Run.opened(made(tmp_path / "r"))
    found = run.newest()
    assert found is not None
    weights = found.weights | {"player/0.weight": np.zeros((3, 3), np.float32)}
    checkpoint.save(run.path / "checkpoints", 9, weights, found.state, no_sync)
    with pytest.raises(UserError, match="do not fit") as raised:
        Policy(run)
    assert raised.value.code == CORRUPT


def test_an_option_out_of_range_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="search=-1") as raised:
        agents.load(f"{made(tmp_path / 'r')}?search=-1")
    assert raised.value.code == USAGE
    assert set(Learned.OPTIONS) == {"search", "c", "soften", "mix", "temperature", "step"}
