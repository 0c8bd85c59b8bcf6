"""Countdown: a proposer hides a calculation in its numbers and their target, several solvers look for one at once, each on its own.

The grammar is the legal mask: the proposer writes a calculation, solvers see its numbers in ascending order and its value, and write a
calculation of these numbers, each used at most once. Whatever makes the target is right: it is worked out, not compared with the hidden
one. Valid means: every value on the way is a whole number in range, the claimed target is true (written by the proposer, or computed by
the rules), no earlier question has the same numbers and target. Diversity compares numbers and targets. Parts: declared (words and
options), grammar, worked and played (state and rules), worded, drawn.
"""

from __future__ import annotations

from typing import Any

from envs.dualplay import _round
from envs.dualplay._round import acting
from envs.dualplay.countdown.declared import SPEC, shaped, symbols
from envs.dualplay.countdown.drawn import draw
from envs.dualplay.countdown.examples import cells, claimed, problem
from envs.dualplay.countdown.played import (
    encode_question,
    encode_tokens,
    fields,
    init,
    legal,
    observe,
    play,
    setting,
    stack,
)
from envs.dualplay.countdown.worded import form, metrics, name, parse, say, tell
from envs.record_game import RecordGame
from envs.rules import observation, state

__all__ = [
    "SPEC", "acting", "build", "cells", "claimed", "draw", "encode_question", "encode_tokens", "form", "init", "legal", "metrics", "name",
    "observe", "parse", "play", "problem", "say", "symbols", "tell",
]  # fmt: skip


def build(**options: Any) -> RecordGame:
    """See SPEC.options. The configuration has room for `history` earlier questions, `known` of which are filled in."""
    given = {name: option.default for name, option in SPEC.options.items()} | options
    shape = [given[name] for name in ("attempts", "operators", "digits", "most")]
    more = [given[name] for name in ("claims", "payoff", "times", "over", "passage")]
    both = fields(*shape)
    values = {name: given[name] for name in ("most", "operators", "digits", "times", "over")} | _round.values(given)
    return RecordGame(
        globals(), SPEC.replace(**shaped(*shape, *more)), state=state(*both, ("stack", stack)),
        observations={"*": observation(*both)}, config=setting(given["operators"], given["history"]), values=values,
    )  # fmt: skip
