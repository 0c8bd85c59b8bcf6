"""CFR+: counterfactual regrets, never negative, over the whole tree; the average strategy is the answer.

Source: Tammelin, "Solving Large Imperfect Information Games Using CFR+" (2014). The same: regret matching+, seats updated in turn,
the average weighted by the number of the iteration. Proven for two seats and zero sum; elsewhere it is a heuristic. Nothing is random.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from arena.training.config import Common, setting
from arena.training.solving import solve
from arena.training.trees import Tree

__all__ = ["CfrPlus", "Config", "train"]


@dataclass(frozen=True)
class Config(Common):
    """Settings of CFR+; see `arena train --algo cfr+ --help`."""

    steps: int = setting(10_000, "iterations over the tree", 1, 10**9)
    log_every: float = setting(0.0, "seconds, by `clock`, between lines of metrics", 0.0, 1e6)

    @classmethod
    def name(cls) -> str:
        return "cfr+"


class CfrPlus:
    """regrets float64[S] >= 0; sums float64[S]: the strategies so far, weighted by iteration and own reach."""

    def __init__(self, tree: Tree) -> None:
        self.tree, self.iteration = tree, 0
        self.regrets, self.sums = np.zeros(len(tree.action)), np.zeros(len(tree.action))

    def step(self) -> None:
        """One iteration: every seat in turn against the newest strategies of the others."""
        self.iteration += 1
        for seat in range(self.tree.seats):
            self._update(seat)

    def _update(self, seat: int) -> None:
        tree = self.tree
        strategy = self.current()
        values, _ = tree.counterfactual(strategy)
        mean = np.add.reduceat(values * strategy, tree.first[:-1])[tree.set_of]
        own = tree.owner[tree.set_of] == seat
        self.regrets = np.where(own, np.maximum(self.regrets + values - mean, 0.0), self.regrets)
        after = self.current()
        reach = tree.own_reach(after)[tree.set_of]
        self.sums += np.where(own, self.iteration * reach * after, 0.0)

    def current(self) -> np.ndarray:
        """The strategy that the regrets say, float64[S]."""
        return self.tree.normalised(self.regrets)

    def strategy(self) -> np.ndarray:
        """The average, float64[S]: what converges."""
        return self.tree.normalised(self.sums)

    def state(self) -> dict[str, Any]:
        return {"iteration": self.iteration, "regrets": self.regrets, "sums": self.sums}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.iteration, self.regrets, self.sums = int(state["iteration"]), state["regrets"], state["sums"]


def train(config: Config, game: Any, run: Any, **more: Any) -> Path:
    """Solve a game and leave a run that can be played from. game, run and more as in `arena.training.solving.solve`."""
    return solve(config, game, run, CfrPlus, **more)
