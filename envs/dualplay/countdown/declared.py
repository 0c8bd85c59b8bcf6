"""Countdown, part 1: the rules in words, the options, and what they change in the declaration.

Payoffs, claims and the history are those of every round of a proposer and its solvers: envs/dualplay/_round.py.
"""

from __future__ import annotations

from typing import Any

from envs.dualplay._round import ATTEMPTS, END, OPTIONS, PAID, SIGNS, count_words, traits
from envs.rules import Discrete, Option, Role, Spec, View

__all__ = [
    "COMMA", "DEPTH", "LEFT", "NAMES", "OVER", "PAD", "RIGHT", "SPEC", "VERDICTS", "WIDTH", "longest", "posed",
    "shaped", "symbols",
]  # fmt: skip

# ------------------------------------------------------------------ 1. the rules in words
OVER, LEFT, RIGHT = END + 1, END + 2, END + 3
WIDTH = RIGHT + 1
PAD, COMMA = WIDTH, WIDTH + 1
"""Tokens are those of every round, then / ( and ). PAD and COMMA stand in the views of a network alone."""
NAMES = SIGNS + "/()"
symbols = (*NAMES, "", ",")
"""How a language model writes each token; padding is not written."""
DEPTH = 4
"""Levels of brackets that four operators can make."""
VERDICTS = (
    "not judged yet", "valid", "no whole number in range", "a wrong claim of the target",
    "a copy of an earlier question",
)  # fmt: skip

RULES = """\
The proposer writes a calculation of {numbers} whole numbers from 1 to {highest}, with {signs}{brackets}.
Every value on the way must be a whole number from 0 to {most}. {claim}
Then the {solvers} see the numbers in ascending order and the target, not the calculation, and each once writes a
calculation that makes the target, each number used at most once, without seeing each other. A right one earns a solver one point.
The proposer earns nothing for an invalid question or a copy of an earlier one; else {payoff},
where p is the share of right answers and d the share of earlier questions that are unlike this one.
Write a whole calculation, for example {example}, to ask for {target} from {given}; a whole answer looks the same, for
example {answer}."""
WRITTEN = (
    "After the calculation the proposer writes the target that it claims; a wrong claim makes the question invalid."
)
COMPUTED = "Its value is the target, worked out by the rules."


def longest(operators: int, digits: int) -> int:
    """The tokens of the longest calculation and its end."""
    return digits * (operators + 1) + operators + 2 * (operators - 1) + 1


def posed(operators: int, digits: int, most: int) -> int:
    """The tokens of the longest question as a network reads it: numbers, a comma or = behind each, the target."""
    return (digits + 1) * (operators + 1) + len(str(most))


def shaped(
    attempts: int,
    operators: int,
    digits: int,
    most: int,
    claims: str,
    payoff: str,
    times: bool,
    over: bool,
    passage: bool,
) -> dict[str, Any]:
    """What the options change in SPEC. `scale` makes a fifth of a thousandth of an attempt's share a whole number."""
    long, claim = longest(operators, digits), len(str(most)) + 1
    room = max(long, posed(operators, digits, most))
    views = {"tokens": View((room + claim + long,), "uint8", 0, COMMA)}
    asks = {"question": View((posed(operators, digits, most),), "uint8", 0, COMMA)}
    return {
        "rules": RULES.format(**_words(attempts, operators, digits, most, claims, payoff, times, over)),
        "roles": (Role("proposer", 1, Discrete(WIDTH), views), Role("solver", attempts, Discrete(WIDTH), views | asks)),
        "traits": traits(attempts, passage),
        "limit": 2 * long + claim,
        "scale": 5000 * attempts,
    }


def _words(
    attempts: int, operators: int, digits: int, most: int, claims: str, payoff: str, times: bool, over: bool
) -> dict[str, Any]:
    signs = ["+", "-", *(["*"] if times else []), *(["/"] if over else [])]
    far = times and operators > 1 and most >= 27
    example, target, given, answer = (
        ("3 * (4 + 5)", 27, "3, 4 and 5", "(5 + 4) * 3") if far else ("4 + 5", 9, "4 and 5", "5 + 4")
    )
    brackets = " and brackets, each pair of which has an operator of its own inside" if operators > 1 else ""
    return {
        "numbers": count_words(operators + 1), "highest": 10**digits - 1, "most": most, "payoff": PAID[payoff], "target": target,
        "signs": f"{', '.join(signs[:-1])}{',' if brackets else ' or'} {signs[-1]}", "brackets": brackets, "given": given,
        "claim": WRITTEN if claims == "written" else COMPUTED, "answer": answer,
        "solvers": f"{attempts} solvers" if attempts > 1 else "solver",
        "example": f"{example} = {target}" if claims == "written" else example,
    }  # fmt: skip


OWN = {
    "operators": Option(3, 1, DEPTH, help="operators of a question at most; one number more"),
    "digits": Option(2, 1, 2, help="digits of a number at most"),
    "most": Option(999, 9, 9999, help="largest value on the way"),
    "times": Option(True, help="multiplication too"),
    "over": Option(True, help="division without a rest too"),
}
SPEC = Spec(
    "countdown", "Countdown", options=ATTEMPTS | OWN | OPTIONS, points=(0.0, 1.3),
    **shaped(4, 3, 2, 999, "computed", "gated", True, True, False),
)  # fmt: skip
