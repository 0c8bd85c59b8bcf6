"""The hands that drive a match in this process: ask agents, hand answers back, pass events to sinks.

Agents are called one after another and cannot be interrupted: a late return is a timeout once it returns. An agent that raises has
crashed and loses; a sink that raises is dropped and logged, but one that refuses the opening (a recording that cannot begin) stops the
match before anybody is asked; Ctrl-C ends the match as aborted, so that its recording is finished. Time comes from the `clock` that is
given; `pause` is called between ticks of a paced match.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress

from arena.agent import Agent, Failed, Resigned
from arena.events import Event, Sink
from arena.match import Match, Result
from envs.errors import UserError

__all__ = ["Host", "close_all", "drive"]

_log = logging.getLogger("palaestra.host")


class Host:
    """Drives one match. agents: one per seat; before: called with (match, seat) ahead of each question (a recorder flushes there).

    dropped: the sinks that failed, each with what it raised.
    """

    def __init__(
        self, match: Match, agents: Sequence[Agent], sinks: Sequence[Sink] = (), *, clock: Callable[[], float],
        pause: Callable[[Match], None] | None = None, before: Callable[[Match, int], None] | None = None,
    ) -> None:  # fmt: skip
        self.match, self.agents, self.sinks = match, list(agents), list(sinks)
        self.clock, self.pause, self.before = clock, pause, before
        self.dropped: list[tuple[Sink, Exception]] = []
        self._opened = False

    def run(self) -> Result:
        """Play to the end. KeyboardInterrupt ends the match as aborted and is raised again; so is a UserError of a sink at the opening."""
        try:
            self._emit()
            self._opened = True
            while not self.match.over:
                self._tick()
        except KeyboardInterrupt:
            self.match.abort(self.clock())
            raise
        finally:
            self._emit()
            close_all(self.agents)
        assert self.match.result is not None
        return self.match.result

    def _tick(self) -> None:
        """Ask everybody who is awaited once; a refused seat is asked again in the next round."""
        tick = self.match.tick
        for seat in self.match.waiting():
            self._question(seat)
            if self.match.over:
                break
        self._emit()
        if self.pause is not None and self.match.tick != tick and not self.match.over:
            self.pause(self.match)

    def _question(self, seat: int) -> None:
        if self.before is not None:
            self.before(self.match, seat)
        ask = self.match.ask(seat)
        try:
            answer = self.agents[seat](ask)
        except TimeoutError as error:
            self.match.fault(seat, "timeout", str(error) or "no answer in time", self.clock())
        except Failed as error:
            self.match.fault(seat, error.cause, str(error), self.clock())
        except Resigned as error:
            self.match.fault(seat, "resigned", str(error) or "resigned", self.clock())
        except Exception as error:  # noqa: BLE001  whatever a player's code raises is that player's result
            _log.info("agent of seat %d crashed", seat, exc_info=True)
            self.match.fault(seat, "crash", f"{type(error).__name__}: {error}", self.clock())
        else:
            self.match.acted(seat, answer, self.clock(), ask.tick)

    def _emit(self) -> None:
        events = self.match.events()
        for sink in list(self.sinks):
            self._give(sink, events)

    def _give(self, sink: Sink, events: Sequence[Event]) -> None:
        try:
            take = getattr(sink, "take", None)
            if take is not None:
                take(events)
            else:
                for event in events:
                    sink(event)
        except Exception as error:
            self.sinks.remove(sink)
            if isinstance(error, UserError) and not self._opened:
                raise
            self.dropped.append((sink, error))
            # What the disk says comes to the user with the result (`unrecorded`); anything else is a bug of the sink.
            known = isinstance(error, OSError | UserError)
            _log.log(logging.INFO if known else logging.ERROR, "a sink was dropped: %s", error, exc_info=not known)


def close_all(agents: Sequence[Agent]) -> None:
    """Tell agents that have something to let go of that they are done."""
    for agent in agents:
        close = getattr(agent, "close", None)
        if callable(close):
            with suppress(Exception):
                close()


def drive(match: Match, agents: Sequence[Agent], sinks: Sequence[Sink] = (), *, clock: Callable[[], float]) -> Result:
    """Play one match in this process, unpaced."""
    return Host(match, agents, sinks, clock=clock).run()
