"""The host in one process: crashes, late returns, sinks that fail, interruption; and matches in the background."""

from __future__ import annotations

import errno
import os
import signal
import time
from itertools import count

import pytest

import arena
import envs
import replays
from arena import background, cli
from arena.agent import Ask, Resigned
from arena.clock import Limits
from arena.events import Ended, Seat
from arena.host import Host, drive
from arena.match import Match
from arena.matches import series
from arena.schedule import rotations
from envs.errors import UserError
from replays.log import LogWriter


def uniform(ask: Ask):
    return ask.legal.sample(ask.key)


def a_match(**more) -> Match:
    return Match(envs.game("connect_four", plain=True), [Seat("player_0", "a"), Seat("player_1", "b")], 3, **more)


def test_the_first_clock_does_not_run_while_rules_are_compiled() -> None:
    """Compiling is told by a clock that it moves: a hundred seconds for whatever is called for the first time."""
    game, now, seen = envs.game("kuhn_poker", plain=True), [0.0], set()

    def slow(name: str) -> None:
        inner = getattr(game, name)

        def called(*args: object) -> object:
            now[0] += 0.0 if name in seen else 100.0
            seen.add(name)
            return inner(*args)

        setattr(game, name, called)

    game.digest = "of its own"
    for name in ("start", "turns", "observe", "step"):
        slow(name)
    limits = Limits(move=1.0)
    result = arena.play(game, [uniform, uniform], limits=limits, clock=lambda: now[0])
    assert (result.faults, now[0]) == ((), 400.0)


def test_an_agent_that_raises_has_crashed_and_loses():
    def broken(ask):
        raise ValueError("no idea")

    result = drive(a_match(), [uniform, broken], clock=lambda: 0.0)
    assert (result.scores, result.faults) == ((1.0, -1.0), ((1, "crash"),))


def test_an_agent_may_resign():
    def tired(ask):
        raise Resigned

    assert drive(a_match(), [tired, uniform], clock=lambda: 0.0).faults == ((0, "resigned"),)


def test_a_late_return_is_a_timeout_once_it_returns():
    ticks = count(1)
    result = drive(a_match(limits=Limits(move=0.5)), [uniform, uniform], clock=lambda: float(next(ticks)))
    assert result.faults == ((0, "timeout"),)


