"""Questions by rote: a proposer who asks for a calculation with numbers of its passage, a solver who slips, a verifier.

The verifier compares values with math-verify (`pip install 'palaestra[maths]'`). Towers of powers, factorials and the like are not given to
it: working them out may take for ever, and such answers are right only letter by letter.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from arena.agent import Ask, Reply
from envs import keys
from envs.extras import demand
from envs.game import Game

__all__ = ["act", "equal", "fits"]

SLIP = 0.25
_ASKED = re.compile(r"how much is (\d+) ([-+*/]) (\d+) ([-+*/]) (\d+)\?", re.IGNORECASE)
_HEAVY = re.compile(
    r"\^.*\^|\*\*.*\*\*|\^.{0,2}\d{3}|\*\*.{0,2}\d{3}|!|\d{30}|\\(sum|prod|int|binom|lim)|factorial|gamma|zeta",
    re.IGNORECASE,
)


def fits(game: Game) -> None:
    """Raises UserError where a verifier is needed and cannot be had."""
    if any(role.name == "verifier" for role in game.spec.roles):
        demand("maths", "the scripted verifier", "or play with compare=exact")


def act(ask: Ask, options: Mapping[str, Any]) -> Reply:
    """One text of the seat's role."""
    role = ask.game.spec.role(ask.seat).name
    text, why = {"proposer": _propose, "solver": _solve, "verifier": _verify}[role](ask)
    return Reply([text], notes={"policy": [(text, 1.0)], "value": 0.0, "why": why})


def _propose(ask: Ask) -> tuple[str, str]:
    """A calculation of three numbers, the first of them from the passage, whose value does not stand in it."""
    read = [int(n) for n in re.findall(r"\d{1,4}", ask.obs.passage)] or [12]
    for n in range(60):
        key = keys.fold(ask.key, n)
        first = read[keys.below(keys.fold(key, 0), len(read))]
        more = [2 + keys.below(keys.fold(key, i), 18) for i in (1, 2)]
        signs = ["+-*/"[keys.below(keys.fold(key, 3 + i), 4)] for i in (0, 1)]
        value = _value(first, signs[0], more[0], signs[1], more[1])
        if value not in (first, *more) and value.denominator not in (first, *more):
            break
    question = f"How much is {first} {signs[0]} {more[0]} {signs[1]} {more[1]}?"
    return f"question: {question} answer: {value}", "a calculation with a number of the passage"


def _value(a: int, sign: str, b: int, then: str, c: int) -> Fraction:
    """With multiplication and division first."""
    if then in "*/" and sign in "+-":
        right = Fraction(b) * c if then == "*" else Fraction(b, c)
        return a + right if sign == "+" else a - right
    left = {"+": Fraction(a + b), "-": Fraction(a - b), "*": Fraction(a * b), "/": Fraction(a, b)}[sign]
    return {"+": left + c, "-": left - c, "*": left * c, "/": left / c}[then]


def _solve(ask: Ask) -> tuple[str, str]:
    """The value, as a decimal number where it has an end and chance says so; now and then one more."""
    match = _ASKED.fullmatch(ask.obs.question)
    if match is None:
        return "answer: unknown", "the question is no calculation that this solver reads"
    value = _value(int(match[1]), match[2], int(match[3]), match[4], int(match[5]))
    slipped = keys.uniform(ask.key) < SLIP
    said = value + 1 if slipped else value
    decimal = 10**4 % said.denominator == 0 and keys.below(keys.fold(ask.key, 1), 2) == 1
    return f"answer: {float(said):.10g}" if decimal else f"answer: {said}", f"sure of it to {1 - SLIP:.2f}"


def _verify(ask: Ask) -> tuple[str, str]:
    right, reason = equal(ask.obs.task["claim"], ask.obs.task["answer"])
    return f"{'right' if right else 'wrong'}: {reason}", "compared by math-verify"


def equal(claim: str, answer: str) -> tuple[bool, str]:
    """Whether math-verify takes two answers for one value, and the reason in one line."""
    if _HEAVY.search(claim) or _HEAVY.search(answer):
        return False, "too heavy to be worked out, and other letters"
    from math_verify import parse, verify  # noqa: PLC0415  it loads sympy

    # Its own time limits need the main thread, which a match may not have; that they are off is nothing to warn of.
    logging.getLogger("math_verify").setLevel(logging.ERROR)
    try:
        one, two = (parse(_plain(text), parsing_timeout=0) for text in (claim, answer))
        if not one or not two:
            return False, "math-verify reads no value in one of them"
        same = bool(verify(one, two, timeout_seconds=0))
    except Exception as error:  # noqa: BLE001  whatever an answer makes sympy raise is no reason to stop a match
        return False, f"math-verify failed with {type(error).__name__}"
    return same, "math-verify finds the same value" if same else "math-verify finds another value"


def _plain(text: str) -> str:
    """TeX that nobody has marked as such is marked."""
    return f"${text}$" if "\\" in text and "$" not in text else text
