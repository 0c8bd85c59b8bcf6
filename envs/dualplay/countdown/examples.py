"""Checked examples of countdown for learning and measuring: problems of equal difficulty come from one cell.

A cell is a number of operators and of digits: all numbers have at most so many digits, and one at least has them all.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.dualplay._round import ASK, END, MINUS, PLUS, TIMES
from envs.dualplay.countdown.declared import LEFT, OVER, RIGHT
from envs.dualplay.countdown.worked import stack, value
from envs.keys import below, fold
from envs.records import PlainRecord

__all__ = ["cells", "claimed", "problem"]


def cells(c: Any) -> list[tuple[int, int]]:
    """(operators, digits), easiest first."""
    return [
        (operators, digits) for operators in range(1, int(c.operators) + 1) for digits in range(1, int(c.digits) + 1)
    ]


def problem(c: Any, cell: int, key: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """A valid calculation of a cell and the answer that it is: tokens of both, each with its last one.

    Shapes, operators and numbers are drawn evenly until the value is in range. With passages, none begins with a bracket.
    """
    operators, digits = cells(c)[cell]
    signs = [PLUS, MINUS, *([TIMES] if c.times else []), *([OVER] if c.over else [])]
    work, tries = PlainRecord(np.zeros(1, stack)[0]), 0
    while True:
        drawn = fold(key, tries)
        tokens = _drawn(operators, digits, signs, drawn)
        long = any(_long(tokens, digits)) or digits == 1
        if long and not (c.passage and tokens[0] == LEFT):
            asked = (*tokens, ASK)
            if value(work, asked, len(asked), int(c.most)) >= 0:
                return asked, (*tokens, END)
        tries += 1


def claimed(c: Any, asked: tuple[int, ...]) -> tuple[int, ...]:
    """The claim that is true of a calculation: its value, last digit first."""
    found = value(PlainRecord(np.zeros(1, stack)[0]), asked, len(asked), int(c.most))
    return (*map(int, reversed(str(found))), END)


def _drawn(operators: int, digits: int, signs: list[int], key: int) -> list[int]:
    """A random calculation without needless brackets."""
    if operators == 0:
        return [int(digit) for digit in str(1 + below(key, 10**digits - 1))]
    sign, left = signs[below(fold(key, 0), len(signs))], below(fold(key, 1), operators)
    first = _drawn(left, digits, signs, fold(key, 2))
    second = _drawn(operators - 1 - left, digits, signs, fold(key, 3))
    scaling = sign in (TIMES, OVER)
    first = _bracketed(first) if scaling and _sum_outside(first) else first
    second = _bracketed(second) if _needs(second, sign) else second
    return [*first, sign, *second]


def _bracketed(tokens: list[int]) -> list[int]:
    return [LEFT, *tokens, RIGHT]


def _outside(tokens: list[int]) -> set[int]:
    """The operators of a calculation that stand in no bracket."""
    depth, found = 0, set()
    for token in tokens:
        depth += (token == LEFT) - (token == RIGHT)
        found |= {token} if depth == 0 and token in (PLUS, MINUS, TIMES, OVER) else set()
    return found


def _sum_outside(tokens: list[int]) -> bool:
    return bool(_outside(tokens) & {PLUS, MINUS})


def _needs(tokens: list[int], sign: int) -> bool:
    """Whether what stands behind an operator must be bracketed to keep its meaning."""
    found = _outside(tokens)
    return (
        bool(found)
        if sign == OVER
        else bool(found & {PLUS, MINUS})
        if sign == MINUS
        else (bool(found & {PLUS, MINUS, OVER}) if sign == TIMES else False)
    )


def _long(tokens: list[int], digits: int) -> list[bool]:
    """For each number, whether it has all the digits of its cell."""
    text = "".join(str(token) if token < PLUS else " " for token in tokens)
    return [len(word) == digits for word in text.split()]
