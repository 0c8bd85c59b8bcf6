"""Tree search under the guidance of a network, where all is seen, seats take turns and nothing is random.

Sources: Silver et al., "Mastering the game of Go without human knowledge" (2017) for the choice by value and probability (PUCT); Winands,
Bjornsson and Saito (2008) for proven outcomes. A leaf is worth a mixture of what the network says and of what
one random game from there comes to (Silver et al., "Mastering the game of Go with deep neural networks and tree search", 2016).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import sqrt
from typing import TYPE_CHECKING, Any

from agents import pane
from agents._playing_out import PlayingOut
from arena.agent import Ask, Reply
from envs import keys
from envs.errors import UserError
from envs.game import Game
from envs.spec import Discrete

if TYPE_CHECKING:
    from agents.learned import Policy

__all__ = ["demand_plain_sight", "guided"]

FIRST = 0.2
"""By how much of the greatest gain an action that was not tried is thought to be worse than its position."""


@dataclass
class _Node:
    """A position. seat: who acts, -1 at the end; gained: points on the way here; value: of what follows, from the network or proven.

    All values are seat 0's; the other's are their negatives.
    """

    state: Any
    seat: int
    gained: float
    priors: dict[int, float] = field(default_factory=dict)
    children: dict[int, _Node] = field(default_factory=dict)
    value: float = 0.0
    visits: int = 0
    total: float = 0.0
    proven: bool = False

    @property
    def mean(self) -> float:
        """What follows is worth."""
        return self.value if self.proven or not self.visits else self.total / self.visits

    def worth(self, child: _Node) -> float:
        """What going to a child is worth to the seat that acts here."""
        ahead = child.gained + child.mean
        return ahead if self.seat == 0 else -ahead


def demand_plain_sight(game: Game, policy: Policy) -> None:
    """Raises UserError when the search cannot play a game, or not with this policy."""
    spec = game.spec
    wrong = (
        "perfect" not in spec.traits
        or spec.traits & {"simultaneous", "chance"}
        or spec.seats != 2
        or "zero_sum" not in spec.traits
    )
    if wrong or any(not isinstance(role.actions, Discrete) for role in spec.roles):
        raise UserError(
            f"a network's search needs two seats in turn that see all and play against each other, not {game.id}: give search=0"
        )
    if policy.remembers:
        raise UserError(
            f"{policy.run.path} remembers how a position came about, and a search meets positions without a past: give search=0"
        )


def guided(ask: Ask, policy: Policy, simulations: int, c: float = 3.0, mix: float = 0.5, soften: float = 3.0) -> Reply:
    """The most visited action, or a proven win. Raises UserError for a game that it cannot search.

    c: weight of the probabilities, which are taken to the power 1 / soften, because what a policy all but excludes may be the only defence.
    mix: share of a random game in the worth of a leaf.
    """
    demand_plain_sight(ask.game, policy)
    tree = _Tree(ask, policy, c, mix, soften)
    while tree.root.visits <= simulations and not tree.root.proven:
        tree.simulate()
    return tree.reply()


class _Tree:
    def __init__(self, ask: Ask, policy: Policy, c: float, mix: float, soften: float) -> None:
        self.ask, self.game, self.policy, self.c, self.mix, self.soften = ask, ask.game, policy, c, mix, soften
        self.play_out = PlayingOut(ask.game) if mix else None  # type: ignore[arg-type]
        self.expanded = 0
        self.most = max(abs(point) for point in ask.game.spec.points)
        self.root = _Node(self.game.imagine(ask.obs, ask.seat, ask.key), ask.seat, 0.0)
        self._expand(self.root)
        self.root.visits, self.root.total = 1, self.root.value

    def _expand(self, node: _Node) -> None:
        """Ask the network once."""
        mask = self.game.legal(node.state, node.seat).mask
        shares, value = self.policy.judged(self.game, self.game.observe(node.state, node.seat), node.seat, mask)
        softened = shares[0] ** (1.0 / self.soften)
        softened /= softened.sum()
        node.priors = {a: float(softened[a]) for a in mask.nonzero()[0].tolist()}
        value = max(-self.most, min(self.most, value))
        node.value = value if node.seat == 0 else -value
        if self.play_out is not None:
            self.expanded += 1
            drawn = self.play_out(node.state, keys.fold(self.ask.key, self.expanded))
            node.value += self.mix * (drawn - node.value)

    def simulate(self) -> None:
        """From the root to a new position, an end or a proven one, and back."""
        path, node, fresh = [self.root], self.root, False
        while not fresh and not node.proven:
            action = self._choose(node)
            fresh = action not in node.children
            if fresh:
                node.children[action] = self._after(node, action)
            node = node.children[action]
            path.append(node)
        self._back(path)

    def _choose(self, node: _Node) -> int:
        """The action with the highest upper bound."""
        bonus = self.c * self.most * sqrt(node.visits)
        first = (node.mean if node.seat == 0 else -node.mean) - FIRST * self.most

        def bound(action: int) -> float:
            child = node.children.get(action)
            if child is None:
                return first + bonus * node.priors[action]
            worth = node.worth(child)
            return worth if child.proven else worth + bonus * node.priors[action] / (1 + child.visits)

        return max(node.priors, key=bound)

    def _after(self, node: _Node, action: int) -> _Node:
        after = self.game.step(node.state, {node.seat: [action]}, 0)
        facts = self.game.facts(after)
        if facts.done:
            return _Node(after, -1, facts.reward[0], proven=True)
        child = _Node(after, self.game.acting(after)[0], facts.reward[0])
        self._expand(child)
        return child

    def _back(self, path: list[_Node]) -> None:
        """Add what was found to every node of the path."""
        worth = path[-1].value
        for depth, node in reversed(list(enumerate(path))):
            node.visits += 1
            node.total += worth
            worth += node.gained
            if depth:
                self._prove(path[depth - 1])

    def _prove(self, node: _Node) -> None:
        """A node is proven when one action surely gives the most that there is, or all are proven."""
        known = [node.worth(child) for child in node.children.values() if child.proven]
        if not node.proven and known and (max(known) >= self.most - 1e-9 or len(known) == len(node.priors)):
            node.proven = True
            node.value = max(known) if node.seat == 0 else -max(known)

    def reply(self) -> Reply:
        root, ask = self.root, self.ask
        best = max(root.children or root.priors, key=self._rank)
        weights = {a: float(root.children[a].visits if a in root.children else 0) for a in ask.legal}
        child, made = root.children.get(best), root.visits - 1
        worth = root.worth(child) if child else (root.value if root.seat == 0 else -root.value)
        what = f"{weights[best] / max(sum(weights.values()), 1.0):.0%} of {made} simulations, value {worth:+.2f}"
        if child and child.proven:
            what = f"a proven {'win' if worth > 0 else 'loss' if worth < 0 else 'draw'}"
        why = f"{ask.game.name([best], ask.obs)}: {what}"
        notes = {
            "policy": pane.policy(ask, weights, best),
            "value": pane.scaled(worth, ask),
            "why": why,
            "simulations": made,
        }
        return Reply([[best]], notes=notes)

    def _rank(self, action: int) -> tuple[float, float, float]:
        """A proven gain before all, a proven loss last; between them by visits."""
        child = self.root.children.get(action)
        if child is None:
            return 0.0, 0.0, self.root.priors[action]
        worth = self.root.worth(child)
        return (worth if child.proven else 0.0), float(child.visits), worth
