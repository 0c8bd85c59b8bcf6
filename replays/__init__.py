"""Recordings: written as a match runs, opened at any moment, proven by playing them again.

`open` gives a Tape, `Recorder` is the sink that writes one, `verify` plays it again. Loads no numba.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from replays.difference import diff
    from replays.exports import export
    from replays.log import recover
    from replays.recorder import Recorder
    from replays.tape import Moment, Tape
    from replays.verdict import verify

__all__ = ["Moment", "Recorder", "Tape", "diff", "export", "open", "recover", "verify"]

_PLACES = {
    "Recorder": "replays.recorder", "Tape": "replays.tape", "Moment": "replays.tape", "verify": "replays.verdict",
    "diff": "replays.difference", "export": "replays.exports", "recover": "replays.log",
}  # fmt: skip


def open(path: str | os.PathLike[str]) -> Tape:  # noqa: A001  replays.open reads as it is meant
    """Open a recording, finished or still being written. UserError: 3 no such file, 4 not readable."""
    from replays.tape import Tape  # noqa: PLC0415

    return Tape(path)


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'replays' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module(_PLACES[name]), name)
