"""The movement inside a step: which of the world's frames is due while a screen goes from one tick to the next.

Sans-IO: time is an argument. Only a screen that goes on by itself shows frames; who steps by hand sees ticks at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from replays.between import inside
from replays.moment import Moment
from replays.tape import Tape
from tui.playback import Playback

__all__ = ["Motion"]

LONGEST = 1.0
"""Seconds that the frames of one step take at most, however long its tick is shown."""
SLOW = 0.15
"""Seconds that a tick is shown from which on the frames before it are."""


class Motion:
    """`frame` is the one to draw, None for the tick itself; `advance` says when it has become another."""

    def __init__(self) -> None:
        self.frame: Moment | None = None
        self._frames: Sequence[Moment] = ()
        self._began, self._seconds = 0.0, 0.0

    def go(self, tape: Tape, here: int, playback: Playback, now: float) -> None:
        """The position has moved on from `here`; frames lie between where that was one step and the pace leaves time to see them."""
        self._frames, self._began = (), now
        seconds = playback.seconds(now)
        if tape.game is not None and tape.game.spec.frames > 1 and playback.position == here + 1 and seconds >= SLOW:
            # Read again: when this tick was the newest one, what was decided in it was not known yet.
            self._frames, self._seconds = inside(tape, tape.at(here)), min(seconds, LONGEST)

    def advance(self, now: float) -> bool:
        """Take the frame that is due; whether it is another one. The tick itself comes last, as one of the pictures."""
        place = int((now - self._began) / self._seconds * (len(self._frames) + 1)) if self._frames else 0
        due = self._frames[place] if place < len(self._frames) else None
        if due is None:
            self._frames = ()
        changed, self.frame = due is not self.frame, due
        return changed

    def end(self) -> None:
        """Show the tick itself."""
        self._frames, self.frame = (), None
