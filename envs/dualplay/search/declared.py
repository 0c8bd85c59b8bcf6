"""Search, part 1: the rules in words, the options, and what they change in the declaration.

The payoffs are those of Search Self-play (arXiv 2510.18821): 1 - s, or 4 s (1 - s), where s is the share of solvers who are right.
"""

from __future__ import annotations

from typing import Any

from envs.dualplay.search.relations import ASPECTS, READINGS, STEPS
from envs.rules import Discrete, Option, Role, Spec, View

__all__ = [
    "CHECKS",
    "FAILED",
    "FOREIGN",
    "HOPS",
    "INVALID",
    "OPTIONS",
    "PASSED",
    "PAYOFFS",
    "SPEC",
    "UNKNOWN",
    "shaped",
    "sizes",
]

# ------------------------------------------------------------------ 1. the rules in words
PAYOFFS = ("ssp", "balanced")
HOPS, FOREIGN = 5, 8
"""The most steps of a question, and the most foreign documents that it is verified with."""
UNKNOWN, PASSED, FAILED = range(3)
CHECKS = (
    ("documents", "some document was found", "no document was found"),
    ("terms", "two searches or more, none repeated", "fewer than two searches, or one repeated"),
    ("steps", "as many steps as asked for", "fewer steps than asked for"),
    ("answer", "the answer does not stand in the question", "the answer stands in the question"),
    ("copy", "no copy of an earlier question", "a copy of an earlier question"),
    ("reader", "a reader of the documents finds the answer", "a reader of the documents does not find the answer"),
    ("single", "the documents have no other answer", "the documents have another answer as well"),
)
"""(name, what is said of a question that passes, of one that fails) of every filter, in the order in which they are told."""

RULES = """\
A proposer is given an answer and a number of steps, and must dig up a question for it in a library about {entities} lands, towns, houses,
persons and books. A search names somebody or something that is known already, alone or with one of nine relations, and shows the three
documents that fit best; what they name is known from then on. After at most {calls} searches the proposer writes a question: a name to
start from, then step by step where to go from there. A reader who has the proposer's documents and {noise} others must find the answer,
and no other; the answer itself must not stand in the question, no search may be repeated, no earlier question copied. Then {solvers} have
{calls} searches each, without seeing each other, and answer with a name that they know. A right answer earns a point; the proposer earns
{payoff}, where s is the share of right answers, and nothing for an invalid question{instead}.
Answer for example: search NAME; search NAME about author; start NAME; step {step}; ask; answer NAME."""
PAID = {"ssp": "1 - s", "balanced": "4 s (1 - s)"}
INVALID = ("replaced", "ends", "played")
INSTEAD = {
    "replaced": ", which is replaced by one of the rules",
    "ends": ", which ends the game",
    "played": " - here it is played all the same",
}


def sizes(entities: int) -> tuple[int, int, int, int]:
    """Where each kind of act begins: searches (entity by entity, aspect by aspect), names, steps, and the end of a question."""
    return 0, entities * ASPECTS, entities * (ASPECTS + 1), entities * (ASPECTS + 1) + READINGS


def shaped(entities: int, attempts: int, calls: int, noise: int, payoff: str, invalid: str) -> dict[str, Any]:
    """What the options change in SPEC."""
    words = {
        "entities": entities, "calls": calls, "noise": noise, "solvers": f"{attempts} solvers" if attempts > 1 else "the solver",
        "payoff": PAID[payoff], "step": STEPS[2], "instead": INSTEAD[invalid],
    }  # fmt: skip
    actions = Discrete(sizes(entities)[3] + 1)
    views = {"flat": View((entities * (2 + ASPECTS) + (HOPS * READINGS) + entities + 2,), "float32")}
    return {
        "rules": RULES.format(**words),
        "roles": (Role("proposer", 1, actions, views), Role("solver", attempts, actions, views)),
        "traits": frozenset({"hidden", "chance", "apart"} | ({"simultaneous"} if attempts > 1 else set())),
        "limit": calls + 1 + HOPS + 1 + calls + 1,
        "scale": attempts * attempts,
    }


OPTIONS = {
    "entities": Option(40, 16, 96, help="lands, towns, houses, persons and books together"),
    "world": Option(0, 0, (1 << 31) - 1, help="the seed of the world"),
    "attempts": Option(3, 1, 8, help="solvers"),
    "hops": Option(3, 1, HOPS, help="steps of a question at most; each episode draws its number"),
    "calls": Option(10, 2, 10, help="searches of each seat"),
    "noise": Option(4, 0, FOREIGN, help="foreign documents that a question is verified with"),
    "payoff": Option("ssp", choices=PAYOFFS, help="what the proposer earns: 1 - s, or 4 s (1 - s)"),
    "invalid": Option(
        "replaced", choices=INVALID,
        help="an invalid question: the rules replace it, it ends the game, or it is played and paid, to show what that does",
    ),
    "history": Option(64, 0, 4096, help="room for earlier questions, which whoever trains puts into the configuration"),
}  # fmt: skip
SPEC = Spec("search", "Search", options=OPTIONS, points=(0.0, 1.0), **shaped(40, 3, 10, 4, "ssp", "replaced"))
