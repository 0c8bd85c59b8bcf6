"""Countdown: the grammar lets nothing else be written, any calculation that makes the target is right, the hidden one stays hidden."""

from __future__ import annotations

import ast
import itertools
import re
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import arena
import envs
from envs.dualplay._round import ASK, CLAIM, COPY, END, PAYOFFS, RANGE, VALID, earned
from envs.dualplay.countdown.declared import NAMES, PAD
from envs.dualplay.countdown.played import jaccard
from envs.dualplay.countdown.worded import calculation
from envs.spec import PUBLIC, Refusal
from tests.envs.dualplay.rounds import at_random, remembering, written


@pytest.fixture(scope="module")
def game() -> Any:
    return envs.game("countdown", plain=True)


def worth(text: str, most: int) -> int:
    """An independent reading of a calculation: -1 when a value on the way is no whole number from 0 to `most`."""

    def value(node: Any) -> Fraction:
        if isinstance(node, ast.Constant):
            found = Fraction(node.value)
        else:
            left, right = value(node.left), value(node.right)
            found = {
                ast.Add: lambda: left + right, ast.Sub: lambda: left - right, ast.Mult: lambda: left * right, ast.Div: lambda: left / right,
            }[type(node.op)]()  # fmt: skip
        if found.denominator != 1 or not 0 <= found <= most:
            raise ArithmeticError
        return found

    try:
        return int(value(ast.parse(text, mode="eval").body))
    except ArithmeticError:
        return -1


@pytest.mark.parametrize(
    "options", ["", "passage=true&operators=4&digits=1", "times=false&over=false&digits=1&operators=1&most=9"]
)
def test_whatever_is_legal_is_a_calculation_of_the_given_numbers(options: str, seeds: Any) -> None:
    game = envs.game(f"countdown?{options}", plain=True)
    right = 0
    for seed in seeds(20):
        state = at_random(game, seed)
        row, most = game.row(state), int(game.public.most)
        assert not game.facts(state).truncated
        asked = calculation(row.writing, row.length)
        assert re.fullmatch(r"[0-9+*/() -]+", asked)
        numbers = sorted(map(int, re.findall(r"\d+", asked)))
        assert numbers == row.asked.numbers[: row.asked.count].tolist()
        assert (row.verdict == RANGE) == (worth(asked, most) < 0)
        for said, length, is_right in zip(row.answers, row.lengths, row.right, strict=True):
            if length:
                text, spare = calculation(said, length), list(numbers)
                for number in map(int, re.findall(r"\d+", text)):
                    spare.remove(number)  # raises when a number is used too often
                assert is_right == (worth(text, most) == row.truth)
                right += is_right
        if row.verdict != VALID:
            assert set(game.facts(state).reward) == {0.0}, "no reward for an invalid question, whatever was answered"
    assert right > 0, "some attempts must have been right for this to mean something"


@pytest.mark.parametrize(
    "text", ["3*(4+5)", "2+3*4-5", "(7+1)/(3-1)", "8/(3-1)/2", "9-(8-7)", "50*50/50", "7/2", "(3-3)*4", "1/(2-2)"]
)
def test_products_come_first_and_every_value_on_the_way_counts(game: Any, text: str) -> None:
    row = game.row(written(game, text))
    assert row.truth == worth(text, 999)
    assert row.verdict == (VALID if row.truth >= 0 else RANGE)


def test_any_calculation_that_makes_the_target_is_right_and_only_such(game: Any) -> None:
    state = written(game, "3 * (4 + 5)", ["(5 + 4) * 3", "3 * 5 + 4", "5 * 3 - 4", "4 + 5"])
    assert game.row(state).right.tolist() == [1, 0, 0, 0]
    assert game.facts(state).reward == pytest.approx((1.1 - 0.25 + 0.2, 1, 0, 0, 0))


@pytest.mark.parametrize("payoff", PAYOFFS)
def test_the_proposer_earns_what_the_formula_says(payoff: str) -> None:
    game = envs.game(f"countdown?attempts=2&payoff={payoff}", plain=True)
    for right in range(3):
        answers = ["4 + 5" if i < right else "5 - 4" for i in range(2)]
        state = written(game, "4 + 5", answers)
        assert game.facts(state).reward[0] == pytest.approx(earned(right, 2, 1000, PAYOFFS.index(payoff)) / 10000)
        assert sum(game.facts(state).reward[1:]) == right


