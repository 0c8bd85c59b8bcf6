"""The sink that writes a match to disk, event by event.

Tracks: 0 states, 1 acts, 2 notes of agents, 3 their long texts (prompts, completions), 4 everything else. The header holds Started and
Secret, the summary holds Ended: a finished file has both ends of the match. A result is acknowledged when `path` is set, after fsync.
A `mailbox` beside a live recording always holds the newest state, so that a viewer needs not wait for a chunk.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from arena.events import Acted, Ended, Event, Refused, Secret, Started, Stepped, to_tree
from replays._values import pack_typed
from replays.log import LogWriter
from replays.mailbox import Mailbox

__all__ = ["ACTS", "EVENTS", "NOTES", "STATES", "TEXTS", "Recorder"]

STATES, ACTS, NOTES, TEXTS, EVENTS = range(5)
_LONG = ("prompt", "completion", "reasoning", "raw", "parsed", "scratchpad", "training")


class _Act(msgspec.Struct, tag_field="event", tag="acted", gc=False):
    """Acted without its notes, which lie on tracks of their own."""

    tick: int
    at: float
    seat: int
    action: list[int] | str
    name: str
    took: float
    queued: bool
    said: tuple[tuple[tuple[int, ...], str], ...]


class Recorder:
    """`Recorder("runs/m.arena")` is a sink. texts=False leaves out prompts and completions; each_tick=True flushes every tick.

    path is None until the match has ended and the file is on disk. Raises what the disk raises; the host then drops the sink.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, texts: bool = True, each_tick: bool = False, mailbox: bool = False,
        clock: Callable[[], float] = time.monotonic, fsync: Callable[[int], None] = os.fsync,
    ) -> None:  # fmt: skip
        self.target = Path(path)
        self.path: Path | None = None
        self.texts, self.each_tick = texts, each_tick
        self._clock, self._fsync, self._with_mailbox = clock, fsync, mailbox
        self._started: dict[str, Any] = {}
        self._log: LogWriter | None = None
        self._mailbox: Mailbox | None = None
        self._last: dict[int, dict[str, Any]] = {}

    def __call__(self, event: Event) -> None:
        _TAKES.get(type(event), Recorder._event)(self, event)

    def take(self, events: Iterable[Event]) -> None:
        """The same for several, in order."""
        for event in events:
            _TAKES.get(type(event), Recorder._event)(self, event)

    def _start(self, event: Started) -> None:
        self._started = to_tree(event)

    def _event(self, event: Event) -> None:
        self._writer.append_packed(EVENTS, event.tick, pack_typed(event))

    @property
    def _writer(self) -> LogWriter:
        if self._log is None:
            raise RuntimeError("a recorder must see a match from its first event")
        return self._log

    def _open(self, event: Secret) -> None:
        tree = to_tree(event)
        state = {"s": tree.pop("state"), "f": tree.pop("fingerprint"), "r": [], "at": 0.0}
        header = {"kind": "match", "started": self._started, "secret": tree, "pid": os.getpid()}
        self._log = LogWriter(self.target, header, clock=self._clock, fsync=self._fsync)
        if self._with_mailbox:
            self._mailbox = Mailbox.create(self._log.path, clock=self._clock)
        self._log.append(STATES, 0, state)

    def _act(self, event: Acted) -> None:
        act = _Act(event.tick, event.at, event.seat, event.action, event.name, event.took, event.queued, event.said)
        self._writer.append_packed(ACTS, event.tick, pack_typed(act))
        if self._mailbox is None and not event.notes:
            return
        tree = to_tree(event)
        self._last[event.seat] = dict(tree)
        self._note(event.tick, {"seat": event.seat}, tree["notes"])

    def _refused(self, event: Refused) -> None:
        """A refused answer is an event; what was noted of it lies with the notes, under its attempt."""
        tree = to_tree(event)
        notes = tree.pop("notes")
        if not self.texts and any(name in notes for name in _LONG):
            tree["answer"] = ""  # the completion once more
        self._writer.append(EVENTS, event.tick, tree)
        self._note(event.tick, {"seat": event.seat, "attempt": event.attempt}, notes)

    def _note(self, tick: int, whose: dict[str, int], notes: dict[str, Any]) -> None:
        long = {name: notes.pop(name) for name in _LONG if name in notes}
        if long and not self.texts:
            notes.pop("why", None)  # a model's reasons are part of its answer
        if notes:
            self._writer.append(NOTES, tick, whose | {"notes": notes})
        if long and self.texts:
            self._writer.append(TEXTS, tick, whose | {"texts": long})

    def _step(self, event: Stepped) -> None:
        state = {"s": event.state, "f": event.fingerprint, "r": list(event.reward), "at": event.at}
        self._writer.append_packed(STATES, event.tick, pack_typed(state))
        if self._mailbox is not None:
            self._mailbox.put({"tick": event.tick, "state": state, "acts": list(self._last.values())})
        if self.each_tick:
            self._writer.flush()
        self._writer.tick()

    def _end(self, event: Ended) -> None:
        tree = to_tree(event)
        self._writer.append(EVENTS, event.tick, tree)
        self.path = self._writer.close({"ended": tree})
        if self._mailbox is not None:
            self._mailbox.remove()

    def flush(self) -> None:
        """Bring what is known to the file: before an agent that may think for long."""
        if self._log is not None and self.path is None:
            self._log.flush()
            self._log.tick()

    def abandon(self) -> None:
        """Let go of an unfinished file: the `.part` stays and opens."""
        if self._log is not None and self.path is None:
            self._log.abandon()
        if self._mailbox is not None:
            self._mailbox.remove()


_TAKES: dict[type, Callable[[Recorder, Any], None]] = {
    Started: Recorder._start, Secret: Recorder._open, Acted: Recorder._act, Refused: Recorder._refused, Stepped: Recorder._step,
    Ended: Recorder._end,
}  # fmt: skip
"""Who takes which event; all others are kept as they are."""
