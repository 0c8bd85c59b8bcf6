"""Stateless randomness: a 64-bit key goes in, a number comes out, nothing is remembered.

A key is folded from (episode seed, tick, purpose), so that (seed, actions) is a complete replay and a planner
that copies a state copies no future. Rules never do arithmetic on a key: they call these four functions, which
answer alike compiled and plain. fold(key, n) is the n-th output of SplitMix64 (Steele, Lea, Flood 2014) started at key.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.records import Rule

__all__ = ["below", "fold", "shuffle", "uniform"]

_ALL = (1 << 64) - 1
_GOLDEN, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def _mix_plain(z: int) -> int:
    z = ((z ^ (z >> 30)) * _FIRST) & _ALL
    z = ((z ^ (z >> 27)) * _SECOND) & _ALL
    return z ^ (z >> 31)


def _fold_plain(key: int, n: int) -> int:
    return _mix_plain((int(key) + (int(n) + 1) * _GOLDEN) & _ALL)


def _below_plain(key: int, n: int) -> int:
    return ((int(key) >> 32) * int(n)) >> 32


def _uniform_plain(key: int) -> float:
    return float(int(key) >> 11) * 2.0**-53


# Compiled, an int64 beside a uint64 would become a float: every operand is cast, constants included.
_U30, _U27, _U31, _U32, _U11, _U1 = (np.uint64(n) for n in (30, 27, 31, 32, 11, 1))
_G, _A, _B = np.uint64(_GOLDEN), np.uint64(_FIRST), np.uint64(_SECOND)


def _mix_compiled(z: Any) -> Any:
    z = (z ^ (z >> _U30)) * _A
    z = (z ^ (z >> _U27)) * _B
    return z ^ (z >> _U31)


_mix = Rule(_mix_plain, _mix_compiled)


def _fold_compiled(key: Any, n: Any) -> Any:
    return _mix(np.uint64(key) + (np.uint64(n) + _U1) * _G)


def _below_compiled(key: Any, n: Any) -> Any:
    return np.int64(((np.uint64(key) >> _U32) * np.uint64(n)) >> _U32)


def _uniform_compiled(key: Any) -> Any:
    return np.float64(np.uint64(key) >> _U11) * 1.1102230246251565e-16


def _shuffle(array: Any, n: int, key: Any) -> None:
    for i in range(n - 1, 0, -1):
        j = below(fold(key, i), i + 1)
        kept = array[i]
        array[i] = array[j]
        array[j] = kept


fold = Rule(_fold_plain, _fold_compiled)
"""fold(key, n) -> key: a new key for purpose n (any integer, 64 bits of it count)."""
below = Rule(_below_plain, _below_compiled)
"""below(key, n) -> int in [0, n), 1 <= n < 2**32; the bias is at most n / 2**32."""
uniform = Rule(_uniform_plain, _uniform_compiled)
"""uniform(key) -> float in [0, 1) with 53 random bits; for search and scripted play, not for rules."""
shuffle = Rule(_shuffle)
"""shuffle(array, n, key): puts the first n entries of a one-dimensional array of numbers in random order, in place."""
