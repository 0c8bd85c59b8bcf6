"""Arithmetic: a proposer writes a calculation token by token, several solvers answer it at once, each on its own.

The grammar is the legal mask. Valid means: every value lies in the range, the claim is true (written by the proposer, or computed by
the rules), no copy of an earlier question. Earlier questions are configuration that whoever trains replaces between batches; a replay
stores them. Changed from PasoDoble: diversity compares (position, number) and (position, operator), because sets of characters cannot
tell 12+34 from 34+12. Parts: declared (words and options), played (state and rules), worded, drawn.
"""

from __future__ import annotations

from typing import Any

from envs.dualplay import _round
from envs.dualplay._round import acting
from envs.dualplay.arithmetic.declared import SPEC, shaped, symbols
from envs.dualplay.arithmetic.drawn import draw
from envs.dualplay.arithmetic.examples import cells, problem
from envs.dualplay.arithmetic.played import encode_question, encode_tokens, fields, init, legal, observe, play, setting
from envs.dualplay.arithmetic.worded import form, metrics, name, parse, say, tell
from envs.record_game import RecordGame
from envs.rules import observation, state

__all__ = [
    "SPEC", "acting", "build", "cells", "draw", "encode_question", "encode_tokens", "form", "init", "legal", "metrics", "name",
    "observe", "parse", "play", "problem", "say", "symbols", "tell",
]  # fmt: skip


def build(**options: Any) -> RecordGame:
    """See SPEC.options. The configuration has room for `history` earlier questions, `known` of which are filled in."""
    given = {name: option.default for name, option in SPEC.options.items()} | options
    attempts, operators, digits, most = (given[name] for name in ("attempts", "operators", "digits", "most"))
    made = SPEC.replace(
        **shaped(attempts, operators, digits, most, given["claims"], given["payoff"], given["times"], given["passage"])
    )
    both = fields(attempts, operators, digits, most)
    values = {name: given[name] for name in ("most", "operators", "digits", "times")} | _round.values(given)
    return RecordGame(
        globals(), made, state=state(*both), observations={"*": observation(*both)}, config=setting(operators, given["history"]),
        values=values,
    )  # fmt: skip
