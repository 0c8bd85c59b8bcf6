"""The tree of `Mcts` in a game that has no compiled drivers: the same search through the face that all games have.

Slow (thousands of game steps per second), and without proofs: for games in plain Python, of any seats and factors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import log, sqrt
from typing import Any

from agents.findings import Arm, Budget, Findings
from arena.agent import Ask
from envs import keys
from envs.game import Game, Legal

__all__ = ["PlainTree"]


@dataclass
class _Choice:
    """One value of one factor at a node."""

    total: float = 0.0
    visits: int = 0
    open: int = 0


@dataclass
class _Path:
    """What one simulation chose: the choice, its seat, and what the seat had earned before."""

    returns: list[float]
    taken: list[tuple[_Choice, int, float]] = field(default_factory=list)


class PlainTree:
    """An `agents.search.Engine`."""

    def __init__(self, game: Game) -> None:
        self.game = game

    def begin(self, ask: Ask, budget: Budget) -> None:
        self.ask, self.budget, self.made = ask, budget, 0
        self.nodes: dict[tuple[int, bytes], dict[int, _Choice]] = {}
        self.span = [[float("inf"), float("-inf")] for _ in range(self.game.seats)]
        self.root: dict[int, _Choice] = {}
        low, high = self.game.spec.points
        self.half = (high - low) / 2.0 or 1.0

    def run(self, count: int) -> bool:
        for _ in range(count):
            key = keys.fold(self.ask.key, self.made)
            state = self.game.imagine(self.ask.obs, self.ask.seat, keys.fold(key, 0))
            self._simulate(state, keys.fold(key, 1))
            self.made += 1
        return True

    def findings(self) -> Findings:
        arms = {
            c: Arm(c, each.visits, each.total / each.visits) for c, each in sorted(self.root.items()) if each.visits
        }
        return Findings(arms, self.made)

    def _simulate(self, state: Any, key: int) -> None:
        path = _Path([0.0] * self.game.seats)
        state = self._descend(state, path, key)
        start = list(path.returns)
        ends = [self._play_out(state, list(start), keys.fold(key, 1 + r)) for r in range(self.budget.rollouts)]
        path.returns = [sum(each) / len(ends) for each in zip(*ends, strict=True)]
        for seat, value in enumerate(path.returns):
            self.span[seat] = [min(self.span[seat][0], value), max(self.span[seat][1], value)]
        for choice, seat, before in path.taken:
            choice.visits += 1
            choice.total += path.returns[seat] - before

    def _descend(self, state: Any, path: _Path, key: int) -> Any:
        """Follow the tree to the first state in which a seat stands at no known node."""
        while turns := self.game.turns(state):
            tick_key = keys.fold(key, self.game.facts(state).tick)
            found = {seat: self._located(state, seat, legal, tick_key) for seat, legal in turns.items()}
            if any(fresh for _, fresh in found.values()):
                return state
            shaken = {seat: keys.fold(tick_key, seat) if len(turns) > 1 else None for seat in turns}
            actions = {s: self._selected(found[s][0], s, legal, path, shaken[s]) for s, legal in turns.items()}
            state = self._stepped(state, actions, key, path.returns)
        return state

    def _located(self, state: Any, seat: int, legal: Legal, key: int) -> tuple[dict[int, _Choice], bool]:
        """The node of what a seat knows, with a choice for every legal column, and whether it was made just now."""
        obs = self.game.observe(state, seat)
        name = (seat, repr(sorted(obs.tree().items())).encode())
        fresh = name not in self.nodes
        node = self.nodes.setdefault(name, {})
        columns = [column for column in _columns(legal) if column not in node]
        for i in range(len(columns) - 1, 0, -1):
            j = keys.below(keys.fold(keys.fold(key, seat), i), i + 1)
            columns[i], columns[j] = columns[j], columns[i]
        node.update((column, _Choice()) for column in columns)
        if not self.root and seat == self.ask.seat:
            self.root = node
        return node, fresh

    def _selected(
        self, node: dict[int, _Choice], seat: int, legal: Legal, path: _Path, shaken: int | None
    ) -> list[int]:
        """The value of each factor with the highest upper bound; where several seats choose, with a shaken bonus."""
        action, edge = [], 0
        allowed = set(_columns(legal))
        for size in legal.sizes:
            bounds = {
                c: self._bound(node[c], seat, c, shaken) for c in node if edge <= c < edge + size and c in allowed
            }
            column = max(bounds, key=lambda c: bounds[c])
            path.taken.append((node[column], seat, path.returns[seat]))
            action.append(column - edge)
            edge += size
        return action

    def _bound(self, choice: _Choice, seat: int, column: int, shaken: int | None) -> float:
        choice.open += 1
        if not choice.visits:
            return float("inf")
        low, high = self.span[seat]
        half = (high - low) / 2.0 if high > low else self.half
        weight = self.budget.c if shaken is None else 2.0 * self.budget.c * keys.uniform(keys.fold(shaken, column))
        return choice.total / (choice.visits * half) + weight * sqrt(log(choice.open) / choice.visits)

    def _play_out(self, state: Any, returns: list[float], key: int) -> list[float]:
        ticks = 0
        while (turns := self.game.turns(state)) and (not self.budget.depth or ticks < self.budget.depth):
            drawn = keys.fold(key, self.game.facts(state).tick)
            actions = {seat: legal.sample(keys.fold(drawn, seat)) for seat, legal in turns.items()}
            state = self._stepped(state, actions, key, returns)
            ticks += 1
        return returns

    def _stepped(self, state: Any, actions: dict[int, Any], key: int, returns: list[float]) -> Any:
        after = self.game.step(state, actions, key)
        for seat, reward in enumerate(self.game.facts(after).reward):
            returns[seat] += reward
        return after


def _columns(legal: Legal) -> Iterator[int]:
    """The allowed places of the mask."""
    edge = 0
    for size, allowed in zip(legal.sizes, legal.factors, strict=True):
        yield from (edge + value for value in allowed)
        edge += size
