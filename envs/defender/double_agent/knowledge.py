"""What each side, the spectator and the public know of a dialogue, what a side imagines, and the tensors of both roles.

The attacker sees the leading fields that it knows, its own statements and its ledger; the defender sees the truth and its
own statements. Everybody sees the names and the public acts. Whether a close was right is told to nobody who plays.
"""

from __future__ import annotations

from envs.defender.double_agent.ledger import ASK, TRUST, account, certainty
from envs.defender.double_agent.rules import HONEST, NONE, NULL, POINT, PRIOR_PHASE, judged
from envs.keys import below, fold
from envs.rules import rule
from envs.trees import ancestor, first_of, level_of, nodes_in, split_level

__all__ = [
    "encode_flat_attacker", "encode_flat_defender", "flat_widths", "imagine_attacker", "imagine_defender", "observe_attacker",
    "observe_defender", "observe_public", "observe_spectator",
]  # fmt: skip

HEAD, EACH = 11, 7
"""Numbers of the head of a tensor, and of each turn."""


def flat_widths(leaves: int, turns: int) -> tuple[int, int]:
    """The lengths of the attacker's and the defender's tensors."""
    return HEAD + EACH * turns + leaves, HEAD + EACH * turns


@rule
def see_dialogue(s, obs):
    obs.theme = s.theme
    obs.naming = s.naming
    obs.turn = s.turn
    obs.phase = s.phase
    obs.question = s.question
    obs.asked = s.asked
    obs.answers = s.answers
    obs.about = s.about


@rule
def see_attacker(s, obs):
    obs.prior = s.prior
    obs.trust = s.trust
    obs.trusts = s.trusts
    obs.beliefs = s.beliefs
    obs.ledger = s.ledger


@rule
def known_of(s, c):
    """The deepest node that the attacker knows, -1 for none."""
    return ancestor(first_of(c.depth, c.branching) + s.truth, s.prior, c.branching) if s.prior > 0 else NULL


@rule
def observe_attacker(s, c, seat, obs):
    see_dialogue(s, obs)
    see_attacker(s, obs)
    obs.known = known_of(s, c)


@rule
def observe_defender(s, c, seat, obs):
    see_dialogue(s, obs)
    obs.minds = s.minds
    obs.guesses = s.guesses
    obs.truth = s.truth


@rule
def observe_public(s, c, seat, obs):
    see_dialogue(s, obs)


@rule
def observe_spectator(s, c, seat, obs):
    see_dialogue(s, obs)
    see_attacker(s, obs)
    obs.known = known_of(s, c)
    obs.minds = s.minds
    obs.guesses = s.guesses
    obs.truth = s.truth
    obs.outcome = s.outcome


@rule
def imagine_attacker(obs, c, seat, key, s):
    """Any leaf under what it knows may be the truth; what the defender has stated in private is drawn."""
    see_dialogue(obs, s)
    see_attacker(obs, s)
    free = nodes_in(c.depth - s.prior, c.branching)
    leaf = obs.known
    for _ in range(c.depth - s.prior):
        leaf = c.branching * (leaf + 1)
    s.truth = leaf + below(fold(key, 0), free) - (first_of(c.depth, c.branching))
    for turn in range(len(s.minds)):
        stated = turn < s.turn or (turn == s.turn and s.phase > PRIOR_PHASE)
        s.minds[turn] = below(fold(fold(key, 1), turn), c.depth) if stated else NULL
        s.guesses[turn] = NULL if turn < s.turn or (turn == s.turn and s.phase > PRIOR_PHASE + 1) else NONE
    settle(s, c)


@rule
def imagine_defender(obs, c, seat, key, s):
    """The attacker may know any number of fields; its trust is what the rule of trust says then, its beliefs are unknown."""
    see_dialogue(obs, s)
    s.truth = obs.truth
    s.minds = obs.minds
    s.guesses = obs.guesses
    s.prior = c.prior if c.prior >= 0 else below(fold(key, 0), c.depth)
    for turn in range(len(s.minds)):
        account(s, c, min(turn, s.turn))
        s.trusts[turn] = s.ledger.trust if turn < s.turn or (turn == s.turn and s.phase > 0) else NULL
        s.beliefs[turn] = NULL if turn < s.turn or (turn == s.turn and s.phase > 1) else NONE
    account(s, c, s.turn)
    s.trust = s.ledger.trust if s.turn > 0 else TRUST
    settle(s, c)


@rule
def settle(s, c):
    """What follows from the rest of a state."""
    s.outcome = judged(s, c) if s.done else 0
    s.credit = certainty(s, c, s.truth, HONEST, POINT)


@rule
def encode_dialogue(obs, c, leaf, depth, out):
    """Head: turn / turns, phase one-hot (6), question is ask, is check, its level / depth; then a turn each: kind of the act
    / 6, its level / depth, the level where it leaves the way to `leaf` / depth; the same of the reply; one more, by role.
    """
    n = c.branching
    turns = len(obs.about)
    out[0] = obs.turn / turns
    out[1 + obs.phase] = 1.0
    out[7] = 1.0 if obs.question[0] == ASK else 0.0
    out[8] = 1.0 if obs.question[0] > ASK else 0.0
    out[9] = (obs.question[1] if obs.question[0] == ASK else level_of(obs.question[1], n)) / depth
    for turn in range(turns):
        at = HEAD + EACH * turn
        ask = obs.asked[turn, 0] == ASK
        node = NULL if ask or obs.asked[turn, 0] == 0 else obs.asked[turn, 1]
        reply = NULL if obs.answers[turn, 0] == 0 else obs.answers[turn, 1]
        out[at] = obs.asked[turn, 0] / 6
        out[at + 1] = (obs.asked[turn, 1] if ask else level_of(node, n)) / depth
        out[at + 2] = split_level(node, leaf, n) / depth
        out[at + 3] = obs.answers[turn, 0] / 6
        out[at + 4] = level_of(reply, n) / depth
        out[at + 5] = split_level(reply, leaf, n) / depth


@rule
def encode_flat_attacker(obs, c, out):
    """The dialogue against what it knows, with prior / depth in the head and (trust + 1) / 6 in each turn; then for each leaf
    how likely the ledger makes it beside the likeliest.
    """
    depth = c.depth
    encode_dialogue(obs, c, obs.known, depth, out)
    out[10] = obs.prior / depth
    turns = len(obs.about)
    best = obs.ledger.honest[0]
    for leaf in range(len(obs.ledger.honest)):
        best = max(best, obs.ledger.honest[leaf])
    for turn in range(turns):
        out[HEAD + EACH * turn + 6] = (obs.trusts[turn] + 1) / (TRUST + 1)
    for leaf in range(len(obs.ledger.honest)):
        out[HEAD + EACH * turns + leaf] = max(0.0, 1.0 + (obs.ledger.honest[leaf] - best) / 10_000)


@rule
def encode_flat_defender(obs, c, out):
    """The dialogue against the truth, with (estimate + 1) / 4 in each turn."""
    leaf = first_of(c.depth, c.branching) + obs.truth
    encode_dialogue(obs, c, leaf, c.depth, out)
    for turn in range(len(obs.about)):
        out[HEAD + EACH * turn + 6] = (obs.minds[turn] + 1) / 4
