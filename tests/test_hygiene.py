"""What a package loads when it is imported, what the repository's files may contain, and that the fixtures bite."""

from __future__ import annotations

import ast
import json
import os
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources import parsed, sources

ROOT = Path(__file__).parents[1]
PACKAGES = ("agents", "arena", "envs", "replays", "tui")
HEAVY = {"numba", "gymnasium", "pettingzoo", "pygame", "textual", "torch"}
FILE_LINES = 300


def loaded(code: str) -> set[str]:
    """The top-level modules in sys.modules of a fresh interpreter that has run `code`."""
    script = f"{code}\nimport json, sys\nprint()\nprint(json.dumps(sorted(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return {name.partition(".")[0] for name in json.loads(answer.stdout.splitlines()[-1])}


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_loads_nothing_heavy(package: str) -> None:
    assert loaded(f"import {package}") & HEAVY == set()


def test_the_check_for_heavy_modules_sees_them() -> None:
    assert "pygame" in loaded("import pygame")


def test_help_loads_nothing_heavy_and_no_numpy() -> None:
    code = """
import runpy, sys
sys.argv = ["arena", "--help"]
try:
    runpy.run_module("arena", run_name="__main__")
except SystemExit as leaving:
    assert leaving.code == 0
"""
    assert loaded(code) & (HEAVY | {"numpy", "platformdirs", "rich", "envs"}) == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_the_packages_are_ours(package: str) -> None:
    """Another distribution also installs a package named agents; ours must win."""
    answer = subprocess.run(
        [sys.executable, "-c", f"import {package}; print({package}.__file__)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert Path(answer.stdout.strip()) == ROOT / package / "__init__.py"


def project() -> dict[str, object]:
    table: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


def locked() -> dict[str, str]:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def test_every_line_of_the_lock_is_one_exact_version() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()[1:]
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line)] == []


def test_the_lock_has_every_requirement_of_every_extra() -> None:
    table = project()
    extras: dict[str, list[str]] = table["optional-dependencies"]  # type: ignore[assignment]
    wanted = [*table["dependencies"], *(line for lines in extras.values() for line in lines)]  # type: ignore[misc]
    names = {re.split(r"[^\w-]", line, maxsplit=1)[0].replace("_", "-").lower() for line in wanted}
    assert names - set(locked()) == set()
    assert [line for line in wanted if "==" in line and locked()[line.split("==")[0]] != line.split("==")[1]] == []


def test_the_base_installation_asks_for_no_torch() -> None:
    assert [line for line in project()["dependencies"] if "torch" in line or "jax" in line] == []  # type: ignore[attr-defined]


def test_make_and_the_package_agree_on_the_pythons() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    oldest, newest = (re.search(rf"^{name} := 3\.(\d+)$", makefile, re.M) for name in ("OLDEST", "NEWEST"))
    assert oldest is not None
    assert newest is not None
    assert project()["requires-python"] == f">=3.{oldest[1]},<3.{int(newest[1]) + 1}"


def test_the_command_of_the_long_proofs_is_understood() -> None:
    """Its options are this project's own, and pytest looks for them only in the folders that a command names."""
    (line,) = re.findall(r"-m (pytest .*-m nightly.*)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    command = line.replace("$(WORKERS)", "0").replace("docs/results/proofs.jsonl", os.devnull).split()
    run = subprocess.run([sys.executable, "-m", *command, "--ignore-glob=*"], cwd=ROOT, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (5, "")  # 5: no test was found, as asked


def text_files() -> Iterator[Path]:
    """The files that people wrote: the packages, tests, documents and the files of the root."""
    yield from (path for path in ROOT.iterdir() if path.is_file())
    for folder in (*PACKAGES, "tests", "docs", ".ci"):
        kinds = {".py", ".md", ".toml", ".txt", ".rst", ""}
        yield from (path for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix in kinds)


def test_no_file_names_a_path_of_this_machine() -> None:
    private = [str(place).encode() for place in (ROOT, Path.home()) if len(place.parts) > 2]
    assert [path for path in text_files() if any(word in path.read_bytes() for word in private)] == []


def test_every_file_says_its_one_job_in_1_to_15_lines() -> None:
    counts = {path: len((ast.get_docstring(parsed(path)) or "").splitlines()) for path in sources(*PACKAGES, "tests")}
    wrong = {path: count for path, count in counts.items() if not 1 <= count <= 15 and path.read_text().strip()}
    assert wrong == {}


def test_files_and_functions_keep_the_shape_budget() -> None:
    files = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources(*PACKAGES)}
    assert {path: lines for path, lines in files.items() if lines > FILE_LINES} == {}
    nodes = [node for path in sources(*PACKAGES) for node in ast.walk(parsed(path))]
    lengths = sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for node in nodes
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    )
    assert statistics.median(lengths) < 10
    assert lengths[int(len(lengths) * 0.9)] < 35


def test_names_are_the_terms_of_the_field() -> None:
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    vague = re.compile(r"(manager|helper|utils?)$", re.I)
    named = (
        (path, node.name) for path in sources(*PACKAGES) for node in ast.walk(parsed(path)) if isinstance(node, kinds)
    )
    assert [(path, name) for path, name in named if vague.search(name)] == []
    assert [path for path in sources(*PACKAGES) if vague.search(path.stem)] == []


# The fixtures of tests/conftest.py, on tests that break their rules.
BREAKING = """
import random, subprocess, sys
import numpy.random

def test_a_process():
    subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

def test_a_seeding(): random.seed(1)

def test_another_seeding(): numpy.random.seed(1)

def test_a_draw(): numpy.random.rand()

def test_a_failing_seed(seeds):
    for n, seed in enumerate(seeds(9)): assert n < 4

def test_what_is_allowed(seeds):
    assert len({random.Random(seed).random() for seed in seeds(5)}) == 5
    subprocess.run([sys.executable, "-c", ""], check=True)
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What two runs of these tests print."""
    folder = tmp_path_factory.mktemp("breaking")
    (folder / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text(encoding="utf-8"))
    (folder / "test_it.py").write_text(BREAKING)
    command = [sys.executable, "-m", "pytest", "-q", "-ra", "-p", "no:cacheprovider", "-p", "no:xdist", str(folder)]
    return [
        subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=200).stdout
        for _ in range(2)
    ]


def test_tests_that_break_the_rules_fail_and_others_pass(outcomes: list[str]) -> None:
    for name, words in {
        "a_process": "left 1 process(es) behind", "a_seeding": "moved a global generator",
        "another_seeding": "moved a global generator", "a_draw": "moved a global generator",
    }.items():  # fmt: skip
        assert re.search(rf"(FAILED|ERROR) test_it.py::test_{name} .*{re.escape(words[:8])}", outcomes[0]), outcomes[0]
    assert "test_what_is_allowed" not in outcomes[0]


def test_a_failing_seed_is_printed_and_comes_back(outcomes: list[str]) -> None:
    first, second = (re.findall(r"\n(\d+) \(again with --seed 0\)", outcome) for outcome in outcomes)
    assert len(first) == 1 and second == first
