"""What a careful attacker makes of a dialogue: a Bayesian account of every leaf, and the trust that is left.

Source: the structured channel and attackers' update of the project's study of double agents, after the trust rule of
ToM-SB (arXiv 2604.11666). The account is a function of the dialogue and of the fields that the attacker knows, never of
the truth. Log-likelihoods are thousandths of a nat, so that every machine computes the same bytes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from envs.rules import nested, rule
from envs.trees import ancestor, first_of, leaves_under, leftmost, level_of, on_path

__all__ = ["TRUST", "account", "blank", "certainty", "fields", "posted", "spread", "weigh"]

ASK, CHECK, REVEAL, NOTHING, CLOSE, DETECT = 1, 2, 3, 4, 5, 6
NAME, YES, NO, VAGUE, REFUSE, ELICIT = 1, 2, 3, 4, 5, 6
"""Kinds of public acts, the attacker's and the defender's; 0 is none yet."""

TRUST = 5
"""Where trust starts; it only falls."""


def milli(p: float) -> int:
    """A probability as thousandths of a nat."""
    return round(1000 * math.log(p))


TRUE, FALSE = milli(0.98), milli(0.02)
"""An honest defender says what is right, or not."""
LIAR_TRUE, LIAR_FALSE = milli(0.3), milli(0.7)
"""A liar names what is right, or not; how a liar keeps to what it said is `LIAR_FALSE`, contradicts it is `LIAR_TRUE`."""
LIAR_ANSWER = milli(0.5)
"""A liar's yes or no that contradicts something."""

_EXP = np.array([round(2**20 * math.exp(-i / 1000)) for i in range(14_000)], np.int64)


def fields(depth: int, leaves: int) -> np.dtype:
    """honest, liar: log-weight of each leaf with either kind of defender, without a prior, the same for all leaves at first.

    stated: the node that the defender has asserted last at each level, -1 none; trust: 5 to 0 by the rule; elicited: how
    often the defender has asked back; verified, crossed: answers about known fields and about stated ones that agreed;
    slips: contradictions.
    """
    tally = (("trust", np.int8), ("elicited", np.int8), ("verified", np.int8), ("crossed", np.int8), ("slips", np.int8))
    return nested(
        ("honest", np.int32, (leaves,)), ("liar", np.int32, (leaves,)), ("stated", np.int16, (depth,)), *tally
    )


def spread(depth: int, branching: int) -> list[int]:
    """For each level with w nodes, log(1 / (w - 1)): what is shared among all nodes but the named one."""
    return [milli(1 / (branching ** (level + 1) - 1)) for level in range(depth)]


@rule
def account(s, c, upto):
    """The ledger of the first `upto` turns, from nothing."""
    blank(s.ledger)
    for turn in range(upto):
        weigh(s, c, turn)


@rule
def blank(ledger):
    """Before the first turn."""
    for leaf in range(len(ledger.honest)):
        ledger.honest[leaf] = 0
        ledger.liar[leaf] = 0
    for level in range(len(ledger.stated)):
        ledger.stated[level] = -1
    ledger.trust = TRUST
    ledger.elicited = 0
    ledger.verified = 0
    ledger.crossed = 0
    ledger.slips = 0


@rule
def weigh(s, c, turn):
    """Take the defender's answer of a turn into account."""
    ledger = s.ledger
    kind = s.answers[turn, 0]
    if kind == NAME:
        weigh_name(s, c, turn)
    elif kind in (YES, NO):
        weigh_answer(s, c, turn)
    elif kind == ELICIT:
        if ledger.elicited > 0:
            drop(ledger, 1)
        ledger.elicited += 1
    else:
        shift(ledger, 0, -LIAR_FALSE)
        drop(ledger, 1)


@rule
def drop(ledger, by):
    """Trust falls, never below 0."""
    ledger.trust = max(0, ledger.trust - by)


@rule
def shift(ledger, honest, liar):
    """Evidence about the defender alone: the same for every leaf."""
    for leaf in range(len(ledger.honest)):
        ledger.honest[leaf] += honest
        ledger.liar[leaf] += liar


@rule
def known_node(s, c, level):
    """What the attacker knows of a level from the start, -1 for nothing."""
    if level > s.prior:
        return -1
    return ancestor(first_of(c.depth, c.branching) + s.truth, level, c.branching)


@rule
def disagrees(s, c, node):
    """Whether asserting a node contradicts what the attacker knows, or what has been asserted or denied before."""
    n = c.branching
    for level in range(1, level_of(node, n) + 1):
        above = ancestor(node, level, n)
        fact = known_node(s, c, level)
        stated = s.ledger.stated[level - 1]
        if (fact >= 0 and fact != above) or (stated >= 0 and stated != above):
            return True
    return False


