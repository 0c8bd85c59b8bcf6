"""What is to be played: a pure function of the plan, a key for the seeds, and the results so far.

A division is known whole at once (round robin, gauntlet) or round by round (Swiss, ladder): then the next round is drawn when the last
match of the one before has a result. Ladders look at the running rating, Swiss systems at points: a won match 1, a drawn or void one 1/2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from arena.online import Line, fold
from arena.schedule import (
    Pairing,
    fill,
    gauntlet,
    keyed_seed,
    neighbours,
    shuffled,
    swiss,
    tables,
    tables_by_role,
    turns,
)
from arena.tournament.plan import Division, Plan

__all__ = ["Scores", "key_of", "known", "points", "schedule", "total"]

Scores = Mapping[int, Sequence[float] | None]
"""Match number -> scores by seat in points, None for a match that counts for nobody."""


def key_of(plan: Plan, secret: bytes) -> bytes:
    """The key of all seeds: the secret of a rated tournament, else the plan's seed, which everybody may know."""
    return secret if plan.rated else plan.seed.to_bytes(8, "big")


def schedule(plan: Plan, secret: bytes, scores: Sequence[Scores]) -> list[tuple[int, Pairing]]:
    """(division, pairing) of every match that is known by now, round by round through all divisions, finished ones included.

    scores: by division, what has been played.
    """
    key = key_of(plan, secret)
    found = [
        (number, pairing)
        for number, division in enumerate(plan.divisions)
        for pairing in known(division, number, key, scores[number])
    ]
    return sorted(found, key=lambda pair: (pair[1].round, pair[0], pair[1].number))


def known(division: Division, place: int, key: bytes, scores: Scores) -> list[Pairing]:
    """The matches of one division that are known by now. place: its number in the plan, which its seeds depend on."""

    def seed_of(group: int) -> int:
        return keyed_seed(key, "seed", place, division.game, group)

    if division.system in ("round_robin", "gauntlet"):
        at = _tables(division)
        rounds = range(division.rounds)
        return list(fill(division.agents, at, rounds, division.sets, seed_of, swap=_swaps(division)))
    return list(_drawn(division, place, key, scores, seed_of))


def total(division: Division) -> int:
    """How many matches the division will have had at its end."""
    if division.system in ("round_robin", "gauntlet"):
        seatings = sum(len(turns(table, _swaps(division))) for table in _tables(division))
        return division.rounds * division.sets * seatings
    pairs = [_pairs_in(division, round_) for round_ in range(division.rounds)]
    return sum(pairs) * division.sets * (2 if division.swap else 1)


def _pairs_in(division: Division, round_: int) -> int:
    players = len(division.agents)
    return players // 2 if division.system == "swiss" else len(neighbours(range(players), round_))


def _tables(division: Division) -> list[tuple[int, ...]]:
    everybody = range(len(division.agents))
    if division.entrants:
        at = tables_by_role(division.entrants, [count for _, count in division.roles])
    else:
        at = tables(everybody, division.seats)
    return gauntlet(at, division.challengers) if division.system == "gauntlet" else at


def _swaps(division: Division) -> bool:
    """Players of different roles keep to theirs."""
    return division.swap and not division.entrants


def points(pairings: Sequence[Pairing], scores: Scores, players: int) -> list[float]:
    """Points of each player: a match won counts 1, drawn or void 1/2."""
    found = [0.0] * players
    for pairing in pairings:
        for player, share in zip(pairing.players, _shares(scores[pairing.number]), strict=True):
            found[player] += share
    return found


def _shares(scores: Sequence[float] | None) -> tuple[float, float]:
    if scores is None or scores[0] == scores[1]:
        return 0.5, 0.5
    return (1.0, 0.0) if scores[0] > scores[1] else (0.0, 1.0)


Draw = Callable[[int, Sequence[Pairing]], list[tuple[int, int]]]


def _drawn(
    division: Division, place: int, key: bytes, scores: Scores, seed_of: Callable[[int], int]
) -> Iterator[Pairing]:
    """Rounds one after another, up to the first that is not finished."""
    draw = _swiss(division, place, key, scores) if division.system == "swiss" else _ladder(division, place, key, scores)
    played: list[Pairing] = []
    group = 0
    for round_ in range(division.rounds):
        if any(pairing.number not in scores for pairing in played):
            return
        pairs = draw(round_, played)
        drawn = fill(
            division.agents, pairs, [round_], division.sets, seed_of, first=len(played), group=group, swap=division.swap
        )
        new = list(drawn)
        yield from new
        played += new
        group += len(pairs) * division.sets


def _swiss(division: Division, place: int, key: bytes, scores: Scores) -> Draw:
    """Equals in points are ordered by a draw that is made once."""
    byes: list[int] = []
    lot = shuffled(range(len(division.agents)), key, "lot", place, division.game)
    set_of = division.sets * (2 if division.swap else 1)

    def draw(round_: int, played: Sequence[Pairing]) -> list[tuple[int, int]]:
        have = points(played, scores, len(division.agents))
        for player in byes:  # who sits out has won
            have[player] += set_of
        met = Counter(frozenset(pairing.players) for pairing in played)
        pairs, out = swiss(sorted(lot, key=lambda player: -have[player]), met, byes)
        byes.extend([] if out is None else [out])
        return pairs

    return draw


def _ladder(division: Division, place: int, key: bytes, scores: Scores) -> Draw:
    """Neighbours in the running rating meet."""
    lot = shuffled(range(len(division.agents)), key, "lot", place, division.game)

    def draw(round_: int, played: Sequence[Pairing]) -> list[tuple[int, int]]:
        lines = [Line(pairing.players, scores[pairing.number]) for pairing in played]
        running = fold(lines)
        order = sorted(lot, key=lambda player: -running[player].mu if player in running else -running.default.mu)
        return neighbours(order, round_)

    return draw
