"""What the sides of a comparison are made of.

A side is a function that sets something up, once, from its configuration, and gives the Work that is timed. It runs in a
process of its own (`worker`), and has warmed itself up when it returns: what compiles has compiled.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from typing import Any

__all__ = ["Work", "foreign", "steady"]

Work = Callable[[float], tuple[float, float]]
"""Works for about so many seconds; (how many things were done, seconds that it took)."""


def steady(batch: Callable[[], float], clock: Callable[[], float] = time.perf_counter) -> Work:
    """Work that repeats a batch, which says how many things it has done. Runs the batch once to warm it up."""
    batch()

    def work(seconds: float) -> tuple[float, float]:
        done = 0.0
        began = now = clock()
        while now - began < seconds:
            done += batch()
            now = clock()
        return done, now - began

    return work


def foreign(name: str) -> Any:
    """A module of another project, by name: peers are optional, so nothing here imports one. ImportError without it."""
    return importlib.import_module(name)
