"""The list of what happened: marks and moves by tick, a window of it round the tick that the screen shows.

The list is never built whole: rows are made for the ticks that are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from arena.events import Acted
from envs.canvas import seat_colour
from tui.lines import Line, Span, write_lines
from tui.sheet import Cells
from tui.vantage import Vantage
from tui.widgets.scrub import KINDS, Kind

__all__ = ["StoryRow", "story_cells", "window"]

_FARTHEST = 400
"""Ticks that are searched for rows on each side."""


@dataclass(frozen=True)
class StoryRow:
    """A line of the list. `mark`: something that happened, against a move; `letter` is that of the scrub bar."""

    tick: int
    seat: int
    text: str
    letter: str = ""
    colour: str = "muted"
    mark: bool = False


def _rows(vantage: Vantage, tick: int, position: int) -> list[StoryRow]:
    """What happened at a tick: the marks that it came with, then what was decided in it."""
    rows = []
    for mark in vantage.marks_at(tick, position):
        kind = KINDS.get(mark.kind) or Kind(mark.kind[:1] or "?", "accent")
        rows.append(StoryRow(tick, mark.seat, mark.text, kind.letter, kind.colour, True))
    return rows + [StoryRow(tick, act.seat, _move(vantage, act)) for act in vantage.acts(tick, position)]


def _move(vantage: Vantage, act: Acted) -> str:
    """A move in one line, or what was said with it where only that is known."""
    said = "  ".join(f"“{words}”" for _, words in act.said)
    name = act.name or (str(act.action) if act.action else "")
    return f"{vantage.short(act.seat)}  {name}  {said}".rstrip()


def window(vantage: Vantage, anchor: int, position: int, count: int) -> list[StoryRow]:
    """`count` rows round the tick `anchor`, a third of them after it where there are so many."""
    earlier = _gather(vantage, range(anchor, max(-1, anchor - _FARTHEST), -1), position, count)
    before = [row for rows in reversed(earlier) for row in rows]
    top = vantage.tape.last if vantage.everything else position
    later = _gather(vantage, range(anchor + 1, min(top, anchor + _FARTHEST) + 1), position, count)
    after = [row for rows in later for row in rows]
    below = min(len(after), max(count // 3, count - len(before)))
    return before[max(len(before) - (count - below), 0) :] + after[:below]


def _gather(vantage: Vantage, ticks: Sequence[int], position: int, count: int) -> list[list[StoryRow]]:
    """The rows of ticks in the order given, until there are enough."""
    found: list[list[StoryRow]] = []
    total = 0
    for tick in ticks:
        if total >= count:
            break
        rows = _rows(vantage, tick, position)
        total += len(rows)
        if rows:
            found.append(rows)
    return found


def _line(row: StoryRow, position: int, digits: int) -> Line:
    now, past = row.tick == position, row.tick <= position
    lead = Span("▸" if now else " ", "accent", True)
    tick = Span(f"{row.tick:>{digits}} ", "accent" if now else "muted" if past else "grid")
    dot = Span("●" if row.seat >= 0 else " ", seat_colour(row.seat) if row.seat >= 0 else "muted")
    letter = Span(f" {row.letter or ' '} ", row.colour if past else "muted", row.mark)
    quiet = "muted" if past or row.mark else "grid"
    text = Span(row.text, "text" if now or (row.mark and past) else quiet, row.mark and past)
    return [lead, tick, dot, letter, text]


def story_cells(rows: Sequence[StoryRow], columns: int, height: int, position: int, last: int, palette: str) -> Cells:
    """The rows as a sheet; the tick that is shown is marked, what comes after it is dim."""
    cells = Cells.blank(columns, height)
    write_lines(cells, (_line(row, position, len(str(last))) for row in rows), palette)
    if not rows:
        write_lines(cells, [[Span("Nothing has happened yet.", "muted")]], palette)
    return cells
