"""The fold over results: wins, draws, losses, intervals, the first seat, faults."""

from __future__ import annotations

import math
import random

import pytest

from arena.match import Result
from arena.schedule import Pairing, rotations
from arena.statistics import wilson
from arena.tally import Tally, has_first_mover, outcome
from envs.spec import Discrete, Role, Spec


def result(*scores: float, reason: str = "played out", **more: object) -> Result:
    return Result(tuple(scores), reason, ticks=9, refusals=(0,) * len(scores), **more)  # type: ignore[arg-type]


def pairing(*players: int) -> Pairing:
    return Pairing(0, tuple("ab"[p] for p in players), players, 0)


# Wilson (1927), as given by statsmodels.stats.proportion.proportion_confint(method="wilson").
@pytest.mark.parametrize(
    ("won", "games", "low", "high"),
    [
        (8, 10, 0.49016247, 0.94331784),
        (0, 10, 0.0, 0.27753279),
        (10, 10, 0.72246720, 1.0),
        (50, 100, 0.40383153, 0.59616847),
    ],
)
def test_the_interval_is_wilsons(won: int, games: int, low: float, high: float) -> None:
    assert wilson(won, games) == pytest.approx((low, high), abs=1e-7)


def test_the_interval_holds_the_rate_and_narrows_with_matches() -> None:
    for games in (1, 2, 5, 17, 400):
        for won in range(games + 1):
            low, high = wilson(won, games)
            assert 0 <= low <= won / games <= high <= 1
    assert wilson(0, 0) == (0.0, 1.0)
    widths = [high - low for low, high in (wilson(n // 2, n) for n in (4, 40, 400))]
    assert widths == sorted(widths, reverse=True)


def test_the_highest_score_alone_wins_and_a_shared_one_is_a_draw() -> None:
    tally = Tally(["a", "b"])
    for scores in ((1, -1), (1, -1), (-1, 1), (0, 0)):
        tally.add(pairing(0, 1), result(*scores))
    a, b = tally.standings
    assert (a.games, a.won, a.drawn, a.lost, a.points) == (4, 2, 1, 1, 1.0)
    assert (b.games, b.won, b.drawn, b.lost, b.points) == (4, 1, 1, 2, -1.0)
    assert (tally.decisive, tally.by_first) == (3, 2)


def test_scores_go_to_players_wherever_they_sat() -> None:
    tally = Tally(["a", "b"])
    tally.add(pairing(1, 0), result(3, -3))
    assert [standing.points for standing in tally.standings] == [-3.0, 3.0]
    assert tally.by_first == 1


def test_void_and_aborted_matches_count_for_nobody() -> None:
    tally = Tally(["a", "b"])
    tally.add(pairing(0, 1), result(0, 0, reason="void"))
    tally.add(pairing(0, 1), result(1, 0, reason="aborted"))
    assert [standing.games for standing in tally.standings] == [0, 0]
    assert (tally.matches, tally.uncounted) == (2, 2)


def test_faults_and_refusals_are_the_players() -> None:
    tally = Tally(["a", "b"])
    lost = Result((-1.0, 1.0), "forfeit", faults=((0, "timeout"),), ticks=3, refusals=(2, 0))
    tally.add(pairing(1, 0), lost)
    assert dict(tally.standings[1].faults) == {"timeout": 1}
    assert tally.standings[1].refusals == 2
    assert not tally.standings[0].faults


def test_players_with_one_address_are_told_apart() -> None:
    assert [standing.agent for standing in Tally(["a", "b", "a"]).standings] == ["a #1", "b", "a #2"]


def test_the_order_of_results_does_not_matter(seeds: object) -> None:
    for seed in seeds(20):  # type: ignore[operator]
        draw = random.Random(seed)
        played = [(pair, result(*draw.sample([1, 0, -1], 2))) for pair in rotations(["a", "b"], 12, 0)]
        one, other = Tally(["a", "b"]), Tally(["a", "b"])
        for each in played:
            one.add(*each)
        for each in draw.sample(played, len(played)):
            other.add(*each)
        assert vars(one) == vars(other)


def spec(roles: tuple[Role, ...], traits: str) -> Spec:
    return Spec("g", "G", "", roles, 9, traits=frozenset(traits.split()))


def test_a_first_mover_needs_two_alike_seats_that_take_turns() -> None:
    two = (Role("player", 2, Discrete(2)),)
    assert has_first_mover(spec(two, "zero_sum"))
    assert not has_first_mover(spec(two, "zero_sum simultaneous"))
    assert not has_first_mover(spec(two, ""))
    assert not has_first_mover(spec((Role("player", 3, Discrete(2)),), "zero_sum"))
    assert not has_first_mover(spec((Role("a", 1, Discrete(2)), Role("b", 1, Discrete(2))), "zero_sum"))


@pytest.mark.parametrize(
    ("scores", "reason", "said"),
    [
        ((1.0, -1.0), "played out", "x (p0) wins +1 : -1, played out after 1 tick"),
        ((0.0, 0.0), "limit", "draw 0 : 0, limit after 1 tick"),
        ((0.0, 0.0), "aborted", "no result: aborted after 1 tick"),
        ((), "played out", "no result: played out after 1 tick"),
    ],
)
def test_one_match_is_said_in_a_sentence(scores: tuple[float, ...], reason: str, said: str) -> None:
    assert outcome(["x", "y"], ["p0", "p1"], scores, reason, 1) == said


def test_a_shared_first_place_names_who_shares_it() -> None:
    said = outcome(["x", "y", "z"], ["p0", "p1", "p2"], (2.0, 2.0, -1.0), "played out", 4)
    assert said == "draw +2 : +2 : -1 between x (p0) and y (p1), played out after 4 ticks"
    assert "\x1b" not in outcome(["x\x1b[2J"], ["p\x1b]0;0\x07"], (1.0,), "played\x1bout", 2)


def test_means_are_finite_where_scores_are() -> None:
    tally = Tally(["a", "b"])
    assert tally.standings[0].mean == 0.0
    tally.add(pairing(0, 1), result(float("-inf"), 0.0))
    assert math.isinf(tally.standings[0].mean)


def test_where_points_are_not_comparable_nobody_wins() -> None:
    told = outcome(
        ["a", "b", "c"], ["proposer_0", "solver_0", "solver_1"], (0.3, 1.0, 0.0), "played out", 5, apart=True
    )
    assert told == "proposer_0 +0.3, solver_0 +1, solver_1 +0; played out after 5 ticks"
