"""A framed list of rows with a cursor: matches, recordings, actions. Columns give way when the list is narrow.

The owner shows rows and keeps nothing else here; the cursor stays on its row's key when rows come and go. Foreign text becomes safe when
it is drawn. Messages: `Moved` when the cursor is on another row, `Chosen` for enter or a click on the row under the cursor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from textual.binding import Binding, BindingType
from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.message import Message

from arena.text import cell_width, safe_text
from tui.lines import Line, Span, frame, in_ascii, paste, wrap, write
from tui.sheet import Cells, look, named
from tui.widgets.grid import DrawnView

__all__ = ["Column", "Row", "RowList"]

_LEAST = 14
"""Cells that the flexible columns keep together before a column is left out."""


class Column(NamedTuple):
    """A column: its head, its width (0 shares what is left), flush right or left; `drop`: higher goes first, 0 stays."""

    title: str
    width: int = 0
    right: bool = False
    drop: int = 0


class Row(NamedTuple):
    """A row: what it stands for, and one line of spans for each column."""

    key: str
    cells: tuple[Line, ...]


class RowList(DrawnView, can_focus=True):
    """A list in a frame. `show` gives it rows; `empty` says what to do where there are none."""

    DEFAULT_CSS = "RowList { width: 1fr; height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "One row up", show=False, id="scroll-up"),
        Binding("down", "move(1)", "One row down", show=False, id="scroll-down"),
        Binding("pageup", "page(-1)", "A page up", show=False, id="page-up"),
        Binding("pagedown", "page(1)", "A page down", show=False, id="page-down"),
        Binding("home", "move(-1000000)", "First row", show=False, id="row-first"),
        Binding("end", "move(1000000)", "Last row", show=False, id="row-last"),
        Binding("enter", "choose", "Open", show=False, id="choose"),
    ]

    @dataclass
    class Moved(Message):
        """The cursor stands on another row; None when there is none."""

        rows: RowList
        key: str | None

        @property
        def control(self) -> RowList:
            return self.rows

    @dataclass
    class Chosen(Message):
        """The row under the cursor was chosen."""

        rows: RowList
        key: str

        @property
        def control(self) -> RowList:
            return self.rows

    def __init__(
        self, columns: Sequence[Column], *, title: str = "", empty: Sequence[str] = (), palette: str = "standard",
        ascii_only: bool = False, head: bool = True, id: str | None = None,  # noqa: A002  (Textual's name)
    ) -> None:  # fmt: skip
        super().__init__(palette=palette, ascii_only=ascii_only, id=id)
        self.columns, self.title, self.empty, self.head = tuple(columns), title, tuple(empty), head
        self.note = ""
        self.rows: tuple[Row, ...] = ()
        self._at = 0
        self._top = 0

    # ------------------------------------------------------------------ what the owner says and asks
    @property
    def key(self) -> str | None:
        """What the cursor stands on."""
        return self.rows[self._at].key if self.rows else None

    def show(self, rows: Sequence[Row], *, title: str | None = None, note: str = "") -> None:
        """Show other rows; `note` stands at the right of the frame's top."""
        before = self.key
        self.rows, self.note = tuple(rows), note
        self.title = self.title if title is None else title
        places = {row.key: n for n, row in enumerate(self.rows)}
        self._at = places.get(before or "", min(self._at, max(len(self.rows) - 1, 0)))
        self.redraw()
        if self.key != before:
            self.post_message(self.Moved(self, self.key))

    def go(self, key: str) -> None:
        """Put the cursor on a row, if it is there."""
        for n, row in enumerate(self.rows):
            if row.key == key:
                self._put(n)

    # ------------------------------------------------------------------ drawing
    def _room(self) -> int:
        """Rows that can be seen."""
        return max(self.content_size.height - 2 - self.head, 1)

    def sheet(self, columns: int, rows: int) -> Cells:
        cells = Cells.blank(columns, rows)
        title = [Span(self.title, "text" if self.has_focus else "muted", self.has_focus)]
        note = [Span(self.note, "muted")] if self.note else []
        inside = frame(cells, title, self.palette, right=note, active=self.has_focus)
        if self.rows:
            self._body(inside)
            at = self._at - self._top + 1 + self.head
            if self.has_focus and 0 < at < rows - 1:  # a ground alone does not show where there are no colours
                cells.write(1, at, "▸", look(named("accent", self.palette), bold=True))
        else:
            self._nothing(inside)
        paste(cells, inside, 2, 1)
        return in_ascii(cells.mend()) if self.ascii_only else cells.mend()

    def _nothing(self, cells: Cells) -> None:
        """What is said where there are no rows, in the middle; the first line stands out."""
        lines = [(line, n == 0) for n, text in enumerate(self.empty) for line in wrap(text, cells.columns)]
        top = max((cells.rows - len(lines)) // 2, 0)
        for y, (line, first) in enumerate(lines, start=top):
            x = max((cells.columns - cell_width(line)) // 2, 0)
            write(cells, x, y, [Span(line, "text" if first else "muted")], self.palette)

    def _body(self, cells: Cells) -> None:
        shown = self._widths(cells.columns)
        if self.head:
            head = tuple([Span(column.title, "muted")] for column in self.columns)
            self._line(cells, 0, head, shown)
        self._top = min(max(self._top, self._at - self._room() + 1), self._at)
        for y, row in enumerate(self.rows[self._top : self._top + self._room()], start=int(self.head)):
            self._line(cells, y, row.cells, shown)
            if y - self.head + self._top == self._at:
                self._mark(cells, y)

    def _mark(self, cells: Cells, y: int) -> None:
        """Lay the cursor under a row: its colours stay, the ground changes."""
        if 0 <= y < cells.rows:
            ground = look(0, named("fog" if self.has_focus else "hole", self.palette))
            cells.styles[y] |= ground

    def _widths(self, room: int) -> dict[int, int]:
        """Which columns are shown, and how wide each is."""
        kept = set(range(len(self.columns)))
        while len(kept) > 1 and room - self._taken(kept) < _LEAST:
            droppable = [n for n in kept if self.columns[n].drop]
            if not droppable:
                break
            kept.remove(max(droppable, key=lambda n: self.columns[n].drop))
        flexible = sorted(n for n in kept if self.columns[n].width == 0)
        left = max(room - self._taken(kept), 0)
        share = left // max(len(flexible), 1)
        widths = {n: self.columns[n].width or share for n in sorted(kept)}
        if flexible:
            widths[flexible[-1]] += left - share * len(flexible)
        return widths

    def _taken(self, kept: set[int]) -> int:
        return sum(self.columns[n].width for n in kept) + 2 * (len(kept) - 1)

    def _line(self, cells: Cells, y: int, line: Sequence[Line], widths: dict[int, int]) -> None:
        x = 0
        for n, width in widths.items():
            spans = line[n] if n < len(line) else ()
            used = sum(cell_width(safe_text(span.text)) for span in spans)
            gap = max(width - used, 0) if self.columns[n].right else 0
            write(cells, x + gap, y, spans, self.palette, width=width - gap)
            x += width + 2

    # ------------------------------------------------------------------ keys and mouse
    def _put(self, at: int) -> None:
        at = min(max(at, 0), max(len(self.rows) - 1, 0))
        if at != self._at:
            self._at = at
            self.redraw()
            self.post_message(self.Moved(self, self.key))

    def action_move(self, rows: int) -> None:
        self._put(self._at + rows)

    def action_page(self, pages: int) -> None:
        self._put(self._at + pages * self._room())

    def action_choose(self) -> None:
        if self.key is not None:
            self.post_message(self.Chosen(self, self.key))

    def on_click(self, event: Click) -> None:
        row = event.y - 1 - self.head + self._top
        if 1 + self.head <= event.y and row < len(self.rows):
            if row == self._at:
                self.action_choose()
            self._put(row)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        event.stop()
        self._put(self._at + 3)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        event.stop()
        self._put(self._at - 3)

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.redraw()
