"""A memory of transitions from which the surprising ones are drawn more often, and the n-step transitions that go into it.

Source: Schaul et al., "Prioritized Experience Replay" (2016): proportional priorities in a sum tree, importance weights that end the bias.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from envs.drivers import Driver
from envs.keys import fold, uniform

__all__ = ["Replay", "descend", "raise_to", "transitions"]


@Driver
def raise_to(tree: Any, places: Any, values: Any) -> None:
    """Set leaves of a sum tree float64[2 * size] (size a power of two, leaf i at size + i) and mend the sums above them."""
    size = len(tree) // 2
    for n in range(len(places)):
        i = size + places[n]
        tree[i] = values[n]
        i //= 2
        while i > 0:
            tree[i] = tree[2 * i] + tree[2 * i + 1]
            i //= 2


@Driver
def descend(tree: Any, key: Any, places: Any) -> None:
    """places int64[N]: leaves drawn in proportion to their values, one from each Nth part of the whole; key uint64[1]."""
    size = len(tree) // 2
    count = len(places)
    for n in range(count):
        left = (n + uniform(fold(key[0], n))) * tree[1] / count
        i = 1
        while i < size:
            i *= 2
            # Rounding must not lead into a part that is empty.
            if left >= tree[i] and tree[i + 1] > 0.0:
                left -= tree[i]
                i += 1
        places[n] = i - size


@Driver
def transitions(
    reward: Any, done: Any, seat: Any, learn: Any, span: int, gamma: float, returns: Any, discount: Any, ahead: Any, lane: Any,
    valid: Any, memory: Any, held: Any,
) -> None:  # fmt: skip
    """For each decision of a role, what its seat got until its `span`-th next one, or the end: arrays as for kernels.advantages.

    Fills returns float32[T, B, L], discount float32 (gamma to the number of decisions, 0 after an end), ahead and lane int64 (tick and lane
    of that later decision), valid: False where neither was seen. memory float64[P, span + 1, 2] and held int64[P, span + 1, 2] are memory.
    """
    ticks, rows, seats, lanes = reward.shape[0], reward.shape[1], reward.shape[2], seat.shape[2]
    for b in range(rows):
        # Of each seat, the decisions after the present tick, the nearest first: (reward that follows it, whether it is the last) and where.
        for p in range(seats):
            memory[p, 0, 0] = 0.0  # the rewards since the decision that is being looked for
            memory[p, 0, 1] = 0.0  # whether the end was seen
            held[p, 0, 0] = 0  # how many decisions are held
        for back in range(ticks):
            t = ticks - 1 - back
            for p in range(seats):
                if done[t, b]:
                    memory[p, 0, 0] = 0.0
                    memory[p, 0, 1] = 1.0
                    held[p, 0, 0] = 0
                memory[p, 0, 0] += reward[t, b, p]
            for i in range(lanes):
                valid[t, b, i] = False
                if learn[t, b, i]:
                    p = seat[t, b, i]
                    count = held[p, 0, 0]
                    total = memory[p, 0, 0]
                    weight = gamma
                    steps = min(count, span - 1)
                    for k in range(1, steps + 1):
                        total += weight * memory[p, k, 0]
                        weight *= gamma
                    if count >= span:
                        valid[t, b, i] = True
                        discount[t, b, i] = weight
                        ahead[t, b, i] = held[p, span, 0]
                        lane[t, b, i] = held[p, span, 1]
                    elif memory[p, 0, 1] > 0.0:
                        valid[t, b, i] = True
                        discount[t, b, i] = 0.0
                        ahead[t, b, i] = t
                        lane[t, b, i] = i
                    returns[t, b, i] = total
                    for k in range(min(count + 1, span), 1, -1):
                        memory[p, k, 0] = memory[p, k - 1, 0]
                        held[p, k, 0] = held[p, k - 1, 0]
                        held[p, k, 1] = held[p, k - 1, 1]
                    memory[p, 1, 0] = memory[p, 0, 0]
                    held[p, 1, 0] = t
                    held[p, 1, 1] = i
                    held[p, 0, 0] = min(count + 1, span)
                    memory[p, 0, 0] = 0.0


class Replay:
    """`size` transitions (a power of two), the oldest overwritten. fields: name -> (shape, dtype)."""

    def __init__(self, size: int, fields: Mapping[str, tuple[tuple[int, ...], Any]], alpha: float) -> None:
        self.size, self.alpha = size, alpha
        self.arrays = {name: np.zeros((size, *shape), dtype) for name, (shape, dtype) in fields.items()}
        self.tree = np.zeros(2 * size)
        self.at, self.count, self.highest = 0, 0, 1.0

    def add(self, rows: Mapping[str, np.ndarray]) -> np.ndarray:
        """Take over transitions, name -> array, as urgent as the most urgent so far; the places that they now have."""
        count = len(next(iter(rows.values())))
        places = (self.at + np.arange(count)) % self.size
        for name, array in rows.items():
            self.arrays[name][places] = array
        raise_to(self.tree, places, np.full(count, self.highest**self.alpha))
        self.at = (self.at + count) % self.size
        self.count = min(self.size, self.count + count)
        return places

    @property
    def sent(self) -> Mapping[str, np.ndarray]:
        """What a learner on a device needs of it, name -> array."""
        return self.arrays

    def draw(self, count: int, key: int, beta: float) -> tuple[np.ndarray, np.ndarray]:
        """(places, importance weights float32, at most 1)."""
        places = np.zeros(count, np.int64)
        descend(self.tree, np.array([key], np.uint64), places)
        chance = self.tree[self.size + places] / self.tree[1]
        weights = (self.count * chance) ** -beta
        return places, np.asarray(weights / weights.max(), np.float32)

    def surprise(self, places: np.ndarray, errors: np.ndarray) -> None:
        """What was drawn was wrong by so much."""
        urgency = np.abs(errors).astype(float) + 1e-3
        self.highest = max(self.highest, float(urgency.max()))
        raise_to(self.tree, places, urgency**self.alpha)

    def state(self) -> dict[str, Any]:
        """The filled part, as a checkpoint takes it."""
        kept = {name: array[: self.count].copy() for name, array in self.arrays.items()}
        return {
            "arrays": kept,
            "leaves": self.tree[self.size : self.size + self.count].copy(),
            "at": self.at,
            "highest": self.highest,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state of a memory of the same size."""
        leaves = np.asarray(state["leaves"])
        self.count, self.at, self.highest = len(leaves), int(state["at"]), float(state["highest"])
        for name, array in self.arrays.items():
            array[: self.count] = state["arrays"][name]
        self.tree[:] = 0.0
        raise_to(self.tree, np.arange(self.count), leaves)
