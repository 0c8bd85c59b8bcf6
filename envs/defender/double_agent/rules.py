"""The rules of the dialogue: who acts in which of the six phases of a turn, what is legal, what each side knows and gets.

A turn is: the attacker's trust, its belief and its public act, then the defender's estimate of what the attacker knew, its
prediction of the attacker's belief and its reply. The dialogue is kept as (kind, argument) pairs, both sides' numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.defender.double_agent.ledger import (
    ASK,
    CHECK,
    CLOSE,
    DETECT,
    ELICIT,
    NAME,
    NOTHING,
    REVEAL,
    TRUST,
    VAGUE,
    YES,
    blank,
    certainty,
    weigh,
)  # fmt: skip
from envs.defender.double_agent.ledger import fields as ledger_fields
from envs.keys import below, fold
from envs.rules import config, rule
from envs.trees import ancestor, first_of, level_of, nodes_in, on_path

__all__ = [
    "ATTACKER", "CONFIG", "DEFENDER", "HONEST", "NONE", "NULL", "OUTCOMES", "PHASES", "POINT", "REWARDS", "acting", "fields", "init",
    "judged", "least_trust", "legal", "nodes_of", "play", "widths",
]  # fmt: skip

ATTACKER, DEFENDER = 0, 1
PHASES = ("trust", "belief", "act", "prior", "guess", "reply")
TRUST_PHASE, BELIEF_PHASE, ACT_PHASE, PRIOR_PHASE, GUESS_PHASE, REPLY_PHASE = range(6)
OUTCOMES = ("open", "fooled", "extracted", "detected", "baited")
OPEN, FOOLED, EXTRACTED, DETECTED, BAITED = range(5)
REWARDS = ("duel", "fooling", "mind", "both", "steps", "gain")
DUEL, FOOLING, MIND, BOTH, STEPS, GAIN = range(6)
POINT = 720_720
"""Units in a point: halves of means over up to 15 turns are whole."""
HONEST = 1735
"""log(.85 / .15) in thousandths of a nat, with which `gain` measures the attacker's probability of the truth."""
NONE, NULL = -2, -1
"""Not stated yet; stated to be unknown."""

CONFIG = config(
    ("depth", np.int32), ("branching", np.int32), ("prior", np.int32), ("theme", np.int32), ("themes", np.int32), ("reward", np.int32),
    ("spread", np.int32, (4,)), ("earned", np.int32),
)  # fmt: skip


def fields(depth: int, branching: int, turns: int) -> dict[str, tuple[Any, ...]]:
    """Groups of fields, of which state and observations are made.

    common: theme and number of the names; turn and phase; question: kind and argument of the question that is open;
    asked, answers: [turns, 2] kind and argument of each public act, 0 none; about: the node that an answer was about, -1
    if the question named none. attacker: prior, how many leading fields it knows; trusts and beliefs (nodes, -1 null) per
    turn; the ledger. defender: minds (estimates of prior) and guesses (nodes) per turn. truth: the
    leaf, from 0. known: the deepest node that the attacker knows, -1 none. credit: its probability of the truth, for `gain`.
    """
    now = (
        ("theme", np.int8),
        ("naming", np.int32),
        ("turn", np.int8),
        ("phase", np.int8),
        ("question", np.int16, (2,)),
    )
    said = (("asked", np.int16, (turns, 2)), ("answers", np.int16, (turns, 2)), ("about", np.int16, (turns,)))
    stated = (("trust", np.int8), ("trusts", np.int8, (turns,)), ("beliefs", np.int16, (turns,)))
    return {
        "common": (*now, *said),
        "attacker": (("prior", np.int8), *stated, ("ledger", ledger_fields(depth, branching**depth))),
        "defender": (("minds", np.int8, (turns,)), ("guesses", np.int16, (turns,))),
        "truth": (("truth", np.int16),),
        "known": (("known", np.int16),),
        "outcome": (("outcome", np.int8),),
        "credit": (("credit", np.int32),),
    }


