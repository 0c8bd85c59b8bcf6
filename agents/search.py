"""`Mcts`: Monte Carlo tree search in any game that can imagine its states.

Asked, it grows a tree from what the seat knows (`agents._tree` for games over records, `agents._plain_tree` for games in
plain Python) and takes the choice that was visited most, or a proven one. Equal asks get equal answers, unless a time
limit cuts the search short. It reads the Ask, the rules and the public configuration, never a state of the match.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import ClassVar

from agents import pane
from agents.findings import Arm, Budget, Engine, Findings
from arena.agent import Ask, Reply
from envs import keys
from envs.errors import UserError
from envs.game import Game
from envs.spec import Box, Option, Text

__all__ = ["Mcts", "demand_imagine"]

MARGIN = 0.8
"""The share of the time that the host allows, after which a search stops."""


def demand_imagine(who: str, game: Game) -> None:
    """Raises UserError when a planner cannot search this game."""
    if not game.can("imagine"):
        raise UserError(f"{game.id} has no imagine: {who} cannot guess its hidden state; choose another agent")
    if any(isinstance(role.actions, Text | Box) for role in game.spec.roles):
        raise UserError(
            f"{who} searches listed actions, and {game.id} has a seat with texts or ranges: choose another agent"
        )


class Mcts:
    """Monte Carlo tree search with random rollouts."""

    title = "MCTS"
    OPTIONS: ClassVar[Mapping[str, Option]] = {
        "simulations": Option(200, 1, 10_000_000, help="simulations per decision, at most"),
        "seconds": Option(0.0, 0.0, 86_400.0, help="time per decision; 0 for no limit of its own"),
        "c": Option(1.4, 0.0, 100.0, help="weight of exploration"),
        "rollouts": Option(1, 1, 1000, help="random games per new node"),
        "depth": Option(0, 0, 1_000_000, help="ticks of a random game, the rest counts nothing; 0 for all"),
        "solve": Option(True, help="prove wins and losses where two seats see all and nothing is random"),
    }

    def __init__(
        self, simulations: int = 200, seconds: float = 0.0, c: float = 1.4, rollouts: int = 1, depth: int = 0,
        solve: bool = True, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.budget = Budget(simulations, c, rollouts, depth, solve)
        self.seconds, self.clock = seconds, clock
        self.engine: Engine | None = None

    @staticmethod
    def fits(game: Game) -> None:
        demand_imagine("mcts", game)

    def __call__(self, ask: Ask) -> Reply:
        """Raises UserError in a game that it cannot search."""
        began = self.clock()
        if self.engine is None:
            self.fits(ask.game)
            self.engine = _engine(ask.game)
        self.engine.begin(ask, self.budget)
        self._grow(self.engine, began, ask.seconds)
        return _reply(ask, self.engine.findings())

    def _grow(self, engine: Engine, began: float, allowed: float | None) -> None:
        """Simulations until the budget is spent; in batches that grow while they are quick, where time counts."""
        limits = [limit for limit in (self.seconds, (allowed or 0.0) * MARGIN) if limit > 0]
        left = self.budget.simulations
        batch = min(left, 16) if limits else left
        while left > 0 and engine.run(batch):
            left -= batch
            spent = self.clock() - began
            if limits and spent >= min(limits):
                return
            quick = limits and spent < min(limits) / 8
            batch = min(left, 2 * batch if quick else batch)


def _engine(game: Game) -> Engine:
    if game.kind == "record":
        from agents._record_tree import RecordTree  # noqa: PLC0415  each kind of game loads its own

        return RecordTree(game)
    from agents._plain_tree import PlainTree  # noqa: PLC0415

    return PlainTree(game)


def _reply(ask: Ask, found: Findings) -> Reply:
    action, arms = _chosen(ask, found)
    tried = [arm for arm in arms if arm is not None]
    visits = max(sum(arm.visits for arm in tried), 1)
    mean = sum(arm.mean * arm.visits for arm in tried) / visits if tried else 0.0
    if len(arms) == 1 and arms[0] is not None:
        mean = arms[0].mean
    value = pane.scaled(mean, ask)
    notes = {"policy": _policy(ask, found, action), "value": value, "simulations": found.simulations}
    return Reply([action], notes=notes | {"why": _why(ask, found, action, arms[0] if len(arms) == 1 else None, value)})


def _chosen(ask: Ask, found: Findings) -> tuple[list[int], list[Arm | None]]:
    """The best legal value of each factor, and its arm if it was tried."""
    mixed = {"simultaneous", "zero_sum"} <= ask.game.spec.traits
    action, arms, edge = [], [], 0
    for k, (size, allowed) in enumerate(zip(ask.legal.sizes, ask.legal.factors, strict=True)):
        tried = {value: found.arms[edge + value] for value in allowed if edge + value in found.arms}
        value = _best(tried, allowed) if not mixed or not tried else _mixed(tried, keys.fold(ask.key, k))
        action.append(value)
        arms.append(tried.get(value))
        edge += size
    return action, arms


def _best(tried: Mapping[int, Arm], allowed: list[int]) -> int:
    """A proven gain before all, a proven loss only when nothing else is left; between them who was visited most."""
    return max(
        tried, key=lambda v: (tried[v].proven * tried[v].mean, tried[v].visits, tried[v].mean), default=allowed[0]
    )


def _mixed(tried: Mapping[int, Arm], key: int) -> int:
    """Where seats act at once and against each other, visits are a mixture to draw from."""
    left = keys.below(key, max(sum(arm.visits for arm in tried.values()), 1))
    for value, arm in tried.items():
        left -= arm.visits
        if left < 0:
            return value
    return next(iter(tried))


def _policy(ask: Ask, found: Findings, action: list[int]) -> list[tuple[str, float]]:
    """Shares of visits: of actions where they are single, else of each factor's values beside the chosen others."""
    if len(action) == 1:
        weights = {value: float(found.arms[value].visits if value in found.arms else 0) for value in ask.legal}
        return pane.policy(ask, weights, action[0])
    return pane.factored(ask, action, {column: arm.visits for column, arm in found.arms.items()})


def _why(ask: Ask, found: Findings, action: list[int], arm: Arm | None, value: float) -> str:
    name = ask.game.name(action, ask.obs)
    if arm is None or found.simulations == 0:
        return f"{name} after {found.simulations} simulations, value {value:+.2f}"
    if arm.proven:
        verdict = "win" if arm.mean > 0 else "loss" if arm.mean < 0 else "draw"
        return f"{name}: a proven {verdict} after {found.simulations} simulations"
    total = sum(each.visits for column, each in found.arms.items() if ask.legal.mask[column])
    return f"{name}: {100 * arm.visits // max(total, 1)} % of {found.simulations} simulations, value {value:+.2f}"
