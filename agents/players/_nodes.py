"""Random nodes of a complete tree (`envs.trees`); rules, because scripted players run compiled in batches too."""

from __future__ import annotations

from typing import Any

from envs.keys import below, fold
from envs.records import rule

__all__ = ["beside", "descend"]


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
