"""How deep a packed message is nested, found without recursion and before anything decodes it.

Nearly all messages have so few bytes that could open a list or a map that they are let through by counting those bytes, at the speed of C.
The others are walked value by value.
"""

from __future__ import annotations

__all__ = ["FLAT", "MOST_DEPTH", "OPENING", "depth"]

MOST_DEPTH = 64
"""Levels of lists and maps in one message, at most. The messages declare ten; a decoder's stack is in danger from some nine hundred on."""
FLAT = 512
"""Bytes of a message whose nesting is not counted: a level takes a byte at least, so it cannot be deep enough to endanger a decoder."""

OPENING = bytes([*range(0x80, 0xA0), 0xDC, 0xDD, 0xDE, 0xDF])
"""The bytes that can open a list or a map."""
_FIXED = {
    0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8, 0xD4: 2, 0xD5: 3, 0xD6: 5, 0xD7: 9, 0xD8: 17,
}  # fmt: skip
_WIDTHS = [code - 0xA0 if 0xA0 <= code < 0xC0 else _FIXED.get(code, 0) for code in range(256)]
"""Bytes that a value takes after its first one, by that first one."""
_LENGTHS = {
    0xC4: (1, 0),
    0xC5: (2, 0),
    0xC6: (4, 0),
    0xC7: (1, 1),
    0xC8: (2, 1),
    0xC9: (4, 1),
    0xD9: (1, 0),
    0xDA: (2, 0),
    0xDB: (4, 0),
}
"""Values with a length field: its width, and the bytes that it does not count (the type of an extension)."""
_COUNTS = {0xDC: (2, 1), 0xDD: (4, 1), 0xDE: (2, 2), 0xDF: (4, 2)}


def depth(data: bytes) -> int:
    """An upper bound of the nesting of a packed value, exact where it is above MOST_DEPTH; then MOST_DEPTH + 1 stands for all deeper ones.

    Torn or trailing bytes are not this function's business: the decoder refuses them.
    """
    opening = len(data) - len(data.translate(None, OPENING))
    return opening if opening <= MOST_DEPTH else _walked(data)


def _walked(data: bytes) -> int:
    """Value by value. `waiting` holds, for each list or map that is being read, how many values are still to come."""
    at, deepest, waiting = 0, 0, [1]
    while at < len(data) and waiting:
        waiting[-1] -= 1
        at, count = _value(data, at)
        if count:
            waiting.append(count)
            deepest = max(deepest, len(waiting) - 1)
            if deepest > MOST_DEPTH:
                break
        while waiting and waiting[-1] == 0:
            waiting.pop()
    return deepest


def _value(data: bytes, at: int) -> tuple[int, int]:
    """(where the next value begins, how many values this one holds)."""
    code = data[at]
    at += 1
    if 0x80 <= code < 0xA0:
        return at, 2 * (code - 0x80) if code < 0x90 else code - 0x90
    if code in _COUNTS:
        width, factor = _COUNTS[code]
        return at + width, factor * int.from_bytes(data[at : at + width], "big")
    if code in _LENGTHS:
        width, more = _LENGTHS[code]
        return at + width + more + int.from_bytes(data[at : at + width], "big"), 0
    return at + _WIDTHS[code], 0
