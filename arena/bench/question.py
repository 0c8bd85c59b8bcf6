"""What `arena bench` asks: a question, the sides that answer it, the target that it is held to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from arena.bench.figures import Target

__all__ = ["SEED", "Contender", "Question", "in_pair", "on_either", "times"]

SEED = 7


@dataclass(frozen=True)
class Contender:
    """A side: its name for people, the function that sets it up, the packages that it needs, the function's arguments.

    cores: how many it may use; one is the same for all sides.
    """

    name: str
    make: str
    packages: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    cores: int = 1


@dataclass(frozen=True)
class Question:
    """One row of a run. unit: see `figures`. peer: None where only our own figure counts."""

    id: str
    what: str
    unit: str
    ours: Contender
    peer: Contender | None = None
    target: Target | None = None
    note: str = ""
    seed: int = SEED

    @property
    def area(self) -> str:
        return self.id.partition("/")[0]

    @property
    def sides(self) -> Iterator[tuple[str, Contender]]:
        """("ours", ...) and, where there is one, ("peer", ...)."""
        yield "ours", self.ours
        if self.peer is not None:
            yield "peer", self.peer


def times(bound: float) -> Target:
    return Target("ratio", bound, "x")


def on_either(side: Contender) -> Contender:
    """One thread beside two: the side takes half of each turn on either core."""
    return _of_cores("either", f"{side.name}, one thread", side)


def in_pair(side: Contender) -> Contender:
    """What two cores give at most: two processes of the side at once."""
    return _of_cores("pair", f"{side.name}, two processes", side)


def _of_cores(how: str, name: str, side: Contender) -> Contender:
    config = {"make": side.make, "config": dict(side.config)}
    return Contender(name, f"arena.bench.cores:{how}", side.packages, config, cores=2)
