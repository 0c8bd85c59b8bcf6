"""Repeated matrix games: payoffs by the books' tables, sealed acts, the memory of rounds, and traits per game."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

import envs
from envs.errors import UserError
from envs.spec import Refusal

TABLES = {
    "rock_paper_scissors": {"rock paper": (-1, 1), "rock scissors": (1, -1), "paper scissors": (-1, 1)},
    "perturbed_rps": {"rock paper": (-3, 3), "rock scissors": (3, -3), "paper scissors": (-1, 1)},
    "prisoners_dilemma": {"cooperate cooperate": (3, 3), "cooperate defect": (0, 5), "defect defect": (1, 1)},
    "stag_hunt": {"stag stag": (4, 4), "stag hare": (1, 3), "hare hare": (2, 2)},
    "chicken": {"swerve swerve": (3, 3), "swerve straight": (2, 4), "straight straight": (1, 1)},
}


def acts(game: Any, state: Any, text: str) -> dict[int, list[int]]:
    """The two acts written in `text`."""
    words = dict(enumerate(text.split()))
    return {p: game.parse(word, game.observe(state, p), game.legal(state, p))[0] for p, word in words.items()}


@pytest.mark.parametrize("name", TABLES)
def test_payoffs_are_the_tables(name: str) -> None:
    game = envs.game("matrix", game=name)
    state = game.start(0)
    told = 0
    for text, (first, second) in TABLES[name].items():
        turned = " ".join(reversed(text.split()))
        for written, reward in ((text, (first, second)), (turned, (second, first))):
            assert game.facts(game.step(state, acts(game, state, written), 0)).reward == reward
            one, other = written.split()
            assert f"{one} against {other} gives you {reward[0]}, the other {reward[1]}." in game.spec.rules
            told += 1
    assert told >= 6


@pytest.mark.parametrize("name", ["rock_paper_scissors", "perturbed_rps"])
def test_a_hand_against_itself_pays_nothing(name: str) -> None:
    game = envs.game("matrix", game=name)
    for word in ("rock", "paper", "scissors"):
        state = game.start(0)
        assert game.facts(game.step(state, acts(game, state, f"{word} {word}"), 0)).reward == (0.0, 0.0)


def test_perturbed_rps_has_the_equilibrium_that_its_description_names() -> None:
    payoffs = envs.game("matrix", game="perturbed_rps").config.payoffs
    mixed = np.array([1, 3, 3]) / 7
    np.testing.assert_allclose(payoffs[0] @ mixed, 0.0, atol=1e-12)
    np.testing.assert_allclose(mixed @ payoffs[1], 0.0, atol=1e-12)


def test_what_makes_each_dilemma_a_dilemma() -> None:
    """Temptation, reward, punishment and sucker's payoff stand in the order that defines each game."""
    orders = {"prisoners_dilemma": "TRPS", "stag_hunt": "RTPS", "chicken": "TRSP"}
    for name, order in orders.items():
        rows = envs.game("matrix", game=name).config.payoffs[0].tolist()
        value = {"R": rows[0][0], "S": rows[0][1], "T": rows[1][0], "P": rows[1][1]}
        ranked = [value[letter] for letter in order]
        assert ranked == sorted(set(ranked), reverse=True)
    rows = envs.game("matrix", game="prisoners_dilemma").config.payoffs[0].tolist()
    assert 2 * rows[0][0] > rows[0][1] + rows[1][0], "taking turns must not beat cooperating"


@pytest.mark.parametrize("name", TABLES)
def test_traits_are_those_of_the_chosen_matrix(name: str) -> None:
    traits = envs.spec(f"matrix?game={name}").traits
    assert ("zero_sum" in traits) == (name in {"rock_paper_scissors", "perturbed_rps"})
    assert {"simultaneous", "perfect"} <= traits
    assert not traits & {"hidden", "chance"}
    assert "enumerable" not in envs.spec(f"matrix?game={name}&rounds=1000").traits
    assert "enumerable" in envs.spec(f"matrix?game={name}&rounds=1").traits


@pytest.mark.parametrize("rounds", [1, 3, 17, 1000])
def test_it_ends_after_its_rounds_with_the_sum_as_score(rounds: int) -> None:
    game = envs.game("matrix", game="chicken", rounds=rounds)
    state = game.start(0)
    for i in range(rounds):
        assert not game.facts(state).done
        assert game.acting(state) == (0, 1)
        state = game.step(state, {0: [1], 1: [i % 2]}, 0)
    assert game.facts(state).done
    assert not game.facts(state).truncated
    straight, swerve = rounds // 2, rounds - rounds // 2
    assert game.row(state).total.tolist() == [4 * swerve + straight, 2 * swerve + straight]
    assert game.metrics(state)["total"] == game.row(state).total.tolist()


def test_both_see_both_acts_of_the_last_sixteen_rounds_the_latest_first() -> None:
    game = envs.game("matrix", game="prisoners_dilemma", rounds=30)
    state, rounds = game.start(0), []
    assert (game.observe(state, 0).acts == -1).all()
    for i in range(20):
        rounds.insert(0, [i % 2, (i // 3) % 2])
        state = game.step(state, {0: [rounds[0][0]], 1: [rounds[0][1]]}, 0)
        for seat in (0, 1):
            seen = game.observe(state, seat).acts.tolist()
            assert seen == (rounds + [[-1, -1]] * 16)[:16]
    text = game.say(game.observe(state, 1))
    assert text.startswith("Round 21 of 30.")
    assert "Round 5: you defect, the other cooperate: 5 to 0." in text
    assert "Round 4:" not in text


def test_the_view_turns_with_the_seat() -> None:
    game = envs.game("matrix", game="prisoners_dilemma", rounds=4)
    state = game.step(game.start(0), {0: [0], 1: [1]}, 0)
    first, second = (game.encode(game.observe(state, seat), "flat") for seat in (0, 1))
    assert first[:4].tolist() == [1, 0, 0, 1]
    assert second[:4].tolist() == [0, 1, 1, 0]
    assert first[-3:].tolist() == [0.0, 1.0, 0.75]
    assert second[-3:].tolist() == [1.0, 0.0, 0.75]
    assert not first[4:-3].any()


def test_every_act_is_always_legal_and_others_are_refused() -> None:
    for name in TABLES:
        game = envs.game("matrix", game=name)
        state = game.start(0)
        n = len(game.config.payoffs[0])
        for seat, act in product((0, 1), range(n)):
            assert act in game.legal(state, seat)
        assert n not in game.legal(state, 0)
        assert isinstance(game.parse("spock", game.observe(state, 0), game.legal(state, 0)), Refusal)


def test_unknown_games_and_too_many_rounds_are_refused_in_one_line() -> None:
    with pytest.raises(UserError, match="one of rock_paper_scissors"):
        envs.game("matrix", game="go")
    with pytest.raises(UserError, match="from 1 to 1000"):
        envs.game("matrix?rounds=1001")
