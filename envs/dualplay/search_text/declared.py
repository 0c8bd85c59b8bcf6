"""Search in free text, part 1: the rules in words, the options, and what they change in the declaration."""

from __future__ import annotations

from typing import Any

from envs.rules import Option, Role, Spec, Text

__all__ = ["CHECKS", "FEWEST_WORDS", "OPTIONS", "PAYOFFS", "SPEC", "shaped"]

# ------------------------------------------------------------------ 1. the rules in words
PAYOFFS = ("ssp", "balanced")
SHORTEST, LONGEST, FEWEST_WORDS = 10, 1000, 10
"""Characters and words of a question; those of Search Self-play."""
QUERY, ANSWER, REASON, SHELF = 200, 200, 300, 12_000
"""Characters at most of a query, of an answer, of a judge's reason, of what the library shows at once."""
CHECKS = (
    ("documents", "some document was found", "no document was found"),
    ("terms", "two searches or more, none repeated", "fewer than two searches, or one repeated"),
    ("length", f"{SHORTEST} to {LONGEST} characters", f"fewer than {SHORTEST} or more than {LONGEST} characters"),
    ("words", f"{FEWEST_WORDS} words or more", f"fewer than {FEWEST_WORDS} words"),
    ("answer", "the answer does not stand in the question", "the answer stands in the question"),
    ("copy", "no copy of an earlier question", "a copy of an earlier question"),
    ("reader", "the judge finds the answer in the documents", "the judge does not find the answer in the documents"),
)
"""(name, what is said of a question that passes, of one that fails) of every filter, in the order in which they are judged."""

RULES = """\
A proposer is given an answer and writes a question for it, after searching a library: each search shows the three documents that fit best.
It has at most {calls} searches and should use {hops} or more, each with other words. The question has {shortest} to {longest} characters
and ten words at least, and the answer must not stand in it. A judge, who reads the proposer's documents and {noise} others and searches
nothing, must find the answer. Then {solvers} with {calls} searches each, without seeing each other. A right answer earns a point; the
proposer earns {payoff}, where s is the share of right answers, and nothing for an invalid question, which ends the game.
The proposer answers with search: WORDS, or with ask: QUESTION; a solver with search: WORDS, or answer: NAME. The library answers with JSON,
a list of objects with title and text. The judge, who reads, writes answer: NAME, or none; and, who compares two answers, same: REASON or
different: REASON."""
PAID = {"ssp": "1 - s", "balanced": "4 s (1 - s)"}


def shaped(attempts: int, calls: int, noise: int, payoff: str) -> dict[str, Any]:
    """What the options change in SPEC."""
    told = {
        "calls": calls, "noise": noise, "payoff": PAID[payoff], "shortest": SHORTEST, "longest": LONGEST, "hops": "as many as it is told",
        "solvers": f"{attempts} solvers answer," if attempts > 1 else "a solver answers,",
    }  # fmt: skip
    roles = (
        Role("proposer", 1, Text(LONGEST + 8)),
        Role("solver", attempts, Text(QUERY + 8)),
        Role("library", 1, Text(SHELF)),
        Role("judge", 1, Text(REASON + 16)),
    )
    return {
        "rules": RULES.format(**told),
        "roles": roles,
        "traits": frozenset({"hidden", "chance", "apart"} | ({"simultaneous"} if attempts > 1 else set())),
        "limit": 2 * calls + 4 + (calls + 1) + attempts * (calls + 1),
        "scale": attempts * attempts,
    }


OPTIONS = {
    "entities": Option(40, 16, 96, help="lands, towns, houses, persons and books together"),
    "world": Option(0, 0, (1 << 31) - 1, help="the seed of the world"),
    "attempts": Option(2, 1, 8, help="solvers"),
    "hops": Option(3, 1, 5, help="searches that a proposer is told to use at most; each episode draws its number"),
    "calls": Option(10, 2, 10, help="searches of each seat"),
    "noise": Option(4, 0, 8, help="foreign documents that a question is verified with"),
    "payoff": Option("ssp", choices=PAYOFFS, help="what the proposer earns: 1 - s, or 4 s (1 - s)"),
}
SPEC = Spec(
    "search_text", "Search in free text", options=OPTIONS, points=(0.0, 1.0), **shaped(2, 10, 4, "ssp")
)  # fmt: skip
