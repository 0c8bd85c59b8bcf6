"""A host in a thread of this process, for tests that need real sockets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import envs
from arena.clock import Limits
from arena.server.guests import Terms
from arena.server.serving import Host, Place
from arena.server.tokens import Tokens

__all__ = ["Running", "served"]


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
            asyncio.run(run())
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