def test_a_claimed_target_must_be_true_and_is_believed_without_the_gate() -> None:
    game = envs.game("countdown?claims=written&attempts=2", plain=True)
    lied = written(game, "4 + 5 = 10")
    assert (int(lied["verdict"][0]), set(game.facts(lied).reward)) == (CLAIM, {0.0})
    assert not game.facts(written(game, "4 + 5 = 9")).done
    open_game = envs.game("countdown?claims=written&attempts=2&gate=false&payoff=pasodoble", plain=True)
    state = written(open_game, "4 + 6 + 2 = 10", ["4 + 6", "2 + 4"])
    assert game.row(state).asked.target == 10
    assert open_game.facts(state).reward == pytest.approx((1.1 - 0.5 + 0.2, 1, 0))


@pytest.mark.parametrize("payoff", PAYOFFS)
def test_no_invalid_claim_is_ever_rewarded(payoff: str, seeds: Any) -> None:
    game = envs.game(f"countdown?claims=written&operators=1&digits=1&attempts=2&payoff={payoff}", plain=True)
    verdicts = set()
    for seed in seeds(6):
        state = at_random(game, seed)
        row = game.row(state)
        verdicts.add(row.verdict)
        if row.verdict != VALID:
            assert set(game.facts(state).reward) == {0.0}
            assert not row.lengths.any(), "nobody was asked"
    assert verdicts & {CLAIM, RANGE}


def test_the_same_numbers_and_target_are_a_copy_however_they_were_made() -> None:
    game = remembering(envs.game("countdown?attempts=2", plain=True), ["3 * (4 + 5)", "3 + 4", "60 - 7", "60 + 7"])
    copied = written(game, "(5 + 4) * 3")
    assert (int(copied["verdict"][0]), set(game.facts(copied).reward)) == (COPY, {0.0})
    # 3, 4, 5 and 12 share three of five items with 3, 4, 5 and 27, and two of five with 3, 4 and 7.
    state = written(game, "3 + 4 + 5", ["3 + 4 + 5", "3 + 4"])
    assert (int(state["verdict"][0]), int(state["unlike"][0])) == (VALID, 750)


def test_jaccard_counts_numbers_as_often_as_they_are_there(game: Any) -> None:
    first, second = (game.row(written(game, text)).asked for text in ("7 + 7 + 2", "7 + 9"))
    assert jaccard(first, second) == 400  # 7 and the target, 16, of five items
    assert jaccard(first, first) == 1000


def test_solvers_see_the_same_whatever_calculation_is_behind_the_question(game: Any) -> None:
    one, other = (written(game, text) for text in ("3 * (4 + 5)", "(5 + 4) * 3"))
    for who in (1, 4, PUBLIC):
        assert game.observe(one, who).array["asked"].tobytes() == game.observe(other, who).array["asked"].tobytes()
        assert game.say(game.observe(one, who)).replace("\n", "") == game.say(game.observe(other, who)).replace(
            "\n", ""
        )
        for view in ("question", "tokens") if who > 0 else ():
            assert (
                game.encode(game.observe(one, who), view).tolist()
                == game.encode(game.observe(other, who), view).tolist()
            )
    assert "3 * (4 + 5)" in game.say(game.observe(one, 0))
    assert "* (" not in game.say(game.observe(one, 1))


def test_attempts_are_not_seen_by_the_others_before_the_end(game: Any) -> None:
    state = game.step(written(game, "3 * (4 + 5)"), {seat: [5] for seat in (1, 2, 3, 4)}, 0)
    for who in (1, 2, PUBLIC):
        assert [int(n) for n in game.observe(state, who).lengths] == [int(who == seat) for seat in (1, 2, 3, 4)]


