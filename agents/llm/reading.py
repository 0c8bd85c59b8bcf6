"""From what a model wrote to its answer: the last JSON object of its own text, if that is one; never a guess from prose.

Each completion is read as one thing: an answer in the game's words, or a Failure of one kind.
    truncated    the endpoint says that it was cut off (or it is longer than is read), even if it holds an object: that may be a draft
    empty        no text: silence, only thoughts, a call of tools that there are none of, an answer that was filtered away
    unparsable   text without a JSON object that has the fields that were asked for; a refusal in words
    illegal      such an object, and the game's words or rules say no: see `seat`
Thoughts (a field of their own, or <think>…</think> before the answer) are no part of the answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agents.llm.outcomes import Completion
from envs.spec import Letter

__all__ = ["MOST_READ", "Failure", "Spoken", "last_object", "object_of", "read", "schema"]

MOST_READ = 1 << 15
"""Characters, counted from the end, in which the object is looked for."""
_MOST_WORK = 1 << 22
"""Characters that are looked at, again and again where braces open and do not close; beyond that there is no object to be found."""
_THOUGHT = re.compile(r"\A\s*<think>(.*?)(?:</think>|\Z)", re.DOTALL)


@dataclass(frozen=True)
class Failure:
    """Why a completion is no answer: one of events.KINDS, and a line about it."""

    kind: str
    reason: str


@dataclass(frozen=True)
class Spoken:
    """An answer: the move in the game's words; why, say and notes, as far as they were written; whole: the object as it was written."""

    move: str
    fields: Mapping[str, str] = field(default_factory=dict)
    whole: Mapping[str, Any] = field(default_factory=dict)


def schema(moves: Sequence[str] | None, others: Mapping[str, str], move: str = "") -> dict[str, Any]:
    """The JSON schema of an answer. others: name -> what it is for, written before the move; moves: all that are allowed, if few.

    Within what strict structured output takes: every field required, none besides.
    """
    properties: dict[str, Any] = {name: {"type": "string", "description": what} for name, what in others.items()}
    properties["move"] = {"type": "string", "description": move or "your move, in the words that the rules ask for"}
    if moves:
        properties["move"]["enum"] = list(moves)
    return object_of(properties)


def object_of(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON schema of an object with these fields, all of them and no other."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def read(completion: Completion, letter: Letter | None = None) -> Spoken | Failure:
    """What the model answered: its move, or the object itself where the game reads whole letters."""
    text, _ = without_thoughts(completion.text)
    if completion.finish == "length":
        return Failure("truncated", "the answer was cut off before its end")
    if not text.strip():
        return _silence(completion)
    found = last_object(text)
    if found is None:
        return Failure("unparsable", "the answer holds no JSON object")
    return _spoken(found) if letter is None else _lettered(found, letter)


def without_thoughts(text: str) -> tuple[str, str]:
    """(what follows, the thoughts) of a text that begins with <think>; thoughts that do not end are all that there is."""
    found = _THOUGHT.match(text)
    return (text[found.end() :], found[1].strip()) if found else (text, "")


def _silence(completion: Completion) -> Failure:
    if completion.refusal.strip():
        return Failure("unparsable", "the model refused in words")
    if completion.tools:
        return Failure("empty", "the answer calls tools, and there are none")
    if completion.finish == "content_filter":
        return Failure("empty", "the answer was filtered away by the endpoint")
    thought = completion.reasoning.strip() or completion.text.strip()
    return Failure("empty", "the answer holds thoughts and nothing else" if thought else "the answer is empty")


def last_object(text: str) -> dict[str, Any] | None:
    """The JSON object that ends last in the text and lies in no other; None without one."""
    text = text[-MOST_READ:]
    decoder, found, at, left = json.JSONDecoder(), None, text.find("{"), _MOST_WORK
    while at >= 0:
        try:
            # From a copy, because an error counts the lines before it.
            found, size = decoder.raw_decode(text[at:])
            end = at + size
        except json.JSONDecodeError as error:
            left -= error.pos
            end = at + 1
        except (ValueError, RecursionError):
            left -= len(text) - at
            end = at + 1
        if left < 0:
            return None
        at = text.find("{", end)
    return found


def _spoken(tree: dict[str, Any]) -> Spoken | Failure:
    move = tree.get("move")
    if isinstance(move, int | float) and not isinstance(move, bool):
        move = json.dumps(move)
    if not isinstance(move, str) or not move.strip():
        what = "has no field move" if "move" not in tree else "has a move that is no text"
        return Failure("unparsable", f"the last JSON object of the answer {what}")
    return Spoken(move.strip(), _texts(tree, {"why": "why", "say": "say"}), tree)


def _lettered(tree: dict[str, Any], letter: Letter) -> Spoken | Failure:
    lacking = [name for name in letter.fields if name not in tree and name not in (letter.say, letter.why)]
    if lacking:
        return Failure("unparsable", f"the last JSON object of the answer has no field {lacking[0]}")
    read_by_game = {name: tree[name] for name in letter.fields if name in tree}
    texts = _texts(tree, {"why": letter.why, "say": letter.say})
    return Spoken(json.dumps(read_by_game, ensure_ascii=False), texts, tree)


def _texts(tree: dict[str, Any], called: dict[str, str]) -> dict[str, str]:
    """Reasons, speech and notes of an answer by these names, whatever the game calls them."""
    texts = {name: tree.get(field) for name, field in (called | {"notes": "notes"}).items()}
    return {name: value for name, value in texts.items() if isinstance(value, str)}
