"""What a seat's answers came to, read from the events of its matches: kinds of failures, tokens, money, time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from arena.events import KINDS, Acted, Event, Refused
from arena.spending import number, thought
from arena.statistics import wilson

__all__ = ["Count", "SeatCount"]

TOKENS = ("prompt", "cached", "completion", "reasoning")


@dataclass
class Count:
    """Of one entrant. kinds: failed attempts by kind, "void" and "timeout" among them; troubles: why matches were void; first, total:
    seconds of single answers.

    thinking: seconds of all answers, refused ones too (see arena.spending). priced: answers of which it is known what they cost.
    without: parameters that were asked for and that the endpoint does not take.
    """

    answers: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    failed_requests: int = 0
    cost: float = 0.0
    priced: int = 0
    thinking: float = 0.0
    without: set[str] = field(default_factory=set)
    first: list[float] = field(default_factory=list)
    total: list[float] = field(default_factory=list)

    @property
    def attempts(self) -> int:
        """Answers of the model, valid or not; where the endpoint gave none, there was no attempt."""
        return self.answers + sum(self.kinds[kind] for kind in KINDS)

    @property
    def valid(self) -> tuple[float, float, float]:
        """The share of attempts that were legal answers, with its 95 % interval."""
        return (self.answers / self.attempts if self.attempts else 0.0, *wilson(self.answers, self.attempts))

    def add(self, other: Count) -> None:
        self.answers += other.answers
        self.kinds += other.kinds
        self.troubles += other.troubles
        self.tokens += other.tokens
        self.requests += other.requests
        self.failed_requests += other.failed_requests
        self.cost += other.cost
        self.priced += other.priced
        self.thinking += other.thinking
        self.without |= other.without
        self.first += other.first
        self.total += other.total

    def tree(self) -> dict[str, Any]:
        share, low, high = self.valid
        return {
            "answers": self.answers, "attempts": self.attempts, "valid": share if self.attempts else None, "valid_interval": [low, high],
            "kinds": {kind: self.kinds[kind] for kind in (*KINDS, "timeout", "void")},
            "troubles": dict(self.troubles.most_common(5)), "without": sorted(self.without),
            "tokens": {kind: self.tokens[kind] for kind in TOKENS}, "requests": self.requests, "failed_requests": self.failed_requests,
            "dollars": self.cost, "priced": self.priced, "seconds": self.thinking,
            "first_token_median": median(self.first) if self.first else None,
            "answer_median": median(self.total) if self.total else None,
        }  # fmt: skip


class SeatCount:
    """A sink: counts every seat of one match."""

    def __init__(self, seats: int) -> None:
        self.seats = [Count() for _ in range(seats)]

    def __call__(self, event: Event) -> None:
        if isinstance(event, Acted) and not event.queued:
            self.seats[event.seat].answers += 1
            self._noted(event)
        elif isinstance(event, Refused):
            self.seats[event.seat].kinds[event.kind] += 1
            if event.kind == "void":
                self.seats[event.seat].troubles[event.reason[:200]] += 1
            self._noted(event)

    def _noted(self, event: Acted | Refused) -> None:
        count, notes = self.seats[event.seat], event.notes
        usage, latency = notes.get("usage"), notes.get("latency")
        count.thinking += thought(event)
        for kind in TOKENS:
            count.tokens[kind] += int(number(usage.get(kind))) if isinstance(usage, dict) else 0
        count.cost += number(notes.get("cost"))
        count.priced += "cost" in notes
        count.requests += int(number(notes.get("requests")))
        without = notes.get("without")
        count.without |= {str(name)[:80] for name in without[:40]} if isinstance(without, list) else set()
        failed = notes.get("failed")
        count.failed_requests += len(failed) if isinstance(failed, list) else 0
        if isinstance(latency, dict):
            count.first.append(number(latency.get("first")))
            count.total.append(number(latency.get("total")))
