"""What a model is told: texts from a TOML file that a user may replace, filled in with what the Ask holds and nothing else.

A set of prompts is named by its file and the digest of all its texts ("plain@3f0a91c2d4e5"), which every note of a recording carries: two
matches with one name had the same prompts. `[[shots]]` with game, user and assistant are examples, shown before the first turn.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from string import Template
from typing import Any

from agents.llm import fence
from agents.llm.reading import object_of, schema
from arena.agent import Ask
from arena.text import safe_text
from envs.errors import NOT_FOUND, UserError

__all__ = ["MOST_SEEN", "Prompts", "Shot", "answer_schema", "load"]

MOST_SEEN, MOST_HEARD, MOST_MOVES = 20_000, 50, 200
_BUILT_IN = Path(__file__).with_name("plain.toml")


@dataclass(frozen=True)
class Shot:
    """An example: what a turn showed and what was answered. game: a game's id or name, or "*"."""

    game: str
    user: str
    assistant: str


@dataclass(frozen=True)
class Prompts:
    """A set of prompts: its name with the digest, texts by entry, examples."""

    name: str
    texts: Mapping[str, str]
    shots: tuple[Shot, ...] = ()

    def fill(self, entry: str, **values: object) -> str:
        """An entry with its $names filled in; names that it does not use are passed over."""
        return Template(self.texts[entry]).safe_substitute({name: str(value) for name, value in values.items()})

    def system(self, ask: Ask, form: Mapping[str, Any]) -> str:
        spec = ask.game.spec
        return self.fill(
            "system", name=spec.seat_names[ask.seat], seat=ask.seat + 1, seats=spec.seats, title=spec.title, rules=spec.rules,
            format=json.dumps(form, ensure_ascii=False),
        )  # fmt: skip

    def turn(self, ask: Ask, code: str, *, legal: bool, notes: str | None, sees: str | None = None) -> str:
        """The question. notes: the scratchpad, None without one; sees: in place of the observation's words."""
        shown = fence.fenced(ask.text if sees is None else sees, "you see", code, MOST_SEEN)
        heard = "\n".join(_said(ask, code))
        kept = None if notes is None else fence.fenced(notes or "(none)", "your notes", code, MOST_SEEN)
        text = self.fill(
            "turn", tick=ask.tick, sees=shown, heard=self.fill("heard", said=heard) if heard else "",
            scratchpad="" if kept is None else self.fill("scratchpad", notes=kept),
            legal=self.legal(ask) if legal else "", time="" if ask.seconds is None else self.fill("time", seconds=f"{ask.seconds:.0f}"),
        )  # fmt: skip
        return text.strip()

    def legal(self, ask: Ask) -> str:
        return self.fill("legal", moves=moves_in_words(ask))

    def again(self, kind: str, ask: Ask, reason: str, form: Mapping[str, Any], legal: bool) -> str:
        """What a model is told whose answer failed."""
        moves = self.legal(ask) if legal else ""
        shown = safe_text(reason, width=400)
        return self.fill(kind, reason=shown, format=json.dumps(form, ensure_ascii=False), legal=moves.strip()).strip()


def _said(ask: Ask, code: str) -> list[str]:
    """The newest of what was said, each in a field of its own, oldest first."""
    names = ask.game.spec.seat_names
    return [
        f"{names[heard.seat]}, turn {heard.tick}:\n{fence.fenced(heard.text, 'said', code)}"
        for heard in ask.heard[-MOST_HEARD:]
    ]


def moves(ask: Ask) -> list[str] | None:
    """Every move in the game's words, None where they cannot be listed."""
    legal = ask.legal
    if legal.form is not None or legal.bounds is not None or len(legal.sizes) > 1 or len(legal) > MOST_MOVES:
        return None
    return [ask.game.form([action], ask.obs) for action in legal]


def moves_in_words(ask: Ask) -> str:
    letter = ask.game.letter(ask.obs)
    if letter is not None:
        listed_fields = {name: field["enum"] for name, field in letter.fields.items() if "enum" in field}
        return "".join(f"\n{name}: {', '.join(map(_value, values))}" for name, values in listed_fields.items())
    listed = moves(ask)
    if listed is not None:
        return ", ".join(safe_text(move) for move in listed)
    form = ask.legal.form
    if form is not None:
        return f"a text of at most {form.length} characters" + (f" that matches {form.pattern}" if form.pattern else "")
    return f"too many to list, for example {safe_text(ask.game.form(ask.legal.sample(ask.key), ask.obs))}"


def _value(value: Any) -> str:
    return safe_text(value) if isinstance(value, str) else json.dumps(value)


def answer_schema(prompts: Prompts, ask: Ask, *, enforce: bool, scratchpad: bool) -> dict[str, Any]:
    """The JSON schema of this seat's answers; with `enforce`, its move is one of those allowed now where they can be listed.

    Else it is any text, because a game may read more than single moves: a whole question at once. A game with a letter says itself what a
    whole turn holds.
    """
    letter = ask.game.letter(ask.obs)
    if letter is not None:
        kept = {"notes": {"type": "string", "description": prompts.texts["notes"]}} if scratchpad else {}
        return object_of(kept | {name: _open(field, enforce) for name, field in letter.fields.items()})
    others = {"why": prompts.texts["why"]}
    if "talk" in ask.game.spec.traits:
        others["say"] = prompts.texts["say"]
    if scratchpad:
        others["notes"] = prompts.texts["notes"]
    return schema(moves(ask) if enforce else None, others, prompts.texts["move"])


def _open(field: Mapping[str, Any], enforce: bool) -> dict[str, Any]:
    """A field's schema, with what is legal now or without."""
    return {name: value for name, value in field.items() if enforce or name != "enum"}


@cache
def load(path: str = "") -> Prompts:
    """The prompts of a TOML file laid over the built-in ones; "" for these alone. Raises UserError for what is no such file."""
    texts, shots = _read(_BUILT_IN)
    if path:
        own, shots = _read(Path(path))
        unknown = sorted(own.keys() - texts.keys())
        if unknown:
            raise UserError(f"llm: {path} has {', '.join(unknown)}: known are {', '.join(texts)} and [[shots]]")
        texts = texts | own
    whole = json.dumps([texts, [vars(shot) for shot in shots]], sort_keys=True)
    digest = blake2b(whole.encode(), digest_size=6).hexdigest()
    return Prompts(f"{Path(path).stem if path else 'plain'}@{digest}", texts, tuple(shots))


def _read(path: Path) -> tuple[dict[str, str], Sequence[Shot]]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        shots = [Shot(**shot) for shot in table.pop("shots", [])]
    except FileNotFoundError:
        raise UserError(f"llm: no file {str(path)!r}: give prompts= the path of a TOML file", NOT_FOUND) from None
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"llm: {path} is no file of prompts: {error}") from None
    texts = [value for value in table.values() if isinstance(value, str)]
    texts += [each for shot in shots for each in vars(shot).values()]
    if len(texts) != len(table) + 3 * len(shots) or not all(isinstance(text, str) for text in texts):
        raise UserError(f"llm: {path}: prompts are texts, and a shot has game, user and assistant")
    return {name: text.removeprefix("\n") for name, text in table.items()}, shots
