"""What a tournament comes to: a plan of divisions, one for each game.

The plan as plain values is kept in the store: a store made from another plan is never added to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from arena.clock import Limits
from arena.forgiving import FORGIVEN, Retries

__all__ = ["Division", "Plan"]


@dataclass(frozen=True)
class Division:
    """One game of a tournament with its players. roles: name and seats of each role; entrants: the players (indices into `agents`) of
    each role where they differ, () where everybody plays every seat. apart: players are compared with those of their role alone.
    """

    game: str
    agents: tuple[str, ...]
    system: str = "round_robin"
    challengers: tuple[int, ...] = ()
    rounds: int = 1
    sets: int = 1
    swap: bool = True
    retries: Retries = FORGIVEN
    patience: float = 3600.0
    sandbox: str = "default"
    roles: tuple[tuple[str, int], ...] = (("player", 2),)
    entrants: tuple[tuple[int, ...], ...] = ()
    apart: bool = False

    @property
    def seats(self) -> int:
        return sum(count for _, count in self.roles)

    def role(self, seat: int) -> str:
        """The name of a seat's role."""
        return next(name for name, first, last in self._spans() if first <= seat < last)

    def _spans(self) -> Iterator[tuple[str, int, int]]:
        first = 0
        for name, count in self.roles:
            yield name, first, first + count
            first += count


@dataclass(frozen=True)
class Plan:
    """A whole tournament; `tree` is all of it as plain values."""

    name: str
    divisions: tuple[Division, ...]
    seed: int = 0
    rated: bool = False
    record: bool = True
    texts: bool = True
    limits: Limits = field(default_factory=Limits)

    def tree(self) -> dict[str, Any]:
        """Plain values that JSON takes; two plans are the same exactly when these are."""
        own = {"name": self.name, "seed": self.seed, "rated": self.rated, "record": self.record, "texts": self.texts}
        return own | {"clock": self.limits.tree(), "games": [_told(division) for division in self.divisions]}

    @classmethod
    def from_tree(cls, tree: Mapping[str, Any]) -> Plan:
        """The inverse of `tree`, for what our own store holds: nothing is checked."""
        divisions = tuple(Division(**{name: _frozen(value) for name, value in each.items()}) for each in tree["games"])
        own = {name: tree[name] for name in ("name", "seed", "rated", "record", "texts")}
        return cls(divisions=divisions, limits=Limits(**tree["clock"]), **own)


def _told(division: Division) -> Any:
    """Its fields; `apart` where it is so, because plans of games without it are stored that do not know it."""
    return _plain({name: value for name, value in vars(division).items() if name != "apart" or value})


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
