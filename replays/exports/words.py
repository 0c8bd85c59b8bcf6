"""Every tick in words: what was done and said, what happened, and the position as it was known; for people and for diffs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from arena.text import safe_text
from replays.exports._shots import Shot, Wanted, outcome, shots, titles
from replays.tape import Tape

__all__ = ["lines", "write"]

_MOST_LINES = 400


def write(tape: Tape, wanted: Wanted, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines(tape, wanted))


def lines(tape: Tape, wanted: Wanted) -> Iterator[str]:
    """The transcript line by line, safe to print."""
    started = tape.started
    yield f"{safe_text(started.game.get('title'))} ({safe_text(started.game.get('game'))})"
    yield from (f"{safe_text(seat.name)}: {title}" for seat, title in zip(started.seats, titles(tape), strict=True))
    every = Wanted(wanted.who, wanted.first, wanted.last, 1.0, 1.0, done=wanted.done)
    for shot in shots(tape, every):
        yield from _tick(shot, wanted.who)
    if wanted.last == tape.last and (end := outcome(tape)):
        yield ""
        yield f"end: {end}"


def _tick(shot: Shot, who: int) -> Iterator[str]:
    yield ""
    yield f"tick {shot.moment.tick}" + "".join(f", {act}" for act in shot.acts)
    yield from shot.said
    yield from (f"* {safe_text(mark.text)}" for mark in shot.marks)
    yield from safe_text(shot.moment.text(who), lines=_MOST_LINES).splitlines()
