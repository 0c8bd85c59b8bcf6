"""When the secrets of a match come out: after the last match of its pairing group, because the others are played on the same seed.

Until then a seat and the public have what `arena.events.shown` lets pass; seed, nonce and first state would tell who plays the
second game of a swapped pair what lies hidden in it. `Groups` counts, `Withheld` is the sink of one who may not see all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from arena.events import Event, Secret, Sink, shown
from arena.schedule import Pairing

__all__ = ["Groups", "Series", "Withheld"]


class Groups:
    """The pairing groups of a series: how many matches of each are still to end.

    A match that was given up counts as ended once the schedule says so with `ended`; a match that ends twice is a host's fault.
    """

    def __init__(self, pairings: Iterable[Pairing]) -> None:
        self._left = Counter(pairing.group for pairing in pairings)
        self._ended: set[int] = set()

    def ended(self, pairing: Pairing) -> bool:
        """A match has ended; whether it was the last one of its group. Raises ValueError for one that was not to be played."""
        if self._left[pairing.group] < 1 or pairing.number in self._ended:
            raise ValueError(f"match {pairing.number} is not one that group {pairing.group} still waits for")
        self._ended.add(pairing.number)
        self._left[pairing.group] -= 1
        return self.released(pairing.group)

    def released(self, group: int) -> bool:
        """Whether every match of a group has ended. False for a group that there is none of."""
        return group in self._left and self._left[group] == 0


class Series:
    """The pairing groups of a host that plays on and on: `size` matches, begun one after another, share a seed."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._open: dict[int, set[str]] = {}
        self._over: dict[int, list[str]] = {}
        self._begun = 0

    def begun(self, match: str) -> int:
        """A match begins: the number of its group."""
        group, self._begun = self._begun // self.size, self._begun + 1
        self._open.setdefault(group, set()).add(match)
        return group

    def ended(self, match: str) -> list[str]:
        """A match has ended: those whose secrets come out now, itself among them; [] while another on its seed is played or to come."""
        group = next((group for group, matches in self._open.items() if match in matches), None)
        if group is None:
            return []
        self._open[group].discard(match)
        self._over.setdefault(group, []).append(match)
        if len(self._over[group]) < self.size:
            return []
        del self._open[group]
        return self._over.pop(group)


class Withheld:
    """A sink that passes on what a seat or the public may see, and the match's Secret when it is released.

    who: a seat or PUBLIC. opened: the game has the trait "perfect". Events that come after `release` pass by the same table: the
    released match has ended, and none come.
    """

    def __init__(self, sink: Sink, who: int, opened: bool) -> None:
        self._sink, self._who, self._opened = sink, who, opened
        self._secret: Secret | None = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, Secret):
            self._secret = event
        seen = shown(event, self._who, self._opened)
        if seen is not None:
            self._sink(seen)

    def release(self) -> None:
        """Hand out seed, nonce, configuration and first state, once: with them anybody can check the commitment and play it again."""
        secret, self._secret = self._secret, None
        if secret is not None:
            self._sink(secret)
