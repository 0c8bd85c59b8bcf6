"""Ends keepers of agents and waits for them, in a thread of its own, so that no match ever waits for a process.

A keeper (`jail`) whose control socket is closed kills all that its agent has started and ends. One that does not within `PATIENCE` seconds
is killed with what is below it.
"""

from __future__ import annotations

import atexit
import os
import select
import shutil
import signal
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue

__all__ = ["bury", "settled"]

PATIENCE = 2.0

_dead: SimpleQueue[tuple[subprocess.Popen[bytes], Path]] = SimpleQueue()
_changed = threading.Condition()
_counts = {"given": 0, "buried": 0}


def bury(keeper: subprocess.Popen[bytes], scratch: Path) -> None:
    """Take over a keeper whose control socket has been closed, and its agent's folder. Returns at once."""
    with _changed:
        if _counts["given"] == _counts["buried"] == 0:
            threading.Thread(target=_work, name="reaper", daemon=True).start()
            atexit.register(settled, 5.0)
        _counts["given"] += 1
    _dead.put((keeper, scratch))


def settled(timeout: float | None = None) -> bool:
    """Wait until everything that was handed over has ended and is reaped; False when that takes longer than `timeout` seconds."""
    with _changed:
        return _changed.wait_for(lambda: _counts["given"] == _counts["buried"], timeout)


def _work() -> None:
    while True:
        keeper, scratch = _dead.get()
        with suppress(Exception):  # one that cannot be buried must not keep the others
            _end(keeper)
        shutil.rmtree(scratch, ignore_errors=True)
        with _changed:
            _counts["buried"] += 1
            _changed.notify_all()


def _end(keeper: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        handle = os.pidfd_open(keeper.pid)
        try:
            if not select.select([handle], [], [], PATIENCE)[0]:
                for pid in [*_below(keeper.pid), keeper.pid]:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
        finally:
            os.close(handle)
    keeper.wait()


def _below(pid: int) -> list[int]:
    """All descendants of a process, the deepest first."""
    found: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, file.read_text(encoding="ascii").split()):
            found += [*_below(child), child]
    return found
