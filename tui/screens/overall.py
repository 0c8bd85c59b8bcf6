"""What the games of a tournament say together: one order for all games, and one for each family and role, with the lottery beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from arena.tournament.overall import Verdict
from tui.cups import Cup, overall
from tui.keymaps import Command, bindings
from tui.lines import Line, Span
from tui.listing import compact
from tui.widgets.lineview import LineView, keys_line
from tui.widgets.rows import Column, Row, RowList

if TYPE_CHECKING:
    from tui.app import ArenaApp

__all__ = ["OVERALL", "OverallScreen", "verdict_rows"]

OVERALL: tuple[Command, ...] = (
    Command("help", "question_mark,f1", "help", "All keys", "Other", "help"),
    Command("leave", "q,escape", "leave", "Back to the leaderboard", "Other", "back"),
)
_BAR = 20
_COLUMNS = (Column("#", 2, right=True), Column("agent"), Column("lottery", 7, right=True), Column("", _BAR, drop=1))
_EMPTY = ("Nothing to say together.", "It takes two ladders, and two players who are in both.")


def verdict_rows(found: Sequence[Verdict]) -> list[Row]:
    """The verdicts below one another, each with its name and who votes."""
    return [row for n, verdict in enumerate(found) for row in _rows(n, verdict)]


def _rows(number: int, verdict: Verdict) -> Iterator[Row]:
    if number:
        yield Row(f"{number}.", ((), (), (), ()))
    told: Line = [Span(verdict.name, "accent", True), Span(f"  {verdict.ballots} ladders vote", "muted")]
    yield Row(f"{number}", ((), told, (), ()))
    shares, place = dict(verdict.shares), 1
    for group in verdict.order:
        for agent in group:
            yield Row(f"{number}/{agent}", _cells(place, agent, shares.get(agent)))
        place += len(group)


def _cells(place: int, agent: str, share: Fraction | None) -> tuple[Line, ...]:
    part = float(share or 0)
    text = "" if share is None else f"{100 * part:.0f}%"
    return (
        [Span(str(place), "muted")], [Span(compact(agent), "text", place == 1)], [Span(text, "gold" if part else "muted", bool(part))],
        [Span("━" * round(part * _BAR), "accent")],
    )  # fmt: skip


class OverallScreen(Screen[None]):
    """cup: what the leaderboard shows. The votes are counted in a thread."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(OVERALL))
    app: ArenaApp

    def __init__(self, cup: Cup) -> None:
        super().__init__()
        self.cup = cup

    def compose(self) -> ComposeResult:
        looks: dict[str, Any] = {"palette": self.app.palette, "ascii_only": self.app.plain_glyphs}
        yield LineView(**looks, id="top")
        yield RowList(_COLUMNS, title="Games vote", empty=("Counting …",), id="overall", **looks)
        yield LineView(**looks, id="keys")

    def on_mount(self) -> None:
        left: list[Line] = [[Span(self.cup.plan.name, "accent", True)], [Span("all games together", "text", True)]]
        self.query_one("#top", LineView).show(
            left, [[Span("Schulze's order; no majority would change the lottery", "muted")]]
        )
        self.query_one("#keys", LineView).show(keys_line([("?", "help"), ("q", "back")]))
        self.set_focus(self.query_one("#overall", RowList))
        self.run_worker(self._count, thread=True, group="count", exit_on_error=False)

    def _count(self) -> None:
        found = overall(self.cup)
        with suppress(RuntimeError):  # the application may have ended meanwhile
            self.app.call_from_thread(self._take, found)

    def _take(self, found: Sequence[Verdict]) -> None:
        listing = self.query_one("#overall", RowList)
        listing.empty = _EMPTY
        listing.show(verdict_rows(found))

    def action_help(self) -> None:
        from tui.screens.keys import KeysScreen  # noqa: PLC0415

        self.app.push_screen(KeysScreen("All games", OVERALL))

    def action_leave(self) -> None:
        self.app.back()
