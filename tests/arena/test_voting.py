"""From many rankings to one, and mixtures that nobody beats: exact, and what other programs say too."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.ratings import rate
from arena.standings import Bout, Player
from arena.tournament.overall import unbeaten, verdicts
from arena.tournament.plan import Division
from arena.voting import lottery, majorities, mixture, schulze

PLAYERS = list("abcde")
ballots = st.lists(
    st.permutations(PLAYERS).flatmap(lambda order: st.sampled_from([order, order[:3], order[1:]])),
    min_size=1,
    max_size=7,
)


@settings(max_examples=50)
@given(st.lists(st.lists(st.fractions(-5, 5, max_denominator=9), min_size=3, max_size=3), min_size=1, max_size=5))
def test_no_column_has_more_than_the_value_against_the_mixture(payoffs: list[list[Fraction]]) -> None:
    """The duality of linear programs: what the rows can secure is what the columns can hold them to."""
    rows = mixture(payoffs)
    columns = mixture([[-payoffs[i][j] for i in range(len(payoffs))] for j in range(3)])
    assert sum(rows) == sum(columns) == 1
    assert min(rows) >= 0 and min(columns) >= 0
    secured = min(sum(p * payoffs[i][j] for i, p in enumerate(rows)) for j in range(3))
    held = max(sum(q * row[j] for j, q in enumerate(columns)) for row in payoffs)
    assert secured == held


def test_a_circle_is_shared_by_how_much_each_is_beaten() -> None:
    circle = [[0, -2, 1], [2, 0, -1], [-1, 1, 0]]
    assert mixture([list(map(Fraction, row)) for row in circle]) == [Fraction(1, 4), Fraction(1, 4), Fraction(1, 2)]
    with pytest.raises(ValueError, match="at least one row"):
        mixture([])


@given(ballots)
def test_who_beats_everybody_in_a_vote_of_two_comes_first_and_has_the_whole_lottery(votes: list[list[str]]) -> None:
    counts = majorities(votes, PLAYERS)
    best = [i for i in range(5) if all(counts[i][j] > counts[j][i] for j in range(5) if j != i)]
    order = schulze(votes, PLAYERS)
    assert sorted(player for group in order for player in group) == PLAYERS
    if best:
        assert order[0] == [PLAYERS[best[0]]]
        assert lottery(votes, PLAYERS)[PLAYERS[best[0]]] == 1


@given(ballots)
def test_the_lottery_is_never_outvoted(votes: list[list[str]]) -> None:
    counts, shares = majorities(votes, PLAYERS), lottery(votes, PLAYERS)
    for j in range(5):
        assert sum(shares[PLAYERS[i]] * (counts[i][j] - counts[j][i]) for i in range(5)) >= 0


def test_schulze_is_what_open_spiel_says_wherever_nobody_is_equal(seeds: Callable[[int], Iterator[int]]) -> None:
    base = pytest.importorskip("open_spiel.python.voting.base")
    from open_spiel.python.voting import schulze as theirs

    compared = 0
    for seed in seeds(200):
        rng = random.Random(seed)
        votes = [rng.sample(PLAYERS, 5) for _ in range(rng.randrange(1, 8))]
        ours = schulze(votes, PLAYERS)
        if len(ours) == 5:  # its sort leaves the order of equals to chance
            outcome = theirs.SchulzeVoting().run_election(base.PreferenceProfile(votes=votes, alternatives=PLAYERS))
            assert [[player] for player in outcome.ranking] == ours
            compared += 1
    assert compared > 60


# ------------------------------------------------------------------ tournaments
def won(first: Player, second: Player, times: int, start: int = 0) -> list[Bout]:
    return [Bout(start + n, start + n, (first, second), (1.0, -1.0)) for n in range(times)]


def test_a_circle_of_players_shares_the_mixture_and_a_best_one_has_it() -> None:
    a, b, c = map(Player, "abc")
    circle = rate([*won(a, b, 3), *won(b, c, 3, 3), *won(c, a, 3, 6)], [a, b, c], resamples=0)
    assert set(unbeaten(circle, circle.ladders[0]).values()) == {Fraction(1, 3)}
    line = rate([*won(a, b, 3), *won(b, c, 3, 3), *won(a, c, 3, 6)], [a, b, c], resamples=0)
    assert unbeaten(line, line.ladders[0]) == {a: 1, b: 0, c: 0}
    nobody = rate([], [a, b], resamples=0)
    assert unbeaten(nobody, nobody.ladders[0]) == {}


def test_games_vote_and_roles_are_judged_apart() -> None:
    a, b, c = map(Player, "abc")
    two = Division("kuhn_poker", ("a", "b", "c"))
    first, second = (rate([*won(x, y, 2), *won(y, c, 2, 2)], [a, b, c], resamples=0) for x, y in ((a, b), (b, a)))
    third = rate([*won(a, c, 2)], [a, c], resamples=0)
    (verdict,) = verdicts([two, two, Division("matrix", ("a", "c"))], [first, second, third])
    assert (verdict.name, verdict.ballots) == ("all games", 3)
    assert verdict.order[-1] == ("c",)

    roles = Division("x.py", ("a", "b", "c"), roles=(("hunter", 1), ("prey", 1)))
    hunters, prey = [Player(name, "hunter") for name in "ab"], [Player(name, "prey") for name in "ac"]
    made = rate(
        [*won(hunters[0], prey[0], 2), *won(prey[1], hunters[1], 2, 2), *won(hunters[0], prey[1], 1, 4)],
        hunters + prey,
        resamples=0,
    )
    found = verdicts([roles, roles, two], [made, made, first])
    assert [each.name for each in found] == ["all games", "other, hunter", "other, prey"]
    assert found[1].order == (("a",), ("b",))
