"""A question over the screen that is answered with yes or no."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from arena.text import cell_width
from tui.lines import Line, Span, frame, paste, wrap, write
from tui.screens.overlay import Overlay
from tui.sheet import Cells
from tui.widgets.grid import DrawnView
from tui.widgets.lineview import keys_line

__all__ = ["Question"]


class _Box(DrawnView):
    """The question in a frame, and the keys that answer it."""

    def __init__(self, question: str, palette: str) -> None:
        super().__init__(palette=palette)
        self.question = question

    def sheet(self, columns: int, rows: int) -> Cells:
        cells = Cells.blank(columns, rows)
        inside = frame(cells, (), self.palette, active=True)
        for n, text in enumerate(wrap(self.question, inside.columns, inside.rows - 2)):
            write(inside, 0, n, [Span(text)], self.palette)
        keys: Line = [span for part in keys_line([("y", "yes  "), ("n", "no")]) for span in part]
        write(inside, 0, inside.rows - 1, keys, self.palette)
        paste(cells, inside, 2, 1)
        return cells.mend()


class Question(Overlay[bool]):
    """`push_screen(Question("Stop it?"), answered)`: True for yes."""

    DEFAULT_CSS = "Question { align: center middle; } Question _Box { width: 56; height: 7; background: $panel; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", show=False),
        Binding("n,escape,q,enter", "answer(False)", "No", show=False),
    ]

    def __init__(self, question: str, palette: str = "standard") -> None:
        super().__init__()
        self.question, self.palette = question, palette

    def compose(self) -> ComposeResult:
        box = _Box(self.question, self.palette)
        box.styles.width = min(max(cell_width(self.question) + 6, 30), 60)
        box.styles.height = 4 + len(wrap(self.question, 54))
        yield box

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)
