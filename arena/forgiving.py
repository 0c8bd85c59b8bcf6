"""How many refused answers to one question a match forgives: so many of each kind of failure, or by kind.

Each kind (`events.KINDS`) is counted by itself, so that a model whose answers are cut off may have more tries than one that plays what is
not legal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arena.events import KINDS
from envs.errors import UserError

__all__ = ["FORGIVEN", "Retries", "forgiven", "retries_of", "taken"]

FORGIVEN, MOST = 2, 100
Retries = int | Mapping[str, int]
"""Of each kind so many, or by kind; FORGIVEN of one that is not named."""


def forgiven(retries: Retries, kind: str) -> int:
    """How many of this kind."""
    return retries if isinstance(retries, int) else retries.get(kind, FORGIVEN)


def taken(value: Any) -> Retries:
    """What a file says: a whole number from 0 to MOST, or a table with one for some kinds. Raises ValueError."""
    table = value if isinstance(value, dict) and value else {KINDS[0]: value}
    if not table.keys() <= set(KINDS) or not all(type(each) is int and 0 <= each <= MOST for each in table.values()):
        raise ValueError
    kept: Retries = value
    return kept


def retries_of(text: str) -> Retries:
    """What a command line says: "2", or "truncated=4,illegal=0". Raises UserError."""
    parts = [part.partition("=") for part in text.split(",")]
    try:
        value: Any = {kind: int(n) for kind, _, n in parts} if "=" in text else int(text)
        if "=" in text and len(value) != len(parts):
            raise ValueError
        return taken(value)
    except ValueError:
        raise UserError(
            f"--retries {text} is not allowed: give a whole number from 0 to {MOST}, or one by kind "
            f"({', '.join(KINDS)}), as truncated=4,illegal=0"
        ) from None
