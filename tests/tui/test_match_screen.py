"""The match screen over a finished recording: every key, every size, what is said where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from arena.settings import Keys, Settings
from envs.errors import UserError
from replays import open as open_tape
from tests.tui.feeding import recorded
from tests.tui.stage import staged
from tui.keymaps import MATCH, PRESET_KEYS
from tui.pages import PAGES
from tui.screens.keys import KeysScreen
from tui.screens.match import MatchScreen
from tui.written import WRITTEN


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A match of some ten moves or more that somebody wins."""
    return recorded(tmp_path_factory.mktemp("runs") / "m.arena")


@pytest.fixture
def last(path: Path) -> int:
    return open_tape(path).last


async def test_a_recording_plays_from_its_start_at_one_move_a_second(path: Path) -> None:
    async with staged(path) as stage:
        assert stage.position == 0
        assert "▶ 1.0x" in stage.text() and "RECORDED" in stage.text()
        await stage.wait(0.01)
        await stage.wait(1.0)
        assert stage.position == 1
        await stage.press("right_curly_bracket")
        await stage.wait(0.01)
        await stage.wait(1.0)
        assert stage.position == 3
        assert "▶ 2.0x" in stage.text()


async def test_playing_stops_at_the_end_with_the_result_and_begins_again(path: Path, last: int) -> None:
    async with staged(path) as stage:
        await stage.press("G")
        assert stage.position == last
        assert "wins" in stage.text()
        await stage.press("space")
        assert stage.position == 0 and stage.screen.playback.playing


