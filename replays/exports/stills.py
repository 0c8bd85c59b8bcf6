"""One tick as a PNG: the last one of those wanted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from envs.errors import CORRUPT, UserError
from replays.exports._scene import Scene
from replays.exports._shots import Wanted, shots
from replays.tape import Tape

__all__ = ["write"]


def write(tape: Tape, wanted: Wanted, path: Path) -> None:
    scene = Scene(tape, wanted)
    found = next(shots(tape, replace(wanted, first=wanted.last)), None)
    if found is None:
        raise UserError(f"{tape.log.path}: the state of tick {wanted.last} is lost, so it cannot be painted", CORRUPT)
    scene.paint(found).save(path, "PNG", optimize=True)
