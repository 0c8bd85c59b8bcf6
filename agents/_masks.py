"""Rows of a mask, as compiled searches read them: eight columns at a time, because most moves of most games are not legal."""

from __future__ import annotations

from typing import Any

from envs.keys import below, fold
from envs.records import Rule
from envs.stubs import legal

__all__ = ["copy", "draw", "fill", "listed", "see_legal"]


def _fill(row: Any, value: Any) -> None:
    for i in range(len(row)):
        row[i] = value


def _copy(source: Any, target: Any) -> None:
    for i in range(len(source)):
        target[i] = source[i]


def _see_legal(s: Any, c: Any, p: int, row: Any, octets: Any) -> None:
    """What seat p may do; octets is the memory of the row, eight columns in each number."""
    fill(octets, 0)
    legal(s, c, p, row)


def _listed(row: Any, octets: Any, low: int, high: int, order: Any) -> int:
    """How many columns from low to high - 1 are True; they are put into order. Eight False ones are passed in one step."""
    n = 0
    for i in range(low >> 3, (high + 7) >> 3):
        if octets[i] != 0:
            for column in range(max(low, i << 3), min(high, (i + 1) << 3)):
                if row[column]:
                    order[n] = column
                    n += 1
    return n


def _draw(row: Any, octets: Any, sizes: Any, order: Any, action: Any, key: Any) -> None:
    """A uniform legal action: for each factor one of the columns that are True in the row."""
    low = 0
    for k in range(len(sizes)):
        n = listed(row, octets, low, low + sizes[k], order)
        if n > 0:
            action[k] = order[below(fold(key, k), n)] - low
        low += sizes[k]


fill, copy, see_legal, listed, draw = Rule(_fill), Rule(_copy), Rule(_see_legal), Rule(_listed), Rule(_draw)
