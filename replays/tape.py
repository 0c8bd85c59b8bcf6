"""A recorded match, to be looked at: the state at any tick, what led to it, and what comes while it is still running.

A live match is a replay whose end has not been written yet: `refresh` finds what is new. Reading runs the rules plainly and loads no
numba. A tape opens when the rules have changed or are not installed: `game` is None then, `why_closed` says so, and states are
shown field by field from the record type that the file holds. Nothing in a file is believed: what makes no sense is left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import msgpack
import msgspec
import numpy as np

from arena.events import Acted, Ended, Event, Faulted, Marked, Refused, Secret, Started, Stepped, from_tree, shown
from envs.described import dtype_of
from envs.errors import CORRUPT, UserError
from envs.game import Game
from envs.records import Row
from envs.spec import SPECTATOR
from replays._entries import ACCEPTED, NEVER, Head, notes_by_seat
from replays.games import installed
from replays.log import LogReader
from replays.mailbox import Mailbox
from replays.moment import Entry, Moment, StepRow, Stored
from replays.recorder import ACTS, EVENTS, NOTES, STATES, TEXTS

__all__ = ["Entry", "Moment", "StepRow", "Tape"]


class Tape:
    """`replays.open(path)` gives one. Ticks run from 0 to `last`; negative ticks count from the end."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.log = LogReader(path)
        self.started, self.secret = _header(self.log)
        self.seats = len(self.started.seats)
        self._mailbox: Mailbox | None = None
        self._newest: Moment | None = None
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
        """A state from the record type in the file; the trees of plain and foreign games need none."""
        if self.started.game.get("kind") in ("plain", "foreign"):
            return _bare_tree(self.log, packed)
        if len(packed) != self._bare_type.itemsize:
            raise UserError(
                f"a state in {self.log.path} has {len(packed)} bytes, not {self._bare_type.itemsize}", CORRUPT
            )
        return Row(np.frombuffer(packed, self._bare_type))

    # ------------------------------------------------------------------ extent
    @property
    def opened(self) -> bool:
        """Whether every seat sees the whole state, so that acts are everybody's."""
        return self.started.has("perfect")

    @property
    def last(self) -> int:
        """The newest tick that can be shown."""
        return max(self._written, self._newest.tick if self._newest else 0)

    @property
    def _written(self) -> int:
        """The newest tick in the file; the mailbox may be ahead of it, or behind, because it skips what comes too fast."""
        return max(self._unwritten - 1, 0)

    @property
    def _unwritten(self) -> int:
        """The first tick that the file has not."""
        steps = self.log.steps(STATES)
        return steps[1] + 1 if steps else 0

    def __len__(self) -> int:
        return self.last + 1

    @property
    def finished(self) -> bool:
        return self.log.finished

    @property
    def ended(self) -> Ended | None:
        """How the match ended, when it has."""
        tree = (self.log.summary or {}).get("ended")
        event = _read(tree) if tree else None
        return event if isinstance(event, Ended) and len(event.scores) == self.seats else None

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
        newest = self._told(message) if message is not None else None
        self._newest = newest or self._newest
        return newest is not None or new

    def _told(self, message: dict[str, Any]) -> Moment | None:
        """The moment that the mailbox tells of; None where the file has it."""
        tick, acts = message.get("tick"), message.get("acts")
        if not isinstance(tick, int) or not self._unwritten <= tick < 1 << 63:
            return None
        stored = Stored.of(message.get("state"))
        if stored is None:
            return None
        read = [self._event(tree, None) for tree in acts] if isinstance(acts, list) else []
        return Moment(self, tick, stored, [act for act in read if isinstance(act, Acted)])

    # ------------------------------------------------------------------ reading
    def at(self, tick: int) -> Moment:
        """The moment at a tick, 0 to last; a tick that is lost or not yet on disk gives the nearest one before it."""
        if tick < 0:
            tick += self.last + 1
        if not 0 <= tick <= self.last:
            raise UserError(f"tick {tick} is not on the tape: it has 0 to {self.last}")
        if self._newest is not None and tick >= self._newest.tick > self._written:
            return self._newest
        if not self.log.count(STATES):
            raise UserError(f"{self.log.path} holds no state yet: nothing can be shown", CORRUPT)
        found, tree = self.log.record(STATES, max(0, self.log.find(STATES, tick)))
        stored = Stored.of(tree)
        if stored is None:
            raise UserError(
                f"{self.log.path}: the state of tick {found} is damaged; `arena replay recover` keeps the rest", CORRUPT
            )
        return Moment(self, found, stored, self.acts(found))

    def acts(self, tick: int, noted: bool = True) -> list[Acted]:
        """What was decided at a tick, with the agents' notes, or without, for a reader of many ticks: prompts are long."""
        notes = notes_by_seat([*self.log.at(NOTES, tick), *self.log.at(TEXTS, tick)]) if noted else {}
        return self._acts(self.log.at(ACTS, tick), notes, tick)

    def refusals(self, tick: int) -> list[Refused]:
        """The refused answers of a tick, with what was noted of them."""
        notes = notes_by_seat([*self.log.at(NOTES, tick), *self.log.at(TEXTS, tick)])
        read = (self._event(tree, tick, notes) for tree in self.log.at(EVENTS, tick))
        return [event for event in read if isinstance(event, Refused)]

    def _acts(self, trees: list[Any], notes: dict[tuple[int, int], dict[str, Any]], tick: int) -> list[Acted]:
        read = (self._event(tree, tick, notes) for tree in trees)
        return [act for act in read if isinstance(act, Acted)]

    def _event(self, tree: Any, tick: int | None, notes: dict[tuple[int, int], Any] | None = None) -> Event | None:
        """An event of this tape: at the tick where it lies, about a seat that there is; None for anything else."""
        if notes and isinstance(tree, dict) and isinstance(tree.get("seat"), int):
            attempt = tree.get("attempt", ACCEPTED)
            tree = tree | {"notes": notes.get((tree["seat"], attempt if isinstance(attempt, int) else ACCEPTED), {})}
        event = _read(tree)
        if event is None or not -1 <= getattr(event, "seat", -1) < self.seats:
            return None
        moved = tick is not None and event.tick != tick
        return msgspec.structs.replace(event, tick=tick) if moved else event

    def entries(self, states: bool = True) -> Iterator[Entry]:
        """Tick by tick in one pass over the file, which is much faster than `at`; what is damaged is left out.

        states=False leaves the states unread.
        """
        heads = {track: Head(self.log, track) for track in (STATES, ACTS, NOTES, TEXTS, EVENTS)[not states :]}
        while (tick := min(head.tick for head in heads.values())) < NEVER:
            stored = [Stored.of(tree) for tree in heads[STATES].take(tick)] if states else []
            notes = notes_by_seat([*heads[NOTES].take(tick), *heads[TEXTS].take(tick)])
            acts = self._acts(heads[ACTS].take(tick), notes, tick)
            events = (self._event(tree, tick, notes) for tree in heads[EVENTS].take(tick))
            yield Entry(tick, stored[0] if stored else None, acts, [event for event in events if event is not None])

    def marks(self) -> list[Marked]:
        """Every mark so far, and refusals and faults as marks, in order; read once, then only what is new."""
        start, self._events_read = self._events_read, self.log.count(EVENTS)
        if start == self._events_read:
            return self._marks
        for _, tick, tree in self.log.iterate(EVENTS, start):
            mark = _as_mark(self._event(tree, tick))
            if mark is not None:
                self._marks.append(mark)
        return self._marks

    def events(self, who: int = SPECTATOR, released: bool = False) -> Iterator[Event]:
        """The match again, event by event, as `who` may see it; all of it once the pairing group's secrets are released."""
        for event in self._all_events():
            seen = shown(event, who, self.opened, released)
            if seen is not None:
                yield seen

    def _all_events(self) -> Iterator[Event]:
        yield self.started
        for entry in self.entries():
            stored, others = entry.stored, entry.events
            if entry.tick == 0:
                first = stored or Stored(b"")
                yield msgspec.structs.replace(self.secret, state=first.s, fingerprint=first.f)
            elif stored is not None:
                moment = Moment(self, entry.tick, stored, [])
                yield Stepped(entry.tick, moment.at, moment.reward, stored.f, stored.s)
            yield from (event for event in others if isinstance(event, Marked))
            yield from (event for event in others if not isinstance(event, Marked | Ended | Faulted))
            yield from entry.acts
            yield from (event for event in others if isinstance(event, Faulted))
            yield from (event for event in others if isinstance(event, Ended))

    def steps(self, seat: int) -> Iterator[StepRow]:
        """One row per decision of a seat: observation, legal actions, action, and its reward until its next decision."""
        self.need_game()
        open_row: StepRow | None = None
        gained = 0.0
        for entry in self.entries():
            if entry.stored is None:
                continue
            moment = Moment(self, entry.tick, entry.stored, entry.acts)
            gained += moment.reward[seat] if moment.reward else 0.0
            act = next((act for act in moment.acts if act.seat == seat), None)
            if act is not None:
                if open_row is not None:
                    yield StepRow(open_row.obs, open_row.legal, open_row.action, gained, open_row.tick)
                gained = 0.0
                action = act.action[0] if len(act.action) == 1 and not isinstance(act.action, str) else act.action
                open_row = StepRow(moment.observe(seat), moment.legal(seat), action, 0.0, entry.tick)
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
    if not isinstance(started, Started) or not isinstance(secret, Secret) or not 0 <= secret.seed < 1 << 64:
        raise UserError(f"{log.path} is no recording of a match: its header names no game", CORRUPT)
    return started, secret


def _bare_tree(log: LogReader, packed: bytes) -> Any:
    """The state of a game without records as it is."""
    from envs.plain import Tree  # noqa: PLC0415  only such games pay for it

    try:
        tree = msgpack.unpackb(packed, strict_map_key=True)
    except (ValueError, TypeError) as error:
        raise UserError(f"a state in {log.path} cannot be read: {str(error)[:200]}", CORRUPT) from None
    return Tree(tree if isinstance(tree, dict) else {"state": tree})


def _as_mark(event: Event | None) -> Marked | None:
    """Marks as they are; refusals and faults are lines of the event list too."""
    if isinstance(event, Marked):
        return event
    if isinstance(event, Refused):
        return Marked(event.tick, event.at, "refused", f"{event.kind}: {event.reason}", event.seat, event.seat)
    if isinstance(event, Faulted):
        return Marked(event.tick, event.at, "fault", f"{event.cause}: {event.detail}", event.seat)
    return None
