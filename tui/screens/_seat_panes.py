"""What a person's seat looks like: the board, the legal actions, the others' thinking, what happened, a line to write in.

This class only shows. What is shown comes from `tui.seat` and `tui.seat_view`; keys, clicks and answers are in `human`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Input, Static

from arena.background import said
from arena.text import safe_text
from envs.canvas import Canvas
from tui.cells import Mode, paint
from tui.lines import Line, Span, wrap, write_lines
from tui.pointing import Cell
from tui.seat import HumanSeat
from tui.seat_view import (
    EVENTS,
    action_columns,
    action_rows,
    event_rows,
    others,
    players,
    result,
    state_words,
    thought,
)
from tui.sheet import Cells, Fit, legible
from tui.widgets.bars import PolicyBars
from tui.widgets.grid import CellsView, GridView
from tui.widgets.line_input import LineInput
from tui.widgets.lineview import LineView, keys_line
from tui.widgets.rows import Column, RowList

if TYPE_CHECKING:
    from tui.app import ArenaApp

__all__ = ["SeatPanes", "stacked_rows"]

LEGIBLE = 2.0
"""Pixels a unit: one row of cells. A smaller board is told in words."""
_FRAME, _SIDE, _CHROME, _LEAST_MOVES = 4, 26, 3, 5
"""Columns of a board's frame, columns of the moves beside it, rows above and below both, rows of the moves below it."""


def stacked_rows(width: float, height: float, columns: int, rows: int) -> int | None:
    """Rows that a board, with its frame, takes above the moves; None where it is better beside them or fits neither way."""
    beside = Fit.within(width, height, columns - _SIDE - _FRAME, rows - _CHROME - 2).scale
    room = rows - _CHROME - _LEAST_MOVES
    above = Fit.within(width, height, columns - _FRAME, room - 2)
    if beside >= LEGIBLE or above.scale < LEGIBLE:
        return None
    return math.ceil(above.height * above.scale / 2) + 2


def _told(text: str, columns: int, rows: int, palette: str) -> Cells:
    """The position in words, where the board cannot be read."""
    cells = Cells.blank(columns, rows)
    write_lines(cells, ([Span(line)] for line in wrap(text, columns, rows)), palette)
    return cells


