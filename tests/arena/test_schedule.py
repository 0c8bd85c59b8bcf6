"""Schedules: fair, pure, and nobody can guess a rated seed."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.schedule import Pairing, fill, gauntlet, keyed_seed, neighbours, swiss, tables, tables_by_role, turns

AGENTS = [f"agent-{n}" for n in range(9)]


def filled(players: int, seats: int, rounds: int = 2, sets: int = 3) -> list[Pairing]:
    at = tables(range(players), seats)
    return list(fill(AGENTS, at, range(rounds), sets, lambda group: 1000 + group))


@given(st.integers(2, 6), st.integers(2, 6))
def test_everybody_sits_in_every_seat_and_meets_everybody_equally_often(players: int, seats: int) -> None:
    pairings = filled(players, seats, 1, 2)
    sat = Counter((player, seat) for pairing in pairings for seat, player in enumerate(pairing.players))
    assert len(sat) == players * seats
    assert len(set(sat.values())) == 1
    met = Counter(pair for pairing in pairings for pair in combinations(sorted(set(pairing.players)), 2))
    assert len(met) == players * (players - 1) // 2
    assert len(set(met.values())) == 1


@given(st.integers(2, 5), st.integers(2, 4))
def test_a_group_shares_a_seed_and_its_matches_differ_in_the_seats(players: int, seats: int) -> None:
    groups: dict[int, list[Pairing]] = {}
    for pairing in filled(players, seats):
        groups.setdefault(pairing.group, []).append(pairing)
    for group in groups.values():
        assert len({pairing.seed for pairing in group}) == 1
        assert len({pairing.players for pairing in group}) == len(group)
        assert len({tuple(sorted(pairing.players)) for pairing in group}) == 1
    seeds = [group[0].seed for group in groups.values()]
    assert len(set(seeds)) == len(seeds)


def test_numbers_count_from_the_first_and_rounds_come_one_after_another() -> None:
    pairings = filled(3, 2)
    assert [pairing.number for pairing in pairings] == list(range(len(pairings)))
    assert [pairing.round for pairing in pairings] == sorted(pairing.round for pairing in pairings)
    more = list(fill(AGENTS, [(0, 1)], [5], 2, lambda group: group, first=7, group=3))
    assert [(each.number, each.group, each.round) for each in more] == [(7, 3, 5), (8, 3, 5), (9, 4, 5), (10, 4, 5)]


def test_a_table_that_repeats_itself_is_not_turned_farther() -> None:
    assert turns((0, 1, 0, 1)) == [(0, 1, 0, 1), (1, 0, 1, 0)]
    assert turns((0, 1, 2)) == [(0, 1, 2), (2, 0, 1), (1, 2, 0)]
    assert turns((0, 1, 2), swap=False) == [(0, 1, 2)]


def test_fewer_players_than_seats_all_sit_down() -> None:
    assert tables([0, 1], 4) == [(0, 1, 0, 1)]
    assert tables([0, 1, 2], 4) == [(0, 1, 2, 0), (0, 1, 2, 1), (0, 1, 2, 2)]
    with pytest.raises(ValueError, match="at least 2"):
        tables([0], 2)


def test_roles_with_players_of_their_own_keep_to_them() -> None:
    assert tables_by_role([(0, 1), (2, 3, 4)], [1, 2]) == [
        (0, 2, 3), (0, 2, 4), (0, 3, 4), (1, 2, 3), (1, 2, 4), (1, 3, 4),
    ]  # fmt: skip


def test_a_gauntlet_leaves_out_who_is_on_one_side() -> None:
    assert gauntlet(tables(range(4), 2), [0, 1]) == [(0, 2), (0, 3), (1, 2), (1, 3)]


@given(st.binary(min_size=1, max_size=64), st.binary(min_size=1, max_size=64))
def test_a_seed_follows_from_the_key_and_only_from_it(one: bytes, other: bytes) -> None:
    assert keyed_seed(one, "a", 1) == keyed_seed(one, "a", 1)
    assert 0 <= keyed_seed(one, "a", 1) < 1 << 64
    same = one.ljust(64, b"\0") == other.ljust(64, b"\0")  # blake2b pads its key with zeros
    assert (keyed_seed(one, "a", 1) == keyed_seed(other, "a", 1)) == same
    assert keyed_seed(one, "a", 1) != keyed_seed(one, "a", 2)


@given(st.integers(2, 9), st.data())
def test_a_swiss_tournament_repeats_no_match_while_that_is_possible(players: int, data: st.DataObject) -> None:
    met: Counter[frozenset[int]] = Counter()
    byes: list[int] = []
    for _ in range((players - 1) // 2):  # any such number of rounds can be drawn, whatever the order
        order = data.draw(st.permutations(range(players)))
        pairs, out = swiss(order, met, byes)
        assert sorted([*sum(pairs, ()), *([] if out is None else [out])]) == list(range(players))
        assert out is None or out not in byes
        byes += [] if out is None else [out]
        assert all(frozenset(pair) not in met for pair in pairs)
        met.update(map(frozenset, pairs))


def test_a_swiss_round_pairs_neighbours_and_allows_an_old_meeting_when_it_must() -> None:
    assert swiss([3, 1, 2, 0], {}, []) == ([(3, 1), (2, 0)], None)
    assert swiss([3, 1, 2, 0], {frozenset((3, 1)): 1}, []) == ([(3, 2), (1, 0)], None)
    everybody = {frozenset(pair): 1 for pair in combinations(range(4), 2)}
    assert swiss([3, 1, 2, 0], everybody, []) == ([(3, 1), (2, 0)], None)
    assert swiss([2, 1, 0], {}, [0]) == ([(2, 0)], 1)
    assert swiss([2, 1, 0], {}, [0, 1, 2])[1] == 0


def test_a_ladder_pairs_neighbours_in_turn() -> None:
    assert neighbours([4, 3, 2, 1, 0], 0) == [(4, 3), (2, 1)]
    assert neighbours([4, 3, 2, 1, 0], 1) == [(3, 2), (1, 0)]
    assert neighbours([1, 0], 1) == [(1, 0)]
