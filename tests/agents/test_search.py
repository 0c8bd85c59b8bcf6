"""Tree search: what it must find, that it runs plain as compiled, and how it treats time, chance and hidden cards."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import agents
import envs
from agents.search import Mcts
from envs.errors import UserError


def connect_four(columns: str) -> tuple[Any, Any]:
    """The position after these columns, 1 to 7."""
    game = envs.game("connect_four")
    state = game.start(0)
    for letter in columns:
        state = game.step(state, {game.acting(state)[0]: [int(letter) - 1]}, 0)
    return game, state


@pytest.mark.parametrize(
    ("columns", "player", "moves", "words"),
    [
        ("112233", "mcts", {3}, "column 4: a proven win"),
        ("112233", "minimax", {3}, "win in 1"),
        ("4455", "mcts?simulations=2000", {2, 5}, "a proven win"),
        ("4455", "minimax", {2, 5}, "win in 2"),
        ("44553", "minimax", {0, 1, 2, 3, 4, 5, 6}, "loss in 1"),
        ("44553", "mcts?simulations=2000", {0, 1, 2, 3, 4, 5, 6}, "a proven loss"),
    ],
)
def test_forced_results_are_found_and_named(columns: str, player: str, moves: set[int], words: str, table: Any) -> None:
    game, state = connect_four(columns)
    seat = game.acting(state)[0]
    for seed in range(3):
        reply = table.answered(agents.load(player)(), table.question(game, state, seat, seed))
        assert reply.actions[0][0] in moves
        assert words in reply.notes["why"]
        assert (reply.notes["value"] > 0) == ("win" in words)


def test_a_threat_is_blocked(table: Any) -> None:
    game, state = connect_four("11223")
    for player in ("mcts?simulations=300", "minimax?depth=2"):
        assert table.answered(agents.load(player)(), table.question(game, state, 1, 4)).actions[0][0] == 3


@pytest.mark.parametrize(
    ("name", "player"),
    [
        ("connect_four", "mcts?simulations=80"),
        ("connect_four", "mcts?simulations=30&rollouts=3"),
        ("connect_four", "mcts?simulations=80&depth=4&solve=false"),
        ("kuhn_poker", "mcts?simulations=80"),
        pytest.param("liars_dice?seats=3&dice=2", "mcts?simulations=40", marks=pytest.mark.nightly),
        pytest.param("commons?seats=3&horizon=8", "mcts?simulations=40", marks=pytest.mark.nightly),
        ("tests/agents/probe_switches.py", "mcts?simulations=80"),
        ("connect_four", "minimax?depth=4"),
        ("connect_four", "minimax?depth=2&rollouts=3"),
    ],
)
def test_plain_and_compiled_think_alike(name: str, player: str, table: Any) -> None:
    compiled, plain = envs.game(name), envs.game(name, plain=True)
    for i, (state, seat) in enumerate(table.positions(compiled, 2)):
        if i in {0, 1, 5}:
            replies = [
                table.answered(agents.load(player)(), table.question(game, state, seat, 9))
                for game in (compiled, plain)
            ]
            assert replies[0] == replies[1]


def test_kuhn_poker_calls_with_a_king_and_folds_a_jack(table: Any) -> None:
    game = envs.game("kuhn_poker")
    for seed in range(40):
        state = game.step(game.start(seed), {0: [1]}, seed)
        card = int(state["cards"][0, 1])
        action = table.answered(agents.load("mcts?simulations=400")(), table.question(game, state, 1, seed)).actions[0][
            0
        ]
        assert card == 1 or action == (card == 2)


def test_seats_that_act_at_once_are_drawn_from_their_visits(table: Any) -> None:
    game = envs.game("matrix?game=perturbed_rps&rounds=1")
    state, counts = game.start(0), np.zeros(3)
    for seed in range(60):
        reply = table.answered(agents.load("mcts?simulations=400")(), table.question(game, state, 0, seed))
        counts[reply.actions[0][0]] += 1
    # The equilibrium is 1/7, 3/7, 3/7; a search that assumed a known answer would play one act.
    assert counts[0] < counts[1]
    assert counts[0] < counts[2]
    assert (counts[1:] > 10).all()


def test_a_dominant_act_is_found(table: Any) -> None:
    game = envs.game("matrix?game=prisoners_dilemma&rounds=1")
    reply = table.answered(agents.load("mcts?simulations=500")(), table.question(game, game.start(0), 0))
    assert reply.actions[0] == [1]


def test_factors_and_kinds_of_seats_are_searched(table: Any) -> None:
    game = envs.game("tests/agents/probe_switches.py")
    for seed in range(10):
        state = game.start(seed)
        wanted = state["wanted"][0].tolist()
        first = table.answered(agents.load("mcts?simulations=300")(), table.question(game, state, 0, seed))
        assert first.actions[0] == wanted
        state = game.step(state, {0: wanted}, seed)
        second = table.answered(agents.load("mcts?simulations=300")(), table.question(game, state, 1, seed))
        assert second.actions[0] == wanted
        assert len(second.notes["policy"]) >= 3


def test_more_simulations_play_better(table: Any) -> None:
    game, points = envs.game("connect_four"), 0.0
    for i in range(40):
        seats = ["mcts?simulations=600", "mcts?simulations=20"]
        points += table.scores(game, seats if i % 2 == 0 else seats[::-1], i)[i % 2]
    assert points / 40 > 0.5


def test_plain_games_are_searched_by_the_same_rules(table: Any) -> None:
    game, points = envs.game("docs/examples/nim_plain.py"), 0.0
    for i in range(10):
        seats = ["mcts?simulations=150", "random"]
        points += table.scores(game, seats if i % 2 == 0 else seats[::-1], i)[i % 2]
    assert points >= 6


class Clock:
    """A clock that goes on by a fixed amount each time it is read."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@pytest.mark.parametrize(("own", "allowed"), [(1.0, None), (0.0, 1.0), (5.0, 1.0)])
