"""A process that plays matches for another: tasks come in as lines of JSON, outcomes go out as lines of JSON, until the input ends.

It dies with its parent. What the agents print goes to the parent's standard error, never into the channel.
"""

from __future__ import annotations

import json
import os
import sys

from arena.tournament.work import do

__all__ = ["main"]

_DEATH_SIGNAL, _KILL = 1, 9


def _die_with(parent: int) -> None:
    """Ask the kernel to kill this process when its parent is gone; elsewhere than on Linux the closed input ends it."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415

        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, _KILL)
    if os.getppid() != parent:
        os._exit(1)


def main(parent: int) -> int:
    """Play what comes in."""
    _die_with(parent)
    tasks, outcomes = os.fdopen(os.dup(0), "r", encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    try:
        for line in tasks:
            outcomes.write(json.dumps(do(json.loads(line)), default=float) + "\n")
            outcomes.flush()
    except BrokenPipeError:  # the parent is gone, and nobody is left to be told
        os._exit(1)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
