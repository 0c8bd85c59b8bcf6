"""The scripted players: what each must never miss, and that each is worth beating."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

import agents
import envs
from agents.players import breakthrough, commons, kuhn_poker, leduc_poker, liars_dice, matrix
from agents.scripted import players
from envs.errors import UserError


def test_every_script_belongs_to_a_game() -> None:
    assert set(players()) <= set(envs.names())


def test_a_game_without_a_script_is_refused_in_one_line() -> None:
    with pytest.raises(UserError, match=r"scripted has no play for nim, only for .*breakthrough, commons"):
        agents.load("scripted").fits(envs.game("docs/examples/nim.py", plain=True))


def versus_random(table: Any, name: str, games: int) -> float:
    """Mean points of `scripted` against random seats, from every seat in turn."""
    game, total = envs.game(name), 0.0
    for i in range(games):
        seat = i % game.seats
        seats = ["scripted" if p == seat else "random" for p in range(game.seats)]
        total += table.scores(game, seats, 1000 + i // game.seats)[seat]
    return total / games


# Connect Four


def winning(game: Any, state: Any, seat: int) -> set[int]:
    """The moves that end the game in this seat's favour, by the rules."""
    after = {move: game.facts(game.step(state, {seat: [move]}, 0)) for move in game.legal(state, seat)}
    return {move for move, facts in after.items() if facts.reward[seat] > 0}


def passed(game: Any, state: Any, seat: int) -> Any:
    """The same position with the other to move."""
    other = state.copy()
    other["turn"] = 1 - seat
    return other


def test_connect_four_misses_no_win_and_no_block(table: Any, seeds: Any) -> None:
    game, act = envs.game("connect_four"), agents.load("scripted")()
    wins = blocks = 0
    for seed in seeds(120):
        for state, seat in table.positions(game, seed):
            ours, theirs = winning(game, state, seat), winning(game, passed(game, state, seat), 1 - seat)
            if ours or theirs:
                move = table.answered(act, table.question(game, state, seat, seed)).actions[0][0]
                assert move in (ours or theirs)
                wins, blocks = wins + bool(ours), blocks + (not ours)
    assert wins > 50
    assert blocks > 50


