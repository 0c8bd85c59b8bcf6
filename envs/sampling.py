"""Legal actions of whole batches: drawn uniformly, for random play and benchmarks, and checked before a step.

Both drivers are the same for all games: they read masks, and `spaces` int64[P, K, 3], which says of each integer of each seat's
action its least value, the number of values (0: the seat has no such integer) and where its part of the mask begins (-1: it has none).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.drivers import Driver, first_acting
from envs.keys import below, fold
from envs.records import Rule
from envs.spec import Box, Spec

__all__ = ["sample", "spaces_of", "unlawful"]

_TRIES, _BLOCK = 6, 32


def spaces_of(spec: Spec) -> np.ndarray:
    """The array `spaces` of a game; see the module."""
    spaces = np.zeros((spec.seats, spec.factors, 3), np.int64)
    for seat in range(spec.seats):
        actions = spec.role(seat).actions
        if isinstance(actions, Box):
            rows = [(low, high - low + 1, -1) for low, high in zip(actions.low, actions.high, strict=True)]
        else:
            begins = np.cumsum((0, *actions.factors)).tolist()
            rows = [(0, size, begin) for size, begin in zip(actions.factors, begins, strict=False)]
        spaces[seat, : len(rows)] = rows
    return spaces


def _pick(legal_rows: Any, i: int, p: int, begin: int, size: int, key: Any) -> int:
    """A uniform allowed entry of one part of the mask of row i, seat p, counted from its begin; 0 if none is allowed.

    A few blind draws come first: they are uniform too, and where most entries are allowed one is enough. Then entries are counted,
    and found block by block, so that long masks are read at full speed. The mask is indexed whole: a view of a row costs more.
    """
    for _ in range(_TRIES):
        found = below(key, size)
        if legal_rows[i, p, begin + found]:
            return int(found)
        key = fold(key, 0)
    count = 0
    for a in range(begin, begin + size):
        count += legal_rows[i, p, a]
    chosen = below(key, max(count, 1))
    first = begin
    while begin + size - first > _BLOCK:
        inside = 0
        for a in range(first, first + _BLOCK):
            inside += legal_rows[i, p, a]
        if chosen < inside:
            break
        chosen -= inside
        first += _BLOCK
    for a in range(first, begin + size):
        if legal_rows[i, p, a]:
            if chosen == 0:
                return a - begin
            chosen -= 1
    return 0


pick = Rule(_pick, inline=True)


@Driver
def sample(acting_rows: Any, legal_rows: Any, spaces: Any, keys: Any, tick: int, actions: Any) -> None:
    """Uniform legal actions int32[B, P, K] of all acting seats; keys uint64[B], tick counts the calls."""
    seats, factors = spaces.shape[0], spaces.shape[1]
    for i in range(acting_rows.shape[0]):
        count, p = first_acting(acting_rows, i, 0, seats)
        for n in range(count):
            for k in range(factors):
                size = spaces[p, k, 1]
                if size > 0:
                    key = fold(keys[i], (tick * seats + p) * factors + k)
                    begin = spaces[p, k, 2]
                    if begin < 0:
                        actions[i, p, k] = spaces[p, k, 0] + below(key, size)
                    else:
                        actions[i, p, k] = pick(legal_rows, i, p, begin, size, key)
            p += 1
            while n + 1 < count and not acting_rows[i, p]:
                p += 1


@Driver
def unlawful(actions: Any, acting_rows: Any, legal_rows: Any, spaces: Any) -> int:
    """The first row in which an acting seat's action is not legal, -1 if there is none.

    Integer by integer of the action, down the rows: what the space says of each is read once, and only the last branch depends on rows.
    """
    end = acting_rows.shape[0]
    for p in range(spaces.shape[0]):
        for k in range(spaces.shape[1]):
            low, size, begin = spaces[p, k, 0], spaces[p, k, 1], spaces[p, k, 2]
            i = 0
            while i < end:
                value = actions[i, p, k] - low
                allowed = (value >= 0) & (value < size)
                if begin >= 0:
                    allowed = allowed & legal_rows[i, p, (begin + value) * allowed]
                if acting_rows[i, p] & (not allowed) & (size > 0):
                    end = i
                i += 1
    return -1 if end == acting_rows.shape[0] else int(end)
