"""Whether a view tells its seat's past, so that a network without a memory loses nothing: measured, by one rule for all games.

Random episodes are played. At each of a seat's decisions there is what it sees in the view, and what it saw and did at its decisions
before. A view is shown to tell the past when (1) no two different pasts ever led to one view, and (2) this was put to the test: at least
half of the moments had a view that another moment had, or no seat decides twice. Kuhn and Leduc poker pass: all bets so far are in the
view, so their default is a perceptron. Liar's dice does not (earlier rounds are not in it), nor does a view that never comes twice (tower
defence): there nothing is shown, and a game of hidden information gets a memory.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from envs.faces.batch import Batch
from envs.faces.vector import vector
from envs.game import Game
from envs.spec import Role

__all__ = ["tells_the_past"]

ROWS, TICKS, SEED = 64, 64, 0
ENOUGH = 0.5
"""The share of moments with a view that was met before from which on the absence of two pasts counts as shown."""


def tells_the_past(game: Game, role: Role, view: str, rows: int = ROWS, ticks: int = TICKS) -> bool:
    """See the module. Plays `rows` games for `ticks` ticks from a fixed seed: equal answers for equal rules."""
    # As training does, so that nothing is compiled for this alone.
    lanes = "all" if "simultaneous" in game.spec.traits else "acting"
    vec = vector(game, num=rows, encode=(view,), seats=lanes, checked=False)
    vec.reset(seed=SEED)
    try:
        return _Moments(vec, role, view).judged(ticks)
    finally:
        vec.close()


class _Moments:
    """Which past each view was met after."""

    def __init__(self, vec: Batch, role: Role, view: str) -> None:
        self.vec, self.seen = vec, vec.obs[role.name][view]
        first = vec.game.spec.first(role.name)
        self.seats = range(first, first + role.count)
        self.pasts = {(row, seat): b"" for row in range(vec.num) for seat in self.seats}
        self.after: dict[bytes, bytes] = {}
        self.met = self.again = self.later = 0

    def judged(self, ticks: int) -> bool:
        for _ in range(ticks):
            actions = self.vec.sample()
            if not all(self._look(row, seat, actions) for row, seat in zip(*self._deciding(), strict=True)):
                return False
            self.vec.step(actions)
            for row in np.flatnonzero(self.vec.terminated | self.vec.truncated).tolist():
                self.pasts |= {(row, seat): b"" for seat in self.seats}
        return self.later == 0 or self.again >= ENOUGH * self.met

    def _deciding(self) -> tuple[list[int], list[int]]:
        rows, seats = np.nonzero(self.vec.acting[:, self.seats.start : self.seats.stop])
        return rows.tolist(), (seats + self.seats.start).tolist()

    def _look(self, row: int, seat: int, actions: np.ndarray) -> bool:
        """Take note of a decision; False when its view has been met after another past."""
        lane = seat - self.seats.start if self.vec.seats == "all" else 0
        view, past = self.seen[row, lane].tobytes(), self.pasts[row, seat]
        self.met += 1
        self.later += past != b""
        self.again += view in self.after
        did = actions[row, seat].tobytes()
        self.pasts[row, seat] = blake2b(past + view + did, digest_size=16).digest()
        return self.after.setdefault(view, past) == past
