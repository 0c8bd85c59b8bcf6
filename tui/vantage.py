"""What a viewer may see of a tape: the one door between a recording and every pane, list, chart and search.

The spectator sees all, also what is still to come. A seat or the public sees at each position what it knew there:
own acts up to the position, others' acts and marks as `arena.events.shown` lets them pass, nothing of the future.
The secrecy of a screen is the secrecy of this file.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import msgspec

from arena.events import Acted, Ended, Marked, shown
from envs.errors import UserError
from envs.spec import PUBLIC, SPECTATOR
from replays.tape import Moment, Tape
from tui.seating import agent_name, seat_words

__all__ = ["LOOK_BACK", "Vantage", "as_text"]

_KEPT = 2048
_DEEPEST = 12
LOOK_BACK = 500
"""Ticks that are searched for a seat's latest act."""


class Vantage:
    """A tape as `who` sees it: a seat, SPECTATOR or PUBLIC."""

    def __init__(self, tape: Tape, who: int = SPECTATOR) -> None:
        self.tape, self.who = tape, who
        self._acts: OrderedDict[tuple[int, bool], list[Acted]] = OrderedDict()
        self._marks: list[Marked] = []
        self._mark_ticks: list[int] = []
        self._marks_read = 0
        self._words, self._roles = seat_words(tape.started.seats)
        self.trouble = ""
        """One line on what could not be read; '' so far."""

    @property
    def everything(self) -> bool:
        """Whether nothing is hidden."""
        return self.who == SPECTATOR

    @property
    def seats(self) -> int:
        return len(self.tape.started.seats)

    def agent(self, seat: int) -> str:
        """An agent's name for people, in one safe line; several seats may have the same."""
        seats = self.tape.started.seats
        return agent_name(seats[seat]) if 0 <= seat < len(seats) else f"seat {seat}"

    def title(self, seat: int) -> str:
        """The agent with what tells its seat apart: "MCTS", "Random 2", "Scripted attacker"."""
        word = self._words[seat] if 0 <= seat < len(self._words) else ""
        return f"{self.agent(seat)} {word}".rstrip()

    def short(self, seat: int) -> str:
        """The seat where there is little room: its role where roles differ, else its title."""
        return self._words[seat] if self._roles and 0 <= seat < len(self._words) else self.title(seat)

    @property
    def label(self) -> str:
        """Who looks, in words."""
        if self.everything:
            return "spectator"
        return "the public" if self.who == PUBLIC else f"seat {self.who}, {self.title(self.who)}"

    @property
    def seed(self) -> int | None:
        """The seed, which would give hidden things away."""
        return self.tape.secret.seed if self.everything else None

    # ------------------------------------------------------------------ states
    def moment(self, position: int) -> Moment:
        """The moment at a position; UserError where the file is damaged."""
        return self.tape.at(position)

    def observation(self, moment: Moment, seat: int) -> Any:
        """What a seat knew at a moment; None where the viewer may not know it, or there are no rules to tell."""
        if self.tape.game is None or not (self.everything or seat == self.who):
            return None
        return moment.observe(seat)

    def ended(self, position: int) -> Ended | None:
        """The result; who is not the spectator learns it at the end."""
        return self.tape.ended if self.everything or position >= self.tape.last else None

    # ------------------------------------------------------------------ acts
    def _until(self, seat: int, position: int) -> int:
        """The newest tick whose act of this seat is known at a position: what others decide there is still sealed."""
        return position if self.everything or seat == self.who else position - 1

    def acts(self, tick: int, position: int) -> list[Acted]:
        """The acts that were decided at a tick, as far as they are known at a position, without the agents' notes."""
        known = []
        for act in self._all_acts(tick):
            seen = self._seen(act, position)
            if seen is not None:
                known.append(seen)
        return known

    def _seen(self, act: Acted, position: int) -> Acted | None:
        if not self.everything and act.tick > self._until(act.seat, position):
            return None
        seen = shown(act, self.who, self.tape.opened)
        return seen if isinstance(seen, Acted) else None

    def _all_acts(self, tick: int, noted: bool = False) -> list[Acted]:
        """From the file; a tick that is complete is read once. noted: with the agents' notes."""
        found = self._acts.get((tick, noted))
        if found is None:
            try:
                found = self.tape.acts(tick, noted)
            except UserError as error:  # these are lost; everything else is still worth looking at
                self.trouble = str(error)
                return []
            if tick < self.tape.last and found:
                self._acts[tick, noted] = found
                if len(self._acts) > _KEPT:
                    self._acts.popitem(last=False)
        return found

    def latest(self, seat: int, moment: Moment) -> Acted | None:
        """A seat's decision at a moment, or its latest one before."""
        until = self._until(seat, moment.tick)
        newest = [act for act in moment.acts if act.seat == seat and act.tick <= until]
        floor = max((act.tick for act in newest), default=-1)
        for tick in range(until, max(floor, until - LOOK_BACK, -1), -1):
            found = [act for act in self._all_acts(tick) if act.seat == seat]
            if found:
                newest = [act for act in self._all_acts(tick, noted=True) if act.seat == seat] or found
                break
        return self._seen(newest[-1], moment.tick) if newest else None

    def decided(self, act: Acted) -> Moment | None:
        """The moment at which an act was decided, if it is on the tape."""
        try:
            moment = self.tape.at(min(act.tick, self.tape.last))
        except UserError:
            return None
        return moment if moment.tick == act.tick else None

    def legal(self, act: Acted) -> int | None:
        """How many actions a seat had to choose from; None where that is not known or not countable."""
        game, moment = self.tape.game, self.decided(act)
        if game is None or moment is None or not (self.everything or act.seat == self.who):
            return None
        legal = game.legal(moment.state, act.seat)
        if legal.form is not None or legal.bounds is not None:
            return None
        count = 1
        for factor in legal.factors:
            count *= len(factor)
        return count

    # ------------------------------------------------------------------ marks
    def _read_marks(self) -> None:
        marks = self.tape.marks()
        for mark in marks[self._marks_read :]:
            seen = shown(mark, self.who, self.tape.opened)
            if isinstance(seen, Marked):
                self._marks.append(seen)
                self._mark_ticks.append(seen.tick)
        self._marks_read = len(marks)

    def marks(self, position: int) -> Sequence[Marked]:
        """All marks that are known at a position, in order; the spectator knows those to come."""
        self._read_marks()
        return self._marks if self.everything else self._marks[: bisect_right(self._mark_ticks, position)]

    def marks_at(self, tick: int, position: int) -> list[Marked]:
        """The marks of one tick."""
        self._read_marks()
        if not self.everything and tick > position:
            return []
        stop = bisect_right(self._mark_ticks, tick)
        start = bisect_right(self._mark_ticks, tick - 1)
        return self._marks[start:stop]

    def looking(self, who: int) -> Vantage:
        """The same tape through other eyes."""
        return Vantage(self.tape, who)


def as_text(value: Any, indent: str = "") -> str:
    """A tree of plain values for reading: one line a field, one line a row of a board."""
    if isinstance(value, dict) and value:
        return "\n".join(f"{indent}{name}:{_value(part, indent)}" for name, part in value.items())
    return f"{indent}{_inline(value)}"


def _value(value: Any, indent: str) -> str:
    if isinstance(value, dict) and value and len(indent) < _DEEPEST:
        return "\n" + as_text(value, indent + "  ")
    if isinstance(value, (list, tuple)) and value and all(isinstance(row, (list, tuple, dict)) for row in value):
        return "".join(f"\n{indent}  {_inline(row)}" for row in value)
    return f" {_inline(value)}"


def _inline(value: Any) -> str:
    """JSON in one line; what JSON lacks is written by its `repr`."""
    return value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=repr).decode().replace(",", ", ")
