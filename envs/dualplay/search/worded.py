"""Search, part 4: words. Several acts may come in one answer, with semicolons between them; they are played one tick after another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from envs.dualplay.search.declared import CHECKS, FAILED, sizes
from envs.dualplay.search.relations import ASPECTS, KINDS, LABELS, SENTENCES, STEPS
from envs.rules import Mark, Refusal
from envs.words import listed, plural

__all__ = ["entity", "form", "metrics", "name", "parse", "question", "say", "tell"]

_LONGEST = 2000
_MOST = 16


def entity(c: Any, e: int) -> str:
    """The name of an entity."""
    return "".join(chr(letter) for letter in c.names[e].tolist() if letter)


def question(asked: Any, c: Any) -> str:
    """The question in words: where it starts, and step by step where it goes."""
    if asked.start < 0:
        return ""
    return "; then ".join(
        [f"start at {entity(c, asked.start)}", *(STEPS[r] for r in asked.steps[: asked.length].tolist())]
    )


def form(action: int, obs: Any, c: Any) -> str:
    _, names, steps, end = sizes(len(c.kinds))
    if action >= end:
        return "ask"
    if action >= steps:
        return f"step {STEPS[action - steps]}"
    if action >= names:
        return f"{'answer' if obs.seat > 0 else 'start'} {entity(c, action - names)}"
    return _query(action, c)


def _query(query: int, c: Any) -> str:
    about = f" about {LABELS[query % ASPECTS - 1]}" if query % ASPECTS else ""
    return f"search {entity(c, query // ASPECTS)}{about}"


name = form


def parse(text: str, obs: Any, c: Any, legal: Any) -> list[int] | Refusal:
    if len(text) > _LONGEST:
        return Refusal(f"the text has {len(text)} characters: acts have at most {_LONGEST}")
    parts = [part.strip().rstrip(".") for part in text.split(";")]
    if len(parts) > _MOST:
        return Refusal(f"{len(parts)} acts at once: write at most {_MOST}")
    found = [_act(part.removeprefix("then ").strip(), obs, c) for part in parts]
    refused = next((act for act in found if isinstance(act, Refusal)), None)
    if refused is not None:
        return refused
    acts = [act for act in found if isinstance(act, int)]
    if acts[0] not in legal:
        return Refusal(f"{parts[0][:40]!r} is not allowed now: {_allowed(obs, c, legal)}")
    return acts


def _act(text: str, obs: Any, c: Any) -> int | Refusal:
    """One act of a text, legal or not."""
    verb, _, rest = " ".join(text.split()).partition(" ")
    _, names, steps, end = sizes(len(c.kinds))
    verb = verb.lower()
    if verb == "ask" and not rest:
        return end
    if verb == "step" and rest in STEPS:
        return steps + STEPS.index(rest)
    if verb == ("answer" if obs.seat > 0 else "start"):
        e = _entity(rest.removeprefix("at "), c)
        return names + e if e >= 0 else Refusal(f"{rest[:40]!r} is no name of this world")
    if verb == "search":
        called, _, label = rest.partition(" about ")
        e = _entity(called, c)
        if e >= 0 and (not label or label in LABELS):
            return e * ASPECTS + (1 + LABELS.index(label) if label else 0)
        return Refusal(f"{rest[:40]!r} cannot be searched: write NAME, or NAME about one of {', '.join(LABELS)}")
    acts = "search NAME, answer NAME" if obs.seat > 0 else "search NAME, start NAME, step WORDS, ask"
    return Refusal(f"{text[:40]!r} is no act: write {acts}")


def _entity(called: str, c: Any) -> int:
    """The number of a name; -1 where nobody has it."""
    wanted = called.strip().capitalize()
    return (
        next((e for e in range(len(c.kinds)) if entity(c, e) == wanted), -1)
        if re.fullmatch("[A-Z][a-z]+", wanted)
        else -1
    )


def _allowed(obs: Any, c: Any, legal: Any) -> str:
    entities = len(c.kinds)
    _, names, steps, end = sizes(entities)
    if obs.stage == 1:
        forms = [form(action, obs, c) for action in range(steps, end + 1) if action in legal]
        return f"write one of {listed(forms)}"
    known = [entity(c, e) for e in range(entities) if names + e in legal]
    verbs = "search, answer" if obs.seat > 0 else "search, start"
    return f"write {verbs} with a name that is known: {listed(known)}"


# ------------------------------------------------------------------ what is said
def say(obs: Any, c: Any) -> str:
    return "\n".join([*_role(obs, c), *_judged(obs), *_known(obs, c), *_answered(obs, c)])


def _role(obs: Any, c: Any) -> Iterator[str]:
    asked = question(obs.asked, c)
    if obs.seat == 0:
        yield f"You are the proposer. The answer is {entity(c, obs.target)}; ask for it in {plural(obs.hops, 'step')}."
    elif obs.seat > 0:
        yield f"You are solver {obs.seat}."
    elif obs.target >= 0:
        yield f"The answer is {entity(c, obs.target)}; it is asked for in {plural(obs.hops, 'step')}."
    yield f"The question{' so far' if obs.stage < 2 else ''}: {asked}." if asked else "No question is written yet."
    if obs.stage == 1:
        at = _here(obs, c)
        yield f"It leads to a {KINDS[at]}; steps lead on, ask ends it."
    if replaced(obs):
        yield f"It is replaced by one of the rules: {question(obs.posed, c)}."
    if obs.sought >= 0 and obs.sought != obs.target:
        yield f"The right answer is {entity(c, obs.sought)}."
    if obs.seat >= 0 and obs.stage < 3:
        left = int(c.calls) - int(obs.calls[obs.seat])
        yield f"{plural(left, 'search').replace('searchs', 'searches')} left."


def replaced(seen: Any) -> bool:
    """Whether the solvers have another question than the proposer's."""
    return bool(seen.posed.start >= 0 and seen.posed != seen.asked)


