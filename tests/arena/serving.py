"""A host in a thread of this process, for tests that need real sockets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import envs
from arena.clock import Limits
from arena.protocol import lookout
from arena.server.guests import Terms
from arena.server.serving import Host, Place
from arena.server.tokens import Tokens

__all__ = ["Proxy", "Running", "served"]


class Running:
    """A host that runs: url, token, and what it has told of its matches."""

    def __init__(
        self,
        game: str = "connect_four",
        *,
        place: Place | None = None,
        makers: Any = (),
        folder: Any = None,
        gallery: Any = None,
        **terms: Any,
    ) -> None:
        self.tokens = Tokens()
        self.token = self.tokens.add("player", ["play"])
        self.watching = self.tokens.add("watcher", ["spectate"])
        self.results: list[Any] = []
        if gallery is not None:
            gallery.start(self.tokens, "127.0.0.1")
        limits = terms.pop("limits", Limits(move=20.0))
        rules = envs.game(game, plain=True)
        for maker in makers:
            maker.fits(rules)
        self.host = Host(
            rules, self.tokens, Terms(limits=limits, **terms), place or Place(port=0), makers, folder,
            over=lambda *told: self.results.append(told), seed=5, gallery=gallery,
        )  # fmt: skip
        self.url = ""
        self.failure: Exception | None = None
        self._ready = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        assert self._ready.wait(30)

    def _run(self) -> None:
        async def run() -> None:
            self.loop = asyncio.get_running_loop()
            self.host.done = asyncio.Event()
            await self.host.run(self._is_ready)

        try:
            lookout.run(run())
        except Exception as error:  # noqa: BLE001  the test looks at it
            self.failure = error
        finally:
            self._ready.set()

    def _is_ready(self, url: str) -> None:
        self.url = url
        self._ready.set()

    def drop_all(self) -> None:
        """Cut every connection, as a network does."""

        def cut() -> None:
            for door in list(self.host._doors.values()):
                door.transport.abort()

        self.loop.call_soon_threadsafe(cut)

    def stop(self) -> None:
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.host.done.set)
        self.thread.join(30)
        assert not self.thread.is_alive()


@contextmanager
def served(*arguments: Any, **more: Any) -> Iterator[Running]:
    """A running host, stopped when the block is left."""
    running = Running(*arguments, **more)
    try:
        yield running
    finally:
        running.stop()


class Proxy:
    """A bad line in front of a running host. piece: bytes that are passed on at once; budget: after so many a connection is cut, then four
    times as many, and so on (0: never).
    """

    def __init__(self, running: Running, piece: int = 65536, budget: int = 0) -> None:
        self.running, self.piece, self.budget, self.cuts = running, piece, budget, 0
        self.url = f"ws://127.0.0.1:{asyncio.run_coroutine_threadsafe(self._open(), running.loop).result(30)}"

    async def _open(self) -> int:
        server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
        return int(server.sockets[0].getsockname()[1])

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self.running.host.port)
        left = [self.budget * 4**self.cuts]
        await asyncio.gather(self._pump(reader, back, writer, left), self._pump(there, writer, back, left))

    async def _pump(self, source: Any, target: Any, other: Any, left: list[int]) -> None:
        with suppress(OSError):
            while data := await source.read(4096):
                for at in range(0, len(data), self.piece):
                    target.write(data[at : at + self.piece])
                    await target.drain()
                left[0] -= len(data)
                if self.budget and left[0] < 0:
                    self.cuts += left[0] > -(1 << 40)
                    left[0] = -(1 << 41)
                    target.transport.abort()
                    other.transport.abort()
                    return
            target.close()
