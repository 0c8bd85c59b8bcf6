"""A match on a host elsewhere on a whole terminal, while it is played: the board in colours, who plays, what has happened.

Only what the host shows this watcher is known here, so there is nothing to step through yet. When the full tape has come, the screen of
recordings opens on it.
"""

from __future__ import annotations

import io
import os
import re
import select
import shutil
import signal
import sys
import termios
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self, TextIO

from arena.text import safe_text
from envs.canvas import seat_colour
from envs.spec import PUBLIC, SPECTATOR
from tui.ansi import lines as coloured
from tui.cells import paint
from tui.distant import Account, follow
from tui.lines import Line, Span, frame, paste, wrap, write, write_lines
from tui.sheet import Cells
from tui.watched import points

__all__ = ["View", "show"]

_OPEN, _CLEAR, _CLOSE = "\x1b[?1049h\x1b[?25l\x1b[2J", "\x1b[2J", "\x1b[?25h\x1b[?1049l"
_SIDE, _NARROW = 34, 76
_NEWS = re.compile(r"\d+\. |\.\.\. ")
_WAITING = "waiting for a match to begin; q leaves"
_GLANCE = 0.25
"""Seconds between two looks at the terminal's size."""


class View:
    """A `tell` of `tui.distant.follow`: paints a terminal of `size()` columns and rows after each piece of news."""

    def __init__(
        self, out: TextIO, palette: str = "standard", delay: float = 0.0, size: Callable[[], tuple[int, int]] = shutil.get_terminal_size
    ) -> None:  # fmt: skip
        self._out, self._palette, self._delay, self._size = out, palette, delay, size
        self._news: deque[str] = deque(maxlen=200)
        self._account: Account | None = None
        self._painted: tuple[int, int] = (0, 0)
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._out.write(_OPEN)
        self._put([_WAITING])
        return self

    def __exit__(self, *error: object) -> None:
        self._out.write(_CLOSE)
        self._out.flush()

    def __call__(self, account: Account, lines: list[str]) -> None:
        if account.started is None:
            return
        # Names, boards and the result have places of their own.
        with self._lock:
            self._news.extend(line for line in lines if _NEWS.match(line))
            self._account = account
            self._paint()

    def refit(self) -> None:
        """Paint anew where the terminal has another size than the picture; from any thread."""
        with self._lock:
            if self._account is not None and tuple(self._size()) != self._painted:
                self._out.write(_CLEAR)
                self._paint()

    def _paint(self) -> None:
        assert self._account is not None
        columns, rows = self._painted = self._size()
        self._put(coloured(self.sheet(self._account, columns, rows)))

    def _put(self, rows: list[str]) -> None:
        self._out.write("\x1b[H" + "\r\n".join(rows))
        self._out.flush()

    # ------------------------------------------------------------------ the picture
    def sheet(self, account: Account, columns: int, rows: int) -> Cells:
        """The whole screen."""
        cells = Cells.blank(columns, rows)
        write(cells, 1, 0, self._headline(account), self._palette)
        side = _SIDE if columns >= _NARROW else 0
        high = rows - 2 if side else max(6, (rows - 2) * 2 // 3)
        paste(cells, self._board(account, columns - side, high), 0, 1)
        if side:
            paste(cells, self._beside(account, side, high), columns - side, 1)
        else:
            paste(cells, self._beside(account, columns, rows - 2 - high), 0, 1 + high)
        foot = "the result is in: waiting for the whole recording" if account.ended else "q leaves; the match goes on"
        write(cells, 1, rows - 1, [Span(foot, "muted")], self._palette)
        return cells

    def _headline(self, account: Account) -> Line:
        assert account.started is not None
        title = safe_text(account.started.game.get("title") or account.started.game.get("game"), width=60)
        eyes = {PUBLIC: "as the public", SPECTATOR: "all"}.get(account.who, f"as seat {account.who}")
        behind = f", {self._delay:g} s behind" if self._delay else ""
        live = Span("  ended", "muted") if account.ended else Span("  ● live", "good")
        return [Span(title, "text", True), live, Span(f"  step {account.tick}  seen {eyes}{behind}", "muted")]

    def _board(self, account: Account, columns: int, rows: int) -> Cells:
        cells, canvas = Cells.blank(columns, rows), account.canvas()
        inside = frame(cells, [Span("board")], self._palette)
        if canvas is None:
            text = "The rules of this game are not installed here as the host has them: its board cannot be drawn."
            write_lines(inside, [[Span(each, "muted")] for each in wrap(text, inside.columns)], self._palette)
        else:
            inside = paint(canvas, inside.columns, inside.rows, self._palette)
        paste(cells, inside, 2, 1)
        return cells

    def _beside(self, account: Account, columns: int, rows: int) -> Cells:
        """Who plays with how many points, and what has happened, the newest at the bottom."""
        assert account.started is not None
        cells = Cells.blank(columns, rows)
        inside = frame(cells, [Span("match")], self._palette)
        lines: list[Line] = []
        for n, seat in enumerate(account.started.seats):
            name = safe_text(seat.title or seat.agent, width=inside.columns - 10)
            lines.append([Span("● ", seat_colour(n)), Span(name, "text"), Span(f"  {account.points[n]:+g}", "muted")])
        if account.ended is not None:
            lines += [
                [],
                [Span(f"{points(account.ended.scores)}  ", "gold", True), Span(account.ended.reason, "muted")],
            ]
        lines.append([])
        told = [part for text in self._news for part in wrap(text, inside.columns)]
        room = max(0, inside.rows - len(lines))
        lines += [[Span(part, "text")] for part in told[len(told) - min(room, len(told)) :]]
        write_lines(inside, lines, self._palette)
        paste(cells, inside, 2, 1)
        return cells


@contextmanager
def _unechoed() -> Iterator[None]:
    """What is typed meanwhile does not appear in the picture, and comes key by key."""
    handle = sys.stdin.fileno()
    before = termios.tcgetattr(handle)
    quiet = [*before[:3], before[3] & ~(termios.ECHO | termios.ICANON), *before[4:]]
    termios.tcsetattr(handle, termios.TCSADRAIN, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(handle, termios.TCSAFLUSH, before)


class Keys(threading.Thread):
    """Reads keys and looks at the terminal's size while the main thread waits for the host; `left`: somebody wants to go."""

    def __init__(self, view: View, handle: int, go: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._view, self._handle, self._go = view, handle, go
        self._over = threading.Event()
        self.left = False

    def run(self) -> None:
        while not self._over.is_set():
            ready, _, _ = select.select([self._handle], [], [], _GLANCE)
            typed = os.read(self._handle, 64) if ready else b""
            if ready and not typed:
                return  # nobody is there any more
            if typed in (b"q", b"\x1b"):
                self.left = True
                self._go()
                return
            self._view.refit()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self.join(4 * _GLANCE)


def _interrupt() -> None:
    """End the main thread's wait for the host."""
    os.kill(os.getpid(), signal.SIGINT)


def show(
    url: str, out: TextIO, *, token: str, match: str, who: int, delay: float, runs: Path, palette: str = "standard"
) -> tuple[int, Path | None]:
    """Watch a match on the whole terminal: the exit code, and its recording when the host has opened it."""
    last = io.StringIO()
    size = os.get_terminal_size
    with (
        _unechoed(),
        View(out, palette, delay, lambda: tuple(size(out.fileno()))) as view,  # type: ignore[arg-type, return-value]
        Keys(view, sys.stdin.fileno(), _interrupt) as keys,
    ):
        try:
            code = follow(url, last, token=token, match=match, who=who, delay=delay, runs=runs, tell=view)
        except KeyboardInterrupt:
            if keys.left:
                return 0, None
            raise
    text = last.getvalue().strip()
    if code == 0 and text:
        return code, Path(text)
    if text:
        out.write(f"{text}\n")
    return code, None
