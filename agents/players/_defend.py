"""Scripted defenders for the double agent: from one who refuses to one who tracks what the attacker knew and lies from there.

A defender speaks from a world, a leaf: the truth, or a false leaf that it has settled on, first wrong at some level. What the
attacker knew decides which false world works: its fields must stay true, the next one must be false.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from agents._memory import tagged
from agents.players._nodes import beside, descend
from envs.drivers import Driver
from envs.keys import below, fold, uniform
from envs.records import rule
from envs.trees import ancestor, first_of, level_of, on_path, split_level

__all__ = ["CONDUCTS", "conduct_of", "defend", "estimate", "respond", "stated_at", "utter", "world"]

ASK, REVEAL, NOTHING = 1, 3, 4
NAME, YES, VAGUE, REFUSE, ELICIT = 1, 2, 4, 5, 6
REFUSES, HONEST, WAVERS, RANDOM, CONSTANT, TRACKS, KNOWS = range(7)

CONDUCTS = {
    "refuse": (REFUSES, 0),
    "honest": (HONEST, 0),
    "vague": (WAVERS, 0),
    "random": (RANDOM, 0),
    "liar1": (CONSTANT, 1),
    "liar2": (CONSTANT, 2),
    "liar3": (CONSTANT, 3),
    "tracker": (TRACKS, 0),
}
"""What each does, and the level at which a constant liar begins to lie; liar1 is the consistent liar."""

CONDUCT = np.dtype([("kind", np.int64), ("level", np.int64), tagged("players/_defend", "players/_nodes")], align=True)


def conduct_of(name: str) -> np.ndarray:
    """A conduct as a record, shape (1,)."""
    made = np.zeros(1, CONDUCT)
    made["kind"], made["level"] = CONDUCTS[name]
    return made


@rule
def world(truth: int, level: int, n: int, depth: int, key: Any) -> int:
    """The false leaf that this seat has settled on for a level, as a node; the truth for level 0."""
    if level == 0:
        return truth
    wrong = beside(ancestor(truth, level, n), n, fold(key, 20 + level))
    return descend(wrong, depth - level, n, fold(key, 30 + level))


@rule
def stated_at(obs: Any, level: int, n: int) -> int:
    """The node that the defender has asserted last at a level, -1 for none."""
    for back in range(len(obs.about)):
        turn = len(obs.about) - 1 - back
        node = (
            obs.answers[turn, 1]
            if obs.answers[turn, 0] == NAME
            else obs.about[turn]
            if obs.answers[turn, 0] == YES
            else -1
        )
        if ancestor(node, level, n) >= 0:
            return ancestor(node, level, n)
    return -1


@rule
def predicted(obs: Any, truth: int, knew: int, c: Any) -> int:
    """What an attacker who knew so many fields believes: those, and below them what it was told without a break."""
    node = ancestor(truth, knew, c.branching)
    for level in range(knew + 1, c.depth + 1):
        told = stated_at(obs, level, c.branching)
        if told < 0 or told // c.branching - 1 != node:
            return node
        node = told
    return node


@rule
def likelihood(obs: Any, turn: int, knew: int, truth: int, c: Any) -> float:
    """How likely an attacker who knew so many fields acts as this one did in a turn."""
    kind = obs.asked[turn, 0]
    node = obs.asked[turn, 1]
    if kind == REVEAL:
        if split_level(node, truth, c.branching) > 0:
            return 0.5
        return 0.8 if level_of(node, c.branching) == knew else 0.02 if level_of(node, c.branching) > knew else 0.1
    if kind == NOTHING:
        return 0.9 if knew == 0 else 0.15
    if kind != ASK:
        return 1.0
    if node <= knew:
        return 0.35 / knew
    if told_before(obs, turn, node, c.branching):
        return 0.03
    return 0.6 if node == knew + 1 or turn > 0 else 0.1


@rule
def told_before(obs: Any, turn: int, level: int, n: int) -> bool:
    """Whether the defender has named a node of this level or below it before a turn: nobody asks again for what it still seeks."""
    found = False
    for t in range(turn):
        if obs.answers[t, 0] == NAME and level_of(obs.answers[t, 1], n) >= level:
            found = True
    return found


@rule
def estimate(obs: Any, truth: int, c: Any) -> int:
    """How many fields the attacker most likely knew; the first act tells most, because later ones follow what was said."""
    best = 0
    most = -1.0
    for knew in range(c.depth):
        chance = 1.0
        for turn in range(obs.turn + 1):
            chance *= likelihood(obs, turn, knew, truth, c)
        if chance > most:
            most = chance
            best = knew
    return best


@rule
def spoken(obs: Any, leaf: int, c: Any) -> int:
    """The answer to the open question in a world, as a number among replies."""
    nodes = first_of(c.depth + 1, c.branching)
    if obs.question[0] == ASK:
        return ancestor(leaf, obs.question[1], c.branching)
    return nodes + (0 if on_path(obs.question[1], leaf, c.branching) else 1)


@rule
def invented(obs: Any, truth: int, c: Any, key: Any) -> int:
    """A lie on the spot: any false node of the level that was asked about, or yes or no."""
    n = c.branching
    if obs.question[0] != ASK:
        return first_of(c.depth + 1, n) + below(fold(key, 40), 2)
    level = obs.question[1]
    width = first_of(level + 1, n) - first_of(level, n)
    right = ancestor(truth, level, n) - first_of(level, n)
    return first_of(level, n) + (right + 1 + below(fold(key, 40), width - 1)) % width


@rule
def respond(obs: Any, conduct: Any, c: Any, key: Any, out: Any) -> int:
    """The three actions of a turn into out[0..2]; returns its estimate of what the attacker knew."""
    n = c.branching
    nodes = first_of(c.depth + 1, n)
    truth = first_of(c.depth, n) + obs.truth
    knew = conduct.level if conduct.kind == KNOWS else estimate(obs, truth, c)
    out[0] = knew
    out[1] = c.depth + predicted(obs, truth, knew, c) + 1
    now = fold(key, 100 + obs.turn)
    if conduct.kind == REFUSES:
        reply = nodes + REFUSE - 2
    elif conduct.kind == HONEST:
        reply = spoken(obs, truth, c)
    elif conduct.kind == WAVERS:
        reply = nodes + VAGUE - 2 if uniform(fold(now, 0)) < 0.5 else spoken(obs, truth, c)
    elif conduct.kind == RANDOM:
        reply = invented(obs, truth, c, now)
    elif conduct.kind == CONSTANT:
        reply = spoken(obs, world(truth, min(conduct.level, c.depth), n, c.depth, key), c)
    elif conduct.kind == TRACKS and obs.turn == 0:
        reply = nodes + ELICIT - 2
    else:
        reply = spoken(obs, world(truth, knew + 1, n, c.depth, key), c)
    out[2] = c.depth + nodes + 1 + reply
    return knew


@Driver
def defend(obs: Any, configs: Any, conducts: Any, keys: Any, actions: Any) -> None:
    """Turns of many defenders: obs[B], conducts[B], keys uint64[B] of the seats -> actions int32[B, 3]."""
    for i in range(len(obs)):
        if not obs[i].done:
            respond(obs[i], conducts[i], configs[0], keys[i], actions[i])


@Driver
def utter(obs: Any, configs: Any, knew: Any, speaks: Any, keys: Any, actions: Any) -> None:
    """Acts of learned defenders, who say what the attacker knew, int64[B], and from where they speak, int64[B]: 0 the truth, j
    the false world of level j, depth + 1 vague, depth + 2 elicit. keys settle the worlds. Writes actions int32[B, 3].
    """
    c = configs[0]
    for i in range(len(obs)):
        if not obs[i].done:
            nodes = first_of(c.depth + 1, c.branching)
            truth = first_of(c.depth, c.branching) + obs[i].truth
            actions[i, 0] = knew[i]
            actions[i, 1] = c.depth + predicted(obs[i], truth, knew[i], c) + 1
            reply = nodes + (VAGUE if speaks[i] == c.depth + 1 else ELICIT) - 2
            if speaks[i] <= c.depth:
                reply = spoken(obs[i], world(truth, speaks[i], c.branching, c.depth, keys[i]), c)
            actions[i, 2] = c.depth + nodes + 1 + reply
