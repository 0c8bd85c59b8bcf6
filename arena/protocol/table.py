"""One match between connections, without input or output: messages and times go in, messages and events come out.

The owner carries messages from seats to `hear`, tells of lost and regained connections, calls `pass_time` when `deadline` has passed,
and drains `messages` and `events`. An act names its question (match, seat, tick, attempt): one that does not fit the open question is
answered Stale and changes nothing, so that an act may be sent again. A seat without a connection keeps its clock running; it loses as
`disconnect` after `grace` seconds. Before every seat has acted once, that ends the match without a winner. No match outlives `longest`.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from arena.agent import Ask
from arena.events import Event
from arena.match import Match, Result
from arena.protocol import messages as wire
from arena.protocol.translate import answer_of, begin_told, over_told, question_told

__all__ = ["GRACE", "LONGEST", "Table"]

GRACE, LONGEST = 30.0, 3600.0
"""Seconds: for a lost connection to come back, and for a whole match."""


@dataclass
class _Place:
    """What the table knows of one seat. lost: since when it has no connection; asked: the (tick, attempt) last put; answered: those
    that have been answered, in their order.
    """

    wants: Sequence[str] = ()
    lost: float | None = None
    key: str = ""
    asked: tuple[int, int] = (-1, -1)
    answered: list[tuple[int, int]] = field(default_factory=list)


class Table:
    """`match` is fresh; names: who sits where, for people. keys: gives a new secret each time it is called.

    grace, longest: seconds; see the module. Seats are connected by `sit` before `start`.
    """

    def __init__(
        self, match: Match, names: Sequence[str], *, keys: Callable[[], str], now: float, grace: float = GRACE, longest: float = LONGEST
    ) -> None:  # fmt: skip
        self.match, self.names, self.grace = match, list(names), grace
        self._keys, self._until = keys, now + longest
        self._places = [_Place(lost=now) for _ in match.seats]
        self._out: list[tuple[int, wire.Message]] = []
        self._started = False

    # ------------------------------------------------------------------ what the owner reads
    @property
    def result(self) -> Result | None:
        return self.match.result

    @property
    def deadline(self) -> float | None:
        """When `pass_time` has something to do next; None once the match is over."""
        if self.match.over:
            return None
        lost = [place.lost + self.grace for place in self._places if place.lost is not None]
        # A player is in time at its deadline and late after it.
        clocks = [] if self.match.deadline is None else [math.nextafter(self.match.deadline, math.inf)]
        return min((self._until, *clocks, *lost))

    def messages(self) -> list[tuple[int, wire.Message]]:
        """(seat, message) to be sent, in order; those to a seat without a connection are not kept."""
        drained, self._out = self._out, []
        return drained

    def events(self) -> list[Event]:
        return self.match.events()

    # ------------------------------------------------------------------ connections
    def sit(self, seat: int, wants: Sequence[str], now: float) -> None:
        """A seat has a connection, for the first time or again: it is told the whole of what it has to know."""
        place = self._places[seat]
        place.wants, place.lost, place.key = tuple(wants), None, self._keys()
        self._say(seat, begin_told(self.match.ident, self.match.game, seat, self.names, self.match.limits, place.key))
        if self._started and seat in self.match.waiting():
            self._put(seat, self.match.ask(seat, now))

    def resume(self, seat: int, key: str, wants: Sequence[str], now: float) -> bool:
        """Give a seat back to who knows its key; False when it is not this seat's or was used before."""
        if self.match.over or not 0 <= seat < len(self._places) or not key or key != self._places[seat].key:
            return False
        self.sit(seat, wants, now)
        return True

    def lose(self, seat: int, now: float) -> None:
        """A seat's connection is gone; its clock runs on."""
        if self._places[seat].lost is None:
            self._places[seat].lost = now

    def leave(self, seat: int, reason: str, now: float) -> None:
        """A seat's connection has said goodbye, or broken the protocol for good: no grace."""
        self._disconnect(seat, reason, now)

    def start(self, now: float) -> None:
        """Every seat has been connected: ask."""
        self._started = True
        for seat in self.match.waiting():
            self._put(seat, self.match.ask(seat, now))

    # ------------------------------------------------------------------ what happens
    def hear(self, seat: int, message: wire.Act | wire.Resign, now: float) -> bool:
        """An act or a resignation of this seat's own connection; whether it was the answer to the open question."""
        if isinstance(message, wire.Resign):
            self.match.fault(seat, "crash" if message.crash else "resigned", message.reason or "resigned", now)
            return True
        why = self._stale(seat, message)
        if why:
            self._say(seat, wire.Stale(self.match.ident, seat, message.tick, why))
            return False
        place = self._places[seat]
        place.answered.append(place.asked)
        match = self.match
        match.acted(seat, answer_of(message), now, message.tick)
        # In the same tick only this seat can have a new question: its act was refused.
        for each in match.waiting() if match.tick != message.tick else [seat] * match.awaits(seat):
            self._put(each, match.ask(each, now))
        return True

    def break_off(self, seat: int, cause: str, detail: str, now: float) -> None:
        """A seat has broken the protocol or its program has ended: it loses."""
        self.match.fault(seat, cause, detail, now)

    def pass_time(self, now: float) -> None:
        """Whoever is too late, or gone for too long, has lost; a match that has lasted too long is stopped."""
        for seat, place in enumerate(self._places):
            if place.lost is not None and now >= place.lost + self.grace:
                self._disconnect(seat, f"no connection for {now - place.lost:.0f} s", now)
        self.match.late(now)
        if now >= self._until:
            self.match.abort(now)

    def overs(self, recorded: bool) -> list[tuple[int, wire.Message]]:
        """The last words to every seat, once the result is known and its recording is on the disk (or could not be kept)."""
        if self.match.result is None:
            return []
        return [
            (seat, over_told(self.match.ident, seat, self.match.result, recorded)) for seat in range(len(self._places))
        ]

    # ------------------------------------------------------------------ inside
    def _stale(self, seat: int, act: wire.Act) -> str:
        """Why an act is no answer to the open question; "" when it is one."""
        place, question = self._places[seat], (act.tick, act.attempt)
        if self.match.over:
            return "over"
        if question != place.asked:
            before = bisect_left(place.answered, question)
            if place.answered[before : before + 1] == [question]:
                return "duplicate"
            return "future" if question > place.asked else "late"
        # Only an answer closes a question while the match goes on, so the last one put is open unless it has been answered.
        return "duplicate" if place.answered[-1:] == [question] else ""

    def _disconnect(self, seat: int, detail: str, now: float) -> None:
        if all(place.answered for place in self._places):
            self.match.fault(seat, "disconnect", detail, now)
        else:
            self.match.abort(now)

    def _put(self, seat: int, ask: Ask) -> None:
        place = self._places[seat]
        place.asked = ask.tick, len(ask.refusals)
        if place.lost is None:
            self._say(seat, question_told(ask, place.wants, ask.seconds))

    def _say(self, seat: int, message: wire.Message) -> None:
        if self._places[seat].lost is None:
            self._out.append((seat, message))
