"""Matches as plain lines: complete, in order, as they happen, without secrets, without control codes."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

import replays
from arena.agent import Reply
from arena.matches import play
from envs.errors import UserError
from envs.registry import game
from tests.tui.feeding import Thinker
from tests.tui.live import Live, once
from tui.plain import Lines, follow, running

HOSTILE = "\x1b]52;c;aGk=\x07\x9b6n\x1b[2J[bold]x\u202e"
CARDS = "JQK"


def told(path: Path, **chosen: object) -> list[str]:
    out = io.StringIO()
    code = follow(path, out, **chosen)  # type: ignore[arg-type]
    assert code == 0
    return out.getvalue().splitlines()


def test_every_act_has_its_line_and_the_path_is_last(tmp_path: Path) -> None:
    path = tmp_path / "m.arena"
    result = play(game("connect_four", plain=True), ["random", "scripted"], seed=4, record=path)
    lines = told(path)
    tape = replays.open(path)
    for tick in range(result.ticks):
        (act,) = tape.acts(tick)
        line = next(line for line in lines if line.startswith(f"{tick}. player_"))
        assert line.startswith(f"{tick}. player_{act.seat}: {act.name}")
    assert lines[:3] == ["Connect Four", "player_0: random", "player_1: scripted"]
    assert lines[-2].startswith("result: scripted (player_1) wins -1 : +1")
    assert lines[-1] == str(path)


def test_the_board_is_drawn_at_the_end_and_at_every_tick_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "m.arena"
    result = play(game("connect_four", plain=True), ["first", "first"], record=path)
    heads = [line for line in told(path) if line.split() == list("1234567")]
    assert len(heads) == 1
    heads = [line for line in told(path, board=True) if line.split() == list("1234567")]
    assert len(heads) == result.ticks + 1


def test_a_running_match_is_told_as_it_goes_on(tmp_path: Path) -> None:
    live = Live(tmp_path / "m.arena", "connect_four", ["a", "b"])
    out = io.StringIO()
    seen: list[str] = []

    def step(column: int) -> None:
        seen.append(out.getvalue())
        live.act(live.match.waiting()[0], column)

    moves = [lambda column=column: step(column) for column in (3, 0, 3, 0, 3, 0, 3)]
    assert follow(tmp_path / "m.arena", out, sleep=once(moves)) == 0
    for n, before in enumerate(seen):
        assert f"{n - 1}. player_" in before or n == 0
        assert f"\n{n}. player_" not in before
    assert "result: a (player_0) wins" in out.getvalue()
    assert "red has four in a row" in out.getvalue()


def test_what_a_running_match_waits_for_is_told_once(tmp_path: Path) -> None:
    live = Live(tmp_path / "m.arena", "connect_four", ["a", "b"])
    out = io.StringIO()
    log = tmp_path / "m.log"
    moves = [live.first, lambda: log.write_text("palaestra: m waits 40 s: HTTP 429\x1b[2J\n"), live.first, live.finish]
    assert follow(tmp_path / "m.arena", out, sleep=once([*moves[:2], lambda: None, lambda: None, *moves[2:]])) == 0
    lines = out.getvalue().splitlines()
    assert [line for line in lines if "waits" in line] == ["1. waiting: m waits 40 s: HTTP 429␛[2J"]
    assert lines.index("1. waiting: m waits 40 s: HTTP 429␛[2J") == next(
        n for n, line in enumerate(lines) if line.startswith("1. player_")
    ) - 1  # fmt: skip


def test_a_recording_that_broke_off_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live = Live(tmp_path / "m.arena", "connect_four", ["a", "b"])
    live.first()
    live.close()
    monkeypatch.setattr("tui.plain._is_written", lambda tape: False)
    out = io.StringIO()
    assert follow(tmp_path / "m.arena", out) == 1
    assert "breaks off at tick 1" in out.getvalue()
    assert out.getvalue().splitlines()[-1].endswith("m.arena.part")


def test_refusals_and_faults_are_told(tmp_path: Path) -> None:
    live = Live(tmp_path / "m.arena", "connect_four", ["a", "b"], retries=1)
    live.act(0, "nonsense")
    live.act(0, 99)
    lines = told(tmp_path / "m.arena")
    assert sum("refused" in line and "player_0" in line for line in lines) == 2
    assert any("illegal" in line for line in lines)
    assert lines[-2].startswith("result: b (player_1) wins")


def test_a_seats_view_betrays_nothing(tmp_path: Path, seeds: object) -> None:
    for seed in seeds(12):  # type: ignore[operator]
        path = tmp_path / f"{seed}.arena"
        play(game("kuhn_poker", plain=True), ["random", Thinker], seed=seed, record=path)
        tape = replays.open(path)
        lines = told(path, who=0)
        cards = [CARDS[int(card)] for card in tape.at(0).row.cards]
        before_end = "\n".join(
            lines[: next(n for n, line in enumerate(lines) if "player 1 " in line and "player 2" in line)]
        )
        assert not re.search(rf"\b{cards[1]}\b", before_end)
        acts = [act for tick in range(tape.last) for act in tape.acts(tick) if act.seat == 1]
        assert all(f"{act.tick}. player_1 acts, hidden" in before_end for act in acts)
        assert not any("player_1" in line and ("value" in line or "because" in line) for line in lines)


def test_foreign_text_cannot_command_the_terminal(tmp_path: Path) -> None:
    live = Live(tmp_path / "m.arena", "connect_four", [HOSTILE, HOSTILE])
    while not live.match.over:
        legal = live.match.ask(live.match.waiting()[0]).legal
        notes = {"why": HOSTILE, "value": float("nan"), "policy": [[HOSTILE, HOSTILE]]}
        live.act(live.match.waiting()[0], Reply([[legal[0]]], notes=notes))
    text = "\n".join(told(tmp_path / "m.arena"))
    assert [letter for letter in text if not letter.isprintable() and letter != "\n"] == []


@pytest.mark.parametrize(
    "notes", [{"value": "high"}, {"value": None}, {"value": True}, {"why": ["a", 3]}, {"value": 10**400}]
)
def test_notes_of_any_kind_are_borne(tmp_path: Path, notes: dict[str, object]) -> None:
    live = Live(tmp_path / "m.arena", "connect_four", ["a", "b"])
    live.act(0, Reply([[3]], notes=notes))
    live.fault(1, "resigned")
    assert any(line.startswith("0. player_0: column 4") for line in told(tmp_path / "m.arena"))


def test_a_recording_is_paced_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "m.arena"
    result = play(game("connect_four", plain=True), ["first", "first"], record=path)
    now, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    told(path, speed=4.0, clock=lambda: now[0], sleep=sleep)
    assert sum(slept) == pytest.approx(result.ticks / 4, rel=0.01)


def test_a_running_match_is_told_later_when_asked(tmp_path: Path) -> None:
    live = Live(tmp_path / "m.arena", "connect_four", ["a", "b"])
    out = io.StringIO()
    now, seen = [0.0], {}

    def sleep(seconds: float) -> None:
        now[0] += 1.0
        seen[now[0]] = out.getvalue()
        if now[0] <= 7:
            live.act(live.match.waiting()[0], 3 if now[0] % 2 else 0)

    assert follow(live.path, out, delay=10.0, clock=lambda: now[0], sleep=sleep) == 0
    assert "0. player_" not in seen[10.0]
    assert "0. player_0" in seen[13.0]
    assert "6. player_0" not in seen[15.0]
    assert "result: a (player_0) wins" in out.getvalue()
    assert 17.0 <= now[0] <= 19.0


def test_a_seat_that_there_is_not_is_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "m.arena"
    play(game("kuhn_poker", plain=True), ["first", "first"], record=path)
    with pytest.raises(UserError, match="seats 0 to 1"):
        Lines(replays.open(path), who=2)


def test_other_rules_are_shown_field_by_field(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.arena"
    play(game("kuhn_poker", plain=True), ["first", "first"], record=path)
    monkeypatch.setattr("replays.tape.installed", lambda started, secret: (None, "other rules: it has changed"))
    lines = told(path)
    assert "other rules: it has changed" in lines
    assert any(line.startswith("tick: ") for line in lines)


def test_simultaneous_acts_are_told_together(tmp_path: Path) -> None:
    live = Live(tmp_path / "m.arena", "matrix?rounds=2", ["a", "b"])
    out = io.StringIO()
    seen: list[str] = []

    def step(seat: int) -> None:
        seen.append(out.getvalue())
        live.act(seat, 0)

    follow(live.path, out, sleep=once([lambda seat=seat: step(seat) for seat in (0, 1, 1, 0)]))
    assert "0. player_" not in seen[1]
    assert "0. player_0" in seen[2]
    assert "0. player_1" in seen[2]


def test_nothing_running_says_what_to_do(tmp_path: Path) -> None:
    out = io.StringIO()
    running(tmp_path, out)
    assert "arena watch connect_four mcts scripted" in out.getvalue()


def test_plain_lines_need_no_screen_and_no_compiler(tmp_path: Path) -> None:
    path = tmp_path / "m.arena"
    play(game("connect_four", plain=True), ["first", "first"], record=path)
    code = f"import sys, tui.plain; tui.plain.follow({str(path)!r}, sys.stdout); print(sorted(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    modules = answer.stdout.splitlines()[-1]
    assert not any(f"'{name}'" in modules for name in ("textual", "numba", "pygame", "gymnasium"))
