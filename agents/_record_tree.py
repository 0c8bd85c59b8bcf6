"""The tree of `Mcts` in a game over records: memory once per game and seat, the driver for every question."""

from __future__ import annotations

from typing import Any

import numpy as np

from agents._memory import Work, allocate
from agents._tree import search
from agents.findings import Arm, Budget, Findings
from arena.agent import Ask
from envs.records import unwrap

__all__ = ["RecordTree"]

_SOLVABLE = frozenset({"perfect", "zero_sum"})
_UNSOLVABLE = frozenset({"chance", "simultaneous", "hidden"})


class RecordTree:
    """An `agents.search.Engine`."""

    def __init__(self, game: Any) -> None:
        self.game = game
        self.works: dict[tuple[int, int], Work] = {}

    def begin(self, ask: Ask, budget: Budget) -> None:
        kept = (ask.seat, budget.simulations)
        if kept not in self.works:
            self.works[kept] = allocate(self.game, *kept)
        self.work = self.works[kept]
        self.asked, self.keys = ask.obs.array, np.array([ask.key], np.uint64)
        self._plan(budget)

    def _plan(self, budget: Budget) -> None:
        spec, plan = self.game.spec, unwrap(self.work.plan)
        low, high = spec.points
        plan["c"], plan["rollouts"], plan["depth"] = budget.c, budget.rollouts, budget.depth
        plan["point"], plan["half"] = 1.0 / spec.scale, (high - low) / 2.0 or 1.0
        plan["best"] = high - 1e-9
        # Where nothing is hidden and no key is read, one imagined state is all of them.
        plan["perfect"] = "perfect" in spec.traits
        solvable = spec.seats == 2 and spec.traits >= _SOLVABLE and not spec.traits & _UNSOLVABLE
        plan["solve"] = budget.solve and solvable
        plan["solved"], plan["root"] = False, -1
        plan["nodes"], plan["edges"], plan["simulations"] = 0, 0, 0
        unwrap(self.work.table)[:] = 0
        span = unwrap(self.work.span)
        span[:, 0], span[:, 1] = np.inf, -np.inf

    def run(self, count: int) -> bool:
        self.game.run(search, self.asked, self.game.public.array, self.keys, count, self.work)
        return not unwrap(self.work.plan)["solved"][0]

    def findings(self) -> Findings:
        plan, nodes, edges = (unwrap(each) for each in (self.work.plan, self.work.nodes, self.work.edges))
        root, made = int(plan["root"][0]), int(plan["simulations"][0])
        arms = {}
        at = int(nodes["head"][root]) if root >= 0 else -1
        while at >= 0:
            edge = edges[at]
            if edge["visits"] or edge["proven"]:
                mean = edge["outcome"] if edge["proven"] else edge["total"] / edge["visits"]
                arms[int(edge["column"])] = Arm(
                    int(edge["column"]), int(edge["visits"]), float(mean), bool(edge["proven"])
                )
            at = int(edge["next"])
        return Findings(dict(sorted(arms.items())), made)
