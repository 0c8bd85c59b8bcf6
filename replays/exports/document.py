"""The whole match as one JSON document: every event in order, and at each tick the state (or what a seat saw) field by field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from arena.events import Event, Secret, Stepped
from envs.spec import SPECTATOR
from replays.exports._shots import Wanted
from replays.readable import as_json, event_json
from replays.tape import Tape

__all__ = ["SCHEMA", "write"]

SCHEMA = "palaestra.match/1"


def write(tape: Tape, wanted: Wanted, path: Path) -> None:
    """One event per line, so that the file can be read with line tools too."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps({"schema": SCHEMA, "seat": wanted.who, "ticks": tape.last})[:-1] + ', "events": [')
        for n, event in enumerate(_events(tape, wanted)):
            file.write(",\n" if n else "\n")
            file.write(json.dumps(event, allow_nan=False))
        file.write("\n]}\n")


def _events(tape: Tape, wanted: Wanted) -> Iterator[dict[str, Any]]:
    for event in tape.events(wanted.who):
        if event.tick > wanted.last and event.tick > 0:
            break
        if event.tick < wanted.first and not _opens(event):
            continue
        tree = event_json(event)
        yield tree | _position(tape, event, wanted.who)
        if wanted.done is not None and isinstance(event, Stepped):
            wanted.done(event.tick - wanted.first, wanted.last - wanted.first)


def _opens(event: Event) -> bool:
    return event.tick == 0 and not hasattr(event, "seat")


def _position(tape: Tape, event: Event, who: int) -> dict[str, Any]:
    """The state of a tick for who sees all, else the observation."""
    if who == SPECTATOR and isinstance(event, Stepped | Secret):
        found: dict[str, Any] = {"state": as_json(tape.bare_row(event.state).tree())} if event.state else {}
        return found
    if who != SPECTATOR and isinstance(event, Stepped):
        return {"observation": as_json(tape.at(event.tick).observe(who).tree())}
    return {}
