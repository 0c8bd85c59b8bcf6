"""Search in free text, part 4: words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from envs.dualplay import _prose_words
from envs.dualplay._prose import tidy, unfit, words
from envs.dualplay._prose_words import answered
from envs.dualplay.search_text.declared import CHECKS, LONGEST, SHELF
from envs.dualplay.search_text.played import valid
from envs.keys import below, fold
from envs.rules import SPECTATOR, Mark, Refusal
from envs.words import plural

__all__ = ["example", "form", "metrics", "name", "parse", "say", "tell", "verdict"]

_VERB = re.compile(r"(search|ask|answer|same|different)\s*:\s*(.*)", re.IGNORECASE | re.DOTALL)
_SHOWN = 60


def parse(text: str, obs: Any, c: Any, legal: Any) -> list[str] | Refusal:
    if obs.seat == 1 + c.attempts:
        return _listed(text)
    if why := unfit(text, LONGEST + 100):
        return Refusal(why)
    line = tidy(text)
    match = _VERB.fullmatch(line)
    wanted = f"{match[1].lower()}: {match[2]}" if match and match[2] else line.lower()
    if wanted not in legal:
        return Refusal(f"{_form_of(obs, c)}; this is something else or too long")
    return [wanted]


def _listed(text: str) -> list[str] | Refusal:
    """The library's answer, written anew, so that nothing but documents is left of it."""
    if len(text) > SHELF:
        return Refusal(f"the text has {len(text)} characters: at most {SHELF} are read")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(_shown_well(each) for each in found):
        return Refusal("the library answers with JSON: a list of objects with title and text, of visible characters")
    kept = json.dumps([{part: tidy(str(each[part])) for part in ("title", "text")} for each in found])
    return (
        [kept]
        if len(kept) <= SHELF
        else Refusal(f"the documents have {len(kept)} characters, of {SHELF} that are read")
    )


def _shown_well(document: Any) -> bool:
    """Whether it is a document that others may be shown."""
    parts = [document.get(part) for part in ("title", "text")] if isinstance(document, dict) else [None]
    return all(isinstance(part, str) and not unfit(part, SHELF) for part in parts)


def _form_of(obs: Any, c: Any) -> str:
    """How the acting seat answers."""
    if obs.seat == 2 + c.attempts:
        return "write answer: NAME, or none" if obs.stage == "read" else "write same: REASON, or different: REASON"
    last = "answer: NAME" if obs.seat else "ask: QUESTION"
    return (
        f"write search: WORDS, or {last}" if len(obs.calls[obs.seat]) < c.calls else f"no search is left: write {last}"
    )


def form(action: str, obs: Any, c: Any) -> str:
    return action


def name(action: str, obs: Any, c: Any) -> str:
    if not action.startswith("["):
        return action
    try:
        titles = [str(each["title"]) for each in json.loads(action)]
    except (ValueError, TypeError, KeyError):
        titles = []
    return f"shows {', '.join(titles) or 'nothing'}"


def example(obs: Any, c: Any, seat: int, key: Any) -> list[str]:
    """Texts that fit: what a seat that understands nothing might write."""
    draw = [below(fold(key, i), 1 << 16) for i in range(4)]
    if seat == 1 + c.attempts:
        titles = obs.task.get("titles") or ["Nowhere", "Elsewhere", "Anywhere"][: draw[0] % 4]
        return [json.dumps([{"title": title, "text": f"{title} is a name."} for title in titles])]
    if seat == 2 + c.attempts:
        titles = [each["title"] for each in obs.task.get("documents", [])] or ["nobody"]
        if obs.stage == "read":
            return ["none"] if draw[0] % 8 == 0 else [f"answer: {titles[draw[1] % len(titles)]}"]
        return [("same: so it seems", "different: so it seems")[draw[0] % 2]]
    known = [word for call in obs.calls[seat] for each in call["documents"] for word in words(each["text"])] or ["name"]
    if len(obs.calls[seat]) < min(2 + draw[0] % 3, c.calls):
        return [f"search: {known[draw[1] % len(known)]} {draw[2]}"]
    if seat == 0:
        return [
            f"ask: Which name is meant by the word {draw[3]}, when all that the library tells of it is taken together?"
        ]
    return [f"answer: {known[draw[1] % len(known)]}"]


# ------------------------------------------------------------------ what is said
def say(obs: Any, c: Any) -> str:
    if obs.task:
        return "\n".join(_task(obs, c))
    return "\n".join([*_situation(obs, c), *_found(obs), *_outcome(obs)])


