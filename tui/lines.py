"""Lines of coloured text on a sheet: spans, wrapping, frames. The small typography that all panes share.

Foreign text becomes safe when it is written (`Cells.write`). Colours are names of the palette; where a terminal has no
Unicode, `in_ascii` puts plain characters in the place of frames, dots and arrows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from arena.text import cell_width, safe_text
from tui.letters import LETTERS, seat_of
from tui.sheet import Cells, look, named

__all__ = [
    "Line",
    "Span",
    "frame",
    "in_ascii",
    "paste",
    "scrolled",
    "span_width",
    "spread",
    "wrap",
    "write",
    "write_lines",
]


class Span(NamedTuple):
    """A piece of a line in one look; `colour` is a name of the palette."""

    text: str
    colour: str = "text"
    bold: bool = False


Line = Sequence[Span]
_APART = 2
"""Cells between two parts of a row."""

_PLAIN = {
    "╭": "+", "╮": "+", "╰": "+", "╯": "+", "─": "-", "│": "|", "●": "*", "▶": ">", "■": "#", "·": "-", "…": "~", "←": "<",
    "→": ">", "↵": "/", "▮": "#", "▯": ".", "◆": "#", "─ ": "-", "×": "x", "–": "-", "▸": ">", "⏸": "=", "↑": "^", "↓": "v",
    "├": "|", "┤": "|", "┊": ":", "━": "=",
}  # fmt: skip
_FROM = np.array(sorted(ord(each) for each in _PLAIN if len(each) == 1), np.uint32)
_TO = np.array([ord(_PLAIN[chr(code)]) for code in _FROM.tolist()], np.uint32)


def in_ascii(cells: Cells) -> Cells:
    """The sheet with plain characters in the place of ours; other letters stay. Returns itself."""
    at = np.searchsorted(_FROM, cells.glyphs).clip(0, len(_FROM) - 1)
    cells.glyphs = np.where(_FROM[at] == cells.glyphs, _TO[at], cells.glyphs)
    return cells


def write(cells: Cells, x: int, y: int, line: Line, palette: str, width: int | None = None) -> int:
    """Write spans from cell (x, y) on, in at most `width` cells, a cut line ending in dots; the column behind them is returned."""
    end = min(cells.columns, x + width) if width is not None else cells.columns
    for n, span in enumerate(line):
        if x >= end:
            if x == end and any(rest.text.strip() for rest in line[n:]):
                cells.write(end - 1, y, "…", look(named("muted", palette)))
            break
        text, bold = _lettered(span) if palette == "colour-blind" else (span.text, span.bold)
        x += cells.write(x, y, text, look(named(span.colour, palette), bold=bold), width=end - x)
    return x


def _lettered(span: Span) -> tuple[str, bool]:
    """Where colour must not be the only signal, a seat's dot is the letter that its discs carry on the board."""
    seat = seat_of(span.colour) if span.text.startswith("●") else None
    return (span.text, span.bold) if seat is None else (LETTERS[seat] + span.text[1:], True)


def write_lines(cells: Cells, lines: Iterable[Line], palette: str, top: int = 0) -> None:
    """Write lines below one another from row `top` on, as many as there are rows."""
    for y, line in zip(range(top, cells.rows), lines, strict=False):
        write(cells, 0, y, line, palette)


def scrolled(lines: Sequence[Line], columns: int, rows: int, scroll: int, palette: str) -> tuple[Cells, int]:
    """Lines from number `scroll` on as a sheet, and how many they can be scrolled; what stands further down is told in the last row."""
    cells = Cells.blank(columns, rows)
    furthest = max(len(lines) - rows, 0)
    first = min(max(scroll, 0), furthest)
    write_lines(cells, lines[first : first + rows], palette)
    if first < furthest and rows > 1:
        cells.glyphs[rows - 1], cells.styles[rows - 1] = ord(" "), cells.styles[rows - 1, -1]
        below = f"↓ {len(lines) - first - rows + 1} more lines"
        write(cells, max(columns - len(below), 0), rows - 1, [Span(below, "muted")], palette)
    return cells, furthest


def span_width(line: Line) -> int:
    return sum(_wide(span.text) for span in line)


@lru_cache(maxsize=4096)
def _wide(text: str) -> int:
    return cell_width(safe_text(text))


