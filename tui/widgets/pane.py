"""A framed pane whose inside is painted by its owner, and the row of keys at the foot of a screen.

A pane knows no match: its owner gives it a title and a painter, and is told of clicks. Foreign text is safe because it
reaches the terminal as cells only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.message import Message

from tui.lines import Line, Span, frame, in_ascii, paste, span_width, write
from tui.sheet import Cells
from tui.widgets.grid import DrawnView

__all__ = ["Content", "KeyLine", "KeyWord", "Pane"]

Painter = Callable[[int, int], Cells]
_GAP, _KEPT = 3, 2
"""Cells between two keys; keys at the end of the line that are shown before all others."""


@dataclass(frozen=True)
class Content:
    """What a pane shows: a title, words on the right and at the foot of its frame, and who paints the inside."""

    title: Line = ()
    right: Line = ()
    foot: Line = ()
    paint: Painter | None = None
    active: bool = False


class Pane(DrawnView):
    """A frame round what a painter makes of columns and rows."""

    DEFAULT_CSS = "Pane { width: 1fr; height: 1fr; }"

    content = Content()

    @dataclass
    class Pressed(Message):
        """A click on the inside at row `row`, or on the frame (row -1)."""

        pane: Pane
        row: int

        @property
        def control(self) -> Pane:
            return self.pane

    @dataclass
    class Scrolled(Message):
        """The wheel was turned: -1 up, 1 down."""

        pane: Pane
        direction: int

        @property
        def control(self) -> Pane:
            return self.pane

    def show(self, content: Content) -> None:
        """Show something else."""
        self.content = content
        self.redraw()

    def sheet(self, columns: int, rows: int) -> Cells:
        cells, content = Cells.blank(columns, rows), self.content
        inside = frame(
            cells, content.title, self.palette, right=content.right, foot=content.foot, active=content.active
        )
        if content.paint is not None and inside.columns > 0 and inside.rows > 0:
            paste(cells, content.paint(inside.columns, inside.rows), 2, 1)
        return (in_ascii(cells) if self.ascii_only else cells).mend()

    def on_click(self, event: Click) -> None:
        inside = 0 < event.y < self.size.height - 1
        self.post_message(self.Pressed(self, event.y - 1 if inside else -1))

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        self.post_message(self.Scrolled(self, -1))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        self.post_message(self.Scrolled(self, 1))


@dataclass(frozen=True)
class KeyWord:
    """A key as it is written, what it does in a word, and the action that a click runs."""

    key: str
    word: str
    action: str


class KeyLine(DrawnView):
    """The keys of a screen in one row: as many whole ones as fit; each can be clicked."""

    DEFAULT_CSS = "KeyLine { width: 1fr; height: 1; }"

    words: Sequence[KeyWord] = ()

    def show(self, words: Sequence[KeyWord]) -> None:
        """Show other keys; the same ones cost nothing."""
        if words != self.words:
            self.words = words
            self.redraw()

    def _placed(self, columns: int) -> list[tuple[int, Line, KeyWord]]:
        """Column, text and word of each key that fits; the last two (back, help) go before all others."""
        lines = [(word, [Span(word.key, "accent", True), Span(f" {word.word}", "muted")]) for word in self.words]
        room = columns - 2 + _GAP
        kept: set[int] = set()
        for n in [*range(len(lines) - 1, len(lines) - 1 - _KEPT, -1), *range(len(lines) - _KEPT)]:
            width = span_width(lines[n][1]) + _GAP if n >= 0 else 0
            if n >= 0 and width <= room:
                kept.add(n)
                room -= width
        placed: list[tuple[int, Line, KeyWord]] = []
        x = 1
        for n in sorted(kept):
            word, line = lines[n]
            placed.append((x, line, word))
            x += span_width(line) + _GAP
        return placed

    def sheet(self, columns: int, rows: int) -> Cells:
        cells = Cells.blank(columns, rows)
        for x, line, _ in self._placed(columns):
            write(cells, x, 0, line, self.palette)
        return (in_ascii(cells) if self.ascii_only else cells).mend()

    async def on_click(self, event: Click) -> None:
        for x, line, word in self._placed(self.size.width):
            if x <= event.x < x + span_width(line):
                await self.screen.run_action(word.action)
