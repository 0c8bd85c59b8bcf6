"""What an agent is: a function from an Ask to a Reply.

Anything callable will do, and the simplest answers are taken as they are: an int, a list of ints, a text in the words of the
game. One instance serves one seat of one match. An object may have `close()`, and `title` for people. Which agents exist is
not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec
import numpy as np

from envs import keys
from envs.game import Game, Legal

__all__ = ["Agent", "Answer", "Ask", "Failed", "Heard", "Reply", "Resigned", "Unanswered", "reply_of"]


@dataclass(frozen=True)
class Heard:
    """What another seat said, and at which tick."""

    tick: int
    seat: int
    text: str


_fold: Callable[[int, int], int] = keys.fold.plain  # straight: every agent that draws asks for a key


class Ask(msgspec.Struct, frozen=True, dict=True):
    """One question to one seat: everything that it knows, and nothing else.

    obs: the seat's observation, fields as attributes. legal: what it may do. seconds: time for this answer, None without a limit.
    heard: what was said to it, oldest first. refusals: why earlier answers to this question were refused. seed: this seat's own
    randomness for the match, not the episode's.
    """

    match: str
    game: Game
    seat: int
    tick: int
    obs: Any
    legal: Legal
    seed: int
    seconds: float | None = None
    heard: tuple[Heard, ...] = ()
    refusals: tuple[str, ...] = ()

    @property
    def key(self) -> int:
        """A fresh random key for this question (tick and attempt folded into the seat's seed)."""
        return _fold(_fold(self.seed, self.tick), len(self.refusals))

    @cached_property
    def text(self) -> str:
        """The observation in words."""
        return self.game.say(self.obs)


class Reply(msgspec.Struct, frozen=True, gc=False):
    """An answer. actions: one action (K integers or a text), or several to be played one tick after another; or words that the game parses.

    say: (seats, text) pairs for others, delivered where the game has the trait talk. notes: what the agent thought, for panes and
    recordings: policy [(action name, probability)], value, why, prompt, completion, tokens, cost, latency, beliefs.
    """

    actions: Sequence[Any]
    say: Sequence[tuple[Sequence[int], str]] = ()
    notes: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Unanswered:
    """What an agent returns instead of a Reply when the model or backend behind it gave none.

    kind: one of events.KINDS: the match records it as a refusal and asks again, as often as it forgives that kind; or the cause
    "void" (the backend failed: nobody's fault) or "timeout", which end the match at once. reason: one line for whoever is asked
    again; text: what came instead of an answer; notes: as in Reply, so that a failed attempt is recorded like a move.
    """

    kind: str
    reason: str
    text: str = ""
    notes: Mapping[str, Any] = field(default_factory=dict)


Answer = Reply | Unanswered | int | str | Sequence[int]
Agent = Callable[[Ask], Answer]


_READY, _ARRAYS, _LISTS = (Reply, str), (np.ndarray, np.generic), (list, tuple)


def reply_of(answer: Any) -> Reply | str | None:
    """Whatever an agent returned, as a Reply; a str is a text to be parsed; None means that it is no answer."""
    if isinstance(answer, _READY):
        return answer
    if isinstance(answer, _ARRAYS):
        answer = answer.tolist()
    if type(answer) is int:
        return Reply([[answer]])
    if type(answer) is list and len(answer) == 1 and type(answer[0]) is int:  # one factor, as nearly always
        return Reply([[answer[0]]])
    if isinstance(answer, _LISTS) and answer and all(type(value) is int for value in answer):
        return Reply([list(answer)])
    return None


class Resigned(Exception):  # noqa: N818  a decision, not an error
    """An agent raises it to give up; its text is kept as the detail of the fault `resigned`."""


class Failed(Exception):  # noqa: N818  a result, not an error
    """An agent could not answer, and its seat loses; cause is one of events.CAUSES, the text its detail."""

    def __init__(self, cause: str, detail: str) -> None:
        super().__init__(detail)
        self.cause = cause
