"""Draws with half blocks: two nearly square pixels in each cell, words on top as real characters.

Discs get soft edges in quarters, so that they are round at three rows a unit; where a unit is one row they are
characters. A later surface hides the words below it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui.letters import GLYPHS, LETTERS, figure, seat_of
from tui.sheet import Cells, Fit, look, mix, named, picture_colours

__all__ = ["Blocks"]

Mask = NDArray[np.int8]

_WHOLE, _UPPER_HALF = np.uint32(32), np.uint32(0x2580)
_NONE = 0x110000  # an overlay cell without a character; no code point has this number
_SAMPLES = (np.arange(4) + 0.5) / 4


def _laid(ground: bytes, mask: bytes, shape: tuple[int, ...], colour: int) -> NDArray[np.int32]:
    """Pixels with a colour laid on them in quarters of its strength; a ground and a mask of the same shape."""
    before = np.frombuffer(ground, np.int32).reshape(shape)
    quarters, after = np.frombuffer(mask, np.int8).reshape(shape), before.copy()
    for number in set(before.ravel().tolist()):
        np.copyto(after, ladder(number, colour)[quarters], where=before == number)
    return after


_SMALL = 1024
_laid_small = lru_cache(maxsize=4096)(_laid)
"""From frame to frame nearly all of a board's discs are laid on the same ground as before."""


