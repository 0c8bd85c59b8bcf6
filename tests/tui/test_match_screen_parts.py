"""What the match screen is made of, without a screen: pace, destinations, bookmarks, figures, wrapping, layout."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.events import Acted, Marked
from arena.text import cell_width, safe_text
from envs.errors import UserError
from envs.spec import PUBLIC, SPECTATOR
from replays import open as open_tape
from tests.tui.feeding import recorded
from tui.bookmarks import Bookmarks, beside
from tui.goto import destination
from tui.lines import Span, frame, spread, wrap
from tui.pages import thought_of
from tui.playback import Playback
from tui.screens._layout import layout
from tui.screens._painting import _thin
from tui.sheet import Cells
from tui.story import window
from tui.tally import Tally, number
from tui.vantage import Vantage, as_text

MARKS = [
    Marked(4, 0.0, "wave", "wave 1"),
    Marked(9, 0.0, "kill", "an enemy falls"),
    Marked(9, 0.0, "wave", "the second comes"),
]


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("7", 7), ("+3", 8), ("-3", 2), ("-30", 0), ("999", 20), ("50%", 10), ("12.5 %", 2), ("100%", 20), ("e1", 4), ("E3", 9),
        ("kill", 9), ("wave", 9), ("wave 1", 4), ("wave 2", 9), ("Enemy", 9), ("falls", 9),
    ],
)  # fmt: skip
def test_destinations(text: str, there: int) -> None:
    assert destination(text, 5, 20, MARKS) == there


@pytest.mark.parametrize("text", ["", "e9", "e0", "nothing", "wave 7", "%", "--1"])
def test_what_is_no_destination(text: str) -> None:
    with pytest.raises(UserError) as told:
        destination(text, 5, 20, MARKS)
    assert "\n" not in str(told.value)


@given(st.text(max_size=12), st.integers(0, 20))
def test_any_text_is_a_tick_or_one_line(text: str, position: int) -> None:
    try:
        assert 0 <= destination(text, position, 20, MARKS) <= 20
    except UserError as error:
        assert "\n" not in str(error)


class TestPlayback:
    def test_pace_and_end(self) -> None:
        play = Playback(speed=2.0)
        play.grown(3, False, 0.0)
        play.toggle()
        assert [play.advance(now) and play.position for now in (0.0, 0.5, 0.7, 1.0, 1.5)] == [False, 1, False, 2, 3]
        assert play.playing
        play.advance(2.1)
        assert not play.playing and not play.following

    def test_recorded_times(self) -> None:
        play = Playback(times=lambda tick: tick * tick)
        play.grown(5, False, 0.0)
        play.timed = True
        play.toggle()
        play.advance(0.0)
        moved = [now for now in range(1, 17) if play.advance(float(now))]
        assert moved == [1, 4, 9, 16]

    def test_a_long_pause_of_the_program_is_not_made_up_for(self) -> None:
        play = Playback(speed=10.0)
        play.grown(10_000, False, 0.0)
        play.toggle()
        play.advance(0.0)
        play.advance(100.0)
        assert play.position <= 11

    def test_bounds_of_the_speed(self) -> None:
        play = Playback(speed=1.0)
        for _ in range(40):
            play.hasten(2)
        assert play.factor == 1000
        for _ in range(80):
            play.hasten(0.5)
        assert play.factor == 0.05
        play.hasten(0)
        assert play.factor == 1

    @given(
        st.lists(
            st.tuples(st.sampled_from(["grow", "end", "play", "follow", "seek", "step", "wait"]), st.integers(-3, 9))
        )
    )
    def test_the_position_is_always_on_the_tape_and_a_follower_at_its_end(self, deeds: list[tuple[str, int]]) -> None:
        play, now, last, live = Playback(), 0.0, 0, True
        play.grown(last, live, now)
        for deed, n in deeds:
            if deed == "grow" and live:
                last += abs(n)
            elif deed == "end":
                live = False
            elif deed == "play":
                play.toggle()
            elif deed == "follow":
                play.follow()
            elif deed == "seek":
                play.seek(n)
            elif deed == "step":
                play.step(n)
            now += 0.7
            play.grown(last, live, now)
            play.advance(now)
            assert 0 <= play.position <= play.last == last
            assert not play.following or (play.position == last and live)
            assert not (play.playing and play.following)


class TestBookmarks:
    def test_they_are_kept_and_what_is_foreign_stays(self, tmp_path: Path) -> None:
        path = tmp_path / "m.arena"
        beside(path).write_text(json.dumps({"bookmarks": {"a": 1}, "comment": "mine"}))
        marks = Bookmarks(path)
        marks.put("b", 7)
        assert json.loads(beside(path).read_text()) == {
            "schema": "palaestra.notes.1", "bookmarks": {"a": 1, "b": 7}, "comment": "mine",
        }  # fmt: skip
        assert Bookmarks(tmp_path / "m.arena.part").steps == {"a": 1, "b": 7}
        assert [child.name for child in tmp_path.iterdir()] == ["m.arena.notes.json"]

    @pytest.mark.parametrize(
        "text",
        ["", "[]", "{", '{"bookmarks": 3}', '{"bookmarks": {"ab": 1}}', '{"bookmarks": {"a": -1}}', '{"bookmarks": {"a": true}}', "[" * 999]
    )  # fmt: skip
    def test_a_broken_file_is_left_alone(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "m.arena"
        beside(path).write_text(text)
        marks = Bookmarks(path)
        assert marks.trouble and "\n" not in marks.trouble and marks.steps == {}
        with pytest.raises(UserError):
            marks.put("a", 1)
        assert beside(path).read_text() == text

    def test_a_folder_that_cannot_be_written_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="cannot write"):
            Bookmarks(tmp_path / "none" / "m.arena").put("a", 1)


def test_figures_of_a_match(tmp_path: Path) -> None:
    tape = open_tape(recorded(tmp_path / "m.arena"))
    tally = Tally(tape)
    while tally.advance(most=3):
        pass
    ended = tape.ended
    assert ended is not None
    assert [tally.figures(seat, tape.last).score for seat in (0, 1)] == list(ended.scores)
    assert tally.figures(0, tape.last).decisions == (tape.last + 1) // 2
    assert tally.figures(0, tape.last).tokens == 7 * ((tape.last + 1) // 2)
    assert tally.figures(0, 2).decisions == 2
    assert (
        set(tally.values(SPECTATOR, 0)) == {0, 1} and set(tally.values(1, 0)) == {1} and tally.values(PUBLIC, 0) == {}
    )
    mine = tally.scores(0, 3)[0]
    assert len(mine) == tape.last + 1 and all(math.isnan(value) for value in mine[4:])


def test_figures_of_a_hostile_file_cost_nothing() -> None:
    assert number(10**400) is None and number(float("nan")) is None and number(True) is None and number("3") is None
    tally = Tally.__new__(Tally)
    tally._scores = [[]]
    tally._state(1 << 62, {"r": [1.0]})
    tally._state(0, {"r": "no list"})
    assert tally._scores == [[0.0]]


@pytest.mark.parametrize(
    "policy", [None, 3, "text", [3], [["a"]], [["a", "b", "c"]], [[None, None]], [["a", 1e999]], {"a": 1}]
)
def test_a_policy_that_is_none_is_no_bars(policy: object) -> None:
    thought = thought_of(Acted(0, 0.0, name="a", notes={"policy": policy, "value": policy}), None)
    assert all(isinstance(choice.name, str) for choice in thought.choices)
    assert thought.value is None or thought.value == 3


@given(st.text(), st.integers(1, 30))
def test_wrapped_lines_are_safe_and_fit(text: str, width: int) -> None:
    for line in wrap(text, width):
        assert cell_width(line) <= max(width, 2)
        assert safe_text(line) == line


@given(st.lists(st.text(max_size=20), max_size=4), st.lists(st.text(max_size=20), max_size=4), st.integers(0, 60))
def test_parts_of_a_row_never_lie_on_one_another(left: list[str], right: list[str], columns: int) -> None:
    cells = Cells.blank(columns, 1)
    spread(cells, 0, [[Span(text)] for text in left], [[Span(text)] for text in right], "standard")
    assert cells.mend().columns == columns


@given(st.integers(0, 30), st.integers(0, 9), st.text(max_size=40), st.text(max_size=40))
def test_a_frame_of_any_size_stays_whole(columns: int, rows: int, title: str, right: str) -> None:
    cells = Cells.blank(columns, rows)
    inside = frame(cells, [Span(title)], "standard", right=[Span(right)], foot=[Span(right)])
    if inside.columns:
        lines = cells.mend().lines()
        assert lines[0][0] == "╭" and lines[0][-1] == "╮" and lines[-1][0] == "╰" and lines[-1][-1] == "╯"


@given(
    st.integers(1, 250),
    st.integers(1, 80),
    st.integers(1, 12),
    st.sampled_from(["board", "seat", "events"]),
    st.booleans(),
    st.booleans(),
)
def test_a_layout_shows_the_active_part_in_the_room_there_is(
    columns: int, rows: int, seats: int, active: str, alone: bool, charts: bool
) -> None:
    found = layout(columns, rows, seats, active, seats - 1, alone, charts)
    assert found.summary or found.board or found.seats or found.events
    if not found.summary:
        assert {"board": found.board, "events": found.events, "seat": seats - 1 in found.seats}[active]
        assert found.side <= columns
        if found.seats and found.events:
            assert found.events_rows + 3 * len(found.seats) <= rows - 5


def test_the_list_has_as_many_rows_as_there_is_room_and_the_position_among_them(tmp_path: Path) -> None:
    tape = open_tape(recorded(tmp_path / "m.arena"))
    for who in (SPECTATOR, 0):
        vantage = Vantage(tape, who)
        for position in range(tape.last + 1):
            rows = window(vantage, position, position, 6)
            assert len(rows) <= 6
            assert [row.tick for row in rows] == sorted(row.tick for row in rows)
            assert position == 0 or position in {row.tick for row in rows} | {row.tick + 1 for row in rows}
            assert who == SPECTATOR or all(row.tick <= position for row in rows)


def test_of_many_marks_the_loudest_stay() -> None:
    marks = [Marked(tick, 0.0, "fault" if tick == 5001 else "round", "x") for tick in range(10_000)]
    thinned = _thin(marks, 9_999)
    assert len(thinned) <= 600 and (5001, "fault") in thinned


def test_trees_are_readable() -> None:
    assert as_text({"a": 1, "b": [[1, 2], [3, 4]], "c": {"d": b"x"}}) == 'a: 1\nb:\n  [1, 2]\n  [3, 4]\nc:\n  d: "eA=="'
