"""How a string becomes a player, and what is said when it does not."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import agents
from agents import registry
from arena.agent import Ask
from envs.errors import NOT_FOUND, USAGE, UserError

FILE = """
from envs.spec import Option

def centre(ask):
    "Nearest to the middle."
    return min(ask.legal, key=lambda a: abs(a - 3))

class Counting:
    "Counts its answers."
    OPTIONS = {"first": Option(0, 0, 6)}

    def __init__(self, first=0):
        self.next = first

    def __call__(self, ask):
        self.next += 1
        return self.next - 1

class Needy:
    def __init__(self, what):
        self.what = what

    def __call__(self, ask):
        return 0

class Silent:
    pass

def two(ask, more):
    return 0

number = 7
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    return path


def middle(ask: Ask) -> int:
    return 3


def test_names_are_known_without_loading_them() -> None:
    assert set(registry.BUILT_IN) <= set(agents.names())
    assert agents.names() == sorted(agents.names())


def test_an_address_is_normalised() -> None:
    assert agents.load("mcts").address == "mcts"
    assert agents.load("mcts?simulations=200").address == "mcts"
    assert agents.load("mcts?c=2&simulations=0400").address == "mcts?simulations=400&c=2.0"
    assert agents.load("mcts?solve=no").options["solve"] is False
    assert repr(agents.load("random")) == "agents.load('random')"


def test_an_address_gives_itself_again() -> None:
    for address in ("random", "mcts?simulations=50&rollouts=2", "agents.scripted:First", "minimax?depth=3"):
        made = agents.load(address)
        assert agents.load(made.address).options == made.options


def test_a_function_in_a_module_is_the_agent_itself() -> None:
    assert agents.load(middle)() is middle
    assert agents.load(middle).title == "middle"
    assert agents.load(middle).address.endswith("test_registry:middle")
    assert agents.load("agents.scripted:First")().__class__.__name__ == "First"


def test_a_function_and_a_class_in_a_file(file: Path) -> None:
    maker = agents.load(f"{file}:centre")
    assert (maker.title, maker.help) == ("centre", "Nearest to the middle.")
    counting = agents.load(f"{file}:Counting?first=2")
    one, other = counting(), counting()
    assert [one(None), one(None), other(None)] == [2, 3, 2]  # type: ignore[arg-type]
    assert counting.address == f"{file}:Counting?first=2"


def test_an_edited_file_is_seen(file: Path) -> None:
    asked: Any = SimpleNamespace(legal=range(7))
    assert agents.load(f"{file}:centre")()(asked) == 3
    file.write_text(FILE.replace("abs(a - 3)", "abs(a - 66)"))
    assert agents.load(f"{file}:centre")()(asked) == 6


@pytest.mark.parametrize(
    ("address", "code", "words"),
    [
        ("rndom", NOT_FOUND, "did you mean 'random'?"),
        ("random?x=1", USAGE, "no option 'x'"),
        ("mcts?simulations=many", USAGE, "must be an integer from 1"),
        ("mcts?simulations=0", USAGE, "is not allowed"),
        ("mcts?simulations", USAGE, "NAME?KEY=VALUE"),
        ("agents.scripted:Nobody", NOT_FOUND, "no agent 'Nobody'"),
        ("agents.nowhere:Nobody", NOT_FOUND, "cannot import"),
        ("nowhere.py:name", NOT_FOUND, "no file"),
        ("nowhere.py", USAGE, "path/to/file.py:NAME"),
        (":name", USAGE, "MODULE:NAME"),
        ("os:path", USAGE, "is a module"),
        ("{file}:number", USAGE, "is a int"),
        ("{file}:Silent", USAGE, "not callable"),
        ("{file}:Needy", USAGE, "missing a required argument: 'what'"),
        ("{file}:two", USAGE, "one argument, the Ask"),
        ("{file}:centre?x=1", USAGE, "it has none"),
        ("{file}:nothing", NOT_FOUND, "no agent 'nothing'"),
    ],
)
def test_a_mistake_is_told_in_one_line(address: str, code: int, words: str, file: Path) -> None:
    with pytest.raises(UserError) as caught:
        agents.load(address.format(file=file))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "body", ["raise RuntimeError('broken')", "import nowhere_at_all", "raise SystemExit(3)", "def ("]
)
def test_a_file_that_raises_is_told_in_one_line(body: str, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(body)
    with pytest.raises(UserError, match=r"cannot load '.*broken\.py:act'"):
        agents.load(f"{tmp_path}/broken.py:act")


def test_other_packages_add_players_and_a_broken_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        EntryPoint("centre", "agents.scripted:First", registry.GROUP),
        EntryPoint("bad", "nowhere.at.all:Agent", registry.GROUP),
        EntryPoint("random", "agents.scripted:First", registry.GROUP),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: points if group == registry.GROUP else [])
    registry.found.cache_clear()
    try:
        assert {"centre", "bad", "random"} <= set(agents.names())
        assert agents.load("centre").title == "First"
        assert agents.load("random").title == "Random"
        assert list(agents.broken()) == ["bad"]
        assert "nowhere" in agents.broken()["bad"]
    finally:
        registry.found.cache_clear()


def test_loading_a_simple_player_loads_nothing_heavy() -> None:
    code = (
        "import sys, agents; agents.names(); agents.load('random')(); agents.load('mcts'); agents.load('minimax')\n"
        "print(sorted({'numba', 'textual', 'torch', 'pygame', 'gymnasium', 'pettingzoo'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("address", ["llm?model=m&key_env=", "human", "window"])
def test_who_needs_this_process_is_never_put_behind_walls(address: str) -> None:
    """A model whose key stays outside would lose every match to its harness."""
    assert [agents.load(address, mode).mode for mode in ("isolated", "sealed", "default")] == ["trusted"] * 3
    assert agents.load("random", "isolated").mode == "isolated"
