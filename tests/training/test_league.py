"""Who meets whom: priorities, payoffs that fade, the pool of one learner, the roles of a league."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from arena.training.league import EXPLOITER, LEAGUE_EXPLOITER, MAIN, League, Learner, Past, without_rise
from arena.training.pool import SELF, WEIGHTINGS, Payoff, Pool, pick, priorities
from envs.errors import UserError
from envs.keys import fold

DRAWS = 2500


def shares(draw: Any, seed: int, count: int = DRAWS) -> dict[str, float]:
    """How often each name is drawn."""
    counts = Counter(draw(int(fold(seed, i))) for i in range(count))
    return {name: n / count for name, n in counts.items()}


@pytest.mark.parametrize(
    ("weighting", "weights"),
    [
        ("squared", (0.81, 0.25, 0.01)),
        ("linear", (0.9, 0.5, 0.1)),
        ("capped", (0.5, 0.5, 0.1)),
        ("variance", (0.09, 0.25, 0.09)),
        ("uniform", (1.0, 1.0, 1.0)),
    ],
)
def test_priorities_are_the_published_weights(weighting: str, weights: tuple[float, ...]) -> None:
    expected = np.array(weights) / sum(weights)
    assert priorities([0.1, 0.5, 0.9], weighting) == pytest.approx(expected)
    assert set(WEIGHTINGS) == {"squared", "linear", "capped", "variance", "uniform"}


def test_when_all_are_beaten_all_are_met_alike() -> None:
    assert priorities([1.0, 1.0], "squared").tolist() == [0.5, 0.5]
    with pytest.raises(UserError, match="one of squared, linear"):
        priorities([0.5], "best")


def test_names_are_drawn_as_often_as_their_chances_say(seeds: Any) -> None:
    (seed,) = seeds(1)
    found = shares(lambda key: pick(["a", "b", "c"], np.array([0.7, 0.0, 0.3]), key), seed)
    assert found["a"] == pytest.approx(0.7, abs=0.035) and "b" not in found
    with pytest.raises(ValueError, match="nobody"):
        pick([], np.array([]), 0)


def test_a_payoff_fades_as_a_loop_says(seeds: Any) -> None:
    (seed,) = seeds(1)
    payoff, results = Payoff(decay=0.9), np.random.default_rng(seed).choice([0.0, 0.5, 1.0], 50)
    for result in results:
        payoff.record("a", "b", float(result))
    weights = 0.9 ** np.arange(49, -1, -1)
    assert payoff.rate("a", "b") == pytest.approx(float(weights @ results / weights.sum()))
    assert payoff.rate("b", "a") == pytest.approx(1 - payoff.rate("a", "b"))
    assert payoff.rate("a", "stranger") == 0.5
    again = Payoff(decay=0.9)
    again.restore(payoff.tree())
    assert again == payoff
    payoff.forget("b")
    assert payoff.rate("a", "b") == 0.5


def test_many_matches_at_once_are_as_one_by_one() -> None:
    one, many = Payoff(decay=0.9), Payoff(decay=0.9)
    for payoff in (one, many):
        payoff.record("a", "b", 0.0)
    for _ in range(12):
        one.record("a", "b", 0.25)
    many.add("a", "b", 12, 3.0)
    many.add("a", "c", 0, 0.0)
    assert many.games == pytest.approx(one.games) and many.scores == pytest.approx(one.scores)


def test_a_pool_draws_itself_and_the_past_by_priority(seeds: Any) -> None:
    (seed,) = seeds(1)
    pool = Pool(["random"], current=0.4)
    assert shares(Pool(current=0.4).draw, seed, 50) == {SELF: 1.0}, "an empty pool is self-play"
    for name in ("s1", "s2"):
        pool.add(name, None)
    for name, score in (("random", 1.0), ("s1", 0.8), ("s2", 0.6)):
        for _ in range(10):
            pool.record(name, score)
    expected = {SELF: 0.4, "random": 0.0, "s1": 0.6 * 0.04 / 0.2, "s2": 0.6 * 0.16 / 0.2}
    assert pool.chances() == pytest.approx(expected)
    found = shares(pool.draw, seed)
    assert all(found.get(name, 0.0) == pytest.approx(share, abs=0.035) for name, share in expected.items())
    assert pool.lineup(seed, 5) == pool.lineup(seed, 5)


def test_scripted_players_can_have_a_share_of_their_own() -> None:
    pool = Pool(["random", "scripted"], current=0.5, fixed=0.2)
    pool.record("random", 1.0)
    assert pool.chances() == pytest.approx({SELF: 0.8, "random": 0.0, "scripted": 0.2})
    pool.add("s1", None)
    assert pool.chances() == pytest.approx({SELF: 0.5, "random": 0.0, "scripted": 0.2, "s1": 0.3})


def test_a_full_pool_lets_the_most_beaten_go() -> None:
    pool = Pool(most=3)
    for name, score in (("s1", 0.2), ("s2", 0.9), ("s3", 0.5)):
        assert pool.add(name, name.upper()) is None
        pool.record(name, score)
    assert pool.add("s4", "S4") == "s2"
    assert list(pool.past) == ["s1", "s3", "s4"] and pool.payoff.rate(SELF, "s2") == 0.5
    with pytest.raises(UserError, match="in the pool already"):
        pool.add("s1", None)
    again = Pool(most=3)
    again.restore(pool.state(), {"s1": "S1", "s3": "S3", "s4": "S4"})
    assert again.past == pool.past and again.chances() == pool.chances()


@pytest.mark.parametrize("wrong", [{"current": 1.5}, {"current": 0.8, "fixed": 0.3}, {"most": 0}, {"decay": 0.0}])
def test_a_pool_refuses_shares_that_are_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        Pool(**wrong)


# ------------------------------------------------------------------ the league
def league(**more: Any) -> League:
    return League([Learner("main", MAIN), Learner("spy", EXPLOITER), Learner("hunter", LEAGUE_EXPLOITER)], **more)


def test_a_main_player_meets_the_published_mixture(seeds: Any) -> None:
    """All of the past by priority 50 %; nothing was forgotten and no exploiter wins: the rest is against itself."""
    (seed,) = seeds(1)
    table = league(scripted=["random"])
    main = table.learners[0]
    table.past += [Past("main@1", "main", MAIN), Past("main@2", "main", MAIN)]
    for name, rate in (("random", 1.0), ("main@1", 0.9), ("main@2", 0.7)):
        table.payoff.record("main", name, rate)
    found = shares(lambda key: table.opponent(main, key), seed)
    assert found["main"] == pytest.approx(0.5, abs=0.035)
    assert found["main@1"] == pytest.approx(0.5 * 0.01 / 0.1, abs=0.035)
    assert found["main@2"] == pytest.approx(0.5 * 0.09 / 0.1, abs=0.035)


def test_a_main_player_checks_on_exploiters_and_on_what_it_forgot(seeds: Any) -> None:
    (seed,) = seeds(1)
    table = league()
    main = table.learners[0]
    table.past += [Past("main@1", "main", MAIN), Past("main@2", "main", MAIN), Past("spy@1", "spy", EXPLOITER)]
    for name, rate in (("main@1", 0.5), ("main@2", 0.6), ("spy@1", 0.29)):
        table.payoff.record("main", name, rate)
    weights = {"main@1": 0.25, "main@2": 0.16, "spy@1": 0.71**2}
    share = {name: 0.5 * weight / sum(weights.values()) for name, weight in weights.items()}
    found = shares(lambda key: table.opponent(main, key), seed)
    assert found["spy@1"] == pytest.approx(share["spy@1"] + 0.15, abs=0.035)
    assert found["main"] == pytest.approx(0.35, abs=0.035)
    table.payoff.forget("spy@1")
    table.payoff.record("main", "spy@1", 0.9)
    found = shares(lambda key: table.opponent(main, key), seed)
    assert found["main@1"] + found["main@2"] > 0.5 * 0.41 / 0.42 + 0.15 - 0.035, "0.5 was forgotten: it is checked"


def test_an_exploiter_meets_the_main_player_unless_it_loses_always(seeds: Any) -> None:
    (seed,) = seeds(1)
    table = league()
    spy = table.learners[1]
    table.past += [Past("main@1", "main", MAIN), Past("spy@1", "spy", EXPLOITER)]
    assert shares(lambda key: table.opponent(spy, key), seed, 200) == {"main": 1.0}
    table.payoff.record("spy", "main", 0.05)
    assert shares(lambda key: table.opponent(spy, key), seed, 200) == {"main@1": 1.0}


def test_a_league_exploiter_meets_all_of_the_past(seeds: Any) -> None:
    (seed,) = seeds(1)
    table = league()
    hunter = table.learners[2]
    assert shares(lambda key: table.opponent(hunter, key), seed, 100) == {"main": 1.0}
    table.past += [Past("main@1", "main", MAIN), Past("spy@1", "spy", EXPLOITER)]
    table.payoff.record("hunter", "spy@1", 1.0)
    assert shares(lambda key: table.opponent(hunter, key), seed, 200) == {"main@1": 1.0}


@pytest.mark.parametrize(
    ("rates", "left"), [((0.2, 0.9, 0.5, 0.4), 2), ((0.9, 0.5, 0.5), 0), ((0.5, 0.6), 2), ((0.5,), 0), ((), 0)]
)
def test_a_falling_end_is_no_forgetting(rates: tuple[float, ...], left: int) -> None:
    past = [Past(str(i), "main", MAIN) for i in range(len(rates))]
    assert without_rise(past, rates) == past[:left]


def test_a_learner_is_kept_when_it_beats_all_or_after_long() -> None:
    table = league(scripted=["random"], least=100, most=200)
    main, spy, hunter = table.learners
    main.steps = spy.steps = hunter.steps = 99
    table.payoff.record("main", "random", 1.0)
    assert not table.ready(main)
    main.steps = spy.steps = hunter.steps = 100
    assert table.ready(main) and not table.ready(spy) and not table.ready(hunter)
    hunter.steps = 200
    assert table.ready(hunter)
    entry, anew = table.keep(main, key=1)
    assert (entry, anew) == (Past("main@100", "main", MAIN), False) and table.past[-1] == entry
    assert table.payoff.rate("main@100", "random") == 1.0 and not table.ready(main)


def test_an_exploiter_begins_anew_always_and_a_league_exploiter_every_fourth_time(seeds: Any) -> None:
    (seed,) = seeds(1)
    table = league()
    _, spy, hunter = table.learners
    table.payoff.record("spy", "main", 0.9)
    assert table.keep(spy, key=5) == (Past("spy@0", "spy", EXPLOITER), True)
    assert table.payoff.rate("spy", "main") == 0.5 and table.payoff.rate("spy@0", "main") == 0.9
    anew = [table.keep(hunter, int(fold(seed, i)))[1] for i in range(400)]
    assert sum(anew) / 400 == pytest.approx(0.25, abs=0.06)


def test_a_league_is_restored_from_plain_values() -> None:
    table = league(scripted=["random"])
    table.learners[0].steps = 5
    table.keep(table.learners[0], key=0)
    table.payoff.record("main", "random", 0.5)
    again = league(scripted=["random"])
    again.restore(table.state())
    assert again == table


@pytest.mark.parametrize("learners", [[], [Learner("a", EXPLOITER)], [Learner("a", MAIN), Learner("a", MAIN)]])
def test_a_league_needs_a_main_player_and_different_names(learners: list[Learner]) -> None:
    with pytest.raises(UserError, match="one of them main"):
        League(learners)
    with pytest.raises(UserError, match="one of main, exploiter"):
        Learner("a", "queen")
