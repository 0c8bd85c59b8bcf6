"""What the panes of the match screen contain: agents, events, charts, the moment in words.

Each method gives the `Content` of a pane; its inside is painted when the pane knows its size. A recording may come from a
stranger: whatever goes wrong while its states are drawn or told becomes a line in the pane, and the screen stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from arena.events import Marked
from envs.canvas import Canvas, seat_colour
from replays.tape import Moment
from tui.cells import Mode
from tui.damage import Easel
from tui.lines import Line, Span, paste, scrolled, span_width, wrap, write, write_lines
from tui.pages import PAGES, Sitting, line_of, page_cells, pages_of
from tui.sheet import Cells, legible
from tui.story import StoryRow, story_cells, window
from tui.tally import Tally
from tui.vantage import Vantage, as_text
from tui.widgets.pane import Content
from tui.widgets.scrub import KINDS
from tui.widgets.sparkline import Plot, Series, legend, line_cells, span_of

__all__ = ["WORDS", "Painting"]

WORDS = (-1, "words")
"""Where the scrolling of the moment in words is kept."""
_FRAMING = 9
"""Columns that corners, blanks and a piece of the line take in a frame with a title and words at its right."""
_MANY, _STRETCHES = 2000, 600
"""Marks from which on the scrub bar is given a choice of them, and how many it is given then."""


@dataclass
class Painting:
    """The looks, and where each pane is scrolled to. `anchor`: the tick that the event list is scrolled to, None to follow; `sought`: what
    is searched for; `seeking`: the seat and page that are scrolled to it when they are painted next.
    """

    palette: str
    plain: bool
    plain_board: bool
    pages: dict[int, str] = field(default_factory=dict)
    scrolls: dict[tuple[int, str], int] = field(default_factory=dict)
    furthest: dict[tuple[int, str], int] = field(default_factory=dict)
    anchor: int | None = None
    rows: Sequence[StoryRow] = ()
    sought: re.Pattern[str] | None = None
    seeking: tuple[int, str] | None = None
    easel: Easel = field(default_factory=Easel)
    _thinned: tuple[int, int, tuple[tuple[int, str], ...]] = (0, 0, ())

    def guarded(self, make: Callable[[int, int], Cells]) -> Callable[[int, int], Cells]:
        """A painter whose failures become text."""

        def painted(columns: int, rows: int) -> Cells:
            try:
                return make(columns, rows)
            except Exception as error:  # noqa: BLE001  (a stranger's state may break any game's words)
                cells = Cells.blank(columns, rows)
                text = f"This cannot be shown: {type(error).__name__}: {error}"
                write_lines(cells, ([Span(line, "bad")] for line in wrap(text, columns)), self.palette)
                return cells

        return painted

    # ------------------------------------------------------------------ the board
    def drawing(self, moment: Moment, who: int) -> Canvas | None:
        """The game's drawing for a viewer; None without rules, or when it cannot be drawn."""
        if moment.tape.game is None:
            return None
        canvas = Canvas()
        try:
            moment.draw(canvas, who)
        except Exception:  # noqa: BLE001  (as above; the words will say what is wrong)
            return None
        return canvas

    def fits(self, canvas: Canvas, columns: int, rows: int) -> bool:
        """Whether a board can be read at a size."""
        return legible(canvas, columns, rows)

    def board(self, canvas: Canvas, columns: int, rows: int) -> Cells:
        mode: Mode = "ascii" if self.plain_board else "halfblock"
        return self.easel.paint(canvas, columns, rows, self.palette, mode)

    def words(self, vantage: Vantage, moment: Moment | None, trouble: str, active: bool) -> Content:
        """The moment told instead of drawn; the fields of the state where there are no rules."""

        def painted(columns: int, rows: int) -> Cells:
            lines = [[Span(line, "bad")] for line in wrap(trouble, columns)] if trouble else []
            lines += [[Span(line)] for line in wrap(told(vantage, moment), columns, 500)]
            cells, self.furthest[WORDS] = scrolled(lines, columns, rows, self.scrolls.get(WORDS, 0), self.palette)
            return cells

        return Content([Span("in words", "muted")], paint=self.guarded(painted), active=active)

    # ------------------------------------------------------------------ agents
    def agent(self, sitting: Sitting, columns: int, tabs: bool, active: bool) -> Content:
        """A seat's pane: the agent's name, its pages, the one that is open."""
        page = self.pages.get(sitting.seat, PAGES[0])
        seat, vantage = sitting.seat, sitting.vantage
        name = vantage.title(seat)
        title = [Span("● ", seat_colour(seat)), Span(name, "text", True)]
        if tabs and vantage.seats > 1 and name == vantage.agent(seat):
            title.append(Span(f"  {seat + 1}/{vantage.seats}", "muted"))
        right = _tabs(page, pages_of(sitting, page), columns - span_width(title) - _FRAMING)
        if sitting.moment.tape.game is not None and _acts_now(sitting):
            moving = [*title, Span(" to move", "accent")]
            beside = _tabs(page, pages_of(sitting, page), columns - span_width(moving) - _FRAMING)
            if beside or page == PAGES[0]:  # which page is open is said first, where it is not the first
                title, right = moving, beside

        def painted(wide: int, high: int) -> Cells:
            if self.seeking == (seat, page) and self.sought is not None:
                self.seeking = None
                self.scrolls[seat, page] = max((line_of(page, sitting, wide, self.sought) or 0) - high // 3, 0)
            scroll = self.scrolls.get((seat, page), 0)
            cells, self.furthest[seat, page] = page_cells(
                page, sitting, wide, high, scroll, self.palette, self.plain, self.sought
            )
            return cells

        return Content(title, right, paint=self.guarded(painted), active=active)

    # ------------------------------------------------------------------ events
    def events(self, vantage: Vantage, position: int, active: bool, foot: Line = ()) -> Content:
        """The list of what happened, round the position or where it was scrolled to."""
        anchor = position if self.anchor is None else self.anchor

        def painted(columns: int, rows: int) -> Cells:
            self.rows = window(vantage, anchor, position, rows)
            return story_cells(self.rows, columns, rows, position, vantage.tape.last, self.palette)

        count = len(vantage.marks(position))
        title = [Span("Events", "text", active)]
        right = [Span(f"{count} marks" if count != 1 else "1 mark", "muted")] if count else []
        return Content(title, right, foot, self.guarded(painted), active)

    def bar_marks(self, vantage: Vantage, position: int) -> tuple[tuple[int, str], ...]:
        """Ticks and kinds for the scrub bar. Of very many the loudest of each stretch, looked at again when 2 % have come."""
        marks = vantage.marks(position)
        if len(marks) <= _MANY:
            return tuple((mark.tick, mark.kind) for mark in marks)
        who, count, thinned = self._thinned
        if who != vantage.who or not count <= len(marks) < count * 1.02:
            thinned = _thin(marks, vantage.tape.last)
            self._thinned = vantage.who, len(marks), thinned
        return thinned

    # ------------------------------------------------------------------ charts
    def charts(self, vantage: Vantage, tally: Tally, position: int) -> Content:
        """Scores, and what the agents expected, over the ticks."""
        scores = _series(vantage, tally.scores(vantage.who, position))
        values = _series(vantage, tally.values(vantage.who, position))

        def painted(columns: int, rows: int) -> Cells:
            cells = Cells.blank(columns, rows)
            half = (columns - 3) // 2 if values else columns
            paste(cells, self._chart("score", Plot(scores, position), half, rows), 0, 0)
            if values:
                paste(cells, self._chart("value", Plot(values, position, -1, 1), half, rows), half + 3, 0)
            return cells

        return Content([Span("Charts")], paint=self.guarded(painted))

    def _chart(self, name: str, plot: Plot, columns: int, rows: int) -> Cells:
        """What is drawn and between which values, whose line is whose, the lines."""
        cells = Cells.blank(columns, rows)
        known = span_of(plot.series) if plot.low is None else f"{plot.low:g} to {plot.high:g}"
        write(cells, 0, 0, [Span(f"{name}, {known}" if known else name, "muted")], self.palette)
        if not known:
            write(cells, 0, 1, [Span("nothing is known yet", "muted")], self.palette)
            return cells
        write(cells, 0, 1, legend(plot.series, plot.cursor or 0, columns, self.plain), self.palette)
        unnamed = replace(plot, series=[replace(each, name="") for each in plot.series])
        paste(cells, line_cells(unnamed, columns, rows - 2, self.palette, self.plain), 0, 2)
        return cells


def _thin(marks: Sequence[Marked], last: int) -> tuple[tuple[int, str], ...]:
    """At most one mark, the highest in rank, of each of some hundred stretches of the match."""
    best: dict[int, tuple[int, str]] = {}
    ranks: dict[int, int] = {}
    for mark in marks:
        stretch = mark.tick * _STRETCHES // (last + 1)
        rank = KINDS[mark.kind].rank if mark.kind in KINDS else 0
        if rank >= ranks.get(stretch, -1):
            best[stretch], ranks[stretch] = (mark.tick, mark.kind), rank
    return tuple(best.values())


def _series(vantage: Vantage, figures: dict[int, Sequence[float]]) -> tuple[Series, ...]:
    return tuple(Series(vantage.short(seat), values, seat_colour(seat)) for seat, values in figures.items())


def _tabs(page: str, pages: Sequence[str], room: int) -> Line:
    """The names of the pages; where they do not fit the open one's name and number, its name alone, or nothing."""
    spans: list[Span] = []
    for each in pages:
        spans += [Span(" ", "muted")] if spans else []
        spans.append(Span(each, "accent", True) if each == page else Span(each, "muted"))
    if span_width(spans) <= room:
        return spans
    short: Line = [Span(page, "accent", True), Span(f" {pages.index(page) + 1}/{len(pages)}", "muted")]
    return next((line for line in (short, short[:1]) if span_width(line) <= room), [])


def _acts_now(sitting: Sitting) -> bool:
    """Whether the seat decides at this moment; who acts is known to everybody."""
    try:
        return sitting.seat in sitting.moment.acting()
    except Exception:  # noqa: BLE001  (a stranger's state)
        return False


def told(vantage: Vantage, moment: Moment | None) -> str:
    """The moment in words, as the viewer knows it."""
    if moment is None:
        return ""
    if vantage.tape.game is not None:
        return moment.text(vantage.who)
    if not vantage.everything:
        return "Without the rules nobody can tell what this view may see. v looks as the spectator."
    return as_text(moment.row.tree())
