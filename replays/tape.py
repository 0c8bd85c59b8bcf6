"""A recorded match, to be looked at: the state at any tick, what led to it, and what comes while it is still running.

A live match is a replay whose end has not been written yet: `refresh` finds what is new. Reading runs the rules plainly and loads no
numba. A tape opens when the rules have changed or are not installed: `game` is None then, `why_closed` says so, and states are
shown field by field from the record type that the file holds.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
import numpy as np

from arena.events import Acted, Ended, Event, Faulted, Marked, Refused, Secret, Started, Stepped, from_tree, shown
from envs.errors import CORRUPT, UserError
from envs.game import Facts, Game, Legal
from envs.records import Row, dtype_of
from envs.spec import SPECTATOR
from replays.games import installed
from replays.log import LogReader
from replays.mailbox import Mailbox
from replays.recorder import ACTS, EVENTS, NOTES, STATES, TEXTS

__all__ = ["Moment", "StepRow", "Tape"]


@dataclass(frozen=True)
class StepRow:
    """One decision of one seat, for learning: unpacks as (obs, legal, action, reward)."""

    obs: Any
    legal: Legal
    action: Any
    reward: float
    tick: int

    def __iter__(self) -> Iterator[Any]:
        return iter((self.obs, self.legal, self.action, self.reward))


class Moment:
    """One tick of a tape: the state, and the acts that were decided in it (`acts`), as far as they are known."""

    def __init__(self, tape: Tape, tick: int, packed: dict[str, Any], acts: list[Acted]) -> None:
        self.tape, self.tick, self.acts, self._packed = tape, tick, acts, packed

    @property
    def at(self) -> float:
        """Seconds since the start when this state came about."""
        return float(self._packed.get("at", 0.0))

    @property
    def reward(self) -> tuple[float, ...]:
        """The rewards of the step that led here, in points."""
        return tuple(self._packed.get("r", ()))

    @property
    def fingerprint(self) -> bytes:
        return bytes(self._packed.get("f", b""))

    @property
    def packed(self) -> bytes:
        return bytes(self._packed["s"])

    @cached_property
    def state(self) -> Any:
        """The state as the game's value; UserError (4) when the rules are not the recorded ones."""
        return self.tape.need_game().unpack(self.packed)

    @cached_property
    def row(self) -> Any:
        """The state with its fields as attributes, also without the game."""
        if self.tape.game is not None:
            return self.tape.game.row(self.state)
        return self.tape.bare_row(self.packed)

    @property
    def facts(self) -> Facts:
        return self.tape.need_game().facts(self.state)

    def observe(self, who: int = SPECTATOR) -> Any:
        return self.tape.need_game().observe(self.state, who)

    def text(self, seat: int = SPECTATOR) -> str:
        """The moment in words, as a seat, the spectator or the public knows it; a table of fields without the game."""
        if self.tape.game is None:
            return "\n".join(f"{name}: {value}" for name, value in self.row.tree().items())
        return self.tape.game.say(self.observe(seat))

    def draw(self, canvas: Any, who: int = SPECTATOR) -> None:
        self.tape.need_game().draw(self.observe(who), canvas)


