"""Threads that do the parts of one piece of work at once, again and again, with little waiting between.

A step of a batch takes a fraction of a millisecond, and a thread that sleeps takes a tenth of one to wake. So whoever calls does the
first part itself, and looks for the others' end a while before it sleeps. The same thread always begins with the same rows, which its
core then has at hand; the last quarter is cut into pieces that whoever is ready takes, so that nobody waits for a slow core.
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

    def run(self, work: Callable[[int, int], None], rows: int) -> None:
        """work(first, behind the last) for all parts of so many rows; when all have ended, raises what one has raised."""
        own, shared = _parts(rows, len(self._hands) + 1)
        pieces = iter(shared)  # an iterator over a list gives each piece once, whichever threads ask

        def begun(a: int, b: int) -> None:
            work(a, b)
            for piece in pieces:
                work(*piece)

        for hand, part in zip(self._hands, own[1:], strict=True):
            hand.begin(begun, *part)
        try:
            begun(*own[0])
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


def _parts(rows: int, threads: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """(first row, behind the last) of what each thread begins with, three quarters of its share, and of the pieces that are left."""
    own, shared = [], []
    for i in range(threads):
        a, b = rows * i // threads, rows * (i + 1) // threads
        cut = a + -(-3 * (b - a) // 4)
        half = (cut + b) // 2
        own.append((a, cut))
        shared += [piece for piece in ((cut, half), (half, b)) if piece[0] < piece[1]]
    return own, shared


class _Hand:
    """One more thread: it sleeps until it is given a part."""

    def __init__(self) -> None:
        self._go, self._done = threading.Lock(), threading.Lock()
        self._go.acquire()
        self._part: tuple[Callable[[int, int], None], int, int] | None = None
        self._failure: BaseException | None = None
        # A daemon, because a batch that nobody closes must not keep the program from ending.
        threading.Thread(target=self._work, daemon=True, name="rows").start()

    def begin(self, work: Callable[[int, int], None], a: int, b: int) -> None:
        self._done.acquire()  # first: a part that an interrupted caller did not wait for may still be running
        self._part = work, a, b
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
            work, a, b = self._part
            self._part = None  # the work holds the batch, which ends when nobody else holds it
            try:
                work(a, b)
            except BaseException as failure:  # noqa: BLE001  the caller raises it
                self._failure = failure
            del work
            self._done.release()
