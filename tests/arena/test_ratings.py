"""Ratings: right (against slower and foreign references), the same whatever the order of results, with intervals that hold."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.apart import within_roles
from arena.davidson import _Model, fit
from arena.online import Line, fold
from arena.ratings import digest, rate
from arena.standings import Bout, Player
from arena.strengths import SCALE

A, B, C, D = (Player(name) for name in "abcd")


def counts(n: int, seed: int, least: int = 1, most: int = 30) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.Generator(np.random.PCG64(seed))
    wins = draw.integers(least, most, (n, n)).astype(float) * ~np.eye(n, dtype=bool)
    half = np.triu(draw.integers(0, most, (n, n)), 1).astype(float)
    return wins, half + half.T


def slow(wins: np.ndarray, ties: np.ndarray) -> tuple[list[float], float]:
    """Davidson's maximum by fixed-point steps on strengths and tie parameter, in plain loops (Davidson 1970, section 3)."""
    n = len(wins)
    strength, v = [1.0] * n, 1.0
    for _ in range(20_000):
        before = [*strength, v]
        for i in range(n):
            score = sum(wins[i][j] + ties[i][j] / 2 for j in range(n) if j != i)
            weight = 0.0
            for j in range(n):
                if j != i:
                    root = math.sqrt(strength[i] * strength[j])
                    met = wins[i][j] + wins[j][i] + ties[i][j]
                    weight += (
                        met
                        * (1 + v * math.sqrt(strength[j] / strength[i]) / 2)
                        / (strength[i] + strength[j] + v * root)
                    )
            strength[i] = score / weight
        scale = math.exp(sum(map(math.log, strength)) / n)
        strength = [each / scale for each in strength]
        tied, share = 0.0, 0.0
        for i in range(n):
            for j in range(i):
                root = math.sqrt(strength[i] * strength[j])
                tied += ties[i][j]
                share += (wins[i][j] + wins[j][i] + ties[i][j]) * root / (strength[i] + strength[j] + v * root)
        v = tied / share
        if max(abs(a - b) for a, b in zip(before, [*strength, v], strict=True)) < 1e-13:
            break
    return [math.log(each) for each in strength], math.log(v)


@pytest.mark.parametrize("n", [2, 3, 6])
def test_the_fit_is_the_maximum_that_a_slow_reference_finds(n: int) -> None:
    wins, ties = counts(n, n)
    ties[0, 1] = ties[1, 0] = 5
    found = fit(wins[None], ties[None], prior=0.0)
    strengths, tie = slow(wins, ties)
    assert found.strengths[0] - found.strengths[0].mean() == pytest.approx(strengths, abs=1e-8)
    assert found.tie[0] == pytest.approx(tie, abs=1e-8)


def test_without_ties_it_is_what_open_spiel_says() -> None:
    elo = pytest.importorskip("open_spiel.python.algorithms.elo")
    wins, _ = counts(5, 1, least=3)
    theirs = elo.compute_ratings_from_matrices(
        wins.astype(int), smoothing_factor=0, convergence_delta=1e-12, max_iterations=10**6
    )
    ours = SCALE * fit(wins[None], np.zeros((1, 5, 5)), prior=0.0).strengths[0]
    assert ours - ours.mean() == pytest.approx(theirs - theirs.mean(), abs=1e-5)


def test_slopes_and_curves_are_those_of_the_likelihood() -> None:
    wins, ties = counts(4, 2)
    model = _Model(wins[None], ties[None], 1.0)
    at = np.random.Generator(np.random.PCG64(3)).normal(size=(1, 5))
    slope, curve = model.derivatives(at)
    for k in range(5):
        step = np.zeros(5)
        step[k] = 1e-5
        rise = (model.likelihood(at + step) - model.likelihood(at - step)) / 2e-5
        bend = (model.derivatives(at + step)[0] - model.derivatives(at - step)[0]) / 2e-5
        assert rise == pytest.approx(slope[:, k], rel=1e-6, abs=1e-5)
        assert -bend == pytest.approx(curve[:, k], rel=1e-5, abs=1e-4)


