"""Renders a sheet of cells to an image file, as a terminal with a plain monospaced font would show it.

Block characters are drawn as shapes, so that pictures do not depend on a font's idea of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from envs.canvas import PALETTES
from tui.sheet import Cells, Colour, look_of

if TYPE_CHECKING:
    from PIL import ImageDraw

__all__ = ["cells_image", "cells_png"]

_FONTS = ("DejaVuSansMono-Bold.ttf", "DejaVuSansMono.ttf", "Menlo.ttc", "consola.ttf")
_UPPER_HALF = "▀"
_BRAILLE = range(0x2800, 0x2900)
_SHAPES = frozenset(map(chr, _BRAILLE)) | {_UPPER_HALF}
_DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))  # column and row of each braille bit


def cells_png(cells: Cells, path: str | Path, cell_height: int = 20) -> None:
    """Write the sheet as a PNG, each cell `cell_height` pixels high and half as wide."""
    cells_image(cells, cell_height).save(path)


def cells_image(cells: Cells, cell_height: int = 20) -> Any:
    """The sheet as a Pillow image in RGB; colours left to the theme are those of the standard palette."""
    from PIL import Image, ImageDraw  # noqa: PLC0415

    wide, high = cell_height // 2, cell_height
    page = PALETTES["standard"]["background"]
    image = Image.new("RGB", (max(cells.columns, 1) * wide, max(cells.rows, 1) * high), page)
    pen, fonts = ImageDraw.Draw(image), [_font(name, high) for name in (_FONTS[1:], _FONTS)]
    for y in range(cells.rows):
        for x in range(cells.columns):
            look = look_of(int(cells.styles[y, x]))
            ink = look.foreground or PALETTES["standard"]["text"]
            _cell(pen, (x * wide, y * high, wide, high), chr(cells.glyphs[y, x]), (ink, look.background or page))
            if cells.glyphs[y, x] > 32 and chr(cells.glyphs[y, x]) not in _SHAPES:
                middle = (x * wide + wide / 2, y * high + high / 2)
                pen.text(middle, chr(cells.glyphs[y, x]), ink, fonts[look.bold], anchor="mm")
    return image


def _cell(pen: ImageDraw.ImageDraw, box: tuple[int, int, int, int], glyph: str, colours: tuple[Colour, Colour]) -> None:
    """The ground of one cell, and what is drawn as a shape: a half block or braille dots."""
    x, y, wide, high = box
    pen.rectangle((x, y, x + wide - 1, y + high - 1), colours[1])
    if glyph == _UPPER_HALF:
        pen.rectangle((x, y, x + wide - 1, y + high // 2 - 1), colours[0])
    elif ord(glyph) in _BRAILLE:
        size = max(wide // 4, 1)
        for bit, (column, row) in enumerate(_DOTS):
            if ord(glyph) >> bit & 1:
                left, top = x + (2 * column + 1) * wide // 4 - size // 2, y + (2 * row + 1) * high // 8 - size // 2
                pen.rectangle((left, top, left + size - 1, top + size - 1), colours[0])


def _font(names: tuple[str, ...], high: int) -> Any:
    """The first monospaced font that this machine has, else the one that Pillow brings."""
    from PIL import ImageFont  # noqa: PLC0415

    for name in names:
        try:
            return ImageFont.truetype(name, int(high * 0.78))
        except OSError:
            continue
    return ImageFont.load_default(high * 0.7)
