"""Proximal policy optimisation by self-play: masked, on per-seat streams, against the current self, former selves and others.

Sources: Schulman et al., "Proximal Policy Optimization Algorithms" (2017) and "High-Dimensional Continuous Control Using Generalized
Advantage Estimation" (2016); former selves drawn by how hard they are to beat as in Vinyals et al., "Grandmaster level in StarCraft II"
(2019). Each role of a game has a network of its own; all seats of a role share it. One that remembers (see `recurrent`) learns along the
sequences of a rollout. A limit of ticks is a rule like any other: an episode that reaches it has ended. On several threads the batch is
cut into shards; the result follows from seed, settings and number of threads.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from arena.training import device, kernels, net
from arena.training.away import Fleet, fleet
from arena.training.config import SelfPlay, setting
from arena.training.loop import drive
from arena.training.optimiser import Optimiser
from arena.training.roster import Roster
from arena.training.run import Run
from arena.training.shards import Part, Shard, at_once, cut, gradient_steps, joined, together, uncut
from arena.training.streams import Stream
from arena.training.threads import one_thread, shards_of
from envs.game import Game
from envs.spec import Role

__all__ = ["Config", "Ppo", "train"]


@dataclass(frozen=True)
class Config(SelfPlay):
    """Settings of PPO; see `arena train --algo ppo --settings`."""

    rows: int = setting(1024, "games that are played at once", 1, 1 << 20)
    ticks: int = setting(32, "ticks of a rollout", 1, 1 << 16)
    epochs: int = setting(2, "passes over each rollout", 1, 100)
    batch: int = setting(8192, "samples of a gradient step", 1, 1 << 24)
    rate: float = setting(1e-3, "learning rate of Adam", 0.0, 1.0)
    anneal: bool = setting(True, "let the learning rate fall linearly to a tenth")
    gamma: float = setting(0.99, "discount of a decision", 0.0, 1.0)
    lam: float = setting(0.95, "lambda of the advantages", 0.0, 1.0)
    clip: float = setting(0.2, "how far a probability may move, as a ratio", 0.0, 10.0)
    entropy: float = setting(0.01, "weight of the entropy", 0.0, 10.0)
    entropy_end: float = setting(0.01, "weight of the entropy at the end of the budget", 0.0, 10.0)
    value: float = setting(0.5, "weight of the value's loss", 0.0, 100.0)
    norm: float = setting(0.5, "greatest length of a gradient; 0 for any", 0.0, 1e6)
    hidden: int = setting(64, "width of hidden layers (channels of conv)", 1, 4096)


def train(config: Config, game: str | Game, run: str | os.PathLike[str], **more: Any) -> Path:
    """Train on a game (a name, an address, or a Game) into a folder; see `loop.drive` for the rest."""
    return drive(lambda rules, folder: Ppo(config, rules, folder), config, game, run, **more)


class Ppo:
    """See the module; a `loop.Work`. remembers: whether its networks may. shared: workers of a cluster that others keep."""

    remembers = True

    def __init__(self, config: Config, game: Game, run: Run | None = None, shared: Fleet | None = None) -> None:
        net.demand_listed("ppo", game)
        self.config, self.game, self.step, self.rounds = config, game, 0, 0
        self.device = device.chosen(config.device)
        self.nets = {role.name: self._network(role, n) for n, role in enumerate(game.spec.roles)}
        self.optimisers: dict[str, Optimiser] = {}
        self.learners: dict[str, device.Learner] = {}
        for name in self.nets:
            self.begin(name)
        self.fleet = shared or fleet(config, game, run)
        away = self.fleet.cores if self.fleet else 0
        self._cut(shards_of(config.rows, config.threads, config.shard, self.nets.values(), away))
        self.roster = Roster(config, self.nets, run)

    def _cut(self, count: int) -> None:
        """Cut the batch into so many shards, each with a thread."""
        self.crew, self.shards = cut(self.game, self.config, self.nets, count)

    def _network(self, role: Role, number: int) -> net.Net:
        """A role's network: the logits of all its factors and a value."""
        config, outputs = self.config, sum(role.actions.factors) + 1
        plan = net.plan_for(
            self.game, role, kind=config.net, view=config.view, hidden=config.hidden, layers=config.layers, outputs=outputs,
            memory=self.remembers,
        )  # fmt: skip
        return net.make(plan, config.seed + 7919 * number, self.device)

    def begin(self, name: str) -> None:
        """A fresh optimiser for a network that begins, and what learns on the device where there is one."""
        each = self.nets[name]
        self.optimisers[name] = Optimiser(device.parameters(each))
        if self.device != "cpu":
            self.learners[name] = device.Learner(each, self.optimisers[name])

    # ------------------------------------------------------------------ a round
    def round(self, progress: float) -> dict[str, float]:
        """Play, assess, learn; see `loop.Work`."""
        with one_thread():
            self.roster.seat(self.shards, self.rounds)
            if self.fleet is None:
                valid = sum(at_once(self.crew, self.shards, self.config, self._play))
            else:
                valid = self.fleet.play(self.config, self.shards, self.nets, self.roster.former(), self.rounds)
            metrics = self._learn(progress) if valid else {}
        self.step += valid
        self.rounds += 1
        self.roster.settle(self.shards)
        if self.rounds % self.config.snapshot == 0:
            self.roster.keep(self.step)
        return metrics | self.roster.metrics(self.shards)

    def _play(self, shard: Shard) -> int:
        shard.collector.collect(shard.passes, self.rounds)
        return shard.collector.assess(shard.passes, self.config.gamma, self.config.lam)

    def _learn(self, progress: float) -> dict[str, float]:
        metrics: dict[str, float] = {}
        for name in self.nets:
            found = self._learn_role(name, progress)
            metrics |= found if len(self.nets) == 1 else {f"{name}/{key}": value for key, value in found.items()}
            metrics["entropy_share"] = min(found.get("entropy_share", 1.0), metrics.get("entropy_share", 1.0))
        return metrics

    def _learn_role(self, name: str, progress: float) -> dict[str, float]:
        """All epochs of one role's network; the mean losses."""
        config = self.config
        choices = self.crew.map(lambda shard: shard.choose(name), self.shards)
        count = sum(map(len, choices))
        if not count:
            return {}
        mean, spread = _moments(
            [shard.stream(name).flat("advantage")[chosen] for shard, chosen in zip(self.shards, choices, strict=True)]
        )
        rate = config.rate * (1.0 - 0.9 * progress if config.anneal else 1.0)
        entropy = config.entropy + (config.entropy_end - config.entropy) * progress
        steps = max(1, round(count / config.batch))
        learn = self._learn_there if name in self.learners else self._learn_here
        given = gradient_steps(self.shards, name, choices, self.rounds, config.epochs, steps)
        sums, length = learn(name, given, (mean, spread, entropy), rate)
        return self._told(name, sums / (count * config.epochs), length / (steps * config.epochs), choices) | {
            "rate": rate
        }

    def _learn_here(
        self, name: str, given: Iterable[tuple[Part, ...]], scales: tuple[float, ...], rate: float
    ) -> tuple[np.ndarray, float]:
        """All gradient steps, shards on threads: the sums of the losses, and of the gradients' lengths. scales: mean, spread, entropy."""
        sums, length = np.zeros(5), 0.0
        for parts in given:
            size = max(1, sum(map(len, parts)))
            jobs = [(shard, name, part, (*scales, 1.0 / size)) for shard, part in zip(self.shards, parts, strict=True)]
            sums += np.sum(self.crew.map(self._gradient, jobs), axis=0)
            total = self.shards[0].passes[name].gradient
            for shard in self.shards[1:]:
                total += shard.passes[name].gradient
            length += self.optimisers[name].step(total, rate, self.config.norm)
        return sums, length

    def _learn_there(
        self, name: str, given: Iterable[tuple[Part, ...]], scales: tuple[float, ...], rate: float
    ) -> tuple[np.ndarray, float]:
        """The same on the device, where the rollout is sent once."""
        from arena.training import losses  # noqa: PLC0415  it loads torch

        shards, config, (mean, spread, entropy) = self.shards, self.config, scales
        gain = (together(shards, name, "advantage") - np.float32(mean)) * np.float32(1.0 / spread)
        rows = {each: together(shards, name, each) for each in ("x", "mask", "action", "logp", "target")}
        self.learners[name].take(rows | {"gain": gain})
        edges = shards[0].stream(name).edges.tolist()
        return self.learners[name].learn(
            (joined(shards, name, parts) for parts in given),
            lambda out, rows: losses.ppo(out, rows, edges, config.clip, entropy, config.value), rate, config.norm,
        )  # fmt: skip

    def _gradient(self, job: tuple[Shard, str, Part, tuple[float, ...]]) -> np.ndarray:
        """A shard's part of a gradient step, into its pass; the sums of its losses."""
        shard, name, part, (mean, spread, entropy, share) = job
        way, s, config = shard.passes[name], shard.stream(name), self.config
        way.gradient[:] = 0
        sums = np.zeros(5)
        for chosen, out in shard.outputs(name, part):
            mask, action, logp, target, gain = shard.decisions(name, chosen)
            gain -= np.float32(mean)
            gain *= np.float32(1.0 / spread)
            score, weight, slope = (each[: len(chosen)] for each in shard.scratch[name])
            kernels.shift(out, mask, s.edges, score)
            np.exp(score, out=weight)
            kernels.ppo_gradient(
                score, weight, s.edges, action, logp, gain, target, config.clip, entropy, config.value, share, out, slope, sums
            )  # fmt: skip
            way.back(slope)
        return sums

    def _told(self, name: str, means: np.ndarray, length: float, choices: list[np.ndarray]) -> dict[str, float]:
        """The means of a round under their names."""
        streams = [shard.stream(name) for shard in self.shards]
        masks, targets, gains = (
            [s.flat(each)[chosen] for s, chosen in zip(streams, choices, strict=True)]
            for each in ("mask", "target", "advantage")
        )
        target, gain = np.concatenate(targets), np.concatenate(gains)
        # Of every eighth sample: it is a scale, not a result.
        greatest = _greatest_entropy(streams[0], [mask[::8] for mask in masks])
        variance = float(target.var())
        losses = dict(zip(("policy_loss", "value_loss", "entropy", "kl", "clipped"), means.tolist(), strict=True))
        return losses | {
            "gradient": length, "entropy_share": losses["entropy"] / greatest if greatest else 1.0,
            "explained": 1.0 - float(gain.var()) / variance if variance else 0.0,
        }  # fmt: skip

    # ------------------------------------------------------------------ freezing and thawing
    def weights(self) -> dict[str, np.ndarray]:
        return net.named(self.nets)

    def state(self) -> dict[str, Any]:
        """See `loop.Work`; `nets` is what a player needs to read the weights."""
        return {
            "nets": {name: each.plan.tree() for name, each in self.nets.items()}, "policy": "softmax", "rounds": self.rounds,
            "scale": self.shards[0].collector.unit,
            "optimisers": {name: each.state() for name, each in self.optimisers.items()},
            "shards": [shard.collector.snapshot() for shard in self.shards], "roster": self.roster.state(),
        }  # fmt: skip

    def restore(self, weights: Mapping[str, np.ndarray], state: Mapping[str, Any]) -> None:
        net.fill(self.nets, weights)
        self.rounds = int(state["rounds"])
        if len(state["shards"]) != len(self.shards):
            # A machine with other cores, a cluster, or an older version has chosen another number: the run keeps it.
            uncut(self.crew, self.shards)
            self._cut(len(state["shards"]))
        for name, each in self.optimisers.items():
            each.restore(state["optimisers"][name])
        for shard, snapshot in zip(self.shards, state["shards"], strict=True):
            shard.collector.restore(snapshot)
        self.roster.restore(state["roster"])

    def close(self) -> None:
        uncut(self.crew, self.shards)
        if self.fleet is not None and self.config.ray:
            self.fleet.close()


def _moments(arrays: list[np.ndarray]) -> tuple[float, float]:
    """Mean and spread of all values; a spread of almost nothing counts as one."""
    values = np.concatenate(arrays)
    spread = float(values.std())
    return float(values.mean()), spread if spread > 1e-6 else 1.0


def _greatest_entropy(stream: Stream, masks: list[np.ndarray]) -> float:
    """The mean entropy of uniform choices among what was allowed."""
    mask = np.concatenate(masks)
    bounds = zip(stream.edges[:-1].tolist(), stream.edges[1:].tolist(), strict=True)
    return float(sum(np.log(np.maximum(mask[:, a:b].sum(axis=1), 1)).mean() for a, b in bounds))
