"""The process in which one side runs: `python -m arena.bench.worker MODULE:FUNCTION CONFIG`.

It goes to the core that it is told before it loads anything, sets the side up and then answers on its standard output: a line
{"ready": ...}, and for every line of input (seconds) a line [count, seconds]. What libraries print goes to standard error.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any, TextIO

__all__ = ["main"]


def main(arguments: list[str]) -> None:
    """Serve rounds until the input ends. arguments: the side, its configuration as JSON, the core (empty: any)."""
    place, config, core = arguments
    answers = _own_output()
    pinned = _pin(core)
    module, _, name = place.partition(":")
    work = getattr(importlib.import_module(module), name)(**json.loads(config))
    _say(answers, {"ready": True, "pinned": pinned})
    for line in sys.stdin:
        _say(answers, list(work(float(line))))


def _own_output() -> TextIO:
    """Standard output for answers alone; whatever else is printed lands on standard error."""
    kept = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(kept, "w", encoding="utf-8")


def _pin(core: str) -> bool:
    """Stay on one core, where the system can do that."""
    if not core or not hasattr(os, "sched_setaffinity"):
        return False
    os.sched_setaffinity(0, {int(core)})
    return True


def _say(answers: TextIO, answer: Any) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