def _here(obs: Any, c: Any) -> int:
    """The kind of what the question leads to so far."""
    from envs.dualplay.search.played import GOALS  # noqa: PLC0415  words need no rules but this one

    return GOALS[obs.asked.steps[obs.asked.length - 1]] if obs.asked.length else int(c.kinds[obs.asked.start])


def _judged(obs: Any) -> Iterator[str]:
    if obs.verdict:
        yield f"The question is {verdict(obs)}."


def verdict(obs: Any) -> str:
    """ "valid", or "invalid" with every reason."""
    reasons = [check[2] for check, found in zip(CHECKS, obs.checks.tolist(), strict=True) if found == FAILED]
    return f"invalid: {'; '.join(reasons)}" if reasons else "valid" if obs.verdict else "not judged yet"


def _known(obs: Any, c: Any) -> Iterator[str]:
    """What the seat has searched for and found."""
    if obs.seat < 0:
        return
    queries = [_query(query, c) for query in obs.log[obs.seat][: obs.calls[obs.seat]].tolist()]
    if queries:
        yield f"Done: {'; '.join(queries)}."
    facts = [
        SENTENCES[r][0].format(s=entity(c, s), o=entity(c, o - 1))
        for s, row in enumerate(obs.facts.tolist()) for r, o in enumerate(row) if o
    ]  # fmt: skip
    seen = [f"{entity(c, e)} ({KINDS[c.kinds[e]]})" for e, known in enumerate(obs.seen.tolist()) if known]
    yield f"Known names: {', '.join(seen) or 'none'}."
    yield " ".join(facts) if facts else "No document has told anything yet."


def _answered(obs: Any, c: Any) -> Iterator[str]:
    for i, answer in enumerate(obs.answers.tolist()):
        if answer >= 0:
            mark = "" if obs.stage < 3 else ", which is right" if obs.right[i] else ", which is wrong"
            yield f"Solver {i + 1} answers {entity(c, answer)} after {obs.calls[i + 1]} searches{mark}."
    if obs.stage == 3:
        yield "The game is over."


# ------------------------------------------------------------------ what happened
def tell(before: Any, actions: dict[int, int], after: Any, c: Any) -> list[Mark]:
    marks = [
        _searched(seat, int(act), before, after, c) for seat, act in actions.items() if act < sizes(len(c.kinds))[1]
    ]
    if after.verdict and not before.verdict:
        marks.append(Mark("question", question(after.asked, c), 0))
        marks.append(Mark("answer", f"the answer is {entity(c, after.target)}", 0, audience=-1))
        for (check, good, bad), found in zip(CHECKS, after.checks.tolist(), strict=True):
            marks.append(Mark("filter", f"{check}: {bad if found == FAILED else good}", 0))
        foreign = [entity(c, e) for e in after.foreign.tolist() if e >= 0]
        found = [entity(c, e) for e, hit in enumerate(after.found.tolist()) if hit]
        told = f"with {', '.join(foreign) or 'no foreign document'} the reader finds {', '.join(found) or 'nothing'}"
        marks.append(Mark("reader", told, 0, audience=-1))
        marks.append(Mark("valid" if after.verdict == 1 else "invalid", verdict(after), 0))
        if replaced(after):
            marks.append(Mark("replaced", question(after.posed, c), 0))
    return [*marks, *_ended(after, c)] if after.done else marks


def _searched(seat: int, query: int, before: Any, after: Any, c: Any) -> Mark:
    found = [entity(c, d) for d in c.hits[query // ASPECTS, query % ASPECTS].tolist() if d >= 0]
    new = sum(1 for b, a in zip(before.read[seat].tolist(), after.read[seat].tolist(), strict=True) if a > b)
    return Mark("search", f"{_query(query, c)[7:]}: {', '.join(found) or 'nothing'} ({new} new)", seat, audience=seat)


def _ended(after: Any, c: Any) -> Iterator[Mark]:
    for i, answer in enumerate(after.answers.tolist()):
        if answer >= 0:
            right = "right" if after.right[i] else "wrong"
            yield Mark(right, f"solver {i + 1} answers {entity(c, answer)} after {after.calls[i + 1]} searches", i + 1)
    if after.answers.tolist()[0] >= 0:
        share = f"{int(after.right.sum())} of {len(after.right)} right"
        yield Mark("result", f"{share}: the proposer earns {after.reward[0] / len(after.right) ** 2:.2f}", 0)


def metrics(s: Any, c: Any) -> dict[str, Any]:
    """The question, every filter, the share of right answers per mille, how many answers the question has in the whole world, searches."""
    told = ("not judged", "passed", "failed")
    judged = {check[0]: told[found] for check, found in zip(CHECKS, s.checks.tolist(), strict=True)}
    return {
        "question": question(s.asked, c), "posed": question(s.posed, c), "answer": entity(c, s.target), "verdict": verdict(s),
        "filters": judged, "hops": int(s.hops),
        "right_per_mille": 1000 * int(s.right.sum()) // len(s.right), "fitting": int(s.fitting), "searches": s.calls.tolist(),
    }  # fmt: skip
