"""PasoDoble offline: ten steps of the proposer against a solver that stands still, then five of the solver on what was written.

Questions that some and not all could do wait in a buffer and are visited in a circle. With `evict` the buffer lives on from one round to
the next, and a question leaves it when all solvers do it, or when three visits in a row have not raised its p by more than 0.01 (the rule
that PasoDoble, arXiv 2511.11881, describes and leaves switched off); without, the buffer is of one round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from arena.training.writing import Tables

if TYPE_CHECKING:
    from arena.training.pasodoble import Loop

__all__ = ["Buffer", "step"]

PROPOSING, SOLVING = 10, 5
VISITS, BETTER = 3, 0.01
_MOST = 8192

Question = tuple[int, ...]


@dataclass
class _Kept:
    text: Question
    best: float
    stale: int = 0


class Buffer:
    """Questions in a circle, at most 8192, the newest; `visited` evicts."""

    def __init__(self) -> None:
        self.kept: list[_Kept] = []
        self.at = 0

    def __len__(self) -> int:
        return len(self.kept)

    def add(self, text: Question, share: float) -> None:
        """A question and the p that it was found with."""
        self.kept.append(_Kept(text, share))
        if len(self.kept) > _MOST:
            del self.kept[0]
            self.at = max(0, self.at - 1)

    def take(self, count: int) -> list[int]:
        """The places of the next `count`, around the circle as often as it takes; none of an empty buffer."""
        places = [(self.at + i) % len(self.kept) for i in range(count)] if self.kept else []
        self.at = (self.at + count) % len(self.kept) if self.kept else 0
        return places

    def visited(self, places: list[int], shares: np.ndarray) -> int:
        """Note the p of a visit and evict; how many left. Of a question that came twice the last visit counts."""
        seen = dict(zip(places, shares.tolist(), strict=True))
        for place, share in seen.items():
            one = self.kept[place]
            one.stale = 0 if share > one.best + BETTER else one.stale + 1
            one.best = max(one.best, share)
        gone = {place for place, share in seen.items() if share == 1 or self.kept[place].stale >= VISITS}
        self.at -= sum(place < self.at for place in gone)
        self.kept = [one for place, one in enumerate(self.kept) if place not in gone]
        self.at = self.at % len(self.kept) if self.kept else 0
        return len(gone)


def step(loop: Loop) -> dict[str, float]:
    """One round of both."""
    c, evicted = loop.config, 0
    buffer = loop.buffer if c.evict else Buffer()
    for _ in range(PROPOSING):
        batch = loop.proposed()
        loop.teach_proposer(batch)
        for text, share, one in zip(batch.texts, batch.share, batch.valid, strict=True):
            if one and 0.2 < share < 1:
                buffer.add(text, float(share))
        loop.remember(batch)
        loop.number += 1
    for _ in range(SOLVING):
        places = buffer.take(c.questions)
        if places:
            again = loop.answered(Tables.asked(loop.game, [buffer.kept[place].text for place in places]), None)
            again.valid[:] = True
            loop.gather(again)
            evicted += buffer.visited(places, again.share) if c.evict else 0
    return loop.told(batch) | {"kept": float(len(buffer)), "evicted": float(evicted)}