def test_each_row_of_a_batch_is_fitted_by_itself() -> None:
    several = [counts(4, seed) for seed in range(6)]
    wins, ties = (np.array(part) for part in zip(*several, strict=True))
    together = fit(wins, ties)
    for n in range(6):
        assert together.strengths[n] == pytest.approx(fit(wins[n : n + 1], ties[n : n + 1]).strengths[0], abs=1e-9)


def test_who_has_won_everything_has_a_finite_rating_and_a_wide_interval() -> None:
    bouts = [Bout(n, n // 2, (A, B) if n % 2 else (B, A), (1.0, -1.0) if n % 2 else (-1.0, 1.0)) for n in range(40)]
    first, last = rate(bouts, [A, B]).ladders[0].standings
    assert (first.player, last.player) == (A, B)
    assert 1600 < first.rating < 2500
    assert first.high - first.low > 200
    assert first.low > last.high


def test_unfitting_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\[batch, n, n\]"):
        fit(np.zeros((2, 3)), np.zeros((2, 3)))


# ------------------------------------------------------------------ the fold
outcomes = st.sampled_from([(1.0, -1.0), (-1.0, 1.0), (0.0, 0.0), None])


@st.composite
def tournaments(draw: st.DrawFn) -> list[Bout]:
    bouts = []
    for number in range(draw(st.integers(0, 24))):
        pair = draw(st.sampled_from([(A, B), (B, A), (B, C), (C, A), (A, D)]))
        fault = draw(st.sampled_from([(), ((0, "illegal"),), ((1, "timeout"),), ((0, "void"),)]))
        refused = (draw(st.integers(0, 2)), 0)
        bouts.append(Bout(number, number // 2, pair, draw(outcomes), fault, refused))
    return bouts


@settings(max_examples=25)
@given(tournaments(), st.randoms(use_true_random=False))
def test_a_table_depends_on_the_set_of_results_and_not_on_their_order(bouts: list[Bout], rng: random.Random) -> None:
    table = rate(bouts, [A, B, C, D], resamples=20)
    other = list(bouts)
    rng.shuffle(other)
    assert digest(rate(other, [A, B, C, D], resamples=20)) == digest(table)
    assert digest(rate(other, [D, C, A, B], resamples=20)) == digest(table)


def mirrored(bouts: list[Bout]) -> list[Bout]:
    """The same matches with the other outcome."""
    return [bout._replace(scores=bout.scores and (bout.scores[1], bout.scores[0])) for bout in bouts]


def demand_properties(bouts: list[Bout], rng: random.Random) -> None:
    """What holds for every set of results: order does not matter, and the opposite results give the opposite ratings."""
    table = rate(bouts, [A, B, C, D], resamples=0, trend=False)
    other = list(bouts)
    rng.shuffle(other)
    assert digest(rate(other, [A, B, C, D], resamples=0, trend=False)) == digest(table)
    opposite = rate(mirrored(bouts), [A, B, C, D], resamples=0, trend=False)
    against = {each.player: each.rating for each in opposite.ladders[0].standings}
    for standing in table.ladders[0].standings:
        assert standing.low <= standing.rating <= standing.high
        assert standing.rating + against[standing.player] == pytest.approx(3000, abs=1e-5)


@settings(max_examples=50)
@given(tournaments(), st.randoms(use_true_random=False))
def test_opposite_results_give_opposite_ratings_in_any_order(bouts: list[Bout], rng: random.Random) -> None:
    demand_properties(bouts, rng)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@settings(max_examples=10_000)
@given(tournaments(), st.randoms(use_true_random=False))
def test_ten_thousand_tournaments(bouts: list[Bout], rng: random.Random) -> None:
    demand_properties(bouts, rng)


@settings(max_examples=25)
@given(tournaments())
def test_every_match_is_counted_once_for_each_of_its_players(bouts: list[Bout]) -> None:
    table = rate(bouts, [A, B, C, D], resamples=0)
    standings = {each.player: each for each in table.ladders[0].standings}
    for player, standing in standings.items():
        own = [bout for bout in bouts if player in bout.players]
        assert standing.matches + standing.uncounted == len(own)
        assert standing.won + standing.drawn + standing.lost == standing.matches
        assert sum(standing.faults.values()) == sum(bout.players[s] == player for bout in own for s, _ in bout.faults)
    assert sum(each.won for each in standings.values()) == sum(each.lost for each in standings.values())
    assert math.isclose(sum(each.rating for each in standings.values()), 4 * 1500)
    for (one, two), meeting in table.meetings.items():
        other = table.meetings[two, one]
        assert (meeting.won, meeting.drawn, meeting.bouts) == (other.lost, other.drawn, other.bouts)


def test_another_result_is_another_table() -> None:
    one = rate([Bout(0, 0, (A, B), (1.0, -1.0))], [A, B])
    two = rate([Bout(0, 0, (A, B), (-1.0, 1.0))], [A, B])
    assert digest(one) != digest(two)


def test_seats_of_one_player_are_no_opponents_and_count_once() -> None:
    table = rate([Bout(0, 0, (A, B, A, B), (3.0, 1.0, 2.0, 1.0))], [A, B], resamples=0)
    first, second = table.ladders[0].standings
    assert (first.matches, first.won, first.points, second.lost) == (1, 1, 2.5, 1)
    assert table.meetings[A, B].matches == 4
    assert table.meetings[A, B].bouts == [0]


def test_roles_have_ladders_of_their_own() -> None:
    attackers, defenders = (
        [Player("x", "attacker"), Player("y", "attacker")],
        [Player("x", "defender"), Player("z", "defender")],
    )
    bouts = []
    for n, (attacker, defender, won) in enumerate(
        (a, d, (a.agent == "x") != (d.agent == "x" and n % 3 == 0))
        for n in range(12)
        for a in attackers
        for d in defenders
    ):
        bouts.append(Bout(n, n, (attacker, defender), (1.0, -1.0) if won else (-1.0, 1.0)))
    table = rate(bouts, attackers + defenders, resamples=50)
    assert [ladder.role for ladder in table.ladders] == ["attacker", "defender"]
    assert [each.player.agent for each in table.ladders[0].standings] == ["x", "y"]
    for ladder in table.ladders:
        assert sum(each.rating for each in ladder.standings) == pytest.approx(3000)


def test_rates_of_faults_and_void_stand_beside_the_rating() -> None:
    bouts = [
        Bout(0, 0, (A, B), (-1.0, 1.0), ((0, "illegal"),), (3, 0), "forfeit"),
        Bout(1, 0, (B, A), None, ((1, "void"),), (0, 0), "void"),
        Bout(2, 1, (A, B), (1.0, -1.0)),
    ]
    standing = next(each for each in rate(bouts, [A, B]).ladders[0].standings if each.player == A)
    assert (standing.forfeits, standing.faults["illegal"], standing.refused, standing.uncounted) == (1, 1, 3, 1)
    share, low, high = standing.rate(standing.forfeits)
    assert share == pytest.approx(1 / 3)
    assert low < share < high


# ------------------------------------------------------------------ intervals
def simulated(strengths: Sequence[float], groups: int, seed: int) -> list[Bout]:
    """A round robin in which wins follow the model, seats swapped in pairs whose matches share half of their luck."""
    rng = random.Random(seed)
    players = [Player(str(n)) for n in range(len(strengths))]
    bouts: list[Bout] = []
    for group in range(groups):
        for i in range(len(players)):
            for j in range(i):
                chance = 1 / (1 + math.exp(strengths[j] - strengths[i]))
                luck = rng.random()
                for turn in range(2):
                    won = (luck if rng.random() < 0.5 else rng.random()) < chance
                    pair = (players[i], players[j]) if turn == 0 else (players[j], players[i])
                    scores = (1.0, -1.0) if won == (turn == 0) else (-1.0, 1.0)
                    bouts.append(Bout(len(bouts), group * 100 + i * 10 + j, pair, scores))
    return bouts


@pytest.mark.parametrize("spread", [0.5, 2.5])
def test_intervals_hold_what_they_promise(spread: float) -> None:
    strengths = [spread * n for n in (-1.5, -0.5, 0.5, 1.5)]
    held = tried = 0
    for seed in range(40):
        table = rate(simulated(strengths, 25, seed), [Player(str(n)) for n in range(4)], 200, seed, trend=False)
        for standing in table.ladders[0].standings:
            tried += 1
            held += standing.low <= 1500 + SCALE * strengths[int(standing.player.agent)] <= standing.high
    assert held / tried >= 0.9
    assert spread > 1 or held < tried  # lopsided ones are wide on purpose


def test_more_matches_make_narrower_intervals() -> None:
    few, many = (rate(simulated([0.0, 0.5, 1.0], n, 1), [Player(str(k)) for k in range(3)]) for n in (20, 320))
    wide = few.ladders[0].standings[0].high - few.ladders[0].standings[0].low
    narrow = many.ladders[0].standings[0].high - many.ladders[0].standings[0].low
    assert 3 < wide / narrow < 6  # a sixteenth of the matches: four times as wide


# ------------------------------------------------------------------ running ratings
def test_the_running_rating_keeps_ties_in_order() -> None:
    online = fold([Line("abcd", (4.0, 2.0, 2.0, 1.0))])
    assert online["a"].ordinal > online["b"].ordinal
    assert online["b"].mu == pytest.approx(online["c"].mu)
    assert online["c"].ordinal > online["d"].ordinal


def test_a_void_match_and_one_against_oneself_change_no_running_rating() -> None:
    assert fold([Line("ab", None), Line("aa", (1.0, -1.0))]) == {}


def test_the_trend_ends_where_the_running_rating_is() -> None:
    bouts = simulated([0.0, 1.0], 10, 0)
    for standing in rate(bouts, [Player("0"), Player("1")]).ladders[0].standings:
        assert standing.trend[-1] == standing.running
        assert len(standing.trend) == standing.matches


# ------------------------------------------------------------------ roles whose points are not comparable
def asked(number: int, proposer: str, solvers: str, scores: Sequence[float] | None) -> Bout:
    players = (Player(proposer, "proposer"), *(Player(name, "solver") for name in solvers))
    return Bout(number, number // 2, players, tuple(scores) if scores is not None else None)


def test_roles_apart_are_compared_within_the_role_alone() -> None:
    bouts = [
        asked(0, "good", "ab", (0.9, 1, 0)), asked(1, "good", "ba", (0.9, 0, 1)), asked(2, "bad", "ab", (0, 1, 0)),
        asked(3, "bad", "ba", (0, 0, 1)), asked(4, "bad", "ab", None),
    ]  # fmt: skip
    players = [Player("bad", "proposer"), Player("good", "proposer"), Player("a", "solver"), Player("b", "solver")]
    proposers, solvers = rate(bouts, players, resamples=50, apart=True).ladders
    assert [(s.player.agent, s.won, s.drawn, s.lost, s.matches) for s in proposers.standings] == [
        ("good", 2, 0, 0, 2),
        ("bad", 0, 0, 2, 2),
    ]
    assert [(s.player.agent, s.won, s.lost, s.points) for s in solvers.standings] == [("a", 4, 0, 4), ("b", 0, 4, 0)]
    assert proposers.standings[0].rating > 1500 > proposers.standings[1].rating
    # Compared with its solvers, the good proposer would have lost every match.
    mixed = {s.player.agent: s for ladder in rate(bouts, players, resamples=0).ladders for s in ladder.standings}
    assert (mixed["good"].won, mixed["good"].lost) == (0, 2)


def test_proposers_meet_where_the_same_solvers_answered_them_turn_by_turn() -> None:
    one = [
        asked(0, "p", "ab", (1, 0, 0)),
        asked(1, "p", "ab", (0, 0, 0)),
        asked(2, "q", "ab", (0.5, 0, 0)),
        asked(3, "q", "ba", (1, 0, 0)),
    ]
    met = [bout for bout in within_roles(one) if bout.players[0].role == "proposer"]
    assert [(bout.number, [p.agent for p in bout.players], bout.scores) for bout in met] == [(0, ["p", "q"], (1, 0.5))]
    assert len({bout.group for bout in within_roles(one)}) == 3


def test_one_group_of_a_table_is_no_proof_of_anything() -> None:
    """Drawn again it is always itself; the interval must not have the width nought of that."""
    split = [Bout(0, 0, (A, B), (1.0, -1.0)), Bout(1, 0, (B, A), (1.0, -1.0))]
    one, two = rate(split, [A, B], 50).ladders[0].standings
    assert one.rating == two.rating == pytest.approx(1500)
    assert one.high - one.low > 300
