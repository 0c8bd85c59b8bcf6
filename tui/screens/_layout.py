"""Which parts of the match screen are shown at a size, and how large: a pure function, so that every size can be tested.

120 columns and more: board, a pane per seat, events. From 80: board, one pane with the seats as tabs, events. Fewer: one
part at a time. Under 60 x 20: the moment in words.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NORMAL", "Layout", "layout"]

NORMAL = 80
_WIDE, _NARROW, _LOW = 120, 60, 20
_PANE_ROWS, _MOST_PANES, _ROOMY = 8, 4, 30
_CHROME = 5
"""Rows of header, status, scrub bar (2) and keys."""


@dataclass(frozen=True)
class Layout:
    """seats: the seats that have a pane of their own, in order; `summary`: only words. Sizes in cells."""

    board: bool
    seats: tuple[int, ...]
    events: bool
    charts: bool
    summary: bool
    scrub: bool
    side: int
    events_rows: int
    tabs: bool
    """Whether one pane stands for all seats."""


def layout(columns: int, rows: int, seats: int, active: str, seat: int, alone: bool, charts: bool) -> Layout:
    """active: "board", "seat" or "events"; seat: the one that is or was last looked at; alone: only the active part."""
    if columns < _NARROW or rows < _LOW:
        return Layout(False, (), False, False, True, rows >= 10 and columns >= 40, 0, 0, True)
    room = rows - _CHROME
    if alone or columns < NORMAL:
        shown = (seat,) if active == "seat" else ()
        on_board = active == "board"
        return Layout(on_board, shown, active == "events", charts and on_board, False, True, columns, room, True)
    events_rows = max(room // 3, 6)
    fitting = (room - events_rows) // _PANE_ROWS
    apart = columns >= _WIDE and seats <= min(fitting, _MOST_PANES)
    if not apart and room >= _ROOMY:
        events_rows = room // 2
    side = min(max(columns * 2 // 5, 46), 64) if columns >= _WIDE else min(36 + (columns - NORMAL) // 2, 46)
    return Layout(
        True, tuple(range(seats)) if apart else (seat,), True, charts, False, True, side, events_rows, not apart
    )
