"""Who plays whom, in which seats, on which seed: pure functions of their arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Pairing", "rotations"]


@dataclass(frozen=True)
class Pairing:
    """One match to be played. players[i] is the index, in the caller's list, of the agent in seat i.

    group: the matches that share a seed; what is secret about them comes out when the last of them has ended.
    """

    number: int
    seats: tuple[str, ...]
    players: tuple[int, ...]
    seed: int
    group: int = 0


def rotations(agents: Sequence[str], episodes: int, seed: int, swap: bool = True) -> list[Pairing]:
    """`episodes` matches of the same agents. With `swap`, P matches in a row share a seed and every agent sits in every seat once.

    Group g has seed + g: any single match can be played again by naming its seed.
    """
    count = len(agents)
    pairings = []
    for number in range(episodes):
        group, turn = divmod(number, count) if swap else (number, 0)
        players = tuple((seat + turn) % count for seat in range(count))
        seats = tuple(agents[p] for p in players)
        pairings.append(Pairing(number, seats, players, (seed + group) % (1 << 64), group))
    return pairings
