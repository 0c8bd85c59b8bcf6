"""A game, as everything above the rules sees it: values go in, values come out, no state is ever changed in place.

`Game` is the face that matches, replays, agents and screens use; `RecordGame` gives it to rules over records,
`envs.plain.PlainGame` to rules over ordinary trees, `envs.foreign` to other libraries' environments. A state is an opaque
value of its game; an observation (`Row`, or `Tree` for plain games) has its fields as attributes and knows `seat` and `tick`.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from envs import keys
from envs.errors import UserError
from envs.spec import Hands, Letter, Mark, Refusal, Spec

__all__ = ["Facts", "Game", "Legal"]

# Straight, because a rule that is called from Python asks first which of its two ways is meant.
_fold, _below = keys.fold.plain, keys.below.plain
Action = list[int] | str
"""K integers, or a text in a plain game."""


class Facts(NamedTuple):
    """What is common to all states: the tick, whether the episode has ended and how, the rewards of the last step in points."""

    tick: int
    done: bool
    truncated: bool
    reward: tuple[float, ...]


class Legal:
    """The legal actions of one seat now. With one factor it is a sequence of ints; else look at `factors`.

    mask: bool[A], the factors one after another; sizes: the length of each factor; bounds: (low, high) of a Box;
    form: the Form that a text action must have.
    """

    def __init__(self, mask: np.ndarray, sizes: Sequence[int], bounds: Any = None, form: Any = None) -> None:
        self.mask, self.sizes, self.bounds, self.form = mask, tuple(sizes), bounds, form
        self._factors: list[list[int]] | None = None

    @property
    def factors(self) -> list[list[int]]:
        """The allowed values of each factor."""
        if self._factors is None:
            self._factors = self._allowed()
        return self._factors

    def _allowed(self) -> list[list[int]]:
        if self.bounds is not None:
            return [list(range(low, high + 1)) for low, high in zip(*self.bounds, strict=True)]
        parts = [self.mask] if len(self.sizes) == 1 else self._parts
        return [part.nonzero()[0].tolist() for part in parts]

    @cached_property
    def _parts(self) -> list[np.ndarray]:
        """The mask of each factor."""
        if len(self.sizes) == 1:
            return [self.mask]
        edges = itertools.accumulate(self.sizes, initial=0)
        return [self.mask[a:b] for a, b in itertools.pairwise(edges)]

    def __iter__(self) -> Any:
        return iter(self._single())

    def __len__(self) -> int:
        return len(self._single())

    def __getitem__(self, index: int) -> int:
        return self._single()[index]

    def _single(self) -> list[int]:
        if len(self.sizes) != 1:
            raise TypeError(f"an action has {len(self.sizes)} factors here: use legal.factors or legal.sample(key)")
        return self.factors[0]

    def __contains__(self, action: Any) -> bool:
        values = action if type(action) is list else _factors(action)
        if len(values) == 1 == len(self.sizes) and type(values[0]) is int and self.bounds is None:  # as nearly always
            return 0 <= values[0] < self.sizes[0] and bool(self.mask[values[0]])
        if len(values) != len(self.sizes) or not all(type(value) is int or _is_whole(value) for value in values):
            return False
        if self.bounds is not None:
            return all(low <= v <= high for v, low, high in zip(values, *self.bounds, strict=True))
        return all(0 <= v < n and bool(part[v]) for v, n, part in zip(values, self.sizes, self._parts, strict=True))

    def sample(self, key: int) -> list[int]:
        """A uniform legal action, K integers."""
        if self.bounds is not None:
            pairs = enumerate(zip(*self.bounds, strict=True))
            return [low + _below(_fold(key, k), high - low + 1) for k, (low, high) in pairs]
        return [values[_below(_fold(key, k), len(values))] for k, values in enumerate(self.factors)]

    def __repr__(self) -> str:
        return f"Legal({self.factors})" if self.form is None else f"Legal({self.form})"


def _factors(action: Any) -> Any:
    """What may be an action, as its factors; () for what is none."""
    if isinstance(action, int | np.integer):
        return [action]
    return action if isinstance(action, Sequence | np.ndarray) and not isinstance(action, str) else ()


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


class Game:
    """The face of all games. `who` is a seat, SPECTATOR or PUBLIC; keys are 64-bit integers; units are those of Spec.

    `kind` says what may be asked: "record" (everything), "plain" (no compiled drivers), "foreign" (no imagining, no verifying).
    """

    kind: str = ""
    spec: Spec
    options: Mapping[str, Any]
    digest: str
    words: Mapping[str, Any] = {}
    """Everything that the game's module names: beside its parts, what it shares with those who play by rule."""
    config: Any
    public: Any
    place: str = ""

    @property
    def id(self) -> str:
        return self.spec.id

    @property
    def seats(self) -> int:
        return self.spec.seats

    def demand_players(self, count: int) -> None:
        """UserError unless that is one player for each seat."""
        if count != self.seats:
            seats = ", ".join(self.spec.seat_names)
            raise UserError(f"{self.id} has {self.seats} seats ({seats}): give an agent for each, not {count} in all")

    def start(self, key: int) -> Any:
        """The first state of the episode with this seed."""
        raise NotImplementedError

    def step(self, state: Any, actions: Mapping[int, Action], key: int) -> Any:
        """The state one tick later; actions of seats that act, key as given to start."""
        raise NotImplementedError

    def acting(self, state: Any) -> tuple[int, ...]:
        """The seats that decide now, ascending; () when the episode has ended."""
        raise NotImplementedError

    def legal(self, state: Any, seat: int) -> Legal:
        """What an acting seat may do."""
        raise NotImplementedError

    def turns(self, state: Any) -> dict[int, Legal]:
        """The seats that decide now, ascending, each with what it may do."""
        return {seat: self.legal(state, seat) for seat in self.acting(state)}

    def observe(self, state: Any, who: int) -> Any:
        """What a seat, the spectator or the public knows."""
        raise NotImplementedError

    def facts(self, state: Any) -> Facts:
        raise NotImplementedError

    def pack(self, state: Any) -> bytes:
        raise NotImplementedError

    def unpack(self, data: bytes) -> Any:
        raise NotImplementedError

    def config_bytes(self, public: bool = False) -> bytes:
        """The configuration, whole or with its hidden part blanked."""
        raise NotImplementedError

    def configure(self, data: bytes) -> None:
        """Take over a whole configuration, as config_bytes gave it."""
        raise NotImplementedError

    def fingerprint(self, state: Any) -> bytes:
        """Eight bytes that two equal states share (blake2b of the packed state)."""
        return hashlib.blake2b(self.pack(state), digest_size=8).digest()

    def row(self, state: Any) -> Any:
        """The state with its fields as attributes, for reading."""
        raise NotImplementedError

    def encode(self, obs: Any, view: str) -> np.ndarray:
        """The tensor `view` of an observation."""
        raise NotImplementedError

    def imagine(self, obs: Any, seat: int, key: int) -> Any:
        """One full state that the seat holds possible."""
        raise NotImplementedError

    def can(self, name: str) -> bool:
        """Whether the game has an optional part: imagine, chances, speak, advance."""
        raise NotImplementedError

    # Words: from an observation and the public configuration, never from the state.
    def say(self, obs: Any) -> str:
        raise NotImplementedError

    def example(self, obs: Any, seat: int, key: int) -> list[str]:
        """Texts that a text seat might send, for tests and for the agent `random`; [] where seats send numbers."""
        return []

    def parse(self, text: str, obs: Any, legal: Legal) -> list[Action] | Refusal:
        """The actions that a text means (one, or several to be played one tick after another), or why it means none."""
        raise NotImplementedError

    def letter(self, obs: Any) -> Letter | None:
        """The JSON object in which a seat of words answers a whole turn; None where it writes single moves."""
        write = self.words.get("letter")
        return write(obs, self.public) if write else None

    def form(self, action: Action, obs: Any) -> str:
        """The text that parse reads back as this action."""
        raise NotImplementedError

    def name(self, action: Action, obs: Any) -> str:
        """The action in a few words, for bars, lists and prompts."""
        raise NotImplementedError

    def speak(self, action: Action, obs: Any, key: int) -> str:
        """What the others hear of a seat that says nothing itself, in a game with talk: one sentence, "" for a private act.

        The action's name where the game has no better words.
        """
        raise NotImplementedError

    def tell(self, before: Any, actions: Mapping[int, Action], after: Any) -> list[Mark]:
        """What happened in a step, for the event list."""
        raise NotImplementedError

    def draw(self, obs: Any, canvas: Any) -> None:
        raise NotImplementedError

    @property
    def hands(self) -> Hands | None:
        """How a person plays the game in a window; None for a game that is not played there."""
        return self.words.get("HANDS")

    def touch(self, obs: Any, x: float, y: float, verb: str) -> str:
        """The text of an act for a verb and a point of the board, in the units of `draw`; "" where it means nothing there."""
        return str(self.words["touch"](obs, self.public, x, y, verb))

    def metrics(self, state: Any) -> dict[str, Any]:
        """Figures of an ended episode, stored with its result."""
        raise NotImplementedError

    @property
    def shared_options(self) -> dict[str, Any]:
        """The options as others may read them: without those that name a place on this machine."""
        places = {name for name, option in self.spec.options.items() if option.place}
        return {name: value for name, value in self.options.items() if name not in places}

    def describe(self) -> dict[str, Any]:
        """What a recording stores so that the game is found again, and read without it."""
        return {
            "game": self.id, "place": self.place, "title": self.spec.title, "options": self.shared_options, "digest": self.digest,
            "kind": self.kind,
            "traits": sorted(self.spec.traits), "seats": list(self.spec.seat_names), "limit": self.spec.limit,
            "config": self.config_bytes(public=True),
        }  # fmt: skip

    def __repr__(self) -> str:
        options = "".join(f", {name}={value!r}" for name, value in self.options.items())
        return f"envs.game({self.id!r}{options})"
