"""A tournament's file: each mistake is one line that names the field and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from arena.tournament.plan import Plan
from arena.tournament.reading import read
from arena.tournament.rounds import total
from envs.errors import UserError

ROOT = Path(__file__).parents[3]
HEAD = 'name = "cup"\nagents = ["random", "first"]\n'
GAME = '[[games]]\ngame = "kuhn_poker"\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "cup.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_of_all_games_is_ten_thousand_matches() -> None:
    plan = read(ROOT / "docs/examples/all_games.toml")
    assert sum(map(total, plan.divisions)) == 10_000


def test_a_plan_is_the_same_after_it_was_written_down(tmp_path: Path) -> None:
    text = (
        HEAD
        + "rated = true\nretries = { truncated = 4 }\n[clock]\nmove = 1\n"
        + GAME
        + GAME
        + 'system = "swiss"\nrounds = 3\nagents = ["first", "random"]\n'
    )
    plan = read(write(tmp_path, text))
    assert Plan.from_tree(plan.tree()) == plan
    assert plan.limits.move == 1.0
    assert [division.system for division in plan.divisions] == ["round_robin", "swiss"]


def test_addresses_become_canonical_and_the_unfit_are_skipped_where_that_is_said(tmp_path: Path) -> None:
    agents = 'agents = ["random", "mcts?c=1.4&simulations=7", "minimax"]\nunfit = "skip"\nname = "cup"\n'
    plan = read(write(tmp_path, agents + GAME + '[[games]]\ngame = "connect_four"\n'))
    assert plan.divisions[0].agents == ("random", "mcts?simulations=7")
    assert plan.divisions[1].agents == ("random", "mcts?simulations=7", "minimax")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "not a tournament's file"),
        (GAME, "name is missing: give 1 to 40 small letters"),
        ('name = "A b"\n' + GAME, "name is 'A b'; allowed is 1 to 40 small letters"),
        (HEAD, "games is missing"),
        (HEAD + "games = []\n", "games is []; allowed is at least one"),
        (HEAD + "sets = 0\n" + GAME, "sets is 0; allowed is a whole number from 1 to 100000"),
        (HEAD + 'sandbox = "open"\n' + GAME, "sandbox is 'open'; allowed is default, trusted, isolated, sealed"),
        (HEAD + "sets = true\n" + GAME, "sets is True; allowed"),
        (HEAD + "retries = { lost = 1 }\n" + GAME, "allowed is a whole number from 0 to 100, or a table with one for some of truncated"),
        (HEAD + "seed = -1\n" + GAME, "seed is -1; allowed is a whole number from 0"),
        (HEAD + "sytem = 3\n" + GAME, "unknown field sytem; did you mean system? known are name"),
        (HEAD + 'system = "league"\n' + GAME, "allowed is round_robin, gauntlet, swiss, ladder"),
        (HEAD + GAME + "name = 3\n", "unknown field games[0].name"),
        (HEAD + GAME + "rounds = 1.5\n", "games[0].rounds is 1.5; allowed"),
        (HEAD + '[[games]]\ngame = "kuhn"\n', "games[0].game: no game 'kuhn': did you mean 'kuhn_poker'?"),
        (HEAD + "[[games]]\nsets = 1\n", "games[0].game is missing"),
        ('name = "cup"\n' + GAME, "agents is []; allowed is different agents, at least one"),
        ('name = "cup"\nagents = ["random"]\n' + GAME, "agents is ['random']; allowed is at least 2 agents that can play kuhn_poker-v0"),
        ('name = "cup"\nagents = ["random", "random"]\n' + GAME, "agents is ['random', 'random']; allowed is a list of different agents"),
        ('name = "cup"\nagents = ["mcts", "mcts?simulations=200"]\n' + GAME, "allowed is different agents"),
        ('name = "cup"\nagents = ["random", "robot"]\n' + GAME, "agents[1]: no agent 'robot'"),
        ('name = "cup"\nagents = ["random", "mcts?speed=1"]\n' + GAME, "agents[1]: mcts has no option 'speed'"),
        ('name = "cup"\nagents = ["random", "human"]\n' + GAME, "agents[1]: a person cannot play a tournament"),
        ('name = "cup"\nagents = ["random", "minimax"]\n' + GAME, 'unfit = "skip" leaves it out'),
        (HEAD + GAME + 'agents = {dealer = ["first"]}\n', "games[0].agents is ['dealer']; allowed is a list for each role of"),
        (HEAD + GAME + 'system = "gauntlet"\n', "games[0].challengers is []; allowed is some, not all, of random, first"),
        (HEAD + GAME + 'system = "gauntlet"\nchallengers = ["scripted"]\n', "challengers is ['scripted']; allowed"),
        (HEAD + '[[games]]\ngame = "commons"\nsystem = "swiss"\n', "games[0].system is 'swiss'; allowed is for games of 2 seats"),
        (HEAD + "[clock]\nmove = -1\n" + GAME, "clock.move is -1; allowed is seconds"),
        (HEAD + "[clock]\nspeed = 1\n" + GAME, "unknown field clock.speed"),
        (HEAD + "clock = 3\n" + GAME, "clock is 3; allowed is a table [clock]"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_the_field_and_what_is_allowed(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UserError) as raised:
        read(write(tmp_path, text))
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
    assert "cup.toml" in str(raised.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no file .*: give the TOML file") as raised:
        read(tmp_path / "none.toml")
    assert raised.value.code == 3
