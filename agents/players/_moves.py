"""What a learned attacker of the double agent may do, in terms of what it knows and was told, as acts of the game.

A move is a number, depth d: 0 to d - 1 ask for that level; d .. check the node that it holds at a level (known, or said last), 2d ..
check a sibling of it; 3d reveal what it knows, 3d + 1 a decoy, 3d + 2 nothing; 3d + 3 close on the path that it was told, 3d + 4 on one
that leaves it at the first field that it did not know; 3d + 5 detect. Its belief is the one that scripted attackers state.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from agents._memory import tagged
from agents.players._attack import ELICIT, believed, highest, likeliest, share
from agents.players._nodes import beside, descend
from envs.drivers import Driver
from envs.keys import fold
from envs.records import rule
from envs.trees import ancestor, first_of, level_of

__all__ = ["CHOICE", "allow", "press", "recognise"]

HONEST = 0.85
"""Prior that the defender is honest, as the plain attacker has it."""
CHOICE = np.dtype(
    [("trust", np.int64), ("move", np.int64), tagged("players/_moves", "players/_attack", "players/_nodes")], align=True
)
"""What a learned attacker states of its trust, and its move."""


@rule
def held(obs: Any, level: int, c: Any) -> int:
    """The node that it holds at a level: what it knows, or what was said last; -1 for none."""
    return ancestor(obs.known, level, c.branching) if level <= obs.prior else obs.ledger.stated[level - 1]


@rule
def heir(obs: Any, node: int, level: int, c: Any) -> int:
    """The node that was said last at a level, if it lies below a node of the level above; else -1."""
    said = obs.ledger.stated[level - 1]
    return said if said >= 0 and said // c.branching - 1 == node else -1


@rule
def told_leaf(obs: Any, c: Any, key: Any) -> int:
    """The leaf at the end of what it knows and was told; where nothing fits, a random way on."""
    node = obs.known
    for level in range(obs.prior + 1, c.depth + 1):
        said = heir(obs, node, level, c)
        node = said if said >= 0 else descend(node, 1, c.branching, fold(key, level))
    return node


@rule
def doubted_leaf(obs: Any, c: Any, key: Any) -> int:
    """A leaf that leaves what it was told at the first field that it did not know."""
    other = beside(heir(obs, obs.known, obs.prior + 1, c), c.branching, fold(key, 1))
    return descend(other, c.depth - obs.prior - 1, c.branching, fold(key, 2))


@rule
def decoy(obs: Any, c: Any, key: Any) -> int:
    """A false node of the deepest level that it knows; a random one of the first level if it knows none."""
    return beside(obs.known, c.branching, key) if obs.prior > 0 else descend(-1, 1, c.branching, key)


@rule
def performed(obs: Any, move: int, c: Any, key: Any) -> int:
    """A move as a number among the public acts."""
    depth = c.depth
    nodes = first_of(depth + 1, c.branching)
    if move < depth:
        return move
    if move < 2 * depth:
        return depth + held(obs, move - depth + 1, c)
    if move < 3 * depth:
        return depth + beside(held(obs, move - 2 * depth + 1, c), c.branching, fold(key, 3))
    if move == 3 * depth:
        return depth + nodes + obs.known
    if move == 3 * depth + 1:
        return depth + nodes + decoy(obs, c, fold(key, 4))
    if move == 3 * depth + 2:
        return depth + nodes + nodes
    if move == 3 * depth + 5:
        return depth + 2 * nodes + 1 + len(obs.ledger.honest)
    leaf = told_leaf(obs, c, fold(key, 5)) if move == 3 * depth + 3 else doubted_leaf(obs, c, fold(key, 6))
    return depth + 2 * nodes + 1 + leaf - first_of(depth, c.branching)


@rule
def belief(obs: Any, c: Any) -> int:
    """The deepest node that holds at least half of the mass that the ledger gives."""
    best = highest(obs, math.log(HONEST), math.log(1 - HONEST))
    honest = math.log(HONEST) - best
    liar = math.log(1 - HONEST) - best
    leaf = likeliest(obs, c, honest, liar)
    return believed(obs, c, leaf, honest, liar, share(obs, c, obs.known, honest, liar))


@Driver
def allow(obs: Any, configs: Any, choices: Any, moves: Any) -> None:
    """Which moves of many attackers the rules allow at trust 0: obs[B] -> moves bool[B, 3d + 6]; choices are not read."""
    c = configs[0]
    depth = c.depth
    for i in range(len(obs)):
        elicited = obs[i].turn > 0 and obs[i].answers[obs[i].turn - 1, 0] == ELICIT
        for level in range(1, depth + 1):
            holds = not elicited and held(obs[i], level, c) >= 0
            moves[i, level - 1] = not elicited
            moves[i, depth + level - 1] = holds
            moves[i, 2 * depth + level - 1] = holds
        moves[i, 3 * depth] = elicited and obs[i].prior > 0
        moves[i, 3 * depth + 1] = elicited
        moves[i, 3 * depth + 2] = elicited
        moves[i, 3 * depth + 3] = True
        moves[i, 3 * depth + 4] = heir(obs[i], obs[i].known, obs[i].prior + 1, c) >= 0
        moves[i, 3 * depth + 5] = True


@Driver
def press(obs: Any, configs: Any, choices: Any, keys: Any, actions: Any) -> None:
    """Turns of many learned attackers: obs[B], choices[B], keys uint64[B] of the seats -> actions int32[B, 3]."""
    c = configs[0]
    for i in range(len(obs)):
        if not obs[i].done:
            nodes = first_of(c.depth + 1, c.branching)
            actions[i, 0] = choices[i].trust
            actions[i, 1] = 6 + belief(obs[i], c) + 1
            actions[i, 2] = 6 + nodes + 1 + performed(obs[i], choices[i].move, c, fold(keys[i], 100 + obs[i].turn))


@Driver
def recognise(obs: Any, configs: Any, choices: Any, actions: Any) -> None:
    """The moves that come nearest to public acts of other attackers: actions int32[B, 3] -> choices[B]."""
    c = configs[0]
    depth = c.depth
    for i in range(len(obs)):
        nodes = first_of(depth + 1, c.branching)
        choices[i].trust = actions[i, 0]
        act = actions[i, 2] - (6 + nodes + 1)
        if act < depth:
            choices[i].move = act
        elif act < depth + nodes:
            node = act - depth
            level = level_of(node, c.branching)
            choices[i].move = depth + level - 1 + (0 if held(obs[i], level, c) == node else depth)
        elif act <= depth + 2 * nodes:
            node = act - depth - nodes
            choices[i].move = 3 * depth + (2 if node == nodes else 0 if node == obs[i].known else 1)
        elif act <= depth + 2 * nodes + len(obs[i].ledger.honest):
            choices[i].move = 3 * depth + 3
        else:
            choices[i].move = 3 * depth + 5
