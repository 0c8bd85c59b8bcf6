"""The panes of the match screen: which there are, which is active, what its keys do. What they contain is `_painting`'s.

The parts are named "board", "seat 0", "seat 1", ..., "events"; one of them is active. Where there is little room, or after
a zoom, only the active one is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from textual import on
from textual.events import Resize
from textual.widgets import Input, Static

from arena.text import safe_text
from tui.keymaps import MATCH, Command
from tui.pages import PAGES, Sitting, page_text, pages_of
from tui.screens._layout import NORMAL, Layout, layout
from tui.screens._painting import WORDS, Painting, told
from tui.screens._steering import Steering
from tui.screens._words import view_name
from tui.screens.keys import KeysScreen
from tui.widgets.grid import GridView
from tui.widgets.pane import Pane
from tui.written import page_of

__all__ = ["Panes"]

_MOST_PANES = 4
_QUESTIONS = {"go": (":", "a step, 37%, an event: win, e3"), "search": ("/", "words or a regular expression")}
_LONGEST_COPY = 100_000


class Panes(Steering):
    """Steering with widgets: layout, the active part, its pages and scrolling, the prompt."""

    moment: Any = None

    def __init__(self, path: Path, **options: Any) -> None:
        super().__init__(path, **options)
        self.painting = Painting("standard", False, False)
        self.active, self.seat = "board", 0
        self.alone = False
        self.charts_on: bool | None = None
        self.drawn = True
        self.layout_now: Layout = layout(120, 40, self.vantage.seats, "board", 0, False, False)
        self._asked_for = ""

    def prepare(self) -> None:
        """Take over the looks of the application."""
        self.painting = Painting(self.app.palette, self.app.plain_glyphs, self.app.plain_board)

    @property
    def pane_count(self) -> int:
        return min(self.vantage.seats, _MOST_PANES)

    @property
    def parts(self) -> list[str]:
        return ["board", *(f"seat {seat}" for seat in range(self.vantage.seats)), "events"]

    @property
    def wants_figures(self) -> bool:
        """Whether something is shown that is computed from the whole tape."""
        return self.layout_now.charts or any(self.painting.pages.get(seat) == "stats" for seat in self.layout_now.seats)

    def seat_panes(self) -> Iterator[tuple[Pane, int]]:
        """The panes of seats that are shown, and whose they are."""
        for n, seat in enumerate(self.layout_now.seats):
            yield self.query_one(f"#seat-{n}", Pane), seat

    # ------------------------------------------------------------------ layout
    def on_resize(self, event: Resize) -> None:
        self.fit_parts()
        self.changed()

    def fit_parts(self) -> None:
        """Show what the size and the user's wishes allow."""
        columns, rows = self.size
        kind = "seat" if self.active.startswith("seat") else self.active
        # Charts need room that a board of one column has not: they are off there until they are asked for.
        charts = self.charts_on if self.charts_on is not None else columns >= 120 and rows >= 36
        now = self.layout_now = layout(columns, rows, self.vantage.seats, kind, self.seat, self.alone, charts)
        self._size_parts(now)
        board = self.query_one("#board", GridView)
        board.border_title = f"board, {view_name(self.vantage.who)}" if not self.vantage.everything else "board"
        board.set_class(columns < NORMAL, "-bare")
        board.set_class(self.active == "board" and not now.tabs, "-active")

    def _size_parts(self, now: Layout) -> None:
        side_shown = bool(now.seats) or now.events
        left_shown = now.board or now.summary
        self.query_one("#left").display = left_shown
        self.query_one("#board").display = now.board and self.drawn
        self.query_one("#words").display = now.summary or (now.board and not self.drawn)
        self.query_one("#charts").display = now.charts
        side = self.query_one("#side")
        side.display = side_shown
        side.styles.width = now.side if left_shown else "1fr"
        for n in range(self.pane_count):
            self.query_one(f"#seat-{n}").display = n < len(now.seats)
        events = self.query_one("#events")
        events.display = now.events
        events.styles.height = now.events_rows if now.seats else "1fr"
        self.query_one("#scrub").display = now.scrub

    # ------------------------------------------------------------------ keys of panes
    def action_pane(self, direction: int) -> None:
        parts = self.parts
        self.activate(parts[(parts.index(self.active) + direction) % len(parts)])

    def activate(self, part: str) -> None:
        """Make a part the one that keys speak to."""
        self.active = part
        if part.startswith("seat"):
            self.seat = int(part.split()[1])
        self.fit_parts()
        self.changed()

    def action_tab(self) -> None:
        if not self.active.startswith("seat"):
            self.activate(f"seat {self.seat}")
        page = self.painting.pages.get(self.seat, PAGES[0])
        pages = pages_of(self.sitting(), page)
        self.painting.pages[self.seat] = pages[(pages.index(page) + 1) % len(pages)]
        self.changed()

    def action_scroll(self, direction: int) -> None:
        if self.active == "events":
            self.scroll_events(direction)
        elif self.query_one("#words").display and (self.active == "board" or self.layout_now.summary):
            self._scroll(WORDS, direction)
        else:
            self.scroll_page(self.seat, direction)

    def scroll_page(self, seat: int, direction: int) -> None:
        self._scroll((seat, self.painting.pages.get(seat, PAGES[0])), direction)

    def _scroll(self, key: tuple[int, str], direction: int) -> None:
        here = self.painting.scrolls.get(key, 0) + 3 * direction
        self.painting.scrolls[key] = min(max(here, 0), self.painting.furthest.get(key, 0))
        self.changed()

    def scroll_events(self, direction: int) -> None:
        """Move the list by a few ticks; at the position it follows again."""
        here = self.playback.position if self.painting.anchor is None else self.painting.anchor
        wanted = min(max(here + 3 * direction, 0), self.playback.last)
        self.painting.anchor = None if wanted == self.playback.position else wanted
        self.changed()

    def go(self, position: int) -> None:
        self.painting.anchor = None
        super().go(position)

    def searching(self, pattern: str) -> None:
        super().searching(pattern)
        self.painting.sought = self.hunt.wanted if self.hunt is not None else None
        self.changed()

    def action_hit(self, direction: int) -> None:
        """Where the hit is in an agent's note, its pane is scrolled to it, on the page of that note if the open one has it not."""
        super().action_hit(direction)
        noted = self.hunt.noted.get(self.playback.position) if self.hunt is not None else None
        if self.hunt is None or noted is None or not 0 <= noted[0] < self.vantage.seats:
            return
        self.seat, self.painting.sought = noted[0], self.hunt.wanted
        page, sitting = self.painting.pages.get(self.seat, PAGES[0]), self.sitting()
        if sitting is None or not self.hunt.wanted.search(page_text(page, sitting)):
            page = page_of(noted[1])
        self.painting.pages[self.seat], self.painting.seeking = page, (self.seat, page)
        self.fit_parts()
        self.changed()

    def action_zoom(self) -> None:
        self.alone = not self.alone
        self.fit_parts()
        self.changed()

    def action_charts(self) -> None:
        self.charts_on = not self.layout_now.charts
        self.fit_parts()
        if self.charts_on and not self.layout_now.charts:
            self.tell("no room for charts here: a larger terminal, or a a to the board")
        self.changed()

    def look_as(self, who: int) -> None:
        super().look_as(who)
        self.fit_parts()
        self.changed()

    # ------------------------------------------------------------------ the prompt
    def action_ask(self, purpose: str) -> None:
        self._asked_for = purpose
        sign, hint = _QUESTIONS[purpose]
        self.query_one("#asks", Static).update(sign)
        answer = self.query_one("#answer", Input)
        answer.value, answer.placeholder = "", hint
        self._open_prompt(True)

    def _open_prompt(self, opened: bool) -> None:
        self.query_one("#prompt").display = opened
        self.query_one("#keys").display = not opened
        self.set_focus(self.query_one("#answer") if opened else None)

    @property
    def asking(self) -> bool:
        return bool(self.query_one("#prompt").display)

    @on(Input.Submitted, "#answer")
    def _answered(self, event: Input.Submitted) -> None:
        event.stop()
        self._open_prompt(False)
        if self._asked_for != "go":
            self.searching(event.value)
        elif event.value.strip():
            self.going(event.value)

    # ------------------------------------------------------------------ mouse
    @on(Pane.Pressed)
    def _pressed(self, event: Pane.Pressed) -> None:
        if event.pane.id == "events":
            rows: Sequence[Any] = self.painting.rows
            if 0 <= event.row < len(rows):
                self.go(rows[event.row].tick)
            self.activate("events")
            return
        for pane, seat in self.seat_panes():
            if pane is event.pane:
                self.activate(f"seat {seat}")
                if event.row < 0:
                    self.action_tab()

    @on(Pane.Scrolled)
    def _scrolled(self, event: Pane.Scrolled) -> None:
        if event.pane.id == "events":
            self.scroll_events(event.direction)
        elif event.pane.id == "words":
            self._scroll(WORDS, event.direction)
        for pane, seat in self.seat_panes():
            if pane is event.pane:
                self.scroll_page(seat, event.direction)

    # ------------------------------------------------------------------ other
    def text(self) -> str:
        """The active part as text, as the viewer may see it."""
        if self.active == "events":
            return "\n".join(f"{row.tick}  {row.text}" for row in self.painting.rows)
        if self.active == "board" or self.moment is None:
            return f"step {self.playback.position}\n{told(self.vantage, self.moment)}"
        sitting = self.sitting()
        return "" if sitting is None else page_text(self.painting.pages.get(self.seat, PAGES[0]), sitting)

    def sitting(self) -> Sitting | None:
        """The seat that keys speak to, at this moment."""
        if self.moment is None:
            return None
        act = self.vantage.latest(self.seat, self.moment)
        return Sitting(self.vantage, self.moment, self.seat, act, self.tally)

    def action_copy(self) -> None:
        text = safe_text(self.text()[:_LONGEST_COPY], lines=10_000)
        self.app.copy_to_clipboard(text)
        self.tell(f"copied {len(text)} characters of {self.active} (where the terminal allows it)", "good")

    def action_screenshot(self) -> None:
        name = f"{self.tape.log.path.name.removesuffix('.part')}.step{self.playback.position}.svg"
        try:
            path = self.app.save_screenshot(name, str(self.tape.log.path.parent))
        except OSError as error:
            self.tell(f"cannot save {name}: {error.strerror}", "bad")
        else:
            self.tell(f"saved {path}", "good")

    def action_help(self) -> None:
        shown = [command for command in MATCH if not command.id.startswith("jump-")]
        at = next(n for n, command in enumerate(shown) if command.id == "go")
        digits = Command("jump", "0-9", "", "Go to 0 %, 10 %, ... 90 %", "Position")
        self.app.push_screen(KeysScreen("Keys", [*shown[:at], digits, *shown[at:]]))

    def action_leave(self) -> None:
        if self.asking:
            self._open_prompt(False)
        elif self.alone:
            self.action_zoom()
        else:
            self.app.back()
