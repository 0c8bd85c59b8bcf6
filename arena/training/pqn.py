"""Parallelised Q-learning by self-play: LayerNorm, no replay, no target network, Q(lambda) over each seat's own stream.

Source: Gallici et al., "Simplifying Deep Temporal Difference Learning" (2024). As in the paper: LayerNorm before every activation, values
kept at collection, targets worked out once a rollout from behind, half the mean squared error, RAdam, exploration that falls linearly.
Changed for games: a seat's next state is its own next decision. With v the greatest value of a state, the targets are those of
`kernels.advantages`: r + gamma ((1 - lambda) v' + lambda G') = v + A. A network that remembers (the paper's PQN-RNN) learns along the
sequences of a rollout from the memory that was stored when it began, as in `ppo`. Only games whose actions are one listed choice.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from arena.training import action_values, device, net
from arena.training.away import fleet
from arena.training.config import SelfPlay, setting
from arena.training.loop import drive
from arena.training.optimiser import Optimiser
from arena.training.roster import Roster
from arena.training.run import Run
from arena.training.shards import Part, Shard, at_once, cut, gradient_steps, joined, together, uncut
from arena.training.threads import one_thread, shards_of
from envs.errors import UserError
from envs.game import Game
from envs.spec import Discrete

__all__ = ["Config", "Pqn", "train"]


@dataclass(frozen=True)
class Config(SelfPlay):
    """Settings of PQN; see `arena train --algo pqn --settings`."""

    rows: int = setting(512, "games that are played at once", 1, 1 << 20)
    ticks: int = setting(32, "ticks of a rollout", 1, 1 << 16)
    epochs: int = setting(2, "passes over each rollout", 1, 100)
    batch: int = setting(2048, "samples of a gradient step", 1, 1 << 24)
    rate: float = setting(1e-3, "learning rate of RAdam", 0.0, 1.0)
    anneal: bool = setting(True, "let the learning rate fall linearly to a tenth")
    gamma: float = setting(0.99, "discount of a decision", 0.0, 1.0)
    lam: float = setting(0.65, "lambda of the targets", 0.0, 1.0)
    epsilon: float = setting(1.0, "share of random actions at the beginning", 0.0, 1.0)
    epsilon_end: float = setting(0.05, "share of random actions once it has fallen", 0.0, 1.0)
    exploring: float = setting(0.1, "share of the budget in which it falls", 0.0, 1.0)
    norm: float = setting(10.0, "greatest length of a gradient; 0 for any", 0.0, 1e6)


def train(config: Config, game: str | Game, run: str | os.PathLike[str], **more: Any) -> Path:
    """Train on a game (a name, an address, or a Game) into a folder; see `loop.drive` for the rest."""
    return drive(lambda rules, folder: Pqn(config, rules, folder), config, game, run, **more)


class Pqn:
    """See the module; a `loop.Work`."""

    def __init__(self, config: Config, game: Game, run: Run | None = None) -> None:
        demand_single("pqn", game)
        self.config, self.game, self.step, self.rounds = config, game, 0, 0
        self.nets = networks(config, game, norm=True, memory=True)
        self.optimisers = {name: Optimiser(device.parameters(each), "radam") for name, each in self.nets.items()}
        self.fleet = fleet(config, game, run)
        away = self.fleet.cores if self.fleet else 0
        self._cut(shards_of(config.rows, config.threads, config.shard, self.nets.values(), away))
        self.roster = Roster(config, self.nets, run)

    def _cut(self, count: int) -> None:
        """Cut the batch into so many shards, each with a thread."""
        self.crew, self.shards = cut(self.game, self.config, self.nets, count)

    def round(self, progress: float) -> dict[str, float]:
        """Play, work out targets, learn; see `loop.Work`."""
        config = self.config
        fallen = min(1.0, progress / config.exploring) if config.exploring else 1.0
        epsilon = config.epsilon + (config.epsilon_end - config.epsilon) * fallen
        for shard in self.shards:
            shard.collector.epsilon = np.full(shard.collector.vec.num, epsilon, np.float32)
        with one_thread():
            self.roster.seat(self.shards, self.rounds)
            if self.fleet is None:
                valid = sum(at_once(self.crew, self.shards, config, self._play))
            else:
                valid = self.fleet.play(self.config, self.shards, self.nets, self.roster.former(), self.rounds)
            rate = config.rate * (1.0 - 0.9 * progress if config.anneal else 1.0)
            metrics = self._learn(rate) if valid else {}
        self.step += valid
        self.rounds += 1
        self.roster.settle(self.shards)
        if self.rounds % config.snapshot == 0:
            self.roster.keep(self.step)
        return metrics | {"epsilon": float(epsilon), "rate": rate} | self.roster.metrics(self.shards)

    def _play(self, shard: Shard) -> int:
        shard.collector.collect(shard.passes, self.rounds)
        return shard.collector.assess(shard.passes, self.config.gamma, self.config.lam)

    def _learn(self, rate: float) -> dict[str, float]:
        """All epochs of all networks; the mean loss, the mean value of what was played, the length of gradients."""
        sums, length, count, steps = np.zeros(2), 0.0, 0, 0
        for name, each in self.nets.items():
            given = self._steps(name)
            learn = self._learn_here if each.device == "cpu" else self._learn_there
            found, lengths = learn(name, given, rate)
            sums, length = sums + found, length + lengths
            count, steps = count + sum(len(part) for parts in given for part in parts), steps + len(given)
        loss, value = (sums / max(count, 1)).tolist()
        return {"loss": loss, "q": value, "gradient": length / max(steps, 1)}

    def _steps(self, name: str) -> list[tuple[Part, ...]]:
        """The decisions of each gradient step of all epochs, a part for each shard."""
        choices = [shard.choose(name) for shard in self.shards]
        count = max(1, round(sum(map(len, choices)) / self.config.batch))
        given = gradient_steps(self.shards, name, choices, self.rounds, self.config.epochs, count)
        return [parts for parts in given if any(map(len, parts))]

    def _learn_here(self, name: str, given: list[tuple[Part, ...]], rate: float) -> tuple[np.ndarray, float]:
        """All gradient steps: the sums of losses and values, and of the gradients' lengths."""
        sums, length = np.zeros(2), 0.0
        for parts in given:
            share = 1.0 / sum(map(len, parts))
            jobs = [(shard, name, part, share) for shard, part in zip(self.shards, parts, strict=True)]
            sums += np.sum(self.crew.map(self._gradient, jobs), axis=0)
            total = self.shards[0].passes[name].gradient
            for shard in self.shards[1:]:
                total += shard.passes[name].gradient
            length += self.optimisers[name].step(total, rate, self.config.norm)
        return sums, length

    def _learn_there(self, name: str, given: list[tuple[Part, ...]], rate: float) -> tuple[np.ndarray, float]:
        """The same on the device, where the rollout is sent once."""
        from arena.training import losses  # noqa: PLC0415  it loads torch

        learner = device.Learner(self.nets[name], self.optimisers[name])
        learner.take({each: together(self.shards, name, each) for each in ("x", "action", "target")})
        whole = [joined(self.shards, name, parts) for parts in given]
        return learner.learn(whole, losses.mean_square, rate, self.config.norm)

    def _gradient(self, job: tuple[Shard, str, Part, float]) -> np.ndarray:
        """The gradient of half the squared errors times a share, into the shard's pass; sums of losses and values."""
        shard, name, part, share = job
        way = shard.passes[name]
        way.gradient[:] = 0
        sums = np.zeros(2)
        for chosen, out in shard.outputs(name, part):
            slope = np.zeros_like(out)
            action, target = (shard.rows(name, each, chosen) for each in ("action", "target"))
            action_values.q_gradient(out, action, target, share, slope, sums)
            way.back(slope)
        return sums

    # ------------------------------------------------------------------ freezing and thawing
    def weights(self) -> dict[str, np.ndarray]:
        return net.named(self.nets)

    def state(self) -> dict[str, Any]:
        """See `loop.Work`; `nets` is what a player needs to read the weights."""
        return {
            "nets": {name: each.plan.tree() for name, each in self.nets.items()}, "policy": "q", "rounds": self.rounds,
            "scale": self.shards[0].collector.unit, "roster": self.roster.state(),
            "shards": [shard.collector.snapshot() for shard in self.shards],
            "optimisers": {name: each.state() for name, each in self.optimisers.items()},
        }  # fmt: skip

    def restore(self, weights: Mapping[str, np.ndarray], state: Mapping[str, Any]) -> None:
        net.fill(self.nets, weights)
        self.rounds = int(state["rounds"])
        for name, each in self.optimisers.items():
            each.restore(state["optimisers"][name])
        snapshots = state["shards"] if "shards" in state else [state["shard"]]  # as older versions kept it
        if len(snapshots) != len(self.shards):
            # A machine with other cores, or a cluster, has chosen another number: the run keeps it.
            uncut(self.crew, self.shards)
            self._cut(len(snapshots))
        for shard, snapshot in zip(self.shards, snapshots, strict=True):
            shard.collector.restore(snapshot)
        self.roster.restore(state["roster"])

    def close(self) -> None:
        uncut(self.crew, self.shards)
        if self.fleet is not None:
            self.fleet.close()


def demand_single(who: str, game: Game) -> None:
    """Raises UserError unless every action of the game is one listed choice."""
    net.demand_listed(who, game)
    if not all(isinstance(role.actions, Discrete) for role in game.spec.roles):
        raise UserError(
            f"{who} learns the value of single choices, and an action of {game.id} has several parts: take ppo"
        )


def networks(config: Any, game: Game, norm: bool, dueling: bool = False, memory: bool = False) -> dict[str, net.Net]:
    """A network for each role: the values of all its actions, or, dueling, advantages and a value; memory as in `net.plan_for`."""
    made = {}
    for n, role in enumerate(game.spec.roles):
        plan = net.plan_for(
            game, role, kind=config.net, view=config.view, hidden=config.hidden, layers=config.layers,
            outputs=sum(role.actions.factors) + dueling, norm=norm, memory=memory,
        )  # fmt: skip
        made[role.name] = net.make(plan, config.seed + 7919 * n, device.chosen(config.device))
    return made