def test_connect_four_scores_95_per_cent_against_random(table: Any) -> None:
    game, points = envs.game("connect_four"), 0.0
    for i in range(400):
        seats = ["scripted", "random"] if i % 2 == 0 else ["random", "scripted"]
        points += (table.scores(game, seats, i // 2)[i % 2] + 1) / 2
    assert points / 400 >= 0.95


# Kuhn poker: whatever the other does, it wins no more than the value of the game.


def kuhn_return(cards: tuple[int, int], acts: tuple[int, ...], bets: Any) -> float:
    """Chips that seat 0 wins; bets(seat, card, acts) is the probability of a bet."""
    if acts in {(0, 0), (1, 1), (0, 1, 1)}:
        return (1 if cards[0] > cards[1] else -1) * (1 if acts == (0, 0) else 2)
    if acts in {(1, 0), (0, 1, 0)}:
        return 1.0 if acts == (1, 0) else -1.0
    seat = len(acts) % 2
    chance = bets(seat, cards[seat], acts)
    return chance * kuhn_return(cards, (*acts, 1), bets) + (1 - chance) * kuhn_return(cards, (*acts, 0), bets)


def pure_strategies(seat: int) -> Iterator[dict[tuple[int, tuple[int, ...]], int]]:
    sets = [(card, acts) for card in range(3) for acts in (((), (0, 1)) if seat == 0 else ((0,), (1,)))]
    for choice in product((0, 1), repeat=len(sets)):
        yield dict(zip(sets, choice, strict=True))


@pytest.mark.parametrize("alpha", [0.0, 0.2, 1 / 3])
@pytest.mark.parametrize("seat", [0, 1])
def test_kuhn_poker_cannot_be_exploited(alpha: float, seat: int) -> None:
    deals = [(a, b) for a in range(3) for b in range(3) if a != b]
    best = -math.inf
    for pure in pure_strategies(1 - seat):
        returns = [
            kuhn_return(
                deal,
                (),
                lambda p, card, acts, pure=pure: (
                    kuhn_poker.betting(card, acts, alpha) if p == seat else pure[card, acts]
                ),
            )
            for deal in deals
        ]
        best = max(best, sum(returns) / 6 * (1 if seat == 1 else -1))
    assert best == pytest.approx(-1 / 18 if seat == 1 else 1 / 18)


def test_kuhn_poker_draws_its_acts_as_often_as_it_says(table: Any) -> None:
    game, act = envs.game("kuhn_poker"), agents.load("scripted?alpha=0.2")()
    state = next(s for s in map(game.start, range(99)) if s["cards"][0, 0] == 0)
    bets = [table.answered(act, table.question(game, state, 0, seed)).actions[0][0] for seed in range(2000)]
    assert sum(bets) / 2000 == pytest.approx(0.2, abs=0.04)


# Matrix games


@pytest.mark.parametrize(
    ("payoffs", "shares"),
    [
        ([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], [1 / 3, 1 / 3, 1 / 3]),
        ([[0, -3, 3], [3, 0, -1], [-3, 1, 0]], [1 / 7, 3 / 7, 3 / 7]),
        ([[1, -1], [-1, 1]], [0.5, 0.5]),
        ([[2, 1], [0, -1]], [1.0, 0.0]),
        ([[3, 0], [1, 2]], [0.25, 0.75]),
    ],
)
def test_the_mixture_is_the_equilibrium(payoffs: list[list[int]], shares: list[float]) -> None:
    assert matrix.mixture(np.array(payoffs)) == pytest.approx(np.array(shares))


def test_tit_for_tat_begins_friendly_and_copies(table: Any) -> None:
    game, act = envs.game("matrix?game=prisoners_dilemma&rounds=4"), agents.load("scripted")()
    state, played = game.start(0), []
    for other in (0, 1, 0, 0):
        played.append(table.answered(act, table.question(game, state, 1)).actions[0][0])
        state = game.step(state, {0: [other], 1: [played[-1]]}, 0)
    assert played == [0, 0, 1, 0]


# Poker and dice by counting


def test_leduc_equity_is_exact_where_it_can_be_counted_by_hand() -> None:
    assert leduc_poker.equity(0, 1, 0) == 1.0
    # K against J, J, Q, Q, K with a public J: a J beats it (1 of 4), the other K splits (1 of 4), the Qs lose.
    assert leduc_poker.equity(4, 0, 0) == pytest.approx((2 + 0.5) / 4)
    assert leduc_poker.equity(0, 4, 0) == pytest.approx(0.5 / 4)
    assert leduc_poker.equity(4, 0, 1) < leduc_poker.equity(4, 0, 0)


def test_leduc_wins_chips_from_random(table: Any) -> None:
    assert versus_random(table, "leduc_poker", 600) > 0.3


@pytest.mark.parametrize(("k", "n", "p"), [(2, 5, 1 / 6), (0, 3, 1 / 3), (4, 3, 1 / 6), (3, 3, 1 / 3), (-1, 0, 1 / 6)])
def test_the_binomial_tail_agrees_with_counting(k: int, n: int, p: float) -> None:
    tail = sum(p ** sum(hits) * (1 - p) ** (n - sum(hits)) for hits in product((0, 1), repeat=n) if sum(hits) >= k)
    assert liars_dice.at_least(k, n, p) == pytest.approx(tail)


@pytest.mark.parametrize("name", ["liars_dice", "liars_dice?seats=3&wild=true"])
def test_liars_dice_beats_random(table: Any, name: str) -> None:
    assert versus_random(table, name, 60) > 0.8


# The commons


def test_the_parts_of_all_seats_are_what_can_be_spared() -> None:
    for stock, seats, tick in product((80, 45, 41, 40, 7), (2, 3, 4), range(5)):
        parts = [commons.share(stock, 80, seats, tick, seat) for seat in range(seats)]
        assert sum(parts) == max(stock - 40, 0)
        assert max(parts) - min(parts) <= 1


def test_the_commons_lives_to_its_horizon_and_gives_more_than_to_random_seats(table: Any) -> None:
    game = envs.game("commons")
    scripted, randoms = (table.scores(game, [name] * game.seats, 5) for name in ("scripted", "random"))
    assert min(scripted) > 1.2 * max(randoms)


def test_the_commons_answers_greed_with_one_unit_more(table: Any) -> None:
    game, act = envs.game("commons?seats=2"), agents.load("scripted")()
    state, taken = game.start(0), []
    for _ in range(12):
        taken.append(table.answered(act, table.question(game, state, 0)))
        state = game.step(state, {0: list(taken[-1].actions[0]), 1: [3]}, 0)
    assert any("more than their part" in reply.notes["why"] for reply in taken)


# Breakthrough


@pytest.mark.nightly
def test_breakthrough_wins_when_it_can_and_stops_who_would(table: Any, seeds: Any) -> None:
    game, act = envs.game("breakthrough"), agents.load("scripted")()
    wins = stops = 0
    for seed in seeds(60):
        for state, seat in table.positions(game, seed):
            ours = winning(game, state, seat)
            if ours:
                wins += 1
                assert table.answered(act, table.question(game, state, seat, seed)).actions[0][0] in ours
            elif winning(game, passed(game, state, seat), 1 - seat):
                move = list(table.answered(act, table.question(game, state, seat, seed)).actions[0])
                left = winning(game, game.step(state, {seat: move}, 0), 1 - seat)
                others = [
                    winning(game, game.step(state, {seat: [each]}, 0), 1 - seat) for each in game.legal(state, seat)
                ]
                assert not left or all(others)
                stops += not left
    assert wins > 20
    assert stops > 20


def test_breakthrough_beats_random(table: Any) -> None:
    assert versus_random(table, "breakthrough", 60) > 0.9


def test_a_pawn_that_nothing_can_stop_is_seen() -> None:
    board = np.zeros((8, 8), int)
    board[3, 3], board[5, 7] = 1, -1
    assert breakthrough._Board(board).free(3, 3)
    board[5, 5] = -1
    assert not breakthrough._Board(board).free(3, 3)
