"""`arena watch` without a screen, and what it hands to the screens with one."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

import replays
from arena import cli
from arena.cli import loading, watch
from arena.matches import play

ROOT = Path(__file__).parents[1]


def arena(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "arena", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PALAESTRA_RUNS": str(folder / "runs")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "m.arena"
    play("kuhn_poker", ["random", "random"], seed=3, record=path)
    return path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    return tmp_path


def test_a_new_match_is_printed_recorded_and_over_when_the_command_is(tmp_path: Path) -> None:
    answer = arena(tmp_path, "watch", "connect_four", "random", "scripted", "--seed", "2", "--speed", "max")
    assert answer.returncode == 0, answer.stderr
    lines = answer.stdout.splitlines()
    tape = replays.open(lines[-1])
    assert tape.finished
    assert Path(lines[-1]).parent == tmp_path / "runs"
    assert tape.secret.seed == 2
    acts = [line for line in lines if line.split(".")[0].isdecimal() and ". player_" in line]
    assert len(acts) == tape.last
    assert lines[-2].startswith("result: ")
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == [Path(lines[-1]).name]


def test_a_pipe_is_not_kept_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    """Without a terminal a match runs as fast as it can unless a speed is given; with one it has the speed of the settings."""
    asked: list[object] = []

    def start(game: str, agents: object, **chosen: object) -> Path:
        asked.append(chosen["speed"])
        path = here / f"{len(asked)}.arena"
        play(game, ["first", "first"], record=path)
        return path

    monkeypatch.setattr("arena.background.start", start)
    for arguments in ([], ["--speed", "max"], ["--speed", "7"]):
        assert cli.run(["watch", "kuhn_poker", "first", "first", *arguments]) == 0
    assert asked == [None, None, 7.0]


def test_a_recording_is_printed(recording: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["watch", str(recording)]) == 0
    everything = capsys.readouterr().out
    assert everything.splitlines()[-1] == str(recording)
    assert "acts, hidden" not in everything
    assert cli.run(["watch", str(recording), "--seat", "1", "--plain"]) == 0
    assert "player_0 acts, hidden" in capsys.readouterr().out
    assert cli.run(["watch", str(recording), "--seat", "public"]) == 0
    out = capsys.readouterr().out
    assert "player_0 acts, hidden" in out
    assert "player_1 acts, hidden" in out


def test_a_name_with_part_means_the_same_recording(
    recording: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["watch", f"{recording}.part"]) == 0
    assert str(recording) in capsys.readouterr().out


def test_alone_it_lists_what_is_running(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["watch"]) == 0
    assert "no match is running" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nothere.arena"], 3, "is no file"),
        (["connect_four"], 2, "is a game"),
        (["."], 3, "is a folder"),
        (["connect_four", "rndom", "random"], 3, "did you mean 'random'"),
        (["connect_four", "random"], 2, "give an agent for each, not 1 in all"),
        (["nogame", "random", "random"], 3, "no game"),
        (["kuhn_poker", "random", "random", "--seat", "2"], 2, "seats 0 to 1"),
        (["kuhn_poker", "random", "random", "--seat", "x"], 2, "--seat x"),
        (["kuhn_poker", "random", "random", "--speed", "fast"], 2, "--speed fast"),
        (["kuhn_poker", "random", "random", "--speed", "0"], 2, "--speed"),
        (["kuhn_poker", "random", "random", "--delay", "-1"], 2, "--delay"),
        (["kuhn_poker", "random", "human"], 2, "arena play kuhn_poker random human"),
        (["kuhn_poker", "random", "random", "--time", "-1"], 2, "time limit"),
        (["kuhn_poker", "random", "random", "--seed", "-1"], 2, "--seed"),
    ],
)
def test_a_mistake_is_one_line_and_the_right_code(
    arguments: list[str], code: int, said: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["watch", *arguments]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("arena: ")
    assert captured.err.count("\n") == 1
    assert said in captured.err
    assert not (here / "runs").exists()


def test_a_damaged_recording_is_one_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "x.arena").write_bytes(b"no recording at all")
    assert cli.run(["watch", "x.arena"]) == 4
    assert capsys.readouterr().err.count("\n") == 1


# With a terminal: what is handed to the screens.


class Screens:
    """Stands for the screens; notes what they were asked to show."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seat: int | None = None) -> None:
        self.shown: list[tuple[str, tuple[object, ...], dict[str, object]]] = []
        real = loading.load
        mine = {"tui.app:watch", "tui.app:lobby", "tui.screens.human:play"}

        def load(reference: str) -> object:
            if reference == "tui.watched:open_seat":
                return lambda path: seat
            return self._noting(reference) if reference in mine else real(reference)

        monkeypatch.setattr(loading, "load", load)
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)

    def _noting(self, reference: str) -> object:
        def shown(*arguments: object, **named: object) -> int:
            self.shown.append((reference, arguments, named))
            return 0

        return shown


def test_a_terminal_gets_the_screen_of_a_recording(
    recording: Path, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    screens = Screens(monkeypatch)
    assert cli.run(["watch", str(recording), "--speed", "3", "--delay", "2", "--seat", "1"]) == 0
    ((reference, arguments, named),) = screens.shown
    assert (reference, arguments) == ("tui.app:watch", (recording,))
    assert named == {"speed": 3.0, "delay": 2.0, "who": 1}
    assert f"recorded: {recording}" in capsys.readouterr().err


def test_a_terminal_alone_gets_the_lobby(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    screens = Screens(monkeypatch)
    assert cli.run(["watch"]) == 0
    assert [reference for reference, _, _ in screens.shown] == ["tui.app:lobby"]


def test_a_persons_seat_is_opened_where_one_waits(
    recording: Path, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    screens = Screens(monkeypatch, seat=1)
    assert cli.run(["watch", str(recording)]) == 0
    ((reference, arguments, _),) = screens.shown
    assert (reference, arguments[:2]) == ("tui.screens.human:play", (recording, 1))


def test_a_match_with_a_person_is_paced(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a paced match writes every tick before the next question, which a person's screen reads."""
    Screens(monkeypatch, seat=0)
    speeds: list[object] = []

    def start(*arguments: object, **named: object) -> Path:
        speeds.append(named["speed"])
        return here / "x.arena"

    monkeypatch.setattr("arena.background.start", start)
    assert cli.run(["watch", "connect_four", "human", "first", "--speed", "max"]) == 0
    assert speeds == [watch.FASTEST]


def test_plain_lines_are_printed_in_a_terminal_when_asked(
    recording: Path, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    screens = Screens(monkeypatch)
    assert cli.run(["watch", str(recording), "--plain"]) == 0
    assert screens.shown == []
    assert capsys.readouterr().out.splitlines()[-1] == str(recording)


def test_help_loads_no_game_and_no_screen() -> None:
    code = """
import sys
from arena import cli
cli.run(["watch", "--help"]); cli.run(["play", "--help"]); cli.run(["envs", "--help"]); cli.run(["agents", "--help"])
print(sorted({name.partition(".")[0] for name in sys.modules} & {"numba", "textual", "pygame", "tui", "agents"}))
"""
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert answer.stdout.splitlines()[-1] == "[]"
