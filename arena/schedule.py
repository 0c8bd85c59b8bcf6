"""Who plays whom, in which seats, on which seed: pure functions of their arguments.

A table is the players of one match in the order of its seats. The matches in which they change seats are a group: they share a seed, and
after the last one everybody has sat in every seat as often as everybody else. Systems that look at results (Swiss, ladder) take them as an
order of the players, so that equal results give equal pairings. Seeds of rated matches are keyed hashes: who does not know the key can
neither know nor guess them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, count, product

__all__ = [
    "Pairing", "fill", "gauntlet", "keyed_seed", "neighbours", "rotations", "shuffled", "swiss", "tables", "tables_by_role", "turns",
]  # fmt: skip

_TRIES = 20_000
"""Steps of the search for a Swiss round in which nobody meets an old opponent, before an old one is allowed."""


@dataclass(frozen=True)
class Pairing:
    """One match to be played. players[i] is the index, in the caller's list, of the agent in seat i.

    group: the matches that share a seed and differ in the seats; what is secret about them comes out when the last of them has ended.
    round: what must have ended before a later round is drawn.
    """

    number: int
    seats: tuple[str, ...]
    players: tuple[int, ...]
    seed: int
    group: int = 0
    round: int = 0


def rotations(agents: Sequence[str], episodes: int, seed: int, swap: bool = True) -> list[Pairing]:
    """`episodes` matches of the same agents. With `swap`, P matches in a row share a seed and every agent sits in every seat once.

    Group g has seed + g: any single match can be played again by naming its seed.
    """
    seats = len(agents)
    pairings = []
    for number in range(episodes):
        group, turn = divmod(number, seats) if swap else (number, 0)
        players = tuple((seat + turn) % seats for seat in range(seats))
        seats_of = tuple(agents[p] for p in players)
        pairings.append(Pairing(number, seats_of, players, (seed + group) % (1 << 64), group))
    return pairings


def keyed_seed(key: bytes, *parts: object) -> int:
    """A seed from 0 to 2**64 - 1: blake2b of the parts under a key of at most 64 bytes. Without the key nobody can tell it."""
    text = "/".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8, key=key).digest(), "big")


def shuffled(players: Iterable[int], key: bytes, *parts: object) -> list[int]:
    """The players in an order that follows from the key and the parts."""
    return sorted(players, key=lambda player: keyed_seed(key, *parts, player))


# ------------------------------------------------------------------ tables
def tables(players: Sequence[int], seats: int) -> list[tuple[int, ...]]:
    """All tables of `seats` seats. Where there are fewer players than seats, everybody sits at each table, as evenly as it goes.

    ValueError for fewer than two players.
    """
    if len(players) < 2:
        raise ValueError(f"{len(players)} players: a table needs at least 2")
    every, more = divmod(seats, len(players))
    return [tuple(players) * every + extra for extra in combinations(players, more)]


def tables_by_role(entrants: Sequence[Sequence[int]], counts: Sequence[int]) -> list[tuple[int, ...]]:
    """All tables of a game whose roles have players of their own: entrants[r] compete for the counts[r] seats of role r."""
    sides = [
        [tuple(players) * (seats // len(players)) + extra for extra in combinations(players, seats % len(players))]
        for players, seats in zip(entrants, counts, strict=True)
    ]
    return [sum(chosen, ()) for chosen in product(*sides)]


def gauntlet(tables: Iterable[tuple[int, ...]], challengers: Collection[int]) -> list[tuple[int, ...]]:
    """The tables at which a challenger meets somebody who is none."""
    return [table for table in tables if 0 < len({*table} & {*challengers}) < len({*table})]


def turns(table: tuple[int, ...], swap: bool = True) -> list[tuple[int, ...]]:
    """The seatings of one group: the table turned round seat by seat until it would repeat itself; without `swap`, as it is."""
    around = [table[-turn:] + table[:-turn] if turn else table for turn in range(len(table))]
    return list(dict.fromkeys(around)) if swap else [table]


def fill(
    agents: Sequence[str], tables: Sequence[tuple[int, ...]], rounds: Iterable[int], sets: int, seed_of: Callable[[int], int],
    *, first: int = 0, group: int = 0, swap: bool = True,
) -> Iterator[Pairing]:  # fmt: skip
    """The matches of some rounds: in each, all tables play a group, `sets` times over. Numbers count from `first`, groups from `group`."""
    numbers, groups = count(first), count(group)
    for number, (round_, _, table) in zip(groups, product(rounds, range(sets), tables), strict=False):
        seed = seed_of(number)
        for players in turns(table, swap):
            yield Pairing(next(numbers), tuple(agents[p] for p in players), players, seed, number, round_)


# ------------------------------------------------------------------ systems that look at results
def neighbours(order: Sequence[int], round_: int) -> list[tuple[int, int]]:
    """A round of a ladder: first with second, third with fourth; in every other round second with third, and so on."""
    start = round_ % 2 if len(order) > 2 else 0
    return [(order[i], order[i + 1]) for i in range(start, len(order) - 1, 2)]


def swiss(
    order: Sequence[int], met: Mapping[frozenset[int], int], byes: Collection[int]
) -> tuple[list[tuple[int, int]], int | None]:
    """A round of a Swiss system: the pairs, and who sits out (with an odd number: the lowest who has not yet, if there is one).

    order: the players, best first. met: how often two have met; neighbours in the order are paired so that as few as possible meet again.
    """
    left = list(order)
    out = None
    if len(left) % 2:
        out = next((player for player in reversed(left) if player not in byes), left[-1])
        left.remove(out)
    for again in range(len(left) // 2 + 1):
        found = _pairs(left, met, again, [_TRIES])
        if found is not None:
            return found, out
    return list(zip(left[::2], left[1::2], strict=True)), out


def _pairs(
    left: Sequence[int], met: Mapping[frozenset[int], int], again: int, tries: list[int]
) -> list[tuple[int, int]] | None:
    """The first of `left` with the nearest whom it has not met, and so on; `again` pairs may have met. None: it does not go."""
    if not left:
        return []
    tries[0] -= 1
    head, *rest = left
    for place, other in enumerate(rest):
        if tries[0] < 0:
            return None
        old = met.get(frozenset((head, other)), 0) > 0
        if again >= old:
            found = _pairs(rest[:place] + rest[place + 1 :], met, again - old, tries)
            if found is not None:
                return [(head, other), *found]
    return None
