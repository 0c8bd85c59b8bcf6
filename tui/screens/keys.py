"""All keys of a screen, grouped by topic, read from its table of commands and from the keymap in force."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.app import ComposeResult
from textual.events import Key

from tui.keymaps import Command
from tui.lines import Line, Span, frame, in_ascii, paste, write
from tui.screens.overlay import Overlay
from tui.sheet import Cells
from tui.widgets.grid import DrawnView

__all__ = ["KeysScreen", "written"]

_NAMES = {
    "slash": "/", "question_mark": "?", "colon": ":", "comma": ",", "full_stop": ".", "apostrophe": "'", "left_square_bracket": "[",
    "right_square_bracket": "]", "left_curly_bracket": "{", "right_curly_bracket": "}", "minus": "-", "plus": "+", "equals_sign": "=",
    "escape": "esc", "left": "←", "right": "→", "up": "↑", "down": "↓",
}  # fmt: skip
_KEYS_WIDE = 12


def written(keys: str) -> str:
    """ "question_mark,f1" as people read it: "? f1"."""
    return " ".join(_NAMES.get(key, key) for key in keys.split(","))


class _Table(DrawnView):
    """The commands under their topics, from line `top` on."""

    def __init__(self, title: str, lines: Sequence[Line], palette: str, ascii_only: bool) -> None:
        super().__init__(palette=palette, ascii_only=ascii_only)
        self.title, self.lines, self.top = title, lines, 0

    def scroll_by(self, lines: int) -> None:
        """Show lines further down, or up."""
        furthest = max(len(self.lines) - (self.size.height - 2), 0)
        self.top = min(max(self.top + lines, 0), furthest)
        self.redraw()

    def _foot(self, rows: int) -> str:
        return "↑↓ more, any other key closes" if len(self.lines) > rows - 2 else "any key closes"

    def sheet(self, columns: int, rows: int) -> Cells:
        cells = Cells.blank(columns, rows)
        inside = frame(
            cells, [Span(self.title, "text", True)], self.palette, foot=[Span(self._foot(rows), "muted")], active=True
        )
        for n, line in enumerate(self.lines[self.top :]):
            write(inside, 0, n, line, self.palette)
        paste(cells, inside, 2, 1)
        return in_ascii(cells.mend()) if self.ascii_only else cells.mend()


class KeysScreen(Overlay[None]):
    """The help of a screen; up and down scroll it, any other key closes it. `more`: lines of text below the keys."""

    DEFAULT_CSS = "KeysScreen { align: center middle; } KeysScreen _Table { background: $panel; }"

    def __init__(self, title: str, commands: Sequence[Command], more: Sequence[str] = ()) -> None:
        super().__init__()
        self.title_line, self.commands_shown, self.more = title, commands, more

    def compose(self) -> ComposeResult:
        lines = list(self._lines())
        app = self.app
        table = _Table(self.title_line, lines, getattr(app, "palette", "standard"), getattr(app, "plain_glyphs", False))
        wide = max((_KEYS_WIDE + 2 + sum(len(span.text) for span in line[1:]) for line in lines), default=20)
        table.styles.width = min(max(wide, 30) + 4, 76)
        table.styles.height = len(lines) + 2
        table.styles.max_height = "100%"
        yield table

    def _lines(self) -> Iterable[Line]:
        keymap = getattr(self.app, "_keymap", {})
        topic = ""
        for command in self.commands_shown:
            if command.topic != topic:
                if topic:
                    yield [Span("")]
                topic = command.topic
                yield [Span(topic, "muted")]
            keys = written(keymap.get(command.id, command.keys))
            yield [Span(f"{keys:<{_KEYS_WIDE}}  ", "accent", True), Span(command.help)]
        if self.commands_shown:
            yield [Span(f"{'ctrl+p':<{_KEYS_WIDE}}  ", "accent", True), Span("Every command by its name")]
        if self.more:
            yield [Span("")]
        yield from ([Span(""), Span(text, "muted")] for text in self.more)

    def on_key(self, event: Key) -> None:
        lines = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10}.get(event.key)
        if lines is None:
            event.stop()
            self.dismiss()
        else:
            self.query_one(_Table).scroll_by(lines)

    def on_click(self) -> None:
        self.dismiss()
