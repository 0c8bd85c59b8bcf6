"""An event loop whose clock moves only when nothing else can happen: minutes of waiting pass in milliseconds, over real sockets."""

from __future__ import annotations

import asyncio
import selectors
import socket
from typing import Any

__all__ = ["VirtualLoop", "pass_time"]

GRACE = 0.01
"""Real seconds in which a socket or a thread may still report something before the clock is moved."""


class _Selector(selectors.DefaultSelector):
    """Waits for no time to pass: a wait with an end moves the clock to that end, unless something comes at once."""

    loop: VirtualLoop

    def __init__(self) -> None:
        super().__init__()
        with socket.create_server(("127.0.0.1", 0)) as server:
            self._one = socket.create_connection(server.getsockname(), 60.0)
            self._other, _ = server.accept()

    def close(self) -> None:
        super().close()
        self._one.close()
        self._other.close()

    def _arrived(self) -> Any:
        """What has come once a byte of our own has made its way: a busy machine delivers what was sent before it late, but before it."""
        self._one.sendall(b".")
        self._other.recv(1)
        return super().select(0)

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        ready = super().select(min(timeout, GRACE)) or self._arrived()
        if not ready and self.loop.waited_for != 0:
            self.loop.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """`now` is its time, in seconds from 0. waited_for: how many wait for something in it; while nobody does, the clock stands (None:
    somebody always does).
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.waited_for: int | None = None
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now


async def pass_time(seconds: float) -> None:
    """On a virtual loop: nobody waits for it."""
    await asyncio.sleep(seconds)
