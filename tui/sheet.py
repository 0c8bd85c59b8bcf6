"""A sheet of terminal cells: glyphs and looks as two arrays, the form in which every picture reaches the screen.

Looks are integers that mean the same in every frame, so two frames are compared with one array operation. A look packs
a foreground, a background (entries of a colour table of at most 4,096) and bold. `DEFAULT` leaves a colour to the
theme. A wide character takes its cell and a `TAIL` in the next one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.text import cell_width, safe_text
from envs.canvas import PALETTES, Canvas

__all__ = ["DEFAULT", "TAIL", "Cells", "Colour", "Fit", "Look", "colour", "legible", "look", "look_of", "mix", "named"]

Colour = tuple[int, int, int]
Glyphs = NDArray[np.uint32]
Looks = NDArray[np.int32]

DEFAULT = 0
"""The colour that the screen's theme decides."""
TAIL = 0
"""The glyph of the second cell of a wide character."""
_MOST_COLOURS = 4096
_BOLD = 24

_table: list[Colour | None] = [None]
_numbers: dict[Colour, int] = {}


class Look(NamedTuple):
    """What a look number stands for; None is the theme's colour."""

    foreground: Colour | None
    background: Colour | None
    bold: bool


def colour(rgb: Colour) -> int:
    """The table number of a colour; when the table is full, that of the nearest one."""
    number = _numbers.get(rgb)
    if number is None:
        if len(_table) >= _MOST_COLOURS:
            return min(range(1, len(_table)), key=lambda n: _distance(_table[n], rgb))
        number = _numbers[rgb] = len(_table)
        _table.append(rgb)
    return number


def _distance(a: Colour | None, b: Colour) -> int:
    return sum((x - y) ** 2 for x, y in zip(a or (0, 0, 0), b, strict=True))


@lru_cache(maxsize=1024)
def named(name: str, palette: str) -> int:
    """The number of a palette's colour; a name that the palette lacks is drawn as text."""
    colours = PALETTES.get(palette, PALETTES["standard"])
    return colour(colours.get(name, colours["text"]))


@lru_cache(maxsize=8192)
def mix(under: int, over: int, level: int) -> int:
    """The colour `over` laid with `level` quarters of its strength on `under`, cut to 4 bits a channel.

    The cut bounds the number of colours, and so of the terminal styles that a moving picture makes.
    """
    a, b = _table[under] or (0, 0, 0), _table[over] or (0, 0, 0)
    channels = (round((x * (4 - level) + y * level) / 4 / 17) * 17 for x, y in zip(a, b, strict=True))
    red, green, blue = channels
    return colour((red, green, blue))


