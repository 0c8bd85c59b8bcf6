"""What can happen in a match: facts, handed out in order, never objects that could be changed.

Order: Started, Secret, then per tick Asked+ (Refused Asked)* Acted+ Stepped Marked*, at the end Faulted? and Ended; exactly one Ended.
Everything that a screen, a file or a rating table wants to know, it learns from these. `shown` is the one table that says
who may see what: a seat, the public (PUBLIC) or the full tape (SPECTATOR). Times are seconds since Started.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from envs.spec import PUBLIC, SPECTATOR

__all__ = [
    "CAUSES", "KINDS", "Acted", "Asked", "Ended", "Event", "Faulted", "Marked", "Refused", "Seat", "Secret", "Sink", "Started", "Stepped",
    "from_tree", "shown", "to_tree",
]  # fmt: skip

CAUSES = ("illegal", "timeout", "crash", "disconnect", "protocol", "resigned", "void")
"""Why a player can lose without the rules: each is a result, never an exception."""
KINDS = ("truncated", "empty", "unparsable", "illegal")
"""How an answer can fail: cut off before its end, no text at all, text that is no answer, an answer that is no legal action."""


class _Event(msgspec.Struct, frozen=True, tag_field="event", gc=False):
    """tick: the tick that was being decided when it happened; at: seconds since the start."""

    tick: int
    at: float


class Seat(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Who sits where: the seat's name in the game, the agent's address ("mcts?simulations=400") and its name for people.

    mode: how the agent runs: "trusted" (in the host's process), "isolated", "sealed" or "remote"; "" is trusted. walls: what holds it.
    """

    name: str
    agent: str
    title: str = ""
    mode: str = ""
    walls: tuple[str, ...] = ()


class Started(_Event, frozen=True, tag="started"):
    """The match begins. `game` is Game.describe(); `commitment` binds the seed: blake2b(nonce, seed, configuration).

    branch: empty, or {"match": ident, "tick": n}: the first n ticks repeat those of another match.
    """

    match: str = ""
    game: dict[str, Any] = {}
    seats: tuple[Seat, ...] = ()
    clock: dict[str, Any] = {}
    commitment: str = ""
    created: float = 0.0
    software: dict[str, str] = {}
    branch: dict[str, Any] = {}

    def has(self, trait: str) -> bool:
        """Whether the game is said to have this trait; what a damaged header says instead of a list of traits is none."""
        traits = self.game.get("traits")
        return isinstance(traits, list | tuple) and trait in traits


class Secret(_Event, frozen=True, tag="secret"):
    """What makes the match reproducible and would betray hidden things while it runs: seed, nonce, the first state."""

    seed: int = 0
    nonce: bytes = b""
    config: bytes = b""
    fingerprint: bytes = b""
    state: bytes = b""


class Asked(_Event, frozen=True, tag="asked"):
    """A seat is asked to act; seconds: its time for this question (None: no limit); attempt counts from 0."""

    seat: int = 0
    attempt: int = 0
    seconds: float | None = None


class Acted(_Event, frozen=True, tag="acted"):
    """A seat's accepted action (K integers, or a text), its name in the game's words, what was said to whom, the notes.

    took: seconds from question to answer; queued: played from an earlier reply that held several actions.
    """

    seat: int = 0
    action: list[int] | str = []
    name: str = ""
    took: float = 0.0
    queued: bool = False
    said: tuple[tuple[tuple[int, ...], str], ...] = ()
    notes: dict[str, Any] = {}


class Refused(_Event, frozen=True, tag="refused"):
    """An answer that is no legal action, and the reason that the seat was given.

    kind: one of KINDS, or the cause "void" or "timeout" where no answer came. notes: what the agent noted of this attempt.
    """

    seat: int = 0
    attempt: int = 0
    reason: str = ""
    answer: str = ""
    kind: str = "illegal"
    notes: dict[str, Any] = {}


