"""Checked examples of arithmetic for learning and measuring: problems of equal difficulty come from one cell.

A cell is a number of operators and of digits: all numbers have at most so many digits, and one at least has them all.
"""

from __future__ import annotations

from typing import Any

from envs.dualplay._round import ASK, END, MINUS, PLUS, SIGNS
from envs.keys import below, fold

__all__ = ["cells", "problem"]


def cells(c: Any) -> list[tuple[int, int]]:
    """(operators, digits), easiest first."""
    return [
        (operators, digits) for operators in range(1, int(c.operators) + 1) for digits in range(1, int(c.digits) + 1)
    ]


def problem(c: Any, cell: int, key: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """A valid question of a cell, uniform over them, and its answer: tokens of both, with the closing one."""
    operators, digits = cells(c)[cell]
    most, tries = int(c.most), 0
    while True:
        drawn = fold(key, tries)
        numbers = [below(fold(drawn, i), 10**digits) for i in range(operators + 1)]
        signs = [PLUS + below(fold(drawn, 100 + i), 3 if c.times else 2) for i in range(operators)]
        value = _worked(numbers, signs, most)
        if value >= 0 and max(numbers) >= (10 ** (digits - 1) if digits > 1 else 0):
            return _tokens(numbers, signs), (*map(int, reversed(str(value))), END)
        tries += 1


def _worked(numbers: list[int], signs: list[int], most: int) -> int:
    """The value from left to right, -1 when one on the way leaves the range."""
    value = numbers[0]
    for sign, number in zip(signs, numbers[1:], strict=True):
        value = value + number if sign == PLUS else value - number if sign == MINUS else value * number
        if not 0 <= value <= most:
            return -1
    return value if value <= most else -1


def _tokens(numbers: list[int], signs: list[int]) -> tuple[int, ...]:
    text = str(numbers[0]) + "".join(SIGNS[sign] + str(number) for sign, number in zip(signs, numbers[1:], strict=True))
    return (*(SIGNS.index(sign) for sign in text), ASK)
