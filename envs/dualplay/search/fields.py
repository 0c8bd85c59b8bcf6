"""Search, part 2: the state, what seats see of it, and the configuration, which holds the world and what each query finds."""

from __future__ import annotations

from typing import Any

from envs.dualplay.search.declared import CHECKS, FOREIGN, HOPS
from envs.dualplay.search.relations import ASPECTS, BACK
from envs.dualplay.search.world import SHOWN
from envs.rules import config, nested

__all__ = ["FACT", "LETTERS", "QUESTION", "seen_fields", "setting", "state_fields"]

LETTERS = 12
# ------------------------------------------------------------------ 2. the state
QUESTION = nested(("start", "i2"), ("length", "i1"), ("steps", "i1", (HOPS,)))
"""A name to start from, -1 while there is none, and the readings to follow from it."""
FACT = nested(("subject", "i2"), ("relation", "i1"), ("object", "i2"), ("told", "i1"))
"""told: SUBJECT, OBJECT or BOTH, whose document tells it."""


def setting(entities: int, history: int) -> Any:
    """The options that are data; the names and kinds of the entities; hidden: facts, who tells them, what searches find."""
    numbers = (("hops", "i1"), ("calls", "i1"), ("noise", "i1"), ("payoff", "i1"), ("invalid", "i1"), ("known", "i4"))
    names = (("names", "i1", (entities, LETTERS)), ("kinds", "i1", (entities,)))
    facts = (("many", "i2"), ("facts", FACT, (3 * entities,)))
    hits = ("hits", "i2", (entities, ASPECTS, SHOWN))
    past = ("history", QUESTION, (max(history, 1),))
    return config(*numbers, *names, *facts, hits, past, hidden=("many", "facts", "hits"))


def both(entities: int, attempts: int) -> tuple[tuple[Any, ...], ...]:
    """What state and observation share.

    stage 0: the proposer searches, 1: it writes, 2: solvers search and answer, 3: over; target: the answer; hops: the steps asked for;
    calls: searches of each seat, and log: which (entity * ASPECTS + aspect); asked: the proposer's question; checks: UNKNOWN, PASSED or
    FAILED for each of CHECKS; verdict: 0 open, 1 valid, else 2 and the number of the first filter that failed; foreign: documents of the
    reader that the proposer had not found, -1 where there are none; found: what the reader found; fitting: how many answers the question
    has in the whole world; posed and sought: the question that solvers have, its answer; answers (-1: none yet) and right of each solver.
    """
    seats = 1 + attempts
    now = (("stage", "i1"), ("target", "i2"), ("hops", "i1"), ("verdict", "i1"), ("fitting", "i2"), ("asked", QUESTION))
    each = (("calls", "i1", (seats,)), ("log", "i2", (seats, 10)))
    judged = (("checks", "i1", (len(CHECKS),)), ("foreign", "i2", (FOREIGN,)), ("found", "i1", (entities,)))
    solved = (("posed", QUESTION), ("sought", "i2"), ("answers", "i2", (attempts,)), ("right", "i1", (attempts,)))
    return *now, *each, *judged, *solved


def state_fields(entities: int, attempts: int) -> tuple[tuple[Any, ...], ...]:
    """... and the documents that each seat has read, the entities that it has seen, and the documents of the reader."""
    each = (1 + attempts, entities)
    return *both(entities, attempts), ("read", "i1", each), ("seen", "i1", each), ("shelf", "i1", (entities,))


def seen_fields(entities: int, attempts: int) -> tuple[tuple[Any, ...], ...]:
    """... and what the seat has read and seen, and the facts that its documents tell (object + 1, 0 where nothing is known)."""
    return (
        *both(entities, attempts),
        ("read", "i1", (entities,)),
        ("seen", "i1", (entities,)),
        ("facts", "i2", (entities, BACK)),
    )
