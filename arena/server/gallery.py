"""Where matches are watched: a process of its own, so that no number of spectators can hold up a match.

The host sends it every event over a socket and never waits for it. Each watcher has a bounded share of memory: what does not fit is left
out, the next thing that it gets is a keyframe, and one that has not read for SLOW seconds is sent away. It runs as
`python -m arena.server.gallery TASK`; TASK is JSON: feed (the descriptor of the socket), host, grants or the file of tokens, open, and the
certificate's files.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl
import struct
import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from arena.events import Event, Started
from arena.protocol import messages as wire
from arena.protocol.messages import OPEN
from arena.protocol.session import LARGEST, ProtocolError, chosen_version
from arena.server.doors import Door, WebDoor
from arena.server.guests import BEAT, FIRST_WORDS, Guest
from arena.server.show import Show, Watcher
from arena.server.tokens import Grant, Tokens
from envs.errors import UserError
from envs.game import Game
from envs.registry import game

__all__ = ["MOST_WATCHERS", "ROOM", "SLOW", "Gallery", "main"]

ROOM = 32 << 10
"""Bytes that may wait for one watcher before it is told nothing more."""
SLOW = 10.0
"""Seconds without room after which a watcher is sent away."""
MOST_WATCHERS = 4096
KEPT = 64
"""Matches that are kept after their end, the newest ones."""
PUMP, BURST = 0.05, 64

_FED = msgspec.msgpack.Decoder(tuple[str, Event | None])


class Gallery:
    """The watchers of a host, by the same calls as `Hall`: come, hear, gone, and `pump` many times a second."""

    def __init__(
        self,
        tokens: Tokens,
        open_: bool,
        rules: Callable[[Started], Game | None],
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.tokens, self.open, self.wall = tokens, open_, wall
        self.shows: OrderedDict[str, Show] = OrderedDict()
        self.guests: set[Guest] = set()
        self.watchers: dict[Guest, Watcher] = {}
        self._rules = rules
        self._waiting: dict[Guest, wire.Watch] = {}

    def feed(self, match: str, event: Event | None, now: float) -> None:
        """The next event of a match, from the host; None: its secrets may be known now."""
        if event is None:
            if match in self.shows:
                self.shows[match].release()
        elif isinstance(event, Started):
            self.shows[match] = Show(event, self._rules)
            self._forget()
        elif match in self.shows:
            self.shows[match].take(event, now)
            for guest in [guest for guest, watch in self._waiting.items() if watch.match in ("", match)]:
                self._seat(guest, self._waiting.pop(guest), self.shows[match])

    def release(self) -> None:
        """The host has ended: no match on the seed of another is to come."""
        for show in self.shows.values():
            show.release()

    def _forget(self) -> None:
        for match in [match for match, show in self.shows.items() if show.released][: max(0, len(self.shows) - KEPT)]:
            del self.shows[match]

    # ------------------------------------------------------------------ what doors call
    def come(self, address: str, now: float) -> Guest:
        guest = Guest(address, now)
        self.guests.add(guest)
        return guest

    def hear(self, guest: Guest, data: bytes, now: float) -> None:
        guest.heard = now
        for message in guest.session.receive(data):
            if isinstance(message, ProtocolError):
                self._refuse(guest, message.code, str(message))
            elif isinstance(message, wire.Hello):
                self._greet(guest, message, now)
            elif isinstance(message, wire.Watch):
                self._watch(guest, message)
            elif isinstance(message, wire.Bye):
                guest.closing = True
            elif not isinstance(message, wire.Beat):
                self._refuse(guest, "gallery", "matches are only watched here")

    def gone(self, guest: Guest, now: float) -> None:
        self.guests.discard(guest)
        self.watchers.pop(guest, None)
        self._waiting.pop(guest, None)

    # ------------------------------------------------------------------ watchers
    def _greet(self, guest: Guest, hello: wire.Hello, now: float) -> None:
        try:
            version = chosen_version(hello)
        except ProtocolError as error:
            self._refuse(guest, "version", str(error))
            return
        guest.grant = self.tokens.find(hello.token, self.wall())
        if not self._may(guest, "spectate"):
            self._refuse(
                guest, "token", "no such token here, or not one to watch with: ask whoever runs this host for one"
            )
            return
        guest.say(wire.Welcome(version, BEAT, LARGEST[wire.PLAYER], "gallery"), now)

    def _may(self, guest: Guest, scope: str) -> bool:
        return (self.open and scope != "admin") or (guest.grant is not None and guest.grant.allows(scope))

    def _watch(self, guest: Guest, watch: wire.Watch) -> None:
        if watch.who != -2 and not self._may(guest, "admin"):
            self._refuse(
                guest, "scope", "a running match is seen as the public sees it: another view needs the scope admin"
            )
        elif watch.match and watch.match not in self.shows:
            self._refuse(guest, "match", "no such match is running or has just ended here")
        elif watch.match:
            self._seat(guest, watch, self.shows[watch.match])
        elif running := [show for show in self.shows.values() if not show.ended]:
            self._seat(guest, watch, running[-1])
        else:
            self._waiting[guest] = watch

    def _seat(self, guest: Guest, watch: wire.Watch, show: Show) -> None:
        if watch.who >= len(show.started.seats):
            self._refuse(guest, "match", f"there is no seat {watch.who}")
        else:
            self.watchers[guest] = Watcher(show, watch.who, watch.delay)

    def pump(self, room: Callable[[Guest], bool], now: float) -> None:
        """What is due for everybody, as far as there is room for it."""
        for guest, watcher in list(self.watchers.items()):
            for _ in range(BURST):
                scene = watcher.next(now, room(guest) and len(guest.out) < ROOM)
                if scene is None:
                    break
                guest.say(scene, now)
            if watcher.behind is not None and now - watcher.behind > SLOW:
                self._refuse(guest, "slow", f"nothing was read for {SLOW:g} s", retry_after=1.0)
            elif watcher.done and watcher.show.ended:
                guest.say(wire.Bye("the match is over"), now)
                guest.closing = True
                del self.watchers[guest]

    def beat(self, now: float) -> None:
        """About once a second: heartbeats, greetings that do not come, tokens that no longer hold."""
        self.tokens.renew()
        for guest in list(self.guests):
            if guest.session.state != OPEN:
                if now - guest.came > FIRST_WORDS:
                    self._refuse(guest, "slow", f"no greeting within {FIRST_WORDS:g} s")
            elif guest.grant is not None and not self.tokens.valid(guest.grant, self.wall()):
                self._refuse(guest, "token", "this token does not hold any more")
            elif now - guest.heard > 2 * BEAT:
                self._refuse(guest, "silent", "nothing was heard for too long", retry_after=1.0)
            elif now - guest.said > BEAT / 2 and len(guest.out) < ROOM:
                guest.say(wire.Beat(), now)

    def _refuse(self, guest: Guest, code: str, text: str, retry_after: float | None = None) -> None:
        guest.refuse(code, text, retry_after)
        self.watchers.pop(guest, None)


def played(started: Started) -> Game | None:
    """The rules of a match, run plainly; None where they are not installed as they were."""
    told = started.game
    try:
        found = game(str(told.get("place") or told.get("game")), plain=True, **told.get("options", {}))
    except UserError:
        return None
    return found if found.digest == told.get("digest") else None


async def run(task: dict[str, Any]) -> None:
    """Open the door, tell the host its port, and show what comes until the host hangs up."""
    loop = asyncio.get_running_loop()
    grants = [Grant(**{**row, "scopes": tuple(row["scopes"])}) for row in task["grants"]]
    tokens = Tokens(Path(task["tokens"])) if task["tokens"] else Tokens(None, {grant.name: grant for grant in grants})
    gallery = Gallery(tokens, task["open"], played)
    doors: dict[Guest, Door] = {}
    server = await loop.create_server(
        lambda: WebDoor(gallery, time.monotonic, lambda: None, doors, MOST_WATCHERS),
        task["host"],
        task["port"],
        ssl=_tls(task),
        backlog=1024,
    )
    feed = socket.socket(fileno=task["feed"])
    reader, writer = await asyncio.open_connection(sock=feed, limit=64 << 20)
    writer.write(struct.pack(">I", server.sockets[0].getsockname()[1]))
    pump = loop.create_task(_pump(gallery, doors))
    try:
        while True:
            (size,) = struct.unpack(">I", await reader.readexactly(4))
            match, event = _FED.decode(await reader.readexactly(size))
            gallery.feed(match, event, time.monotonic())
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the host has ended
    gallery.release()
    # Whoever watches is given a moment to read the end.
    for _ in range(round(3.0 / PUMP)):
        if not gallery.watchers:
            break
        await asyncio.sleep(PUMP)
    pump.cancel()
    server.close()


async def _pump(gallery: Gallery, doors: dict[Guest, Door]) -> None:
    def room(guest: Guest) -> bool:
        return guest in doors and doors[guest].transport.get_write_buffer_size() < ROOM

    second = time.monotonic()
    while True:
        now = time.monotonic()
        gallery.pump(room, now)
        if now - second > 1.0:
            second = now
            gallery.beat(now)
        for guest, door in list(doors.items()):
            if guest.out or guest.closing:
                _deliver(guest, door)
        await asyncio.sleep(PUMP)


def _deliver(guest: Guest, door: Door) -> None:
    """Send; whoever is sent away and does not read either is cut off."""
    stuck = guest.closing and door.transport.get_write_buffer_size() >= ROOM
    door.send()
    if stuck:
        door.transport.abort()


def _tls(task: dict[str, Any]) -> ssl.SSLContext | None:
    if not task["cert"]:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(task["cert"], task["key"])
    return context


def main(arguments: list[str]) -> int:
    """See the module."""
    os.nice(5)  # matches go first
    asyncio.run(run(json.loads(arguments[0])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
