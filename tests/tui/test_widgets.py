"""Scrub bar, policy bars and line charts: what they show, what they ask for, and text that wants to harm."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from arena.text import cell_width
from tui.sheet import Cells
from tui.widgets.bars import Choice, PolicyBars, Thought, bars_cells
from tui.widgets.grid import DrawnView
from tui.widgets.scrub import ScrubBar, Track, scrub_cells, step_at
from tui.widgets.sparkline import BrailleLine, Plot, Series, line_cells

NASTY = [
    "[/]", "[/", "[red]x[/red]", "[@click=app.quit]x[/]", "[link=file:///etc/passwd]x", "\x1b]52;c;aGk=\x07",
    "\x1b[2J\x1b[6n", "\x9b31m", "\u202eabc", "\u200b" * 50, "e" + "\u0301" * 500, "日本語" * 40, "a\nb\rc\td",
    "\ud800", "\U000e0041", "", "👩‍👩‍👧 ❤️",
]  # fmt: skip
TEXT = st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=[]), max_size=30)
NUMBER = st.floats()
SIZE = st.tuples(st.integers(1, 90), st.integers(1, 9))


def assert_sound(cells: Cells, size: tuple[int, int], ascii_only: bool = False) -> None:
    assert cells.glyphs.shape == size[::-1]
    for line in cells.lines():
        assert cell_width(line) == size[0]
        assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or 0x202A <= ord(c) <= 0x202E for c in line)
        assert ascii_only is False or line.isascii()


# Scrub bar


def test_the_rail_runs_from_the_first_to_the_last_step() -> None:
    for columns in (30, 60, 200):
        for last in (0, 1, 7, 118, 100_000):
            assert step_at(Track(0, last), columns, 0) == 0
            assert step_at(Track(0, last), columns, columns - 1) == last
    first, end = (scrub_cells(Track(position, 118), 60).lines()[0] for position in (0, 118))
    assert first.split() == ["0", "●" + "─" * (len(first.split()[1]) - 1), "118"]
    assert end.split()[1] == "━" * (len(end.split()[1]) - 1) + "●"


@given(st.integers(0, 5000), st.integers(24, 200), st.data())
def test_a_click_asks_for_a_step_that_is_shown_where_the_click_was(
    last: int, columns: int, data: st.DataObject
) -> None:
    track = Track(0, last)
    rail = scrub_cells(track, columns).lines()[0]
    start = rail.index("●")
    length = rail.count("─") + 1
    x = data.draw(st.integers(start, start + length - 1))
    step = step_at(track, columns, x)
    assert 0 <= step <= last
    if last >= length:
        assert scrub_cells(Track(step, last), columns).lines()[0].index("●") == x


def test_marks_hits_and_bookmarks_stand_below_their_steps() -> None:
    track = Track(0, 100, marks=((50, "illegal"), (50, "round"), (25, "wave")), hits=(75,), bookmarks={"a": 100})
    rail, below = scrub_cells(track, 80).lines()
    start, length = rail.index("●"), rail.count("─") + 1
    assert len(below.split()) == 4
    for letter, share in (("w", 0.25), ("!", 0.5), ("*", 0.75), ("a", 1.0)):
        assert abs(below.index(letter) - start - share * (length - 1)) <= 0.5


def test_a_live_bar_says_how_far_behind_the_cursor_is() -> None:
    assert scrub_cells(Track(100, 137, live=True), 60).lines()[0].rstrip().endswith("LIVE -37")
    assert scrub_cells(Track(137, 137, live=True), 60).lines()[0].rstrip().endswith("LIVE")
    assert "LIVE" not in scrub_cells(Track(100, 137), 60).lines()[0]


@given(st.lists(st.tuples(st.integers(-9, 9**9), TEXT), max_size=5), st.dictionaries(TEXT, st.integers()), SIZE)
def test_a_scrub_bar_takes_any_marks(
    marks: list[tuple[int, str]], bookmarks: dict[str, int], size: tuple[int, int]
) -> None:
    track = Track(3, 10, True, tuple(marks), (), bookmarks)
    assert_sound(scrub_cells(track, *size), size)
    assert scrub_cells(Track(3, 10), *size, ascii_only=True).lines()[0].isascii()


# Policy bars

THOUGHT = Thought(
    [Choice("build T (4,2)", 0.61, True), Choice("upgrade #3", 0.17), Choice("wait", 0.09)], total=17, value=0.41
)


def test_bars_are_as_long_as_their_probabilities_and_name_what_is_not_shown() -> None:
    value, chosen, second, third, more = bars_cells(THOUGHT, 60, 5).lines()
    assert value.startswith("value +0.41")
    assert chosen.startswith("▶ build T (4,2)")
    assert chosen.rstrip().endswith("61%")
    assert chosen.count("█") > second.count("█") > third.count("█") > 0
    assert more.strip() == "+14 more"


def test_the_chosen_action_is_shown_even_if_it_was_unlikely() -> None:
    choices = [Choice(str(n), 0.1, chosen=n == 9) for n in range(10)]
    lines = bars_cells(Thought(choices), 40, 5).lines()
    assert [line[2] for line in lines] == ["0", "1", "2", "9", "+"]
    assert lines[-1].strip() == "+6 more"


@pytest.mark.parametrize(("value", "side"), [(0.5, 1), (-0.5, -1), (-7.0, -1)])
def test_the_gauge_grows_to_the_side_of_the_sign(value: float, side: int) -> None:
    gauge = bars_cells(Thought(THOUGHT.choices, 3, value), 60, 5).lines()[0]
    middle = gauge.index("│")
    assert all((n - middle) * side > 0 for n, c in enumerate(gauge) if c == "█")
    assert gauge.count("█") == round(min(abs(value), 1) * ((60 - 12 - 1) // 2))


@given(st.lists(st.builds(Choice, TEXT, NUMBER, st.booleans()), max_size=8), st.integers(), NUMBER, SIZE, st.booleans())
def test_bars_take_any_name_and_any_number(
    choices: list[Choice], total: int, value: float, size: tuple[int, int], ascii_only: bool
) -> None:
    assert_sound(bars_cells(Thought(choices, total, value), *size, ascii_only=ascii_only), size)


# Line charts


def dots(cells: Cells) -> np.ndarray:
    """The braille dots of a sheet, bool[4 * rows, 2 * columns]."""
    bits = np.array([[0, 3], [1, 4], [2, 5], [6, 7]])
    codes = np.where(cells.glyphs >= 0x2800, cells.glyphs - 0x2800, 0)
    lit = codes[:, None, :, None] >> bits[None, :, None, :] & 1
    return lit.reshape(4 * cells.rows, 2 * cells.columns).astype(bool)


def test_a_rising_line_rises_from_corner_to_corner_without_gaps() -> None:
    lit = dots(line_cells(Plot([Series("", range(1000))]), 30, 5))
    rows = [np.flatnonzero(lit[:, x]) for x in range(2, 60)]
    assert all(len(row) for row in rows)
    assert all(later.min() <= row.min() for row, later in pairwise(rows))
    assert lit[0, -1]
    assert lit[-1, :4].any()


def test_one_spike_in_a_long_series_is_seen() -> None:
    values = np.zeros(100_000)
    values[77_777] = 1.0
    assert dots(line_cells(Plot([Series("", values)]), 40, 4))[0, round(0.77777 * 80) - 1 :][:3].any()


def test_the_cursor_stands_at_its_step() -> None:
    lines = line_cells(Plot([Series("p", [0.0] * 101)], cursor=50), 41, 4).lines()
    assert lines[3].index("│") == 20


@given(st.lists(st.builds(Series, TEXT, st.lists(NUMBER, max_size=30)), max_size=3), st.none() | st.integers(), SIZE)
def test_charts_take_any_values(series: list[Series], cursor: int | None, size: tuple[int, int]) -> None:
    assert_sound(line_cells(Plot(series, cursor), *size), size)


# In an app

SHOWN: dict[type[DrawnView], object] = {
    ScrubBar: Track(3, 10, True, tuple((n % 10, text) for n, text in enumerate(NASTY)), (4,), dict.fromkeys(NASTY, 5)),
    PolicyBars: Thought([Choice(text, 0.1) for text in NASTY], 40, math.nan),
    BrailleLine: Plot([Series(text, [0.0, math.inf, 2.0]) for text in NASTY], 1),
}


class Panes(App[None]):
    """All drawn views, with what the scrub bar asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = list[int]()

    def compose(self) -> ComposeResult:
        yield from (kind() for kind in SHOWN)

    def on_scrub_bar_seek(self, message: ScrubBar.Seek) -> None:
        self.asked.append(message.step)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (200, 60)])
