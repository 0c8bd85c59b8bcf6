"""The painter: sizes, alignment, round discs, words, seats without colour, and drawings of strangers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from arena.text import cell_width
from envs.canvas import PALETTES, Canvas
from tests.tui.boards import BOARDS, card_table, chequered, connect_four
from tui.cells import Mode, paint, plain, to_unit
from tui.letters import GLYPHS, LETTERS
from tui.picture import cells_png
from tui.sheet import Cells, Fit, colour, legible, look_of, mix

SIZES = [(60, 20), (80, 24), (120, 40), (200, 60)]
MODES: list[Mode] = ["halfblock", "ascii"]


def ground(cells: Cells, x: int, y: int) -> tuple[int, int, int] | None:
    return look_of(int(cells.styles[y, x])).background


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("palette", PALETTES)
def test_every_board_fills_its_sheet_with_printable_cells(
    board: str, size: tuple[int, int], mode: Mode, palette: str
) -> None:
    cells = paint(BOARDS[board](), *size, palette=palette, mode=mode)
    assert cells.glyphs.shape == cells.styles.shape == size[::-1]
    assert all(cell_width(line) == size[0] for line in cells.lines())
    assert all(line.isprintable() and (mode == "halfblock" or line.isascii()) for line in cells.lines())


@pytest.mark.parametrize("size", SIZES)
def test_a_unit_is_whole_cells_and_the_board_is_as_large_and_central_as_that_allows(size: tuple[int, int]) -> None:
    fit = Fit.within(7, 7, *size)
    rows_a_unit = fit.scale / 2
    assert rows_a_unit == int(rows_a_unit)
    assert 7 * rows_a_unit <= size[1] < 7 * (rows_a_unit + 1)
    assert abs(fit.left * 2 + 7 * fit.scale - size[0]) <= 1
    assert abs(fit.top + 7 * rows_a_unit - size[1]) <= 2


@pytest.mark.parametrize("size", SIZES)
def test_a_map_fills_what_it_is_given_but_for_a_quarter_of_a_pixel_a_unit(size: tuple[int, int]) -> None:
    canvas = Canvas(16, 18)
    canvas.size(16, 18, whole=False)
    fit, exact = Fit.of(canvas, *size), min(size[0] / 16, 2 * size[1] / 18)
    assert exact - 0.25 < fit.scale <= exact
    assert legible(canvas, *size) == (exact >= 1.5)
    assert fit.cell(0.01, 0.01) == (fit.left, fit.top // 2)


@pytest.mark.parametrize("rows", [14, 21, 28, 42])
def test_all_discs_are_alike_and_as_round_as_they_are_wide(rows: int) -> None:
    canvas = Canvas(7, 7)
    for cell in range(49):
        canvas.disc(cell % 7 + 0.5, cell // 7 + 0.5, 0.4, "seat0")
    cells, unit = paint(canvas, rows * 2, rows), rows // 7
    pixels = pixel_rows(cells)
    first = pixels[: 2 * unit, : 2 * unit]
    assert (pixels.reshape(7, 2 * unit, 7, 2 * unit).swapaxes(1, 2) == first).all()
    assert (first == first.T).all()
    assert (first == first[::-1]).all()
    red = colour(PALETTES["standard"]["seat0"])
    assert (first == red).sum() < (first.shape[0] - 1) ** 2, "corners are not filled"
    assert first[unit, unit] == red


def pixel_rows(cells: Cells) -> np.ndarray:
    """The colours of half cells, upper and lower."""
    upper = np.where(cells.glyphs == ord("▀"), cells.styles & 0xFFF, cells.styles >> 12 & 0xFFF)
    return np.stack([upper, cells.styles >> 12 & 0xFFF], axis=1).reshape(-1, cells.columns)


def test_discs_of_one_row_are_characters() -> None:
    cells = paint(connect_four(), 14, 7)
    assert "".join(cells.lines()).count("●") == 42
    top = cells.lines()[0]
    assert [c for c in top if c != " "] == list("1234567")


def test_under_one_row_a_unit_the_board_is_a_map_of_pixels() -> None:
    cells = paint(chequered(), 8, 4)
    assert set("".join(cells.lines())) <= {" ", "▀"} | set("KQ")
    assert paint(chequered(), 3, 1).glyphs.shape == (1, 3)


def test_words_lie_on_the_colour_below_them_and_later_surfaces_hide_them() -> None:
    canvas = Canvas(4, 2)
    canvas.rect(0, 0, 4, 2, "board")
    canvas.text(2, 0.6, "over")
    canvas.text(2, 1.6, "under")
    canvas.rect(0, 1, 4, 1, "grass")
    cells = paint(canvas, 24, 6)
    text = "\n".join(cells.lines())
    assert "over" in text
    assert "under" not in text
    x = cells.lines()[1].index("over")
    assert ground(cells, x, 1) == PALETTES["standard"]["board"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [(80, 24), (14, 7)])
def test_colour_is_never_the_only_signal_between_seats(mode: Mode, size: tuple[int, int]) -> None:
    pictures = []
    for seat in range(8):
        canvas = Canvas(7, 7)
        canvas.disc(3.5, 3.5, 0.4, f"seat{seat}")
        pictures.append(paint(canvas, *size, palette="colour-blind", mode=mode).lines())
    assert len({tuple(picture) for picture in pictures}) == 8


def test_figures_tell_their_seat_by_case() -> None:
    text = plain(chequered())
    assert "K" in text
    assert "q" in text
    assert len(set(GLYPHS)) == len(set(LETTERS)) == 8


def test_plain_shows_the_board_and_all_words() -> None:
    assert plain(connect_four()).splitlines()[-1] == "O X X O . X O"
    words = plain(card_table())
    assert words.isascii()
    for word in ("Leduc poker", "Kh", "Qs", "pot 14", "you: 12", "Zoe ??: 8"):
        assert word in words


@given(st.integers(1, 30), st.integers(1, 30), st.integers(20, 200), st.integers(10, 60), st.data())
def test_clicks_come_back_to_the_unit_that_was_painted(
    width: int, height: int, columns: int, rows: int, data: st.DataObject
) -> None:
    canvas = Canvas(width, height)
    fit = Fit.within(width, height, columns, rows)
    if fit.scale < 2:
        return
    ux, uy = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    x, y = fit.cell(ux + 0.5, uy + 0.5)
    assert 0 <= x < columns
    assert 0 <= y < rows
    back = to_unit(canvas, columns, rows, x, y)
    assert (math.floor(back[0]), math.floor(back[1])) == (ux, uy)
    assert fit.covers(*back)


def test_the_unit_under_a_cell_has_the_colour_that_was_painted_there() -> None:
    canvas = chequered()
    canvas.verbs = [verb for verb in canvas.verbs if verb[0] == "rect"]
    cells = paint(canvas, 80, 24)
    for y in range(24):
        for x in range(80):
            ux, uy = to_unit(canvas, 80, 24, x, y)
            name = "background"
            if 0 <= ux < 8 and 0 <= uy < 8:
                name = "dark" if (int(ux) + int(uy)) % 2 else "light"
            assert ground(cells, x, y) == PALETTES["standard"][name]


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(exclude_categories=[])),
    st.binary(), st.sampled_from(["seat0", "board", "centre", 10**400, 1e300, "\x1b[2J", [], {}, "日本語"]),
)  # fmt: skip
NAMES = st.sampled_from(["rect", "disc", "line", "text", "sprite", "finish", "__init__", "pixels", "", 3])


@settings(max_examples=400)
@given(
    st.lists(st.tuples(NAMES, st.lists(ODD | st.floats(-5, 20), max_size=7)), max_size=6),
    st.tuples(st.floats(), st.floats()) | st.just((7.0, 7.0)),
    st.integers(0, 50),
    st.integers(0, 30),
    st.sampled_from(MODES),
)
def test_a_strangers_drawing_never_raises_and_never_leaves_the_sheet(
    verbs: list[tuple[object, list[object]]], board: tuple[float, float], columns: int, rows: int, mode: Mode
) -> None:
    canvas = Canvas(*board)
    canvas.verbs = [(name, *arguments) for name, arguments in verbs]
    cells = paint(canvas, columns, rows, mode=mode)
    assert cells.glyphs.shape == (rows, columns)
    assert all(line.isprintable() and cell_width(line) == columns for line in cells.lines())
    assert "\x1b" not in plain(canvas)


def test_mixed_colours_stay_few() -> None:
    kinds = {
        mix(colour(a), colour(b), level)
        for a in PALETTES["standard"].values()
        for b in PALETTES["standard"].values()
        for level in range(1, 4)
    }
    assert max(kinds) < 4096


@given(st.text(max_size=20), st.integers(-5, 25), st.integers(-1, 4), st.text(max_size=9), st.integers(-3, 22))
def test_writing_over_halves_of_wide_characters_keeps_rows_whole(a: str, x: int, y: int, b: str, x2: int) -> None:
    cells = Cells.blank(20, 3)
    cells.write(x, y, a + "日本語")
    cells.write(x2, y, b)
    assert all(cell_width(line) == 20 for line in cells.mend().lines())


def test_a_picture_of_the_cells_has_their_colours(tmp_path: object) -> None:
    path = f"{tmp_path}/board.png"
    cells_png(paint(connect_four(), 80, 24), path, cell_height=8)
    image = Image.open(path)
    assert image.size == (320, 192)
    assert {PALETTES["standard"][name] for name in ("seat0", "seat1", "board", "hole", "background")} <= {
        pixel for _, pixel in image.getcolors(100_000)
    }


def test_an_image_is_stretched_over_its_rectangle_and_a_broken_one_is_left_out():
    canvas = Canvas(2, 1)
    canvas.image(0, 0, 2, 1, 2, 1, bytes((255, 0, 0, 0, 0, 255)))
    cells = paint(canvas, 8, 2)
    left, right = look_of(int(cells.styles[0, 0])), look_of(int(cells.styles[0, -1]))
    assert {left.foreground, left.background} <= {(255, 0, 0), None} and {right.foreground, right.background} <= {
        (0, 0, 255),
        None,
    }
    canvas = Canvas(2, 1)
    canvas.image(0, 0, 2, 1, 9, 9, b"short")
    assert paint(canvas, 8, 2).lines() == paint(Canvas(2, 1), 8, 2).lines()
