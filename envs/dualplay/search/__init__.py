"""Search: a proposer is given an answer and digs up a question for it, solvers find the answer with at most ten searches each.

After Search Self-play (arXiv 2510.18821), over a world of our own: a consistent graph of facts, and documents that tell them, searched by
BM25. Same: the filters, the verification with four foreign documents, both payoffs, an invalid question that pays nothing and is replaced.
Changed: the searcher names what it looks for in place of free text, a reader of facts verifies in place of a model, a second answer makes
a question invalid as well, the number of steps is demanded, what replaces a question is drawn by the rules. `search_text` is the same game
in free text. Parts: declared (words and options), relations and world (what is searched), played (state and rules), worded, drawn.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.dualplay.search.declared import INVALID, PAYOFFS, SPEC, shaped, sizes
from envs.dualplay.search.drawn import draw
from envs.dualplay.search.fields import FACT, LETTERS, seen_fields, setting, state_fields
from envs.dualplay.search.played import acting, encode_flat, init, legal, observe, play
from envs.dualplay.search.relations import TYPES
from envs.dualplay.search.worded import form, metrics, name, parse, say, tell
from envs.dualplay.search.world import world
from envs.record_game import RecordGame
from envs.rules import observation, state

__all__ = [
    "SPEC", "TYPES", "acting", "build", "draw", "encode_flat", "form", "init", "legal", "metrics", "name", "observe", "parse", "play",
    "say", "sizes", "tell",
]  # fmt: skip


def build(**options: Any) -> RecordGame:
    """See SPEC.options. The configuration holds the world, and room for earlier questions, `known` of which are filled in."""
    given = {name: option.default for name, option in SPEC.options.items()} | options
    entities, attempts, calls, noise = (given[name] for name in ("entities", "attempts", "calls", "noise"))
    made = SPEC.replace(**shaped(entities, attempts, calls, noise, given["payoff"], given["invalid"]))
    known = world(given["world"], entities)
    told = [(s, r, o, known.told[s][r]) for s, r, o in known.facts()]
    values = {name: given[name] for name in ("hops", "calls", "noise")}
    values |= {"payoff": PAYOFFS.index(given["payoff"]), "invalid": INVALID.index(given["invalid"])}
    values |= {"names": _letters(known.names), "kinds": known.kinds, "hits": known.hits()}
    values |= {"many": len(told), "facts": np.array(told + [(0, 0, 0, 0)] * (3 * entities - len(told)), FACT)}
    return RecordGame(
        globals(), made, state=state(*state_fields(entities, attempts)), values=values, config=setting(entities, given["history"]),
        observations={"*": observation(*seen_fields(entities, attempts))},
    )  # fmt: skip


def _letters(names: list[str]) -> np.ndarray:
    """Names as rows of character codes, zero behind."""
    rows = np.zeros((len(names), LETTERS), np.int8)
    for row, called in zip(rows, names, strict=True):
        row[: len(called)] = [ord(letter) for letter in called]
    return rows
