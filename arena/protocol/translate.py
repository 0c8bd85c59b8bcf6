"""Between the nouns of a match and those of the wire, in both directions, for both ends.

A host tells a game, a question and a result; a player's end makes an Ask of them again and tells a Reply. A game is looked up among those
that are installed at the player's, or that its owner names; a path from the wire is never imported.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np

from arena.agent import Ask, Heard, Reply, Unanswered, reply_of
from arena.answers import MOST_WORDS, bounded_notes
from arena.clock import Limits
from arena.events import KINDS
from arena.match import Result
from arena.protocol import messages as wire
from arena.text import safe_text
from envs.errors import UserError
from envs.game import Game, Legal
from envs.records import Row, owned
from envs.registry import found, game
from envs.spec import PUBLIC, SPECTATOR, Box, Form, Text

__all__ = [
    "act_of", "answer_of", "ask_of", "begin_told", "legal_told", "observation_of", "over_told", "packed_observation", "question_told",
    "rules_of", "rules_told",
]  # fmt: skip

_LONGEST = 1 << 17
_SMALL = 512
"""Values of an action's factors, up to which masks are kept: what a stranger sends must not fill the memory."""


# ---------------------------------------------------------------------- a host tells
def rules_told(rules: Game, seat: int) -> wire.Rules:
    """The game as a player of this seat is told."""
    spec, actions = rules.spec, rules.spec.role(seat).actions
    low, high = (list(actions.low), list(actions.high)) if isinstance(actions, Box) else ([], [])
    return wire.Rules(
        rules.id, spec.title, rules.kind, rules.digest, spec.rules[:_LONGEST], list(spec.seat_names),
        {name: value for name, value in rules.shared_options.items() if isinstance(value, bool | int | float | str | None)},
        sorted(spec.traits),
        spec.limit, [] if isinstance(actions, Box | Text) else list(actions.factors), low, high,
        actions.length if isinstance(actions, Text) else 0, rules.config_bytes(public=True),
    )  # fmt: skip


def begin_told(match: str, rules: Game, seat: int, names: Sequence[str], limits: Limits, key: str = "") -> wire.Begin:
    """The opening of a match for one seat."""
    shown = [safe_text(name)[:256] for name in names]
    return wire.Begin(match, seat, rules_told(rules, seat), shown, limits.move, limits.bank, limits.increment, key)


def legal_told(legal: Legal) -> wire.Legal:
    """What may be answered, without the mask."""
    if legal.form is not None:
        return wire.Legal(length=legal.form.length, pattern=legal.form.pattern)
    if legal.bounds is not None:
        return wire.Legal(low=list(legal.bounds[0]), high=list(legal.bounds[1]))
    return _mask_told(legal.mask.tobytes(), legal.sizes)


@lru_cache(maxsize=4096)
def _mask_told(mask: bytes, sizes: tuple[int, ...]) -> wire.Legal:
    """The same few masks come at every tick."""
    return wire.Legal(Legal(np.frombuffer(mask, np.bool_), sizes).factors)


def question_told(ask: Ask, wants: Sequence[str], seconds: float | None) -> wire.Ask:
    """A question in the forms that the player wants; seconds: what is left of its time."""
    return wire.Ask(
        ask.match, ask.seat, ask.tick, legal_told(ask.legal), len(ask.refusals), seconds,
        ask.text[:_LONGEST] if "text" in wants else "", _fields(ask.obs) if "fields" in wants else {},
        packed_observation(ask.obs) if "packed" in wants else b"", ask.seed,
        [wire.Heard(heard.tick, heard.seat, heard.text) for heard in ask.heard], list(ask.refusals),
    )  # fmt: skip


def _fields(obs: Any) -> dict[str, Any]:
    plain: dict[str, Any] = _listed(obs.tree())
    return plain


