"""The pool: past selves and scripted players that a learner meets, those more often that it does not beat yet.

Prioritised fictitious self-play and the payoff table with decay are those of Vinyals et al., "Grandmaster level in StarCraft II using
multi-agent reinforcement learning" (2019), supplementary pseudocode. Opponents are drawn by keys: equal keys, equal opponents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from envs.errors import UserError
from envs.keys import fold, uniform

__all__ = ["SELF", "WEIGHTINGS", "Payoff", "Pool", "pick", "priorities"]

SELF = "self"
"""The name of the learner as it is now."""

WEIGHTINGS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "squared": lambda x: (1 - x) ** 2,
    "linear": lambda x: 1 - x,
    "capped": lambda x: np.minimum(0.5, 1 - x),
    "variance": lambda x: x * (1 - x),
    "uniform": np.ones_like,
}
"""What a rate x of wins against an opponent says about meeting it again: squared, linear and capped look for those who still win,
variance for equals."""


def priorities(rates: Sequence[float], weighting: str = "squared") -> np.ndarray:
    """Probabilities float64[n] of meeting opponents with these rates 0..1; alike without any weight. UserError for a weighting unknown."""
    if weighting not in WEIGHTINGS:
        raise UserError(f"weighting {weighting!r} is not known: it is one of {', '.join(WEIGHTINGS)}")
    weights = np.asarray(WEIGHTINGS[weighting](np.asarray(rates, np.float64)), np.float64)
    total = weights.sum()
    return weights / total if total > 0 else np.full(len(weights), 1 / max(1, len(weights)))


def pick(names: Sequence[str], chances: np.ndarray, key: int) -> str:
    """One of the names, drawn by a key. ValueError without names."""
    if not names:
        raise ValueError("nobody to draw from")
    place = int(np.searchsorted(np.cumsum(chances), uniform(key) * float(np.sum(chances)), side="right"))
    return names[min(place, len(names) - 1)]


@dataclass
class Payoff:
    """Who scores how against whom; old matches fade: each new one multiplies what was known of the pair by `decay`.

    games, scores: {(home, away): decayed sum}. A score is 0 (lost) to 1 (won).
    """

    decay: float = 0.99
    games: dict[tuple[str, str], float] = field(default_factory=dict)
    scores: dict[tuple[str, str], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.decay <= 1:
            raise UserError(f"decay {self.decay}: give a number above 0, up to 1 (1 forgets nothing)")

    def record(self, home: str, away: str, score: float) -> None:
        """A match, seen from both sides. ValueError for a score outside 0..1."""
        if not 0 <= score <= 1:
            raise ValueError(f"score {score}: give 0 (lost) to 1 (won)")
        sides = [(home, away, score)] if home == away else [(home, away, score), (away, home, 1 - score)]
        for one, other, got in sides:
            self.games[one, other] = self.games.get((one, other), 0.0) * self.decay + 1
            self.scores[one, other] = self.scores.get((one, other), 0.0) * self.decay + got

    def add(self, home: str, away: str, games: float, score: float) -> None:
        """So many matches at once, `score` their sum: what was known fades as if they had come one by one."""
        if games <= 0:
            return
        sides = [(home, away, score)] if home == away else [(home, away, score), (away, home, games - score)]
        faded = self.decay**games
        # New ones fade among themselves too: their weights are 1, decay, decay ** 2, ...
        weight = games if self.decay == 1 else (1 - faded) / (1 - self.decay)
        for one, other, got in sides:
            self.games[one, other] = self.games.get((one, other), 0.0) * faded + weight
            self.scores[one, other] = self.scores.get((one, other), 0.0) * faded + weight * got / games

    def rate(self, home: str, away: str) -> float:
        """The mean score of home against away, 0.5 when they have not met."""
        games = self.games.get((home, away), 0.0)
        return self.scores[home, away] / games if games else 0.5

    def rates(self, home: str, others: Sequence[str]) -> list[float]:
        return [self.rate(home, other) for other in others]

    def forget(self, name: str) -> None:
        """Drop all that is known of a player that has left or begins anew."""
        for table in (self.games, self.scores):
            for pair in [pair for pair in table if name in pair]:
                del table[pair]

    def tree(self) -> list[list[Any]]:
        """[home, away, games, scores] of each pair, for a checkpoint."""
        return [[*pair, games, self.scores[pair]] for pair, games in self.games.items()]

    def restore(self, tree: Sequence[Sequence[Any]]) -> None:
        """The inverse of `tree`."""
        self.games = {(home, away): float(games) for home, away, games, _ in tree}
        self.scores = {(home, away): float(scores) for home, away, _, scores in tree}


class Pool:
    """Whom one learner meets: itself, its past, scripted players.

    current: the share of matches against itself as it is now; scripted: names that are always there; fixed: the share of matches that they
    get together, None to let the weighting decide; most: past selves kept; when one more comes, the one that is beaten most surely leaves,
    never the newest. Weights are whatever the trainer gives.
    """

    def __init__(
        self, scripted: Sequence[str] = (), *, current: float = 0.5, fixed: float | None = None, weighting: str = "squared",
        most: int = 20, decay: float = 0.99,
    ) -> None:  # fmt: skip
        if not 0 <= current <= 1 or not 0 <= (fixed or 0.0) <= 1 - current or most < 1:
            raise UserError(
                f"current={current}, fixed={fixed}, most={most}: shares are from 0 to 1 together, most is at least 1"
            )
        priorities([], weighting)
        self.scripted, self.current, self.fixed, self.weighting, self.most = (
            tuple(scripted),
            current,
            fixed,
            weighting,
            most,
        )
        self.payoff = Payoff(decay)
        self.past: dict[str, Any] = {}

    @property
    def names(self) -> list[str]:
        """The past selves, oldest first, and the scripted players."""
        return [*self.past, *self.scripted]

    def add(self, name: str, weights: Any) -> str | None:
        """A past self enters; who has left for it, if anybody. UserError for a name that is taken."""
        if name in self.names or name == SELF:
            raise UserError(f"{name!r} is in the pool already: give another name")
        self.past[name] = weights
        if len(self.past) <= self.most:
            return None
        leaving = max(list(self.past)[:-1], key=lambda old: self.payoff.rate(SELF, old))
        del self.past[leaving]
        self.payoff.forget(leaving)
        return leaving

    def chances(self) -> dict[str, float]:
        """Name -> probability of being met next, SELF included; they sum to 1."""
        groups = [(self.names, 1 - self.current)]
        if self.fixed is not None:
            groups = [(list(self.scripted), self.fixed), (list(self.past), 1 - self.current - self.fixed)]
        found: dict[str, float] = {}
        for names, share in groups:
            weights = priorities(self.payoff.rates(SELF, names), self.weighting) * share
            found |= dict(zip(names, weights.tolist(), strict=True))
        # What an empty group would have got is self-play.
        return {SELF: 1.0 - sum(found.values())} | found

    def draw(self, key: int) -> str:
        """The next opponent: a name, or SELF."""
        found = self.chances()
        return pick(list(found), np.array(list(found.values())), key)

    def lineup(self, key: int, count: int) -> list[str]:
        """`count` opponents, for the rows of a batch."""
        return [self.draw(int(fold(key, i))) for i in range(count)]

    def record(self, name: str, score: float) -> None:
        """The learner's score, 0 to 1, in a match against `name`."""
        self.payoff.record(SELF, name, score)

    def state(self) -> dict[str, Any]:
        """Names and payoffs for a checkpoint; the weights are kept where the trainer keeps them."""
        return {"past": list(self.past), "payoff": self.payoff.tree()}

    def restore(self, state: Mapping[str, Any], weights: Mapping[str, Any]) -> None:
        """The inverse of `state`; weights: name -> weights of every past self."""
        self.past = {str(name): weights[name] for name in state["past"]}
        self.payoff.restore(state["payoff"])
