"""The matches behind a figure of the leaderboard, newest first. Enter opens the recording of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from arena.standings import Player
from arena.store import Played
from arena.tally import UNCOUNTED
from envs.errors import UserError
from tui.cups import Cup
from tui.keymaps import Command, bindings
from tui.lines import Line, Span
from tui.listing import compact
from tui.watched import points
from tui.widgets.lineview import LineView, keys_line
from tui.widgets.rows import Column, Row, RowList

if TYPE_CHECKING:
    from tui.app import ArenaApp

__all__ = ["BOUTS", "BoutsScreen", "bout_row"]

BOUTS: tuple[Command, ...] = (
    Command("help", "question_mark,f1", "help", "All keys", "Other", "help"),
    Command("leave", "q,escape", "leave", "Back to the leaderboard", "Other", "back"),
)
_COLUMNS = (
    Column("", 1), Column("match", 6, right=True), Column("round", 5, right=True, drop=4), Column("seats"), Column("result", 14),
    Column("ticks", 6, right=True, drop=3), Column("seed", 20, right=True, drop=5),
)  # fmt: skip


def bout_row(played: Played, wanted: Player) -> Row:
    """One match, from the side of a player: its points in green or red."""
    pairing, result = played.pairing, played.result
    trouble: Line = [Span("!", "bad", True)] if result.faults or any(result.refusals) else []
    seats: list[Span] = []
    for seat, agent in enumerate(pairing.seats):
        seats += [Span(" v ", "muted")] * (seat > 0)
        seats.append(Span(compact(agent), "text", agent == wanted.agent))
    cells: tuple[Line, ...] = (
        trouble, [Span(str(pairing.number), "muted")], [Span(str(pairing.round + 1), "muted")], seats, [_result(played, wanted)],
        [Span(str(result.ticks), "muted")], [Span(str(pairing.seed), "muted")],
    )  # fmt: skip
    return Row(str(pairing.number), cells)


def _result(played: Played, wanted: Player) -> Span:
    result = played.result
    if result.reason in UNCOUNTED:
        return Span(result.reason, "muted")
    own = max(score for agent, score in zip(played.pairing.seats, result.scores, strict=True) if agent == wanted.agent)
    best = max(result.scores)
    colour = "gold" if list(result.scores).count(best) > 1 and own == best else "good" if own == best else "bad"
    cause = f" {result.faults[0][1]}" if result.faults else ""
    return Span(f"{points(result.scores)}{cause}", colour)


class BoutsScreen(Screen[None]):
    """A list of matches of `first`, or of `first` against `second`."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(BOUTS))
    app: ArenaApp

    def __init__(self, cup: Cup, first: Player, second: Player | None, matches: Sequence[Played]) -> None:
        super().__init__()
        self.cup, self.first, self.second = cup, first, second
        self.matches = {str(each.pairing.number): each for each in matches}

    def compose(self) -> ComposeResult:
        looks: dict[str, Any] = {"palette": self.app.palette, "ascii_only": self.app.plain_glyphs}
        yield LineView(**looks, id="top")
        yield RowList(_COLUMNS, title="Matches", empty=("No matches.",), id="bouts", **looks)
        yield LineView(**looks, id="keys")

    def on_mount(self) -> None:
        versus = f" v {compact(self.second.agent)}" if self.second else ""
        left: list[Line] = [
            [Span(self.cup.plan.name, "accent", True)],
            [Span(self.cup.division.game, "text", True)],
            [Span(f"{compact(self.first.agent)}{versus}")],
        ]
        self.query_one("#top", LineView).show(left, [[Span(f"{len(self.matches)} matches", "muted")]])
        listing = self.query_one("#bouts", RowList)
        listing.show([bout_row(each, self.first) for each in self.matches.values()])
        self.query_one("#keys", LineView).show(keys_line([("enter", "watch"), ("?", "help"), ("q", "back")]))
        self.set_focus(listing)

    @on(RowList.Chosen)
    def chosen(self, event: RowList.Chosen) -> None:
        from tui.screens.match import MatchScreen  # noqa: PLC0415  (it loads the games)

        played = self.matches[event.key]
        if not played.replay:
            self.notify("This match was not recorded.", markup=False)
            return
        settings = self.app.settings
        try:
            path = self.cup.folder / played.replay
            self.app.push_screen(MatchScreen(path, speed=settings.speed, delay=settings.delay))
        except UserError as error:
            self.notify(str(error), severity="error", markup=False)

    def action_help(self) -> None:
        from tui.screens.keys import KeysScreen  # noqa: PLC0415

        self.app.push_screen(KeysScreen("Matches", BOUTS))

    def action_leave(self) -> None:
        self.app.back()