def test_what_a_network_reads_is_the_question_padded_in_front(game: Any) -> None:
    obs = game.observe(written(game, "20 * 3 + 4"), 1)
    signs = dict(enumerate(NAMES)) | {PAD: "_", PAD + 1: ","}
    assert "".join(signs[int(token)] for token in game.encode(obs, "question")).lstrip("_") == "3,4,20=64"
    assert "".join(signs[int(token)] for token in game.encode(obs, "tokens")).strip("_") == "3,4,20=64"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 + + 2", "'+' may not follow '1 +'"), ("012 + 3", "'0' may not follow 'nothing'"), ("12", "the end may not follow '12'"),
        ("(1 + 2", "the end may not follow '(1 + 2'"), ("1 + 2) * 3", "')' may not follow '1 + 2'"), ("123 + 4", "'3' may not follow '12'"),
        ("7 x 8", "'x' is no part"), ("1 + 2 = 3", "write the calculation alone"), ("write 0", "may not be written now"),
        ("(" * 1_000_000, "1000000 characters"), ("(" * 150, "'(' may not follow"), ("()" * 90, "may not follow"),
        ("(((((((1)))))))+2)", "may not follow"), ("\x1b[2J", "is no part"), ("1\x00+2", "is no part"), ("\u0661+1", "is no part"),
        ("", "may not follow 'nothing'"),
    ],
)  # fmt: skip
def test_a_text_that_is_no_calculation_is_refused_in_one_line(game: Any, text: str, said: str) -> None:
    state = game.start(0)
    found = game.parse(text, game.observe(state, 0), game.legal(state, 0))
    assert isinstance(found, Refusal)
    assert said in found.reason
    assert "\n" not in found.reason and "\x1b" not in found.reason and len(found.reason) < 200


def test_an_answer_is_played_as_its_tokens_and_its_first_illegal_one_is_named(game: Any) -> None:
    state = written(game, "3 * (4 + 5)")
    obs, legal = game.observe(state, 1), game.legal(state, 1)

    def read(text: str) -> Any:
        return game.parse(text, obs, legal)

    tokens = [[NAMES.index(sign)] for sign in "(5+4)*3"] + [[END]]
    for text in ("(5 + 4) * 3", "Answer: (5+4)*3 = 27.", "((5) + 4) * 3", "((5+4)*3)"):
        assert read(text) == tokens
    assert read("write 5") == [[5]]
    assert "'6' may not follow 'nothing' in a calculation of 3, 4, 5" in read("6 + 4").reason
    assert "'5' may not follow '5 *'" in read("5 * 5").reason
    assert "'28' is not the target 27" in read("5 * 4 = 28").reason
    assert "the end may not follow '5'" in read("5").reason


def test_problems_of_a_cell_are_valid_and_as_hard_as_it_says(seeds: Any) -> None:
    game = envs.game("countdown?passage=true", plain=True)
    assert game.words["cells"](game.public) == [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2)]
    free = envs.game("countdown", plain=True)
    for (i, (operators, digits)), seed in itertools.product(enumerate(game.words["cells"](game.public)), seeds(3)):
        asked, answer = game.words["problem"](game.public, i, seed)
        assert (asked[:-1], asked[-1], answer[-1]) == (answer[:-1], ASK, END)
        text = calculation(asked, len(asked))
        row = free.row(written(free, text))
        claim = game.words["claimed"](game.public, asked)
        assert (row.verdict, row.asked.count, row.truth) == (
            VALID,
            operators + 1,
            int("".join(map(str, reversed(claim[:-1])))),
        )
        assert max(map(len, re.findall(r"\d+", text))) == digits
        assert not text.startswith("("), "what the rules begin is a number and an operator"


def test_scripted_players_ask_what_is_neither_easy_nor_hopeless() -> None:
    played = [arena.play(envs.game("countdown", plain=True), ["scripted"] * 5, seed=seed) for seed in range(4)]
    assert all(result.reason == "played out" and result.faults == () for result in played)
    assert all(result.metrics["verdict"] == "valid" for result in played)
    assert 0.2 < float(np.mean([result.metrics["right_per_mille"] for result in played])) / 1000 < 0.95


def test_scripted_players_go_on_with_what_the_rules_have_written() -> None:
    game = envs.game("countdown?claims=written&passage=true&operators=2&digits=1", plain=True)
    result = arena.play(game, ["scripted"] * 5, seed=3)
    assert (result.reason, result.faults) == ("played out", ())
