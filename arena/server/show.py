"""A match as its watchers may see it, without input or output: events of the host become scenes, once for everybody who sees the same.

A scene is what happened up to a step or the end: the events that the table of `arena.events.shown` lets through, and the board as that
audience knows it. While the match runs a watcher has the public's scenes (or a seat's); when the last match on its seed is over (see
`arena.release`), the full tape as well. A watcher that has missed something gets a keyframe, which stands alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from arena.events import Ended, Event, Secret, Started, Stepped, shown
from arena.protocol import messages as wire
from arena.protocol.translate import packed_observation
from envs.game import Game
from envs.spec import PUBLIC, SPECTATOR

__all__ = ["Show", "Watcher", "packed"]

PIECE = 64 << 10
"""Bytes of events in one scene of the full tape."""
_ENCODER = msgspec.msgpack.Encoder()


def packed(event: Event) -> bytes:
    """An event as recordings and scenes have it."""
    return _ENCODER.encode(event)


@dataclass
class _Audience:
    """The scenes of everybody who sees the same, and what has come since the last one. times: when each was complete."""

    scenes: list[wire.Scene] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    open: list[bytes] = field(default_factory=list)


class Show:
    """One match. rules: gives the game of a Started event (None where it is not installed); it is asked once."""

    def __init__(self, started: Started, rules: Callable[[Started], Game | None]) -> None:
        self.match, self.started, self.game = started.match, started, rules(started)
        self.opened = started.has("perfect")
        self.ended = self.released = False
        self._events: list[Event] = [started]
        self._audiences: dict[int, _Audience] = {}
        self._full: list[wire.Scene] = []
        self._state: bytes = b""

    def take(self, event: Event, now: float) -> None:
        """The next event of the match."""
        self._events.append(event)
        if isinstance(event, Secret) and self.game is not None:
            self.game.configure(event.config)
        self._remember(event)
        self.ended = self.ended or isinstance(event, Ended)
        for who, audience in self._audiences.items():
            self._add(who, audience, event, now)

    def release(self) -> None:
        """The last match on this one's seed has ended: seed, nonce and hidden acts may be known."""
        self.released = self.ended

    def _remember(self, event: Event) -> None:
        if isinstance(event, Secret | Stepped):
            self._state = event.state

    def scenes(self, who: int, now: float) -> _Audience:
        """The scenes of an audience; made from the beginning when it is the first time that somebody asks."""
        if who not in self._audiences:
            audience = self._audiences[who] = _Audience()
            for event in self._events:
                self._remember(event)
                self._add(who, audience, event, now)
        return self._audiences[who]

    def _add(self, who: int, audience: _Audience, event: Event, now: float) -> None:
        seen = shown(event, who, self.opened)
        if seen is not None:
            audience.open.append(packed(seen))
        if isinstance(event, Secret | Stepped | Ended):
            number = len(audience.scenes)
            audience.scenes.append(wire.Scene(self.match, number, audience.open, self._view(who)))
            audience.times.append(now)
            audience.open = []

    def _view(self, who: int) -> bytes:
        """The board as an audience knows it, packed; nothing where the rules are not installed."""
        if self.game is None or not self._state:
            return b""
        return packed_observation(self.game.observe(self.game.unpack(self._state), who))

    def keyframe(self, who: int, number: int) -> wire.Scene:
        """The opening of the match and the board as it is at a scene, for a watcher that has missed what was before it."""
        audience = self._audiences[who]
        seen = shown(self.started, who, self.opened)
        opening = [packed(seen)] if seen is not None else []
        newest = audience.scenes[number]
        return msgspec.structs.replace(newest, events=[*opening, *newest.events], keyframe=True)

    def full(self) -> list[wire.Scene]:
        """The whole tape, once the match has ended and its secrets have come out."""
        if self.released and not self._full:
            pieces: list[list[bytes]] = [[]]
            size = 0
            for event in map(packed, self._events):
                if size > PIECE:
                    pieces.append([])
                    size = 0
                pieces[-1].append(event)
                size += len(event)
            self._full = [wire.Scene(self.match, number, piece, full=True) for number, piece in enumerate(pieces)]
        return self._full


@dataclass
class Watcher:
    """Where one watcher of a show is. delay: seconds that it stays behind. behind: since when it has not kept up."""

    show: Show
    who: int = PUBLIC
    delay: float = 0.0
    at: int = 0
    told: int = 0
    behind: float | None = None

    def next(self, now: float, room: bool) -> wire.Scene | None:
        """The next scene that is due, if there is room for one. After a time without room the next one is a keyframe."""
        audience = self.show.scenes(self.who, now)
        due = self.at < len(audience.scenes) and now >= audience.times[self.at] + self.delay
        if not room:
            self.behind = now if due and self.behind is None else self.behind
            return None
        if due:
            return self._scene(audience, now)
        return self._rest(len(audience.scenes))

    def _scene(self, audience: _Audience, now: float) -> wire.Scene:
        if self.behind is None:
            self.at += 1
            return audience.scenes[self.at - 1]
        self.behind = None
        while self.at + 1 < len(audience.scenes) and now >= audience.times[self.at + 1] + self.delay:
            self.at += 1
        self.at += 1
        return self.show.keyframe(self.who, self.at - 1)

    def _rest(self, scenes: int) -> wire.Scene | None:
        """After the end: the full tape, piece by piece, for those who have not had it."""
        if not self.show.released or self.at < scenes or self.who == SPECTATOR:
            return None
        pieces = self.show.full()
        if self.told == len(pieces):
            return None
        self.told += 1
        return pieces[self.told - 1]

    @property
    def done(self) -> bool:
        """Whether nothing more will come."""
        whole = self.who == SPECTATOR or (self.show.released and self.told == len(self.show.full()))
        return self.show.ended and self.at == len(self.show.scenes(self.who, 0.0).scenes) and whole
