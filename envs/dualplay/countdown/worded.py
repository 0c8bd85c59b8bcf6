"""Countdown, part 4: words, on top of those of every round (envs/dualplay/_round_words.py).

Brackets that have no operator of their own, around a number or around everything, are left out before a text is read as tokens.
"""

from __future__ import annotations

import re
from typing import Any

from envs.dualplay._round import ASK, END
from envs.dualplay._round_words import Manner, first_wrong, whole_number
from envs.dualplay.countdown.declared import NAMES, VERDICTS, WIDTH
from envs.dualplay.countdown.grammar import fits
from envs.rules import Mark, Refusal

__all__ = ["MANNER", "calculation", "form", "metrics", "name", "parse", "posing", "say", "tell"]


def calculation(tokens: Any, length: int) -> str:
    """Tokens as people write them: "3 * (4 + 5)"; "_" behind one that goes on."""
    text = "".join(NAMES[token] for token in tokens[:length] if token not in (ASK, END))
    open_ended = "_" if length and tokens[length - 1] not in (ASK, END) else ""
    return re.sub(r"([+*/-])", r" \1 ", text).strip() + open_ended


MANNER = Manner(NAMES, VERDICTS, calculation)
form, name = MANNER.form, MANNER.name


def posing(asked: Any) -> str:
    """make 27 from 3, 4 and 5"""
    numbers = [str(n) for n in asked.numbers[: asked.count].tolist()]
    return f"make {asked.target} from {', '.join(numbers[:-1])} and {numbers[-1]}"


def parse(text: str, obs: Any, c: Any, legal: Any) -> list[int] | Refusal:
    wanted = MANNER.opened(text, legal)
    if not isinstance(wanted, str):
        return wanted
    if obs.seat > 0:
        wanted = wanted.removeprefix("answer").lstrip(" :").rstrip(" .")
        told, _, made = wanted.partition("=")
        if made.strip() and made.strip() != str(obs.truth):
            return Refusal(f"{made.strip()[:20]!r} is not the target {obs.truth}: write a calculation that makes it")
        i = obs.seat - 1
        return _calculation(told, obs.answers[i], int(obs.lengths[i]), obs.asked, c, END)
    return _question(wanted, obs, c)


def _question(wanted: str, obs: Any, c: Any) -> list[int] | Refusal:
    """A calculation, and behind `=` the claimed target where one is asked for; it may repeat what is written already."""
    told, _, claim = wanted.partition("=")
    if obs.stage == 1:
        return whole_number(wanted.rpartition("=")[2], obs.claim, int(obs.claimed))
    tokens = _calculation(told, obs.writing, int(obs.length), obs.asked, c, ASK)
    if isinstance(tokens, Refusal):
        return tokens
    if not c.written:
        return Refusal("the rules work out the target: write the calculation alone") if claim.strip("? ") else tokens
    rest = whole_number(claim, obs.claim, 0)
    return rest if isinstance(rest, Refusal) else tokens + rest


def _calculation(wanted: str, written: Any, before: int, given: Any, c: Any, last: int) -> list[int] | Refusal:
    """The tokens that are missing of a calculation, of which `before` are written, with the last one."""
    text = wanted.replace(" ", "")
    if wrong := re.search(r"[^0-9+*/()-]", text):
        return Refusal(f"{wrong[0]!r} is no part of a calculation: write whole numbers, + - * / and brackets")
    tokens = [NAMES.index(sign) for sign in (text if before else _bare(text))] + [last]
    start = [int(token) for token in written[:before]]
    tokens = tokens if tokens[:before] == start else start + tokens
    wrong_at = first_wrong(tokens, before, len(written), WIDTH, fits, given, c)
    if wrong_at is None:
        return tokens[before:]
    stands = calculation([*tokens[:wrong_at], last], wrong_at + 1) or "nothing"
    which = f" of {', '.join(map(str, given.numbers[: given.count].tolist()))}" if given.count else ""
    return Refusal(
        f"{MANNER.shown(tokens[wrong_at], (ASK, END))} may not follow {stands[-60:]!r} in a calculation{which}"
    )


def _bare(text: str) -> str:
    """Without brackets that have no operator of their own; a text whose brackets do not match is left as it is."""
    open_at: list[int] = []
    operators, needless = [0], set()
    for i, sign in enumerate(text):
        if sign == "(":
            open_at.append(i)
            operators.append(0)
        elif sign == ")":
            if not open_at:
                return text
            begun = open_at.pop()
            if operators.pop() == 0 or (begun, i) == (0, len(text) - 1):
                needless |= {begun, i}
        else:
            operators[-1] += sign in "+-*/"
    if open_at or not needless:
        return text
    return _bare("".join(sign for i, sign in enumerate(text) if i not in needless))


def say(obs: Any, c: Any) -> str:
    own = calculation(obs.writing, obs.length)
    about = [f"The question: {posing(obs.asked)}."] if obs.asked.count and obs.truth >= 0 else []
    if obs.stage == 0:
        about = ["The question is being written."]
        if obs.seat in (0, -1):
            about = [f"The calculation so far: {own}" if own else "Nothing is written of the calculation."]
    elif own:
        about.append(f"The calculation behind it: {own}")
    return MANNER.say(obs, about, [])


def tell(before: Any, actions: dict[int, int], after: Any, c: Any) -> list[Mark]:
    marks = MANNER.tell(before, after, _asked(after))
    hidden = (
        [Mark("calculation", calculation(after.writing, after.length), 0, 0)] if marks[:1] and after.stage > 0 else []
    )
    return [*marks, *(hidden if before.stage == 0 and after.stage > 0 else [])]


def _asked(s: Any) -> str:
    """The question as metrics and marks name it."""
    return posing(s.asked) if s.truth >= 0 else calculation(s.writing, s.length)


def metrics(s: Any, c: Any) -> dict[str, Any]:
    return MANNER.metrics(s, _asked(s)) | {"witness": calculation(s.writing, s.length)}
