"""The matrix of meetings in a frame, with a cursor on one cell. Messages: `Moved`, and `Chosen` for enter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from arena.standings import Player
from tui.ladders import Matrix, matrix_cells, meeting_words
from tui.lines import Span, frame, in_ascii, paste
from tui.sheet import Cells
from tui.widgets.grid import DrawnView

__all__ = ["MatrixView"]


class MatrixView(DrawnView, can_focus=True):
    """`show` gives it a matrix; the cursor is part of it."""

    DEFAULT_CSS = "MatrixView { width: 1fr; height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1, 0)", "One row up", show=False, id="cell-up"),
        Binding("down", "move(1, 0)", "One row down", show=False, id="cell-down"),
        Binding("left", "move(0, -1)", "One column to the left", show=False, id="cell-left"),
        Binding("right", "move(0, 1)", "One column to the right", show=False, id="cell-right"),
        Binding("enter", "choose", "The matches of the two", show=False, id="cell-choose"),
    ]
    matrix: Matrix | None = None

    @dataclass
    class Chosen(Message):
        """The cell under the cursor was chosen."""

        view: MatrixView
        pair: tuple[Player, Player]

        @property
        def control(self) -> MatrixView:
            return self.view

    @dataclass
    class Moved(Message):
        """The cursor is on another cell, or the matrix has got the keyboard."""

        view: MatrixView

        @property
        def control(self) -> MatrixView:
            return self.view

    def show(self, matrix: Matrix) -> None:
        """Show another matrix."""
        self.matrix = matrix
        self.redraw()

    def sheet(self, columns: int, rows: int) -> Cells:
        cells = Cells.blank(columns, rows)
        title = [Span("Row against column", "text" if self.has_focus else "muted", self.has_focus)]
        right = [Span("points of 100", "muted")]
        words = meeting_words(self.matrix) if self.matrix and self.has_focus else ""
        foot = [Span(words if len(words) <= columns - 8 else words.rpartition("  ")[0], "muted")] if words else ()
        inside = frame(cells, title, self.palette, right=right, foot=foot, active=self.has_focus)
        if self.matrix is not None:
            inside = matrix_cells(self.matrix, inside.columns, inside.rows, self.palette, self.has_focus)
        paste(cells, inside, 2, 1)
        return in_ascii(cells.mend()) if self.ascii_only else cells.mend()

    def action_move(self, down: int, right: int) -> None:
        if self.matrix is not None:
            self.show(self.matrix.moved(down, right))
            self.post_message(self.Moved(self))

    def action_choose(self) -> None:
        if self.matrix is not None:
            self.post_message(self.Chosen(self, self.matrix.pair))

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.redraw()
        self.post_message(self.Moved(self))
