"""Leduc poker by the strength of the hand and the odds of the pot.

The chance to win is counted over all cards that the other may hold and that may still come; a raise of the other's makes
its strong cards likelier. It raises strong hands, now and then weak ones, calls when the pot pays for it, and folds else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents import pane
from arena.agent import Ask, Reply
from envs import keys

__all__ = ["act", "equity"]

FOLD, CALL, RAISE = 0, 1, 2
CARDS = range(6)
STRONG, BLUFF = 0.62, 0.12
"""The chance to win from which it raises; how often it raises a hand that is hopeless if called."""


def act(ask: Ask, options: Mapping[str, Any]) -> Reply:
    """Fold, call or raise."""
    seat, obs = ask.seat, ask.obs
    own, public = int(obs.cards[seat]), int(obs.public)
    bets = [int(bet) for bet in obs.bets]
    raised = int((obs.acts == RAISE).sum()) - int((_own_acts(ask) == RAISE).sum())
    chance = equity(own, public, raised)
    missing, pot = bets[1 - seat] - bets[seat], sum(bets)
    weights = _weights(chance, missing / (pot + missing), RAISE in ask.legal, missing > 0)
    drawn, action = keys.uniform(ask.key), max(weights, key=lambda each: weights[each])
    if RAISE in weights and action != RAISE and drawn < weights[RAISE]:
        action = RAISE
    odds = f", the pot asks {missing / (pot + missing):.0%}" if missing else ""
    why = f"wins {chance:.0%} of hands{odds}"
    return pane.answer(ask, action, why, value=pane.scaled((2 * chance - 1) * max(bets), ask), weights=weights)


def _own_acts(ask: Ask) -> Any:
    """Seat 0 acts first in both rounds."""
    return ask.obs.acts[:, ask.seat :: 2]


def _weights(chance: float, asked: float, may_raise: bool, facing: bool) -> dict[int, float]:
    """How often each act is chosen: strength raises, price calls or folds."""
    first = CALL if not facing or chance >= asked else FOLD
    raises = 0.0
    if may_raise:
        raises = 0.9 if chance >= STRONG else BLUFF if chance < 0.25 and not facing else 0.0
    return {
        act: raises if act == RAISE else (1 - raises) * (act == first) for act in (FOLD, CALL, RAISE) if facing or act
    }


def equity(own: int, public: int, raised: int) -> float:
    """The share of deals that this card wins, a split counting half; each raise of the other's doubles its better cards."""
    won = total = 0.0
    for other in CARDS:
        for table in CARDS if public < 0 else (public,):
            if len({own, other, table}) == 3:
                ours, theirs = _strength(own, table), _strength(other, table)
                shown = theirs if public >= 0 else other // 2 + 1
                weight = float((1 + shown) ** raised)
                won += weight * (1.0 if ours > theirs else 0.5 if ours == theirs else 0.0)
                total += weight
    return won / total


def _strength(card: int, public: int) -> int:
    """A pair beats every rank."""
    return card // 2 + (3 if card // 2 == public // 2 else 0)
