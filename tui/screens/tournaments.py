"""The tournaments beside the folder of runs, the one that was written last first. Enter opens the leaderboard of one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from envs.errors import UserError
from tui.cups import Brief, Cup, brief, found, look
from tui.keymaps import Command, bindings
from tui.library import age
from tui.lines import Line, Span
from tui.screens.leaderboard import LeaderboardScreen
from tui.widgets.lineview import LineView, keys_line
from tui.widgets.rows import Column, Row, RowList

if TYPE_CHECKING:
    from tui.app import ArenaApp

__all__ = ["TOURNAMENTS", "TournamentsScreen"]

TOURNAMENTS: tuple[Command, ...] = (
    Command("help", "question_mark,f1", "help", "All keys", "Other", "help"),
    Command("leave", "q,escape", "leave", "Back", "Other", "back"),
)
_COLUMNS = (
    Column("name", 24),
    Column("games"),
    Column("matches", 15, right=True),
    Column("age", 7, right=True, drop=1),
)
_EMPTY = (
    "No tournament yet.",
    "arena tournament FILE.toml plays one; docs/tournaments.md shows what stands in the file.",
)
_SECONDS = 2.0


def brief_row(each: Brief, now: float) -> Row:
    """One line of the list."""
    if each.problem:
        return Row(str(each.folder), ([Span(each.folder.name)], [Span(each.problem, "bad")], (), ()))
    over = each.played == each.total
    count = Span(str(each.total), "muted") if over else Span(f"{each.played} of {each.total}", "good")
    when = Span(age(now - each.written), "muted")
    return Row(
        str(each.folder), ([Span(each.name, "text", True)], [Span(", ".join(each.games), "muted")], [count], [when])
    )


class TournamentsScreen(Screen[None]):
    """runs: the folder beside which they are kept; clock: seconds since 1970."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(TOURNAMENTS))
    app: ArenaApp

    def __init__(self, runs: Path, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.runs, self._wall = runs, clock
        self._looking = self._opening = False

    def compose(self) -> ComposeResult:
        looks: dict[str, Any] = {"palette": self.app.palette, "ascii_only": self.app.plain_glyphs}
        yield LineView(**looks, id="top")
        yield RowList(_COLUMNS, title="Tournaments", empty=_EMPTY, id="tournaments", **looks)
        yield LineView(**looks, id="keys")

    def on_mount(self) -> None:
        left: list[Line] = [[Span("Tournaments", "accent", True)]]
        self.query_one("#top", LineView).show(left, [[Span(str(self.runs.parent / "tournaments"), "muted")]])
        self.query_one("#keys", LineView).show(keys_line([("enter", "leaderboard"), ("?", "help"), ("q", "back")]))
        self.set_focus(self.query_one("#tournaments", RowList))
        self._timer = self.set_interval(_SECONDS, self._look)
        self._look()

    def on_screen_suspend(self) -> None:
        self._timer.pause()

    def on_screen_resume(self) -> None:
        if hasattr(self, "_timer"):
            self._timer.resume()

    def _look(self) -> None:
        """Read the disk in a thread; one look at a time."""
        if not self._looking:
            self._looking = True
            self.run_worker(self._look_now, thread=True, group="look", exit_on_error=False)

    def _look_now(self) -> None:
        listed = [brief(folder) for folder in found(self.runs)]
        with suppress(RuntimeError):  # the application may have ended meanwhile
            self.app.call_from_thread(self._take, listed)

    def _take(self, listed: Sequence[Brief]) -> None:
        self._looking, now = False, self._wall()
        self.query_one("#tournaments", RowList).show([brief_row(each, now) for each in listed])

    @on(RowList.Chosen)
    def chosen(self, event: RowList.Chosen) -> None:
        if not self._opening:
            self._opening = True
            self.run_worker(lambda: self._open(Path(event.key)), thread=True, group="open", exit_on_error=False)

    def _open(self, folder: Path) -> None:
        """Reads the store in a thread: ratings take a moment."""
        try:
            found: Cup | str = look(folder, 0)
        except UserError as error:
            found = str(error)
        with suppress(RuntimeError):
            self.app.call_from_thread(self._opened, found)

    def _opened(self, found: Cup | str) -> None:
        self._opening = False
        if isinstance(found, str):
            self.notify(found, severity="error", markup=False)
        else:
            self.app.push_screen(LeaderboardScreen(found))

    def action_help(self) -> None:
        from tui.screens.keys import KeysScreen  # noqa: PLC0415

        self.app.push_screen(KeysScreen("Tournaments", TOURNAMENTS))

    def action_leave(self) -> None:
        self.app.back()
