"""The lobby: what is running, what was recorded, a preview of what the cursor stands on.

The disk is read in a thread once a second, the preview twice a second, and nothing while another screen is in front. Enter opens a match;
one in which a person sits opens at that seat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar

from textual import on
from textual.app import SystemCommand
from textual.binding import BindingType
from textual.widgets import Input

from arena import background
from arena.text import safe_text
from envs.errors import UserError
from tui.keymaps import Command, bindings
from tui.library import is_condition
from tui.screens._lists import Lists
from tui.watched import open_seat
from tui.widgets.rows import RowList

__all__ = ["LOBBY", "LobbyScreen"]

LOBBY: tuple[Command, ...] = (
    Command("open", "enter", "noop", "Watch the match under the cursor, or take your seat in it", "Matches"),
    Command("new-match", "n", "new", "Start a new match", "Matches", "new match"),
    Command("again", "r", "again", "Play the same match again, on the same seed", "Matches", "again"),
    Command("stop", "k", "stop", "Stop a running match (asks)", "Matches", "stop"),
    Command("tournaments", "t", "tournaments", "Tournaments and their leaderboards", "Lists", "tournaments"),
    Command(
        "filter", "slash", "filter", "Filter the recordings: words, or ticks<20 and winner=mcts", "Lists", "filter"
    ),
    Command("other-list", "tab", "other", "The other list", "Lists"),
    Command("help", "question_mark,f1", "help", "All keys", "Other", "help"),
    Command("leave", "q,escape", "leave", "Leave; running matches go on", "Other", "leave"),
)


class LobbyScreen(Lists):
    """The lists with their keys. Enter opens a match; leaving it comes back here."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(LOBBY))

    # ------------------------------------------------------------------ opening
    @on(RowList.Chosen)
    def chosen(self, event: RowList.Chosen) -> None:
        self.open(Path(event.key))

    def open(self, path: Path) -> None:
        """Show a match: at a person's seat while it runs, else from outside."""
        from tui.screens.match import MatchScreen  # noqa: PLC0415  (the lobby's first frame does without them)

        try:
            seat = open_seat(path)
            if seat is not None:
                from tui.screens.human import HumanScreen  # noqa: PLC0415

                self.app.push_screen(HumanScreen(path, seat))
                return
            settings = self.app.settings
            self.app.push_screen(MatchScreen(path, speed=settings.speed, delay=settings.delay))
        except UserError as error:
            self.notify(str(error), severity="error", markup=False)

    def action_noop(self) -> None:
        """Enter is the list's; it stands in the table for the help."""

    def action_new(self) -> None:
        from tui.screens.new_match import NewMatch  # noqa: PLC0415

        def begun(path: Path | None) -> None:
            if path is not None:
                self.open(path)

        self.app.push_screen(NewMatch(self.library.runs), begun)

    def action_again(self) -> None:
        watched = self._current()
        if watched is None:
            self.notify("Choose a match to play again.", markup=False)
            return
        try:
            game, agents, seed = watched.again()
        except UserError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self.notify(f"Starting {game} again, seed {seed} …", markup=False)
        self.run_worker(lambda: self._start(game, agents, seed), thread=True, group="start", exit_on_error=False)

    def _start(self, game: str, agents: list[str], seed: int) -> None:
        try:
            speed, runs = self.app.settings.speed, self.library.runs
            path = background.start(game, agents, runs=runs, seed=seed, speed=speed, tell=self._told)
        except UserError as error:
            self.app.call_from_thread(self.notify, str(error), severity="error", markup=False)
            return
        self.app.call_from_thread(self.open, path)

    def _told(self, line: str) -> None:
        """What a match that begins says of itself."""
        self.app.call_from_thread(self.notify, line, markup=False)

    def action_stop(self) -> None:
        watched = self._tapes.running.get(self._list.key or "")
        if watched is None:
            self.notify("Choose a running match to stop it.", markup=False)
            return
        from tui.screens.ask import Question  # noqa: PLC0415

        pid = watched.tape.log.header.get("pid")

        def answered(yes: bool | None) -> None:
            if yes and isinstance(pid, int):
                background.stop(watched.path, pid)

        versus = " v ".join(watched.agents)
        question = f"Stop {watched.game}, {versus}? It ends as aborted; what was played stays recorded."
        self.app.push_screen(Question(question, self.app.palette), answered)

    # ------------------------------------------------------------------ the rest
    def action_tournaments(self) -> None:
        from tui.screens.tournaments import TournamentsScreen  # noqa: PLC0415  (it loads the ratings)

        self.app.push_screen(TournamentsScreen(self.library.runs))

    def action_filter(self) -> None:
        box = self.query_one("#filter", Input)
        box.display = True
        self.set_focus(box)

    @on(Input.Changed, "#filter")
    def filtering(self, event: Input.Changed) -> None:
        self._filter = safe_text(event.value)
        if self.library.where or is_condition(self._filter):
            return
        self._show_recordings()

    @on(Input.Submitted, "#filter")
    def filtered(self, event: Input.Submitted) -> None:
        self.library.where = event.value if is_condition(event.value) else ""
        self._close_filter()
        self._look()

    def _close_filter(self) -> None:
        self.query_one("#filter", Input).display = False
        self.set_focus(self.query_one("#recorded", RowList))
        self._show_recordings()

    def action_other(self) -> None:
        other = "#running" if self._list.id == "recorded" else "#recorded"
        self.set_focus(self.query_one(other, RowList))

    def action_help(self) -> None:
        from tui.screens.keys import KeysScreen  # noqa: PLC0415

        self.app.push_screen(KeysScreen("Lobby", LOBBY))

    def action_leave(self) -> None:
        box = self.query_one("#filter", Input)
        if box.display or self._filter:
            box.value = ""
            self.library.where = ""
            self._close_filter()
            self._look()
            return
        self.app.back()

    def commands(self) -> Iterable[SystemCommand]:
        """What the palette offers here."""
        for command in LOBBY:
            yield SystemCommand(command.label.capitalize() or command.help, command.help, self._doing(command.action))

    def _doing(self, action: str) -> Callable[[], Any]:
        return lambda: self.run_worker(self.run_action(action))
