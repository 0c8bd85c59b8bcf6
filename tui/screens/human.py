"""A person's seat: the board as that seat sees it, the legal actions, a line to write in, the clocks, what happened.

Letters that are no command begin an answer; up, down and enter choose from the list; a click on the board chooses where the game can be
pointed at. Leaving ends nothing: the match waits, and opening it again takes the seat up again. Nothing that the seat does not know is
shown before the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import SystemCommand
from textual.binding import BindingType
from textual.events import Key
from textual.widgets import Input

from arena.text import safe_text
from envs.errors import UserError
from tui.keymaps import Command, bindings
from tui.lines import wrap
from tui.screens._seat_panes import SeatPanes
from tui.widgets.grid import GridView
from tui.widgets.rows import RowList

if TYPE_CHECKING:
    from arena.settings import Settings

__all__ = ["HUMAN", "HumanScreen", "play"]

HUMAN: tuple[Command, ...] = (
    Command("choose-move", "enter", "noop", "Play the action under the cursor", "Playing", "play"),
    Command("write", "colon", "write", "Write an answer in the game's words; any letter begins one", "Playing"),
    Command("resign", "R", "resign", "Resign (asks)", "Playing", "resign"),
    Command(
        "thinking",
        "o",
        "thinking",
        "What the others think, where all is open or after the end",
        "Panes",
        "thinking",
    ),
    Command("inspect", "i", "inspect", "After the end: go through the match step by step", "Panes", "inspect"),
    Command("rules", "f2", "rules", "The rules of the game", "Other", "rules"),
    Command("help", "question_mark,f1", "help", "All keys", "Other", "help"),
    Command("leave", "q,escape", "leave", "Leave; the match waits for you", "Other", "leave"),
)


_RULES_WIDE = 68


class HumanScreen(SeatPanes):
    """One seat of a match that is recorded to `path`. clock: seconds that only go forward. Raises UserError for an unreadable file."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(HUMAN))

    # ------------------------------------------------------------------ answers
    @on(RowList.Chosen, "#moves")
    def chosen(self, event: RowList.Chosen) -> None:
        form = next((choice.form for choice in self.person.turn.choices if str(choice.action) == event.key), "")
        self._answer(form)

    @on(RowList.Moved, "#moves")
    def moved(self) -> None:
        self._show_board()

    @on(Input.Submitted, "#words")
    def written(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        if not text:
            self.query_one("#moves", RowList).action_choose()
        elif text.lower() == "resign":
            self.action_resign()
        else:
            self._answer(text)

    def _answer(self, text: str) -> None:
        """Send an answer; what is wrong with it is told, and it stays on the line."""
        if not self.person.awaited:
            self._tell("it is not your move" if not self.person.over else "the match is over", "muted")
            return
        try:
            self.person.answer(text)
        except UserError as error:
            self._tell(str(error))
            return
        self.query_one("#words", Input).value = ""
        self.set_focus(self.query_one("#moves", RowList))
        self._picked = []
        self._tell(f"sent: {safe_text(text, width=30)}", "good")
        self._show()

    @on(GridView.Clicked)
    def clicked(self, event: GridView.Clicked) -> None:
        if not self.person.awaited:
            return
        pointing = self.person.turn.pointing
        said = pointing.said(event.x, event.y)
        cell = (int(event.x), int(event.y))
        picked = [*self._picked, cell] if pointing.at([*self._picked, cell]) else [cell]
        actions = [said] if said is not None else pointing.at(picked)
        forms = {choice.action: choice.form for choice in self.person.turn.choices}
        if len(actions) == 1 and actions[0] in forms:
            self._answer(forms[actions[0]])
            return
        self._picked = picked if actions else []
        none = "no action there" if pointing.possible else "this board cannot be clicked: choose from the list or write"
        self._tell("" if actions else none, "muted")
        self._show_moves()
        self._show_board()

    def on_key(self, event: Key) -> None:
        """A letter that is no command begins an answer."""
        words = self.query_one("#words", Input)
        begins = event.character is not None and event.is_printable and event.character != " "
        if not begins or words.has_focus or not self.person.awaited or event.key in self.active_bindings:
            return
        event.stop()
        self.set_focus(words)
        words.insert_text_at_cursor(event.character or "")

    # ------------------------------------------------------------------ commands
    def action_noop(self) -> None:
        """Enter is the list's; it stands in the table for the help."""

    def action_write(self) -> None:
        self.set_focus(self.query_one("#words", Input))

    def action_resign(self) -> None:
        from tui.screens.ask import Question  # noqa: PLC0415

        if self.person.over:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                try:
                    self.person.resign()
                except UserError as error:
                    self._tell(str(error))
                else:
                    self._tell("resigned", "muted")

        if not self.person.awaited:
            self._tell("you can resign when it is your move", "muted")
            return
        self.app.push_screen(Question("Resign this match? The others win.", self.app.palette), answered)

    def action_thinking(self) -> None:
        if not self.person.over and not self.person.tape.opened:
            self._tell("this game has secrets: what the others think is shown when it is over", "muted")
            return
        self._open = not self._open
        self._show_thinking()

    def action_inspect(self) -> None:
        if not self.person.over:
            self._tell("you can go through the match when it is over", "muted")
            return
        from tui.screens.match import MatchScreen  # noqa: PLC0415

        self.app.push_screen(MatchScreen(self.person.path, speed=self.app.settings.speed))

    def action_rules(self) -> None:
        from tui.screens.keys import KeysScreen  # noqa: PLC0415

        game = self.person.tape.game
        if game is not None:
            paragraphs = [" ".join(each.split()) for each in game.spec.rules.split("\n\n")]
            lines = [line for each in paragraphs for line in (*wrap(each, _RULES_WIDE), "")]
            self.app.push_screen(KeysScreen(game.spec.title, (), lines[:-1]))

    def action_help(self) -> None:
        from tui.screens.keys import KeysScreen  # noqa: PLC0415

        self.app.push_screen(KeysScreen("Your seat", HUMAN))

    def action_leave(self) -> None:
        words = self.query_one("#words", Input)
        if words.has_focus or self._picked:
            words.value = ""
            self._picked = []
            self.set_focus(self.query_one("#moves", RowList))
            self._show()
            return
        self.app.back()

    def commands(self) -> Iterable[SystemCommand]:
        """What the palette offers here."""
        for command in HUMAN[1:]:
            yield SystemCommand(
                command.label.capitalize() or "Write", command.help, getattr(self, f"action_{command.action}")
            )


def play(path: Path, seat: int, settings: Settings) -> int:
    """Open a person's seat in the terminal until the person leaves; the match goes on. Returns an exit code."""
    from tui.app import ArenaApp  # noqa: PLC0415  (it starts Textual)

    screen = HumanScreen(path, seat)
    return ArenaApp(settings, lambda: screen).run() or 0
