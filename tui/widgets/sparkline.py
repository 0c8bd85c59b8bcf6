"""Series over a match as lines of braille dots, two columns and four rows of dots a cell, with the time cursor.

Long series are cut to what the dots can show: each column of dots spans from the least to the greatest value of its
steps, so a spike of one step is never lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tui.lines import Line, Span, span_width
from tui.sheet import Cells, look, named, row_text
from tui.widgets.grid import DrawnView

__all__ = ["BrailleLine", "Plot", "Series", "braille_text", "legend", "line_cells", "span_of"]

Floats = NDArray[np.float64]

# The bit of each dot of a braille cell, by row and column (Unicode, block Braille Patterns).
_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.uint32)
_BRAILLE = 0x2800
_LARGEST = 1e15
_ASCII_MARKS = "*o+x#@%&"


@dataclass(frozen=True)
class Series:
    """A named line; one value a step. What is not finite is a gap."""

    name: str
    values: Sequence[float]
    colour: str = "accent"


@dataclass(frozen=True)
class Plot:
    """Series on one scale, `cursor` the step that the screen shows; without `low` and `high` they fit the values."""

    series: Sequence[Series] = ()
    cursor: int | None = None
    low: float | None = None
    high: float | None = None


def _bounded(values: Sequence[float]) -> Floats:
    """The values within limits whose differences are finite; infinities are gaps."""
    array = np.asarray(values, np.float64).ravel()
    return np.where(np.isfinite(array), np.clip(array, -_LARGEST, _LARGEST), np.nan)


def _buckets(values: Floats, count: int) -> tuple[Floats, Floats]:
    """The least and the greatest finite value of each of `count` equal stretches; nan where there is none."""
    starts = np.linspace(0, len(values), count + 1).astype(int)[:-1]
    return np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)


def _scale(plot: Plot, arrays: Sequence[Floats]) -> tuple[float, float]:
    """The bottom and the top of the plot, always apart."""
    finite = np.concatenate([a[np.isfinite(a)] for a in arrays] or [np.empty(0)])
    low = plot.low if plot.low is not None else float(finite.min()) if finite.size else 0.0
    high = plot.high if plot.high is not None else float(finite.max()) if finite.size else 1.0
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _dots(values: Floats, columns: int, rows: int, low: float, high: float) -> NDArray[np.bool_]:
    """The line as dots bool[4 * rows, 2 * columns], each column joined to the one before."""
    least, most = _buckets(values, 2 * columns)
    upper, lower = (_level(each, 4 * rows, low, high) for each in (most, least))
    joined = np.isfinite(least[1:]) & np.isfinite(least[:-1])
    above, below = np.minimum(upper[1:], lower[:-1]), np.maximum(lower[1:], upper[:-1])
    upper[1:], lower[1:] = np.where(joined, above, upper[1:]), np.where(joined, below, lower[1:])
    levels = np.arange(4 * rows)[:, None]
    return (levels >= upper) & (levels <= lower)  # never true of nan


def _level(values: Floats, height: int, low: float, high: float) -> Floats:
    """The row of dots, from the top, of each value; nan where there is none."""
    share = (np.clip(values, low, high) - low) / (high - low)
    return height - 1 - np.rint(share * (height - 1))


def _braille(dots: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """Dots as cells of braille, 0x2800 where there is none."""
    rows, columns = dots.shape[0] // 4, dots.shape[1] // 2
    packed = (dots.reshape(rows, 4, columns, 2) * _DOTS[None, :, None, :]).sum(axis=(1, 3))
    cells: NDArray[np.uint32] = (packed + _BRAILLE).astype(np.uint32)
    return cells


def line_cells(plot: Plot, columns: int, rows: int, palette: str = "standard", ascii_only: bool = False) -> Cells:
    """The plot as a sheet; where lines cross, the later series has the colour. The names stand in the first row."""
    cells = Cells.blank(columns, rows)
    arrays = [_bounded(series.values) for series in plot.series]
    low, high = _scale(plot, arrays)
    for n, (series, values) in enumerate(zip(plot.series, arrays, strict=True)):
        if values.size and columns and rows:
            drawn = _braille(_dots(values, columns, rows, low, high))
            on = drawn != _BRAILLE
            joined = np.where(cells.glyphs >= _BRAILLE, cells.glyphs | drawn, drawn)
            mark = np.uint32(ord(_ASCII_MARKS[n % len(_ASCII_MARKS)]))
            cells.glyphs[on] = mark if ascii_only else joined[on]
            cells.styles[on] = look(named(series.colour, palette))
    _cursor(cells, plot, max((a.size for a in arrays), default=0), palette, ascii_only)
    _names(cells, plot, palette, ascii_only)
    return cells.mend()


def braille_text(values: Sequence[float], columns: int) -> str:
    """A line in one row of text, from the least of its values to the greatest; blank without values."""
    array = _bounded(values)
    if not array.size or columns < 1:
        return " " * max(columns, 0)
    dots = _dots(array, columns, 1, *_scale(Plot(), [array]))
    return row_text(_braille(dots)[0])


def _cursor(cells: Cells, plot: Plot, length: int, palette: str, ascii_only: bool) -> None:
    """A line down the plot; where a series passes, its dots stay and only the ground changes."""
    if plot.cursor is None or not length or not cells.columns:
        return
    x = round(min(max(plot.cursor, 0), length - 1) * (cells.columns - 1) / max(length - 1, 1))
    free = cells.glyphs[:, x] == 32
    cells.glyphs[free, x] = ord("|" if ascii_only else "│")
    cells.styles[free, x] = look(named("muted", palette))
    cells.styles[~free, x] = look(named("highlight", palette), bold=True)


def _names(cells: Cells, plot: Plot, palette: str, ascii_only: bool) -> None:
    """Which line is whose, in the first row; nameless ones have no entry."""
    x = 0
    for n, series in enumerate(plot.series):
        if not series.name:
            continue
        mark = _ASCII_MARKS[n % len(_ASCII_MARKS)] if ascii_only else "─"
        x += cells.write(x, 0, mark, look(named(series.colour, palette), bold=True))
        x += cells.write(x, 0, series.name, look(named(series.colour, palette)), width=16) + 1


def span_of(series: Sequence[Series]) -> str:
    """The least and the greatest value of all series, for people; "" without values."""
    arrays = [_bounded(each.values) for each in series]
    if not any(np.isfinite(array).any() for array in arrays):
        return ""
    known = np.concatenate([array[np.isfinite(array)] for array in arrays])
    low, high = float(known.min()), float(known.max())
    return f"{low:.4g} to {high:.4g}" if high > low else f"{low:.4g}"


def legend(series: Sequence[Series], cursor: int, columns: int, ascii_only: bool = False) -> Line:
    """Whose line is whose, with the value at the cursor; where there is little room only the values, which have the colours."""
    marked: list[Span] = []
    for named_too in (True, False):
        marked = []
        for n, each in enumerate(series):
            mark = _ASCII_MARKS[n % len(_ASCII_MARKS)] if ascii_only else "─"
            value = _at(each, cursor)
            name = each.name + ":" * bool(each.name and value) if named_too else ""
            parts = [mark, name, value]
            marked.append(Span(("  " if n else "") + " ".join(part for part in parts if part), each.colour))
        if span_width(marked) <= columns:
            return marked
    return [Span(f"{_at(each, cursor)} ", each.colour) for each in series]


def _at(series: Series, cursor: int) -> str:
    """The value at a step, the newest one where there is none yet; "" without any."""
    at = min(cursor, len(series.values) - 1)
    if at < 0 or not np.isfinite(value := float(series.values[at])):
        return ""
    return f"{value:+.3g}" if value else "0"


class BrailleLine(DrawnView):
    """A chart of fixed size; show a new plot once or twice a second, not every frame."""

    DEFAULT_CSS = "BrailleLine { width: 1fr; height: 4; }"

    plot = Plot()

    def show(self, plot: Plot) -> None:
        """Show other series or another cursor."""
        self.plot = plot
        self.redraw()

    def sheet(self, columns: int, rows: int) -> Cells:
        return line_cells(self.plot, columns, rows, self.palette, self.ascii_only)
