"""The loops over the nodes of a tree, compiled: a parent stands before its children, so one sweep does.

All arrays as in arena.training.trees.Tree; results are written into the last arguments.
"""

from __future__ import annotations

from typing import Any

from envs.drivers import Driver

__all__ = ["counterfactual", "reach", "respond", "values"]


@Driver
def reach(parent: Any, who: Any, slot: Any, chance: Any, strategy: Any, out: Any) -> None:
    """out float64[N, P + 1], ones before: from the root down."""
    seats = out.shape[1] - 1
    for n in range(1, len(parent)):
        above = parent[n]
        for p in range(seats + 1):
            out[n, p] = out[above, p]
        if slot[n] >= 0:
            out[n, who[above]] *= strategy[slot[n]]
        else:
            out[n, seats] *= chance[n]


@Driver
def values(parent: Any, slot: Any, chance: Any, strategy: Any, out: Any) -> None:
    """out float64[N, P], the payoffs of ends and zeros before: from the leaves up."""
    for k in range(len(parent) - 1):
        n = len(parent) - 1 - k
        weight = strategy[slot[n]] if slot[n] >= 0 else chance[n]
        for p in range(out.shape[1]):
            out[parent[n], p] += weight * out[n, p]


@Driver
def counterfactual(
    parent: Any, who: Any, infoset: Any, slot: Any, reaches: Any, worth: Any, by_slot: Any, by_set: Any
) -> None:
    """by_slot float64[S] and by_set float64[I], zeros before: see Tree.counterfactual."""
    for n in range(len(parent)):
        if who[n] >= 0:
            others = 1.0
            for p in range(reaches.shape[1]):
                if p != who[n]:
                    others *= reaches[n, p]
            by_set[infoset[n]] += others
        if slot[n] >= 0:
            above = parent[n]
            others = 1.0
            for p in range(reaches.shape[1]):
                if p != who[above]:
                    others *= reaches[above, p]
            by_slot[slot[n]] += others * worth[n, who[above]]


@Driver
def respond(
    levels: Any, begin: Any, kids: Any, who: Any, infoset: Any, slot: Any, chance: Any, payoff: Any, first: Any,
    strategy: Any, reaches: Any, seat: int, scores: Any, best: Any, worth: Any,
) -> None:  # fmt: skip
    """The best response of one seat, level by level from the last: see arena.training.exploitability.

    scores float64[S], zeros before; best int32[I], -1 before: the chosen slot; worth float64[N]: the value of each node for the seat.
    """
    for m in range(len(levels) - 1):
        low = levels[len(levels) - 2 - m]
        high = levels[len(levels) - 1 - m]
        # What each action of the seat's sets is worth, over all nodes where it cannot tell the difference.
        for n in range(low, high):
            if who[n] == seat:
                others = 1.0
                for p in range(reaches.shape[1]):
                    if p != seat:
                        others *= reaches[n, p]
                for k in range(begin[n], begin[n + 1]):
                    scores[slot[kids[k]]] += others * worth[kids[k]]
        for n in range(low, high):
            if who[n] == -2:
                worth[n] = payoff[n, seat]
            elif who[n] == seat:
                i = infoset[n]
                if best[i] < 0:
                    best[i] = first[i]
                    for s in range(first[i] + 1, first[i + 1]):
                        if scores[s] > scores[best[i]]:
                            best[i] = s
                for k in range(begin[n], begin[n + 1]):
                    if slot[kids[k]] == best[i]:
                        worth[n] = worth[kids[k]]
            else:
                total = 0.0
                for k in range(begin[n], begin[n + 1]):
                    edge = slot[kids[k]]
                    total += (strategy[edge] if edge >= 0 else chance[kids[k]]) * worth[kids[k]]
                worth[n] = total
