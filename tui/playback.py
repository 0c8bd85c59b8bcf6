"""Where a viewer stands on a tape, and how it moves on: following the newest tick, playing at a pace, or standing still.

Sans-IO: time is an argument and the tape is told (`grown`), so every rule of it can be tested without a screen.
A match that runs is followed until the user pauses or goes elsewhere; playing up to its end follows again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable

__all__ = ["FASTEST", "SLOWEST", "Playback"]

SLOWEST, FASTEST = 0.05, 1000.0
"""Bounds of the pace, in moves per second."""


class Playback:
    """A position from 0 to `last`, the newest tick that may be shown. speed: moves per second at 1x.

    delay: seconds that `last` stays behind what the tape holds while the match runs. times: seconds at which a tick came
    about; used for the delay at the opening, and while `timed` (then 1x is as it was played).
    """

    def __init__(self, speed: float = 1.0, delay: float = 0.0, times: Callable[[int], float] | None = None) -> None:
        self.position = self.last = 0
        self.live = self.playing = self.following = self.timed = False
        self.base, self.factor, self.delay, self._times = speed, 1.0, delay, times
        self._newest = -1
        self._arrivals: deque[tuple[float, int]] = deque()
        self._due: float | None = None
        self._came = float("-inf")

    @property
    def behind(self) -> int:
        """Ticks between the position and the newest one that may be shown."""
        return self.last - self.position

    # ------------------------------------------------------------------ what the tape says
    def grown(self, newest: int, live: bool, now: float) -> None:
        """The tape reaches to `newest`, and more will come if `live`."""
        if self._newest < 0 and self.delay > 0 and live:
            self.last = self._held_back(newest)
        if newest != self._newest:
            self._newest = newest
            self._arrivals.append((now if self.delay > 0 and live else float("-inf"), newest))
        self.live = live
        while self._arrivals and self._arrivals[0][0] <= now - self.delay:
            self.last = self._arrivals.popleft()[1]

    def _held_back(self, newest: int) -> int:
        """The last tick that is older than the delay, by the match's own clock."""
        if self._times is None:
            return 0
        until = self._times(newest) - self.delay
        return max(bisect_right(range(newest + 1), until, key=self._times) - 1, 0)

    def advance(self, now: float) -> bool:
        """Move on as far as the time allows; whether the position has changed."""
        before = self.position
        if self.following:
            self.position = self.last
            self.following = self.live or bool(self._arrivals)
        elif self.playing:
            self._play(now)
        return self.position != before

    def _play(self, now: float) -> None:
        if self._due is None:
            self._due = now + self._gap()
        # A pause of the whole program must not be made up for by a leap.
        self._due = max(self._due, now - 1.0)
        while self.playing and now >= self._due:
            if self.position >= self.last:
                self._arrived()
                return
            self.position += 1
            self._due += self._gap()

    def _gap(self) -> float:
        """Seconds that the present tick is shown."""
        if self.timed and self._times is not None and self.position < self.last:
            gap = self._times(self.position + 1) - self._times(self.position)
            return max(gap / self.factor, 1 / FASTEST)
        return 1.0 / max(min(self.base * self.factor, FASTEST), SLOWEST)

    def _arrived(self) -> None:
        self.playing = False
        self.following = self.live

    def seconds(self, now: float) -> float:
        """For how long the present tick is likely to be shown: by the pace, or by the time between the last two live ticks."""
        if not self.following:
            return self._gap()
        since, self._came = now - self._came, now
        return since

    # ------------------------------------------------------------------ what the user says
    def toggle(self) -> None:
        """Play or pause; a finished match that has been played to its end begins again."""
        if self.following or self.playing:
            self.pause()
        elif self.live and self.behind == 0:
            self.follow()
        else:
            self.position = 0 if self.behind == 0 else self.position
            self.playing, self._due = True, None

    def pause(self) -> None:
        self.playing = self.following = False

    def follow(self) -> None:
        """Stand at the newest tick, and stay there while the match runs."""
        self.pause()
        self.position, self.following = self.last, self.live

    def seek(self, position: int) -> None:
        """Go to a tick, the nearest one there is. Playing goes on from there; following ends."""
        self.position = min(max(position, 0), self.last)
        self.following, self._due = False, None

    def step(self, ticks: int) -> None:
        """Go some ticks on or back, and stand still."""
        self.seek(self.position + ticks)
        self.playing = False

    def hasten(self, factor: float) -> None:
        """Multiply the speed; 0 sets it back to 1x."""
        wanted = self.factor * factor if factor > 0 else 1.0
        self.factor = min(max(wanted, SLOWEST / self.base), FASTEST / self.base)
        if abs(self.factor - 1) < 0.02:
            self.factor = 1.0
        self._due = None