def _listed(value: Any) -> Any:
    """Arrays as nested lists, numpy's numbers as Python's, bytes left out: what every language has."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, dict):
        return {str(name): _listed(item) for name, item in value.items() if not isinstance(item, bytes)}
    return [_listed(item) for item in value] if isinstance(value, list | tuple) else value


def packed_observation(obs: Any) -> bytes:
    """The bytes of an observation: of its record, or of its tree in msgpack."""
    if isinstance(obs, Row):
        data: bytes = obs.array.tobytes()
        return data
    return msgspec.msgpack.encode(_listed(obs.tree()))


def over_told(match: str, seat: int, result: Result, recorded: bool) -> wire.Over:
    """The end of a match."""
    scores = [score if math.isfinite(score) else 0.0 for score in result.scores]
    return wire.Over(match, seat, scores, result.reason, list(result.faults), result.ticks, recorded)


def answer_of(act: wire.Act) -> Any:
    """What a player sent, as Match.acted takes it; the match decides whether it is legal.

    That a backend has failed ("void") is no player's to say from afar: it would undo every loss. It counts as an answer that is none.
    """
    if act.failed:
        kind = act.failed if act.failed in (*KINDS, "timeout") else "unparsable"
        return Unanswered(kind, act.reason or f"the player sent no answer ({kind})", act.text, act.notes)
    say = [(tuple(whom), text) for whom, text in act.say]
    return Reply(act.actions or act.text, say, act.notes)


# ---------------------------------------------------------------------- a player's end understands
def rules_of(told: wire.Rules, place: str = "") -> Game:
    """The game at the player's end, with the host's options and public configuration. Raises UserError in one line.

    place: where the player's owner says that the game is (a file or a module), for one that is not installed.
    """
    if not place and told.id not in found():
        what = "an environment of another library" if told.kind == "foreign" else f"the game {safe_text(told.id)}"
        raise UserError(f"{what} is not installed here: say where it is with --game FILE.py or MODULE:BUILD")
    options: dict[str, Any] = told.options
    rules = game(place or told.id, **options)
    if rules.id != told.id or rules.digest != told.digest:
        raise UserError(
            f"other rules: {safe_text(told.id)} of the host is not {rules.id} as it is installed here: use the same version"
        )
    rules.configure(told.config)
    return rules


def ask_of(told: wire.Ask, rules: Game) -> Ask:
    """The question as an agent takes it. Raises UserError where it does not fit the game."""
    if not 0 <= told.seat < rules.seats:
        raise UserError(f"the host asks seat {told.seat} of {rules.id}, which has seats 0 to {rules.seats - 1}")
    obs = observation_of(told.packed, rules, told.seat)
    legal = _legal(told.legal, rules, told.seat, obs)
    heard = tuple(Heard(each.tick, each.seat, each.text) for each in told.heard)
    return Ask(
        told.match, rules, told.seat, told.tick, obs, legal, told.seed, told.seconds, heard, tuple(told.refusals)
    )


def observation_of(packed: bytes, rules: Game, who: int) -> Any:
    """The observation of a seat, the public or the spectator from its bytes. Raises UserError where they do not fit."""
    types = getattr(rules, "observation_types", None)
    if types is None:
        from envs.plain import Tree  # noqa: PLC0415  only games without records pay for it

        tree = msgspec.msgpack.decode(packed, type=dict[str, wire.Tree5])
        return Tree(tree)
    kind = types[{PUBLIC: "public", SPECTATOR: "spectator"}.get(who) or rules.spec.role(who).name]
    if len(packed) != kind.itemsize:
        raise UserError(f"an observation of {rules.id} has {kind.itemsize} bytes, the host sent {len(packed)}")
    return Row(owned(packed, kind))


def _legal(told: wire.Legal, rules: Game, seat: int, obs: Any) -> Legal:
    actions = rules.spec.role(seat).actions
    sizes = actions.factors
    if isinstance(actions, Text):
        from envs.plain import TextLegal  # noqa: PLC0415

        return TextLegal(Form(told.length, told.pattern), lambda key: rules.example(obs, seat, key))
    if isinstance(actions, Box):
        return Legal(np.ones(len(sizes), np.bool_), sizes, (tuple(told.low), tuple(told.high)))
    factors = tuple(map(tuple, told.factors))
    small = sum(sizes) <= _SMALL and all(len(values) <= size for size, values in zip(sizes, factors, strict=True))
    return Legal((_mask if small else _mask.__wrapped__)(factors, sizes), sizes)


@lru_cache(maxsize=1024)
def _mask(factors: tuple[tuple[int, ...], ...], sizes: tuple[int, ...]) -> np.ndarray:
    """Which values of each factor are legal, one factor after another; for reading only, because it is kept."""
    mask, edge = np.zeros(sum(sizes), np.bool_), 0
    for size, values in zip(sizes, factors, strict=True):
        mask[[edge + value for value in values if 0 <= value < size]] = True
        edge += size
    mask.flags.writeable = False
    return mask


def act_of(answer: Any, told: wire.Ask) -> wire.Act:
    """An agent's answer as the act that answers this question. Raises TypeError for what is no answer."""
    where = told.match, told.seat, told.tick, told.attempt
    if isinstance(answer, Unanswered):
        notes, text = _plain_notes(answer.notes), answer.text[:_LONGEST]
        return wire.Act(*where, text=text, notes=notes, failed=answer.kind[:256], reason=answer.reason[:4096])
    reply = reply_of(answer)
    if reply is None:
        raise TypeError(f"an answer is an int, a list of ints, a text or a Reply, not {type(answer).__name__}")
    if isinstance(reply, str):
        return wire.Act(*where, text=reply[:_LONGEST])
    actions: Any = reply.actions
    text = ""
    if isinstance(actions, str):
        actions, text = [], actions
    elif actions and isinstance(actions[0], str):
        actions, text = [], actions[0]
    say = [([int(seat) for seat in whom], str(words)[:MOST_WORDS]) for whom, words in list(reply.say)[:16]]
    listed = [[int(v) for v in (each if isinstance(each, list | tuple | np.ndarray) else [each])] for each in actions]
    return wire.Act(*where, actions=listed, text=text[:_LONGEST], say=say, notes=_plain_notes(reply.notes))


class _Notes(msgspec.Struct):
    """The type of notes as a Struct, which msgspec looks through once and not at each call."""

    notes: dict[wire.Word, wire.Tree3]


def _plain_notes(notes: Any) -> dict[str, Any]:
    """Notes as the wire takes them: plain values of at most three levels; else a note that says what was wrong."""
    kept = bounded_notes(notes)
    if not kept:
        return kept
    try:
        return msgspec.convert({"notes": kept}, _Notes).notes
    except msgspec.ValidationError as error:
        return {"why": f"notes were dropped: {safe_text(error, width=120)}"}
