"""`arena bench`: the arithmetic of figures, turns between two processes, the catalogue, the command line.

Nothing here asserts a speed: this machine may be busy.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from arena import cli
from arena.bench import duel, machine
from arena.bench.areas import ON_REQUEST, QUESTIONS, Contender, Question, areas, choose
from arena.bench.duel import Arena, ask
from arena.bench.figures import Figure, Target, ratios, value, worded
from arena.bench.question import in_pair, on_either
from arena.bench.results import KEYS, Row, read
from arena.bench.sides import steady
from envs.errors import NOT_FOUND, USAGE, UserError

LOOP = Contender("loop", "arena.bench.turns:empty_loop")


# ------------------------------------------------------------------ figures
@pytest.mark.parametrize(
    ("number", "unit", "words"),
    [
        (5.234, "x", "5.23x"), (812.4, "x", "812x"), (0.0004, "x", "0.0004x"), (26.04e6, "steps/s", "26.0 M steps/s"),
        (999.9e3, "steps/s", "1.00 M steps/s"), (21_800, "actions/s", "21.8 k actions/s"), (640, "steps/s", "640 steps/s"),
        (1.2e9, "steps/s", "1.20 G steps/s"), (131.6, "ms", "132 ms"), (0.0451, "ms", "45.1 us"), (11.96, "%", "12.0 %"),
    ],
)  # fmt: skip
def test_figures_have_three_digits_and_a_unit(number: float, unit: str, words: str) -> None:
    assert worded(number, unit) == words


def test_a_round_becomes_a_rate_a_duration_or_a_share() -> None:
    assert value(300, 2.0, "steps/s") == 150
    assert value(4, 2.0, "ms") == 500
    assert value(0.25, 2.0, "%") == 12.5
    with pytest.raises(ValueError, match="parsecs"):
        value(1, 1, "parsecs")


def test_ratios_are_taken_pair_by_pair_and_more_is_better() -> None:
    assert ratios([10, 40], [5, 10], "steps/s") == [2, 4]
    assert ratios([5, 10], [10, 40], "ms") == [2, 4]
    figure = Figure.of([2, 9, 4], "x")
    assert (figure.n, figure.median, figure.interval) == (3, 4, (2, 9))


def test_a_target_binds_from_its_own_side() -> None:
    figure = Figure.of([5.0], "x")
    assert Target("ratio", 5, "x").met(figure)
    assert not Target("ratio", 5.1, "x").met(figure)
    assert Target("ours", 5, "ms", at_least=False).met(figure)
    assert not Target("ours", 4.9, "ms", at_least=False).met(figure)
    assert str(Target("ours", 15_000, "actions/s")) == ">= 15 k actions/s"


# ------------------------------------------------------------------ turns
def test_work_repeats_its_batch_until_the_time_is_over_and_counts_all_of_it() -> None:
    times = iter(range(100))
    batches: list[int] = []

    def batch() -> int:
        batches.append(1)
        return 8

    work = steady(batch, clock=lambda: float(next(times)))
    assert batches == [1], "it warms up once"
    assert work(3.0) == (24.0, 3.0)
    assert len(batches) == 4


class Scripted:
    """A side whose turns are written down."""

    def __init__(self, name: str, rates: list[float], log: list[str]) -> None:
        self.name, self.rates, self.log = name, iter(rates), log

    def round(self, seconds: float) -> tuple[float, float]:
        self.log.append(self.name)
        return next(self.rates) * seconds, seconds


def test_sides_take_turns_and_each_rounds_ratio_is_of_neighbours() -> None:
    log: list[str] = []
    sides: Any = {"ours": Scripted("A", [10, 20, 30], log), "peer": Scripted("B", [5, 5, 5], log)}
    values = duel._rounds(sides, "steps/s", 3, 0.5)
    assert "".join(log) == "ABABAB"
    figures = duel._figures(values, "steps/s")
    assert figures["ratio"] == Figure(3, 4.0, (2.0, 6.0), "x")
    assert figures["ours"].median == 20


def question(ours: Contender = LOOP, peer: Contender | None = LOOP, target: Target | None = None) -> Question:
    return Question("area/name", "what", "steps/s", ours, peer, target)


def test_two_processes_are_measured_on_one_core() -> None:
    core = machine.last_core()
    with Arena(core) as arena:
        row = ask(question(), arena, rounds=3, seconds=0.01)
    assert row.notes == []
    assert row.pinned == bool(core)
    assert {name: figure.n for name, figure in row.figures.items()} == {"ours": 3, "peer": 3, "ratio": 3}
    low, high = row.figures["ratio"].interval
    assert 0 < low <= row.figures["ratio"].median <= high


def test_a_peer_that_is_not_installed_is_said_in_its_row() -> None:
    missing = replace(LOOP, name="nobody", packages=("no-such-package-anywhere",))
    with Arena() as arena:
        row = ask(question(peer=missing, target=Target("ratio", 5, "x")), arena, rounds=1, seconds=0.01)
    assert row.notes == ["nobody: no-such-package-anywhere: not installed (pip install 'palaestra[peers]')"]
    assert set(row.figures) == {"ours"}
    assert row.verdict == "not measured"


MISCHIEF = """
import os, sys
def chatty():
    print("hello from a library")
    os.write(1, b"and from its C code\\n")
    return lambda seconds: (print("again") or 1, seconds)
def broken():
    raise RuntimeError("cannot be set up")
def dying():
    def work(seconds):
        sys.exit("gave up")
    return work
def hanging():
    sys.stdin.read()
def placed():
    return lambda seconds: ((min(os.sched_getaffinity(0)) + 1) * seconds if hasattr(os, "sched_getaffinity") else seconds, seconds)
