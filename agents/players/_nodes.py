"""The double agent's tree from the outside: which node lies above which, and which action is which, from depth and branching.

A node is a number from 0, level by level; the children of v are n (v + 1) to n (v + 1) + n - 1, and -1 is the root. These are
`Rule`s, because scripted players run compiled in batches too.
"""

from __future__ import annotations

from typing import Any

from envs.keys import below, fold
from envs.records import rule

__all__ = ["above", "beside", "descend", "first_of", "level_of", "splits", "under"]


@rule
def first_of(level: int, n: int) -> int:
    """The first node of a level, counted from 1."""
    first = 0
    width = 1
    for _ in range(level - 1):
        width *= n
        first += width
    return first


@rule
def level_of(node: int, n: int) -> int:
    """0 for the root."""
    level = 0
    while node >= 0:
        node = node // n - 1
        level += 1
    return level


@rule
def above(node: int, level: int, n: int) -> int:
    """The ancestor at a level, or the node itself; the root where the node lies higher."""
    steps = level_of(node, n) - level
    if steps < 0:
        return -1
    for _ in range(steps):
        node = node // n - 1
    return node


@rule
def under(node: int, top: int, n: int) -> bool:
    """Whether a node is `top` or lies below it."""
    return top < 0 or above(node, level_of(top, n), n) == top


@rule
def splits(node: int, leaf: int, n: int) -> int:
    """The first level at which the way to a node leaves the way to a leaf, 0 if it never does."""
    for level in range(1, level_of(node, n) + 1):
        if above(node, level, n) != above(leaf, level, n):
            return level
    return 0


@rule
def beside(node: int, n: int, key: Any) -> int:
    """A sibling of a node."""
    first = node // n * n
    return first + (node - first + 1 + below(key, n - 1)) % n


@rule
def descend(node: int, levels: int, n: int, key: Any) -> int:
    """A random node so many levels below."""
    for step in range(levels):
        node = n * (node + 1) + below(fold(key, step), n)
    return node
