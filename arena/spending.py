"""What seats spent in a match, as their agents noted it: dollars, seconds of thought, tokens of language models."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from arena.events import Acted, Event, Refused

__all__ = ["Spending", "Spent", "number", "thought", "worth"]


class Spent(NamedTuple):
    """Of one seat in one match, or of several together."""

    dollars: float = 0.0
    seconds: float = 0.0
    tokens: int = 0

    def __add__(self, other: Spent) -> Spent:  # type: ignore[override]  # sums, where tuples would be joined
        return Spent(self.dollars + other.dollars, self.seconds + other.seconds, self.tokens + other.tokens)


class Spending:
    """A sink: `seats` is what each seat has spent so far."""

    def __init__(self, seats: int) -> None:
        self.seats = [Spent() for _ in range(seats)]

    def __call__(self, event: Event) -> None:
        if (isinstance(event, Acted) and not event.queued) or isinstance(event, Refused):
            tokens = int(number(event.notes.get("tokens")))
            self.seats[event.seat] += Spent(number(event.notes.get("cost")), thought(event), tokens)


def thought(event: Acted | Refused) -> float:
    """Seconds of one answer: from request to end where an endpoint gave it (waiting for a free slot is nobody's thought), else from
    question to answer.
    """
    latency: Any = event.notes.get("latency")
    if isinstance(latency, Mapping):
        return number(latency.get("total"))
    return event.took if isinstance(event, Acted) else 0.0


def number(value: Any) -> float:
    """A figure that an agent noted, 0 for anything that is none."""
    usable = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if usable and 0 <= value < 1e15 else 0.0


def worth(value: float | None) -> str:
    """A score per dollar or second as tables write it, in three digits or so; "" where there is none."""
    return "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
