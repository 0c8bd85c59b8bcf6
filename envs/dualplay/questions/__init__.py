"""Questions: a proposer reads a passage and writes a question with its answer, solvers answer it, all in free text.

After PasoDoble (arXiv 2511.11881). Same: its malformed questions, its payoff with both gates, diversity as the share of the last hundred
questions whose words are unlike. Changed: passages are the user's own; a verifier that compares values (math-verify, or a model) is a seat,
so that each verdict is recorded with its reason; without one the rules compare letters. Parts: declared (words and options), passages (the
user's folder), played (state and rules), worded, drawn.
"""

from __future__ import annotations

from typing import Any

from envs.dualplay._prose import unfit
from envs.dualplay.questions.declared import SPEC, shaped
from envs.dualplay.questions.drawn import draw
from envs.dualplay.questions.passages import read
from envs.dualplay.questions.played import acting, init, legal, observe, play
from envs.dualplay.questions.worded import example, form, metrics, name, parse, say, tell
from envs.plain import PlainGame

__all__ = [
    "SPEC", "acting", "build", "draw", "example", "form", "init", "legal", "metrics", "name", "observe", "parse", "play", "say", "tell",
    "unfit",
]  # fmt: skip


def build(**options: Any) -> PlainGame:
    """See SPEC.options. `history` of the configuration holds earlier questions, for whoever trains. Raises UserError for a folder."""
    given = {name: option.default for name, option in SPEC.options.items()} | options
    made = SPEC.replace(**shaped(given["attempts"], given["compare"], given["payoff"]))
    setting = {name: given[name] for name in ("attempts", "compare", "payoff")}
    passages = read(given["passages"], given["keep"], given["draw"])
    return PlainGame(globals(), made, config=setting | {"passages": passages, "history": []}, hidden=("passages",))
