"""Arithmetic, part 4: words. A seat may write a whole question or answer; it is played as its tokens.

`write 7` is one token; everything else is read as a whole, and the first token that the grammar forbids is named in the refusal.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from envs.dualplay.arithmetic.declared import ASK, END, OPEN, SIGNS, VALID, VERDICTS
from envs.dualplay.arithmetic.played import fits_number, fits_question
from envs.rules import Mark, Refusal

__all__ = ["form", "metrics", "name", "parse", "question", "say", "tell", "written"]

_LONGEST = 200


def question(tokens: Any, length: int) -> str:
    """Tokens of a question as people write it: "12 + 34"."""
    text = "".join(SIGNS[token] for token in tokens[:length] if token != ASK)
    return re.sub(r"([+*-])", r" \1 ", text).strip()


def written(tokens: Any, length: int) -> str:
    """A number whose last digit comes first, as people write it; "_" in front of one that may grow."""
    digits = [SIGNS[token] for token in tokens[:length] if token != END]
    return ("_" if length and tokens[length - 1] != END else "") + "".join(reversed(digits))


def form(action: int, obs: Any, c: Any) -> str:
    return f"write {name(action, obs, c)}"


def name(action: int, obs: Any, c: Any) -> str:
    return "end" if action == END else SIGNS[action]


def parse(text: str, obs: Any, c: Any, legal: Any) -> list[int] | Refusal:
    if len(text) > _LONGEST:
        return Refusal(f"the text has {len(text)} characters: a question or an answer has at most {_LONGEST}")
    wanted = text.strip().lower()
    if wanted.startswith("write "):
        return _token(wanted.removeprefix("write ").strip(), legal)
    if obs.seat > 0:
        return _answer(wanted, obs, obs.answers[obs.seat - 1], int(obs.lengths[obs.seat - 1]))
    return _question(wanted.replace(" ", ""), obs, c)


def _token(word: str, legal: Any) -> list[int] | Refusal:
    token = END if word == "end" else SIGNS.find(word) if len(word) == 1 else -1
    if token in legal:
        return [token]
    allowed = ", ".join("end" if other == END else SIGNS[other] for other in legal)
    return Refusal(f"{word[:20]!r} may not be written now: allowed are {allowed}")


def _answer(wanted: str, obs: Any, tokens: Any, length: int) -> list[int] | Refusal:
    """A whole number; what was written of it before must be its last digits."""
    number = wanted.removeprefix("answer").strip(" :=.")
    if not re.fullmatch(r"[0-9]+", number):
        return Refusal(f"{number[:20]!r} is no whole number: answer with one, for example 46")
    found = [*map(int, reversed(number)), END]
    if found[:length] != [int(token) for token in tokens[:length]]:
        return Refusal(f"{number[:20]} does not end with {written(tokens, length)[1:]}, which is written already")
    wrong = _first_wrong(found, length, len(tokens), fits_number)
    if wrong is not None:
        return Refusal(f"{number[:20]} is too long or begins with 0: write at most {len(tokens) - 1} digits")
    return found[length:]


def _question(wanted: str, obs: Any, c: Any) -> list[int] | Refusal:
    """A question, and behind `=` the claim where one is asked for; it may repeat what is written already."""
    asked, _, claim = wanted.partition("=")
    before = int(obs.length)
    if obs.stage == 1:
        return _answer(wanted.rpartition("=")[2], obs, obs.claim, int(obs.claimed))
    if wrong := re.search(r"[^0-9+*-]", asked):
        return Refusal(f"{wrong[0]!r} is no part of a question: write digits, {'+ - *' if c.times else '+ -'} and =")
    tokens = [SIGNS.index(sign) for sign in asked] + [ASK]
    start = [int(token) for token in obs.writing[:before]]
    tokens = tokens if tokens[:before] == start else start + tokens
    wrong_at = _first_wrong(tokens, before, len(obs.writing), fits_question, c)
    if wrong_at is not None:
        return Refusal(
            f"{_shown(tokens[wrong_at])} may not follow {question(tokens, wrong_at) or 'nothing'!r} in a question"
        )
    if not c.written:
        return (
            Refusal("the rules work out the answer: write the question alone") if claim.strip("?") else tokens[before:]
        )
    rest = _answer(claim, obs, obs.claim, 0)
    return rest if isinstance(rest, Refusal) else tokens[before:] + rest


def _first_wrong(tokens: list[int], start: int, room: int, fits: Any, *more: Any) -> int | None:
    """The first place, from `start` on, of a token that may not stand there."""
    so_far = np.zeros(room + 1, np.int8)
    for i, token in enumerate(tokens[: room + 1]):
        mask = np.zeros(END + 1, np.bool_)
        if i < room:
            fits(so_far[:room], i, *more, mask)
        if i >= start and not mask[token]:
            return i
        so_far[i] = token
    return None


def _shown(token: int) -> str:
    return "the end" if token in (ASK, END) else repr(SIGNS[token])


def say(obs: Any, c: Any) -> str:
    who = "You are the proposer." if obs.seat == 0 else f"You are solver {obs.seat}." if obs.seat > 0 else ""
    asked = question(obs.writing, obs.length)
    lines = [who] if who else []
    if obs.stage == 0:
        lines.append(f"The question so far: {asked}" if asked else "Nothing is written of the question.")
    else:
        lines.append(f"The question: {asked} = ?")
    if obs.claimed:
        lines.append(f"The claimed answer: {written(obs.claim, obs.claimed)}")
    lines += [f"The right answer: {obs.truth}"] if obs.truth >= 0 else []
    lines += [f"Solver {i + 1} {_attempt(obs, i)}." for i in range(len(obs.lengths)) if obs.lengths[i]]
    return "\n".join([*lines, *_outcome(obs)])


def _attempt(seen: Any, i: int) -> str:
    verdict = "" if seen.stage < 3 else ", which is right" if seen.right[i] else ", which is wrong"
    return f"answers {written(seen.answers[i], seen.lengths[i])}{verdict}"


def _outcome(obs: Any) -> list[str]:
    if obs.verdict == OPEN:
        return []
    told = f"The question is judged: {VERDICTS[obs.verdict]}, diversity {obs.unlike / 1000:.2f}."
    return [told, "The game is over."] if obs.stage == 3 else [told]


def tell(before: Any, actions: dict[int, int], after: Any, c: Any) -> list[Mark]:
    marks = []
    if before.stage == 0 and after.stage > 0:
        marks.append(Mark("question", f"{question(after.writing, after.length)} = ?", 0))
    if after.verdict not in (OPEN, VALID):
        marks.append(Mark("invalid", VERDICTS[after.verdict], 0))
    elif after.done:
        marks += [
            Mark("right" if right else "wrong", f"solver {i + 1} {_attempt(after, i)}", i + 1)
            for i, right in enumerate(after.right)
        ]
        share = f"{int(after.right.sum())} of {len(after.right)} right"
        paid = (
            f"diversity {after.unlike / 1000:.2f}: the proposer earns {after.reward[0] / (5000 * len(after.right)):.2f}"
        )
        marks.append(Mark("result", f"{share}, {paid}", 0))
    return marks


def metrics(s: Any, c: Any) -> dict[str, Any]:
    """The question and its verdict; right answers and diversity per mille; operators and the digits of its numbers."""
    numbers = [str(n) for n in s.asked.numbers[: s.asked.count].tolist()]
    return {
        "question": question(s.writing, s.length), "verdict": VERDICTS[s.verdict], "truth": int(s.truth), "operators": len(numbers) - 1,
        "right_per_mille": 1000 * int(s.right.sum()) // len(s.right), "diversity_per_mille": int(s.unlike), "digits": len("".join(numbers)),
    }  # fmt: skip
