"""Match clocks: how long a seat may think, counted from times that are given, never read here.

A question costs nothing up to `move` seconds; what is beyond is paid from the seat's bank. Without a move limit and a bank there is no
deadline. `increment` is paid into the bank after each answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from envs.errors import UserError

__all__ = ["Bank", "Limits", "Steady", "micro"]


@dataclass(frozen=True)
class Limits:
    """Seconds per move, seconds in each seat's bank, seconds added after each answer; None: no limit per move."""

    move: float | None = None
    bank: float | None = None
    increment: float = 0.0

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value is not None and not (math.isfinite(value) and 0 <= value <= 1e7):
                raise UserError(f"time limit {name}={value} is not allowed: give seconds from 0 to 10000000")

    @property
    def unlimited(self) -> bool:
        return self.move is None and self.bank is None

    def tree(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Bank:
    """One seat's time. `asked` is when its open question was put, None between questions; `deadline` when that question's time ends."""

    limits: Limits
    left: float = field(init=False)
    asked: float | None = None
    deadline: float | None = None

    def __post_init__(self) -> None:
        self.left = self.limits.bank or 0.0
        self._unlimited, self._move = self.limits.unlimited, self.limits.move or 0.0

    def start(self, now: float) -> None:
        self.asked, self.deadline = now, None if self._unlimited else now + (self._move + self.left)

    @property
    def seconds(self) -> float | None:
        """How long a question may take that is put now."""
        return None if self._unlimited else self._move + self.left

    def remaining(self, now: float) -> float | None:
        """Seconds that are left of the open question's time, never more than there were; None without a clock, or between questions."""
        return None if self.deadline is None else min(self._move + self.left, max(0.0, self.deadline - now))

    def stop(self, now: float) -> float:
        """The answer is in: pay for it and return the seconds it took. A clock that runs backwards counts as 0."""
        took = 0.0 if self.asked is None else max(0.0, now - self.asked)
        self.asked = self.deadline = None
        if not self._unlimited:
            self.left = max(0.0, self.left - max(0.0, took - self._move)) + self.limits.increment
        return took


def micro(seconds: float) -> float:
    """Rounded to a millionth; `round` with digits goes by way of decimals, and takes four times as long."""
    return round(seconds * 1e6) / 1e6


class Steady:
    """A clock that does not count what its own program has lost, so that no player pays for a host that stood still.

    It is read many times a second; of a longer gap only `most` seconds pass. lost: seconds that were not counted.
    """

    def __init__(self, base: Callable[[], float], most: float = 0.05) -> None:
        self._base, self._most, self._last = base, most, base()
        self.lost = 0.0

    def __call__(self) -> float:
        now = self._base()
        self.lost += max(0.0, now - self._last - self._most)
        self._last = now
        return now - self.lost
