"""`Minimax`: alpha-beta to a fixed depth, deepened step by step, in two-seat games where both see everything.

Positions at the horizon count nothing, or the mean of some random games: it is no strong player of long games, but within
its horizon it sees every forced win, and it says which.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from agents import pane
from agents.search import MARGIN, demand_imagine
from arena.agent import Ask, Reply
from envs import keys
from envs.errors import UserError
from envs.game import Game
from envs.records import unwrap
from envs.spec import Option

__all__ = ["Minimax"]

BATCH = 20_000
"""Positions between two looks at the clock."""


class Minimax:
    """Alpha-beta search with iterative deepening."""

    title = "Minimax"
    OPTIONS: ClassVar[Mapping[str, Option]] = {
        "depth": Option(6, 1, 200, help="moves to look ahead, at most"),
        "nodes": Option(200_000, 1, 1_000_000_000, help="positions per decision, at most"),
        "seconds": Option(0.0, 0.0, 86_400.0, help="time per decision; 0 for no limit of its own"),
        "rollouts": Option(0, 0, 1000, help="random games that judge a position at the horizon; 0: it counts nothing"),
    }

    def __init__(
        self,
        depth: int = 6,
        nodes: int = 200_000,
        seconds: float = 0.0,
        rollouts: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.depth, self.nodes, self.seconds, self.rollouts, self.clock = depth, nodes, seconds, rollouts, clock
        self.stack: Any = None

    @staticmethod
    def fits(game: Game) -> None:
        traits = game.spec.traits
        wrong = [*sorted(traits & {"hidden", "chance", "simultaneous"})]
        wrong += [f"not {trait}" for trait in ("perfect", "zero_sum") if trait not in traits]
        wrong += [f"{game.seats} seats"] * (game.seats != 2) + ["plain Python"] * (game.kind != "record")
        wrong += ["several factors"] * (game.spec.factors != 1)
        if wrong:
            what = "two-seat zero-sum games over records, in which both see all, move in turn and nothing is random"
            raise UserError(f"minimax plays {what}; {game.id} is another kind ({', '.join(wrong)}): choose mcts")
        demand_imagine("minimax", game)

    def __call__(self, ask: Ask) -> Reply:
        """Raises UserError in a game that it cannot search."""
        if self.stack is None:
            from agents._alphabeta import allocate  # noqa: PLC0415  loaded when it is first needed

            self.fits(ask.game)
            self.stack = allocate(ask.game, self.depth)
        limits = [limit for limit in (self.seconds, (ask.seconds or 0.0) * MARGIN) if limit > 0]
        deadline = self.clock() + min(limits) if limits else math.inf
        scores, depth = self._deepen(ask, deadline)
        return _reply(ask, scores, depth, int(unwrap(self.stack.plan)["positions"][0]))

    def _deepen(self, ask: Ask, deadline: float) -> tuple[dict[int, float], int]:
        """The score of every move for the asking seat, in points, by the deepest search that was finished, and its depth."""
        plan = unwrap(self.stack.plan)
        plan["positions"], plan["rollouts"] = 0, self.rollouts
        unwrap(self.stack.frames)["killer"] = -1
        best = max(abs(bound) for bound in ask.game.spec.points)
        scores: dict[int, float] = dict.fromkeys(ask.legal, 0.0)
        for depth in range(1, self.depth + 1):
            plan["depth"] = depth
            found = self._scores(ask, sorted(scores, key=lambda move: -scores[move]), deadline)
            if found is None:
                return scores, depth - 1
            scores = found
            if max(scores.values()) > 0.5 * best or all(abs(score) > 0.5 * best for score in scores.values()):
                return scores, depth
        return scores, self.depth

    def _scores(self, ask: Ask, moves: list[int], deadline: float) -> dict[int, float] | None:
        """Every move's score at the depth of the plan, None when positions or time ran out."""
        from agents._alphabeta import descend, place  # noqa: PLC0415

        plan, found = unwrap(self.stack.plan), {}
        arguments = ask.obs.array, ask.game.public.array, np.array([ask.key], np.uint64)
        run: Any = ask.game.run  # type: ignore[attr-defined]  # fits() let record games pass only
        for move in moves:
            run(place, *arguments, ask.seat, move, self.stack)
            while not plan["finished"][0]:
                left = self.nodes - int(plan["positions"][0])
                if left <= 0 or self.clock() >= deadline:
                    return None
                run(descend, *arguments, min(left, BATCH), self.stack)
            found[move] = float(plan["value"][0]) * (1 if ask.seat == 0 else -1)
        return found


def _reply(ask: Ask, scores: Mapping[int, float], depth: int, positions: int) -> Reply:
    top = max(scores.values())
    best = [move for move in scores if scores[move] == top]
    width = len(ask.legal.mask)
    central = min(abs(2 * move + 1 - width) for move in best)
    best = [move for move in best if abs(2 * move + 1 - width) == central]
    move = best[keys.below(ask.key, len(best))]
    # A tenth of a point makes a move about e times as likely in the bars.
    spread = 0.1 * max(abs(bound) for bound in ask.game.spec.points) or 1.0
    weights = {each: math.exp((score - top) / spread) for each, score in scores.items()}
    return pane.answer(
        ask, move, _why(ask, top, depth), value=pane.scaled(top, ask), weights=weights, depth=depth, positions=positions
    )


def _why(ask: Ask, score: float, depth: int) -> str:
    """ "win in 3" counts this seat's own moves."""
    most = max(abs(bound) for bound in ask.game.spec.points)
    if abs(score) <= 0.5 * most:
        return f"no forced result within depth {depth}"
    away = round((1.0 - abs(score) / most) * 1000)
    return f"win in {(away + 1) // 2}" if score > 0 else f"loss in {away // 2}"
