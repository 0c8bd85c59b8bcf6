"""Sides that read a recording: a real match of a thousand ticks, written over and over until it has as many as wanted.

The file is written once, through the recorder that matches use, and is gone when the process ends.
"""

from __future__ import annotations

import base64
import importlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from arena.bench.sides import Work, steady
from arena.events import Acted, Ended, Event, Secret, Started, Stepped
from arena.matches import play, recorder

__all__ = ["opening", "seek"]

GAME = "matrix?rounds=1000"


def seek(ticks: int, seed: int, text: int = 0) -> Work:
    """Random ticks of an open recording, state and acts unpacked; counts ticks."""
    folder, path = _written(ticks, seed, text)
    tape = importlib.import_module("replays").open(path)
    draw = Random(seed)

    def batch() -> int:
        for _ in range(20):
            moment = tape.at(draw.randrange(ticks))
            assert moment.packed and moment.acts
        return 20

    return _keeping(folder, steady(batch))


def opening(ticks: int, seed: int, text: int = 0) -> Work:
    """Opening a recording, reading how long it is, and closing it; counts openings."""
    folder, path = _written(ticks, seed, text)
    replays = importlib.import_module("replays")

    def batch() -> int:
        tape = replays.open(path)
        assert tape.last == ticks
        tape.close()
        return 1

    return _keeping(folder, steady(batch))


def _keeping(folder: tempfile.TemporaryDirectory[str], work: Work) -> Work:
    """The work, with the folder that it reads from held for as long as it lives."""

    def kept(seconds: float) -> tuple[float, float]:
        assert Path(folder.name).is_dir()
        return work(seconds)

    return kept


def _written(ticks: int, seed: int, text: int) -> tuple[tempfile.TemporaryDirectory[str], Path]:
    """A recording of so many ticks, with `text` random letters of prompt at each."""
    events: list[Event] = []
    play(GAME, ["random", "random"], seed=seed, sinks=[events.append])
    folder = tempfile.TemporaryDirectory(prefix="palaestra-bench-")
    path = Path(folder.name) / "long.arena"
    taker = recorder(path, fsync=lambda _: None)
    for event in _repeated(events, ticks, text, Random(seed)):
        taker(event)
    return folder, path


def _repeated(events: list[Event], ticks: int, text: int, draw: Random) -> Iterator[Event]:
    """The events of the match, its ticks over and over; it ends once, at the last tick."""
    yield from (event for event in events if isinstance(event, Started | Secret))
    middle = [event for event in events if isinstance(event, Acted | Stepped)]
    length = max(event.tick for event in middle if isinstance(event, Stepped))
    for start in range(0, ticks, length):
        for event in middle:
            tick = start + event.tick
            if tick < ticks or (tick == ticks and isinstance(event, Stepped)):
                yield _moved(event, tick, text, draw)
    yield from (msgspec.structs.replace(event, tick=ticks) for event in events if isinstance(event, Ended))


def _moved(event: Event, tick: int, text: int, draw: Random) -> Event:
    changes: dict[str, Any] = {"tick": tick}
    if text and isinstance(event, Acted) and event.seat == 0:
        changes["notes"] = {**event.notes, "prompt": base64.b64encode(draw.randbytes(text * 3 // 4)).decode()}
    return msgspec.structs.replace(event, **changes)
