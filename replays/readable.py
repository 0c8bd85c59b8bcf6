"""Recorded values as JSON has them: bytes as hex, numbers that JSON lacks as text, everything bounded by the file that it came from."""

from __future__ import annotations

import math
from typing import Any

from arena.events import Event, to_tree

__all__ = ["as_json", "event_json"]


def as_json(value: Any) -> Any:
    """The value in the types of JSON; infinities and nan become "inf", "-inf" and "nan"."""
    if isinstance(value, dict):
        return {str(name): as_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def event_json(event: Event) -> dict[str, Any]:
    """An event in the types of JSON; packed states are left out, because nobody can read them."""
    tree = to_tree(event)
    tree.pop("state", None)
    found: dict[str, Any] = as_json(tree)
    return found
