"""What a game declares about itself, as data: roles, action spaces, views, traits, options.

Everything that the platform asks before it runs a game (who sits where, what an action is, who may talk) is read
from here. Nothing here computes; the nouns of words and marks stand at the end.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

__all__ = [
    "PUBLIC",
    "SPECTATOR",
    "TRAITS",
    "Box",
    "Discrete",
    "Form",
    "Hands",
    "Mark",
    "MultiDiscrete",
    "Option",
    "Refusal",
    "Role",
    "Spec",
    "Text",
    "View",
]

SPECTATOR, PUBLIC = -1, -2
"""Two who look and never act: the spectator sees all, the public what every seat knows."""

TRAITS = frozenset({"simultaneous", "hidden", "zero_sum", "enumerable", "talk", "chance", "perfect", "apart"})
"""simultaneous: several seats may act in one tick. hidden: some seat does not see all. zero_sum: rewards of a tick sum
to 0. enumerable: the whole tree can be walked. talk: what a seat says reaches others. chance: rules draw random numbers.
perfect: every seat sees the whole state, and `imagine` copies it. apart: points of different roles are not comparable; ratings compare
players of one role alone."""


@dataclass(frozen=True)
class Discrete:
    """One integer in [0, n)."""

    n: int

    @property
    def factors(self) -> tuple[int, ...]:
        return (self.n,)


@dataclass(frozen=True)
class MultiDiscrete:
    """K independent integers; every combination of singly allowed factors is legal."""

    factors: tuple[int, ...]


@dataclass(frozen=True)
class Box:
    """K integers in fixed point: factor i means `step[i]` times the integer, from low[i] to high[i] (integers)."""

    low: tuple[int, ...]
    high: tuple[int, ...]
    step: tuple[float, ...]

    @property
    def factors(self) -> tuple[int, ...]:
        return tuple(1 for _ in self.low)


@dataclass(frozen=True)
class Form:
    """What a text action must look like: at most `length` characters, matching `pattern` (a regular expression), if any."""

    length: int
    pattern: str = ""


@dataclass(frozen=True)
class Text:
    """A string of at most `length` characters; plain games only. `legal` returns the Form of the moment."""

    length: int

    @property
    def factors(self) -> tuple[int, ...]:
        return (1,)


Actions = Discrete | MultiDiscrete | Box | Text


@dataclass(frozen=True)
class View:
    """A tensor made from an observation by the rule `encode_<name>`: shape, dtype and range."""

    shape: tuple[int, ...]
    dtype: str = "float32"
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True)
class Role:
    """A kind of seat: its name, how many seats have it, what they may do, and the tensors of their observation."""

    name: str
    count: int
    actions: Actions
    views: Mapping[str, View] = field(default_factory=dict)

    @cached_property
    def measures(self) -> tuple[int, tuple[int, ...], Any]:
        """Of an action: the length of its mask, the length of each factor, and (low, high) of a Box."""
        actions = self.actions
        return sum(actions.factors), actions.factors, (actions.low, actions.high) if isinstance(actions, Box) else None


@dataclass(frozen=True)
class Option:
    """An option of `build`: default and what is allowed (a range, or choices); its type is the default's.

    place: it names a file or folder of whoever builds the game. What is in there is in the configuration, so a recording opens without it.
    """

    default: Any
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] = ()
    help: str = ""
    place: bool = False

    @property
    def allowed(self) -> str:
        """What a value may be, in words."""
        if self.choices:
            return "one of " + ", ".join(str(choice) for choice in self.choices)
        kind = {bool: "true or false", int: "an integer", float: "a number", str: "a text"}[type(self.default)]
        if self.low is None and self.high is None:
            return kind
        return f"{kind} from {self.low if self.low is not None else '-inf'} to {self.high if self.high is not None else 'inf'}"


@dataclass(frozen=True)
class Spec:
    """A game's declaration. `rules` is the text that explains the game to a newcomer and to a language model.

    `limit` ticks end an episode (truncated). `scale` reward units make one point: a reward of 5 at scale 10 is 0.5.
    `points` is the range of a seat's total over an episode, in points. `frames` world ticks make one step.
    """

    name: str
    title: str
    rules: str
    roles: tuple[Role, ...]
    limit: int
    version: int = 0
    traits: frozenset[str] = frozenset()
    options: Mapping[str, Option] = field(default_factory=dict)
    scale: int = 1
    points: tuple[float, float] = (-1.0, 1.0)
    frames: int = 1

    @property
    def id(self) -> str:
        """The full name with its version: connect_four-v0."""
        return f"{self.name}-v{self.version}"

    @cached_property
    def seats(self) -> int:
        """P, the number of seats."""
        return sum(role.count for role in self.roles)

    def role(self, seat: int) -> Role:
        """The role of a seat; seats are numbered role by role."""
        before = 0
        for role in self.roles:
            before += role.count
            if seat < before:
                return role
        raise IndexError(f"no seat {seat}; the game has {self.seats}")

    def first(self, name: str) -> int:
        """The number of the first seat of a role."""
        before = 0
        for role in self.roles:
            if role.name == name:
                return before
            before += role.count
        raise KeyError(name)

    @cached_property
    def seat_names(self) -> tuple[str, ...]:
        """player_0, player_1, ...: the names that PettingZoo's faces use."""
        return tuple(f"{role.name}_{i}" for role in self.roles for i in range(role.count))

    @cached_property
    def width(self) -> int:
        """A: the length of the action mask, the largest of all roles."""
        return max(sum(role.actions.factors) for role in self.roles)

    @cached_property
    def factors(self) -> int:
        """K: how many integers one action has, the largest of all roles."""
        return max(len(role.actions.factors) for role in self.roles)

    def replace(self, **changes: Any) -> Spec:
        """This spec with some fields changed, for options that change shapes."""
        return dataclasses.replace(self, **changes)


@dataclass(frozen=True)
class Hands:
    """How a person plays a game in a window in real time; the game's `touch` turns a place on the board into the text of an act.

    rate: world frames a second; idle: the text of doing nothing; keys: the verb that each key takes in hand; left, right: the verbs of the
    mouse's buttons before a key was pressed, and always; alone: verbs that need no place and are done at once.
    """

    rate: int
    idle: str
    keys: Mapping[str, str]
    left: str
    right: str
    alone: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Letter:
    """The JSON object that a seat of words answers a whole turn with, where a game has one; the game's `parse` reads it.

    fields: name -> JSON schema, in the order of writing, so that thoughts stand before the act that follows from them; an `enum` lists what
    is legal now. say: the field that the other seats hear, why: the field with the reasons; the others have to be there.
    """

    fields: Mapping[str, Mapping[str, Any]]
    say: str = ""
    why: str = ""


@dataclass(frozen=True)
class Mark:
    """Something worth a line in the event list: a kind (one word), the seat it is about (-1: none), a text.

    `audience` is SPECTATOR (only who sees all), PUBLIC (everybody) or a seat.
    """

    kind: str
    text: str
    seat: int = -1
    audience: int = PUBLIC


@dataclass(frozen=True)
class Refusal:
    """Why a text is no action: one line, addressed to whoever wrote it."""

    reason: str
