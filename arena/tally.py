"""What a series of matches comes to: wins, draws and losses of each player, intervals, faults. A fold over results.

A player has won a match with the highest score alone, drawn it with the highest score shared, and lost it otherwise; void and aborted
matches count for nobody. Rates are of wins. Their 95 % intervals are Wilson's (1927), which stay in 0..1 and hold for few matches too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from arena.match import Result
from arena.schedule import Pairing
from arena.statistics import wilson
from arena.text import safe_text
from envs.spec import Spec
from envs.words import plural

__all__ = ["UNCOUNTED", "Standing", "Tally", "has_first_mover", "outcome"]

UNCOUNTED = ("void", "aborted")


def has_first_mover(spec: Spec) -> bool:
    """Whether it makes sense to ask how often the first seat wins: two alike seats, one after the other, one's gain the other's loss."""
    return spec.seats == 2 and len(spec.roles) == 1 and "zero_sum" in spec.traits and "simultaneous" not in spec.traits


def outcome(
    agents: Sequence[str], seats: Sequence[str], scores: Sequence[float], reason: str, ticks: int, apart: bool = False
) -> str:  # fmt: skip
    """One match in one sentence: who won with which scores, why it ended and when. Foreign text is made safe.

    apart: points of different roles are not comparable, so nobody won: each seat's are told.
    """
    who = [f"{safe_text(agent, width=60)} ({safe_text(seat)})" for agent, seat in zip(agents, seats, strict=True)]
    after = f"{safe_text(reason)} after {plural(ticks, 'tick')}"
    if reason in UNCOUNTED or len(scores) != len(who):
        return f"no result: {after}"
    points = " : ".join(f"{score:+g}" if score else "0" for score in scores)
    if len(scores) == 1:
        return f"{who[0]} scored {points}, {after}"
    if apart:
        told = ", ".join(f"{safe_text(seat)} {score:+g}" for seat, score in zip(seats, scores, strict=True))
        return f"{told}; {after}"
    winners = [name for name, score in zip(who, scores, strict=True) if score == max(scores)]
    if len(winners) == 1:
        return f"{winners[0]} wins {points}, {after}"
    return f"draw {points}{'' if len(winners) == len(who) else ' between ' + ' and '.join(winners)}, {after}"


@dataclass
class Standing:
    """One player's share of a series; `points` is the sum of its scores, `faults` counts causes."""

    agent: str
    games: int = 0
    won: int = 0
    drawn: int = 0
    lost: int = 0
    points: float = 0.0
    refusals: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Wins per match, 0 without matches."""
        return self.won / self.games if self.games else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.won, self.games)

    @property
    def mean(self) -> float:
        """Points per match, 0 without matches."""
        return self.points / self.games if self.games else 0.0


class Tally:
    """`add` every result; `standings` are in the order of the agents given. Players with one address are told apart by a number."""

    def __init__(self, agents: Sequence[str]) -> None:
        alike = Counter(agents)
        seen: Counter[str] = Counter()
        self.standings = []
        for agent in agents:
            seen[agent] += 1
            self.standings.append(Standing(f"{agent} #{seen[agent]}" if alike[agent] > 1 else agent))
        self.matches, self.uncounted, self.ticks = 0, 0, 0
        self.decisive, self.by_first = 0, 0

    def add(self, pairing: Pairing, result: Result) -> None:
        """Count one match."""
        self.matches += 1
        self.ticks += result.ticks
        seats = [self.standings[player] for player in pairing.players]
        for seat, standing in enumerate(seats):
            standing.refusals += result.refusals[seat] if seat < len(result.refusals) else 0
        for seat, cause in result.faults:
            seats[seat].faults[cause] += 1
        if result.reason in UNCOUNTED:
            self.uncounted += 1
            return
        self._count(seats, result.scores)

    def _count(self, seats: Sequence[Standing], scores: Sequence[float]) -> None:
        best = max(scores)
        winners = [seat for seat, score in enumerate(scores) if score == best]
        for seat, standing in enumerate(seats):
            standing.games += 1
            standing.points += scores[seat]
            standing.won += winners == [seat]
            standing.drawn += seat in winners and len(winners) > 1
            standing.lost += seat not in winners
        if len(winners) == 1:
            self.decisive += 1
            self.by_first += winners == [0]

    @property
    def first_interval(self) -> tuple[float, float]:
        """The 95 % interval of the first seat's share of the decisive matches."""
        return wilson(self.by_first, self.decisive)
