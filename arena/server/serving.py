"""A host on a network: one loop with its hall, its doors, its clock and its scribes. `serve` runs one until it is stopped.

The clock of the matches is looked at fifty times a second, after whatever has come in by then, and does not count the time that the loop
itself has lost: an answer that arrived in time is never late because the host was busy.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import ssl
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from arena.clock import Steady
from arena.events import Event, Seat
from arena.match import Match, Result
from arena.matches import software
from arena.protocol.table import Table
from arena.release import Series
from arena.server.doors import Door, WebDoor
from arena.server.feed import Feed
from arena.server.guests import Guest, House, Terms, is_loopback
from arena.server.hall import Hall
from arena.server.house import Threaded
from arena.server.scribe import Scribe
from arena.server.tokens import Tokens
from envs.errors import FAILURE, UserError
from envs.game import Game

__all__ = ["Host", "Place", "is_loopback"]

TICK, SECOND = 0.02, 1.0
MOST_GUESTS = 2048


@dataclass(frozen=True)
class Place:
    """Where a host listens. port 0: any free one; unix: the path of a socket instead. tls: what wss needs, None off it."""

    host: str = "127.0.0.1"
    port: int = 8765
    unix: Path | None = None
    tls: ssl.SSLContext | None = None
    insecure: bool = False

    def demand_safe(self) -> None:
        """UserError for a network in plain sight without a word that this is meant."""
        if self.unix is None and self.tls is None and not self.insecure and not is_loopback(self.host):
            raise UserError(
                f"tokens and matches would cross the network unencrypted at {self.host}: give --tls-cert and --tls-key, or say --insecure"
            )


def _reason(error: OSError) -> str:
    """The system's own words, without what asyncio puts around them."""
    return os.strerror(error.errno).lower() if error.errno and error.errno > 0 else str(error)


