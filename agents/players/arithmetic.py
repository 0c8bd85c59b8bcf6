"""Arithmetic by rote: a proposer who draws a valid question at random, a solver who slips once in four operators.

The solver works from left to right; a slip is an error of one or of ten.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agents import pane
from arena.agent import Ask, Reply
from envs import keys

__all__ = ["act"]

SLIP = 0.25
_TRIES = 400


def act(ask: Ask, options: Mapping[str, Any]) -> Reply:
    """A whole question, or a whole answer; the tokens are played one after another."""
    return _ask(ask) if ask.seat == 0 else _answer(ask)


def _ask(ask: Ask) -> Reply:
    for n in range(_TRIES):
        text, value = _drawn(ask, keys.fold(ask.key, n))
        if value is not None:
            break
    if ask.game.public.written and value is not None:
        text = f"{text} = {value}"
    found = ask.game.parse(text, ask.obs, ask.legal)
    if not isinstance(found, list):  # what was written already leaves no other choice
        action = next(iter(ask.legal))
        return Reply([[action]], notes=_notes(ask, action, 1.0, 0.0, "the lowest token that may stand here"))
    return Reply(found, notes=_notes(ask, int(found[0][0]), 1 / len(ask.legal), 0.0, f"a valid question: {text}"))


def _drawn(ask: Ask, key: int) -> tuple[str, int | None]:
    """A question that begins with what is written, and its value; None when it or a value on the way is out of range."""
    c, most = ask.game.public, int(ask.game.public.most)
    signs = "+-*" if c.times else "+-"
    start = _written(ask)
    text = list(start) if len(start) == 2 else []
    count = 1 + keys.below(keys.fold(key, 0), int(c.operators))
    highest = min(most, 10 ** int(c.digits) - 1)
    while len(text) < 2 * count + 1:
        n = len(text)
        drawn = (
            keys.below(keys.fold(key, n + 1), highest + 1)
            if n % 2 == 0
            else keys.below(keys.fold(key, n + 1), len(signs))
        )
        text.append(str(drawn) if n % 2 == 0 else signs[drawn])
    return " ".join(text), worked(text, most)


def _written(ask: Ask) -> list[str]:
    """The question as it stands, number by number: ["12", "+", "34"]."""
    signs = "0123456789+-*"
    text = "".join(signs[token] for token in ask.obs.writing[: ask.obs.length].tolist() if token < len(signs))
    return re.findall(r"[0-9]+|[+*-]", text)


def worked(text: Sequence[str], most: int) -> int | None:
    """The value of "12 + 34" from left to right; None when a value leaves the range from 0 to `most`."""
    value = int(text[0])
    for sign, number in zip(text[1::2], text[2::2], strict=True):
        value = _applied(value, sign, int(number))
        if not 0 <= value <= most:
            return None
    return value


def _applied(value: int, sign: str, number: int) -> int:
    return value + number if sign == "+" else value - number if sign == "-" else value * number


def _answer(ask: Ask) -> Reply:
    text, most = _written(ask), int(ask.game.public.most)
    right = worked(text, most) or 0
    operators = len(text) // 2
    sure = (1 - SLIP) ** operators
    off = (1, -1, 10, -10)[keys.below(keys.fold(ask.key, 1), 4)]
    said = right if keys.uniform(ask.key) < sure or not 0 <= right + off <= most else right + off
    found = ask.game.parse(str(said), ask.obs, ask.legal)
    assert isinstance(found, list)
    why = f"{' '.join(text)} from left to right, sure of it to {sure:.2f}"
    return Reply(found, notes=_notes(ask, int(found[0][0]), sure, 2 * sure - 1, why))


def _notes(ask: Ask, token: int, share: float, value: float, why: str) -> dict[str, Any]:
    """The first token with its share, the others with what is left of it in equal parts."""
    rest = (1 - share) / max(1, len(ask.legal) - 1)
    weights = {other: share if other == token else rest for other in ask.legal}
    return {"policy": pane.policy(ask, weights, token), "value": value, "why": why}
