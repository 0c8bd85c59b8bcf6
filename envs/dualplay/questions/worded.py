"""Questions, part 4: words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from envs.dualplay import _prose_words
from envs.dualplay._prose import tidy, unfit
from envs.dualplay._prose_words import answered
from envs.dualplay.questions.declared import ANSWER, CHECKS, LONGEST, SHORTEST
from envs.dualplay.questions.played import valid
from envs.keys import below, fold
from envs.rules import SPECTATOR, Mark, Refusal

__all__ = ["example", "form", "metrics", "name", "parse", "say", "tell", "verdict"]

_ASKED = re.compile(r"question\s*:\s*(.+?)\s*\banswer\s*:\s*(.+)", re.IGNORECASE)
_SAID = re.compile(r"(answer|right|wrong)\s*:\s*(.+)", re.IGNORECASE)


def parse(text: str, obs: Any, c: Any, legal: Any) -> list[str] | Refusal:
    if why := unfit(text, LONGEST + ANSWER + 32):
        return Refusal(why)
    line = tidy(text)
    if obs.seat == 0:
        asked = _ASKED.fullmatch(line)
        wanted = f"question: {asked[1]} answer: {asked[2]}" if asked else ""
    else:
        said = _SAID.fullmatch(line)
        wanted = f"{said[1].lower()}: {said[2]}" if said else ""
    return [wanted] if wanted in legal else Refusal(f"{_form_of(obs, c)}; this is something else or too long")


def _form_of(obs: Any, c: Any) -> str:
    """How a seat answers."""
    if obs.seat == 0:
        return f"write question: TEXT answer: TEXT, with {SHORTEST} to {LONGEST} and at most {ANSWER} characters"
    if obs.seat <= c.attempts:
        return f"write answer: TEXT, with at most {ANSWER} characters"
    return "write right: REASON, or wrong: REASON"


def form(action: str, obs: Any, c: Any) -> str:
    return action


name = form


def example(obs: Any, c: Any, seat: int, key: Any) -> list[str]:
    """Texts that fit: what a seat that understands nothing might write."""
    draw = [below(fold(key, i), 5) for i in range(3)]
    if seat == 0:
        claim = 100 + draw[0] if draw[1] else 1 + draw[0]
        return [f"question: How much is {1 + draw[0]} and {99 - draw[2]} and {draw[2]}? answer: {claim}"]
    if seat <= c.attempts:
        return [f"answer: {100 + draw[0]}"]
    return [("right: so it seems", "wrong: so it seems")[draw[0] % 2]]


# ------------------------------------------------------------------ what is said
def say(obs: Any, c: Any) -> str:
    return "\n".join([*_situation(obs, c), *answered(obs)])


def _situation(obs: Any, c: Any) -> Iterator[str]:
    if obs.seat == 0:
        yield "You are the proposer. The passage:"
    elif 0 < obs.seat <= c.attempts:
        yield f"You are solver {obs.seat}."
    elif obs.seat > c.attempts:
        yield "You are the verifier. Have two answers to one question the same value?"
    if obs.passage:
        yield obs.passage
    yield f"The question: {obs.question}" if obs.question else "No question is written yet."
    if obs.claim:
        yield f"The proposer's answer: {obs.claim}"
    if obs.task:
        yield from (f"The right answer: {obs.task['claim']}", f"The given answer: {obs.task['answer']}")
    if obs.checks:
        yield f"The question is {verdict(obs)}; diversity {obs.unlike / 1000:.2f}."
    if obs.seat >= 0 and obs.stage != "over":
        yield f"{_form_of(obs, c)[0].upper()}{_form_of(obs, c)[1:]}."


def verdict(seen: Any) -> str:
    """ "valid", "invalid" with every reason, or "not judged yet"."""
    return _prose_words.verdict(seen.checks, CHECKS, valid(seen))


# ------------------------------------------------------------------ what happened
def tell(before: Any, actions: dict[int, str], after: Any, c: Any) -> list[Mark]:
    marks = []
    if after.question and not before.question:
        marks.append(Mark("question", after.question, 0))
        marks.append(Mark("claim", f"the proposer's answer is {after.claim}", 0, audience=SPECTATOR))
        marks += [Mark("filter", f"{check}: {good if after.checks[check] else bad}", 0) for check, good, bad in CHECKS]
        marks.append(
            Mark("valid" if valid(after) else "invalid", f"{verdict(after)}, diversity {after.unlike / 1000:.2f}", 0)
        )
    for whose, result, reason in after.verdicts[len(before.verdicts) :]:
        marks.append(
            Mark(
                result, f"solver {whose + 1} answers {after.answers[whose]}: {reason}", 1 + whose, audience=_whom(after)
            )
        )
    if after.done and valid(after):
        share = f"{sum(after.right)} of {len(after.right)} right"
        marks.append(
            Mark("result", f"{share}: the proposer earns {after.reward[0] / (5000 * len(after.right)):.2f}", 0)
        )
    return marks


def _whom(after: Any) -> int:
    """Verdicts are everybody's once all are there."""
    return -2 if after.done else SPECTATOR


def metrics(s: Any, c: Any) -> dict[str, Any]:
    """Question, claim, every filter, the share of right answers and diversity per mille, every verdict with its reason."""
    return {
        "question": s.question, "claim": s.claim, "verdict": verdict(s), "filters": dict(s.checks), "verdicts": list(s.verdicts),
        "right_per_mille": 1000 * sum(s.right) // len(s.right), "diversity_per_mille": s.unlike,
    }  # fmt: skip
