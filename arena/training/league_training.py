"""A league at work: main players and exploiters that learn by PPO, in turn, against the opponents that `league` draws for them.

Source: Vinyals et al. (2019), see `league`. Changed: small networks, one process, a learner plays a round at a time, and two opponents are
seated at once for some rounds; exploiters begin from fresh weights, since nothing was cloned from people. The run plays as its first main
player; exploiters and everybody's past are in the checkpoint.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from arena.training import net, ppo
from arena.training.away import fleet
from arena.training.config import Common, setting
from arena.training.league import EXPLOITER, LEAGUE_EXPLOITER, MAIN, League, Learner
from arena.training.loop import drive
from arena.training.net import Net
from arena.training.opponents import Past
from arena.training.roster import STAY, Roster, unseat
from arena.training.run import Run
from arena.training.shards import Shard
from envs.game import Game
from envs.keys import fold

__all__ = ["Config", "LeagueWork", "train"]

Weights = dict[str, np.ndarray]


@dataclass(frozen=True)
class Config(Common):
    """Settings of a league; see `arena train --algo league --help`."""

    mains: int = setting(1, "main players", 1, 16)
    exploiters: int = setting(1, "exploiters of the main players", 0, 16)
    league_exploiters: int = setting(1, "exploiters of the whole past", 0, 16)
    least: int = setting(200_000, "a learner's decisions before it can be kept", 1, 10**12)
    most: int = setting(400_000, "its decisions after which it is kept in any case", 1, 10**12)
    decay: float = setting(0.999, "what is left of a payoff after another match of the pair", 1e-3, 1.0)
    rows: int = setting(512, "games that are played at once", 4, 1 << 20)
    ticks: int = setting(32, "ticks of a rollout", 1, 1 << 16)
    epochs: int = setting(2, "passes over each rollout", 1, 100)
    batch: int = setting(4096, "samples of a gradient step", 1, 1 << 24)
    rate: float = setting(1e-3, "learning rate of Adam", 0.0, 1.0)
    entropy: float = setting(0.01, "weight of the entropy", 0.0, 10.0)
    gamma: float = setting(0.99, "discount of a decision", 0.0, 1.0)
    net: str = setting("auto", "kind of network; auto reads it off the view", choices=net.KINDS)
    hidden: int = setting(64, "width of hidden layers (channels of conv)", 1, 4096)
    layers: int = setting(2, "hidden layers (residual blocks of conv)", 1, 64)
    device: str = setting(
        "auto", "where networks learn; auto takes a GPU when torch sees one", choices=("auto", "cpu", "cuda")
    )
    threads: int = setting(
        0, "shards of a learner's games that work at once; 0 for one, of a cluster for all cores", 0, 1024
    )
    shard: int = setting(128, "games from which on a shard is worth a worker of a cluster", 1, 1 << 20)
    ray: str = setting("", "address of a Ray cluster that plays the shards: local, auto, HOST:PORT or ray://HOST:PORT")

    @classmethod
    def name(cls) -> str:
        return "league"


class Bench(Roster):
    """Seats whom the league draws for one learner, and keeps the league's accounts."""

    def __init__(
        self, config: Any, nets: Mapping[str, Net], league: League, learner: Learner, everybody: Everybody
    ) -> None:
        self.league, self.learner, self.everybody = league, learner, everybody
        self.names: list[str] = []
        super().__init__(config, nets, None)

    def keep(self, step: int) -> None:
        """The league keeps its past itself."""

    def seat(self, shards: Sequence[Shard], round_: int) -> None:
        pasts = [[block for block in shard.collector.blocks if isinstance(block, Past)] for shard in shards]
        if round_ % STAY == 0 or len(self.names) != len(pasts[0]):
            key = int(fold(fold(self.config.seed, 29), round_))
            before = self.names
            self.names = [self.league.opponent(self.learner, int(fold(key, n))) for n in range(len(pasts[0]))]
            unseat(pasts, before, self.names)
        # Whoever learns is another one after each of its rounds, so weights are taken anew.
        self.pool = {n: self.everybody.weights_of(name) for n, name in enumerate(self.names)}
        self.seated = list(self.pool)
        self._fill(pasts)

    def settle(self, shards: Sequence[Shard]) -> None:
        for n, name in enumerate(self.names):
            places = [
                [i for i, block in enumerate(shard.collector.blocks) if isinstance(block, Past)][n] for shard in shards
            ]
            found = sum(shard.collector.counts[place + 1] for shard, place in zip(shards, places, strict=True))
            self.league.payoff.add(self.learner.name, name, float(found[0]), float(found[1] + found[2] / 2))

    def state(self) -> dict[str, Any]:
        return {"names": list(self.names)}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.names = [str(name) for name in state["names"]]


class Everybody:
    """Weights by name: of the learners as they are, and of the past as it was."""

    def __init__(self) -> None:
        self.learners: dict[str, ppo.Ppo] = {}
        self.past: dict[str, Weights] = {}

    def weights_of(self, name: str) -> Weights:
        if name in self.past:
            return self.past[name]
        return {key: array.copy() for key, array in self.learners[name].weights().items()}


