"""Draws with ASCII letters, and says which letter stands for which seat on every kind of screen.

Colour is never the only signal: a seat's disc is filled with its letter, a figure is upper case for even seats and
lower case for odd ones, and from the third seat on carries the seat's number.
"""

from __future__ import annotations

import unicodedata

from arena.text import safe_text
from tui.sheet import Cells, Fit, look, named, sampled

__all__ = ["GLYPHS", "LETTERS", "Letters", "figure", "seat_of"]

GLYPHS = "●○◆◇■□▲△"
"""The stones of the seats where a unit is one row high and colour must not be the only signal."""
LETTERS = "XOAVHTSZ"
"""The marks of the seats on larger discs, and what their discs are made of in ASCII."""

# What surfaces look like without colour; the rest are blank. A disc that belongs to no seat is its colour's letter.
_SURFACES = {"dark": ":", "path": ".", "water": "~", "wall": "#", "fog": "%", "grid": "+", "hole": "."}
_DISCS = {"gold": "$", "good": "+", "bad": "!", "highlight": "*", "accent": "*"}
# Colours of surfaces, which as letters on the page's ground could not be read.
_DARK = frozenset({"background", "board", "hole", "grid", "ink", "fog", "wall"})
_SUITS = str.maketrans("♠♥♦♣●○•·×–—‘’“”…→←↑↓", "shdcO0*.x--''\"\".><^v")


def seat_of(name: str) -> int | None:
    """The seat whose colour this is."""
    return int(name[4]) if name[:4] == "seat" and name[4:] in {*"01234567"} else None


def figure(name: object, colour: str) -> str:
    """The letter of a figure, telling the seat without colour."""
    letter, seat = safe_text(name)[:1], seat_of(colour)
    if seat is None:
        return letter.upper()
    return (letter.lower() if seat % 2 else letter.upper()) + (str(seat) if seat > 1 else "")


def ascii_only(text: object) -> str:
    """Safe text in ASCII: accents dropped, card suits as letters, anything else a question mark."""
    line = safe_text(text)
    if line.isascii():
        return line
    plain = unicodedata.normalize("NFKD", line.translate(_SUITS))
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return kept.encode("ascii", "replace").decode("ascii")


