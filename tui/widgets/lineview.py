"""One row of parts at the left and at the right: the line at the top of a screen, and the line of keys at its foot."""

from __future__ import annotations

from collections.abc import Sequence

from tui.lines import Line, Span, in_ascii, spread
from tui.sheet import Cells
from tui.widgets.grid import DrawnView

__all__ = ["LineView", "keys_line"]


def keys_line(keys: Sequence[tuple[str, str]]) -> list[Line]:
    """Keys and what they do, as parts of a line."""
    return [[Span(key, "accent", True), Span(f" {word}", "muted")] for key, word in keys]


class LineView(DrawnView):
    """`show` gives it parts, the most important first on each side; what does not fit whole is left out."""

    DEFAULT_CSS = "LineView { width: 1fr; height: 1; padding: 0 1; }"

    left: Sequence[Line] = ()
    right: Sequence[Line] = ()
    firm = 0

    def show(self, left: Sequence[Line], right: Sequence[Line] = (), firm: int = 0) -> None:
        """Show other parts; the last `firm` ones on the left go before all others."""
        self.left, self.right, self.firm = tuple(left), tuple(right), firm
        self.redraw()

    def sheet(self, columns: int, rows: int) -> Cells:
        cells = Cells.blank(columns, rows)
        spread(cells, 0, self.left, self.right, self.palette, self.firm)
        return in_ascii(cells.mend()) if self.ascii_only else cells.mend()
