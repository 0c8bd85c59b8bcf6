"""One event loop for all seats of this process, in a thread of its own: the place where requests wait together.

Matches stay synchronous and run in threads, because players of every kind sit in them: a search inside an asyncio host would stop all
its matches, while a thread that waits for an endpoint costs nothing. Hundreds of seats share each endpoint's connections and its limit
of requests at once here.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from functools import cache
from typing import Any, TypeVar

from agents.llm.transport import Endpoint
from envs.errors import UserError

__all__ = ["Gateway", "shared"]

T = TypeVar("T")


class Gateway:
    """`run` brings a coroutine to the loop and waits for it. loop: made in the thread (tests give one with a clock of their own)."""

    def __init__(self, loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop) -> None:
        self.loop = loop()
        self._endpoints: dict[tuple[str, str], Endpoint] = {}
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._serve, name="llm-gateway", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def endpoint(self, base_url: str, key: str, cap: int) -> Endpoint:
        """The one endpoint of this URL and key. UserError when two seats want different limits for it."""
        with self._lock:
            found = self._endpoints.setdefault((base_url, key), Endpoint(base_url, key, cap))
        if found.cap != cap:
            raise UserError(f"llm: one endpoint cannot have cap={found.cap} and cap={cap}: give all its seats one cap")
        return found

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The coroutine's result; an interrupt of the waiting thread cancels it."""
        future: Future[T] = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """End connections, loop and thread."""
        for endpoint in self._endpoints.values():
            self.run(endpoint.close())
        self.run(self.loop.shutdown_default_executor())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@cache
def shared() -> Gateway:
    """The gateway of this process, started when the first seat needs it."""
    return Gateway()