class Letters:
    """A painter of verbs in ASCII; `lost` counts characters of words that fell off the sheet or on other words."""

    def __init__(self, fit: Fit, columns: int, rows: int, palette: str) -> None:
        self.fit, self.palette, self.columns, self.rows = fit, palette, columns, rows
        self.page = named("background", palette)
        self.sheet = Cells.blank(columns, rows, look(named("text", palette), self.page))
        self.sheet.fit = fit
        self.lost = 0
        self.words: set[tuple[int, int]] = set()

    def look(self, name: str, bold: bool = False) -> int:
        return look(named("muted" if name in _DARK else name, self.palette), self.page, bold)

    def box(self, x: float, y: float, w: float, h: float) -> tuple[slice, slice]:
        """The cells whose centres a rectangle covers, at least one each way, as (rows, columns)."""
        left, top = self.fit.left + x * self.fit.scale, (self.fit.top + y * self.fit.scale) / 2
        right, bottom = left + w * self.fit.scale, top + h * self.fit.scale / 2
        x0, y0 = round(left + 1e-6), round(top + 1e-6)
        x1, y1 = max(round(right + 1e-6), x0 + 1), max(round(bottom + 1e-6), y0 + 1)
        return slice(max(y0, 0), max(y1, 0)), slice(max(x0, 0), max(x1, 0))

    def fill(self, at: tuple[slice, slice], glyph: str, colour: str) -> None:
        self.sheet.glyphs[at] = ord(glyph)
        self.sheet.styles[at] = self.look(colour)

    def rect(self, x: float, y: float, w: float, h: float, colour: str, filled: bool) -> None:
        rows, columns = self.box(x, y, w, h)
        if filled:
            self.fill((rows, columns), _SURFACES.get(colour, " "), colour)
            if colour == "card" and rows.stop - rows.start > 2:
                self.frame(rows, columns, "muted")
        elif rows.stop - rows.start > 2:
            self.frame(rows, columns, colour)
        else:
            self.brackets(rows, columns, colour)

    def frame(self, rows: slice, columns: slice, colour: str) -> None:
        """An outline with room inside; a small one is four corners, so that it does not cut into what it holds."""
        for row in (rows.start, rows.stop - 1) if rows.stop - rows.start > 4 else ():
            self.fill((slice(row, row + 1), columns), "-", colour)
        for column in (columns.start, columns.stop - 1):
            if rows.stop - rows.start > 4:
                self.fill((rows, slice(column, column + 1)), "|", colour)
            for row in (rows.start, rows.stop - 1):
                self.fill((slice(row, row + 1), slice(column, column + 1)), "+", colour)

    def brackets(self, rows: slice, columns: slice, colour: str) -> None:
        """The outline of something too low for a frame; where it would hide the content it only colours it."""
        if columns.stop - columns.start > 2:
            self.fill((rows, slice(columns.start, columns.start + 1)), "[", colour)
            self.fill((rows, slice(columns.stop - 1, columns.stop)), "]", colour)
        else:
            self.sheet.styles[rows, columns] = self.look(colour, bold=True)

    def disc(self, x: float, y: float, r: float, colour: str, filled: bool) -> None:
        seat = seat_of(colour)
        glyph = LETTERS[seat] if seat is not None else _DISCS.get(colour, "." if colour == "hole" else "o")
        column, row = self.middle(x, y)
        radius = r * self.fit.scale if filled and seat is not None and r * self.fit.scale >= 1.5 else 0
        for j in range(max(row - int(radius), 0), min(row + int(radius) + 1, self.rows)):
            half = self.reach(y, radius, j)
            if half > 0:
                start = max(round(self.fit.left + x * self.fit.scale - half), 0)
                stop = max(round(self.fit.left + x * self.fit.scale + half), 0)
                self.fill((slice(j, j + 1), slice(start, stop)), glyph, colour)
        if column >= 0 and row >= 0:
            self.fill((slice(row, row + 1), slice(column, column + 1)), glyph, colour)

    def reach(self, y: float, radius: float, row: int) -> float:
        """Half the width of a disc in a row of cells, 0 where it has none."""
        away = self.fit.top + y * self.fit.scale - (2 * row + 1)
        return float(max(radius**2 - away**2, 0.0) ** 0.5)

    def middle(self, x: float, y: float) -> tuple[int, int]:
        """The cell for one character at a position: the left one of two middle columns."""
        return self.fit.cell(x - 0.5 / self.fit.scale, y)

    def line(self, x0: float, y0: float, x1: float, y1: float, colour: str) -> None:
        (a, b), (c, d) = self.middle(x0, y0), self.middle(x1, y1)
        glyph = "-" if b == d else "|" if a == c else "\\" if (c - a) * (d - b) > 0 else "/"
        steps = min(max(abs(c - a), abs(d - b), 1), 4096)
        for n in range(steps + 1):
            column, row = round(a + (c - a) * n / steps), round(b + (d - b) * n / steps)
            if column >= 0 and row >= 0:
                self.fill((slice(row, row + 1), slice(column, column + 1)), glyph, colour)

    def text(self, x: float, y: float, string: object, colour: str, anchor: str) -> None:
        line = ascii_only(string)
        column, row = self.fit.cell(x, y)
        column -= {"left": 0, "right": len(line)}.get(anchor, len(line) // 2)
        cells = {(column + n, row) for n in range(len(line))}
        inside = {(c, r) for c, r in cells if 0 <= c < self.columns and 0 <= r < self.rows}
        self.lost += len(cells) - len(inside) + len(cells & self.words)
        self.words |= inside
        self.sheet.write(column, row, line, self.look(colour), width=len(line))

    def image(self, x: float, y: float, w: float, h: float, columns: int, rows: int, data: bytes) -> None:
        (a, b), (c, d) = self.fit.cell(x, y), self.fit.cell(x + w, y + h)
        wide, high = max(c - a, 1), max(d - b, 1)
        grey = sampled(data, columns, rows, wide, high, range(wide), range(high)).mean(axis=2)
        for row, line in enumerate(grey):
            ramp = "".join(" .:-=+*#%@"[int(value) * 10 // 256] for value in line)
            self.sheet.write(a, b + row, ramp, self.look("text"))

    def sprite(self, x: float, y: float, name: object, colour: str) -> None:
        column, row = self.middle(x, y)
        self.sheet.write(column, row, ascii_only(figure(name, colour)), self.look(colour, bold=True))

    def finish(self) -> Cells:
        return self.sheet
