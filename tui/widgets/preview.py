"""A small board in a frame with a few lines below it: what the row under the cursor stands for."""

from __future__ import annotations

from collections.abc import Sequence

from envs.canvas import Canvas
from tui.cells import Mode, paint
from tui.lines import Line, Span, frame, in_ascii, paste, write
from tui.sheet import Cells
from tui.widgets.grid import DrawnView

__all__ = ["Preview"]

_LEAST_BOARD = 4


class Preview(DrawnView):
    """`show` gives it a drawing, or none, and lines; the board takes the rows that the lines leave."""

    DEFAULT_CSS = "Preview { width: 1fr; height: 1fr; }"

    canvas: Canvas | None = None
    title = ""
    lines: Sequence[Line] = ()
    mode: Mode = "halfblock"

    def show(self, title: str, canvas: Canvas | None, lines: Sequence[Line]) -> None:
        """Show another drawing; equal cells are not sent again."""
        self.title, self.canvas, self.lines = title, canvas, tuple(lines)
        self.redraw()

    def sheet(self, columns: int, rows: int) -> Cells:
        cells = Cells.blank(columns, rows)
        inside = frame(cells, [Span(self.title, "muted")] if self.title else (), self.palette)
        board = inside.rows - len(self.lines) - 1
        if self.canvas is not None and board >= _LEAST_BOARD:
            paste(inside, paint(self.canvas, inside.columns, board, self.palette, self.mode), 0, 0)
            top = board + 1
        else:
            top = 0
        for n, line in enumerate(self.lines):
            write(inside, 0, top + n, line, self.palette)
        paste(cells, inside, 2, 1)
        return in_ascii(cells.mend()) if self.ascii_only else cells.mend()
