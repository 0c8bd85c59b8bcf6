"""Questions, part 1: the rules in words, the options, and what they change in the declaration.

The payoffs are those of PasoDoble (arXiv 2511.11881) and of Search Self-play (arXiv 2510.18821).
"""

from __future__ import annotations

from typing import Any

from envs.rules import Option, Role, Spec, Text

__all__ = ["CHECKS", "OPTIONS", "PAYOFFS", "SPEC", "shaped"]

# ------------------------------------------------------------------ 1. the rules in words
PAYOFFS = ("pasodoble", "ssp", "balanced")
SHORTEST, LONGEST, ANSWER, REASON = 10, 1000, 400, 300
"""Characters of a question, and at most of an answer and of a verifier's reason."""
CHECKS = (
    ("length", f"{SHORTEST} to {LONGEST} characters", f"fewer than {SHORTEST} or more than {LONGEST} characters"),
    ("answer", "the answer does not stand in the question", "the answer stands in the question"),
    ("question", "the question does not stand in the answer", "the question stands in the answer"),
    ("boxed", "nothing in the question is boxed", "the question holds a boxed expression"),
    ("copy", "no copy of an earlier question", "a copy of an earlier question"),
)
"""(name, what is said of a question that passes, of one that fails) of every filter, in the order in which they are told."""

RULES = """\
A proposer reads a passage that nobody else sees and writes a question with its answer. The question has {shortest} to {longest} characters;
neither may stand in the other, nothing in the question may be boxed, no earlier question be copied. Then {solvers} without seeing
each other. {compared} A right answer earns a point. The proposer earns {payoff}, where p is the share of right answers and d the share of
earlier questions that are unlike this one, and nothing for an invalid question, which ends the game. The proposer writes question: TEXT
answer: TEXT, for example question: How much is 12 times 7? answer: 84; a solver writes answer: TEXT{last}"""
PAID = {"pasodoble": "1.1 - p + 0.2 d if p > 0.2 and d > 0.3, else nothing", "ssp": "1 - p", "balanced": "4 p (1 - p)"}
EXACT = "An answer is right when it is the proposer's, letter by letter, but for case, spaces and a full stop."
MATHS = "An answer is right when it is the proposer's letter by letter, or when a verifier says that both have the same value."


def shaped(attempts: int, compare: str, payoff: str) -> dict[str, Any]:
    """What the options change in SPEC; where rules compare alone there is no verifier."""
    exact = compare == "exact"
    told = {
        "shortest": SHORTEST, "longest": LONGEST, "payoff": PAID[payoff], "compared": EXACT if exact else MATHS,
        "solvers": f"{attempts} solvers answer it once," if attempts > 1 else "a solver answers it once,",
        "last": "." if exact else "; the verifier writes right: REASON, or wrong: REASON.",
    }  # fmt: skip
    roles = (Role("proposer", 1, Text(LONGEST + ANSWER + 32)), Role("solver", attempts, Text(ANSWER + 8)))
    return {
        "rules": RULES.format(**told),
        "roles": roles if exact else (*roles, Role("verifier", 1, Text(REASON + 8))),
        "traits": frozenset({"hidden", "chance", "apart"} | ({"simultaneous"} if attempts > 1 else set())),
        "limit": 2 + (0 if exact else attempts),
        "scale": 5000 * attempts,
    }


OPTIONS = {
    "passages": Option("", help='a folder of JSON lines, each {"text": ...}, to read; empty: some built-in ones', place=True),
    "keep": Option(64, 1, 512, help="passages that are taken from the folder at most"),
    "draw": Option(0, 0, (1 << 31) - 1, help="the seed that says which"),
    "attempts": Option(3, 1, 16, help="solvers"),
    "compare": Option("exact", choices=("exact", "maths"), help="how answers are compared: by the rules, or by a verifier in a seat"),
    "payoff": Option("pasodoble", choices=PAYOFFS, help="what the proposer earns"),
}  # fmt: skip
SPEC = Spec("questions", "Questions", options=OPTIONS, points=(0.0, 1.3), **shaped(3, "exact", "pasodoble"))