def test_a_sink_that_raises_is_dropped_and_the_match_goes_on():
    seen = []

    def broken(event):
        raise OSError("disk full")

    result = drive(a_match(), [uniform, uniform], [broken, seen.append], clock=lambda: 0.0)
    assert result.reason == "played out" and isinstance(seen[-1], Ended)


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk on which each recording has room for its header and eleven chunks."""

    def make(*arguments, **options):
        room = iter((True,) * 12)

        def write(handle: int, data: bytes) -> int:
            if not next(room, False):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return os.write(handle, data)

        return LogWriter(*arguments, write=write, **options)

    monkeypatch.setattr("replays.recorder.LogWriter", make)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_costs_the_recording_and_the_result_says_so(tmp_path, capsys):
    result = arena.play("matrix?rounds=300", ["first", "first"], record=tmp_path / "m.arena")
    assert result.reason == "played out" and result.ticks == 300
    assert "No space left" in result.unrecorded and not (tmp_path / "m.arena").exists()
    assert cli.run(["play", "matrix?rounds=300", "first", "first", "--record", str(tmp_path / "n.arena")]) == 1
    told = capsys.readouterr()
    assert "recorded  not whole: No space left on device" in told.out and "Traceback" not in told.out + told.err
    assert replays.open(tmp_path / "n.arena.part").last > 0


@pytest.mark.usefixtures("full_disk")
def test_a_live_match_stops_with_its_recording(tmp_path):
    with pytest.raises(UserError, match="No space left"):
        arena.play("matrix?rounds=300", ["first", "first"], record=tmp_path / "m.arena", live=True)


def test_a_recording_that_cannot_begin_stops_the_match_before_anybody_is_asked(tmp_path):
    (tmp_path / "file").write_text("in the way")
    for place in (tmp_path / "file" / "m.arena", tmp_path / "m.txt"):
        with pytest.raises(UserError):
            arena.play("connect_four", [pytest.fail, pytest.fail], record=place)
    arena.play("kuhn_poker", ["first", "first"], record=tmp_path / "taken.arena")
    with pytest.raises(UserError, match="exists already"):
        arena.play("kuhn_poker", [pytest.fail, pytest.fail], record=tmp_path / "taken.arena")
    with pytest.raises(UserError, match="cannot keep recordings in"):
        background.start("kuhn_poker", ["first", "first"], runs=tmp_path / "file")


def test_an_interrupt_leaves_a_finished_recording(tmp_path):
    def interrupting(ask):
        if ask.tick == 4:
            raise KeyboardInterrupt
        return uniform(ask)

    with pytest.raises(KeyboardInterrupt):
        arena.play("connect_four", [interrupting, uniform], record=tmp_path / "m.arena")
    tape = replays.open(tmp_path / "m.arena")
    assert tape.finished and tape.ended.reason == "aborted" and tape.last == 4


def test_agents_are_closed():
    closed = []

    class Closing:
        def __call__(self, ask):
            return uniform(ask)

        def close(self):
            closed.append(True)

    Host(a_match(), [Closing(), Closing()], clock=lambda: 0.0).run()
    assert len(closed) == 2


def test_play_takes_functions_names_and_options():
    result = arena.play("connect_four", [lambda ask: min(ask.legal, key=lambda a: abs(a - 3)), "random"], seed=7)
    assert result.reason == "played out" and sum(result.scores) == 0.0


@pytest.mark.parametrize(
    ("game", "agents", "code"),
    [
        ("nope", ["random"] * 2, 3),
        ("connect_four", ["random"], 2),
        ("connect_four", ["nope"] * 2, 3),
        ("connect_four?x=1", ["random"] * 2, 2),
    ],
)
def test_a_mistake_is_one_line(game, agents, code):
    with pytest.raises(UserError) as told:
        arena.play(game, agents)
    assert told.value.code == code and "\n" not in str(told.value)


def test_rotations_swap_seats_in_groups_on_one_seed():
    pairings = rotations(["a", "b"], 4, 10)
    assert [(p.seats, p.players, p.seed) for p in pairings] == [
        (("a", "b"), (0, 1), 10), (("b", "a"), (1, 0), 10), (("a", "b"), (0, 1), 11), (("b", "a"), (1, 0), 11),
    ]  # fmt: skip
    assert [p.seed for p in rotations(["a", "b"], 3, 1, swap=False)] == [1, 2, 3]


def test_a_series_over_two_processes_equals_one_process():
    pairings = rotations(["random", "random"], 24, 0)
    alone = {p.number: r.scores for p, r in series("kuhn_poker", pairings, workers=1)}
    shared = {p.number: r.scores for p, r in series("kuhn_poker", pairings, workers=2)}
    assert alone == shared and len(alone) == 24


def wait_until(true, seconds=60.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        signal.sigtimedwait([], 0.02)


def test_a_background_match_is_found_while_it_runs_and_stopped_as_aborted(tmp_path):
    path = background.start("connect_four", ["random", "random"], runs=tmp_path, seed=1, speed=2.0)
    wait_until(lambda: background.running(tmp_path) == [path])
    tape = replays.open(path)
    background.stop(path, tape.log.header["pid"])
    wait_until(lambda: tape.refresh() and tape.finished)
    assert tape.ended.reason == "aborted"
    wait_until(lambda: not background.is_running(path))
    assert background.running(tmp_path) == []
    wait_until(lambda: background.alive() == 0)


def test_a_background_match_that_cannot_start_says_why(tmp_path):
    with pytest.raises(UserError, match="no agent 'nobody'"):
        background.start("connect_four", ["random", "nobody"], runs=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_paced_clock_does_not_charge_agents_for_the_pause():
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    paced = background.Paced(1.0, base=lambda: now[0], sleep=sleep)
    now[0] = 0.25
    assert paced() == 0.25
    paced.pause(None)
    assert (now[0], paced()) == (1.0, 0.25)
