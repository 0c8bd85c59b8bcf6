"""Search in free text by rule: proposer and solver of three strengths (`searching`), the library over BM25, and a judge who reads facts.

Proposer, solver and judge read the sentences of the generated documents, and questions in the words that the proposer here writes. Of a
question in other words the solver guesses, and the judge finds nothing: where a model proposes, a model should judge.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from agents.players._digging import Ask as Move
from agents.players._digging import Sight, Way, dig, hash_of, reached, seek
from arena.agent import Ask, Reply
from envs import keys

__all__ = ["act"]

_ASKED = re.compile(r"start at (\w+); then (.+?)[.?] which name is reached in the end\?", re.IGNORECASE)
_NAME = re.compile(r"[A-Z][a-z]{3,}")


def act(ask: Ask, options: Mapping[str, Any]) -> Reply:
    """One act of the seat's role."""
    role = ask.game.spec.role(ask.seat).name
    text, why = {"library": _library, "judge": _judge, "proposer": _propose, "solver": _solve}[role](
        ask, str(options["searching"])
    )
    return Reply([text], notes={"policy": [(ask.game.name(text, ask.obs), 1.0)], "value": 0.0, "why": why})


# ---------------------------------------------------------------------- library and judge
def _library(ask: Ask, strength: str) -> tuple[str, str]:
    """What BM25 finds, or the documents that are asked for."""
    task = ask.obs.task
    known = ask.game.words["world"](int(task["world"]), int(task["entities"]))
    if "titles" in task:
        found = [known.names.index(title) for title in task["titles"] if title in known.names]
        why = f"{len(found)} documents that were asked for"
    else:
        found = known.search(task["search"])
        why = f"{len(found)} documents by BM25"
    shown = [{"title": known.documents[e].title, "text": known.documents[e].text} for e in found]
    return json.dumps(shown), why


def _judge(ask: Ask, strength: str) -> tuple[str, str]:
    task = ask.obs.task
    if "target" in task:
        squeezed = ask.game.words["squeezed"]
        same = squeezed(task["target"]) == squeezed(task["answer"])
        verdict = "same: the same letters" if same else "different: another name"
        return verdict, "names are compared letter by letter"
    way = _way(ask)
    if way is None:
        return "none", "the question is in words that this reader does not know"
    found = reached(_facts(ask, task["documents"]), way, len(ask.game.words["TYPES"]))[-1]
    if len(found) == 1:
        return f"answer: {next(iter(found))}", f"{len(way.chain)} steps through {len(task['documents'])} documents"
    return "none", f"{len(found)} answers fit {len(task['documents'])} documents"


# ---------------------------------------------------------------------- proposer and solver
def _propose(ask: Ask, strength: str) -> tuple[str, str]:
    move = dig(_sight(ask, [ask.obs.target]), ask.obs.target, int(ask.obs.hops), strength, ask.key)
    return _text(move, ask), move.why


def _solve(ask: Ask, strength: str) -> tuple[str, str]:
    way = _way(ask)
    if way is not None:
        move = seek(_sight(ask, [way.start]), way, strength, ask.key)
        return _text(move, ask), move.why
    calls, asked = ask.obs.calls[ask.seat], ask.game.words["words"](ask.obs.question)
    if not calls:
        return f"search: {' '.join(asked)[:190]}", "the question is in words that this solver does not know"
    titles = [each["title"] for call in calls for each in call["documents"] if each["title"].lower() not in asked]
    return f"answer: {titles[0] if titles else 'unknown'}"[
        :200
    ], "the first name that was found and is not in the question"


def _text(move: Move, ask: Ask) -> str:
    if move.search is not None:
        return f"search: {move.search[0]} {('', *ask.game.words['WORDS'])[move.search[1]]}".strip()
    if move.way is None:
        return f"answer: {move.answer}"
    return f"ask: Start at {move.way.start}; then {ask.game.words['step_words'](list(move.way.chain))}. Which name is reached in the end?"


def _way(ask: Ask) -> Way | None:
    """A question as this proposer writes it."""
    match, known = _ASKED.fullmatch(ask.obs.question), ask.game.words["STEPS"]
    steps = match[2].split("; then ") if match else [""]
    if match is None or not all(step in known for step in steps):
        return None
    return Way(match[1], tuple(known.index(step) for step in steps))


def _sight(ask: Ask, given: list[str]) -> Sight:
    """What the seat's documents tell; names in the order in which they were met."""
    calls = ask.obs.calls[ask.seat]
    shown = {each["title"]: each for call in calls for each in call["documents"]}
    facts, types = _facts(ask, shown.values()), ask.game.words["TYPES"]
    kinds = {name: kind for s, r, o in facts for name, kind in ((s, types[r][0]), (o, types[r][1]))}
    known = ask.game.words["KINDS"]
    told = re.compile(rf"([A-Z][a-z]+) is a ({'|'.join(known)})\.")
    kinds |= {match[1]: known.index(match[2]) for each in shown.values() for match in told.finditer(each["text"])}
    named = dict.fromkeys([*given, *(name for each in shown.values() for name in _NAME.findall(each["text"]))])
    seen = tuple(name for name in named if name in kinds or name in given)
    done = frozenset(_done(ask, call["query"]) for call in calls)
    left = int(ask.game.public.calls) - len(calls)
    return Sight(frozenset(facts), seen, dict.fromkeys(given, _guess(ask)) | kinds, done, left, types)


def _guess(ask: Ask) -> int:
    """The kind of a name of which nothing is known yet."""
    return keys.below(keys.fold(ask.seed, hash_of("kind")), len(ask.game.words["KINDS"]))


def _done(ask: Ask, query: str) -> tuple[str, int]:
    """The search that a query of this player was."""
    name, _, more = query.partition(" ")
    aspects = ("", *ask.game.words["WORDS"])
    return name, aspects.index(more) if more in aspects else 0


def _facts(ask: Ask, documents: Iterable[Mapping[str, str]]) -> set[tuple[str, int, str]]:
    return {fact for each in documents for fact in ask.game.words["facts_in"](each["text"])}
