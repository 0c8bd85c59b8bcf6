"""Sides that watch a match in a real terminal; the terminal and the growing recording are those of tests/tui/measure_screen.py.

They can only be measured in a checkout, from its root.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from arena.bench.sides import Work, foreign

__all__ = ["first_picture", "live_share"]

SCREEN = "tests.tui.measure_screen"
LEAST = 3.0
"""Seconds that a share of a core is taken over: the system counts processor time in hundredths of a second."""


def first_picture() -> Work:
    """From the start of the process to the first picture of a recording; counts starts."""
    script = _script()

    def work(seconds: float) -> tuple[float, float]:
        with tempfile.TemporaryDirectory(prefix="palaestra-bench-") as folder:
            times = script.startup(Path(folder))
        if not all(times):
            raise RuntimeError("no picture came within the time that the script waits")
        return len(times), sum(times)

    work(0)
    return work


def live_share() -> Work:
    """A live screen while 30 ticks a second come in; counts seconds of processor time."""
    script = _script()

    def work(seconds: float) -> tuple[float, float]:
        took = max(seconds, LEAST)
        with tempfile.TemporaryDirectory(prefix="palaestra-bench-") as folder:
            share: float = script.live(Path(folder), took)["cpu"]
        return share * took, took

    return work


def _script() -> Any:
    try:
        return foreign(SCREEN)
    except ModuleNotFoundError as error:
        raise RuntimeError(f"{error}: the screen is measured in a checkout, from its root") from None