def test_time_ends_a_search(own: float, allowed: float | None, table: Any) -> None:
    game = envs.game("connect_four")
    ask = table.question(game, game.start(0), 0, seconds=allowed)
    mcts = Mcts(simulations=1_000_000, seconds=own, clock=Clock(0.25))
    made = table.answered(mcts, ask).notes["simulations"]
    assert 16 <= made < 1000
    assert (
        made
        < table.answered(Mcts(simulations=2000, clock=Clock(0.25)), table.question(game, game.start(0), 0)).notes[
            "simulations"
        ]
    )


def test_memory_that_is_full_ends_no_search(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from agents import _memory, _record_tree

    game = envs.game("connect_four")

    def small(game: Any, seat: int, simulations: int) -> _memory.Work:
        work = _memory.allocate(game, seat, simulations)
        return work._replace(nodes=work.nodes[:20], edges=work.edges[:50])

    monkeypatch.setattr(_record_tree, "allocate", small)
    reply = table.answered(Mcts(simulations=500), table.question(game, game.start(0), 0))
    assert reply.notes["simulations"] == 500


@pytest.mark.parametrize("player", ["mcts", "minimax"])
def test_a_game_that_imagines_nothing_is_refused(player: str, table: Any, tmp_path: Path) -> None:
    source = (Path(__file__).parents[2] / "docs/examples/nim.py").read_text()
    (tmp_path / "nim_blind.py").write_text(source.replace("def imagine(", "def fancy("))
    game = envs.game(str(tmp_path / "nim_blind.py"), plain=True)
    with pytest.raises(UserError, match="has no imagine"):
        agents.load(player).fits(game)
    with pytest.raises(UserError, match="has no imagine"):
        agents.load(player)()(table.question(game, game.start(0), 0))


@pytest.mark.parametrize("name", ["kuhn_poker", "matrix", "liars_dice?seats=3", "docs/examples/nim_plain.py"])
def test_minimax_refuses_what_it_cannot_search(name: str) -> None:
    with pytest.raises(UserError, match=r"minimax plays two-seat .* choose mcts"):
        agents.load("minimax").fits(envs.game(name, plain=True))


def test_minimax_stops_at_its_limits(table: Any) -> None:
    game = envs.game("connect_four")
    ask = table.question(game, game.start(0), 0)
    few = table.answered(agents.load("minimax?depth=40&nodes=3000")(), ask)
    assert few.notes["positions"] <= 3000
    assert 1 <= few.notes["depth"] < 40
    late = agents.minimax.Minimax(depth=40, nodes=10**9, clock=Clock(0.1))  # type: ignore[attr-defined]
    assert 1 <= table.answered(late, table.question(game, game.start(0), 0, seconds=3.0)).notes["depth"] < 40


def plain_minimax(game: Any, state: Any, depth: int, away: int = 1) -> float:
    """The value for seat 0 by the rules alone, with the same preference for quick ends."""
    facts = game.facts(state)
    if facts.done:
        return facts.reward[0] * (1 - 1e-3 * (away - 1))
    if depth == 0:
        return 0.0
    seat = game.acting(state)[0]
    values = [
        plain_minimax(game, game.step(state, {seat: [m]}, 0), depth - 1, away + 1) for m in game.legal(state, seat)
    ]
    return max(values) if seat == 0 else min(values)


@pytest.mark.parametrize(
    "name", ["connect_four", pytest.param("breakthrough?rows=4&columns=4", marks=pytest.mark.nightly)]
)
def test_minimax_agrees_with_looking_at_everything(name: str, table: Any, seeds: Any) -> None:
    game, sharp = envs.game(name), 0
    for seed in seeds(6):
        for state, seat in list(table.positions(game, seed))[-5::2]:
            reply = table.answered(agents.load("minimax?depth=3")(), table.question(game, state, seat, seed))
            after = game.step(state, {seat: list(reply.actions[0])}, 0)
            sign = 1 if seat == 0 else -1
            best = sign * plain_minimax(game, state, 3)
            assert sign * plain_minimax(game, after, 2, 2) == pytest.approx(best)
            assert reply.notes["value"] == pytest.approx(best)
            sharp += abs(best) > 0.5
    assert sharp > 5


def test_it_is_as_strong_as_open_spiel() -> None:
    pytest.importorskip("pyspiel", reason="OpenSpiel is part of the dev extra")
    path = Path(__file__).with_name("calibration.py")
    made = importlib.util.spec_from_file_location("calibration", path)
    assert made is not None
    assert made.loader is not None
    calibration = importlib.util.module_from_spec(made)
    # Its dataclass looks its module up by name.
    import sys

    sys.modules["calibration"] = calibration
    made.loader.exec_module(calibration)
    score = calibration.versus("connect_four", 60, 200, solve=True)
    # 60 games of equals fall below 30 % once in two thousand times; the full measurement is the script.
    assert score.share > 0.30
