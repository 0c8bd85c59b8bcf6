"""Arithmetic, part 4: words, on top of those of every round (envs/dualplay/_round_words.py)."""

from __future__ import annotations

import re
from typing import Any

from envs.dualplay._round import ASK, END, SIGNS, VERDICTS
from envs.dualplay._round_words import Manner, first_wrong, whole_number, written_number
from envs.dualplay.arithmetic.played import fits_question
from envs.rules import Mark, Refusal

__all__ = ["MANNER", "form", "metrics", "name", "parse", "question", "say", "tell"]

MANNER = Manner(SIGNS, VERDICTS, written_number)
form, name = MANNER.form, MANNER.name


def question(tokens: Any, length: int) -> str:
    """Tokens of a question as people write it: "12 + 34"."""
    text = "".join(SIGNS[token] for token in tokens[:length] if token != ASK)
    return re.sub(r"([+*-])", r" \1 ", text).strip()


def parse(text: str, obs: Any, c: Any, legal: Any) -> list[int] | Refusal:
    wanted = MANNER.opened(text, legal)
    if not isinstance(wanted, str):
        return wanted
    if obs.seat > 0:
        return whole_number(wanted, obs.answers[obs.seat - 1], int(obs.lengths[obs.seat - 1]))
    return _question(wanted.replace(" ", ""), obs, c)


def _question(wanted: str, obs: Any, c: Any) -> list[int] | Refusal:
    """A question, and behind `=` the claim where one is asked for; it may repeat what is written already."""
    asked, _, claim = wanted.partition("=")
    before = int(obs.length)
    if obs.stage == 1:
        return whole_number(wanted.rpartition("=")[2], obs.claim, int(obs.claimed))
    if wrong := re.search(r"[^0-9+*-]", asked):
        return Refusal(f"{wrong[0]!r} is no part of a question: write digits, {'+ - *' if c.times else '+ -'} and =")
    tokens = [SIGNS.index(sign) for sign in asked] + [ASK]
    start = [int(token) for token in obs.writing[:before]]
    tokens = tokens if tokens[:before] == start else start + tokens
    wrong_at = first_wrong(tokens, before, len(obs.writing), END + 1, fits_question, c)
    if wrong_at is not None:
        token, stands = tokens[wrong_at], question(tokens, wrong_at) or "nothing"
        return Refusal(f"{MANNER.shown(token, (ASK, END))} may not follow {stands!r} in a question")
    if not c.written:
        return (
            Refusal("the rules work out the answer: write the question alone") if claim.strip("?") else tokens[before:]
        )
    rest = whole_number(claim, obs.claim, 0)
    return rest if isinstance(rest, Refusal) else tokens[before:] + rest


def say(obs: Any, c: Any) -> str:
    asked = question(obs.writing, obs.length)
    if obs.stage == 0:
        about = [f"The question so far: {asked}" if asked else "Nothing is written of the question."]
    else:
        about = [f"The question: {asked} = ?"]
    return MANNER.say(obs, about, [f"The right answer: {obs.truth}"] if obs.truth >= 0 else [])


def tell(before: Any, actions: dict[int, int], after: Any, c: Any) -> list[Mark]:
    return MANNER.tell(before, after, f"{question(after.writing, after.length)} = ?")


def metrics(s: Any, c: Any) -> dict[str, Any]:
    return MANNER.metrics(s, question(s.writing, s.length))
