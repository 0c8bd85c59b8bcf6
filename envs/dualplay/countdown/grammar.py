"""Countdown, the grammar: which token may stand next in a calculation, of free numbers or of given ones.

A calculation is written as people write it, with brackets; a level is what stands inside of one pair of them, level 0 the whole. Each
level has an operator of its own, so that brackets are bounded by operators and a calculation can always be ended.
"""

from __future__ import annotations

from envs.dualplay._round import ASK, END, MINUS, PLUS, TIMES
from envs.dualplay.countdown.declared import LEFT, OVER, RIGHT
from envs.rules import rule

__all__ = ["fits", "stand"]


@rule
def fits(tokens, length, q, c, mask):
    """A calculation token by token; when `q` has numbers, of these alone, each at most once."""
    digits, begun, operators, depth, full, used = stand(tokens, length, q)
    most = c.operators if q.count == 0 else q.count - 1
    left = most - operators
    behind = length > 0 and (digits > 0 or tokens[length - 1] == RIGHT)
    fits_operand(tokens, length, q, c, begun, digits, used, mask)
    # Each level without an operator of its own, level 0 among them, must still get one.
    lacking = depth + 1
    for level in range(depth + 1):
        lacking -= (full >> level) & 1
    whole = (full >> depth) & 1
    if behind and digits > 0 and q.count > 0:
        behind = spare(q, begun, used) >= 0
    if behind:
        more = left > 0 and lacking + whole <= left
        mask[PLUS] = more
        mask[MINUS] = more
        mask[TIMES] = more and c.times
        mask[OVER] = more and c.over
        mask[RIGHT] = depth > 0 and whole == 1
        if depth == 0 and whole == 1:
            mask[ASK if q.count == 0 else END] = True
    elif digits == 0:
        mask[LEFT] = lacking + 1 <= left


@rule
def stand(tokens, length, q):
    """Where a calculation stands: digits and value of the number being written, operators, depth, full levels and used numbers as bits."""
    digits = 0
    begun = 0
    operators = 0
    depth = 0
    full = 0
    used = 0
    for i in range(length):
        token = tokens[i]
        if token < PLUS:
            digits += 1
            begun = begun * 10 + token
            continue
        if digits > 0:
            place = spare(q, begun, used)
            used = used | (1 << place) if place >= 0 else used
        digits = 0
        begun = 0
        if token == LEFT:
            depth += 1
        elif token == RIGHT:
            full = full & ~(1 << depth)
            depth -= 1
        else:
            operators += 1
            full = full | (1 << depth)
    return digits, begun, operators, depth, full, used


@rule
def spare(q, number, used):
    """The place of a number that is given and not used, -1 without one."""
    for i in range(q.count):
        if q.numbers[i] == number and (used >> i) & 1 == 0:
            return i
    return -1


@rule
def fits_operand(tokens, length, q, c, begun, digits, used, mask):
    """Digits: of a number without leading zeros that is short enough, and, when numbers are given, begins one that is not used."""
    if length > 0 and tokens[length - 1] == RIGHT:
        return
    for digit in range(10):
        if q.count == 0:
            mask[digit] = digits < c.digits and (digits > 0 or digit > 0)
        else:
            mask[digit] = begins(q, begun * 10 + digit, used)


@rule
def begins(q, number, used):
    """Whether a number that is given and not used begins with these digits, or is them."""
    for i in range(q.count):
        if (used >> i) & 1 == 0:
            rest = 0 + q.numbers[i]
            while rest > number and rest > 0:
                rest //= 10
            if rest == number and number > 0:
                return True
    return False