class Faulted(_Event, frozen=True, tag="faulted"):
    """A seat broke a rule of the match; cause is one of CAUSES."""

    seat: int = 0
    cause: str = ""
    detail: str = ""


class Stepped(_Event, frozen=True, tag="stepped"):
    """The rules took one step: rewards in points, and for the full tape the new state and its fingerprint. tick is the new tick."""

    reward: tuple[float, ...] = ()
    fingerprint: bytes = b""
    state: bytes = b""


class Marked(_Event, frozen=True, tag="marked"):
    """A line for the event list; tick is the tick that it led to."""

    kind: str = ""
    text: str = ""
    seat: int = -1
    audience: int = PUBLIC


class Ended(_Event, frozen=True, tag="ended"):
    """The only end. reason: "played out", "limit", "forfeit", "void" or "aborted"; scores in points."""

    reason: str = ""
    scores: tuple[float, ...] = ()
    faults: tuple[tuple[int, str], ...] = ()
    metrics: dict[str, Any] = {}
    refusals: tuple[int, ...] = ()


Event = Started | Secret | Asked | Acted | Refused | Faulted | Stepped | Marked | Ended
Sink = Callable[[Event], None]
"""Takes each event in order, or several at once by `take(events)`, where it has that. One that raises is dropped and logged; it cannot
stop a match."""


def to_tree(event: Event) -> dict[str, Any]:
    """The event as plain values that msgpack takes; bytes stay bytes."""
    tree: dict[str, Any] = msgspec.to_builtins(event, builtin_types=(bytes,))
    return tree


def from_tree(tree: Any) -> Event:
    """The inverse of to_tree; raises msgspec.ValidationError on anything that is no event. Unknown fields are skipped."""
    return msgspec.convert(tree, Event, builtin_types=(bytes,))


def _everyone(event: Event, who: int, opened: bool) -> Event:
    return event


def _nobody(event: Event, who: int, opened: bool) -> None:
    return None


def _own(event: Any, who: int, opened: bool) -> Event | None:
    return event if event.seat == who else None


def _asked(event: Any, who: int, opened: bool) -> Event:
    return event if event.seat == who else msgspec.structs.replace(event, attempt=0)


def _acted(event: Any, who: int, opened: bool) -> Event | None:
    """An act is public where every seat sees the whole state; its notes are the seat's own; words go to whom they were said."""
    if event.seat == who:
        return event
    heard = tuple(words for words in event.said if who in words[0])
    if opened:
        return msgspec.structs.replace(event, notes={}, said=heard)
    return msgspec.structs.replace(event, notes={}, said=heard, action=[], name="") if heard else None


def _stepped(event: Any, who: int, opened: bool) -> Event:
    reward = event.reward if opened else tuple(r if seat == who else 0.0 for seat, r in enumerate(event.reward))
    return msgspec.structs.replace(event, reward=reward, fingerprint=b"", state=b"")


def _marked(event: Any, who: int, opened: bool) -> Event | None:
    return event if event.audience in (PUBLIC, who) else None


class _Table:
    """Event type -> what of it a seat or the public sees."""

    rows: ClassVar[dict[type, Callable[[Any, int, bool], Event | None]]] = {
        Started: _everyone, Secret: _nobody, Asked: _asked, Acted: _acted, Refused: _own,
        Faulted: _everyone, Stepped: _stepped, Marked: _marked, Ended: _everyone,
    }  # fmt: skip


def shown(event: Event, who: int, opened: bool, released: bool = False) -> Event | None:
    """What `who` may see of an event: all of it for SPECTATOR, None where it is not theirs.

    who: a seat, PUBLIC or SPECTATOR. opened: the game has the trait "perfect", so acts and rewards are everybody's.
    released: the last match of the pairing group has ended (see `arena.release`); then the full tape is everybody's.
    """
    return event if who == SPECTATOR or released else _Table.rows[type(event)](event, who, opened)
