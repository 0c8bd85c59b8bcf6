"""Kuhn poker: the payoff of all 30 ends by a table, and who sees which card."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest

import envs
from envs.spec import PUBLIC, SPECTATOR

PASS, BET = 0, 1
ENDS = {
    (PASS, PASS): ("show", 1),
    (PASS, BET, PASS): (1, 1),
    (PASS, BET, BET): ("show", 2),
    (BET, PASS): (0, 1),
    (BET, BET): ("show", 2),
}
"""The acts of an episode: who wins (or the higher card), and how much."""


@pytest.mark.parametrize("cards", list(permutations(range(3), 2)))
@pytest.mark.parametrize("acts", list(ENDS))
def test_every_end_pays_what_the_table_says(cards: tuple[int, int], acts: tuple[int, ...], played: Any) -> None:
    game = envs.game("kuhn_poker")
    state = game.start(0)
    state["cards"][0] = cards
    for i in range(1, len(acts)):
        assert not game.facts(played(game, acts[:i], state)).done
    facts = game.facts(played(game, acts, state))
    winner, amount = ENDS[acts]
    if winner == "show":
        winner = int(cards[1] > cards[0])
    assert facts.done
    assert facts.reward[winner] == amount
    assert sum(facts.reward) == 0


def test_all_six_deals_come_up() -> None:
    game = envs.game("kuhn_poker")
    deals = [tuple(game.row(game.start(seed)).cards.tolist()) for seed in range(600)]
    assert set(deals) == set(permutations(range(3), 2))
    assert all(60 < deals.count(deal) < 150 for deal in set(deals))


def test_cards_are_shown_after_a_call_and_not_after_a_fold(played: Any) -> None:
    game = envs.game("kuhn_poker")
    state = game.start(1)
    cards = game.row(state).cards.tolist()
    folded, called = played(game, [BET, PASS], state), played(game, [BET, BET], state)
    for after, hidden in ((state, True), (folded, True), (called, False)):
        seen = [game.observe(after, who).cards.tolist() for who in (0, 1, PUBLIC, SPECTATOR)]
        closed = [[cards[0], -1], [-1, cards[1]], [-1, -1], cards]
        assert seen == (closed if hidden else [cards] * 4)
    assert "Your card is" in game.say(game.observe(state, 0))
    assert np.array_equal(game.legal(state, 0).mask, [True, True])
