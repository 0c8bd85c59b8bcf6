"""How a tree grows: nodes, information sets and slots in lists, the visits still to be made in levels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from envs.errors import UserError

__all__ = ["Growth"]

Level = tuple[int, int]


class Growth:
    """Gathers a tree of `seats` seats; UserError beyond `most` nodes."""

    def __init__(self, seats: int, most: int) -> None:
        self.seats, self.most = seats, most
        self.waiting: dict[Level, list[Callable[[], None]]] = {}
        self.nodes: list[tuple[int, int, int, int, float]] = []
        self.points: list[tuple[float, ...]] = []
        self.levels: list[int] = []
        self.sets: dict[tuple[int, bytes], int] = {}
        self.met: list[int] = []
        self.first: list[int] = [0]
        self.actions: list[int] = []
        self.keys: list[bytes] = []
        self.seen: list[Any] = []

    def put(self, level: Level, visit: Callable[[], None]) -> None:
        self.waiting.setdefault(level, []).append(visit)

    def next_level(self) -> list[Callable[[], None]] | None:
        """The visits of the lowest level that is left; None when the tree is complete."""
        self.levels.append(len(self.nodes))
        if not self.waiting:
            return None
        return self.waiting.pop(min(self.waiting))

    def node(self, parent: int, who: int, infoset: int, slot: int, chance: float, points: Sequence[float]) -> int:
        """A new node and its number."""
        if len(self.nodes) >= self.most:
            raise UserError(f"the tree has more than {self.most} nodes: choose a smaller game")
        self.nodes.append((parent, who, infoset, slot, chance))
        self.points.append(tuple(points))
        return len(self.nodes) - 1

    def infoset(self, past: tuple[int, bytes], actions: Sequence[int], key: bytes, obs: Any) -> int:
        """The set of a seat and its past, made when first met."""
        found = self.sets.get(past)
        if found is None:
            found = self.sets[past] = len(self.met)
            self.met.append(len(self.levels))
            self.actions += actions
            self.first.append(len(self.actions))
            self.keys.append(key)
            self.seen.append(obs)
        # A pass that goes level by level settles a set as a whole.
        assert self.met[found] == len(self.levels), "the nodes of a set lie on different levels"
        assert self.actions[self.first[found] : self.first[found + 1]] == list(actions), "one knowledge, two masks"
        return found

    def slots(self, infoset: int) -> list[tuple[int, int]]:
        """(slot, action) of a set."""
        begin, end = self.first[infoset], self.first[infoset + 1]
        return list(zip(range(begin, end), self.actions[begin:end], strict=True))

    def arrays(self) -> dict[str, Any]:
        """The fields of a Tree beside its game."""
        parent, who, infoset, slot, chance = zip(*self.nodes, strict=True)
        payoff = np.array(self.points)
        payoff[np.array(who) != -2] = 0.0
        return {
            "parent": np.array(parent, np.int32), "who": np.array(who, np.int8), "infoset": np.array(infoset, np.int32),
            "slot": np.array(slot, np.int32), "chance": np.array(chance), "payoff": payoff,
            "first": np.array(self.first, np.int32), "owner": np.array([seat for seat, _ in self.sets], np.int8),
            "action": np.array(self.actions, np.int32), "levels": np.array(self.levels, np.int32),
            "keys": tuple(self.keys), "seen": tuple(self.seen),
        }  # fmt: skip