class Tape:
    """`replays.open(path)` gives one. Ticks run from 0 to `last`; negative ticks count from the end."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.log = LogReader(path)
        self.started, self.secret = _header(self.log)
        self._mailbox: Mailbox | None = None
        self._newest: dict[str, Any] | None = None
        self._marks: list[Marked] = []
        self._events_read = 0

    @cached_property
    def _found(self) -> tuple[Game | None, str]:
        return installed(self.started, self.secret)

    @property
    def game(self) -> Game | None:
        """The rules that made this tape, if they are installed and unchanged."""
        return self._found[0]

    @property
    def why_closed(self) -> str:
        """One line: why there is no game; '' when there is."""
        return self._found[1]

    def need_game(self) -> Game:
        if self.game is None:
            raise UserError(self.why_closed, CORRUPT)
        return self.game

    @cached_property
    def _bare_type(self) -> np.dtype:
        try:
            return dtype_of(self.started.game.get("state_type"))
        except (ValueError, TypeError, OverflowError, SyntaxError) as error:
            raise UserError(f"{self.log.path} holds no readable state type: {error}", CORRUPT) from None

    def bare_row(self, packed: bytes) -> Any:
        """A state from the record type in the file."""
        if len(packed) != self._bare_type.itemsize:
            raise UserError(f"a state in {self.log.path} has {len(packed)} bytes, not {self._bare_type.itemsize}", CORRUPT)
        return Row(np.frombuffer(packed, self._bare_type))

    # ------------------------------------------------------------------ extent
    @property
    def opened(self) -> bool:
        """Whether every seat sees the whole state, so that acts are everybody's."""
        return "perfect" in self.started.game.get("traits", ())

    @property
    def last(self) -> int:
        """The newest tick that can be shown."""
        steps = self.log.steps(STATES)
        return max(steps[1] if steps else 0, self._newest["tick"] if self._newest else 0)

    def __len__(self) -> int:
        return self.last + 1

    @property
    def finished(self) -> bool:
        return self.log.finished

    @property
    def ended(self) -> Ended | None:
        """How the match ended, when it has."""
        tree = (self.log.summary or {}).get("ended")
        try:
            event = from_tree(tree) if tree else None
        except msgspec.ValidationError:
            return None
        return event if isinstance(event, Ended) else None

    def refresh(self) -> bool:
        """Look for what has come since; True if anything has."""
        if self.finished and self._newest is None:
            return False
        new = self.log.refresh()
        if self.log.finished:
            self._mailbox, self._newest = None, None
            return new
        if self._mailbox is None:
            self._mailbox = Mailbox.attach(self.log.path)
        message = self._mailbox.take() if self._mailbox is not None else None
        if message is not None and isinstance(message.get("tick"), int) and isinstance(message.get("state"), dict):
            self._newest = message
            return True
        return new

    # ------------------------------------------------------------------ reading
    def at(self, tick: int) -> Moment:
        """The moment at a tick, 0 to last; a tick that is lost or not yet on disk gives the nearest one before it."""
        if tick < 0:
            tick += self.last + 1
        if not 0 <= tick <= self.last:
            raise UserError(f"tick {tick} is not on the tape: it has 0 to {self.last}")
        newest = self._newest
        if newest is not None and tick >= newest["tick"]:
            acts = [act for act in map(_read, newest.get("acts", ())) if isinstance(act, Acted)]
            return Moment(self, newest["tick"], newest["state"], acts)
        n = max(0, self.log.find(STATES, tick))
        found, packed = self.log.record(STATES, n)
        if not isinstance(packed, dict) or not isinstance(packed.get("s"), bytes):
            raise UserError(f"{self.log.path}: the state of tick {found} is damaged; `arena replay recover` keeps the rest", CORRUPT)
        return Moment(self, found, packed, self.acts(found))

    def acts(self, tick: int) -> list[Acted]:
        """What was decided at a tick, with the agents' notes."""
        notes = {tree["seat"]: tree.get("notes", {}) for tree in self._of(NOTES, tick) if isinstance(tree.get("seat"), int)}
        for tree in self._of(TEXTS, tick):
            notes[tree["seat"]] = notes.get(tree["seat"], {}) | tree.get("texts", {})
        found = [_read(tree | {"notes": notes.get(tree.get("seat"), {})}) for tree in self._of(ACTS, tick)]
        return [act for act in found if isinstance(act, Acted)]

    def _of(self, track: int, tick: int) -> list[dict[str, Any]]:
        """The records of a track at exactly one tick, in order."""
        found: list[dict[str, Any]] = []
        n = self.log.find(track, tick)
        while n >= 0:
            step, tree = self.log.record(track, n)
            if step != tick:
                break
            if isinstance(tree, dict):
                found.insert(0, tree)
            n -= 1
        return found

    def marks(self) -> list[Marked]:
        """Every mark so far, and refusals and faults as marks, in order; read once, then only what is new."""
        for _, _, tree in self.log.iterate(EVENTS, self._events_read):
            self._events_read += 1
            mark = _as_mark(_read(tree))
            if mark is not None:
                self._marks.append(mark)
        return self._marks

    def events(self, who: int = SPECTATOR) -> Iterator[Event]:
        """The match again, event by event, as `who` may see it."""
        for event in self._all_events():
            seen = shown(event, who, self.opened)
            if seen is not None:
                yield seen

    def _all_events(self) -> Iterator[Event]:
        first = self.at(0)
        yield self.started
        yield msgspec.structs.replace(self.secret, state=first.packed, fingerprint=first.fingerprint)
        for tick in range(self.last + 1):
            if tick:
                moment = self.at(tick)
                yield Stepped(tick, moment.at, moment.reward, moment.fingerprint, moment.packed)
            others = [event for event in map(_read, self._of(EVENTS, tick)) if event is not None]
            yield from (event for event in others if isinstance(event, Marked))
            yield from (event for event in others if not isinstance(event, Marked | Ended))
            yield from self.acts(tick)
            yield from (event for event in others if isinstance(event, Ended))

    def steps(self, seat: int) -> Iterator[StepRow]:
        """One row per decision of a seat: observation, legal actions, action, and its reward until its next decision."""
        game = self.need_game()
        open_row: StepRow | None = None
        gained = 0.0
        for tick in range(self.last + 1):
            moment = self.at(tick)
            gained += moment.reward[seat] if moment.reward else 0.0
            act = next((act for act in moment.acts if act.seat == seat), None)
            if act is not None:
                if open_row is not None:
                    yield StepRow(open_row.obs, open_row.legal, open_row.action, gained, open_row.tick)
                gained = 0.0
                action = act.action[0] if len(act.action) == 1 and not isinstance(act.action, str) else act.action
                open_row = StepRow(moment.observe(seat), game.legal(moment.state, seat), action, 0.0, tick)
        if open_row is not None:
            yield StepRow(open_row.obs, open_row.legal, open_row.action, gained, open_row.tick)

    def close(self) -> None:
        self.log.close()


def _read(tree: Any) -> Event | None:
    """An event from a file; None for what a newer version may have written."""
    try:
        return from_tree(tree)
    except msgspec.ValidationError:
        return None


def _header(log: LogReader) -> tuple[Started, Secret]:
    """Both opening events; raises UserError (4) on a recording that is no match."""
    started, secret = _read(log.header.get("started")), _read(log.header.get("secret"))
    if not isinstance(started, Started) or not isinstance(secret, Secret):
        raise UserError(f"{log.path} is no recording of a match: its header names no game", CORRUPT)
    return started, secret


def _as_mark(event: Event | None) -> Marked | None:
    """Marks as they are; refusals and faults are lines of the event list too."""
    if isinstance(event, Marked):
        return event
    if isinstance(event, Refused):
        return Marked(event.tick, event.at, "refused", f"refused: {event.reason}", event.seat, event.seat)
    if isinstance(event, Faulted):
        return Marked(event.tick, event.at, "fault", f"{event.cause}: {event.detail}", event.seat)
    return None