"""


@pytest.fixture
def mischief(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "mischief.py").write_text(MISCHIEF, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "mischief"


def test_what_a_side_prints_does_not_spoil_its_answers(mischief: str) -> None:
    with Arena() as arena:
        row = ask(question(Contender("chatty", f"{mischief}:chatty"), None), arena, rounds=2, seconds=0.5)
    assert row.notes == []
    assert row.figures["ours"].median == 2


@pytest.mark.parametrize(("side", "words"), [("broken", "RuntimeError: cannot be set up"), ("dying", "gave up")])
def test_a_side_that_fails_is_said_in_its_row_and_stops_nothing(mischief: str, side: str, words: str) -> None:
    with Arena() as arena:
        rows = [ask(question(peer=Contender(side, f"{mischief}:{side}")), arena, 1, 0.01) for _ in range(2)]
        fine = ask(question(), arena, rounds=1, seconds=0.01)
    assert all(words in row.notes[-1] and "ratio" not in row.figures for row in rows)
    assert "ratio" in fine.figures


def test_a_side_that_hangs_is_given_up(mischief: str) -> None:
    with Arena(patience=0.01) as arena:
        row = ask(question(Contender("hanging", f"{mischief}:hanging"), None), arena, rounds=1, seconds=0.01)
    assert row.notes == ["hanging: no answer within 0.01 s"]


def test_one_thread_is_measured_on_either_core_and_two_processes_at_once(mischief: str) -> None:
    side = Contender("ours", f"{mischief}:placed")
    with Arena() as arena:
        row = ask(question(in_pair(side), on_either(side)), arena, rounds=1, seconds=0.5)
    assert row.notes == []
    # `placed` does core + 1 things a second: cores 0 and 1 do 1 and 2, so three together, and one and a half in turns.
    assert row.figures["ratio"].median == 2
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        assert row.figures["ours"].median == 3
    assert not row.pinned, "they are not on the one core of all others"


# ------------------------------------------------------------------ the catalogue
def test_ids_differ_and_belong_together() -> None:
    ids = [question.id for question in QUESTIONS]
    assert len(set(ids)) == len(ids)
    in_order = [question.area for question in QUESTIONS]
    assert sorted(in_order, key=areas().index) == in_order, "the questions of an area stand side by side"


@pytest.mark.parametrize("asked", QUESTIONS, ids=lambda asked: asked.id)
def test_a_question_can_be_asked(asked: Question) -> None:
    """Its sides exist and take their configuration, its unit is known, its target is in the unit of what it binds."""
    for _, contender in asked.sides:
        module, _, name = contender.make.partition(":")
        inspect.signature(getattr(importlib.import_module(module), name)).bind(**contender.config)
        json.dumps(dict(contender.config))
    value(1, 1, asked.unit)
    if asked.target is not None:
        assert asked.target.unit == ("x" if asked.target.of == "ratio" else asked.unit)
        assert asked.target.of == "ours" or asked.peer is not None


def test_areas_and_questions_are_chosen_by_name() -> None:
    assert {question.area for question in choose(("aec", "mcts/open_spiel_cpp"))} == {"aec", "mcts"}
    assert [question.id for question in choose(("vector/pgx",))] == ["vector/pgx"]
    assert {question.area for question in choose(())} == set(areas()) - ON_REQUEST
    with pytest.raises(UserError, match="did you mean 'vector'") as raised:
        choose(("vectr",))
    assert raised.value.code == NOT_FOUND


# ------------------------------------------------------------------ rows, machine, command line
def test_a_row_has_what_results_need() -> None:
    told = machine.circumstances("arena bench", datetime(2026, 11, 21, tzinfo=UTC))
    tree = Row.about(QUESTIONS[0]).tree(told)
    assert tree.keys() >= KEYS
    assert tree["date"] == "2026-11-21T00:00:00+00:00"
    assert tree["machine"].keys() == {"cpu", "cores", "system", "python"}
    json.dumps(tree, allow_nan=False)


def test_the_machine_is_named_where_it_tells_its_name(tmp_path: Path) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text("processor\t: 0\nmodel name\t: A fine processor\n", encoding="utf-8")
    assert machine._cpu(info) == "A fine processor"
    assert machine._cpu(tmp_path / "nothing")
    assert machine.commit(tmp_path) == "unknown"


def test_one_document_comes_out_and_the_rows_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = importlib.import_module("arena.cli.bench")
    monkeypatch.setattr(bench, "DOCS", tmp_path)
    assert cli.run(["bench", "start/help", "--json", "--record", "--rounds", "2", "--seconds", "0.01"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "palaestra.bench/1"
    (row,) = document["rows"]
    assert row["id"] == "start/help"
    assert row["figures"]["ratio"]["n"] == 2
    assert read(tmp_path / "results") == [row]


def test_a_table_comes_out_with_what_was_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["bench", "start/help", "--rounds", "1", "--seconds", "0.01"]) == 0
    out = capsys.readouterr().out
    assert "start/help" in out and "ours <= 150 ms" in out and "1 rounds" in out


def test_the_questions_are_listed_without_measuring(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["bench", "--list", "vector"]) == 0
    assert ">= 800x" in capsys.readouterr().out


def test_mistakes_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["bench", "nothing"]) == NOT_FOUND
    assert cli.run(["bench", "--seconds", "0"]) == USAGE
    monkeypatch.setattr(importlib.import_module("arena.cli.bench"), "DOCS", tmp_path / "absent")
    assert cli.run(["bench", "start", "--record"]) == USAGE
    assert len(capsys.readouterr().err.splitlines()) == 3
