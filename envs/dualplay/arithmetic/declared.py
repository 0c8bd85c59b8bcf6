"""Arithmetic, part 1: the rules in words, the options, and what they change in the declaration.

Payoffs, claims and the history are those of every round of a proposer and its solvers: envs/dualplay/_round.py.
"""

from __future__ import annotations

from typing import Any

from envs.dualplay._round import ATTEMPTS, END, OPTIONS, PAID, SIGNS, count_words, traits
from envs.rules import Discrete, Option, Role, Spec, View

__all__ = ["PAD", "SPEC", "shaped", "symbols"]

# ------------------------------------------------------------------ 1. the rules in words
PAD = 15
"""What fills the views of a network; no action."""
symbols = (*SIGNS, "")
"""How a language model writes each token; padding is not written."""

RULES = """\
The proposer writes a calculation of {numbers} whole numbers with {signs} between them, each of at most {digits}, without
leading zeros. It is worked out from left to right, whatever the signs. Every value on the way must lie from 0 to {most}.
{claim} Then {solvers} each answer once, without seeing each other. A right answer earns a solver one point. The proposer earns
nothing for an invalid question or a copy of an earlier one; else {payoff}, where p is the share of right answers and d the
share of earlier questions that are unlike this one. Write a whole question, for example {example}, or a whole answer, for example 46."""
WRITTEN = "After the question the proposer writes the answer that it claims; a wrong claim makes the question invalid."
COMPUTED = "The right answer is computed by the rules."


def shaped(
    attempts: int, operators: int, digits: int, most: int, claims: str, payoff: str, times: bool, passage: bool
) -> dict[str, Any]:
    """What the options change in SPEC. `scale` makes a fifth of a thousandth of an attempt's share a whole number."""
    long, answer = (digits + 1) * (operators + 1), len(str(most)) + 1
    views = {"tokens": View((long + 2 * answer,), "uint8", 0, PAD), "question": View((long,), "uint8", 0, PAD)}
    example = "12 + 34 = 46" if claims == "written" else "12 + 34"
    words = {
        "numbers": count_words(operators + 1), "signs": "+, - or *" if times else "+ or -",
        "digits": "1 digit" if digits == 1 else f"{digits} digits",
        "most": most, "claim": WRITTEN if claims == "written" else COMPUTED, "payoff": PAID[payoff], "example": example,
        "solvers": f"{attempts} solvers" if attempts > 1 else "the solver",
    }  # fmt: skip
    return {
        "rules": RULES.format(**words),
        "roles": (Role("proposer", 1, Discrete(END + 1), views), Role("solver", attempts, Discrete(END + 1), views)),
        "traits": traits(attempts, passage),
        "limit": long + 2 * answer,
        "scale": 5000 * attempts,
    }


OWN = {
    "operators": Option(2, 1, 4, help="operators of a question at most"),
    "digits": Option(2, 1, 3, help="digits of a number at most"),
    "most": Option(99, 9, 9999, help="largest value on the way"),
    "times": Option(False, help="multiplication too"),
}
SPEC = Spec(
    "arithmetic", "Arithmetic", options=ATTEMPTS | OWN | OPTIONS, points=(0.0, 1.3),
    **shaped(4, 2, 2, 99, "computed", "gated", False, False),
)  # fmt: skip
