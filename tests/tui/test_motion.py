"""Between two ticks a screen and a film show the world's frames, where the game has several a step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import replays
from arena.matches import play
from envs.canvas import Canvas
from envs.registry import game
from replays import games
from replays.between import inside
from replays.exports._shots import Wanted, shots
from tests.tui.feeding import Growing, heard, recorded
from tests.tui.stage import staged
from tui.motion import LONGEST, Motion
from tui.playback import Playback

FOG = Path(__file__).parents[1] / "probes" / "fog.py"
DRIFT = '''
"""A cart that rolls one place a frame, four frames a step, in the direction that its driver chooses."""
import numpy as np
from envs.record_game import RecordGame
from envs.rules import Discrete, Refusal, Role, Spec, observation, rule, state

SPEC = Spec("drift", "Drift", "Roll.", (Role("driver", 1, Discrete(2)),), limit=6, traits=frozenset({"perfect"}), frames=4)
STATE = state(("place", np.int8), ("way", np.int8))
OBS = {"*": observation(("place", np.int8))}

@rule
def init(s, c, key):
    s.place = 30

@rule
def acting(s, c, seats):
    seats[0] = True

@rule
def legal(s, c, seat, mask):
    mask[0] = mask[1] = True

@rule
def command(s, c, actions, key):
    s.way = 2 * actions[0, 0] - 1

@rule
def advance(s, c, key, frame):
    s.place += s.way

@rule
def observe(s, c, seat, obs):
    obs.place = s.place

@rule
def imagine(obs, c, seat, key, s):
    s.place = obs.place

def say(obs, c): return f"at {obs.place}"
def form(action, obs, c): return ("left", "right")[action]
name = form
def parse(text, obs, c, legal): return [["left", "right"].index(text)] if text in ("left", "right") else Refusal("left or right")
def tell(before, actions, after, c): return []
def draw(obs, c, canvas):
    canvas.size(60, 3)
    canvas.disc(obs.place + 0.5, 1.5, 0.4, "seat0")

def build(): return RecordGame(globals(), SPEC, state=STATE, observations=OBS)
'''


def right(ask: Any) -> int:
    return 1


@pytest.fixture
def drift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    path = tmp_path / "drift.py"
    path.write_text(DRIFT, encoding="utf-8")
    monkeypatch.setattr(games, "_allowed", [str(path), str(FOG)])
    return str(path)


@pytest.fixture
def recording(drift: str, tmp_path: Path) -> Path:
    return recorded(tmp_path / "drift.arena", drift, agents=[right])


def places(moments: Any) -> list[int]:
    return [int(moment.observe(0).place) for moment in moments]


def test_the_frames_of_a_step_lie_between_its_ticks(recording: Path) -> None:
    tape = replays.open(recording)
    assert tape.last == 6
    assert places(inside(tape, tape.at(2))) == [39, 40, 41]
    assert places([tape.at(2), tape.at(3)]) == [38, 42]
    assert inside(tape, tape.at(6)) == []
    tape.close()


def test_a_game_of_one_frame_a_step_has_none_and_the_fog_keeps_its_secrets(drift: str, tmp_path: Path) -> None:
    tape = replays.open(recorded(tmp_path / "four.arena"))
    assert inside(tape, tape.at(1)) == []
    tape.close()
    fog = game(str(FOG), plain=True)
    play(fog, ["random"] * 2, seed=4, record=tmp_path / "fog.arena")
    tape = replays.open(tmp_path / "fog.arena")
    found = [frame for tick in range(tape.last) for frame in inside(tape, tape.at(tick))]
    assert len(found) >= tape.last - 2  # one of two frames lies inside a step; the last step may end in its first
    for frame in found:
        for who in (0, 1):
            canvas = Canvas()
            frame.draw(canvas, who)
            assert canvas.verbs
    tape.close()


def test_a_step_that_does_not_lead_to_what_is_recorded_has_no_frames(recording: Path) -> None:
    tape = replays.open(recording)
    moment = tape.at(2)
    moment.acts[0].action[0] = 0
    assert inside(tape, moment) == []
    moment.acts.clear()
    assert inside(tape, moment) == []
    tape.close()


def test_a_film_shows_the_frames_within_the_time_of_their_tick(recording: Path) -> None:
    tape = replays.open(recording)
    wanted = Wanted(first=0, last=tape.last, speed=2.0, fps=25.0)
    shown = list(shots(tape, wanted))
    assert places(shot.moment for shot in shown) == list(range(30, 55))
    assert sum(shot.seconds for shot in shown[:-1]) == pytest.approx(tape.last / 2.0)
    assert [shot.between for shot in shown[:5]] == [False, True, True, True, False]
    few = list(shots(tape, Wanted(first=0, last=tape.last, speed=10.0, fps=20.0)))
    assert len(few) == 13  # two pictures a tick, and the last
    fast = list(shots(tape, Wanted(first=0, last=tape.last, speed=25.0, fps=25.0)))
    assert len(fast) == 7
    tape.close()


def test_a_cast_repeats_no_mark_for_a_frame(recording: Path, tmp_path: Path) -> None:
    replays.export(recording, tmp_path / "drift.cast")
    lines = [json.loads(line) for line in (tmp_path / "drift.cast").read_text().splitlines()[1:]]
    assert sum(line[1] == "o" for line in lines) >= 25


def test_frames_come_evenly_and_the_tick_itself_last(recording: Path) -> None:
    tape, motion, playback = replays.open(recording), Motion(), Playback(speed=0.5)
    playback.grown(tape.last, False, 0.0)
    playback.toggle()
    playback.position = 1
    motion.go(tape, 0, playback, 10.0)
    seen = []
    for n in range(9):
        motion.advance(10.0 + n * LONGEST / 8)
        seen.append(None if motion.frame is None else places([motion.frame])[0])
    assert seen == [31, 31, 32, 32, 33, 33, None, None, None]
    assert not motion.advance(12.0)
    for here, speed in ((0, 30.0), (5, 0.5)):  # too fast to be seen; not the next tick
        playback.base = speed
        motion.go(tape, here, playback, 20.0)
        assert not motion.advance(20.0)
    tape.close()


async def test_a_recording_that_is_played_moves_and_a_step_by_hand_does_not(recording: Path) -> None:
    async with staged(recording, speed=1.0) as stage:

        def place() -> int:
            return places([stage.screen.motion.frame or stage.screen.moment])[0]

        assert place() == 30
        seen = []
        for _ in range(8):
            await stage.wait(0.25)
            seen.append(place())
        assert seen == sorted(seen)
        assert len(set(seen)) >= 6
        await stage.press("full_stop")
        assert stage.screen.motion.frame is None
        assert places([stage.screen.moment])[0] == 30 + 4 * stage.position


async def test_a_live_match_moves_too(drift: str, tmp_path: Path) -> None:
    path = tmp_path / "live.arena"
    feed = Growing(path, heard(drift, agents=[right]))
    feed.grow(1)
    async with staged(path, running=lambda path: True) as stage:
        await stage.wait(1.0)
        feed.grow(1)
        await stage.wait(1.0)
        first = places([stage.screen.motion.frame or stage.screen.moment])[0]
        await stage.wait(0.3)
        then = places([stage.screen.motion.frame or stage.screen.moment])[0]
        await stage.wait(1.0)
        assert first < then < places([stage.screen.moment])[0] == 38
        assert stage.screen.motion.frame is None
    feed.end()
