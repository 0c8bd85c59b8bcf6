"""Matches of a game whose roles cannot be compared, as matches within one role: proposers against proposers, solvers against solvers.

Seats of one role in one match have met as they are. Of a role with a single seat, its players meet across matches: those in which the
other seats were taken by the same players, the first of each with one another, then the second, and so on. Void matches meet nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from arena.standings import Bout, Player

__all__ = ["within_roles"]

_Key = tuple[str, tuple[Player, ...], int]


def within_roles(bouts: Sequence[Bout]) -> list[Bout]:
    """The matches within roles, in the order of the first match that each is made of; numbers are those of real matches."""
    alone: dict[_Key, list[tuple[Bout, int]]] = {}
    seen: Counter[tuple[Player, tuple[Player, ...]]] = Counter()
    made = []
    for bout in bouts:
        if bout.scores is None:
            continue
        for role, seats in _seats(bout):
            if len(seats) > 1:
                made.append(_bout(bout, 2 * bout.group, [(bout, seat) for seat in seats]))
                continue
            player, others = bout.players[seats[0]], tuple(p for seat, p in enumerate(bout.players) if seat != seats[0])
            turn = seen[player, others]
            seen[player, others] += 1
            alone.setdefault((role, others, turn), []).append((bout, seats[0]))
    made += [_bout(met[0][0], 2 * met[0][0].number + 1, met) for met in alone.values() if len(met) > 1]
    return sorted(made, key=lambda bout: (bout.number, bout.group))


def _seats(bout: Bout) -> Iterator[tuple[str, list[int]]]:
    """Each role with its seats."""
    for role in dict.fromkeys(player.role for player in bout.players):
        yield role, [seat for seat, player in enumerate(bout.players) if player.role == role]


def _bout(first: Bout, group: int, seats: Sequence[tuple[Bout, int]]) -> Bout:
    """A match of these seats; groups of one kind are even, of the other odd, so that they never meet."""
    players = tuple(bout.players[seat] for bout, seat in seats)
    scores = tuple((bout.scores or ())[seat] for bout, seat in seats)
    return Bout(first.number, group, players, scores)