async def test_hostile_text_reaches_no_terminal_and_breaks_no_screen(size: tuple[int, int]) -> None:
    app = Panes()
    async with app.run_test(size=size) as pilot:
        for kind, what in SHOWN.items():
            app.query_one(kind).show(what)  # type: ignore[attr-defined]
        await pilot.pause()
        text = "\n".join("".join(s.text for s in line) for line in app.screen._compositor.render_strips())
        assert "[/" in text, "markup is shown, not obeyed"
        assert not {"\x1b", "\x9b", "\x07", "\u202e", "\u200b"} & set(text)


async def test_a_drag_on_the_bar_seeks_and_a_still_pointer_asks_once() -> None:
    app = Panes()
    async with app.run_test(size=(80, 24)) as pilot:
        bar = app.query_one(ScrubBar)
        bar.show(Track(0, 1000))
        await pilot.pause()
        await pilot.mouse_down(ScrubBar, offset=(0, 0))
        for x in (40, 40, 79):
            await pilot.hover(ScrubBar, offset=(x, 0))
        await pilot.mouse_up(ScrubBar, offset=(79, 0))
        await pilot.hover(ScrubBar, offset=(10, 0))
        await pilot.pause()
        assert app.asked[0] == 0
        assert app.asked[-1] == 1000
        assert len(app.asked) == 3


async def test_a_step_that_moves_nothing_on_the_screen_sends_nothing() -> None:
    app = Panes()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        bar = app.query_one(ScrubBar)
        bar.show(Track(1, 100_000))
        assert bar.push(scrub_cells(Track(1, 100_000), 80)) == []
        moved = bar.push(scrub_cells(Track(2, 100_000), 80))
        assert [(region.width, region.height) for region in moved] == [(1, 1)], "only the step's number changes"
