"""Who waits for an answer looks for it a while before it sleeps: a process that sleeps takes longer to wake than most answers take to come.

A machine gives up a core that has nothing to do, and the woken process finds its caches cold. Where nothing comes in time (a person thinks,
the other side shares this core), looking stops of itself, but for a try now and then.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

__all__ = ["Lookout", "loop", "run"]

LONGEST = 300e-6
"""Seconds of looking before sleep: a host of small matches answers in half of it."""
GIVEN_UP, AGAIN, VAIN = 8, 64, 4
"""From so much doubt on only each so many-th sleep is tried. A look in vain adds VAIN, to twice as much at most; a sleep spared takes one
away. Who looks in vain more than now and then keeps a core from others, perhaps from the other side.
"""

Found = TypeVar("Found")


class Lookout:
    """Looks for at most `longest` seconds on the given clock."""

    def __init__(self, longest: float = LONGEST, clock: Callable[[], float] = time.perf_counter) -> None:
        self._longest, self._clock = longest, clock
        self._doubt = self._passed = 0

    def __call__(self, look: Callable[[], Found], most: float | None = None) -> Found | None:
        """The first thing that look() finds within the time, at most `most` seconds; None: sleep now."""
        if self._doubt >= GIVEN_UP and self._pass():
            return None
        if found := look():
            return found  # no sleep, whoever looks
        clock = self._clock
        until = clock() + (self._longest if most is None else min(most, self._longest))
        while not (found := look()):
            if clock() >= until:
                self._doubt = min(self._doubt + VAIN, 2 * GIVEN_UP)
                return None
        self._doubt = max(self._doubt - 1, 0)
        return found

    def _pass(self) -> bool:
        """Whether it is not yet time to try again."""
        self._passed = (self._passed + 1) % AGAIN
        return self._passed != 0


class _Selector(selectors.DefaultSelector):
    """The system's, with a lookout before each sleep."""

    def __init__(self, lookout: Lookout) -> None:
        super().__init__()
        self._lookout = lookout

    def select(self, timeout: float | None = None) -> Any:
        if timeout is not None and timeout <= 0:
            return super().select(timeout)
        return self._lookout(lambda: super(_Selector, self).select(0), timeout) or super().select(timeout)


def run(main: Coroutine[Any, Any, Found]) -> Found:
    """`asyncio.run` on a loop that looks before it sleeps."""
    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(main)


def loop() -> asyncio.AbstractEventLoop:
    """A fresh event loop that looks before it sleeps."""
    return asyncio.SelectorEventLoop(_Selector(Lookout()))
