"""Uniform legal actions for whole batches: what random play, random opponents and benchmarks draw from."""

from __future__ import annotations

from typing import Any

from envs.drivers import Driver
from envs.keys import below, fold
from envs.records import Rule

__all__ = ["sample"]

_TRIES = 6


def _pick(legal_rows: Any, i: int, p: int, base: int, size: int, key: Any) -> int:
    """A uniform allowed entry of one factor's part of the mask of row i, seat p, counted from its base; 0 if none is allowed.

    The mask is indexed whole, because a view of a row costs more than the draw (its reference is counted atomically). A few blind draws come first: they are uniform too, and where most entries are allowed one is enough.
    """
    for _ in range(_TRIES):
        found = below(key, size)
        if legal_rows[i, p, base + found]:
            return int(found)
        key = fold(key, 0)
    count = 0
    for a in range(base, base + size):
        count += legal_rows[i, p, a]
    chosen = below(key, max(count, 1))
    for a in range(base, base + size):
        if legal_rows[i, p, a]:
            if chosen == 0:
                return a - base
            chosen -= 1
    return 0


pick = Rule(_pick)


@Driver
def sample(acting_rows: Any, legal_rows: Any, factors: Any, keys: Any, tick: int, actions: Any) -> None:
    """Uniform legal actions: factors int64[K] are the sizes of the mask's parts, keys uint64[B], tick counts the calls.

    Strategy: who acts in a row of a turn-based game is a coin toss to the processor, so the first acting seat is found without a branch.
    """
    seats = acting_rows.shape[1]
    for i in range(acting_rows.shape[0]):
        count = 0
        p = 0
        for q in range(seats - 1, -1, -1):
            count += acting_rows[i, q]
            p += (q - p) * acting_rows[i, q]
        for done in range(count):
            base = 0
            for k in range(len(factors)):
                key = fold(keys[i], (tick * seats + p) * len(factors) + k)
                actions[i, p, k] = pick(legal_rows, i, p, base, factors[k], key)
                base += factors[k]
            p += 1
            while done + 1 < count and not acting_rows[i, p]:
                p += 1
