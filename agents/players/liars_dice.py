"""Liar's dice by counting: how likely is a bid, given the own dice and fair dice under the other cups?

The number of matching dice among n unknown ones is binomial. It says liar when that is likelier to be right than its best
bid is to be true; of the bids that are likely enough it takes the highest, which leaves the next seat the least room.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import comb
from typing import Any

from agents import pane
from arena.agent import Ask, Reply

__all__ = ["act", "at_least"]

FACES = 6
SAFE = 0.6
"""A bid this likely is worth making."""


def act(ask: Ask, options: Mapping[str, Any]) -> Reply:
    """A bid, or the last action: liar."""
    table, liar = ask.obs.table, len(ask.obs.table.said)
    truth = {bid: _likely(ask, bid) for bid in ask.legal if bid != liar}
    safe = [bid for bid in truth if truth[bid] >= SAFE]
    best = max(safe) if safe else max(truth, key=lambda bid: truth[bid], default=liar)
    doubt = 1.0 - _likely(ask, int(table.bid)) if table.bid >= 0 else 0.0
    action = liar if best == liar or doubt > truth[best] else best
    chance = doubt if action == liar else truth[action]
    what = (
        f"the bid is false with probability {chance:.2f}" if action == liar else f"true with probability {chance:.2f}"
    )
    weights = {
        each: (doubt if each == liar else truth[each]) ** 4 * (each in {action, liar} or each <= action)
        for each in ask.legal
    }
    # Losing a challenge costs one die of those that are left, so it weighs more the fewer there are.
    value = (2 * chance - 1) / max(int(table.dice[ask.seat]), 1)
    return pane.answer(ask, action, what, value=value, weights=weights)


def _likely(ask: Ask, bid: int) -> float:
    """The probability that a bid is true, as this seat sees it."""
    quantity, face = bid // FACES + 1, bid % FACES
    wild = bool(ask.game.public.wild) and face != 0
    hand = ask.obs.hands[ask.seat]
    own = int(hand[face]) + (int(hand[0]) if wild else 0)
    unknown = int(ask.obs.table.dice.sum()) - int(ask.obs.table.dice[ask.seat])
    return at_least(quantity - own, unknown, 1 / 3 if wild else 1 / 6)


def at_least(k: int, n: int, p: float) -> float:
    """The probability of k or more successes in n tries."""
    return sum(comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(max(k, 0), n + 1))
