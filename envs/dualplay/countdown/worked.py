"""Countdown, calculations worked out: products before sums, brackets first, every value on the way a whole number in range."""

from __future__ import annotations

from envs.dualplay._round import ASK, END, MINUS, PLUS, TIMES
from envs.dualplay.countdown.declared import DEPTH, LEFT, OVER, RIGHT
from envs.rules import nested, rule

__all__ = ["stack", "value"]

stack = nested(
    ("sum", "i8", (DEPTH,)), ("product", "i8", (DEPTH,)), ("adding", "i1", (DEPTH,)), ("scaling", "i1", (DEPTH,))
)
"""Where a calculation is worked out: on each level the sum so far, the product so far, and the operators that wait; zero otherwise."""


@rule
def value(w, tokens, length, most):
    """The value of a finished calculation; -1 when one on the way is outside of 0 to `most` or no whole number. w: a clean stack."""
    level = 0
    number = 0
    sound = True
    for i in range(length):
        token = tokens[i]
        if token < PLUS:
            number = number * 10 + token
        elif token == LEFT:
            level += 1
        elif sound:
            # Behind a bracket its level's value is the operand; no number is 0, so 0 means that none was written.
            if number > 0:
                sound = scale(w, level, number, most)
                number = 0
            if sound and (token < TIMES or token in (RIGHT, ASK, END)):
                sound = add(w, level, most)
            if token == RIGHT:
                level -= 1
                sound = sound and scale(w, level, w.sum[level + 1], most)
                w.sum[level + 1] = 0
                w.adding[level + 1] = 0
            elif token < TIMES:
                w.adding[level] = token
            elif token in (TIMES, OVER):
                w.scaling[level] = token
    found = w.sum[0] if sound else -1
    for i in range(len(w.sum)):
        w.sum[i] = 0
        w.product[i] = 0
        w.adding[i] = 0
        w.scaling[i] = 0
    return found


@rule
def scale(w, level, n, most):
    """Bring an operand into the product of its level; whether that gives a whole number in range."""
    if w.scaling[level] == TIMES:
        n *= w.product[level]
    elif w.scaling[level] == OVER:
        if n == 0 or w.product[level] % n != 0:
            return False
        n = w.product[level] // n
    w.product[level] = n
    w.scaling[level] = 0
    return n <= most


@rule
def add(w, level, most):
    """Bring the product of a level into its sum; whether that is in range."""
    n = w.product[level]
    if w.adding[level] == PLUS:
        n += w.sum[level]
    elif w.adding[level] == MINUS:
        n = w.sum[level] - n
    w.sum[level] = n
    w.product[level] = 0
    return 0 <= n <= most
