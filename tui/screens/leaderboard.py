"""The leaderboard of a tournament: ratings with intervals and trends, who beats whom, and the matches behind every figure.

The store is read in a thread, again every two seconds while the tournament is played. Enter on a player lists its matches, enter on a cell
of the matrix the matches of the two, and enter on a match opens its recording.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.events import Resize
from textual.screen import Screen

from arena.standings import Player, Standing
from envs.errors import UserError
from tui.cups import Cup, csv, look
from tui.keymaps import Command, bindings
from tui.ladders import Matrix, ladder_columns, ladder_rows, player_cells
from tui.lines import Line, Span
from tui.screens.bouts import BoutsScreen
from tui.sheet import Cells
from tui.widgets.lineview import LineView, keys_line
from tui.widgets.matrix import MatrixView
from tui.widgets.pane import Content, Pane
from tui.widgets.rows import RowList

if TYPE_CHECKING:
    from tui.app import ArenaApp

__all__ = ["LEADERBOARD", "LeaderboardScreen"]

LEADERBOARD: tuple[Command, ...] = (
    Command("next-game", "v,right_square_bracket", "game(1)", "The next game", "Tables", "game"),
    Command("previous-game", "V,left_square_bracket", "game(-1)", "The game before", "Tables"),
    Command("next-ladder", "r", "ladder", "The ladder of the next role", "Tables", "role"),
    Command("overall", "o", "overall", "What all games say together", "Tables", "overall"),
    Command("other-pane", "tab", "other", "The ratings, or who beats whom", "Tables", "matrix"),
    Command("copy", "y", "copy", "Copy the table as CSV to the clipboard", "Other", "copy"),
    Command("help", "question_mark,f1", "help", "All keys", "Other", "help"),
    Command("leave", "q,escape", "leave", "Back", "Other", "back"),
)
_SECONDS, _REST = 2.0, 15
"""Seconds between looks, and how many times as long as a look takes nothing is read after it."""
_WIDE = 100


class LeaderboardScreen(Screen[None]):
    """`cup` is the first look; `game` moves through the games of the tournament."""

    DEFAULT_CSS = """
    LeaderboardScreen #ladder { height: auto; min-height: 6; }
    LeaderboardScreen #below { height: 1fr; }
    LeaderboardScreen MatrixView { width: 3fr; }
    LeaderboardScreen #player { width: 2fr; }
    LeaderboardScreen.-narrow #player { display: none; }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_WIDE, "-wide")]  # noqa: RUF012  (a variable of Textual)
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(LEADERBOARD))
    app: ArenaApp

    def __init__(self, cup: Cup) -> None:
        super().__init__()
        self.cup = cup
        self.ladder = 0
        self._wanted = cup.place
        self._looking = False
        self._due = 0.0

    def compose(self) -> ComposeResult:
        looks: dict[str, Any] = {"palette": self.app.palette, "ascii_only": self.app.plain_glyphs}
        yield LineView(**looks, id="top")
        empty = ("No player yet.", "The table fills while the tournament is played.")
        yield RowList((), title="Ratings", empty=empty, id="ladder", **looks)
        with Horizontal(id="below"):
            yield MatrixView(id="matrix", **looks)
            yield Pane(id="player", **looks)
        yield LineView(**looks, id="keys")

    def on_mount(self) -> None:
        self._timer = self.set_interval(_SECONDS, self._look)
        shown = [
            ("enter", "matches"),
            ("tab", "matrix"),
            ("v", "game"),
            ("o", "overall"),
            ("y", "copy"),
            ("ctrl+p", "palette"),
            ("?", "help"),
            ("q", "back"),
        ]
        self.query_one("#keys", LineView).show(keys_line(shown), firm=2)
        self.set_focus(self.query_one("#ladder", RowList))
        self._show()

    def on_resize(self, event: Resize) -> None:
        self.call_after_refresh(self._show)

    def on_screen_suspend(self) -> None:
        if hasattr(self, "_timer"):
            self._timer.pause()

    def on_screen_resume(self) -> None:
        if hasattr(self, "_timer"):
            self._timer.resume()

    # ------------------------------------------------------------------ looking
    def _look(self) -> None:
        """Read the store in a thread; one look at a time, and none at what is over."""
        asked = self._wanted != self.cup.place
        over = self.cup.count == self.cup.total
        if not self._looking and (asked or (not over and time.monotonic() >= self._due)):
            self._looking = True
            self.run_worker(self._look_now, thread=True, group="look", exit_on_error=False)

    def _look_now(self) -> None:
        began = time.monotonic()
        try:
            found: Cup | str = look(self.cup.folder, self._wanted, self.cup)
        except UserError as error:
            found = str(error)
        now = time.monotonic()
        self._due = now + _REST * (now - began)
        with suppress(RuntimeError):  # the application may have ended meanwhile
            self.app.call_from_thread(self._take, found)

    def _take(self, found: Cup | str) -> None:
        self._looking = False
        if isinstance(found, str):
            self.notify(found, severity="error", markup=False)
            return
        if found is not self.cup:
            self.cup = found
            self.ladder %= len(found.table.ladders)
            self._show()
        if self._wanted != self.cup.place:
            self._look()

    # ------------------------------------------------------------------ showing
    @property
    def standings(self) -> list[Standing]:
        """The ladder in front, best first."""
        return self.cup.table.ladders[self.ladder].standings

    @property
    def current(self) -> Standing | None:
        """The player under the cursor of the pane that has the keyboard."""
        view = self.query_one("#matrix", MatrixView)
        if self.focused is view and view.matrix is not None:
            wanted = view.matrix.pair[0]
            return next((each for each in self.standings if each.player == wanted), None)
        key = self.query_one("#ladder", RowList).key
        return self.standings[int(key)] if key is not None and int(key) < len(self.standings) else None

    def _show(self) -> None:
        if not self.is_mounted:
            return
        listing = self.query_one("#ladder", RowList)
        columns = max(self.size.width - 4, 1)
        listing.columns = ladder_columns(self.standings, columns)
        listing.styles.height = min(len(self.standings) + 3, max(self.size.height // 2 - 1, 6))
        several = len(self.cup.table.ladders) > 1
        role = f", {self.cup.table.ladders[self.ladder].role}" if several else ""
        listing.show(ladder_rows(self.standings, columns), title=f"Ratings{role}", note="intervals at 95 %")
        matrix = self.query_one("#matrix", MatrixView)
        matrix.show(Matrix.of(self.cup.table, self.ladder, matrix.matrix.at if matrix.matrix else (0, 0)))
        self._top()
        self._player()

    def _top(self) -> None:
        cup = self.cup
        played, every = len(cup.results[cup.place]), cup.count
        left: list[Line] = [
            [Span(cup.plan.name, "accent", True)],
            [Span(cup.division.game, "text", True), Span(f" {cup.place + 1}/{len(cup.plan.divisions)}", "muted")],
            [Span(f"{played} matches", "muted")],
            [Span(cup.division.system.replace("_", " "), "muted")],
        ]
        over = every == cup.total
        state = Span("finished", "muted") if over else Span(f"● {every} of {cup.total}", "good")
        self.query_one("#top", LineView).show(left, [[state]])

    def _player(self) -> None:
        current = self.current
        if current is None:
            return
        cup, palette = self.cup, self.app.palette

        def paint(columns: int, rows: int) -> Cells:
            return player_cells(current, cup.table, columns, rows, palette, cup.mixture)

        title = [Span(current.player.agent, "text", True)]
        self.query_one("#player", Pane).show(Content(title, paint=paint))

    # ------------------------------------------------------------------ keys
    @on(RowList.Moved, "#ladder")
    @on(MatrixView.Moved)
    def moved(self) -> None:
        self._player()

    @on(RowList.Chosen, "#ladder")
    def chosen(self) -> None:
        if self.current is not None:
            self._open(self.current.player, None)

    @on(MatrixView.Chosen)
    def met(self, event: MatrixView.Chosen) -> None:
        self._open(*event.pair)

    def _open(self, first: Player, second: Player | None) -> None:
        matches = self.cup.matches(first, second) if first != second else []
        if not matches:
            self.notify("No match is behind this cell.", markup=False)
            return
        self.app.push_screen(BoutsScreen(self.cup, first, second, matches))

    def action_game(self, step: int) -> None:
        self._wanted = (self._wanted + step) % len(self.cup.plan.divisions)
        self._look()

    def action_overall(self) -> None:
        from tui.screens.overall import OverallScreen  # noqa: PLC0415

        self.app.push_screen(OverallScreen(self.cup))

    def action_ladder(self) -> None:
        self.ladder = (self.ladder + 1) % len(self.cup.table.ladders)
        self._show()

    def action_other(self) -> None:
        listing, matrix = self.query_one("#ladder", RowList), self.query_one("#matrix", MatrixView)
        self.set_focus(matrix if self.focused is listing else listing)

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(csv(self.cup.table))
        self.notify("The table is on the clipboard, as CSV.", markup=False)

    def action_help(self) -> None:
        from tui.screens.keys import KeysScreen  # noqa: PLC0415

        self.app.push_screen(KeysScreen("Leaderboard", LEADERBOARD))

    def action_leave(self) -> None:
        self.app.back()

    def commands(self) -> Iterable[SystemCommand]:
        """What the palette offers here."""
        for command in LEADERBOARD:
            yield SystemCommand(command.label.capitalize() or command.help, command.help, self._doing(command.action))

    def _doing(self, action: str) -> Callable[[], Any]:
        return lambda: self.run_worker(self.run_action(action))


def screen(folder: Path, game: str | None = None) -> LeaderboardScreen:
    """The leaderboard of a store, first at a game. Raises UserError."""
    from arena.store import Reader  # noqa: PLC0415
    from arena.tournament.account import chosen  # noqa: PLC0415

    with Reader(folder) as reader:
        place = chosen(reader.plan, game)[0]
    return LeaderboardScreen(look(folder, place))
