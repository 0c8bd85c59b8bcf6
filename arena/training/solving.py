"""Tabular solvers as a `loop.Work`: iterate over a tree, measure the gap, keep the table; the run is like any other.

A round goes on to the next measure: after 1, 2, 3, ... iterations, each time a tenth more than before: equal runs, equal metrics.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from arena.training.config import Common
from arena.training.exploitability import gap
from arena.training.loop import drive
from arena.training.run import Run
from arena.training.table import Table
from arena.training.trees import Tree, walk
from envs.game import Game

__all__ = ["Solver", "Solving", "solve"]


class Solver(Protocol):
    """What is iterated. `iteration` counts steps; `strategy` is what is judged and kept; state and restore carry all the rest."""

    iteration: int

    def step(self) -> None: ...
    def strategy(self) -> np.ndarray: ...
    def state(self) -> dict[str, Any]: ...
    def restore(self, state: Mapping[str, Any]) -> None: ...


class Solving:
    """A `loop.Work` round a solver: step counts iterations, at most `steps`."""

    def __init__(self, steps: int, make: Callable[[Tree], Solver], game: Game, run: Run) -> None:
        self.tree = walk(game)
        self.steps, self.solver = steps, make(self.tree)
        run.log(0, 0.0, self._measured())

    @property
    def step(self) -> int:
        return self.solver.iteration

    @step.setter
    def step(self, step: int) -> None:
        self.solver.iteration = step

    def round(self, progress: float) -> dict[str, float]:
        """Iterate up to the next measure; see `loop.Work`."""
        due = min(_due_after(self.step), self.steps)
        while self.step < due:
            self.solver.step()
        return self._measured()

    def _measured(self) -> dict[str, float]:
        found = gap(self.tree, self.solver.strategy())
        return {"exploitability": found.exploitability, "nash_conv": found.nash_conv, "value": found.values[0]}

    def weights(self) -> dict[str, np.ndarray]:
        return Table.of(self.tree, self.solver.strategy()).weights()

    def state(self) -> dict[str, Any]:
        """See `loop.Work`; `keys` is what a player needs to read the table."""
        table = Table.of(self.tree, self.solver.strategy())
        return {"policy": "table", "keys": list(table.keys), "solver": self.solver.state()}

    def restore(self, weights: Mapping[str, np.ndarray], state: Mapping[str, Any]) -> None:
        self.solver.restore(state["solver"])

    def close(self) -> None:
        pass


def solve(
    config: Common, game: str | Game, run: str | os.PathLike[str], make: Callable[[Tree], Solver], **more: Any
) -> Path:
    """Iterate until `config.steps` or `config.minutes` are used up; the folder of the run. more: as in `loop.drive`."""
    return drive(lambda rules, opened: Solving(config.steps, make, rules, opened), config, game, run, **more)


def _due_after(iteration: int) -> int:
    """The first iteration after this one at which the gap is measured."""
    due = 0
    while due <= iteration:
        due = max(due + 1, due * 11 // 10)
    return due
