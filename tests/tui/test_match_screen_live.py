"""The match screen over a recording that is still being written: following, looking back, catching up, the end, a crash."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from envs.errors import UserError
from replays.log import LogWriter
from tests.tui.feeding import Growing, heard
from tests.tui.stage import staged

EVENTS = heard()


@pytest.fixture
def feed(tmp_path: Path) -> Growing:
    growing = Growing(tmp_path / "g.arena", EVENTS)
    growing.grow(4)
    return growing


@pytest.fixture
def path(tmp_path: Path, feed: Growing) -> Path:
    return tmp_path / "g.arena"


def running(path: Path) -> bool:
    return True


async def test_a_running_match_is_followed(path: Path, feed: Growing) -> None:
    async with staged(path, running=running) as stage:
        assert stage.position == 4 and "● LIVE" in stage.text()
        feed.grow(3)
        await stage.wait(0.5)
        assert stage.position == 7
        assert "step 7 / 7" in stage.text()


async def test_a_move_that_comes_alone_shows_in_every_part_at_once(path: Path, feed: Growing) -> None:
    async with staged(path, running=running) as stage:
        for step in range(5, 9):
            await stage.wait(0.4)
            stage.screen._painted = dict.fromkeys(
                stage.screen._painted, stage.clock.now
            )  # as if all had just been painted
            feed.grow(1)
            await stage.wait(0.05)
            assert f"step {step} / {step}" in stage.text() and f"{step} LIVE" in stage.text()


async def test_looking_back_while_it_runs_and_catching_up(path: Path, feed: Growing) -> None:
    async with staged(path, running=running) as stage:
        await stage.press("comma", "comma")
        feed.grow(5)
        await stage.wait(0.5)
        assert stage.position == 2
        assert "LIVE -7" in stage.text()
        await stage.press("G")
        assert stage.position == 9 and "● LIVE" in stage.text()
        feed.grow(1)
        await stage.wait(0.5)
        assert stage.position == 10
        await stage.press("f")
        feed.grow(2)
        await stage.wait(0.5)
        assert stage.position == 10 and "LIVE -2" in stage.text()
        await stage.press("f")
        assert stage.position == 12


async def test_playing_up_to_the_live_end_follows_from_there(path: Path, feed: Growing) -> None:
    async with staged(path, running=running) as stage:
        await stage.press("comma", "comma", "space")
        for _ in range(4):
            await stage.wait(1.01)
        assert stage.position == 4 and stage.screen.playback.following
        await stage.press("space")
        feed.grow(1)
        await stage.wait(1.0)
        assert stage.position == 4


async def test_the_end_comes_while_somebody_watches(path: Path, feed: Growing) -> None:
    async with staged(path, running=running) as stage:
        feed.grow(1)
        feed.end()
        await stage.wait(0.5)
        assert stage.position == 5
        text = stage.text()
        assert "RECORDED" in text and "LIVE" not in text and "wins" in text


async def test_a_delay_keeps_the_newest_moves_away(path: Path, feed: Growing) -> None:
    async with staged(path, running=running, delay=5.0) as stage:
        await stage.wait(6.0)
        assert stage.position == 4
        feed.grow(3)
        await stage.wait(2.0)
        assert stage.position == 4 and "step 4 / 4" in stage.text() and "5 s behind" in stage.text()
        await stage.press("G")
        assert stage.position == 4
        feed.end()
        await stage.wait(4.0)
        assert stage.position == 4
        await stage.wait(1.5)
        assert stage.position == 7


async def test_a_silent_match_is_said_to_wait(path: Path, feed: Growing) -> None:
    async with staged(path, running=running) as stage:
        await stage.wait(0.1)
        feed.grow(1)
        await stage.wait(0.5)
        await stage.wait(12)
        assert "LIVE waiting 12 s" in stage.text()


async def test_what_a_silent_match_waits_for_is_told_until_it_goes_on(path: Path, feed: Growing) -> None:
    saying = ["m waits 40 s: HTTP 429\x1b[2J"]
    async with staged(path, running=running, said=lambda path: saying[0]) as stage:
        await stage.wait(1.5)
        assert "m waits 40 s: HTTP 429␛[2J" in stage.text()
        await stage.press("comma")
        assert "m waits 40 s" not in stage.text()
        await stage.press("G")
        assert "m waits 40 s" in stage.text()
        saying[0] = ""
        await stage.wait(1.5)
        assert "m waits 40 s" not in stage.text() and "● LIVE" in stage.text()


async def test_a_recording_that_was_cut_off_says_so(path: Path, feed: Growing) -> None:
    async with staged(path) as stage:
        assert "CUT OFF" in stage.text() and "LIVE" not in stage.text()
        await stage.press("space")
        await stage.wait(0.01)
        await stage.wait(1.0)
        assert stage.position == 1


async def test_what_looked_cut_off_and_grows_is_live(path: Path, feed: Growing) -> None:
    async with staged(path) as stage:
        feed.grow(2)
        await stage.wait(0.5)
        await stage.wait(0.5)
        assert stage.position == 6 and "● LIVE" in stage.text()


async def test_a_hidden_screen_does_nothing_and_comes_back(path: Path, feed: Growing) -> None:
    async with staged(path, running=running) as stage:
        await stage.press("question_mark")
        timer = stage.screen._timer
        assert timer is not None and not timer._active.is_set()
        await stage.press("x")
        assert timer._active.is_set()


async def test_search_finds_what_came_after_it_began(path: Path, feed: Growing) -> None:
    async with staged(path, running=running) as stage:
        stage.screen.searching("of-seat-0")
        hunt = stage.screen.hunt
        assert hunt is not None
        before = len(hunt.hits(0))
        feed.grow(4)
        await stage.wait(0.5)
        assert len(hunt.hits(0)) == before + 2


def damage(path: Path) -> None:
    """Blank 400 bytes in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 400] = bytes(400)
    path.write_bytes(data)


async def test_a_damaged_file_is_told_of_in_one_line_and_stays_usable(path: Path, feed: Growing) -> None:
    feed.grow(20)
    feed.end()
    damage(path)
    async with staged(path) as stage:
        stage.screen.go(13)
        await stage.press("E", "a", "t", "t", "t", "t", "x", "v", "slash", "w", "enter")
        for position in range(25):
            stage.screen.go(position)
            await stage.pilot.pause()
        await stage.press("v", "v", "v", "g")
        assert "damaged" in stage.text() or "cannot read" in stage.text()
        assert "Traceback" not in stage.text()


async def test_a_file_that_is_no_match_is_refused(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path / "x.arena", {"kind": "something"})
    writer.append(0, 0, {"a": 1})
    writer.close({})
    with pytest.raises(UserError) as refused:
        async with staged(tmp_path / "x.arena"):
            pass
    assert refused.value.code == 4


async def test_the_file_may_vanish_under_the_screen(path: Path, feed: Growing) -> None:
    async with staged(path, running=running) as stage:
        feed.grow(1)
        shutil.move(f"{path}.part", f"{path}.away")
        await stage.wait(0.5)
        await stage.press("comma", "m", "a")
        assert stage.position in {3, 4}