def sampled(
    data: bytes, columns: int, rows: int, wide: int, high: int, across: range, down: range
) -> NDArray[np.uint8]:
    """An image of columns x rows RGB pixels, sampled to wide x high, of which the columns `across` and the rows `down` are made.

    ValueError when the data is not that image.
    """
    image = np.frombuffer(data, np.uint8).reshape(rows, columns, 3)
    return image[np.asarray(down) * rows // high][:, np.asarray(across) * columns // wide]


def picture_colours(data: bytes, columns: int, rows: int, wide: int, high: int, across: range, down: range) -> Looks:
    """The colour numbers of a sampled image, cut to 4 bits a channel for the same reason as in `mix`."""
    cut = sampled(data, columns, rows, wide, high, across, down) // 17 * 17
    found, places = np.unique(cut.reshape(-1, 3), axis=0, return_inverse=True)
    numbers = np.array([colour((int(r), int(g), int(b))) for r, g, b in found], np.int32)
    return numbers[places].reshape(len(down), len(across))


def look(foreground: int = DEFAULT, background: int = DEFAULT, bold: bool = False) -> int:
    """The look of these colour numbers."""
    return foreground | background << 12 | bold << _BOLD


def look_of(number: int) -> Look:
    """What a look number stands for."""
    return Look(_table[number & 0xFFF], _table[number >> 12 & 0xFFF], bool(number >> _BOLD & 1))


@dataclass(frozen=True)
class Fit:
    """Where a board of `width` x `height` units lies: `scale` pixels a unit, from pixel (`left`, `top`).

    A pixel is one column wide and half a row high, so it is nearly square.
    """

    width: float
    height: float
    scale: float
    left: int
    top: int

    @classmethod
    def of(cls, canvas: Canvas, columns: int, rows: int) -> Fit:
        """Where a drawing lies on a sheet of this size."""
        return cls.within(canvas.width, canvas.height, columns, rows, canvas.whole)

    @classmethod
    def within(cls, width: float, height: float, columns: int, rows: int, whole: bool = True) -> Fit:
        """The largest centred board with whole cells a unit; under one row a unit it is a map without letters.

        whole: False allows quarters of a pixel a unit, from one pixel on.
        """
        # A stranger's board may have any size; one that no game has is drawn as one unit.
        width = width if 0.01 < width < 1e4 else 1.0
        height = height if 0.01 < height < 1e4 else 1.0
        exact = min(columns / width, 2 * rows / height)
        steps = 2 * int(exact / 2) if whole else int(4 * exact) / 4
        scale = float(steps if exact >= 2 or (not whole and exact >= 1) else 1 if exact >= 1 else max(exact, 1e-6))
        left = (columns - math.ceil(width * scale - 1e-6)) // 2
        top = (rows - math.ceil(height * scale / 2 - 1e-6)) // 2 * 2
        return cls(width, height, scale, max(left, 0), max(top, 0))

    def unit(self, x: float, y: float) -> tuple[float, float]:
        """The board position under the centre of cell (x, y); it lies off the board where the cell does."""
        return (x + 0.5 - self.left) / self.scale, (2 * y + 1 - self.top) / self.scale

    def cell(self, ux: float, uy: float) -> tuple[int, int]:
        """The cell under a board position; `unit`'s inverse up to rounding. A shifted board is shifted cell by cell."""
        return int(round(self.left + ux * self.scale, 6) // 1), int(round(self.top + uy * self.scale, 6) // 2)

    def covers(self, ux: float, uy: float) -> bool:
        """True for positions on the board."""
        return 0 <= ux < self.width and 0 <= uy < self.height


def legible(canvas: Canvas, columns: int, rows: int) -> bool:
    """Whether a drawing can be read at a size: a row of cells a unit, three quarters of one where it is a map; else it is told in words."""
    return Fit.of(canvas, columns, rows).scale >= (2.0 if canvas.whole else 1.5)


@dataclass
class Cells:
    """glyphs uint32[rows, columns] code points, styles int32[rows, columns] looks; `fit` where they show a board."""

    glyphs: Glyphs
    styles: Looks
    fit: Fit | None = None
    wide: bool = False
    """True once wide characters may have been written."""

    @classmethod
    def blank(cls, columns: int, rows: int, style: int = 0) -> Cells:
        shape = (max(rows, 0), max(columns, 0))
        return cls(np.full(shape, 32, np.uint32), np.full(shape, style, np.int32))

    @property
    def columns(self) -> int:
        return int(self.glyphs.shape[1])

    @property
    def rows(self) -> int:
        return int(self.glyphs.shape[0])

    def write(self, x: int, y: int, text: object, style: int = 0, width: int | None = None) -> int:
        """Put one line of foreign text from cell (x, y) on, made safe and cut to `width` cells; its width is returned.

        What falls outside is not shown. Combining marks are left out: a cell holds one code point.
        """
        rows, columns = self.glyphs.shape
        short = type(text) is str and len(text) <= _SHORT
        codes, wide = (_spread_short if short else _spread)(text, columns if width is None else width)
        self.wide = self.wide or wide
        if 0 <= y < rows:
            first, last = max(x, 0), min(x + len(codes), columns)
            if first < last:
                self.glyphs[y, first:last] = codes[first - x : last - x]
                self.styles[y, first:last] = style
        return len(codes)

    def mend(self) -> Cells:
        """Blank the halves of wide characters that were cut or overwritten; returns itself."""
        if self.wide:
            for row in self.glyphs:
                whole = [x for x in np.flatnonzero(row[1:] == TAIL).tolist() if _width(int(row[x])) == 2]
                halves = (row == TAIL) | (row > 0xFF) & np.array([_width(code) == 2 for code in row.tolist()])
                halves[whole] = halves[[x + 1 for x in whole]] = False
                row[halves] = 32
        return self

    def lines(self) -> list[str]:
        """The rows as text."""
        return [row_text(row) for row in self.glyphs]


def row_text(glyphs: Glyphs) -> str:
    """A row, or a part of one, as text."""
    return np.ascontiguousarray(glyphs, dtype="<u4").tobytes().decode("utf-32-le", "replace").replace("\0", "")


@lru_cache(maxsize=4096)
def _width(code: int) -> int:
    return cell_width(chr(code)) if code else 0


def _spread(text: object, room: int) -> tuple[Glyphs, bool]:
    """Foreign text as code points, one a cell, and whether any is wide: those are followed by a TAIL; marks are left out."""
    line = safe_text(text, width=room)
    if line.isascii():
        return np.frombuffer(line.encode("utf-32-le"), np.uint32), False
    codes: list[int] = []
    for code in map(ord, line):
        codes += (code, TAIL)[: _width(code)]
    return np.array(codes, np.uint32), TAIL in codes


_SHORT = 240
_spread_short = lru_cache(maxsize=8192)(_spread)
"""A screen writes nearly the same words again and again."""