STEPS = [
    (["full_stop"], lambda last: 1),
    (["full_stop", "full_stop", "comma"], lambda last: 1),
    (["space", "right", "right", "left"], lambda last: 1),
    (["right"], lambda last: min(10, last)),  # ten moves while it plays
    (["shift+right"], lambda last: max(last // 10, 1)),
    (["5"], lambda last: round(last / 2)),
    (["5", "shift+left"], lambda last: round(last / 2) - max(last // 10, 1)),
    (["9"], lambda last: round(last * 0.9)),
    (["G"], lambda last: last),
    (["end"], lambda last: last),
    (["end", "home"], lambda last: 0),
    (["9", "g"], lambda last: 0),
    (["e"], lambda last: last),  # the only mark of the game is its end
    (["G", "E"], lambda last: last),  # and there is none before it
    (["colon", "4", "enter"], lambda last: 4),
    (["colon", "5", "0", "percent_sign", "enter"], lambda last: round(last / 2)),
    (["colon", "w", "i", "n", "enter"], lambda last: last),
    (["colon", "e", "1", "enter"], lambda last: last),
    (["full_stop", "colon", "plus", "2", "enter"], lambda last: 3),
    (["colon", "9", "escape"], lambda last: 0),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "there"), STEPS)
async def test_keys_that_go_somewhere(path: Path, last: int, keys: list[str], there: Any) -> None:
    async with staged(path) as stage:
        await stage.press(*keys)
        assert stage.position == there(last)
        assert f"step {stage.position:>{len(str(last))}} / {last}" in stage.text()


async def test_speed_keys(path: Path) -> None:
    async with staged(path) as stage:
        play = stage.screen.playback
        await stage.press("right_square_bracket")
        assert play.factor == pytest.approx(1.1)
        await stage.press("left_square_bracket")
        assert play.factor == pytest.approx(1.0)
        await stage.press("left_curly_bracket")
        assert play.factor == pytest.approx(0.5)
        await stage.press("backspace")
        assert play.factor == 1.0
        await stage.press("p")
        assert play.timed


async def test_an_unknown_event_is_told_in_one_line_and_nothing_moves(path: Path) -> None:
    async with staged(path) as stage:
        await stage.press("space", "colon", "x", "y", "enter")
        assert stage.position == 0
        assert "no event 'xy'; kinds are" in stage.text()
        await stage.press("full_stop")
        assert "no event" not in stage.text()


async def test_search_goes_from_hit_to_hit_and_round(path: Path, last: int) -> None:
    async with staged(path) as stage:
        await stage.press("space", "slash", *"reason-of-seat-1", "enter")
        assert stage.screen.hunt is not None
        hits = stage.screen.hunt.hits(0)
        assert hits == list(range(1, last, 2))
        assert stage.position == 1
        assert f"{len(hits)} hits" in stage.text()
        await stage.press("n")
        assert stage.position == 3
        await stage.press("N", "N")
        assert stage.position == hits[-1]
        await stage.press("slash", "enter")
        assert stage.screen.hunt is None


async def test_a_pattern_that_is_no_expression_is_looked_for_as_text(path: Path) -> None:
    async with staged(path) as stage:
        await stage.press("slash", *"[column", "enter")
        assert "no hit for “[column”" in stage.text()


async def test_bookmarks_are_kept_beside_the_recording(path: Path) -> None:
    async with staged(path) as stage:
        await stage.press("space", "full_stop", "full_stop", "full_stop", "m", "b")
        await stage.press("g", "apostrophe", "b")
        assert stage.position == 3
        await stage.press("apostrophe", "z")
        assert "no bookmark z" in stage.text()
        await stage.press("m", "4")
        assert "a bookmark is a letter" in stage.text() and stage.position == 3
    notes = path.with_name("m.arena.notes.json")
    assert json.loads(notes.read_text())["bookmarks"] == {"b": 3}
    async with staged(path) as stage:
        await stage.press("apostrophe", "b")
        assert stage.position == 3
    notes.unlink()


async def test_a_broken_file_of_bookmarks_is_told_of_and_left_alone(path: Path) -> None:
    notes = path.with_name("m.arena.notes.json")
    notes.write_text("{not json")
    async with staged(path) as stage:
        assert "is no file of bookmarks" in stage.text()
        await stage.press("m", "a")
        assert "is no file of bookmarks" in stage.text()
    assert notes.read_text() == "{not json"
    notes.unlink()


async def test_panes_pages_zoom_and_charts(path: Path) -> None:
    async with staged(path) as stage:
        screen = stage.screen
        await stage.press("space", "full_stop", "a")
        assert screen.active == "seat 0"
        for page in (*PAGES[1:], *WRITTEN, PAGES[0]):
            await stage.press("t")
            assert screen.painting.pages[0] == page
        await stage.press("tab")
        assert screen.active == "seat 1"
        await stage.press("A", "shift+tab", "shift+tab")
        assert screen.active == "events"
        await stage.press("z")
        assert not screen.query_one("#board").display and screen.query_one("#events").display
        await stage.press("escape")
        assert screen.query_one("#board").display
        shown = screen.query_one("#charts").display
        await stage.press("x")
        assert screen.query_one("#charts").display != shown


async def test_each_page_shows_what_it_is_for(path: Path) -> None:
    wanted = {
        "policy": "something else",
        "sees": "You are X",
        "notes": "prompt-of-seat-0",
        "raw": "action:",
        "stats": "decisions",
    }
    async with staged(path) as stage:
        await stage.press("space", "full_stop", "full_stop", "a")
        for page in PAGES:
            assert wanted[page] in stage.text(), page
            await stage.press("t")


async def test_the_event_list_scrolls_and_its_rows_can_be_clicked(path: Path, last: int) -> None:
    async with staged(path, size=(100, 24)) as stage:
        await stage.press("space", "A", "down")
        assert stage.screen.painting.anchor == 3
        await stage.press("up")
        assert stage.screen.painting.anchor is None
        events = stage.screen.query_one("#events")
        row = next(n for n, row in enumerate(stage.screen.painting.rows) if row.tick == 2)
        await stage.pilot.click(events, offset=(6, row + 1))
        assert stage.position == 2


async def test_the_bar_and_the_key_line_can_be_clicked(path: Path, last: int) -> None:
    async with staged(path) as stage:
        await stage.pilot.click(stage.screen.query_one("#scrub"), offset=(60, 0))
        assert 0 < stage.position < last
        assert not stage.screen.playback.playing
        await stage.pilot.click(stage.screen.query_one("#keys"), offset=(2, 0))
        assert stage.screen.playback.playing


async def test_views_in_turn(path: Path) -> None:
    async with staged(path) as stage:
        seen = []
        for _ in range(4):
            await stage.press("v")
            seen.append(stage.screen.vantage.who)
        assert seen == [0, 1, -2, -1]
        await stage.press("v")
        assert "seat 0's view" in stage.text()


async def test_copy_and_screenshot(path: Path) -> None:
    async with staged(path) as stage:
        await stage.press("space", "full_stop", "y")
        assert stage.screen.app.clipboard.startswith("step 1\n1 2 3 4 5 6 7")
        await stage.press("a", "y")
        assert "reason-of-seat-0" in stage.screen.app.clipboard
        await stage.press("s")
        picture = path.with_name("m.arena.step1.svg")
        assert picture.read_text().startswith("<svg")
        picture.unlink()


async def test_help_lists_every_command_and_the_palette_offers_it(path: Path) -> None:
    async with staged(path, size=(120, 60)) as stage:
        await stage.press("question_mark")
        assert isinstance(stage.screen.app.screen, KeysScreen)
        text = stage.text()
        assert all(command.help in text for command in MATCH if not command.id.startswith("jump-"))
        await stage.press("x")
        assert stage.screen.app.screen is stage.screen
        offered = {
            command.help.partition(". Key: ")[0] for command in stage.screen.app.get_system_commands(stage.screen)
        }
        assert {command.help for command in MATCH if not command.id.startswith("jump-")} < offered


async def test_every_command_has_its_own_key() -> None:
    keys = [key for command in MATCH for key in command.keys.split(",")]
    assert len(keys) == len(set(keys))
    assert all(ident in {command.id for command in MATCH} for preset in PRESET_KEYS.values() for ident in preset)


async def test_presets_and_single_bindings(path: Path) -> None:
    async with staged(path, settings=Settings(keys=Keys("vim", {"follow": "w"}))) as stage:
        await stage.press("space", "l", "l", "h")
        assert stage.position == 1
        await stage.press("w")
        assert stage.position == stage.screen.playback.last
    async with staged(path, settings=Settings(keys=Keys("asciinema", {}))) as stage:
        await stage.press("space", "right_square_bracket")
        assert stage.position == stage.screen.playback.last


async def test_leaving(path: Path) -> None:
    async with staged(path) as stage:
        await stage.press("colon")
        assert stage.screen.asking
        await stage.press("q")
        assert stage.screen.query_one(Input).value == "q"
        await stage.press("escape")
        assert not stage.screen.asking and stage.screen.app.is_running
        await stage.press("q")
        assert stage.screen.app.return_code == 0


SIZES = {"connect_four": slice(None), "kuhn_poker": slice(2, 8, 2), "liars_dice?seats=5": slice(2, 8, 3)}
ALL_SIZES = [(20, 5), (59, 19), (60, 20), (79, 24), (80, 24), (100, 30), (119, 40), (120, 40), (200, 60)]


@pytest.mark.parametrize("name", SIZES)
async def test_every_size_shows_the_step_and_nothing_is_cut_off(tmp_path: Path, name: str) -> None:
    recording = recorded(tmp_path / "m.arena", name)
    async with staged(recording) as stage:
        for columns, rows in ALL_SIZES[SIZES[name]]:
            await stage.pilot.resize_terminal(columns, rows)
            for _ in range(len(stage.screen.parts)):
                await stage.press("a")
                lines = stage.text().split("\n")
                assert len(lines) == rows
                assert all(len(line) <= columns for line in lines)
                assert columns < 40 or "step" in lines[0]


async def test_a_small_terminal_gets_words(path: Path) -> None:
    async with staged(path, size=(50, 16)) as stage:
        assert "1 2 3 4 5 6 7" in stage.text() and "in words" in stage.text()
        await stage.pilot.resize_terminal(120, 40)
        await stage.pilot.pause()
        assert "▀" in stage.text() and "in words" not in stage.text()


async def test_a_tape_of_other_rules_is_shown_as_fields(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "replays.tape.installed", lambda started, secret: (None, "other rules: connect_four has changed")
    )
    async with staged(path) as stage:
        assert "other rules: connect_four has changed" in stage.text()
        assert "height: [0, 0, 0, 0, 0, 0, 0]" in stage.text()
        await stage.press("a", "t", "t", "t", "v")
        assert "Without the rules nobody can tell" in stage.text()


def test_mistakes_are_told_before_a_screen_is_made(tmp_path: Path, path: Path) -> None:
    with pytest.raises(UserError) as missing:
        MatchScreen(tmp_path / "none.arena")
    assert missing.value.code == 3
    with pytest.raises(UserError, match="there is no seat 9"):
        MatchScreen(path, who=9)
