"""The training monitor over made-up run folders: what it shows, how it reads on, and what it does with damaged files."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

import arena
from arena.settings import Settings
from envs.errors import NOT_FOUND, UserError
from tests.tui.glass import glass, settled
from tui.app import ArenaApp
from tui.screens._pool_panes import pool
from tui.screens._training_panes import first_metric, short, span
from tui.screens.training import TrainingScreen
from tui.training import Curve, Follower, RunView, newest_match, tell
from tui.widgets.rows import RowList

CONFIG = '[run]\nalgo = "ppo"\ngame = "connect_four"\n[config]\nsteps = 1000\nlog_every = 2.0\n'


def made(folder: Path, rows: int = 20) -> Path:
    """A run folder half way through its budget."""
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(CONFIG)
    (folder / "run.json").write_text(json.dumps({"game": "connect_four-v0", "digest": "0"}))
    for n in range(1, rows + 1):
        write(folder, "metrics.jsonl", metrics(n))
    write(folder, "log.txt", "2026-11-20T14:02:11Z begins at step 0")
    write(folder, "gates.jsonl", {"step": 250, "verdict": "promoted", "score": 0.562, "margin": 0.031, "pairs": 214})
    (folder / "pool").mkdir()
    for step in (0, 250):
        (folder / "pool" / f"{step}.safetensors").write_bytes(b"")
    return folder


def metrics(n: int) -> dict[str, Any]:
    return {
        "step": 25 * n,
        "seconds": 3.0 * n,
        "steps_per_second": 8.0,
        "entropy": 2.0 / n,
        "won/random": n / 20,
        "won/past": 0.5,
    }


def write(folder: Path, name: str, what: Any) -> None:
    text = what if isinstance(what, str) else json.dumps(what)
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write(text + "\n")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return made(tmp_path / "first")


@asynccontextmanager
async def monitor(run: Path, size: tuple[int, int] = (120, 40)) -> AsyncIterator[tuple[TrainingScreen, Pilot[Any]]]:
    screen = TrainingScreen(run, now=lambda: (run / "metrics.jsonl").stat().st_mtime + 1)
    app = ArenaApp(Settings(), lambda: screen)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield screen, pilot


@pytest.mark.parametrize(("size", "all_of_it"), [((120, 40), True), ((80, 24), False)])
async def test_the_monitor_shows_how_the_run_goes(run: Path, size: tuple[int, int], all_of_it: bool) -> None:
    async with monitor(run, size) as (_, pilot):
        text = await settled(pilot)
    assert [len(line) for line in text.splitlines()] == [size[0]] * size[1]
    for word in (
        "first",
        "50%",
        "running",
        "entropy",
        "win rate",
        "random 100%",
        "14:02:11 begins",
        "promoted",
        "w match",
    ):
        assert word in text, word
    if all_of_it:
        for word in (
            "connect_four  ppo",
            "eta 1m00s",
            "8 steps/s",
            "56.2%",
            "214 pairs",
            "kept as opponents",
            "250  0",
            "latest match",
        ):
            assert word in text, word


async def test_it_reads_on_as_the_run_grows(run: Path) -> None:
    async with monitor(run) as (screen, pilot):
        write(run, "metrics.jsonl", metrics(30))
        write(run, "log.txt", "2026-11-20T14:05:00Z entropy: it collapsed")
        write(run, "alerts.jsonl", {"kind": "entropy", "text": "it collapsed", "step": 750, "seconds": 90.0})
        screen._look()
        text = await settled(pilot)
        assert "step 750" in text and "75%" in text and "! entropy" in text and "it collapsed" in text
        write(run, "log.txt", "2026-11-20T14:06:00Z ends at step 1000 after 120.0 s")
        screen._look()
        text = await settled(pilot)
        assert "ended" in text and "eta" not in text


async def test_a_list_chooses_the_curve_and_z_leaves_it_alone(run: Path) -> None:
    async with monitor(run) as (screen, pilot):
        assert screen.chosen == "steps_per_second"
        await pilot.press("down")
        await settled(pilot)
        assert screen.chosen == "entropy"
        await pilot.press("z")
        text = await settled(pilot)
        assert "entropy" in text and "metrics" not in text and "log" not in text.splitlines()[-3]
        await pilot.press("z", "x")
        await settled(pilot)
        assert screen.chosen == "won/random" and screen.query_one("#metrics", RowList).display


async def test_the_newest_match_is_shown_and_opens(run: Path) -> None:
    async with monitor(run) as (screen, pilot):
        await pilot.press("w")
        await settled(pilot)
        assert any("No match was recorded" in each.message for each in pilot.app._notifications)
        arena.play("kuhn_poker", ["random", "first"], seed=1, record=run / "matches" / "250-0" / "00001.arena")
        screen._look()
        text = await settled(pilot)
        assert "latest match: 00001" in text and "random" in text
        await pilot.press("enter")
        await settled(pilot)
        assert type(pilot.app.screen).__name__ == "MatchScreen"
        await pilot.press("q")
        assert "latest match" in await settled(pilot)
        await pilot.press("question_mark")
        assert "Watch the newest evaluation match" in await settled(pilot)


async def test_a_run_without_a_word_yet_says_so(tmp_path: Path) -> None:
    folder = made(tmp_path / "empty", rows=0)
    for name in ("log.txt", "gates.jsonl"):
        (folder / name).unlink()
    async with monitor(made(tmp_path / "other")) as (_, pilot):
        screen = TrainingScreen(folder, now=lambda: 1e12)
        pilot.app.push_screen(screen)
        text = await settled(pilot)
    assert "no metrics yet" in text and "nothing logged yet" in text and "silent" in text


async def test_hostile_texts_reach_no_terminal(run: Path) -> None:
    write(run, "metrics.jsonl", {"step": 500, "seconds": 61.0, "\x1b]0;x\x07evil\x9b": 1.0, "won/\x1b[2J": 0.5})
    write(run, "log.txt", "2026-11-20T14:05:00Z \x1b[31mred\x07")
    write(run, "gates.jsonl", {"verdict": "\x1b[5m", "score": "much"})
    async with monitor(run) as (_, pilot):
        await settled(pilot)
        assert not set(glass(pilot.app)) & {chr(n) for n in (*range(9), *range(11, 32), *range(127, 160))}


def test_a_line_that_is_not_whole_waits_for_its_rest(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    follower = Follower(path)
    assert follower.lines() == []
    path.write_bytes(b"one\ntw")
    assert follower.lines() == ["one"]
    with path.open("ab") as file:
        file.write(b"o\nthree\n")
    assert follower.lines() == ["two", "three"] and not follower.again
    path.write_bytes(b"new\n")
    assert follower.lines() == ["new"] and follower.again


def test_nonsense_among_the_metrics_is_left_out(run: Path) -> None:
    for line in (
        "{",
        "[]",
        '{"step": "x", "seconds": 1}',
        '{"step": 525, "seconds": 63, "entropy": null, "text": "no"}',
        "x" * 70_000,
    ):
        write(run, "metrics.jsonl", line)
    view = RunView(run, now=lambda: 0.0)
    view.refresh()
    assert view.step == 525 and "text" not in view.curves
    assert len(view.curves["entropy"].values) == 21 and view.curves["entropy"].last != view.curves["entropy"].last


def test_a_run_that_was_taken_back_is_read_anew(run: Path) -> None:
    view = RunView(run, now=lambda: 0.0)
    view.refresh()
    lines = (run / "metrics.jsonl").read_text().splitlines()[:5]
    (run / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    view.refresh()
    assert view.step == 125 and len(view.curves["entropy"].values) == 5


def test_long_series_are_thinned_and_keep_their_ends() -> None:
    curve = Curve()
    for n in range(20_000):
        curve.add(n, float(n))
    assert 2000 <= len(curve.values) <= 4001
    assert curve.last == 19_999 and curve.values[0] < 40 and curve.values == sorted(curve.values)
    assert curve.smooth()[-1] == pytest.approx(19_999, rel=0.1)


def test_the_newest_match_is_the_running_one(tmp_path: Path) -> None:
    assert newest_match(tmp_path / "none") is None
    for name in ("a.arena", "deep/b.arena.part"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert newest_match(tmp_path) == tmp_path / "deep" / "b.arena"


def test_what_is_no_run_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError) as raised:
        TrainingScreen(tmp_path)
    assert raised.value.code == NOT_FOUND and "\n" not in str(raised.value)


def test_where_a_run_stands_as_lines(run: Path) -> None:
    out = io.StringIO()
    tell(run, out, now=lambda: 0.0)
    lines = out.getvalue().splitlines()
    assert lines[0].endswith("ppo on connect_four, running") and lines[1] == "step 500, 50% of the budget, 60 s"
    assert "won/random 1" in lines and lines[-1].endswith("begins at step 0")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.01779, "0.0178"),
        (3.1, "3.1"),
        (14e6, "14M"),
        (2.1e-7, "2.1e-07"),
        (12_345, "12.3k"),
        (1234, "1234"),
        (-0.5, "-0.5"),
    ],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert short(value) == text and len(short(value)) <= 8


@pytest.mark.parametrize(("seconds", "text"), [(42, "42s"), (432, "7m12s"), (11_040, "3h04m"), (190_800, "2d05h")])
def test_durations_are_short(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_a_run_shows_first_what_it_is_about() -> None:
    assert first_metric(["value", "nash_conv", "exploitability"]) == "exploitability"
    assert first_metric(["a", "b"]) == "a" and first_metric([]) == ""


@pytest.mark.parametrize("rows", [3, 4, 7])
def test_former_selves_are_never_bare_numbers(tmp_path: Path, rows: int) -> None:
    view = RunView(made(tmp_path / "run", rows=1), now=lambda: 0.0)
    view.refresh()
    content = pool(view, "standard")
    assert content.paint is not None
    told = "\n".join(content.paint(40, rows).lines())
    assert "kept as opponents" in told and "250" in told


async def test_of_a_league_it_shows_how_the_main_player_stands_with_everybody(run: Path) -> None:
    met: list[Any] = [
        {"name": "main-0", "role": "main", "rate": 0.5, "games": 10.0},
        {"name": "exploiter-0", "role": "exploiter", "rate": 0.0325, "games": 1000.0},
        {"name": "main-0@20\x1b[31m0", "role": "main", "rate": 0.75, "games": 3.0},
        {"name": "late", "role": "main", "rate": 0.5, "games": 0.0},
        "no object",
    ]
    (run / "league.json").write_text(json.dumps({"player": "main-0", "met": met}))
    async with monitor(run) as (screen, pilot):
        text = await settled(pilot)
        assert "main-0 against" in text and "promoted" in text and "kept as opponents" not in text
        for name, score in (("exploiter-0", "3.2%"), ("main-0@20", "75.0%"), ("late", " - ")):
            assert any(name in line and score in line for line in text.splitlines()), name
        for wrong in ("[1, 2", json.dumps([1]), json.dumps({"met": 3})):
            (run / "league.json").write_text(wrong)
            screen._look()
            assert "kept as opponents" in await settled(pilot), "a file that makes no sense is no league"
