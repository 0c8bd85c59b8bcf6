"""A recording in a form that other programs take; the suffix of the output says which.

.json the whole match with readable states, .txt every tick in words, .png one tick, .gif and .mp4 moving pictures, .cast a terminal film
(asciicast v3). All of them can be made as one seat saw it. Pictures go to their file one by one and are never all in memory.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from pathlib import Path

from envs.errors import UserError
from envs.spec import SPECTATOR
from replays.exports._shots import Wanted, outcome
from replays.search import demand_seat, place
from replays.tape import Tape

__all__ = ["FORMATS", "Wanted", "export", "outcome"]

FORMATS = {
    ".json": "replays.exports.document", ".txt": "replays.exports.words", ".png": "replays.exports.stills", ".gif": "replays.exports.gif",
    ".mp4": "replays.exports.video", ".cast": "replays.exports.cast",
}  # fmt: skip
"""Suffix -> the module whose `write(tape, wanted, path)` makes it."""
Done = Callable[[int, int], None]


def export(
    source: str | os.PathLike[str], out: str | os.PathLike[str], *, seat: int = SPECTATOR, first: int | str = 0, last: int | str = "end",
    speed: float | None = None, fps: float = 25.0, size: tuple[int, int] | None = None, palette: str = "standard", done: Done | None = None,
) -> Path:  # fmt: skip
    """Make `out` from a recording and return its path; what stood there is replaced once the new file is whole.

    seat: as this seat saw it (-1: everything, -2: what all know). first, last: ticks or places (see replays.search.place); a .png shows
    `last`. speed: ticks a second; by default 2, faster where the match would take more than a minute. fps: pictures a second at most.
    size: pixels of pictures, columns and rows of a .cast. done: told (tick, last tick) on the way. UserError: 2 for a wrong argument,
    3 no such file, 4 not readable or rules missing.
    """
    target = Path(out)
    if target.suffix not in FORMATS:
        raise UserError(f"cannot export to {target.name!r}: the name ends in {', '.join(FORMATS)}")
    tape = Tape(source)
    try:
        demand_seat(tape, seat)
        begin, end = place(tape, str(first), seat), place(tape, str(last), seat)
        if begin > end:
            raise UserError(f"nothing lies between tick {begin} and tick {end}: the first must not come after the last")
        sized = _sized(size, 8 if target.suffix == ".cast" else 20)
        wanted = Wanted(seat, begin, end, _rate("speed", speed), _rate("fps", fps) or 25.0, sized, palette, done)
        write = importlib.import_module(FORMATS[target.suffix]).write
        part = target.with_name(f".{target.name}.part")
        try:
            write(tape, wanted, part)
            os.replace(part, target)
        except OSError as error:
            raise UserError(f"cannot write {str(target)!r}: {error.strerror or error}; choose another place") from error
        finally:
            part.unlink(missing_ok=True)
    finally:
        tape.close()
    return target


def _rate(name: str, value: float | None) -> float | None:
    if value is not None and not 0.01 <= value <= 1000:
        raise UserError(f"{name} {value} is not allowed: give a number from 0.01 to 1000")
    return value


def _sized(size: tuple[int, int] | None, least: int) -> tuple[int, int] | None:
    if size is not None and not all(least <= side <= 4096 for side in size):
        raise UserError(f"size {size[0]}x{size[1]} is not allowed: both sides are {least} to 4096")
    return size
