"""What a search is given, what it finds, and what grows it: the words that planners and their trees share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from arena.agent import Ask

__all__ = ["Arm", "Budget", "Engine", "Findings"]


@dataclass(frozen=True)
class Arm:
    """One choice at the root: its column in the mask, visits, mean return in points, and whether that is proven."""

    column: int
    visits: int
    mean: float
    proven: bool = False


@dataclass(frozen=True)
class Findings:
    """What a search found: the arms that were tried, by column, and how many simulations it made."""

    arms: Mapping[int, Arm]
    simulations: int


@dataclass(frozen=True)
class Budget:
    """simulations at most; rollouts per leaf, of `depth` ticks (0: to the end); c: weight of exploration; solve: prove outcomes."""

    simulations: int
    c: float
    rollouts: int
    depth: int
    solve: bool


class Engine(Protocol):
    """A tree that grows: `run` makes simulations for one question, `findings` says what they came to."""

    def begin(self, ask: Ask, budget: Budget) -> None: ...

    def run(self, count: int) -> bool:
        """Make `count` simulations more; False when nothing is left to find out."""

    def findings(self) -> Findings: ...
