"""What holds for every player in every game: legal, repeatable from the Ask alone, with notes for its pane, or refused."""

from __future__ import annotations

import math
from typing import Any

import pytest

import agents
import envs
from arena.answers import bounded_notes
from envs.errors import UserError
from tests.games import LONG, NUMBERS

PLAYERS = ["random", "first", "scripted", "mcts?simulations=30", "minimax?depth=2"]
GAMES = [*envs.names(), "docs/examples/nim.py", "docs/examples/nim_plain.py", "tests/agents/probe_switches.py"]
DAILY = {"connect_four", "kuhn_poker", "docs/examples/nim_plain.py", "tests/agents/probe_switches.py"}
"""Games for which a search is compiled by other tests too, or not at all. Each other one takes its compiler some ten seconds."""
CASES: list[Any] = [
    pytest.param(player, game, marks=[pytest.mark.nightly] * (game in LONG)) for player in PLAYERS[:3] for game in GAMES
]
CASES += [
    pytest.param(player, game, marks=() if game in DAILY else pytest.mark.nightly)
    for player in PLAYERS[3:]
    for game in GAMES
]
# Options that change shapes would compile every search once more, so they are met by those who compile nothing.
SHAPES = [
    "liars_dice?seats=3&wild=true",
    "commons?seats=3&teams=2",
    "matrix?game=chicken&rounds=3",
    "breakthrough?rows=5&columns=4",
]
CASES += [(player, game) for player in PLAYERS[:3] for game in SHAPES]


def brief(player: str, game: Any) -> str:
    """The player, with short random games where a whole one is thousands of frames long."""
    return f"{player}&depth=3" if player.startswith("mcts") and game.spec.limit * game.spec.frames > 4000 else player


def fitting(player: str, game: Any) -> Any:
    """An agent that may play the game; else None, after the refusal was seen to be one line."""
    maker = agents.load(brief(player, game))
    try:
        maker.fits(game)
    except UserError as error:
        assert "\n" not in str(error)
        assert len(str(error)) < 300
        return None
    return maker()


@pytest.mark.parametrize(("player", "name"), CASES)
def test_it_is_legal_and_repeats_itself(player: str, name: str, table: Any, seeds: Any) -> None:
    # Compiled where a tick is many frames: in plain Python those take seconds.
    game = envs.game(name, plain=player.startswith(("random", "first", "scripted")) and envs.spec(name).frames == 1)
    agent = fitting(player, game)
    if agent is None:
        return
    for seed in seeds(2):
        for i, (state, seat) in enumerate(table.positions(game, seed)):
            if i % 5 == 0 and i < 120:
                ask = table.question(game, state, seat, seed)
                reply = table.answered(agent, ask)
                fresh = agents.load(brief(player, game))()
                assert table.answered(fresh, table.question(game, state, seat, seed)) == reply
                check_notes(ask, reply)


def test_most_players_play_most_games() -> None:
    """So that the tests here do not pass because everything is refused."""
    played = {
        player: [name for name in envs.names() if fitting(player, envs.game(name, plain=True))] for player in PLAYERS
    }
    assert (played["random"], played["first"]) == (envs.names(), NUMBERS)
    assert len(played["scripted"]) >= 7
    assert len(played["mcts?simulations=30"]) >= 7
    assert {"connect_four", "breakthrough"} <= set(played["minimax?depth=2"])


def check_notes(ask: Any, reply: Any) -> None:
    """A value, the alternatives and one line of why, as a recording keeps them; the action taken is among those shown."""
    notes = bounded_notes(reply.notes)
    names = [name for name, _ in notes["policy"]]
    shares = [share for _, share in notes["policy"]]
    assert -1.0 <= notes["value"] <= 1.0
    assert math.isfinite(notes["value"])
    assert all(0.0 <= share <= 1.0 + 1e-9 for share in shares)
    assert notes["why"]
    assert "\n" not in notes["why"]
    assert ask.game.name(reply.actions[0], ask.obs) in names
    if len(ask.legal.sizes) == 1:
        assert len(set(names)) >= min(3, len(ask.legal))
        assert sum(shares) <= 1.0 + 1e-9


@pytest.mark.parametrize("name", [name for name in GAMES if envs.spec(name).frames == 1])
@pytest.mark.parametrize("player", PLAYERS)
def test_it_reads_no_hidden_part_of_the_configuration(player: str, name: str, table: Any) -> None:
    game, blank = envs.game(name, plain=True), envs.game(name, plain=True)
    blank.configure(game.config_bytes(public=True))
    agent = fitting(player, game)
    if agent is None:
        return
    state, seat = next(table.positions(game, 11))
    ask = table.question(game, state, seat, 5)
    same = table.question(blank, blank.unpack(game.pack(state)), seat, 5)
    assert table.answered(agent, ask) == table.answered(agents.load(brief(player, game))(), same)


@pytest.mark.parametrize("player", ["random", "scripted", "mcts?simulations=60"])
def test_it_sees_only_its_own_card(player: str, table: Any) -> None:
    game, states = envs.game("kuhn_poker"), {}
    for seed in range(60):
        state = game.start(seed)
        states[tuple(state["cards"][0].tolist())] = state
    assert len(states) == 6
    for seed in range(8):
        for own in range(3):
            replies = [
                table.answered(agents.load(player)(), table.question(game, state, 0, seed))
                for cards, state in states.items()
                if cards[0] == own
            ]
            assert replies[0] == replies[1]


def test_another_seed_is_another_player(table: Any) -> None:
    game = envs.game("connect_four")
    state = game.start(0)
    for player in ("random", "mcts?simulations=20"):
        asks = [table.question(game, state, 0, seed) for seed in range(30)]
        assert (
            len({str(table.answered(agents.load(player)(), ask).notes["policy"]) for ask in asks}) > 1
            or player == "random"
        )
        assert len({table.answered(agents.load(player)(), ask).actions[0][0] for ask in asks}) > 1
