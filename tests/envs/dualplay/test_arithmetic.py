"""Arithmetic: payoffs are their formulas, the grammar lets nothing else be written, invalid questions earn nothing, answers stay hidden."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
import pytest

import arena
import envs
from envs.dualplay._round import CLAIM, COPY, END, PAYOFFS, RANGE, SIGNS, VALID, earned, first_number, number
from envs.dualplay.arithmetic.played import jaccard, worth
from envs.spec import PUBLIC, Refusal
from tests.envs.dualplay.rounds import at_random, remembering, written


def paid(payoff: str, p: float, d: float) -> float:
    """The published formulas, in points."""
    if payoff == "pasodoble":
        return 0.0 if p <= 0.2 or d <= 0.3 else 1.1 - p + 0.2 * d
    if payoff == "gated":
        return 0.0 if p == 1 else paid("pasodoble", p, d)
    return {"ssp": 1 - p, "balanced": 4 * p * (1 - p), "band": float(0.125 <= p <= 0.625)}[payoff]


@pytest.mark.parametrize(
    ("least", "digits", "most", "lengths"),
    [(0, 2, 99, 2), (1, 3, 9999, 3), (0, 3, 9, 1), (1, 3, 104, 3), (0, 2, 10, 2)],
)
def test_passages_begin_with_numbers_of_all_lengths_that_there_is_room_for(
    least: int, digits: int, most: int, lengths: int
) -> None:
    drawn = [first_number(key, least, digits, most) for key in range(1, 601)]
    assert least <= min(drawn) and max(drawn) <= most
    counts = Counter(len(str(one)) for one in drawn)
    assert sorted(counts) == list(range(1, lengths + 1))
    assert all(abs(count - 600 / lengths) < 60 for count in counts.values()), "each length about equally often"


@pytest.mark.parametrize("payoff", PAYOFFS)
@pytest.mark.parametrize("attempts", [1, 4, 6, 8])
def test_the_proposer_earns_what_the_formula_says(payoff: str, attempts: int) -> None:
    for right in range(attempts + 1):
        for unlike in (0, 299, 300, 301, 500, 1000):
            units = earned(right, attempts, unlike, PAYOFFS.index(payoff))
            assert units / (5000 * attempts) == pytest.approx(
                paid(payoff, right / attempts, unlike / 1000), abs=1 / 5000
            )


@pytest.mark.parametrize(
    ("text", "value"),
    [("12 + 34", 46), ("9 - 4 + 90", 95), ("0 + 0", 0), ("50 - 51", -1), ("60 + 50 - 20", -1), ("99 + 0 - 99", 0)],
)
def test_questions_are_worked_out_from_left_to_right_within_the_range(text: str, value: int) -> None:
    game = envs.game("arithmetic", plain=True)
    state = written(game, text)
    assert worth(game.row(state).asked, 99) == value
    assert game.facts(state).done == (value < 0)
    assert int(state["verdict"][0]) == (VALID if value >= 0 else RANGE)


def test_only_who_is_right_is_paid_and_the_proposer_by_the_share() -> None:
    game = envs.game("arithmetic?attempts=4", plain=True)
    state = written(game, "12+34", ["46", "64", "46", "7"])
    assert game.facts(state).reward == pytest.approx((1.1 - 0.5 + 0.2, 1, 0, 1, 0))


def test_a_wrong_claim_ends_the_game_and_pays_nobody() -> None:
    game = envs.game("arithmetic?claims=written", plain=True)
    state = written(game, "12 + 34 = 47")
    assert game.facts(state).done
    assert int(state["verdict"][0]) == CLAIM
    assert set(game.facts(state).reward) == {0.0}
    assert not game.facts(written(game, "12 + 34 = 46")).done


def test_without_the_gate_a_wrong_claim_is_taken_for_right() -> None:
    game = envs.game("arithmetic?claims=written&gate=false&attempts=2&payoff=pasodoble", plain=True)
    state = written(game, "12 + 34 = 7", ["7", "46"])
    assert int(state["verdict"][0]) == CLAIM
    assert game.facts(state).reward == pytest.approx((1.1 - 0.5 + 0.2, 1, 0))


def test_a_copy_pays_nothing_and_diversity_counts_what_is_unlike() -> None:
    game = remembering(envs.game("arithmetic?attempts=2", plain=True), ["12 + 34", "12 + 30 - 1", "5 - 3", "34 + 12"])
    copied = written(game, "12+34")
    assert int(copied["verdict"][0]) == COPY
    assert set(game.facts(copied).reward) == {0.0}
    # 12 + 35 shares (0, 12) and (0, +) with two of the four: 2 of 4 items with 12 + 34, which is more than 400 per mille.
    state = written(game, "12 + 35", ["47", "0"])
    assert int(state["unlike"][0]) == 750
    assert game.facts(state).reward[0] == pytest.approx(1.1 - 0.5 + 0.2 * 0.75)


def test_the_order_of_numbers_tells_questions_apart() -> None:
    game = envs.game("arithmetic", plain=True)
    first, second = (game.row(written(game, text)).asked for text in ("12 + 34", "34 + 12"))
    assert jaccard(first, second) == 200  # the operator alone: 1 of 5 items
    assert jaccard(first, first) == 1000


@pytest.mark.parametrize("options", ["", "claims=written&passage=true", "times=true&digits=3&operators=4&most=9999"])
def test_whatever_is_legal_is_well_formed(options: str, seeds: Any) -> None:
    game = envs.game(f"arithmetic?{options}", plain=True)
    for seed in seeds(40):
        state = at_random(game, seed)
        row = game.row(state)
        asked = "".join(SIGNS[token] for token in row.writing[: row.length])
        assert re.fullmatch(r"(0|[1-9]\d*)([+*-](0|[1-9]\d*))+=", asked)
        for tokens, length in zip(row.answers, row.lengths, strict=True):
            said = "".join(SIGNS[token] for token in reversed(tokens[:length]))
            assert length == 0 or re.fullmatch(r"\.(0|[1-9]\d*)", said)
        if row.verdict != VALID:
            assert set(game.facts(state).reward) == {0.0}


def test_neither_the_answer_nor_the_others_attempts_are_seen_before_the_end() -> None:
    game = envs.game("arithmetic?claims=written", plain=True)
    state = written(game, "12 + 34 = 46")
    state = game.step(state, {seat: [6] for seat in (1, 2, 3, 4)}, 0)
    for who in (1, 2, PUBLIC):
        obs = game.observe(state, who)
        assert (obs.truth, obs.claimed, not obs.claim.any()) == (-1, 0, True)
        assert [int(n) for n in obs.lengths] == [int(who == seat) for seat in (1, 2, 3, 4)]
        assert "46" not in game.say(obs)
    assert game.observe(state, 0).truth == 46


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 + + 2", "'+' may not follow '1 +'"), ("012 + 3", "'1' may not follow '0'"), ("12", "the end may not follow '12'"),
        ("1+2+3+4", "'+' may not follow '1 + 2 + 3'"), ("123 + 4", "'3' may not follow '12'"), ("7 x 8", "'x' is no part"),
        ("1 + 2 = 3", "write the question alone"), ("write 77", "may not be written now"), ("+" * 1_000_000, "1000000 characters"),
        ("\x1b[2J", "is no part"), ("((((((1))))))", "'(' is no part"), ("\u0661+1", "is no part"),
    ],
)  # fmt: skip
def test_a_text_that_is_no_question_is_refused_in_one_line(text: str, said: str) -> None:
    game = envs.game("arithmetic", plain=True)
    state = game.start(0)
    found = game.parse(text, game.observe(state, 0), game.legal(state, 0))
    assert isinstance(found, Refusal)
    assert said in found.reason
    assert "\n" not in found.reason and "\x1b" not in found.reason and len(found.reason) < 200


def test_a_whole_answer_is_played_as_its_tokens_last_digit_first() -> None:
    game = envs.game("arithmetic", plain=True)
    state = written(game, "12 + 34")
    obs, legal = game.observe(state, 1), game.legal(state, 1)
    assert game.parse("Answer: 46.", obs, legal) == [[6], [4], [END]]
    assert game.parse("write 6", obs, legal) == [[6]]
    assert isinstance(game.parse("046", obs, legal), Refusal)
    assert isinstance(game.parse("1234", obs, legal), Refusal)


def test_problems_of_a_cell_are_valid_and_as_hard_as_it_says(seeds: Any) -> None:
    game = envs.game("arithmetic", plain=True)
    cells = game.words["cells"](game.public)
    assert cells == [(1, 1), (1, 2), (2, 1), (2, 2)]
    for i, (operators, digits) in enumerate(cells):
        for seed in seeds(30):
            asked, answer = game.words["problem"](game.public, i, seed)
            text = "".join(SIGNS[token] for token in asked[:-1])
            row = game.row(written(game, text))
            assert row.truth == number(np.array(answer), len(answer))
            assert row.asked.count == operators + 1
            assert max(map(len, re.split(r"[+-]", text))) == digits


def test_scripted_players_play_it_through_matches() -> None:
    result = arena.play("arithmetic?claims=written&passage=true", ["scripted"] * 5, seed=3)
    assert result.reason == "played out"
    assert result.faults == ()
    assert result.metrics["verdict"] == "valid"
