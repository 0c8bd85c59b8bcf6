"""Where two trees of plain values first differ, as a path that a person can read: "cards[0]", "units[3].health"."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["first_difference", "shortly"]


def first_difference(a: Any, b: Any, path: str = "") -> tuple[str, Any, Any] | None:
    """(path, value in a, value in b) of the first difference, None when both are equal. Missing values are "nothing"."""
    if isinstance(a, dict) and isinstance(b, dict):
        pairs = [
            (f"{path}.{name}" if path else str(name), name) for name in [*a, *(name for name in b if name not in a)]
        ]
        return _first((where, a.get(name, "nothing"), b.get(name, "nothing")) for where, name in pairs)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        if len(a) != len(b):
            return f"the length of {path}", len(a), len(b)
        return _first((f"{path}[{i}]", x, y) for i, (x, y) in enumerate(zip(a, b, strict=True)))
    return None if a == b or (_is_nan(a) and _is_nan(b)) else (path, a, b)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _first(pairs: Any) -> tuple[str, Any, Any] | None:
    found = (first_difference(x, y, where) for where, x, y in pairs)
    return next((difference for difference in found if difference is not None), None)


def shortly(value: Any) -> str:
    """A value for a line of text: at most 120 characters."""
    text = value if isinstance(value, str) else value.hex() if isinstance(value, bytes) else repr(value)
    return text if len(text) <= 120 else text[:119] + "…"
