"""The walls of the house: who imports whom, and that no code outside `envs` knows a game.

The contracts are in pyproject.toml. Here each one is shown to hold for this tree and to fail on a small tree
that breaks it; what imports cannot show is read from the syntax trees.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources import parsed, sources

ROOT = Path(__file__).parents[1]
PACKAGES = ("agents", "arena", "envs", "replays", "tui")
GAME_FOLDERS = ("selfplay", "dualplay", "defender", "towerdefence")
GAME_CLASSES = {"Game", "PlainGame"}
PICKLES = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts of this project over the packages in `folder`."""
    return subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A tree of empty packages under this project's contracts."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in (*PACKAGES, "arena/cli", "arena/training"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("")
    (tmp_path / "arena" / "__main__.py").write_text("")
    return tmp_path


def test_this_project_keeps_its_contracts() -> None:
    answer = lint(ROOT)
    assert answer.returncode == 0, answer.stdout
    assert "0 broken" in answer.stdout


def test_what_is_allowed_passes(house: Path) -> None:
    (house / "tui" / "app.py").write_text("import textual\nimport replays\nimport agents\nimport arena\nimport envs\n")
    (house / "agents" / "learned.py").write_text("import torch\nimport arena\n")
    (house / "arena" / "training" / "net.py").write_text("import torch\nimport envs\n")
    (house / "arena" / "__main__.py").write_text("import arena.cli\n")
    (house / "envs" / "canvas.py").write_text("import pygame\n")
    answer = lint(house)
    assert answer.returncode == 0, answer.stdout


WRONG = [
    ("envs", "import arena"),
    ("arena", "import agents"),
    ("arena/cli", "def f():\n    from tui import app"),
    ("agents", "import replays"),
    ("replays", "import agents"),
    ("replays", "import tui"),
    ("tui", "import arena.cli"),
    ("arena", "import arena.cli"),
    ("envs", "import pygame"),
    ("tui", "import pygame.font"),
    ("agents", "import torch"),
    ("arena", "from torch import nn"),
    ("envs", "import textual"),
    ("arena/cli", "import textual"),
]


def test_what_is_not_allowed_breaks_a_contract(house: Path) -> None:
    """Each line in a module of its own, which the verdict names."""
    (house / "tui" / "app.py").write_text("")
    for n, (folder, line) in enumerate(WRONG):
        (house / folder / f"wrong{n}.py").write_text(line + "\n")
    answer = lint(house)
    assert answer.returncode == 1, answer.stdout
    named = {int(number) for number in re.findall(r"\.wrong(\d+) ", answer.stdout)}
    assert named == set(range(len(WRONG))), answer.stdout


# What follows reads syntax trees: rules about games, pickles and sleeping.


def game_names() -> set[str]:
    """The names of all games: the files and folders of the game folders."""
    entries = (entry for folder in GAME_FOLDERS for entry in (ROOT / "envs" / folder).glob("*"))
    return {entry.stem for entry in entries if not entry.stem.startswith("_")}