class SeatPanes(Screen[None]):
    """The panes of one seat of a match that is recorded to `path`. Raises UserError for an unreadable file."""

    DEFAULT_CSS = """
    SeatPanes GridView { width: 3fr; border: round $secondary; border-title-color: $text-muted; padding: 0 1; }
    SeatPanes.-mine GridView { border: round $accent; }
    SeatPanes #side { width: 2fr; }
    SeatPanes #moves { height: 3fr; }
    SeatPanes #events { height: 2fr; }
    SeatPanes #thinking { height: 7; border: round $secondary; border-title-color: $text-muted; padding: 0 1; }
    SeatPanes #hidden { color: $text-muted; width: 1fr; height: auto; }
    SeatPanes #answer { height: 1; padding: 0 1; }
    SeatPanes #prompt { width: auto; color: $accent; text-style: bold; padding: 0 1 0 0; }
    SeatPanes Input { width: 24; background: $panel; }
    SeatPanes #told { width: 1fr; height: 1; padding: 0 1; }
    SeatPanes.-low #thinking { display: none; }
    SeatPanes.-narrow #side { width: 26; }
    SeatPanes.-narrow #thinking, SeatPanes.-narrow #events { display: none; }
    SeatPanes.-stacked #middle { layout: vertical; }
    SeatPanes.-stacked GridView, SeatPanes.-stacked #side { width: 1fr; }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (78, "-normal"), (118, "-wide")]  # noqa: RUF012  (a variable of Textual)
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high")]  # noqa: RUF012  (a variable of Textual)
    app: ArenaApp

    def __init__(self, path: Path, seat: int, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.person = HumanSeat(path, seat)
        self._now = clock
        self._open = False
        self._picked: list[Cell] = []
        self._told: tuple[str, str] = ("", "muted")
        self._saying = ""
        self._clock_shown = ""

    # ------------------------------------------------------------------ the screen
    def compose(self) -> ComposeResult:
        looks: dict[str, Any] = {"palette": self.app.palette, "ascii_only": self.app.plain_glyphs}
        yield LineView(**looks, id="top")
        with Horizontal(id="middle"):
            yield GridView()
            with Vertical(id="side"):
                yield RowList(
                    (Column(""),),
                    title="Your moves",
                    head=False,
                    empty=("The others are thinking.",),
                    id="moves",
                    **looks,
                )
                with Vertical(id="thinking") as pane:
                    pane.border_title = "The others' thinking"
                    yield Static("", markup=False, id="hidden")
                    yield PolicyBars(**looks)
                yield RowList(EVENTS, title="What happened", head=False, empty=("Nothing yet.",), id="events", **looks)
        with Horizontal(id="answer"):
            yield Static("›", markup=False, id="prompt")
            yield LineInput(id="words", placeholder="your answer")
            yield Static("", markup=False, id="told")
        yield LineView(**looks, id="keys")

    def on_mount(self) -> None:
        self._clocks = [
            self.set_interval(1 / min(self.app.fps, 20), self._tick),
            self.set_interval(0.25, self._show_top),
        ]
        self.query_one(GridView).border_title = safe_text(self.person.tape.started.game.get("title"), width=40)
        keys = [
            ("↑↓ enter", "play"),
            ("a-z", "write"),
            ("click", "board"),
            ("R", "resign"),
            ("o", "thinking"),
            ("?", "help"),
            ("q", "leave"),
        ]
        self.query_one("#keys", LineView).show(keys_line(keys), firm=2)
        self.set_focus(self.query_one("#moves", RowList))
        self.person.refresh(self._now())
        self._show()

    def on_screen_suspend(self) -> None:
        for timer in self._clocks:
            timer.pause()

    def on_screen_resume(self) -> None:
        for timer in getattr(self, "_clocks", ()):
            timer.resume()

    def on_unmount(self) -> None:
        self.person.close()

    def _tick(self) -> None:
        if self.person.refresh(self._now()):
            self._picked = []
            if self.person.awaited and self._told[1] != "bad":
                self._told = ("", "muted")
            self._show()

    # ------------------------------------------------------------------ showing
    def _show(self) -> None:
        if self.person.trouble:
            self._told = (self.person.trouble, "bad")
        self._show_top()
        self._show_moves()
        self._show_board()
        self._show_events()
        self._show_thinking()
        self._show_told()

    def _show_top(self) -> None:
        person = self.person
        self.set_class(person.awaited, "-mine")
        self.query_one("#words", Input).placeholder = "the match is over" if person.over else "your answer"
        right: list[Line] = [[state_words(person)], [Span(f"step {person.tape.last}", "muted")]]
        self.query_one("#top", LineView).show(players(person, self._now()), right)
        saying = "" if person.awaited or person.over else said(person.path)
        before, self._saying = self._saying, saying
        if saying != before and (saying or self._told[0] == before):
            self._tell(saying, "muted")

    def _show_moves(self) -> None:
        person, moves = self.person, self.query_one("#moves", RowList)
        if not person.awaited:
            moving = "The others move." if others(person) else "The match moves on."
            moves.empty = result(person) if person.over else (moving, "Your actions appear here.")
            moves.show([], title="Result" if person.over else "Your moves")
            return
        choices = person.turn.choices
        if not choices:
            moves.empty = ("Write your answer below:", person.turn.hint)
            moves.show([])
            return
        picked = person.turn.pointing.at(self._picked) if self._picked else []
        some = [choice for choice in choices if not picked or choice.action in picked]
        moves.columns = action_columns(choices)
        moves.show(
            action_rows(some),
            title="Your moves",
            note=f"{len(some)} of {len(choices)}" if picked else str(len(choices)),
        )

    def _show_board(self) -> None:
        person, grid = self.person, self.query_one(GridView)
        columns, rows = grid.content_size
        if person.trouble or not columns or not rows:
            return
        canvas = Canvas()
        moment = person.tape.at(person.tape.last)
        moment.draw(canvas, person.who)
        if self._stack(canvas):
            return  # the board has another size in a moment, and asks for its picture then
        if not legible(canvas, columns, rows):
            grid.push(_told(moment.text(person.who), columns, rows, self.app.palette))
            return
        for x, y in self._marked():
            canvas.rect(x, y, 1, 1, "highlight", filled=False)
        mode: Mode = "ascii" if self.app.plain_board else "halfblock"
        grid.push(paint(canvas, columns, rows, self.app.palette, mode))

    def _stack(self, canvas: Canvas) -> bool:
        """Put a wide board above the moves where beside them it could not be read; whether that has changed anything."""
        high = stacked_rows(canvas.width, canvas.height, self.size.width, self.size.height)
        wanted = high is not None and self.has_class("-narrow")
        if wanted == self.has_class("-stacked"):
            return False
        self.set_class(wanted, "-stacked")
        self.query_one(GridView).styles.height = high if wanted else "1fr"
        return True

    def _marked(self) -> Iterable[Cell]:
        """The cells of the action under the cursor, or those that were clicked."""
        if not self.person.awaited:
            return ()
        if self._picked:
            return self._picked
        key = self.query_one("#moves", RowList).key
        return self.person.turn.pointing.cells.get(int(key), ()) if key else ()

    def _show_events(self) -> None:
        events = self.query_one("#events", RowList)
        rows = event_rows(self.person)
        newest = events.rows[-1:] != tuple(rows[-1:])
        events.show(rows)
        if newest:
            events.action_move(len(rows))

    def _show_thinking(self) -> None:
        """The newest thought of another seat, where it may be shown."""
        bars, words = self.query_one(PolicyBars), self.query_one("#hidden", Static)
        visible = self.person.over or self._open
        bars.display = visible
        words.display = not visible
        if not visible:
            words.update("Hidden until the match is over" + (" (o shows it)." if self.person.tape.opened else "."))
            return
        rest = (n for n in range(len(self.person.tape.started.seats)) if n != self.person.seat)
        acts = [act for act in map(self.person.latest, rest) if act is not None]
        if acts:
            newest = max(acts, key=lambda act: act.tick)
            bars.show(thought(newest.notes, newest.name))

    def _tell(self, text: str, colour: str = "bad") -> None:
        self._told = (text, colour)
        self._show_told()

    def _show_told(self) -> None:
        """What was wrong with the last answer stands beside the line."""
        text, colour = self._told
        if not text and self.person.awaited and self.person.refusals:
            text, colour = self.person.refusals[-1], "bad"
        told = self.query_one("#told", Static)
        told.update(safe_text(text, width=max(told.size.width - 2, 20)))
        told.styles.color = {"bad": "#e85c5c", "good": "#60c478"}.get(colour, "#828c9a")

    @on(CellsView.Resized)
    def resized(self) -> None:
        self._show_board()