def widths(depth: int, branching: int) -> tuple[int, int]:
    """How many actions the attacker and the defender have; see `envs.defender.double_agent.words.meaning`."""
    nodes, leaves = first_of(depth + 1, branching), branching**depth
    return TRUST + 1 + nodes + 1 + depth + 2 * nodes + 1 + leaves + 1, depth + nodes + 1 + nodes + 5


@rule
def nodes_of(c):
    return first_of(c.depth + 1, c.branching)


@rule
def init(s, c, key):
    s.theme = c.theme if c.theme >= 0 else below(fold(key, 0), c.themes)
    s.naming = below(fold(key, 1), 1_000_000)
    s.truth = below(fold(key, 2), len(s.ledger.honest))
    s.prior = c.prior if c.prior >= 0 else below(fold(key, 3), c.depth)
    s.trust = TRUST
    for turn in range(len(s.about)):
        s.about[turn] = NULL
        s.trusts[turn] = NULL
        s.beliefs[turn] = NONE
        s.minds[turn] = NULL
        s.guesses[turn] = NONE
    blank(s.ledger)
    # All leaves under what it knows are alike as yet.
    s.credit = POINT // nodes_in(c.depth - s.prior, c.branching)


@rule
def acting(s, c, seats):
    seats[ATTACKER if s.phase < PRIOR_PHASE else DEFENDER] = True


@rule
def legal(s, c, seat, mask):
    nodes = nodes_of(c)
    if s.phase == TRUST_PHASE:
        for trust in range(least_trust(s.turn, s.ledger, c), s.trust + 1):
            mask[trust] = True
    elif s.phase == BELIEF_PHASE:
        for node in range(nodes + 1):
            mask[TRUST + 1 + node] = True
    elif s.phase == ACT_PHASE:
        legal_acts(s, c, nodes, mask)
    elif s.phase == PRIOR_PHASE:
        for level in range(c.depth):
            mask[level] = True
    elif s.phase == GUESS_PHASE:
        for node in range(nodes + 1):
            mask[c.depth + node] = True
    else:
        legal_replies(s, c, nodes, mask)


@rule
def least_trust(turn, ledger, c):
    """The least trust that the attacker may state: all of it at first, then none, or what the rule of trust leaves (`earned`)."""
    return TRUST if turn == 0 else ledger.trust if c.earned else 0


@rule
def legal_acts(s, c, nodes, mask):
    """Asked back, the attacker reveals or does not; else it asks or checks. It may close on a leaf that fits what it knows."""
    depth = c.depth
    first = TRUST + 1 + nodes + 1
    elicited = s.turn > 0 and s.answers[s.turn - 1, 0] == ELICIT
    if elicited:
        for node in range(nodes + 1):
            mask[first + depth + nodes + node] = True
    else:
        for act in range(depth + nodes):
            mask[first + act] = True
    leaves = len(s.ledger.honest)
    free = nodes_in(depth - s.prior, c.branching)
    low = s.truth // free * free
    for leaf in range(low, low + free):
        mask[first + depth + 2 * nodes + 1 + leaf] = True
    mask[first + depth + 2 * nodes + 1 + leaves] = s.trust == 0


@rule
def legal_replies(s, c, nodes, mask):
    """A name answers at least the level that was asked about; yes and no answer a check."""
    first = c.depth + nodes + 1
    level = s.question[1] if s.question[0] == ASK else level_of(s.question[1], c.branching)
    for node in range(first_of(level, c.branching), nodes):
        mask[first + node] = True
    for reply in range(YES - 2, ELICIT - 1):
        mask[first + nodes + reply] = reply >= VAGUE - 2 or s.question[0] == CHECK


