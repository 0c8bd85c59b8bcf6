"""Arithmetic, part 1: the rules in words, the options, and what they change in the declaration.

The payoffs are those of PasoDoble (arXiv 2511.11881: 1.1 - p + 0.2 d above its gates), Search Self-play (arXiv 2510.18821: 1 - p, or
4 p (1 - p)) and SvS (arXiv 2508.14029: the band from 0.125 to 0.625); "gated" is ours: nothing for what every solver can do.
"""

from __future__ import annotations

from typing import Any

from envs.rules import Discrete, Option, Role, Spec, View

__all__ = [
    "ASK", "CLAIM", "COPY", "END", "MINUS", "OPEN", "OPTIONS", "PAD", "PAYOFFS", "PLUS", "RANGE", "SIGNS", "SPEC", "TIMES", "VALID",
    "VERDICTS", "shaped",
]  # fmt: skip

# ------------------------------------------------------------------ 1. the rules in words
PLUS, MINUS, TIMES, ASK, END, PAD = 10, 11, 12, 13, 14, 15
SIGNS = "0123456789+-*=."
"""Token t is written SIGNS[t]; the last ends a number. PAD fills the views of a network and is no action."""
OPEN, VALID, RANGE, CLAIM, COPY = range(5)
VERDICTS = ("not judged yet", "valid", "a value outside of the range", "a wrong claim", "a copy of an earlier question")
PAYOFFS = ("pasodoble", "gated", "ssp", "balanced", "band")

RULES = """\
The proposer writes a calculation of two to {numbers} whole numbers with {signs} between them, each of at most {digits}, without
leading zeros. It is worked out from left to right, whatever the signs. Every value on the way must lie from 0 to {most}.
{claim} Then {solvers} each answer once, without seeing each other. A right answer earns a solver one point. The proposer earns
nothing for an invalid question or a copy of an earlier one; else {payoff}, where p is the share of right answers and d the
share of earlier questions that are unlike this one. Write a whole question, for example {example}, or a whole answer, for example 46."""
PAID = {
    "pasodoble": "1.1 - p + 0.2 d if p > 0.2 and d > 0.3, else nothing",
    "gated": "1.1 - p + 0.2 d if 0.2 < p < 1 and d > 0.3, else nothing",
    "ssp": "1 - p",
    "balanced": "4 p (1 - p)",
    "band": "1 if p lies from 0.125 to 0.625, else nothing",
}
WRITTEN = "After the question the proposer writes the answer that it claims; a wrong claim makes the question invalid."
COMPUTED = "The right answer is computed by the rules."


def shaped(
    attempts: int, operators: int, digits: int, most: int, claims: str, payoff: str, times: bool, passage: bool
) -> dict[str, Any]:
    """What the options change in SPEC. `scale` makes a fifth of a thousandth of an attempt's share a whole number."""
    long, answer = (digits + 1) * (operators + 1), len(str(most)) + 1
    views = {"tokens": View((long + 2 * answer,), "uint8", 0, PAD)}
    example = "12 + 34 = 46" if claims == "written" else "12 + 34"
    words = {
        "numbers": operators + 1, "signs": "+, - or *" if times else "+ or -", "digits": "1 digit" if digits == 1 else f"{digits} digits",
        "most": most, "claim": WRITTEN if claims == "written" else COMPUTED, "payoff": PAID[payoff], "example": example,
        "solvers": f"{attempts} solvers" if attempts > 1 else "the solver",
    }  # fmt: skip
    return {
        "rules": RULES.format(**words),
        "roles": (Role("proposer", 1, Discrete(END + 1), views), Role("solver", attempts, Discrete(END + 1), views)),
        "traits": frozenset(
            {"hidden"} | ({"simultaneous"} if attempts > 1 else set()) | ({"chance"} if passage else set())
        ),
        "limit": long + 2 * answer,
        "scale": 5000 * attempts,
    }


OPTIONS = {
    "attempts": Option(4, 1, 16, help="solvers"),
    "operators": Option(2, 1, 4, help="operators of a question at most"),
    "digits": Option(2, 1, 3, help="digits of a number at most"),
    "most": Option(99, 9, 9999, help="largest value on the way"),
    "times": Option(False, help="multiplication too"),
    "claims": Option("computed", choices=("computed", "written"), help="who says what the right answer is"),
    "payoff": Option("gated", choices=PAYOFFS, help="what the proposer earns"),
    "passage": Option(False, help="the rules write the first number and operator"),
    "gate": Option(
        True, help="an invalid question ends the game; else a written claim counts as right, to show what that does"
    ),
    "alike": Option(
        400, 0, 1000, help="questions that share more of their parts than this (per mille, Jaccard) are alike"
    ),
    "history": Option(64, 0, 4096, help="room for earlier questions, which whoever trains puts into the configuration"),
}
SPEC = Spec(
    "arithmetic", "Arithmetic", options=OPTIONS, points=(0.0, 1.3),
    **shaped(4, 2, 2, 99, "computed", "gated", False, False),
)  # fmt: skip
