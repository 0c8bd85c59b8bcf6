"""Threads that do the parts of one piece of work at once, again and again, with little waiting between.

A step of a batch takes a fraction of a millisecond, and a thread that sleeps takes a tenth of one to wake. So whoever calls does the
first part itself, and looks for the others' end a while before it sleeps.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["Crew"]

_LOOKS = 5000
"""How often the caller looks whether the others have ended, a few milliseconds in all, before it sleeps."""


class Crew:
    """So many threads, the caller's among them, for work that runs without the interpreter's lock."""

    def __init__(self, threads: int) -> None:
        self._hands = [_Hand() for _ in range(threads - 1)]

    def run(self, work: Callable[[int], None]) -> None:
        """work(0), the caller's, to work(threads - 1) at once; when all have ended, raises what one has raised."""
        for number, hand in enumerate(self._hands, 1):
            hand.begin(work, number)
        try:
            work(0)
        finally:
            failures = [hand.ended() for hand in self._hands]
        for failure in failures:
            if failure is not None:
                raise failure

    def close(self) -> None:
        """End the threads; a second call does nothing."""
        for hand in self._hands:
            hand.leave()
        self._hands = []


class _Hand:
    """One more thread: it sleeps until it is given a part."""

    def __init__(self) -> None:
        self._go, self._done = threading.Lock(), threading.Lock()
        self._go.acquire()
        self._part: tuple[Callable[[int], None], int] | None = None
        self._failure: BaseException | None = None
        # A daemon, because a batch that nobody closes must not keep the program from ending.
        threading.Thread(target=self._work, daemon=True, name="rows").start()

    def begin(self, work: Callable[[int], None], number: int) -> None:
        self._done.acquire()  # first: a part that an interrupted caller did not wait for may still be running
        self._part = work, number
        self._go.release()

    def ended(self) -> BaseException | None:
        """Wait for the end of the part; what it raised."""
        for _ in range(_LOOKS):
            if not self._done.locked():
                break
            time.sleep(0)
        with self._done:
            failure, self._failure = self._failure, None
        return failure

    def leave(self) -> None:
        self._part = None
        self._go.release()

    def _work(self) -> None:
        while True:
            self._go.acquire()
            if self._part is None:
                return
            work, number = self._part
            self._part = None  # the work holds the batch, which ends when nobody else holds it
            try:
                work(number)
            except BaseException as failure:  # noqa: BLE001  the caller raises it
                self._failure = failure
            del work
            self._done.release()
