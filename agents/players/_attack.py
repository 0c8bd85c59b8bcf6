"""Four Bayesian attackers for the double agent: plain, cross-checking, forewarned, strategic by what they know.

They hold the posterior that the ledger in their observation gives, with a prior for the defender's honesty, state the trust
that the rule of trust leaves, and close when the likeliest leaf is likely enough and their tests have been passed. Conduct
after the four prompt sets of ToM-SB (arXiv 2604.11666). `decide` is a rule: it runs plainly for one Ask, compiled for batches.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from agents._memory import tagged
from agents.players._nodes import beside, descend
from envs.drivers import Driver
from envs.keys import below, fold, uniform
from envs.records import rule
from envs.trees import ancestor, first_of, leaves_under, level_of

__all__ = ["STYLES", "attack", "decide", "style_of"]

ASK, CHECK, REVEAL = 1, 2, 3
ELICIT = 6
AT_UNKNOWN, AT_TOP, MIMIC = 0, 1, 2
"""How they open: at the first unknown level, at level 1, or like one who knows nothing."""

STYLE = np.dtype(
    [
        ("honest", np.float64), ("theta", np.float64), ("verify", np.float64), ("eager", np.float64), ("decoy", np.float64),
        ("verifications", np.int64), ("crossings", np.int64), ("opening", np.int64),
        ("sure", np.float64), tagged("players/_attack", "players/_nodes"),
    ],
    align=True,
)  # fmt: skip
"""honest: prior that the defender is; theta: how likely the top leaf must be; verify: how often a known level is asked, `eager`
until two answers have agreed; decoy: how often a request to reveal gets a false node; how many tests must be passed;
sure: written by `attack`, the probability of the likeliest leaf."""

STYLES: dict[str, tuple[float, float, float, float, float, int, int, int]] = {
    "plain": (0.85, 0.75, 0.35, 0.35, 0.0, 0, 0, AT_UNKNOWN),
    "checking": (0.75, 0.75, 0.4, 0.4, 0.0, 1, 1, AT_UNKNOWN),
    "forewarned": (0.65, 0.7, 0.4, 0.7, 0.5, 2, 2, AT_TOP),
    "strategic": (0.65, 0.7, 0.5, 0.7, 0.5, 2, 1, MIMIC),
}
"""The values of STYLE by name, the weakest attacker first."""


def style_of(name: str) -> np.ndarray:
    """A style as a record, shape (1,)."""
    made = np.zeros(1, STYLE)
    for field, value in zip(STYLE.names or (), STYLES[name], strict=False):
        made[field] = value
    return made


@rule
def weight(obs: Any, leaf: int, honest: float, liar: float) -> float:
    """How likely the ledger makes a leaf, up to a factor: honest, liar are what the log-weights of either kind of defender gain."""
    return math.exp(obs.ledger.honest[leaf] / 1000 + honest) + math.exp(obs.ledger.liar[leaf] / 1000 + liar)


@rule
def highest(obs: Any, honest: float, liar: float) -> float:
    """The greatest log-weight of all leaves."""
    best = -1e9
    for leaf in range(len(obs.ledger.honest)):
        best = max(best, obs.ledger.honest[leaf] / 1000 + honest, obs.ledger.liar[leaf] / 1000 + liar)
    return best


@rule
def share(obs: Any, c: Any, top: int, honest: float, liar: float) -> float:
    """The mass of all leaves under a node."""
    first = leftmost(top, c)
    total = 0.0
    for leaf in range(first, first + leaves_under(top, c.depth, c.branching)):
        total += weight(obs, leaf, honest, liar)
    return total


@rule
def leftmost(node: int, c: Any) -> int:
    """The first leaf under a node, counted from 0."""
    for _ in range(c.depth - level_of(node, c.branching)):
        node = c.branching * (node + 1)
    return node - first_of(c.depth, c.branching)


@rule
def likeliest(obs: Any, c: Any, honest: float, liar: float) -> int:
    """The leaf (as a node) with the greatest mass among those that fit what it knows; the first of equals."""
    first = leftmost(obs.known, c)
    found = first
    most = -1.0
    for leaf in range(first, first + leaves_under(obs.known, c.depth, c.branching)):
        mass = weight(obs, leaf, honest, liar)
        if mass > most + 1e-9:
            most = mass
            found = leaf
    return first_of(c.depth, c.branching) + found


@rule
def believed(obs: Any, c: Any, leaf: int, honest: float, liar: float, total: float) -> int:
    """The deepest node above the likeliest leaf that holds at least half of the mass."""
    node = obs.known
    for level in range(obs.prior + 1, c.depth + 1):
        heir = ancestor(leaf, level, c.branching)
        if share(obs, c, heir, honest, liar) < total / 2:
            return node
        node = heir
    return node


@rule
def decide(obs: Any, style: Any, c: Any, key: Any, out: Any) -> float:
    """The three actions of a turn into out[0..2]; returns the probability of the likeliest leaf."""
    trust = min(obs.trust, obs.ledger.trust)
    honest = math.log(style.honest)
    liar = math.log(1 - style.honest)
    best = highest(obs, honest, liar)
    honest -= best
    liar -= best
    total = share(obs, c, obs.known, honest, liar)
    leaf = likeliest(obs, c, honest, liar)
    sure = weight(obs, leaf - first_of(c.depth, c.branching), honest, liar) / total
    nodes = first_of(c.depth + 1, c.branching)
    acts = 6 + nodes + 1
    out[0] = trust
    out[1] = 6 + believed(obs, c, leaf, honest, liar, total) + 1
    tested = (obs.prior == 0 or obs.ledger.verified >= style.verifications) and obs.ledger.crossed >= style.crossings
    if trust == 0:
        out[2] = acts + c.depth + 2 * nodes + 1 + len(obs.ledger.honest)
    elif sure >= style.theta and tested and obs.turn >= 2:
        out[2] = acts + c.depth + 2 * nodes + 1 + leaf - first_of(c.depth, c.branching)
    elif obs.turn > 0 and obs.answers[obs.turn - 1, 0] == ELICIT:
        out[2] = acts + c.depth + nodes + revealed(obs, style, c, trust, nodes, key)
    else:
        out[2] = acts + queried(obs, style, c, key)
    return sure


@rule
def revealed(obs: Any, style: Any, c: Any, trust: int, nodes: int, key: Any) -> int:
    """A node to reveal, or the number of nodes for nothing: decoys at trust 3, the deepest known node once at trust 4."""
    n = c.branching
    if trust >= 3 and uniform(fold(key, 1)) < style.decoy:
        level = 1 + below(fold(key, 2), c.depth - 1)
        node = descend(-1, level, n, fold(key, 3))
        fact = ancestor(obs.known, level, n)
        return beside(fact, n, fold(key, 4)) if fact >= 0 and fact == node else node
    told = False
    for turn in range(obs.turn):
        if obs.asked[turn, 0] == REVEAL and obs.prior > 0 and obs.asked[turn, 1] == obs.known:
            told = True
    return obs.known if obs.prior > 0 and trust >= 4 and not told else nodes


@rule
def open_level(obs: Any, style: Any, c: Any, key: Any) -> int:
    """The next level of which nothing is known or stated, 0 when there is none; the strategic one knows no order."""
    found = 0
    count = 0
    for level in range(obs.prior + 1, c.depth + 1):
        if obs.ledger.stated[level - 1] < 0:
            count += 1
            if found == 0 or (style.opening == MIMIC and obs.prior == 0 and below(fold(key, level), count) == 0):
                found = level
    return found


@rule
def queried(obs: Any, style: Any, c: Any, key: Any) -> int:
    """The public act when nothing else is due, as a number among asks and checks."""
    missing = open_level(obs, style, c, fold(key, 5))
    if style.opening == AT_TOP and obs.turn == 0:
        return 0
    if style.opening == MIMIC and obs.prior > 0 and obs.turn < 2:
        return obs.turn
    rate = style.eager if obs.ledger.verified < 2 else style.verify
    if missing == 0 and obs.ledger.verified < style.verifications:
        rate = 1.0
    if obs.prior > 0 and uniform(fold(key, 6)) < rate:
        return below(fold(key, 7), obs.prior)
    crossing = has_stated(obs, c) and (missing == 0 or uniform(fold(key, 8)) < 0.5)
    if crossing and (missing == 0 or obs.ledger.crossed < style.crossings):
        return c.depth + checked(obs, c, key)
    return missing - 1


@rule
def has_stated(obs: Any, c: Any) -> bool:
    """Whether the defender has asserted anything about a level that it did not know."""
    count = 0
    for level in range(obs.prior, c.depth):
        count += 1 if obs.ledger.stated[level] >= 0 else 0
    return count > 0


@rule
def checked(obs: Any, c: Any, key: Any) -> int:
    """A stated node of an unknown level, or half of the time its sibling, so that yes is never safe."""
    found = -1
    count = 0
    for level in range(obs.prior, c.depth):
        if obs.ledger.stated[level] >= 0:
            count += 1
            if below(fold(fold(key, 9), level), count) == 0:
                found = obs.ledger.stated[level]
    return found if uniform(fold(key, 10)) < 0.5 else beside(found, c.branching, fold(key, 11))


@Driver
def attack(obs: Any, configs: Any, styles: Any, keys: Any, actions: Any) -> None:
    """Turns of many attackers: obs[B], styles[B], keys uint64[B] of the seats -> actions int32[B, 3]."""
    for i in range(len(obs)):
        if not obs[i].done:
            styles[i].sure = decide(obs[i], styles[i], configs[0], fold(keys[i], obs[i].turn), actions[i])
