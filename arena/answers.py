"""From whatever an agent returned to a Reply whose first action is legal, or a Refusal that says why not.

Sizes are bounded here: actions in a reply, characters of a text, bytes of notes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from arena.agent import Reply, Unanswered, reply_of
from arena.text import safe_text
from envs.game import Game, Legal
from envs.spec import Refusal

__all__ = ["MOST_WORDS", "Words", "aloud", "answer_text", "bounded_notes", "spoken", "understood"]

MOST_ACTIONS, MOST_NOTES, MOST_TEXT, MOST_WORDS = 4096, 1 << 20, 1 << 17, 8192
Said = Sequence[tuple[Sequence[int], str]]
"""What a reply says: seats, and a text to them."""
Words = tuple[tuple[tuple[int, ...], str], ...]
"""The same as it is recorded, bounded."""


def understood(game: Game, obs: Any, legal: Legal, answer: Any) -> Reply | Refusal:
    """An answer (int, list of ints, text in the game's words, Reply) as a Reply whose first action is legal."""
    reply = reply_of(answer)
    if reply is None:
        return Refusal(f"an answer is an int, a list of ints, a text or a Reply, not {type(answer).__name__}")
    text = reply.actions if isinstance(reply, Reply) else reply
    if isinstance(text, str):
        if len(text) > MOST_TEXT:
            return Refusal(f"the text has {len(text)} characters: at most {MOST_TEXT} are read")
        found = game.parse(text, obs, legal)
        if isinstance(found, Refusal):
            return found
        say, notes = (reply.say, reply.notes) if isinstance(reply, Reply) else ((), {})
        reply = Reply(found, say or _message(game, obs, text), notes)
    assert isinstance(reply, Reply)
    actions = [_listed(action) for action in reply.actions[:MOST_ACTIONS]]
    if not actions or actions[0] not in legal:
        shown = safe_text(repr(actions[0])[:200] if actions else "nothing", width=60)
        return Refusal(f"{shown} is not legal: {_allowed(legal)}")
    return Reply(actions, reply.say, reply.notes)


def _message(game: Game, obs: Any, text: str) -> Said:
    """What a letter that was read as a move says to all others, in the field that its game names for that."""
    letter = game.letter(obs) if "{" in text else None
    if letter is None:
        return ()
    try:
        found = json.loads(text[text.index("{") : text.rindex("}") + 1])
    except (ValueError, RecursionError):
        return ()
    words = found.get(letter.say) if isinstance(found, dict) else None
    return [(range(game.seats), words)] if isinstance(words, str) and words.strip() else ()


def aloud(game: Game, seat: int, say: Said) -> Words:
    """What a seat says to others, with its size bounded; nothing where the game lets nobody talk."""
    if "talk" not in game.spec.traits:
        return ()
    whom = [tuple(sorted({int(p) for p in to if 0 <= int(p) < game.seats and int(p) != seat})) for to, _ in say[:16]]
    return tuple((to, str(text)[:MOST_WORDS]) for to, (_, text) in zip(whom, say, strict=False))


def spoken(game: Game, seat: int, action: Any, obs: Any, key: int) -> Words:
    """An act as its game with talk would say it to all others, for a seat that has said nothing itself; nothing for a private act."""
    words = game.speak(action, obs, key) if game.can("speak") else ""
    return ((tuple(other for other in range(game.seats) if other != seat), words[:MOST_WORDS]),) if words else ()


def answer_text(answer: Any) -> str:
    """A refused answer as its event keeps it."""
    if isinstance(answer, Unanswered):
        return answer.text
    return answer if isinstance(answer, str) else repr(getattr(answer, "actions", answer))[:400]


def _listed(action: Any) -> Any:
    """An action of one integer may come bare."""
    if isinstance(action, str):
        return action
    return list(action) if isinstance(action, list | tuple) else [action]


def _allowed(legal: Legal) -> str:
    if legal.form is not None:
        pattern = f" like {legal.form.pattern}" if legal.form.pattern else ""
        return f"allowed is a text of at most {legal.form.length} characters{pattern}"
    if legal.bounds is not None:
        return f"allowed are whole numbers from {list(legal.bounds[0])} to {list(legal.bounds[1])}"
    factors = legal.factors
    return "allowed are " + safe_text(", ".join(map(str, factors if len(factors) > 1 else factors[0])), width=200)


def bounded_notes(notes: Mapping[str, Any]) -> dict[str, Any]:
    """An agent's notes, if they are plain values of a bearable size; else a note that says what was wrong."""
    if not notes:
        return {}
    try:
        packed = msgspec.msgpack.encode(dict(notes))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        return {"why": f"notes were dropped: {safe_text(error, width=120)}"}
    if len(packed) > MOST_NOTES:
        return {"why": f"notes were dropped: {len(packed)} bytes, at most {MOST_NOTES} are kept"}
    kept: dict[str, Any] = msgspec.msgpack.decode(packed)
    return kept
