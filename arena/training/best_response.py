"""A trained best response: how much a run's player is proven to lose to somebody, in games too large to be walked.

PPO trains against the frozen networks of a checkpoint, which hold all other seats, and is then measured on fresh games, seats in turn,
without learning. Networks that give a policy are drawn from, as they were trained; of action values the best is played. What it gains is
a lower bound: a best response gains at least as much. In a zero-sum game of two the mean gain over both seats bounds exploitability
(NashConv / 2) from below. How far the bound is from the truth is not known; on small games it can be compared.
Source: Timbers et al., "Approximate Exploitability" (2020), with PPO in the place of their search-based learner.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from arena.statistics import Z95
from arena.training import net, ppo
from arena.training.config import Settings, setting
from arena.training.net import Pass, Plan
from arena.training.opponents import Past
from arena.training.roster import Roster
from arena.training.run import Run
from arena.training.shards import Shard
from arena.training.threads import one_thread
from envs.errors import CORRUPT, UserError
from envs.extras import demand
from envs.game import Game
from envs.registry import game as open_game
from envs.spec import Role

__all__ = ["Bound", "Config", "lower_bound"]


SHARP = np.float32(1e9)
"""What action values are multiplied by, so that the least difference that they can have decides."""

LEAST = 8
"""Rounds from which the error of a mean is worked out: fewer would say nothing of it."""


@dataclass(frozen=True)
class Config(Settings):
    """What the exploiter is trained with; its networks are of the same shape as those of the run."""

    seed: int = setting(0, "what all randomness follows from", 0, (1 << 63) - 1)
    steps: int = setting(2_000_000, "decisions that the exploiter learns from", 1, 10**12)
    games: int = setting(20_000, "games that it is measured by, at least", 2, 10**9)
    rows: int = setting(1024, "games that are played at once", 2, 1 << 20)
    ticks: int = setting(16, "ticks of a rollout", 1, 1 << 16)
    batch: int = setting(2048, "samples of a gradient step", 1, 1 << 24)
    rate: float = setting(2e-3, "learning rate of Adam, falling to a tenth", 0.0, 1.0)
    entropy: float = setting(0.01, "weight of the entropy at first; it falls to nothing", 0.0, 10.0)


@dataclass(frozen=True)
class Bound:
    """gain: the exploiter's mean points a game, with the half of its 95 % interval; won: its share of wins; games, steps: of how many."""

    gain: float
    margin: float
    won: float
    games: int
    steps: int

    def __str__(self) -> str:
        return f"a trained exploiter gains {self.gain:+.4f} +- {self.margin:.4f} points a game ({self.games} games, {self.steps} decisions)"


class Greedy:
    """A victim that gives values of actions, of which the best is all but certain. A `net.Recalling` that nobody carries back."""

    def __init__(self, way: Any) -> None:
        self.way = way

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(self.way(x) * SHARP)

    def step(self, x: np.ndarray, memory: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        out, after = self.way.step(x, memory)
        return out * SHARP, after


class Victims(Roster):
    """The only former self that is ever seated is the one that is to be exploited."""

    def __init__(self, config: Any, nets: Mapping[str, net.Net], frozen: Mapping[str, net.Net], greedy: bool) -> None:
        super().__init__(config, nets, None)
        self.frozen, self.greedy = frozen, greedy

    def seat(self, shards: Sequence[Shard], round_: int) -> None:
        pasts = [block for shard in shards for block in shard.collector.blocks if isinstance(block, Past)]
        for block in pasts:
            if not block.passes:
                rows = 8 * (block.rows.stop - block.rows.start)
                ways = {name: each.passing(rows) for name, each in self.frozen.items()}
                block.passes = {name: cast(Pass, Greedy(way)) for name, way in ways.items()} if self.greedy else ways

    def settle(self, shards: Sequence[Shard]) -> None:
        """There are no accounts to keep."""


class Exploiter(ppo.Ppo):
    """PPO in which every row has one learner's seat, and the frozen networks hold the others. greedy: they give values of actions."""

    def __init__(
        self, config: Config, game: Game, plans: Mapping[str, Plan], frozen: Mapping[str, np.ndarray], greedy: bool = False
    ) -> None:  # fmt: skip
        one = next(iter(plans.values()))
        settings = ppo.Config(
            seed=config.seed, rows=config.rows, ticks=config.ticks, batch=config.batch, rate=config.rate, gamma=1.0, entropy=config.entropy,
            entropy_end=0.0, past=1.0, view=one.view, threads=1, snapshot=1_000_000,
        )  # fmt: skip
        self.plans = plans
        super().__init__(settings, game)
        victims = {name: net.make(plan, 0, self.device) for name, plan in plans.items()}
        net.fill(victims, frozen)
        self.roster = Victims(settings, self.nets, victims, greedy)
        if not greedy:
            net.fill(self.nets, frozen)  # it begins as its victim: from there on every gain is a weakness

    def _network(self, role: Role, number: int) -> net.Net:
        """Each role's of the kind of the victim's, with logits and a value."""
        plan = replace(self.plans[role.name], outputs=sum(role.actions.factors) + 1, norm=False)
        return net.make(plan, number, self.device)

    def measure(self, games: int) -> np.ndarray:
        """Play at least so many games, in LEAST rounds or more, without learning: float64[rounds, 3], its games, wins, points."""
        for shard in self.shards:
            shard.collector.counts[:] = 0
        found: list[np.ndarray] = []
        while len(found) < LEAST or sum(each[0] for each in found) < games:
            with one_thread():
                self.roster.seat(self.shards, self.rounds)
                for shard in self.shards:
                    self._play(shard)
            self.rounds += 1
            found.append(sum(shard.collector.counts.sum(axis=0) for shard in self.shards)[[0, 1, 3]])
            for shard in self.shards:
                shard.collector.counts[:] = 0
        return np.array(found)


def lower_bound(run: Run, config: Config) -> Bound:
    """Train an exploiter of a run's newest checkpoint, and measure it. UserError for a run that holds no networks."""
    demand("train", "a trained exploiter")
    game = open_game(run.game)
    run.demand_same_rules(game)
    found = run.demand()
    work: Any = found.state.get("work")
    policy = work.get("policy") if isinstance(work, dict) else None
    if policy == "table":
        raise UserError(f"{run.path} holds a table, which is exploited exactly: leave --train out")
    if policy not in ("softmax", "q", "dueling"):
        raise UserError(f"{run.path}, checkpoint {found.step}, holds no network that plays", CORRUPT)
    plans = {str(name): Plan.of(tree) for name, tree in work["nets"].items()}
    exploiter = Exploiter(config, game, plans, found.weights, policy != "softmax")
    try:
        while exploiter.step < config.steps:
            exploiter.round(exploiter.step / config.steps)
        rounds = exploiter.measure(config.games)
    finally:
        exploiter.close()
    return _bound(rounds, exploiter.step)


def _bound(rounds: np.ndarray, steps: int) -> Bound:
    """The mean gain a game, and its error from the spread between rounds (a ratio estimate: rounds have unequal numbers of games)."""
    games, won, points = rounds.sum(axis=0).tolist()
    mean = points / games
    apart = rounds[:, 2] - mean * rounds[:, 0]
    count = len(rounds)
    error = math.sqrt(float(np.square(apart).sum()) * count / max(1, count - 1)) / games
    return Bound(mean, Z95 * error, won / games, int(games), steps)
