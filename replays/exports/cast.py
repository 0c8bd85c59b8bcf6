"""A terminal recording: asciicast v3, one JSON line per change, times relative to the line before.

Source: https://docs.asciinema.org/manual/asciicast/v3/. Boards are painted as terminal cells by the screens' own painter, which is named by
a string and loaded when needed; without it, and without the rules, the position is written in words.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from arena.text import cell_width, safe_text
from envs.canvas import PALETTES, Canvas, seat_colour
from replays.exports._shots import Shot, Wanted, outcome, shots, titles
from replays.tape import Tape

__all__ = ["write"]

PAINTER = "tui.ansi:painted"
_SIZE = (80, 24)
_HIDE, _SHOW, _CLEAR = "\x1b[?25l", "\x1b[?25h", "\x1b[2J\x1b[H"
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"  # the terminal shows the changes between these two at once

Painter = Callable[[Canvas, int, int, str], list[str]]


def write(tape: Tape, wanted: Wanted, path: Path) -> None:
    columns, rows = wanted.size or _SIZE
    pages = _Pages(tape, wanted, columns, rows)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        head = {
            "version": 3, "term": {"cols": columns, "rows": rows}, "timestamp": max(0, min(int(pages.created), 1 << 40)),
            "title": " - ".join([safe_text(tape.started.game.get("title"), width=60), *titles(tape)]),
        }  # fmt: skip
        file.write(json.dumps(head) + "\n")
        wait = 0.0
        for shot in shots(tape, wanted):
            file.write(_line(wait, "o", pages.turn(shot)))
            for mark in () if shot.between else shot.marks:
                file.write(_line(0.0, "m", safe_text(mark.text, width=80)))
            wait = shot.seconds
        file.write(_line(wait, "o", f"\x1b[0m{_SHOW}\x1b[{rows};{columns}H"))
        file.write(_line(0.0, "x", "0"))


def _line(wait: float, code: str, data: str) -> str:
    return json.dumps([round(wait, 6), code, data]) + "\n"


class _Pages:
    """Turns shots into what a terminal must be sent: the rows that changed since the last one."""

    def __init__(self, tape: Tape, wanted: Wanted, columns: int, rows: int) -> None:
        self.tape, self.wanted, self.columns, self.rows = tape, wanted, columns, rows
        self.created = tape.started.created if 0 <= tape.started.created < 1e12 else 0.0
        self.colours = PALETTES.get(wanted.palette, PALETTES["standard"])
        self.painter = _painter() if tape.game is not None else None
        self.shown: list[str] = []

    def turn(self, shot: Shot) -> str:
        page = self._page(shot)
        moved = [(y, row) for y, row in enumerate(page) if y >= len(self.shown) or self.shown[y] != row]
        first = _HIDE + _CLEAR if not self.shown else ""
        self.shown = page
        return _BEGIN + first + "".join(f"\x1b[{y + 1};1H\x1b[0m\x1b[2K{row}" for y, row in moved) + _END

    def _page(self, shot: Shot) -> list[str]:
        head = self._players(shot)
        board = self._board(shot, max(1, self.rows - len(head) - 3))
        return [*head, "", *board, "", self._happened(shot)][: self.rows]

    def _players(self, shot: Shot) -> list[str]:
        """One line for every two seats: a disc in the seat's colour, the agent, the points."""
        wide = self.columns // 2
        cells = []
        for seat, title in enumerate(titles(self.tape)):
            points = shot.points[seat] if seat < len(shot.points) else None
            told = "" if points is None else f"  {points:g}"
            text = safe_text(f"{title}{told}", width=max(1, wide - 4))
            sign = "●" if seat in shot.acting or shot.final else "○"
            cells.append(
                f"{self._ink(seat_colour(seat))}{sign} \x1b[0m{text}" + " " * max(0, wide - 2 - cell_width(text))
            )
        return ["".join(cells[n : n + 2]).rstrip() for n in range(0, min(len(cells), 2 * (self.rows // 4)), 2)]

    def _board(self, shot: Shot, rows: int) -> list[str]:
        if self.painter is not None:
            canvas = Canvas()
            shot.moment.draw(canvas, self.wanted.who)
            return self.painter(canvas, self.columns, rows, self.wanted.palette)
        words = safe_text(shot.moment.text(self.wanted.who), lines=rows, width=self.columns).splitlines()
        return words + [""] * (rows - len(words))

    def _happened(self, shot: Shot) -> str:
        end = outcome(self.tape) if shot.final else ""
        tick = f"tick {shot.moment.tick} of {self.tape.last}"
        marks = "; ".join(mark.text for mark in shot.marks[-2:])
        text = safe_text(end or marks or ", ".join(shot.acts[-4:]), width=max(1, self.columns - len(tick) - 2))
        gap = " " * max(1, self.columns - cell_width(text) - len(tick))
        return (
            f"{self._ink('highlight' if end or marks else 'text')}{text}\x1b[0m{gap}{self._ink('muted')}{tick}\x1b[0m"
        )

    def _ink(self, name: str) -> str:
        red, green, blue = self.colours[name]
        return f"\x1b[38;2;{red};{green};{blue}m"


def _painter() -> Painter | None:
    """The screens' painter, None where the screens are not installed."""
    module, _, name = PAINTER.partition(":")
    try:
        found: Any = getattr(importlib.import_module(module), name)
    except ImportError:
        return None
    painter: Painter = found
    return painter
