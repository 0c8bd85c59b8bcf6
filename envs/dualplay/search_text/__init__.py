"""Search in free text: the game `search` for language models, with a library and a judge that are seats.

A game of its own, because its seats, its acts and its kind are others: a name stands for one declaration, one rating and one golden
recording, and whoever opens `search` to train on records should not have to ask which of two games it is. Library and judge are seats,
because a search and a model's verdict are no functions of state and key: their words are acts, recorded, and not asked for again when a
recording is verified. After Search Self-play (arXiv 2510.18821). Same: filters, four foreign documents, exact match before the judge,
payoffs. Changed: a judge that fails does not pass a question, it ends the match; an invalid question ends the game.
"""

from __future__ import annotations

from typing import Any

from envs.dualplay._prose import squeezed, unfit, words
from envs.dualplay.search.relations import KINDS, STEPS, TYPES, WORDS, facts_in, step_words
from envs.dualplay.search.world import world
from envs.dualplay.search_text.declared import SPEC, shaped
from envs.dualplay.search_text.drawn import draw
from envs.dualplay.search_text.played import acting, init, legal, observe, play
from envs.dualplay.search_text.worded import example, form, metrics, name, parse, say, tell
from envs.plain import PlainGame

__all__ = [
    "KINDS", "SPEC", "STEPS", "TYPES", "WORDS", "acting", "build", "draw", "example", "facts_in", "form", "init", "legal", "metrics",
    "name", "observe", "parse", "play", "say", "squeezed", "step_words", "tell", "unfit", "words", "world",
]  # fmt: skip


def build(**options: Any) -> PlainGame:
    """See SPEC.options. `history` of the configuration holds earlier questions (their letters and digits), for whoever trains."""
    given = {name: option.default for name, option in SPEC.options.items()} | options
    made = SPEC.replace(**shaped(given["attempts"], given["calls"], given["noise"], given["payoff"]))
    setting = {name: given[name] for name in ("attempts", "hops", "calls", "noise", "payoff", "world")}
    names = list(world(given["world"], given["entities"]).names)
    return PlainGame(globals(), made, config=setting | {"names": names, "history": []}, hidden=("names", "world"))
