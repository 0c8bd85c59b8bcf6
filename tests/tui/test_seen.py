"""What somebody who looks at the screens must be able to read: who sits where, who won, which key leads back, what a chart says."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from textual.app import App, ComposeResult

import replays
from arena import background
from arena.background import said
from arena.cli import terminal
from arena.events import Acted, Ended, Seat
from envs.canvas import PALETTES
from tests.sources import ROOT
from tui.few import few_colours, nearest
from tui.keymaps import MATCH, Command
from tui.lines import Span, scrolled, spread, write
from tui.listing import played
from tui.pages import Sitting, _styled, page_text
from tui.playback import Playback
from tui.screens._layout import layout
from tui.screens._words import Scene, headline, key_words, result, status
from tui.screens.human import HUMAN
from tui.screens.keys import written
from tui.screens.leaderboard import LEADERBOARD
from tui.screens.lobby import LOBBY
from tui.screens.training import TRAINING
from tui.seat import Choice as Legal
from tui.seat_view import action_columns
from tui.seating import seat_words
from tui.sheet import Cells
from tui.tally import Tally
from tui.vantage import Vantage
from tui.widgets.bars import Choice, Thought, bars_cells
from tui.widgets.pane import KeyLine, KeyWord
from tui.widgets.rows import Column, Row, RowList
from tui.widgets.sparkline import Series, legend, span_of

GOLDEN = ROOT / "tests" / "golden"


def text(line: object) -> str:
    return "".join(span.text for span in line)  # type: ignore[attr-defined]


def golden(name: str) -> Vantage:
    return Vantage(replays.open(Path(GOLDEN / f"{name}.arena")))


def ended(vantage: Vantage) -> Ended:
    found = vantage.tape.ended
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("seats", "words"),
    [
        (["player_0 mcts", "player_1 random"], (["", ""], False)),
        (["player_0 random", "player_1 mcts", "player_2 random"], (["1", "", "3"], False)),
        (["attacker_0 mcts", "defender_0 random"], (["attacker", "defender"], True)),
        (["proposer_0 a", "solver_0 a", "solver_1 a"], (["proposer", "solver 1", "solver 2"], True)),
        (["first a", "second a"], (["first", "second"], True)),
    ],
)
def test_seats_are_told_apart(seats: list[str], words: tuple[list[str], bool]) -> None:
    assert seat_words([Seat(*each.split()) for each in seats]) == words


def test_a_seats_name_from_a_file_is_made_safe() -> None:
    words, _ = seat_words([Seat("a\x1b[2J_0", "x"), Seat("b\x9b_0", "x")])
    assert all(word.isprintable() and "\x1b" not in word for word in words)


def test_one_seat_alone_has_a_score_and_draws_with_nobody() -> None:
    vantage = golden("tower_defence")
    told = text(result(vantage, ended(vantage)))
    assert "scored" in told and "draw" not in told and "wins" not in told


def test_where_roles_are_rated_apart_nobody_wins() -> None:
    vantage = golden("arithmetic")
    told = text(result(vantage, ended(vantage)))
    assert "win" not in told and "draw" not in told
    assert all(f"{role} " in told for role in ("proposer", "solver 1", "solver 4"))


def test_of_two_winners_it_is_told_who_drew_and_each_has_its_colour() -> None:
    vantage = golden("liars_dice")
    first = ended(vantage)
    line = result(vantage, Ended(first.tick, 0.0, scores=(1.0, 1.0, -1.0), reason="played out", faults=()))
    assert "a draw between" in text(line)
    assert [span.text for span in line].count("● ") == 2


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
@pytest.mark.parametrize("name", ["connect_four", "siege", "arithmetic", "commons"])
def test_the_header_names_agents_at_every_width(name: str, columns: int) -> None:
    vantage, playback = golden(name), Playback()
    playback.grown(vantage.tape.last, False, 0.0)
    left, right = headline(Scene(vantage, playback, columns=columns))
    assert vantage.agent(0) in text(left[1])
    assert sum(len(text(part)) + 2 for part in [*left[:2], *right[:2]]) <= columns


def test_in_80_columns_a_seats_view_leaves_room_for_both_agents() -> None:
    vantage, playback = golden("leduc_poker").looking(1), Playback()
    playback.grown(vantage.tape.last, False, 0.0)
    left, right = headline(Scene(vantage, playback, columns=80))
    cells = Cells.blank(78, 1)
    spread(cells, 0, left, right, "standard")
    assert all(vantage.agent(seat) in cells.lines()[0] for seat in (0, 1)) and "seat 1's view" in cells.lines()[0]


def test_the_keys_back_and_help_are_shown_before_all_others() -> None:
    line = KeyLine()
    line.words = [
        KeyWord(key, word, "")
        for key, word in zip("abcdqh", ["one", "two", "three", "four", "back", "help"], strict=True)
    ]
    for columns in range(20, 70):
        placed = [word.word for _, _, word in line._placed(columns)]
        assert placed[-2:] == ["back", "help"]
        ends = [x + len(text(shown)) for x, shown, _ in line._placed(columns)]
        assert ends[-1] <= columns


def test_who_follows_a_live_match_is_offered_no_key_to_do_so() -> None:
    vantage, playback = golden("connect_four"), Playback()
    playback.grown(3, True, 0.0)
    playback.follow()
    assert "last" not in dict(key_words(Scene(vantage, playback)))
    playback.seek(1)
    assert "last" in dict(key_words(Scene(vantage, playback)))


def test_a_chart_says_what_its_lines_are_worth_at_the_cursor() -> None:
    series = [Series("MCTS", [0.0, 1.0, 2.0]), Series("Scripted", [0.0, -1.0])]
    assert text(legend(series, 1, 60)) == "─ MCTS: +1  ─ Scripted: -1"
    assert text(legend(series, 2, 60)) == "─ MCTS: +2  ─ Scripted: -1"
    assert text(legend(series, 1, 12)) == "─ +1  ─ -1"
    assert text(legend(series, 0, 60, ascii_only=True)) == "* MCTS: 0  o Scripted: 0"
    assert span_of([Series("x", [3.0, 3.0])]) == "3"
    assert span_of(series) == "-1 to 2" and span_of([Series("x", [float("nan")])]) == ""


def test_long_names_of_actions_are_told_apart_and_short_ones_leave_the_bars_where_they_were() -> None:
    long = [Choice(f"search Draniol about {each}", 0.5) for each in ("employer", "land")]
    told = bars_cells(Thought(long), 46, 2).lines()
    assert "employer" in told[0] and "land" in told[1]
    short = bars_cells(Thought([Choice("bet", 1.0, True)]), 46, 1).lines()[0]
    assert short.index("█") == 2 + 46 * 2 // 5 + 1


def test_text_that_goes_on_says_so() -> None:
    lines = [[Span(f"line {n}")] for n in range(10)]
    cells, furthest = scrolled(lines, 30, 4, 0, "standard")
    assert furthest == 6 and cells.lines()[-1].strip() == "↓ 7 more lines"
    cells, _ = scrolled(lines, 30, 4, 6, "standard")
    assert cells.lines()[-1].strip() == "line 9"
    assert scrolled(lines[:4], 30, 4, 0, "standard")[0].lines()[-1].strip() == "line 3"


@pytest.mark.parametrize(
    ("line", "heading"),
    [
        ("state:", True),
        ("says to MCTS:", True),
        ("You are the proposer. The passage:", False),
        ("- Dorian Base > Glade:", False),
    ],
)
def test_only_headings_stand_out(line: str, heading: bool) -> None:
    assert (_styled(line, None)[0].colour == "accent") is heading


def test_an_idle_seat_is_not_said_never_to_have_moved() -> None:
    """The attacker of a siege acts once a wave: hundreds of steps may lie between."""
    vantage = golden("siege")
    ticks = [act.tick for tick in range(vantage.tape.last) for act in vantage.acts(tick, tick) if act.seat == 1]
    before, after = max(pairwise(ticks), key=lambda pair: pair[1] - pair[0])
    assert after - before > 64
    found = vantage.latest(1, vantage.moment(after - 1))
    assert isinstance(found, Acted) and found.tick == before


def test_many_seats_leave_half_of_the_side_to_the_events() -> None:
    assert layout(120, 40, 8, "board", 0, False, True).events_rows == 17
    assert layout(120, 40, 2, "board", 0, False, True).events_rows == 11
    assert layout(80, 24, 8, "board", 0, False, False).events_rows == 6


def test_foreign_games_are_listed_by_their_own_names() -> None:
    assert played("pettingzoo:pettingzoo.classic.chess_v6") == "chess_v6"
    assert played("gymnasium:CartPole-v1") == "CartPole-v1"
    assert played("mine.py:game") == "game" and played("connect_four") == "connect_four" and played("") == "?"


def test_actions_have_all_the_room_where_they_have_no_second_name() -> None:
    plain = [Legal(1, "guess Summit Zone", "guess Summit Zone"), Legal(2, "pass", "pass")]
    assert [column.width for column in action_columns(plain)] == [3, 0]
    both = [Legal(1, "b", "bet one chip"), Legal(2, "f", "fold")]
    assert [column.width for column in action_columns(both)] == [3, 1, 0]


def test_what_a_starting_match_says_is_read_from_beside_its_recording(tmp_path: Path) -> None:
    path = tmp_path / "m.arena.part"
    assert said(path) == ""
    (tmp_path / "m.log").write_text("palaestra: compiling the rules of x once\nTraceback\n")
    assert said(path) == said(tmp_path / "m.arena") == "compiling the rules of x once"
    path.touch()
    os.utime(tmp_path / "m.log", ns=(0, path.stat().st_mtime_ns))
    assert said(path) == "compiling the rules of x once"
    os.utime(tmp_path / "m.log", ns=(0, path.stat().st_mtime_ns - 1))
    assert said(path) == ""  # the match has gone on since


def test_a_match_that_has_not_moved_says_what_it_is_doing() -> None:
    vantage, playback = golden("connect_four").looking(0), Playback()  # who is not the spectator knows no end yet
    playback.grown(0, True, 0.0)
    playback.follow()
    assert "compiling" in text(status(Scene(vantage, playback, said="compiling the rules"))[0][0])
    assert "waiting 3 s" in text(headline(Scene(vantage, playback, waited=3.2))[1][1])


@pytest.mark.parametrize("table", [MATCH, LOBBY, HUMAN, TRAINING, LEADERBOARD])
def test_every_key_is_explained_in_a_line_that_fits_80_columns(table: Sequence[Command]) -> None:
    for command in table:
        assert len(written(command.keys)) <= 12 and len(command.help) <= 58, command
        assert len(written(command.keys)) + 2 + len(command.help) <= 72


def test_on_256_colours_a_board_stays_blue_and_greys_stay_grey() -> None:
    assert nearest((38, 70, 120)) in [(0, 95, 135), (68, 68, 68), (58, 58, 58), (95, 95, 135)]
    assert all(
        max(nearest(grey)) - min(nearest(grey)) == 0
        for grey in ((60, 60, 60), (130, 131, 132), (226, 226, 226), (16, 20, 28))
    )
    for colour in PALETTES["standard"].values():
        assert sum(abs(a - b) for a, b in zip(colour, nearest(colour), strict=True)) < 110
    assert few_colours({"TERM": "xterm-256color"}) and few_colours({"TERM": "tmux-256color", "COLORTERM": ""})
    assert not few_colours({"TERM": "xterm-256color", "COLORTERM": "truecolor"}) and not few_colours({"TERM": "xterm"})


def test_a_row_of_parts_is_filled_to_its_last_cell() -> None:
    cells = Cells.blank(11, 1)
    spread(cells, 0, [[Span("abc")], [Span("de")]], [[Span("fg")]], "standard")
    assert cells.lines() == ["abc  de  fg"]


async def test_the_cursor_of_a_list_is_more_than_a_colour() -> None:
    class One(App[None]):
        def compose(self) -> ComposeResult:
            yield RowList((Column(""),), head=False, title="x")

    async with One().run_test(size=(20, 6)) as pilot:
        rows = pilot.app.query_one(RowList)
        rows.show([Row("a", ([Span("first")],)), Row("b", ([Span("second")],))])
        pilot.app.set_focus(rows)
        await pilot.press("down")
        lines = rows.sheet(20, 6).lines()
        assert "▸second" in lines[2] and "▸" not in lines[1]


def test_a_terminal_that_cannot_place_a_cursor_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert terminal.draws()
    monkeypatch.setenv("TERM", "dumb")
    assert not terminal.draws()


def test_where_colour_must_not_be_the_only_signal_dots_are_the_letters_of_the_board() -> None:
    line = [Span("● ", "seat0"), Span("MCTS v "), Span("● ", "seat1"), Span("Scripted"), Span(" ● ended", "muted")]
    shown = {}
    for palette in ("standard", "colour-blind"):
        cells = Cells.blank(30, 1)
        write(cells, 0, 0, line, palette)
        shown[palette] = cells.lines()[0].rstrip()
    assert shown == {"standard": "● MCTS v ● Scripted ● ended", "colour-blind": "X MCTS v O Scripted ● ended"}


def test_who_starts_a_match_is_told_that_its_rules_are_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process stands still; its log and then its recording appear while `start` waits."""

    class Child:
        def poll(self) -> None:
            return None

    def popen(command: list[str], **options: Any) -> Child:
        found.append(Path(json.loads(command[-1])["record"]))
        return Child()

    def sleep(seconds: float) -> None:
        done = len(told) + 1
        found[0].with_suffix(".log").write_text("a warning\npalaestra: compiling the rules of x once\nanother\n")
        if done > 1:
            Path(f"{found[0]}.part").touch()

    found: list[Path] = []
    told: list[str] = []
    monkeypatch.setattr(background.subprocess, "Popen", popen)
    monkeypatch.setattr(background, "_children", [])
    path = background.start("x", ["a"], runs=tmp_path, clock=lambda: 0.0, sleep=sleep, tell=told.append)
    assert told == ["compiling the rules of x once"] and path == found[0]


def test_notes_that_are_hidden_are_not_said_not_to_be_there() -> None:
    vantage = golden("liars_dice").looking(0)
    moment = vantage.moment(vantage.tape.last - 1)
    hidden = Sitting(vantage, moment, 1, None, Tally(vantage.tape))
    assert page_text("notes", hidden).startswith("Hidden") and page_text("policy", hidden).startswith("Hidden")
