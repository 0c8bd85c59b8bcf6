"""The form for a new match: a game with its options, an agent for each seat, a seed, a speed.

What a game and its seats need is read in a thread, plainly, so that typing is never held up. Starting waits for the match's process and
gives back the recording; what is wrong with the form is told in its last line.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from arena import background
from arena.text import safe_text
from envs.errors import UserError
from tui.entries import Entry, demand_fit, entry, usual
from tui.lines import Span
from tui.screens.overlay import Overlay
from tui.widgets.line_input import LineInput
from tui.widgets.lineview import LineView, keys_line
from tui.widgets.rows import Column, Row, RowList

if TYPE_CHECKING:
    from tui.app import ArenaApp

__all__ = ["NewMatch"]

_GAMES = (Column("", 18), Column("title"), Column("traits", 34, drop=1))
_PERSON_SPEED = 1000.0
"""Moves per second with a person: fast, and each is on file before the person is asked."""


class AgentInput(LineInput):
    """An agent's address: up and down go through the agents that can play, the rest is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "other(-1)", show=False),
        Binding("down", "other(1)", show=False),
    ]

    def __init__(self, agents: Sequence[str], value: str, id: str) -> None:  # noqa: A002  (Textual's name)
        super().__init__(value, id=id)
        self.suggester = SuggestFromList(agents)
        self.agents = tuple(agents)

    def action_other(self, step: int) -> None:
        name = self.value.partition("?")[0]
        at = self.agents.index(name) if name in self.agents else -1 if step > 0 else 0
        if self.agents:
            self.value = self.agents[(at + step) % len(self.agents)]
            self.cursor_position = len(self.value)