@dataclass
class Host:
    """A host that is being served. makers: what `agents.load` gives for the players of the house. folder: where recordings go.

    told(text) is called for each line that an owner wants to read; over(seats, result, recording) for each match.
    """

    rules: Game
    tokens: Tokens
    terms: Terms
    place: Place
    makers: Sequence[Any] = ()
    folder: Path | None = None
    over: Callable[[Sequence[Seat], Result, Path | None], None] = lambda *_: None
    feed: Callable[[Table, Sequence[Event]], None] | None = None
    gallery: Feed | None = None
    seed: int | None = None
    clock: Callable[[], float] = field(default_factory=lambda: Steady(time.monotonic))
    port: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, ready: Callable[[str], None]) -> None:
        """Serve until `done` is set or all matches are played; ready(url) is called once the doors are open. UserError if they cannot."""
        self._loop = asyncio.get_running_loop()
        self._doors: dict[Guest, Door] = {}
        self._scribes: dict[str, Scribe] = {}
        self._woken = False
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="sync")
        self._houses: list[Threaded] = []
        self._series = Series(1 if self.seed is None else max(1, self.rules.seats))
        houses = [partial(self._house, maker) for maker in self.makers]
        self.hall = Hall(
            self.rules, self.tokens, self.terms, make=self._match, secret=partial(secrets.token_urlsafe, 24), wall=time.time, house=houses,
            on_answered=self._answer, on_events=self._events, on_over=self._over, gallery=self.gallery.port if self.gallery else 0,
        )  # fmt: skip
        server = await self._open()
        if self.gallery is not None:
            await self.gallery.connect()
        try:
            ready(self.url)
            await self._keep_time()
        finally:
            await self._close(server)

    @property
    def url(self) -> str:
        """Where players find this host."""
        if self.place.unix is not None:
            return f"unix:{self.place.unix}"
        name = f"[{self.place.host}]" if ":" in self.place.host else self.place.host
        return f"{'wss' if self.place.tls else 'ws'}://{name}:{self.port}"

    async def _open(self) -> asyncio.Server:
        place = self.place
        place.demand_safe()
        arguments = self.hall, self.clock, self._wake, self._doors, MOST_GUESTS
        try:
            if place.unix is not None:
                place.unix.unlink(missing_ok=True)
                return await self._loop.create_unix_server(lambda: Door(*arguments), str(place.unix))
            server = await self._loop.create_server(
                lambda: WebDoor(*arguments), place.host, place.port, ssl=place.tls, backlog=1024
            )
        except OSError as error:
            where = str(place.unix) if place.unix else f"{place.host} port {place.port}"
            raise UserError(
                f"cannot listen at {where}: {_reason(error)}: choose another --port, or stop what is there",
                FAILURE,
            ) from None
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _keep_time(self) -> None:
        second = self.clock()
        while not self.done.is_set():
            now = self.clock()
            self.hall.pass_time(now)
            if now - second >= SECOND:
                second = now
                self.hall.beat(now)
            self._flush()
            if self.terms.matches is not None and self.hall.ended >= self.terms.matches:
                return
            try:
                await asyncio.wait_for(self.done.wait(), TICK)
            except TimeoutError:
                continue

    async def _close(self, server: asyncio.Server) -> None:
        server.close()
        self.hall.stop(self.clock())
        await self._loop.run_in_executor(self._pool, lambda: None)  # what is on its way to the disk
        await asyncio.sleep(0)
        self.hall.close(self.clock())
        self._flush()
        for door in list(self._doors.values()):
            door.transport.close()
        self._pool.shutdown()
        for house in self._houses:
            await self._loop.run_in_executor(None, house.ended, 5.0)
        if self.gallery is not None:
            self.gallery.close()
        if self.place.unix is not None:
            self.place.unix.unlink(missing_ok=True)

    # ------------------------------------------------------------------ what the hall asks for
    def _match(self, seats: Sequence[Seat], now: float) -> Match:
        ident = secrets.token_hex(13)
        group = self._series.begun(ident)
        seed = secrets.randbits(63) if self.seed is None else self.seed + group
        return Match(
            self.rules, seats, seed, limits=self.terms.limits, now=now, ident=ident, nonce=secrets.token_bytes(16),
            retries=self.terms.retries, created=time.time(), software=software(),
        )  # fmt: skip

    def _events(self, table: Table, events: list[Event]) -> None:
        ident = table.match.ident
        scribe = self._scribes.get(ident)
        if scribe is None:
            path = None if self.folder is None else self.folder / f"{ident}.arena"
            scribe = self._scribes[ident] = Scribe(path, self._pool)
        scribe(events)
        if self.feed is not None:
            self.feed(table, events)
        if self.gallery is not None:
            self.gallery(table, events)

    def _over(self, table: Table) -> None:
        scribe = self._scribes.pop(table.match.ident)
        scribe.finish(lambda kept: self._call(self._kept, table, scribe.path, kept))

    def _kept(self, table: Table, path: Path | None, kept: bool) -> None:
        if table.match.ident not in self.hall.tables:
            return
        self.hall.recorded(table, kept, self.clock())
        assert table.result is not None
        self.over(table.match.seats, table.result, path if kept else None)
        for match in self._series.ended(table.match.ident):
            if self.gallery is not None:
                self.gallery.release(match)
        self._wake()

    def _house(self, maker: Any) -> Threaded:
        """A fresh player of the house; it is remembered until it has ended."""
        house = Threaded(maker, self._post)
        self._houses = [each for each in self._houses if not each.ended()] + [house]
        return house

    def _post(self, house: House, table: Table, seat: int, answer: Any) -> None:
        """An answer from a thread of the house."""
        self._call(self._answered, house, table, seat, answer)

    def _answered(self, house: House, table: Table, seat: int, answer: Any) -> None:
        self.hall.house_says(house, table, seat, answer, self.clock())
        self._wake()

    def _call(self, act: Callable[..., None], *arguments: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(act, *arguments)
        except RuntimeError:  # the loop has been closed: nobody is left to be told
            return

    # ------------------------------------------------------------------ sending
    def _wake(self) -> None:
        if self.hall.waiting and not self._woken:
            self._woken = True
            self._loop.call_soon(self._flush)

    def _answer(self, guest: Guest) -> None:
        """In one piece what there is for a guest."""
        self.hall.waiting.discard(guest)
        door = self._doors.get(guest)
        if door is not None:
            door.send()

    def _flush(self) -> None:
        """The same for each guest for whom there is something."""
        self._woken = False
        for guest in list(self.hall.waiting):
            self._answer(guest)
