"""What a person's seat shows, as rows and lines: legal actions, events, clocks, the result, what others thought.

Nothing is decided here but words and colours; what may be shown is decided by `who` of the seat and by `tui.vantage`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from arena.tally import outcome
from arena.text import safe_text
from envs.canvas import seat_colour
from tui.lines import Line, Span
from tui.seat import Choice, HumanSeat
from tui.story import window
from tui.tally import number
from tui.vantage import Vantage
from tui.watched import named
from tui.widgets import bars
from tui.widgets.rows import Column, Row

__all__ = [
    "EVENTS",
    "action_columns",
    "action_rows",
    "event_rows",
    "others",
    "players",
    "result",
    "state_words",
    "thought",
]

EVENTS = (Column("", 4, right=True), Column("what"))
_SHORT = 10.0
"""Seconds from which on a clock is red."""


def players(person: HumanSeat, now: float) -> list[Line]:
    """Who plays, in the order of the seats, each with its clock; the person first."""
    order = sorted(range(len(person.tape.started.seats)), key=lambda seat: seat != person.seat)
    lines: list[Line] = []
    for seat in order:
        mine = seat == person.seat
        name = "you" if mine else named(person.tape.started.seats[seat].agent)
        line = [Span("● ", seat_colour(seat)), Span(name, "text", mine)]
        left = person.seconds(seat, now)
        if left is not None:
            line.append(Span(f" {_minutes(left)}", "bad" if left < _SHORT else "gold", mine))
        lines.append(line)
    return lines


def _minutes(seconds: float) -> str:
    """ "4:31", or "7.4" for the last seconds."""
    return f"{seconds:.1f}" if seconds < _SHORT else f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def state_words(person: HumanSeat) -> Span:
    """What the seat has to do."""
    if person.over:
        return Span("the match is over", "gold", True)
    if person.trouble:
        return Span("cannot be played here", "bad", True)
    if person.awaited:
        return Span("YOUR MOVE", "good", True)
    return Span("sent" if person.waiting else "the others move" if others(person) else "wait", "muted")


def others(person: HumanSeat) -> bool:
    """Whether anybody else plays."""
    return len(person.tape.started.seats) > 1


def action_columns(choices: Sequence[Choice]) -> tuple[Column, ...]:
    """The words to write and the name; numbers only where they may be written too."""
    longest = max((len(choice.form) for choice in choices), default=4)
    named_too = any(choice.name != choice.form for choice in choices)
    words = (Column("", min(longest, 16)), Column("")) if named_too else (Column(""),)
    return (Column("", 3, right=True), *words) if _numbered(choices) else words


def _numbered(choices: Sequence[Choice]) -> bool:
    """Whether a bare number means a place in the list: where the game's own words hold no digits."""
    return not any(any(map(str.isdigit, choice.form)) for choice in choices)


def action_rows(choices: Sequence[Choice]) -> list[Row]:
    """The legal actions: words, name."""
    numbered = _numbered(choices)
    rows = []
    for n, choice in enumerate(choices, start=1):
        name = "" if choice.name == choice.form else choice.name
        words: tuple[Line, ...] = ([Span(choice.form, "accent", True)], [Span(name)])
        rows.append(Row(str(choice.action), (([Span(str(n), "muted")], *words) if numbered else words)))
    return rows


def event_rows(person: HumanSeat, most: int = 60) -> list[Row]:
    """The newest moves and events that the seat may know, oldest first."""
    vantage, last = Vantage(person.tape, person.who), person.tape.last
    rows = []
    for n, row in enumerate(window(vantage, last, last, most)):
        dot = Span("● ", seat_colour(row.seat)) if row.seat >= 0 else Span("  ")
        text = Span(row.text, row.colour if row.mark else "text", row.mark)
        rows.append(Row(f"{row.tick}/{n}", ([Span(str(row.tick), "muted")], [dot, text])))
    return rows


def result(person: HumanSeat) -> tuple[str, ...]:
    """How it ended, for this seat."""
    ended, seats = person.tape.ended, person.tape.started.seats
    if ended is None or len(ended.scores) != len(seats):
        return ("The match has ended.",)
    apart = person.tape.started.has("apart")
    names = [named(seat.agent) for seat in seats], [seat.name for seat in seats]
    told = outcome(*names, ended.scores, ended.reason, ended.tick, apart)
    faults = [f"{cause}: {safe_text(seats[seat].name)}" for seat, cause in ended.faults if 0 <= seat < len(seats)]
    return (_verdict(ended.scores, person.seat, ended.reason), told, *faults, "i goes through it step by step")


def _verdict(scores: Sequence[float], seat: int, reason: str) -> str:
    if reason in ("aborted", "void"):
        return "No result."
    best = max(scores)
    if scores[seat] < best:
        return "You lose."
    return "You win." if list(scores).count(best) == 1 else "A draw."


def thought(notes: Any, chosen: str) -> bars.Thought:
    """An agent's notes as bars; whatever is no figure is left out."""
    policy = notes.get("policy") if isinstance(notes, dict) else None
    pairs = (
        [pair for pair in policy or () if isinstance(pair, list | tuple) and len(pair) == 2]
        if isinstance(policy, list | tuple)
        else []
    )
    choices = [
        bars.Choice(safe_text(name, width=40), share, name == chosen)
        for name, figure in pairs
        if (share := number(figure)) is not None
    ]
    return bars.Thought(choices, len(choices), number(notes.get("value")) if isinstance(notes, dict) else None)