class Blocks:
    """A painter of verbs in half-block pixels: `pixels` int32[2 * rows, columns] are colour numbers.

    room: cells that one line of words may take, those of the whole sheet where only a part of it is painted.
    """

    def __init__(self, fit: Fit, columns: int, rows: int, palette: str, room: int | None = None) -> None:
        self.fit, self.palette, self.room = fit, palette, columns if room is None else room
        self.page = named("background", palette)
        self.pixels = np.full((2 * max(rows, 0), max(columns, 0)), self.page, np.int32)
        shape = (max(rows, 0), max(columns, 0))
        self.over = Cells(np.full(shape, _NONE, np.uint32), np.zeros(shape, np.int32))
        self.worded = False
        self.marked = palette == "colour-blind"

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        return self.fit.left + x * self.fit.scale, self.fit.top + y * self.fit.scale

    def rect(self, x: float, y: float, w: float, h: float, colour: str, filled: bool) -> None:
        (px, py), (qx, qy) = self.pixel(x, y), self.pixel(x + w, y + h)
        left, top = round(px), round(py)
        right, bottom = max(round(qx), left + 1), max(round(qy), top + 1)
        if filled:
            self.solid(left, top, right, bottom, named(colour, self.palette))
        else:
            self.frame(left, top, right, bottom, named(colour, self.palette))

    def solid(self, left: int, top: int, right: int, bottom: int, colour: int) -> None:
        """Fill a box of pixels and hide the words that it covers wholly."""
        left, top, right, bottom = max(left, 0), max(top, 0), max(right, 0), max(bottom, 0)
        self.bar(left, top, right, bottom, colour)
        self.over.glyphs[-(-top // 2) : bottom // 2, left:right] = _NONE

    def frame(self, left: int, top: int, right: int, bottom: int, colour: int) -> None:
        """Outline a box one pixel wide; a small one gets corners, so that it does not cut into what it holds, and one
        with no room inside is tinted.
        """
        if min(right - left, bottom - top) < 3:
            self.blend(left, top, np.full((max(min(bottom - top, 8), 1), min(right - left, 512)), 2, np.int8), colour)
            return
        wide, high = right - left, bottom - top
        arm = 2 if max(wide, high) < 8 else max(wide, high)
        for start, stop in ((left, left + min(arm, wide)), (right - min(arm, wide), right)):
            self.bar(start, top, stop, top + 1, colour)
            self.bar(start, bottom - 1, stop, bottom, colour)
        for start, stop in ((top, top + min(arm, high)), (bottom - min(arm, high), bottom)):
            self.bar(left, start, left + 1, stop, colour)
            self.bar(right - 1, start, right, stop, colour)

    def bar(self, left: int, top: int, right: int, bottom: int, colour: int) -> None:
        """Fill a box of pixels below the words."""
        self.pixels[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = colour

    def blend(self, left: int, top: int, mask: Mask, colour: int) -> None:
        """Lay a colour on the sheet in quarters of its strength (mask 0 to 4), clipped to the sheet."""
        y, x = max(top, 0), max(left, 0)
        mask = mask[y - top :, x - left :][: max(self.pixels.shape[0] - y, 0), : max(self.pixels.shape[1] - x, 0)]
        if not mask.size:
            return
        view = self.pixels[y : y + mask.shape[0], x : x + mask.shape[1]]
        laid = _laid_small if mask.size <= _SMALL else _laid
        view[...] = laid(view.tobytes(), mask.tobytes(), mask.shape, colour)
        self.hide(x, y, mask == 4)

    def hide(self, left: int, top: int, covered: NDArray[np.bool_]) -> None:
        """Remove words from the cells of which both pixels are covered."""
        bottom = top + covered.shape[0]
        # Most boards have no word under a disc, and the rest of this is dear for so small a mask.
        if (
            not self.worded
            or (self.over.glyphs[top // 2 : -(-bottom // 2), left : left + covered.shape[1]] == _NONE).all()
        ):
            return
        covered = np.pad(covered, ((top % 2, bottom % 2), (0, 0)))
        both = covered[0::2] & covered[1::2]
        view = self.over.glyphs[top // 2 : top // 2 + both.shape[0], left : left + both.shape[1]]
        view[both] = _NONE

    def disc(self, x: float, y: float, r: float, colour: str, filled: bool) -> None:
        radius = abs(r) * self.fit.scale
        if radius < 1.5:
            self.stone(x, y, colour, filled)
            return
        px, py = self.pixel(x, y)
        left, top, mask = self.mask(px, py, radius, filled)
        self.blend(left, top, mask, named(colour, self.palette))
        seat = seat_of(colour)
        if self.marked and filled and seat is not None:
            self.character(x, y, LETTERS[seat], self.ink(colour))

    def mask(self, px: float, py: float, radius: float, filled: bool) -> tuple[int, int, Mask]:
        """Where a disc's pixels begin and how much of each it covers; only the part on the sheet where it is huge."""
        if radius <= 48:
            fx, fy = px % 1, py % 1
            span, mask = disc_mask(round(fx, 3), round(fy, 3), round(radius, 3), filled)
            return int(px - fx) - span, int(py - fy) - span, mask
        rows, columns = self.pixels.shape
        return 0, 0, _coverage(np.arange(columns) - px, np.arange(rows) - py, radius, filled)

    def stone(self, x: float, y: float, colour: str, filled: bool) -> None:
        """A disc too small for pixels: a character, or one pixel where a unit has less than a row."""
        number = named(colour, self.palette)
        if self.fit.scale < 2:
            px, py = self.pixel(x, y)
            column, row = int(px // 1), int(py // 1)
            self.bar(column, row, column + 1, row + 1, number)
            return
        seat = seat_of(colour) if self.marked else None
        self.character(x, y, GLYPHS[seat or 0] if filled else GLYPHS[1], number)

    def ink(self, colour: str) -> int:
        """The colour that letters have on a disc of this colour."""
        dark = seat_of(colour) in (6, 0) and self.marked
        return named("card" if dark else "ink", self.palette)

    def line(self, x0: float, y0: float, x1: float, y1: float, colour: str) -> None:
        (px, py), (qx, qy) = self.pixel(x0, y0), self.pixel(x1, y1)
        steps = int(min(max(abs(qx - px), abs(qy - py), 1), 4096)) + 1
        xs = np.floor(np.linspace(px, qx, steps).round(6)).astype(int)
        ys = np.floor(np.linspace(py, qy, steps).round(6)).astype(int)
        on = (xs >= 0) & (ys >= 0) & (xs < self.pixels.shape[1]) & (ys < self.pixels.shape[0])
        self.pixels[ys[on], xs[on]] = named(colour, self.palette)

    def text(self, x: float, y: float, string: object, colour: str, anchor: str) -> None:
        if self.fit.scale < 1:
            return
        wide = Cells.blank(0, 0).write(0, 0, string, width=self.room)
        column, row = self.fit.cell(x, y)
        column -= {"left": 0, "right": wide}.get(anchor, wide // 2)
        self.worded = True
        self.over.write(column, row, string, look(named(colour, self.palette)), width=self.room)

    def character(self, x: float, y: float, text: str, colour: int) -> None:
        """One bold character or two, the first in the left one of the two middle columns."""
        column, row = self.fit.cell(x - 0.5 / self.fit.scale, y)
        self.worded = True
        self.over.write(column, row, text, look(colour, bold=True), width=self.room)

    def image(self, x: float, y: float, w: float, h: float, columns: int, rows: int, data: bytes) -> None:
        (px, py), (qx, qy) = self.pixel(x, y), self.pixel(x + w, y + h)
        x, y, wide, high = round(px), round(py), round(qx) - round(px), round(qy) - round(py)
        left, top = max(x, 0), max(y, 0)
        right, bottom = min(x + wide, self.pixels.shape[1]), min(y + high, self.pixels.shape[0])
        if left >= right or top >= bottom:
            return
        seen = range(left - x, right - x), range(top - y, bottom - y)
        self.pixels[top:bottom, left:right] = picture_colours(data, columns, rows, wide, high, *seen)
        self.over.glyphs[-(-top // 2) : bottom // 2, left:right] = _NONE

    def sprite(self, x: float, y: float, name: object, colour: str) -> None:
        letter = figure(name, colour) if self.marked else figure(name, "")
        radius = 0.42 * self.fit.scale
        if self.fit.scale < 2:
            self.stone(x, y, colour, True)
        elif radius < 2:
            self.rect(x - 0.5, y - 0.5, 1.0, 1.0, colour, True)
            self.character(x, y, letter, self.ink(colour))
        else:
            px, py = self.pixel(x, y)
            left, top, mask = self.mask(px, py, radius, True)
            self.blend(left, top, mask, named(colour, self.palette))
            self.character(x, y, letter, self.ink(colour))

    def finish(self) -> Cells:
        """The pixels as cells, with the words on top of the colour below them."""
        top, bottom = self.pixels[0::2], self.pixels[1::2]
        cells = Cells(np.where(top == bottom, _WHOLE, _UPPER_HALF), top | bottom << 12, self.fit, self.over.wide)
        if self.worded:
            at = (self.over.glyphs != _NONE).nonzero()
            upper, lower = top[at], bottom[at]
            ground = np.where((lower == self.page) & (upper != lower), upper, lower)
            cells.glyphs[at], cells.styles[at] = self.over.glyphs[at], self.over.styles[at] | ground << 12
        return cells.mend()


@lru_cache(maxsize=4096)
def ladder(under: int, over: int) -> NDArray[np.int32]:
    """The five colours from `under` to `over`, one for each quarter."""
    return np.array([under, *(mix(under, over, level) for level in (1, 2, 3)), over], np.int32)


@lru_cache(maxsize=2048)
def disc_mask(fx: float, fy: float, radius: float, filled: bool) -> tuple[int, Mask]:
    """Coverage 0 to 4 of the pixels around a disc whose centre lies (fx, fy) inside pixel (span, span).

    Around a pixel's corner, radii from 2.43 to 2.65 fill four by four pixels before the sides show, which looks
    square; they are drawn as 2.42.
    """
    if fx == fy == 0 and 2.42 < radius < 2.66:
        radius = 2.42
    span = int(radius + 1)
    offsets = np.arange(-span, span + 1)
    return span, _coverage(offsets - fx, offsets - fy, radius, filled)


def _coverage(xs: NDArray[Any], ys: NDArray[Any], radius: float, filled: bool) -> Mask:
    """How many quarters of each pixel a disc, or a ring one pixel wide, covers; xs and ys run from its centre."""
    dx = (xs[:, None] + _SAMPLES).ravel() ** 2
    dy = (ys[:, None] + _SAMPLES).ravel() ** 2
    away = dx[None, :] + dy[:, None]
    inside = away <= radius**2
    if not filled:
        inside &= away > max(radius - 1.2, 0) ** 2
    quarters = inside.reshape(len(ys), 4, len(xs), 4).sum(axis=(1, 3)) / 4
    mask: Mask = np.round(quarters).astype(np.int8)
    return mask
