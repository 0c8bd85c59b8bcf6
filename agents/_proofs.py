"""How a simulation's result goes back up the tree: as one more sample, and as a proof where it is exact.

Proofs are for two seats that see all, without chance: an end has one value, a choice that leads to it has that value, and
a node has the value of its best choice once that is the best there is or all choices are proven (Winands et al. 2008).
"""

from __future__ import annotations

from typing import Any

from envs.records import Rule

__all__ = ["back_up", "found_of", "prove", "proven_return"]


def _found(found: Any) -> int:
    """The node of the one seat that acts."""
    return int(max(found[0], found[1]))


def _proven_return(w: Any) -> bool:
    """At a proven node: add its outcome to the returns (two seats, zero sum)."""
    if not w.plan[0].solve or found_of(w.found) < 0 or not w.nodes[found_of(w.found)].proven:
        return False
    p = 0 if w.found[0] >= 0 else 1
    w.returns[p] += w.nodes[w.found[p]].outcome
    w.returns[1 - p] -= w.nodes[w.found[p]].outcome
    return True


def _settled(w: Any, node: int) -> bool:
    """Whether a node's outcome is proven now: some edge is the best there is, or all edges are proven."""
    every = True
    some = False
    most = 0.0
    e = w.nodes[node].head
    while e >= 0:
        edge = w.edges[e]
        if not edge.proven:
            every = False
        elif not some or edge.outcome > most:
            some = True
            most = edge.outcome
        e = edge.next
    if some and (every or most >= w.plan[0].best):
        w.nodes[node].outcome = most
        w.nodes[node].proven = True
        return True
    return False


def _prove(w: Any, length: int) -> None:
    """Carry an exact return up the path as far as it decides (two seats, one acting, zero sum)."""
    last = w.path[length - 1]
    exact = w.returns[last.seat] - last.before
    i = length - 1
    while True:
        step = w.path[i]
        w.edges[step.edge].outcome = exact
        w.edges[step.edge].proven = True
        if not settled(w, step.node):
            return
        if i == 0:
            w.plan[0].solved = True
            return
        above = w.path[i - 1]
        # What the seat above gets: its earnings between the two choices, and this node's outcome from its side.
        if above.seat == step.seat:
            exact = w.nodes[step.node].outcome + step.before - above.before
        else:
            exact = -w.nodes[step.node].outcome - step.before - above.before
        i -= 1


def _back_up(w: Any, length: int) -> None:
    for p in range(len(w.returns)):
        w.span[p, 0] = min(w.span[p, 0], w.returns[p])
        w.span[p, 1] = max(w.span[p, 1], w.returns[p])
    for i in range(length):
        step = w.path[i]
        edge = w.edges[step.edge]
        edge.visits += 1
        edge.total += w.returns[step.seat] - step.before


found_of, proven_return, settled = Rule(_found), Rule(_proven_return), Rule(_settled)
prove, back_up = Rule(_prove), Rule(_back_up)