class NewMatch(Overlay[Path | None]):
    """Gives the recording of the match that was started, None when the form was left."""

    DEFAULT_CSS = """
    NewMatch { align: center middle; }
    NewMatch #box { width: 90; max-width: 100%; height: auto; max-height: 100%; background: $background; border: round $accent;
                    border-title-color: $foreground; padding: 0 1; }
    NewMatch RowList { height: 7; }
    NewMatch #options-field, NewMatch #seats, NewMatch #seed-field { margin-top: 1; }
    NewMatch.-short #options-field, NewMatch.-short #seats, NewMatch.-short #seed-field { margin-top: 0; }
    NewMatch Input:focus { background: $secondary; }
    NewMatch #seats { height: auto; max-height: 8; }
    NewMatch .field { height: 1; }
    NewMatch .name { width: 12; color: $text-muted; }
    NewMatch Input { width: 1fr; background: $panel; }
    NewMatch .hint { height: auto; max-height: 3; color: $text-muted; }
    NewMatch.-short .hint { max-height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    NewMatch #error { height: auto; max-height: 3; color: $error; }
    NewMatch LineView { padding: 0; margin-top: 1; }
    NewMatch.-short LineView { margin-top: 0; }
    """
    VERTICAL_BREAKPOINTS = [(0, "-short"), (28, "-tall")]  # noqa: RUF012  (a variable of Textual)
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back", show=False)]
    app: ArenaApp

    def __init__(self, runs: Path) -> None:
        super().__init__()
        self.runs = runs
        self.entry: Entry | None = None
        self._starting = False

    def compose(self) -> ComposeResult:
        looks: dict[str, Any] = {"palette": self.app.palette, "ascii_only": self.app.plain_glyphs}
        with Vertical(id="box") as box:
            box.border_title = "New match"
            yield RowList(_GAMES, title="Game", head=False, empty=("Reading the games …",), id="games", **looks)
            yield _field("options", LineInput(placeholder="none", id="options"))
            yield Static("", markup=False, classes="hint", id="about-options")
            yield VerticalScroll(id="seats", can_focus=False)
            yield Static("", markup=False, classes="hint", id="about-agent")
            yield _field("seed", LineInput(placeholder="drawn", id="seed"))
            speed = LineInput(f"{self.app.settings.speed:g}", placeholder="max", id="speed")
            yield _field("moves/s", speed)
            yield Static("", markup=False, id="error")
            yield LineView(**looks)

    def on_mount(self) -> None:
        keys = [("enter", "start"), ("tab", "next field"), ("↑↓", "choose"), ("esc", "back")]
        self.query_one(LineView).show(keys_line(keys))
        self.query_one("#games", RowList).focus()
        self.run_worker(self._read_games, thread=True, group="games", exit_on_error=False)

    # ------------------------------------------------------------------ games
    def _read_games(self) -> None:
        from envs import registry  # noqa: PLC0415

        rows = []
        for name in registry.names():
            with suppress(UserError):
                spec = registry.spec(name)
                traits = " ".join(sorted(spec.traits))
                cells = ([Span(name, "text", True)], [Span(spec.title)], [Span(traits, "muted")])
                rows.append(Row(name, cells))
        self._back(self._show_games, rows)

    def _show_games(self, rows: list[Row]) -> None:
        games = self.query_one("#games", RowList)
        games.styles.height = min(len(rows) + 2, 7 if self.has_class("-short") else 14)
        games.show(rows)
        games.go("connect_four")
        self._describe()

    def _back(self, function: Any, *arguments: Any) -> None:
        """Call something on the screen's side, if the screen is still there."""
        with suppress(RuntimeError):
            self.app.call_from_thread(lambda: function(*arguments) if self.is_attached else None)

    @on(RowList.Moved)
    def other_game(self) -> None:
        self.query_one("#options", Input).value = ""
        self._describe()

    @on(RowList.Chosen)
    def game_chosen(self) -> None:
        seats = list(self.query(AgentInput))
        if seats:
            seats[0].focus()

    @on(Input.Blurred, "#options")
    def options_left(self) -> None:
        if self.entry is None or self.entry.game != self._address():
            self._describe()

    def _address(self) -> str:
        options = self.query_one("#options", Input).value.strip().lstrip("?")
        return (self.query_one("#games", RowList).key or "") + (f"?{options}" if options else "")

    def _describe(self) -> None:
        """Read what the chosen game needs; the newest choice wins."""
        address = self._address()
        if address:
            self.run_worker(
                lambda: self._read(address), thread=True, group="entry", exclusive=True, exit_on_error=False
            )

    def _read(self, address: str) -> None:
        try:
            self._back(self._show_entry, entry(address))
        except UserError as error:
            self._back(self._tell, str(error))

    async def _show_entry(self, found: Entry) -> None:
        if found.game != self._address():
            return
        before = [seat.value for seat in self.query(AgentInput)] if self.entry is not None else []
        self.entry = found
        self._tell("")
        self.query_one("#about-options", Static).update(safe_text(found.options or "this game has no options"))
        seats = self.query_one("#seats", VerticalScroll)
        await seats.remove_children()
        chosen = [usual(found.agents, before[n : n + 1], n) for n in range(len(found.seats))]
        await seats.mount_all(
            _field(name, AgentInput(found.agents, chosen[n], id=f"seat-{n}")) for n, name in enumerate(found.seats)
        )
        self._hint()

    # ------------------------------------------------------------------ seats
    @on(Input.Changed)
    def changed(self) -> None:
        self._hint()

    def on_descendant_focus(self) -> None:
        self._hint()

    def _hint(self) -> None:
        """The options of the agent that is being chosen."""
        focused = self.focused
        if self.entry is None or not isinstance(focused, AgentInput):
            text = "up and down choose an agent; human is you" if self.entry is not None else ""
        else:
            name = focused.value.partition("?")[0]
            options = self.entry.hints.get(name, "")
            text = f"{name}?  {options}" if options else f"{name} has no options" if name in self.entry.hints else ""
        self.query_one("#about-agent", Static).update(safe_text(text))

    # ------------------------------------------------------------------ starting
    @on(Input.Submitted)
    def start(self) -> None:
        if self._starting:
            return
        try:
            seed, speed = self._numbers()
        except UserError as error:
            self._tell(str(error))
            return
        agents = [seat.value.strip() for seat in self.query(AgentInput)]
        if any(agent.partition("?")[0] == "human" for agent in agents):
            speed = speed or _PERSON_SPEED
        self._starting = True
        self._tell("starting …")
        game = self._address()
        self.run_worker(lambda: self._start(game, agents, seed, speed), thread=True, group="start", exit_on_error=False)

    def _numbers(self) -> tuple[int | None, float | None]:
        """Seed and speed. Raises UserError."""
        seed, speed = (self.query_one(f"#{name}", Input).value.strip() for name in ("seed", "speed"))
        if seed and not (seed.isdecimal() and int(seed) < 1 << 64):
            raise UserError(
                f"seed {seed} is not allowed: give a whole number from 0 to 18446744073709551615, or nothing"
            )
        try:
            pace = None if speed in ("", "max") else float(speed)
        except ValueError:
            pace = 0.0
        if pace is not None and not 0.01 <= pace <= 1000:
            raise UserError(f"{speed} moves per second is not allowed: give a number from 0.01 to 1000, or max")
        return (int(seed) if seed else None), pace

    def _start(self, game: str, agents: list[str], seed: int | None, speed: float | None) -> None:
        try:
            demand_fit(game, agents)
            path = background.start(game, agents, runs=self.runs, seed=seed, speed=speed, tell=self._said)
        except (UserError, OSError) as error:
            self._back(self._failed, str(error))
            return
        self._back(self.dismiss, path)

    def _said(self, line: str) -> None:
        self._back(self._tell, line)

    def _failed(self, why: str) -> None:
        self._starting = False
        self._tell(why)

    def _tell(self, text: str) -> None:
        self.query_one("#error", Static).update(safe_text(text))

    def action_leave(self) -> None:
        self.dismiss(None)


def _field(name: str, box: Input) -> Horizontal:
    return Horizontal(Static(name, markup=False, classes="name"), box, classes="field", id=f"{box.id}-field")
