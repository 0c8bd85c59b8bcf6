"""What the lobby looks like: two lists, a preview, and how they are kept up to date.

This class only shows. Keys and what they do are in `lobby`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from envs.words import plural
from tui.library import Found, Library, matching
from tui.lines import Line, Span
from tui.listing import NONE_MATCH, NONE_RECORDED, NONE_RUNNING, RECORDED, RUNNING, recorded_row, running_row
from tui.watched import OpenTapes, Watched
from tui.widgets.line_input import LineInput
from tui.widgets.lineview import LineView, keys_line
from tui.widgets.preview import Preview
from tui.widgets.rows import RowList

if TYPE_CHECKING:
    from tui.app import ArenaApp

__all__ = ["Lists"]

_LIST_SECONDS, _PREVIEW_SECONDS = 1.0, 0.5


class Lists(Screen[None]):
    """Lists of matches. `runs`: the folder, that of the settings by default; clock: seconds since 1970, for ages."""

    DEFAULT_CSS = """
    Lists #lists { width: 3fr; }
    Lists Preview { width: 2fr; }
    Lists #running { height: 1fr; }
    Lists #recorded { height: 2fr; }
    Lists #filter { display: none; height: 1; border: none; padding: 0 1; background: $panel; }
    Lists.-narrow Preview, Lists.-normal Preview { display: none; }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (60, "-normal"), (100, "-wide")]  # noqa: RUF012  (a variable of Textual)
    app: ArenaApp

    def __init__(self, runs: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._runs, self._wall = runs, clock
        self._found = Found()
        self._filter = ""
        self._tapes = OpenTapes()
        self._looking = False

    def compose(self) -> ComposeResult:
        looks: dict[str, Any] = {"palette": self.app.palette, "ascii_only": self.app.plain_glyphs}
        yield LineView(**looks, id="top")
        with Horizontal():
            with Vertical(id="lists"):
                yield RowList(RUNNING, title="Running", empty=NONE_RUNNING, id="running", **looks)
                yield RowList(RECORDED, title="Recordings", empty=NONE_RECORDED, id="recorded", **looks)
            yield Preview(**looks)
        yield LineInput(placeholder="words, or a condition such as ticks<20 and winner=mcts", id="filter")
        yield LineView(**looks, id="keys")

    def on_mount(self) -> None:
        self.library = Library(self._runs or self.app.settings.runs)
        self._clocks = [
            self.set_interval(_LIST_SECONDS, self._look),
            self.set_interval(_PREVIEW_SECONDS, self._preview),
        ]
        if self.app.plain_board:
            self.query_one(Preview).mode = "ascii"
        self._keys()
        self._show()
        self.set_focus(self.query_one("#running", RowList))
        self._look()

    def on_screen_suspend(self) -> None:
        for timer in self._clocks:
            timer.pause()

    def on_screen_resume(self) -> None:
        if hasattr(self, "_clocks"):
            for timer in self._clocks:
                timer.resume()
            self._look()

    def on_unmount(self) -> None:
        self._tapes.close()

    # ------------------------------------------------------------------ looking
    def _look(self) -> None:
        """Read the disk in a thread; one look at a time."""
        if not self._looking:
            self._looking = True
            self.run_worker(self._look_now, thread=True, group="look", exit_on_error=False)

    def _look_now(self) -> None:
        try:
            found = self.library.look()
        except OSError as error:
            found = Found(problem=f"{self.library.runs}: {error.strerror or error}")
        with suppress(RuntimeError):  # the application may have ended meanwhile
            self.app.call_from_thread(self._take, found)

    def _take(self, found: Found) -> None:
        self._looking = False
        if found.problem and found.problem != self._found.problem:
            self.notify(found.problem, severity="error", markup=False)
        self._found = found
        self._tapes.keep(found.running)
        self._show()
        self._preview()

    # ------------------------------------------------------------------ showing
    @property
    def _list(self) -> RowList:
        """The list that has the keyboard, or had it last."""
        recorded = self.query_one("#recorded", RowList)
        return recorded if self.focused is recorded else self.query_one("#running", RowList)

    def _show(self) -> None:
        count, running = self._found.count, len(self._tapes.running)
        left: list[Line] = [[Span("Palaestra", "accent", True)]]
        left.append([Span(f"{running} running", "good" if running else "muted")])
        left.append([Span(plural(count, "recording"), "muted")])
        right: list[Line] = [[Span(str(self.library.runs), "muted")]]
        self.query_one("#top", LineView).show(left, right)
        rows = [running_row(watched) for watched in self._tapes.running.values()]
        self.query_one("#running", RowList).show(rows, note=str(running) if running else "")
        self._show_recordings()

    def _show_recordings(self) -> None:
        listing = self.query_one("#recorded", RowList)
        words = "" if self.library.where else self._filter
        rows = matching(self._found.recordings, words)
        listing.empty = NONE_MATCH if self._filter else NONE_RECORDED
        note = f"{len(rows)} with {self._filter}" if self._filter else ""
        listing.show([recorded_row(row, self._wall()) for row in rows], note=note)

    def _keys(self) -> None:
        shown = [
            ("enter", "watch"),
            ("n", "new"),
            ("r", "again"),
            ("k", "stop"),
            ("/", "filter"),
            ("t", "tournaments"),
            ("ctrl+p", "palette"),
            ("?", "help"),
            ("q", "leave"),
        ]
        self.query_one("#keys", LineView).show(keys_line(shown), firm=2)

    def _preview(self) -> None:
        """What the cursor stands on; a running one is brought up to date."""
        preview = self.query_one(Preview)
        if not preview.display or self.app.screen is not self:
            return
        watched = self._current()
        if watched is None:
            preview.show("Preview", None, [[Span("Choose a match to see it here.", "muted")]])
            return
        watched.refresh()
        preview.show(watched.title, watched.canvas(), watched.lines())

    def _current(self) -> Watched | None:
        """The recording under the cursor, opened."""
        return self._tapes.at(self._list.key)

    @on(RowList.Moved)
    def moved(self) -> None:
        self._preview()

    def on_descendant_focus(self) -> None:
        self._preview()