class LeagueWork:
    """See the module; a `loop.Work`, whose round is a round of one learner. step counts the decisions of all."""

    def __init__(self, config: Config, game: Game, run: Run | None = None) -> None:
        self.config, self.game, self.run, self.step, self.turns = config, game, run, 0, 0
        roles = [(MAIN, config.mains), (EXPLOITER, config.exploiters), (LEAGUE_EXPLOITER, config.league_exploiters)]
        learners = [Learner(f"{role.replace(' ', '-')}-{n}", role) for role, count in roles for n in range(count)]
        self.league = League(learners, least=config.least, most=config.most)
        self.league.payoff.decay = config.decay
        self.everybody = Everybody()
        self.fleet = fleet(config, game, run)
        for n, learner in enumerate(learners):
            self.everybody.learners[learner.name] = self._learner(learner, n)

    def _learner(self, learner: Learner, number: int) -> ppo.Ppo:
        c = self.config
        settings = ppo.Config(
            seed=(c.seed + 104_729 * number) % (1 << 63), rows=c.rows, ticks=c.ticks, epochs=c.epochs, batch=c.batch, rate=c.rate,
            anneal=False, entropy=c.entropy, entropy_end=c.entropy, gamma=c.gamma, past=1.0, net=c.net, hidden=c.hidden, layers=c.layers,
            threads=c.threads or (0 if c.ray else 1), shard=c.shard, snapshot=1_000_000,
            device=c.device,
        )  # fmt: skip
        made = ppo.Ppo(settings, self.game, shared=self.fleet)
        made.roster = Bench(settings, made.nets, self.league, learner, self.everybody)
        return made

    # ------------------------------------------------------------------ a round
    def round(self, progress: float) -> dict[str, float]:
        """The next learner's round; see `loop.Work`."""
        learner = self.league.learners[self.turns % len(self.league.learners)]
        work = self.everybody.learners[learner.name]
        before = work.step
        found = work.round(progress)
        self.turns += 1
        learner.steps += work.step - before
        self.step += work.step - before
        if self.league.ready(learner):
            self._keep(learner, work)
        if self.turns % (STAY * len(self.league.learners)) == 0:
            self._write()
        return self._told(learner, found)

    def _keep(self, learner: Learner, work: ppo.Ppo) -> None:
        weights = self.everybody.weights_of(learner.name)
        entry, anew = self.league.keep(learner, int(fold(fold(self.config.seed, 31), self.turns)))
        self.everybody.past[entry.name] = weights
        if self.run is not None:
            self.run.note(f"{entry.name} is kept{', and its learner begins anew' if anew else ''}")
        if anew:
            for n, (name, each) in enumerate(work.nets.items()):
                each.theta[:] = net.make(each.plan, int(fold(fold(self.config.seed, 37), 64 * self.turns + n))).theta
                each.sync()
                work.begin(name)
            for shard in work.shards:
                shard.collector.forget()

    def _write(self) -> None:
        """league.json, for people and the monitor: how the first main player stands with everybody, the newest of the past first."""
        if self.run is None:
            return
        main = self.league.learners[0]
        everybody = [(each.name, each.role) for each in self.league.learners]
        everybody += [(each.name, each.role) for each in reversed(self.league.past)]
        games = self.league.payoff.games
        met = [
            {
                "name": name,
                "role": role,
                "rate": self.league.payoff.rate(main.name, name),
                "games": games.get((main.name, name), 0.0),
            }
            for name, role in everybody
        ]
        self.run.keep("league.json", json.dumps({"player": main.name, "met": met}, indent=1).encode())

    def _told(self, learner: Learner, found: Mapping[str, float]) -> dict[str, float]:
        """The learner's figures under its name, the first main player's rates, and how many there are."""
        main = self.league.learners[0].name
        told = {f"{learner.name}/{name}": found[name] for name in ("entropy", "kl", "explained") if name in found}
        for other in [*(each.name for each in self.league.learners[1:]), *(old.name for old in self.league.past[-3:])]:
            told[f"won/{other}"] = self.league.payoff.rate(main, other)
        return told | {"kept": float(len(self.league.past))}

    # ------------------------------------------------------------------ freezing and thawing
    def weights(self) -> Weights:
        """Of the first main player."""
        return self.everybody.learners[self.league.learners[0].name].weights()

    def state(self) -> dict[str, Any]:
        """See `loop.Work`."""
        each = self.everybody.learners
        first = each[self.league.learners[0].name]
        return {
            "nets": {name: one.plan.tree() for name, one in first.nets.items()}, "policy": "softmax",
            "scale": first.shards[0].collector.unit, "turns": self.turns,
            "league": self.league.state(), "past": {name: dict(weights) for name, weights in self.everybody.past.items()},
            "learners": {name: {"weights": dict(one.weights()), "state": one.state(), "step": one.step} for name, one in each.items()},
        }  # fmt: skip

    def restore(self, weights: Mapping[str, np.ndarray], state: Mapping[str, Any]) -> None:
        self.turns = int(state["turns"])
        self.league.restore(state["league"])
        self.everybody.past = {str(name): dict(kept) for name, kept in state["past"].items()}
        for learner in self.league.learners:
            one, kept = self.everybody.learners[learner.name], state["learners"][learner.name]
            one.restore(kept["weights"], kept["state"])
            one.step = int(kept["step"])
            assert isinstance(one.roster, Bench)
            one.roster.learner = learner

    def close(self) -> None:
        for one in self.everybody.learners.values():
            one.close()
        if self.fleet is not None:
            self.fleet.close()


def train(config: Config, game: str | Game, run: str | os.PathLike[str], **more: Any) -> Path:
    """Train on a game into a folder; see `loop.drive` for the rest."""
    return drive(lambda rules, opened: LeagueWork(config, rules, opened), config, game, run, **more)