def spread(cells: Cells, y: int, left: Sequence[Line], right: Sequence[Line], palette: str, firm: int = 0) -> None:
    """One row of parts, the most important first on each side: what does not fit whole is left out, the right side first.

    The first part of the left side is cut rather than left out. firm: how many of the last ones on the left go before all others.
    """
    room = cells.columns + _APART
    kept: dict[tuple[int, int], Line] = {}
    order = [(side, n) for n in range(max(len(left), len(right), 1)) for side in (1, 0)]
    ends = [(0, n) for n in range(max(len(left) - firm, 0), len(left))]
    for side, n in [*ends, *(place for place in order if place not in ends)]:
        parts = (left, right)[side]
        if n < len(parts) and (width := span_width(parts[n]) + _APART) <= room:
            kept[side, n] = parts[n]
            room -= width
    x = 0
    for n in range(len(left)):
        if (0, n) in kept:
            x = write(cells, x, y, kept[0, n], palette) + _APART
        elif n == 0:
            x = write(cells, x, y, left[0], palette, width=max(room - _APART, 0)) + _APART
    x = cells.columns
    for n in range(len(right)):
        if (1, n) in kept:
            x -= span_width(kept[1, n])
            write(cells, x, y, kept[1, n], palette)
            x -= _APART


def wrap(text: object, width: int, most: int = 4000) -> list[str]:
    """Foreign text as safe lines of at most `width` cells, `most` of them; long words are cut."""
    if width < 1:
        return []
    lines: list[str] = []
    for line in safe_text(text, lines=most).split("\n"):
        if len(lines) >= most:
            break
        lines += _wrap_ascii(line, width) if line.isascii() else _wrap_cells(line, width)
    return lines[:most]


def _wrap_ascii(line: str, width: int) -> list[str]:
    """Wrapping where every character is one cell wide; breaks at the last space that fits."""
    found: list[str] = []
    start = 0
    while len(line) - start > width:
        space = line.rfind(" ", start + 1, start + width + 1)
        stop = space if space > start and line[start:space].strip() else start + width
        found.append(line[start:stop].rstrip())
        start = stop
        while start < len(line) and line[start] == " ":
            start += 1
    return [*found, line[start:]] if start < len(line) or not found else found


def _wrap_cells(line: str, width: int) -> list[str]:
    """Wrapping by cells, for letters of other widths than one; breaks at the last space where there is one."""
    found: list[str] = []
    start = 0
    while start < len(line):
        stop, used = start, 0
        while stop < len(line) and used + cell_width(line[stop]) <= width:
            used += cell_width(line[stop])
            stop += 1
        stop = max(stop, start + 1)
        space = line.rfind(" ", start + 1, stop + 1) if stop < len(line) else -1
        stop = space if space > start and line[start:space].strip() else stop
        found.append(line[start:stop].rstrip())
        start = stop
        while start < len(line) and line[start] == " ":
            start += 1
    return found or [""]


def frame(cells: Cells, title: Line, palette: str, *, right: Line = (), foot: Line = (), active: bool = False) -> Cells:
    """Draw a rounded frame with a title; gives a sheet for the inside, to be laid in with `paste`."""
    wide, high = cells.columns, cells.rows
    if wide < 4 or high < 3:
        return Cells.blank(0, 0)
    style = look(named("accent" if active else "grid", palette))
    cells.write(0, 0, "╭" + "─" * (wide - 2) + "╮", style)
    cells.glyphs[1 : high - 1, :: wide - 1] = ord("│")
    cells.styles[1 : high - 1, :: wide - 1] = style
    cells.write(0, high - 1, "╰" + "─" * (wide - 2) + "╯", style)
    taken = 2
    if title:
        taken = write(cells, 2, 0, [Span(" "), *title, Span(" ")], palette, width=wide - 4)
    for line, y, least in ((right, 0, taken + 1), (foot, high - 1, 2)):
        start = wide - 2 - span_width(line) - 2
        if line and start >= least:
            write(cells, start, y, [Span(" "), *line, Span(" ")], palette)
    return Cells.blank(wide - 4, high - 2)


def paste(cells: Cells, part: Cells, x: int, y: int) -> None:
    """Lay a sheet on another with its corner at cell (x, y); what stands over is cut."""
    wide, high = min(part.columns, cells.columns - x), min(part.rows, cells.rows - y)
    if wide > 0 and high > 0:
        cells.glyphs[y : y + high, x : x + wide] = part.glyphs[:high, :wide]
        cells.styles[y : y + high, x : x + wide] = part.styles[:high, :wide]
        cells.wide = cells.wide or part.wide
