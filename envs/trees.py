"""Complete trees as numbers, for games and for those who play them: a node is a number from 0, level by level; -1 is the root.

n children a node: the children of v are n (v + 1) to n (v + 1) + n - 1, so node v of level 1 is v, and the nodes of a
level are neighbours. Levels count from 1. Everything here is a rule: it runs compiled and plain.
"""

from __future__ import annotations

from envs.rules import rule

__all__ = ["ancestor", "first_of", "leaves_under", "leftmost", "level_of", "nodes_in", "on_path", "split_level"]


@rule
def first_of(level: int, n: int) -> int:
    """The first node of a level; first_of(depth + 1, n) is the number of all nodes."""
    first = 0
    width = 1
    for _ in range(level - 1):
        width *= n
        first += width
    return first


@rule
def level_of(node: int, n: int) -> int:
    """The level of a node, 0 for the root."""
    level = 0
    while node >= 0:
        node = node // n - 1
        level += 1
    return level


@rule
def ancestor(node: int, level: int, n: int) -> int:
    """The node of this level above a node, or the node itself; -1 where the node lies higher."""
    steps = level_of(node, n) - level
    if steps < 0:
        return -1
    for _ in range(steps):
        node = node // n - 1
    return node


@rule
def leftmost(node: int, depth: int, n: int) -> int:
    """The first leaf under a node, counted from 0; the leaves under a node are neighbours."""
    for _ in range(depth - level_of(node, n)):
        node = n * (node + 1)
    return node - first_of(depth, n)


@rule
def leaves_under(node: int, depth: int, n: int) -> int:
    """How many leaves lie under a node, 1 for a leaf."""
    return nodes_in(depth - level_of(node, n), n)


@rule
def on_path(node: int, leaf: int, n: int) -> bool:
    """Whether a node is the leaf or lies above it; the root always does."""
    return node < 0 or ancestor(leaf, level_of(node, n), n) == node


@rule
def split_level(node: int, leaf: int, n: int) -> int:
    """The first level at which the way to a node leaves the way to a leaf, 0 if it never does."""
    for level in range(1, level_of(node, n) + 1):
        if ancestor(node, level, n) != ancestor(leaf, level, n):
            return level
    return 0


@rule
def nodes_in(level: int, n: int) -> int:
    """How many nodes a level has."""
    width = 1
    for _ in range(level):
        width *= n
    return width
