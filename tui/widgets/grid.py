"""Shows a sheet of cells and sends the terminal only the spans that changed.

`CellsView` is the surface that every widget of this package draws on: frames are compared as arrays, equal rows share
one Strip, and equal neighbours one Segment. `GridView` adds a board's mouse. A view never repaints by itself: it says
that its size has changed, and its owner pushes a sheet of that size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.events import Click, Leave, MouseMove, Resize
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.few import shown
from tui.sheet import TAIL, Cells, Fit, Glyphs, look_of, row_text
from tui.widgets.direct import Place

__all__ = ["CellsView", "DrawnView", "GridView"]

Codes = NDArray[np.int64]

_GAP = 8  # unchanged cells that are cheaper to skip than to send again: a cursor move is about as long


@lru_cache(maxsize=16_384)
def _style(look: int) -> Style:
    foreground, background, bold = look_of(look)
    return Style(
        color=None if foreground is None else Color.from_rgb(*shown(foreground)),
        bgcolor=None if background is None else Color.from_rgb(*shown(background)),
        bold=bold or None,
    )


@lru_cache(maxsize=2048)
def _strip(row: bytes) -> Strip:
    """The strip of one row of codes. Equal rows share it, and with it the output that it has already rendered."""
    codes = np.frombuffer(row, np.int64)
    glyphs, looks = _clean((codes & 0xFFFFFFFF).astype(np.uint32)), codes >> 32
    starts = [0, *(np.flatnonzero(looks[1:] != looks[:-1]) + 1).tolist(), len(codes)]
    segments = [Segment(row_text(glyphs[start:stop]), _style(int(looks[start]))) for start, stop in pairwise(starts)]
    return Strip(segments, len(codes))


@lru_cache(maxsize=4096)
def _shown(row: bytes, ground: Style) -> Strip:
    """The same on the colours of the theme."""
    return _strip(row).apply_style(ground)


def _codes(cells: Cells) -> Codes:
    """Glyph and look of each cell in one number."""
    codes = cells.styles.astype(np.int64)
    codes <<= 32
    codes |= cells.glyphs
    return codes


def _clean(glyphs: Glyphs) -> Glyphs:
    """Control codes cannot be drawn, whoever made the sheet: put a sign in their place."""
    barred = (glyphs != TAIL) & ((glyphs < 32) | ((glyphs > 126) & (glyphs < 160)))
    return np.where(barred, np.uint32(0xFFFD), glyphs)


def _widen(changed: NDArray[np.bool_], *frames: Codes) -> None:
    """Make a change of one half of a wide character a change of both."""
    for codes in frames:
        joined = (codes[:, 1:] & 0xFFFFFFFF) == TAIL
        if joined.any():
            pair = joined & (changed[:, 1:] | changed[:, :-1])
            changed[:, 1:] |= pair
            changed[:, :-1] |= pair


def _spans(ys: Sequence[int], xs: Sequence[int]) -> list[Region]:
    """Runs of changed cells, one or more a row; gaps up to `_GAP` are sent along."""
    regions: list[Region] = []
    row, start, last = -1, 0, 0
    for y, x in zip(ys, xs, strict=True):
        if y != row or x > last + _GAP + 1:
            if row >= 0:
                regions.append(Region(start, row, last - start + 1, 1))
            row, start = y, x
        last = x
    return [*regions, Region(start, row, last - start + 1, 1)] if row >= 0 else regions


class CellsView(Widget):
    """A surface of cells; colours that a sheet leaves to the theme are the widget's own."""

    DEFAULT_CSS = "CellsView { width: 1fr; height: 1fr; }"
    ALLOW_SELECT = False

    @dataclass
    class Resized(Message):
        """The view has another size and wants a sheet of it."""

        view: CellsView
        columns: int
        rows: int

        @property
        def control(self) -> CellsView:
            return self.view

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, CellsView.Resized) and message.view is self.view

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  (Textual's name)
        super().__init__(id=id, classes=classes)
        self._codes: Codes = np.empty((0, 0), np.int64)
        self._wide = False
        self._strips: list[Strip | None] = []
        self._ground: Style | None = None
        self._place = Place(self)

    def push(self, cells: Cells) -> list[Region]:
        """Show a sheet; returns the regions that the terminal is sent, none if nothing has changed."""
        given, last = _codes(cells), self._codes
        if given.shape != last.shape:
            self._take(cells)
            self.refresh()
            return [Region(0, 0, cells.columns, cells.rows)]
        changed = given != last
        if cells.wide or self._wide:
            _widen(changed, given, last)
        ys, xs = changed.nonzero()
        self._codes, self._wide = given, cells.wide
        regions = _spans(ys.tolist(), xs.tolist())
        for region in regions:
            self._strips[region.y] = None
        if regions and not self._place.send([(region, self._part(region)) for region in regions]):
            self.refresh(*regions)
        return regions

    def _take(self, cells: Cells) -> None:
        """Show something of another size."""
        self._codes, self._wide, self._strips = _codes(cells), cells.wide, [None] * cells.rows

    def _part(self, region: Region) -> Strip:
        """What is shown in a part of a row."""
        return _shown(self._codes[region.y, region.x : region.right].tobytes(), self._theme())

    def render_line(self, y: int) -> Strip:
        if y >= len(self._strips):
            return Strip.blank(self.size.width, self._theme())
        return self.row(y).apply_style(self._theme())

    def row(self, y: int) -> Strip:
        """A row as it is shown; it is made when the compositor wants it, and kept."""
        strip = self._strips[y]
        if strip is None:
            strip = self._strips[y] = _strip(self._codes[y].tobytes())
        return strip

    def _theme(self) -> Style:
        """The colours that the theme decides, worked out once: Textual would gather them for every row anew."""
        if self._ground is None:
            self._ground = self.rich_style
        return self._ground

    def notify_style_update(self) -> None:
        self._ground = None
        super().notify_style_update()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Those of the application, without the one that gives the terminal's sixteen colours a value: sheets have none."""
        return [each for each in super().get_line_filters() if not isinstance(each, ANSIToTruecolor)]

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return container.width

    def on_resize(self, event: Resize) -> None:
        self.resized(self.content_size.width, self.content_size.height)

    def resized(self, columns: int, rows: int) -> None:
        """Ask for a new sheet; views that make their own sheets push one instead."""
        self.post_message(self.Resized(self, columns, rows))


class DrawnView(CellsView):
    """A view that makes its own sheets: a subclass says what it shows in `sheet`."""

    def __init__(self, *, palette: str = "standard", ascii_only: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.palette, self.ascii_only = palette, ascii_only

    def sheet(self, columns: int, rows: int) -> Cells:
        """What to show at this size."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """A view that is shown for the first time, or at another size, is whole at once and not after a blank picture."""
        columns, rows = self.content_size
        if self._codes.shape != (rows, columns) and columns and rows:
            self._take(self.sheet(columns, rows))
        return super().render_line(y)

    def redraw(self) -> None:
        """Show what has changed since the last sheet, once the view has a size."""
        columns, rows = self.content_size
        if columns and rows:
            self.push(self.sheet(columns, rows))

    def resized(self, columns: int, rows: int) -> None:
        self.redraw()


class GridView(CellsView):
    """A board. Its mouse speaks in board units."""

    @dataclass
    class Clicked(Message):
        """A click on the board at (x, y) units; `button` 1 is the left one."""

        view: GridView
        x: float
        y: float
        button: int

        @property
        def control(self) -> GridView:
            return self.view

    @dataclass
    class Hovered(Message):
        """The pointer has come to another unit of the board, given by its corner; None when it has left."""

        view: GridView
        unit: tuple[int, int] | None

        @property
        def control(self) -> GridView:
            return self.view

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, GridView.Hovered) and message.view is self.view

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._fit: Fit | None = None
        self._hovered: tuple[int, int] | None = None

    def push(self, cells: Cells) -> list[Region]:
        self._fit = cells.fit
        return super().push(cells)

    def unit_at(self, event: Click | MouseMove) -> tuple[float, float] | None:
        """The board position under the pointer, None off the board."""
        offset = event.get_content_offset(self)
        if offset is None or self._fit is None:
            return None
        x, y = self._fit.unit(offset.x, offset.y)
        return (x, y) if self._fit.covers(x, y) else None

    def on_click(self, event: Click) -> None:
        unit = self.unit_at(event)
        if unit is not None:
            event.stop()
            self.post_message(self.Clicked(self, *unit, event.button))

    def on_mouse_move(self, event: MouseMove) -> None:
        unit = self.unit_at(event)
        self._hover(None if unit is None else (int(unit[0]), int(unit[1])))

    def on_leave(self, event: Leave) -> None:
        self._hover(None)

    def _hover(self, unit: tuple[int, int] | None) -> None:
        if unit != self._hovered:
            self._hovered = unit
            self.post_message(self.Hovered(self, unit))
