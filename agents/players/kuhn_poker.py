"""Kuhn poker by one of the equilibria that Kuhn (1950) found, named by `alpha`, how often a jack bets first.

A seat that plays so loses at most 1/18 chip per game as the first and wins at least as much as the second, whatever the
other does. The value shown is exact for two such players, given what the seat has seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents import pane
from arena.agent import Ask, Reply
from envs import keys

__all__ = ["act", "betting"]

CARDS = ("jack", "queen", "king")
Acts = tuple[int, ...]


def act(ask: Ask, options: Mapping[str, Any]) -> Reply:
    """0 passes, 1 bets."""
    card = int(ask.obs.cards[ask.seat])
    acts = tuple(int(each) for each in ask.obs.acts if each >= 0)
    alpha = float(options["alpha"])
    chance = betting(card, acts, alpha)
    action = int(keys.uniform(ask.key) < chance)
    why = f"a {CARDS[card]} {'calls' if 1 in acts else 'bets'} here with probability {chance:.2f}"
    value = pane.scaled(_expected(card, acts, alpha), ask)
    return pane.answer(ask, action, why, value=value, weights={0: 1 - chance, 1: chance})


def betting(card: int, acts: Acts, alpha: float) -> float:
    """The probability of a bet (or call) with a card after these acts."""
    return {
        (): (alpha, 0.0, 3 * alpha),
        (0,): (1 / 3, 0.0, 1.0),
        (1,): (0.0, 1 / 3, 1.0),
        (0, 1): (0.0, alpha + 1 / 3, 1.0),
    }[acts][card]


def _expected(card: int, acts: Acts, alpha: float) -> float:
    """Chips that the seat to act expects, over the cards that the other may hold after what it did."""
    seat = len(acts) % 2
    weights = {other: _reach(other, acts, 1 - seat, alpha) for other in range(3) if other != card}
    total = sum(weights.values()) or 1.0
    return sum(w * _worth(_deal(seat, card, other), acts, seat, alpha) for other, w in weights.items()) / total


def _deal(seat: int, card: int, other: int) -> tuple[int, int]:
    return (card, other) if seat == 0 else (other, card)


def _reach(card: int, acts: Acts, seat: int, alpha: float) -> float:
    """How likely a seat with this card acts as it did."""
    reach = 1.0
    for i in range(seat, len(acts), 2):
        chance = betting(card, acts[:i], alpha)
        reach *= chance if acts[i] else 1 - chance
    return reach


def _worth(cards: tuple[int, int], acts: Acts, seat: int, alpha: float) -> float:
    """Chips that a seat wins on average when both go on by this equilibrium."""
    higher = 1 if cards[seat] > cards[1 - seat] else -1
    if acts in {(0, 0), (1, 1), (0, 1, 1)}:
        return higher * (1 if acts == (0, 0) else 2)
    if acts in {(1, 0), (0, 1, 0)}:
        folded = (len(acts) - 1) % 2
        return -1.0 if folded == seat else 1.0
    chance = betting(cards[len(acts) % 2], acts, alpha)
    return chance * _worth(cards, (*acts, 1), seat, alpha) + (1 - chance) * _worth(cards, (*acts, 0), seat, alpha)
