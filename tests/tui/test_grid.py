"""The board's view: changed spans add up to the whole picture, cost few bytes, and the mouse speaks in units."""

from __future__ import annotations

import re

import numpy as np
import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.geometry import Region

from envs.canvas import Canvas
from tests.tui.boards import BOARDS, chequered
from tests.tui.pty_board import COLUMNS, ROWS, drawing, measure
from tui.cells import paint
from tui.sheet import TAIL, Cells, colour, look
from tui.widgets.grid import CellsView, GridView

RED, BLUE = colour((200, 40, 40)), colour((40, 40, 200))
BYTES_A_FRAME = 6_700  # the moving board of the terminal study; a full frame of 120 x 40 is about ten times that


class Glass:
    """What a terminal shows after it was sent some regions of a view."""

    def __init__(self, columns: int, rows: int) -> None:
        self.cells: list[list[tuple[str, object]]] = [[("?", None)] * columns for _ in range(rows)]

    def receive(self, view: CellsView, regions: list[Region]) -> None:
        for region in regions:
            for y in range(region.y, region.bottom):
                strip = view.row(y).crop(region.x, region.right)
                self.cells[y][region.x : region.right] = spread(list(strip))


def spread(segments: list[Segment]) -> list[tuple[str, object]]:
    """One entry a cell; the second cell of a wide character is empty."""
    cells: list[tuple[str, object]] = []
    for text, style, _ in segments:
        for character in text:
            cells += [(character, style)] + [("", style)] * (Segment(character).cell_length - 1)
    return cells


@st.composite
def frames(draw: st.DrawFn) -> list[Cells]:
    """Up to six sheets of one size; from each to the next any part may change."""
    columns, rows = draw(st.integers(1, 40)), draw(st.integers(1, 6))
    sheets = []
    for _ in range(draw(st.integers(1, 6))):
        glyphs = draw(arrays.arrays(np.uint32, (rows, columns), elements=st.sampled_from([32, 65, 0x2580, 0x25CF])))
        styles = draw(
            arrays.arrays(np.int32, (rows, columns), elements=st.sampled_from([0, look(RED, BLUE), look(BLUE, RED)]))
        )
        cells = Cells(glyphs, styles)
        for _ in range(draw(st.integers(0, 3))):
            cells.write(draw(st.integers(-3, columns)), draw(st.integers(0, rows - 1)), draw(WORDS), look(RED, RED))
        sheets.append(cells.mend())
    return sheets


WORDS = st.sampled_from(["日本", "é", "word", "語", "x日x"])


@given(frames())
def test_changed_spans_add_up_to_the_whole_frame(sheets: list[Cells]) -> None:
    view, glass = CellsView(), Glass(sheets[0].columns, sheets[0].rows)
    for cells in sheets:
        regions = view.push(cells)
        glass.receive(view, regions)
        whole = CellsView()
        whole.push(cells)
        assert glass.cells == [spread(list(strip)) for strip in map(whole.row, range(cells.rows))]
        assert view.push(cells) == []


def test_only_changed_spans_are_sent_and_equal_rows_share_a_strip() -> None:
    view, cells = CellsView(), Cells.blank(40, 10)
    view.push(cells)
    assert len({id(view.row(y)) for y in range(10)}) == 1
    moved = Cells.blank(40, 10)
    moved.write(3, 4, "ab")
    moved.write(30, 4, "c")
    moved.write(0, 9, "d")
    assert view.push(moved) == [Region(3, 4, 2, 1), Region(30, 4, 1, 1), Region(0, 9, 1, 1)]
    assert view.push(Cells.blank(20, 5)) == [Region(0, 0, 20, 5)]


def test_a_sheet_with_control_codes_shows_none() -> None:
    cells = Cells.blank(8, 1)
    cells.glyphs[0, :5] = [0x1B, 0x9B, 0x7F, 7, 13]
    view = CellsView()
    view.push(cells)
    assert view.row(0).text == "\ufffd" * 5 + "   "
    assert TAIL not in view._codes & 0xFFFFFFFF


class Board(App[None]):
    """An app that repaints its board when told to, as screens do, and keeps what the board says."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__()
        self.canvas, self.said = canvas, list[object]()

    def compose(self) -> ComposeResult:
        yield GridView()

    def on_cells_view_resized(self, message: CellsView.Resized) -> None:
        message.view.push(paint(self.canvas, message.columns, message.rows))

    def on_grid_view_clicked(self, message: GridView.Clicked) -> None:
        self.said.append((int(message.x), int(message.y), message.button))

    def on_grid_view_hovered(self, message: GridView.Hovered) -> None:
        self.said.append(message.unit)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("board", BOARDS)
async def test_the_screen_shows_what_was_painted_at_every_size(board: str, size: tuple[int, int]) -> None:
    app = Board(BOARDS[board]())
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert screen_lines(app) == paint(app.canvas, *size).lines()


def screen_lines(app: App[None]) -> list[str]:
    return ["".join(s.text for s in line) for line in app.screen._compositor.render_strips()]


async def test_a_click_and_the_pointer_speak_in_units() -> None:
    app = Board(chequered())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        fit = app.query_one(GridView)._fit
        assert fit is not None
        for unit in [(0, 0), (7, 7), (3, 5)]:
            await pilot.click(offset=fit.cell(unit[0] + 0.5, unit[1] + 0.5))
            assert app.said[-1] == (*unit, 1)
        await pilot.hover(offset=fit.cell(2.2, 1.2))
        await pilot.hover(offset=fit.cell(2.7, 1.7))
        await pilot.hover(offset=(0, 0))
        await pilot.pause()
        assert app.said[-2:] == [(2, 1), None]
        await pilot.click(offset=(0, 0))
        assert app.said[-1] is None


async def test_a_resized_terminal_gets_a_new_sheet() -> None:
    app = Board(chequered())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert screen_lines(app) == paint(app.canvas, 120, 40).lines()


def test_a_real_terminal_ends_on_the_last_frame_within_the_byte_budget() -> None:
    """Half a second of frames through a pty: what a terminal emulator then shows is the painted board."""
    frames = 30
    _, few = measure(2, 60)
    _, sent = measure(frames, 60)
    assert 100 < (len(sent) - len(few)) / (frames - 2) < BYTES_A_FRAME
    screen = pyte.Screen(COLUMNS, ROWS)
    assert b"\x1b]52" not in sent
    assert b"aGk=\x07" not in sent
    assert "\x9b" not in sent.decode()
    assert "[/][@click=app.quit]x" in sent.decode()
    # The alternate screen is left at the end and its content forgotten; the picture is what stood before. The
    # emulator does not know the keyboard protocol's sequences.
    pyte.ByteStream(screen).feed(re.sub(rb"\x1b\[[<>=][0-9;]*u", b"", sent[: sent.rindex(b"\x1b[?1049l")]))
    assert screen.display == paint(drawing(frames), COLUMNS, ROWS).lines()
