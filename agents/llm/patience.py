"""Who tries again, when, and how often: the one owner of retries.

Full jitter (Brooker, "Exponential Backoff And Jitter", 2015): the n-th pause is uniform between 0 and base * 2**n, at most `most`; an
endpoint that says how long it wants to be left alone is left alone that long. No pause outlasts the move's time. Time is the running
loop's, chance is an argument: tests run on a loop whose clock is not the wall's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from agents.llm.outcomes import Completion, Permanent, RateLimited, Transient, Trouble

__all__ = ["LONG", "Backoff", "GaveUp", "OutOfTime", "Tries", "persist"]

LONG = 5.0
"""Seconds: of a longer pause whoever looks on is told."""
Draw = Callable[[], float]
"""A number from 0 to 1."""


@dataclass(frozen=True)
class Backoff:
    """tries: requests at most; base, most: seconds, see the module."""

    tries: int = 5
    base: float = 0.5
    most: float = 30.0

    def pause(self, failed: int, trouble: Transient, draw: Draw) -> float:
        """Seconds to wait after so many failed tries."""
        after = trouble.after if isinstance(trouble, RateLimited) else None
        jitter = draw() * min(self.most, self.base * 2.0 ** (failed - 1))
        return jitter if after is None else after + jitter * 0.1


@dataclass
class Tries:
    """What came of each request that failed: (kind, HTTP status, what, the pause after it), and where it stands now.

    open: a request is with the endpoint; waits_for: what it waits for before that.
    """

    failed: list[tuple[str, int, str, float]] = field(default_factory=list)
    requests: int = 0
    open: bool = False
    waits_for: str = ""

    def sent(self) -> None:
        """A request goes out now."""
        self.open = True
        self.requests += 1

    def note(self, trouble: Trouble, pause: float) -> None:
        self.failed.append((trouble.kind, trouble.status, str(trouble), round(pause, 3)))


class GaveUp(Exception):  # noqa: N818  an outcome
    """No answer will come: the trouble was permanent, or there were too many tries, or no time for another."""


class OutOfTime(Exception):  # noqa: N818  an outcome
    """The move's time ended. answering: a request was with the endpoint and nothing had gone wrong, so the time is the seat's own."""

    def __init__(self, answering: bool) -> None:
        super().__init__("no answer in time")
        self.answering = answering


async def persist(
    attempt: Callable[[], Awaitable[Completion]], backoff: Backoff, tries: Tries, *, seconds: float | None, draw: Draw,
    slots: asyncio.Semaphore | None = None, told: Callable[[Transient, float], None] = lambda trouble, pause: None,
) -> Completion:  # fmt: skip
    """Try until there is a Completion. seconds: the move's time, None without a limit. `tries` is filled in as things happen; an attempt
    says itself when its request is sent. told: hears of each pause of LONG or more, and why.

    Raises GaveUp or OutOfTime; a request that is under way when the time ends is cancelled.
    """
    clock = asyncio.get_running_loop().time
    deadline = None if seconds is None else clock() + seconds
    try:
        async with asyncio.timeout(seconds):
            while True:
                try:
                    return await _one(attempt, tries, slots)
                except Permanent as trouble:
                    tries.note(trouble, 0.0)
                    raise GaveUp(str(trouble)) from None
                except Transient as trouble:
                    left = None if deadline is None else deadline - clock()
                    pause = _pause_after(trouble, backoff, tries, left, draw)
                    if pause >= LONG:
                        told(trouble, pause)
                    await asyncio.sleep(pause)
    except TimeoutError:
        raise OutOfTime(tries.open and not tries.failed) from None


async def _one(
    attempt: Callable[[], Awaitable[Completion]], tries: Tries, slots: asyncio.Semaphore | None
) -> Completion:
    tries.open, tries.waits_for = False, "a free slot of the endpoint"
    async with slots or asyncio.Semaphore(1):
        return await attempt()


def _pause_after(trouble: Transient, backoff: Backoff, tries: Tries, left: float | None, draw: Draw) -> float:
    """How long to wait before the next try. Raises GaveUp when there is none."""
    pause = backoff.pause(len(tries.failed) + 1, trouble, draw)
    asked = isinstance(trouble, RateLimited) and trouble.after is not None
    tries.open = False
    if len(tries.failed) + 1 >= backoff.tries:
        tries.note(trouble, 0.0)
        raise GaveUp(f"{backoff.tries} tries failed, at last: {trouble}")
    if left is not None and pause >= left:
        if asked:
            tries.note(trouble, 0.0)
            raise GaveUp(f"no time to wait as long as asked ({pause:.3g} s): {trouble}")
        pause = left / 2
    tries.note(trouble, pause)
    return pause
