"""A sheet of cells as text with ANSI colours (ECMA-48, 24-bit), for recordings of a terminal and for pipes that keep colours."""

from __future__ import annotations

from envs.canvas import Canvas
from tui.cells import paint
from tui.sheet import Cells, Look, look_of, row_text

__all__ = ["lines", "painted"]

RESET = "\x1b[0m"


def painted(canvas: Canvas, columns: int, rows: int, palette: str = "standard") -> list[str]:
    """A drawing as `rows` lines of text, each as wide as `columns` cells."""
    return lines(paint(canvas, columns, rows, palette))


def lines(cells: Cells) -> list[str]:
    """Each row as text that begins and ends with the terminal's own colours."""
    return [_row(cells, y) for y in range(cells.rows)]


def _row(cells: Cells, y: int) -> str:
    """Runs of one look, so that a code is written only where the look changes."""
    styles, parts, start = cells.styles[y].tolist(), [], 0
    for x in range(1, len(styles) + 1):
        if x == len(styles) or styles[x] != styles[start]:
            parts.append(_codes(look_of(styles[start])) + row_text(cells.glyphs[y, start:x]))
            start = x
    return "".join(parts) + RESET


def _codes(look: Look) -> str:
    codes = ["0"] + ["1"] * look.bold
    for kind, colour in (("38", look.foreground), ("48", look.background)):
        if colour is not None:
            codes.append(f"{kind};2;{colour[0]};{colour[1]};{colour[2]}")
    return f"\x1b[{';'.join(codes)}m"
