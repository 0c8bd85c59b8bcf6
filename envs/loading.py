"""Loading much at once without the collector of cycles: nothing of it is garbage, and to look for some takes a seventh of a start."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["uncollected"]


class _Pause:
    """How many are loading now, and whether cycles were collected before the first of them."""

    lock = threading.Lock()
    depth = 0
    collected = False


@contextmanager
def uncollected() -> Iterator[None]:
    """No cycles are collected meanwhile. Calls may lie in one another and in several threads: the last to leave ends the pause."""
    with _Pause.lock:
        if not _Pause.depth:
            _Pause.collected = gc.isenabled()
            gc.disable()
        _Pause.depth += 1
    try:
        yield
    finally:
        with _Pause.lock:
            _Pause.depth -= 1
            if not _Pause.depth and _Pause.collected:
                gc.enable()