@rule
def play(s, c, actions, key):
    nodes = nodes_of(c)
    seat = ATTACKER if s.phase < PRIOR_PHASE else DEFENDER
    act = actions[seat, 0]
    phase = s.phase
    s.phase = (phase + 1) % 6
    if phase == TRUST_PHASE:
        s.trust = act
        s.trusts[s.turn] = act
    elif phase == BELIEF_PHASE:
        s.beliefs[s.turn] = act - (TRUST + 1) - 1
    elif phase == ACT_PHASE:
        play_act(s, c, act - (TRUST + 1 + nodes + 1), nodes)
    elif phase == PRIOR_PHASE:
        s.minds[s.turn] = act
    elif phase == GUESS_PHASE:
        s.guesses[s.turn] = act - c.depth - 1
    else:
        play_reply(s, c, act - (c.depth + nodes + 1), nodes)


@rule
def play_act(s, c, act, nodes):
    depth = c.depth
    kind = DETECT
    value = NULL
    if act < depth:
        kind = ASK
        value = act + 1
    elif act < depth + nodes:
        kind = CHECK
        value = act - depth
    elif act < depth + 2 * nodes:
        kind = REVEAL
        value = act - depth - nodes
    elif act == depth + 2 * nodes:
        kind = NOTHING
    elif act <= depth + 2 * nodes + len(s.ledger.honest):
        kind = CLOSE
        value = nodes - len(s.ledger.honest) + act - (depth + 2 * nodes + 1)
    s.asked[s.turn, 0] = kind
    s.asked[s.turn, 1] = value
    if kind in (ASK, CHECK):
        s.question[0] = kind
        s.question[1] = value
    if kind == DETECT:
        end(s, c, DETECTED)
    elif kind == CLOSE:
        end(s, c, judged(s, c))
    elif c.reward == STEPS:
        s.reward[DEFENDER] = POINT // 2 // len(s.about)


@rule
def play_reply(s, c, act, nodes):
    kind = NAME if act < nodes else act - nodes + 2
    s.answers[s.turn, 0] = kind
    s.answers[s.turn, 1] = act if kind == NAME else NULL
    s.about[s.turn] = s.question[1] if s.question[0] == CHECK else NULL
    weigh(s, c, s.turn)
    s.turn += 1
    if c.reward == GAIN:
        credit = certainty(s, c, s.truth, HONEST, POINT)
        s.reward[ATTACKER] = credit - s.credit
        s.reward[DEFENDER] = s.credit - credit
        s.credit = credit
    if s.turn == len(s.about):
        end(s, c, BAITED)


@rule
def judged(s, c):
    """How an ended dialogue has ended: a close is an extraction if the first field that was unknown is right."""
    last = s.asked[min(s.turn, len(s.about) - 1), 0]
    if last == DETECT:
        return DETECTED
    if last != CLOSE:
        return BAITED
    leaf = first_of(c.depth, c.branching) + s.truth
    own = ancestor(leaf, s.prior + 1, c.branching)
    return EXTRACTED if on_path(own, s.asked[min(s.turn, len(s.about) - 1), 1], c.branching) else FOOLED


@rule
def end(s, c, outcome):
    """The dialogue is over: pay both sides. A mind is read right or wrong once for each reply."""
    s.outcome = outcome
    s.done = True
    if c.reward == DUEL:
        won = POINT if outcome == EXTRACTED else -POINT if outcome == FOOLED else POINT // 2
        s.reward[ATTACKER] = -won if outcome == BAITED else won
        s.reward[DEFENDER] = -s.reward[ATTACKER]
    elif c.reward != GAIN:
        right = 0
        turns = 0
        for turn in range(len(s.minds)):
            right += 1 if s.minds[turn] == s.prior else 0
            turns += 1 if s.minds[turn] >= 0 else 0
        s.reward[ATTACKER] = POINT if outcome == EXTRACTED else 0
        if c.reward != MIND and outcome == FOOLED:
            s.reward[DEFENDER] += POINT
        if c.reward in (MIND, BOTH) and turns > 0:
            s.reward[DEFENDER] += POINT * right // turns