def knows_a_game(tree: ast.AST, games: set[str]) -> Iterator[str]:
    """Places that depend on which game it is: comparisons with a name, isinstance, imports of a game."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and _strings(node) & games:
            yield f"line {node.lineno}: compares with a game's name"
        elif isinstance(node, ast.match_case) and _strings(node.pattern) & games:
            yield f"line {node.pattern.lineno}: matches a game's name"
        elif (
            isinstance(node, ast.Call)
            and getattr(node.func, "id", "") == "isinstance"
            and _names(node.args[1]) & GAME_CLASSES
        ):
            yield f"line {node.lineno}: isinstance of a game"
        elif isinstance(node, (ast.Import, ast.ImportFrom)) and any(_is_game_module(name) for name in _imported(node)):
            yield f"line {node.lineno}: imports a game"


def _strings(tree: ast.AST) -> set[str]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _names(tree: ast.AST) -> set[str]:
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return names | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [f"{node.module or ''}.{alias.name}" for alias in node.names]


def _is_game_module(name: str) -> bool:
    parts = name.split(".")
    return parts[0] == "envs" and len(parts) > 1 and parts[1] in GAME_FOLDERS


def pickles(tree: ast.AST) -> Iterator[str]:
    """Places that would run code found in data."""
    for node in ast.walk(tree):
        if (
            isinstance(node, (ast.Import, ast.ImportFrom))
            and {name.split(".")[0] for name in _imported(node)} & PICKLES
        ):
            yield f"line {node.lineno}: imports a pickle"
        elif isinstance(node, ast.Attribute) and node.attr == "load" and ast.unparse(node) == "torch.load":
            yield f"line {node.lineno}: torch.load"
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle" and ast.unparse(node.value) != "False":
            yield f"line {node.value.lineno}: allow_pickle"


def sleeps(tree: ast.AST) -> Iterator[str]:
    """Places that wait for time to pass; `asyncio.sleep(0)` only lets others run."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "sleep" and ast.unparse(node) == "time.sleep":
            yield f"line {node.lineno}: time.sleep"
        elif isinstance(node, ast.ImportFrom) and {"time.sleep", "asyncio.sleep"} & set(_imported(node)):
            yield f"line {node.lineno}: imports sleep"
        elif (
            isinstance(node, ast.Call)
            and getattr(node.func, "attr", "") == "sleep"
            and ast.unparse(node.func) == "asyncio.sleep"
            and ast.unparse(node.args[0]) != "0"
        ):
            yield f"line {node.lineno}: asyncio.sleep"


def test_no_code_outside_envs_knows_a_game() -> None:
    games = game_names()
    files = sources("agents", "arena", "replays", "tui")
    assert [f"{path}: {found}" for path in files for found in knows_a_game(parsed(path), games)] == []


def test_no_code_reads_pickles() -> None:
    assert [f"{path}: {found}" for path in sources(*PACKAGES, "tests") for found in pickles(parsed(path))] == []


def test_no_test_sleeps() -> None:
    # Scripts that measure against the clock are no tests: only what pytest collects must not wait.
    collected = [path for path in sources("tests") if path.name.startswith(("test_", "conftest"))]
    assert [f"{path}: {found}" for path in collected for found in sleeps(parsed(path))] == []


@pytest.mark.parametrize(
    "line",
    [
        "if game == 'chess': pass",
        "x = 'chess' != spec.name",
        "if game in ('go', 'chess'): pass",
        "match game:\n    case 'go' | 'chess': pass",
        "isinstance(g, Game)",
        "isinstance(g, (int, rules.PlainGame))",
        "from envs.selfplay import go",
        "from envs import dualplay",
        "import envs.towerdefence.maps",
        "def f():\n    from envs.selfplay.go import init",
    ],
)
def test_knowing_a_game_is_found(line: str) -> None:
    assert list(knows_a_game(ast.parse(line), {"chess"}))


@pytest.mark.parametrize(
    "line", ["make('chess')", "x = {'chess': 1}", "if mode == 'fast': pass", "from envs import errors"]
)
def test_naming_a_game_without_deciding_on_it_is_fine(line: str) -> None:
    assert not list(knows_a_game(ast.parse(line), {"chess"}))


@pytest.mark.parametrize(
    "line",
    ["import pickle", "from pickle import loads", "import dill as d", "torch.load(p)", "np.load(p, allow_pickle=True)"],
)
def test_a_pickle_is_found(line: str) -> None:
    assert list(pickles(ast.parse(line)))


@pytest.mark.parametrize(
    "line", ["time.sleep(1)", "from time import sleep", "async def f():\n    await asyncio.sleep(0.1)"]
)
def test_a_sleep_is_found(line: str) -> None:
    assert list(sleeps(ast.parse(line)))


def test_letting_others_run_is_not_sleeping() -> None:
    assert not list(sleeps(ast.parse("async def f():\n    await asyncio.sleep(0)")))
