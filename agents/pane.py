"""What an agent shows of its thinking: the notes of a Reply.

policy: up to eight (action name, share) pairs, the likeliest first; value: what the seat expects, -1 (worst) to 1
(best), 0 without an opinion; why: one line; and whatever else the agent counts. Shares sum to one over all actions,
shown or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from arena.agent import Ask, Reply

__all__ = ["SHOWN", "answer", "policy", "scaled"]

SHOWN = 8


def policy(ask: Ask, weights: Mapping[int, float], chosen: int | None = None) -> list[tuple[str, float]]:
    """(name, share) of the heaviest actions (single factors), the chosen one first among equals and never left out."""
    total = sum(weights.values()) or 1.0
    order = sorted(weights, key=lambda action: (-weights[action], action != chosen, action))[:SHOWN]
    if chosen is not None and chosen in weights and chosen not in order:
        order[-1] = chosen
    return [(ask.game.name([action], ask.obs), weights[action] / total) for action in order]


def scaled(points: float, ask: Ask) -> float:
    """Points of the game as a value from -1 to 1, over the range that its spec declares."""
    low, high = ask.game.spec.points
    return max(-1.0, min(1.0, (2.0 * points - low - high) / (high - low))) if high > low else 0.0


def answer(
    ask: Ask, action: int, why: str, *, value: float = 0.0, weights: Mapping[int, float] | None = None, **more: Any
) -> Reply:
    """A Reply of one action (a single factor) with its notes; without weights the action is certain."""
    shares = dict.fromkeys(ask.legal, 0.0) | {action: 1.0} if weights is None else weights
    return Reply([[action]], notes={"policy": policy(ask, shares, action), "value": value, "why": why, **more})


def uniform(ask: Ask, actions: Iterable[Sequence[int]]) -> list[tuple[str, float]]:
    """(name, share) of equally likely actions of any number of factors, at most eight of them."""
    listed = list(actions)
    return [(ask.game.name(list(action), ask.obs), 1.0 / len(listed)) for action in listed[:SHOWN]]


def factored(ask: Ask, action: Sequence[int], visits: Mapping[int, int]) -> list[tuple[str, float]]:
    """The chosen action of several factors, and those that differ from it in one, by the shares of that factor's values.

    visits: of each column of the mask.
    """
    shares: dict[tuple[int, ...], float] = {}
    edge = 0
    for k, (size, allowed) in enumerate(zip(ask.legal.sizes, ask.legal.factors, strict=True)):
        total = sum(visits.get(edge + value, 0) for value in allowed) or 1
        for value in allowed:
            changed = (*action[:k], value, *action[k + 1 :])
            shares[changed] = max(shares.get(changed, 0.0), visits.get(edge + value, 0) / total)
        edge += size
    order = sorted(shares, key=lambda each: (each != tuple(action), -shares[each]))[:SHOWN]
    return [(ask.game.name(list(each), ask.obs), shares[each]) for each in order]