def _task(obs: Any, c: Any) -> Iterator[str]:
    task = obs.task
    if "search" in task:
        yield f"You are the library. Show the documents that fit: {task['search']}"
    elif "titles" in task:
        yield f"You are the library. Show the documents with these titles: {', '.join(task['titles']) or 'none'}"
    elif "documents" in task:
        yield f"You are the judge. Answer from these documents alone. {_form_of(obs, c)}."
        yield f"The question: {obs.question}"
        yield from (f"{each['title']}: {each['text']}" for each in task["documents"])
    else:
        yield f"You are the judge. Do two answers to one question mean the same? {_form_of(obs, c)}."
        yield from (
            f"The question: {obs.question}",
            f"The right answer: {task['target']}",
            f"The given answer: {task['answer']}",
        )


def _situation(obs: Any, c: Any) -> Iterator[str]:
    solver = 0 < obs.seat <= c.attempts
    if obs.seat == 0:
        yield f"You are the proposer. The answer is {obs.target}; use {plural(obs.hops, 'search').replace('chs', 'ches')} or more."
    elif solver:
        yield f"You are solver {obs.seat}."
    elif obs.target:
        yield f"The answer is {obs.target}."
    yield f"The question: {obs.question}" if obs.question else "No question is written yet."
    if obs.checks:
        yield f"The question is {verdict(obs)}."
    if obs.stage != "over" and (obs.seat == 0 or solver):
        yield f"{_form_of(obs, c)[0].upper()}{_form_of(obs, c)[1:]}; searches left: {c.calls - len(obs.calls[obs.seat])}."


def verdict(seen: Any) -> str:
    """ "valid", "invalid" with every reason, or "not judged yet"."""
    return _prose_words.verdict(seen.checks, CHECKS, valid(seen))


def _found(obs: Any) -> Iterator[str]:
    """A seat's own searches, and the documents that they have shown, each once."""
    shown: dict[str, str] = {}
    if obs.seat >= 0 and obs.seat < len(obs.calls):
        for call in obs.calls[obs.seat]:
            yield f"Searched for {call['query']}: {', '.join(each['title'] for each in call['documents']) or 'nothing'}"
            shown |= {each["title"]: each["text"] for each in call["documents"]}
    yield from (f"{title}: {text}" for title, text in shown.items())


def _outcome(obs: Any) -> Iterator[str]:
    if obs.reading:
        yield f"The judge reads: {obs.reading}"
    yield from answered(obs)


# ------------------------------------------------------------------ what happened
def tell(before: Any, actions: dict[int, str], after: Any, c: Any) -> list[Mark]:
    marks = [*_shown(before, after, c)]
    if after.question and not before.question:
        marks.append(Mark("question", after.question, 0))
        marks.append(Mark("answer", f"the answer is {after.target}", 0, audience=SPECTATOR))
    for check, good, bad in CHECKS:
        if check in after.checks and check not in before.checks:
            marks.append(Mark("filter", f"{check}: {good if after.checks[check] else bad}", 0))
    if len(after.foreign) > len(before.foreign):
        marks.append(Mark("foreign", f"verified with {', '.join(after.foreign)} as well", 0, audience=SPECTATOR))
    if after.reading and not before.reading:
        marks.append(Mark("reader", f"the judge reads {after.reading}", 2 + c.attempts, audience=SPECTATOR))
    verdicts = after.verdicts[len(before.verdicts) :]
    marks += [_verdict(whose, result, reason, after, c) for whose, result, reason in verdicts]
    if verdict(after) != verdict(before) and verdict(after) != "not judged yet":
        marks.append(Mark("valid" if valid(after) else "invalid", verdict(after), 0))
    return [*marks, *_ended(after)] if after.done else marks


def _shown(before: Any, after: Any, c: Any) -> Iterator[Mark]:
    for seat, (old, new) in enumerate(zip(before.calls, after.calls, strict=True)):
        for call in new[len(old) :]:
            titles = ", ".join(each["title"] for each in call["documents"]) or "nothing"
            yield Mark("search", f"{call['query']}: {titles}", seat, audience=seat)


def _verdict(whose: int, result: str, reason: str, after: Any, c: Any) -> Mark:
    if whose < 0:
        return Mark("reader", f"the judge's reading is {result} ({reason})", 2 + c.attempts, audience=SPECTATOR)
    seen = -2 if after.done else SPECTATOR
    return Mark(result, f"solver {whose + 1} answers {after.answers[whose]}: {reason}", 1 + whose, audience=seen)


def _ended(after: Any) -> Iterator[Mark]:
    if valid(after):
        share = f"{sum(after.right)} of {len(after.right)} right"
        yield Mark("result", f"{share}: the proposer earns {after.reward[0] / len(after.right) ** 2:.2f}", 0)


def metrics(s: Any, c: Any) -> dict[str, Any]:
    """The question, every filter, the share of right answers per mille, every verdict with its reason, searches of each seat."""
    return {
        "question": s.question, "answer": s.target, "verdict": verdict(s), "filters": dict(s.checks), "verdicts": list(s.verdicts),
        "right_per_mille": 1000 * sum(s.right) // len(s.right), "searches": [len(calls) for calls in s.calls],
    }  # fmt: skip
