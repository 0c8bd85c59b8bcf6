"""One core and two: sides that a program with two threads is compared with.

Cores of one machine are seldom equally fast (others may use them too), so one thread is measured on either, half of the time each; and
two cores are seldom twice one (they share memory), so the same work in two processes tells the machine's part from ours.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from typing import Any

from arena.bench.duel import Side
from arena.bench.question import Contender
from arena.bench.sides import Work

__all__ = ["either", "pair"]

PATIENCE = 300.0
"""Seconds after which a process without an answer is given up."""


def either(make: str, config: Mapping[str, Any]) -> Work:
    """The side `make`, on the first core for half of the time and on the second for the other half, where the system can pin."""
    module, _, name = make.partition(":")
    alone = getattr(importlib.import_module(module), name)(**config)

    def work(seconds: float) -> tuple[float, float]:
        halves = []
        for core in _cores():
            if hasattr(os, "sched_setaffinity"):
                os.sched_setaffinity(0, {core})
            halves.append(alone(seconds / 2))
        return _mean_pace(halves)

    return work


def pair(make: str, config: Mapping[str, Any]) -> Work:
    """Two processes of the side `make` at once, each on a core of its own where the system can pin; counts what both have done."""
    both = [Side(Contender("half", make, config=config), str(core), PATIENCE) for core in _cores()]
    for side in both:
        side.wait_ready()

    def work(seconds: float) -> tuple[float, float]:
        for side in both:
            side.begin(seconds)
        pace, took = _mean_pace([side.ended() for side in both])
        return 2 * pace, took

    return work


def _cores() -> tuple[int, int]:
    return 0, 1 % (os.cpu_count() or 1)


def _mean_pace(rounds: list[tuple[float, float]]) -> tuple[float, float]:
    """(done in a second, one second): the mean over the rounds (count, seconds), each weighing the same."""
    return sum(count / took for count, took in rounds) / len(rounds), 1.0