@rule
def denied(s, c, node, turn):
    """Whether an answer before `turn` was a no to a node on the way to this one."""
    found = False
    for t in range(turn):
        if s.answers[t, 0] == NO and on_path(s.about[t], node, c.branching):
            found = True
    return found


@rule
def weigh_name(s, c, turn):
    """The first statement about an unknown level tells about leaves; a repetition tells about the defender."""
    ledger = s.ledger
    n = c.branching
    node = s.answers[turn, 1]
    level = level_of(node, n)
    if disagrees(s, c, node) or denied(s, c, node, turn):
        contradicted(ledger, LIAR_TRUE)
    elif ledger.stated[level - 1] >= 0 or level <= s.prior:
        agreed(s, level)
    else:
        told(ledger, c, node, TRUE, FALSE + c.spread[level - 1], LIAR_TRUE, LIAR_FALSE + c.spread[level - 1])
    # What was said last stands, even if it contradicts what was said before.
    for above in range(1, level + 1):
        ledger.stated[above - 1] = ancestor(node, above, n)


@rule
def told(ledger, c, node, inside, outside, liar_inside, liar_outside):
    """News about leaves: the log-likelihoods of those under a node and of the others, for either kind of defender."""
    low = leftmost(node, c.depth, c.branching)
    high = low + leaves_under(node, c.depth, c.branching)
    for leaf in range(len(ledger.honest)):
        within = low <= leaf < high
        ledger.honest[leaf] += inside if within else outside
        ledger.liar[leaf] += liar_inside if within else liar_outside


@rule
def contradicted(ledger, liar):
    """Something was said that cannot be true together with what is known or was said."""
    shift(ledger, FALSE, liar)
    drop(ledger, 2)
    ledger.slips += 1


@rule
def agreed(s, level):
    """Something was said again, or was known: no news about leaves."""
    shift(s.ledger, TRUE, LIAR_FALSE)
    if level <= s.prior:
        s.ledger.verified += 1
    else:
        s.ledger.crossed += 1


@rule
def weigh_answer(s, c, turn):
    """Yes or no to a node: about what is known or stated it agrees or not, else it tells about leaves."""
    ledger = s.ledger
    n = c.branching
    node = s.about[turn]
    yes = s.answers[turn, 0] == YES
    level = level_of(node, n)
    fact = known_node(s, c, level)
    if fact < 0:
        fact = ledger.stated[level - 1]
    if fact >= 0:
        if yes == (fact == node):
            agreed(s, level)
        else:
            contradicted(ledger, LIAR_ANSWER)
    elif yes and (disagrees(s, c, node) or denied(s, c, node, turn)):
        contradicted(ledger, LIAR_ANSWER)
    elif yes:
        told(ledger, c, node, TRUE, FALSE, LIAR_FALSE, LIAR_ANSWER)
    else:
        told(ledger, c, node, FALSE, TRUE, LIAR_ANSWER, LIAR_FALSE)
    if yes:
        for above in range(1, level + 1):
            ledger.stated[above - 1] = ancestor(node, above, n)


@rule
def certainty(s, c, leaf, honest, units):
    """The probability of a leaf in `units`, whole and rounded down; honest: thousandths of a nat for an honest defender."""
    ledger = s.ledger
    fact = known_node(s, c, s.prior) if s.prior > 0 else -1
    low = leftmost(fact, c.depth, c.branching)
    high = low + leaves_under(fact, c.depth, c.branching)
    best = -1_000_000_000
    for each in range(low, high):
        best = max(best, ledger.honest[each] + honest, ledger.liar[each])
    total = 0
    own = 0
    for each in range(low, high):
        both = mass(best - ledger.honest[each] - honest) + mass(best - ledger.liar[each])
        total += both
        if each == leaf:
            own = both
    return units * own // total


@rule
def mass(below):
    """2 ** 20 times exp(-below / 1000)."""
    return int(_EXP[min(below, len(_EXP) - 1)])


def posted(ledger: Any, honest: float, allowed: Any) -> np.ndarray:
    """The probability of each leaf, float64[L], for words and drawings. honest: prior that the defender is; allowed: bool[L]."""
    weights = np.stack([ledger.honest / 1000 + math.log(honest), ledger.liar / 1000 + math.log(1 - honest)])
    weights = np.where(allowed, weights, -np.inf)
    mass = np.exp(weights - weights.max()).sum(axis=0)
    return np.asarray(mass / mass.sum())
