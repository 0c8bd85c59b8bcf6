"""Deep Q-learning from a shared memory, in the manner of Ape-X: double, dueling, prioritised, n-step, with parallel actors.

Sources: Mnih et al. 2015; van Hasselt et al. 2016 (the online network chooses, the target network judges); Wang et al. 2016 (a value and
advantages, of which the mean is taken off); Schaul et al. 2016; Horgan et al., "Distributed Prioritized Experience Replay" (2018): actor i
of N explores with epsilon^(1 + 7 i / (N - 1)), one row is one actor. Changed: actors are rows of batches on threads, between whose
rollouts the learner works, so that a run is a function of its seed; what a seat does next is its own next decision. Networks that remember
learn along sequences (see `sequence_replay`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from arena.training import device, net
from arena.training.away import RAW, fleet
from arena.training.config import SelfPlay, setting
from arena.training.loop import drive
from arena.training.optimiser import Optimiser
from arena.training.pqn import demand_single, networks
from arena.training.q_steps import Steps, worth
from arena.training.replay import Replay, transitions
from arena.training.roster import Roster
from arena.training.run import Run
from arena.training.sequence_replay import SequenceReplay, learn_along, stored
from arena.training.shards import Shard, at_once, cut, uncut
from arena.training.streams import Stream
from arena.training.threads import one_thread, shards_of
from envs import keys
from envs.game import Game

__all__ = ["Config", "Dqn", "train"]


@dataclass(frozen=True)
class Config(SelfPlay):
    """Settings of DQN; see `arena train --algo dqn --settings`."""

    rows: int = setting(128, "games that are played at once, each an actor", 1, 1 << 16)
    ticks: int = setting(32, "ticks of a rollout", 2, 1 << 12)
    batch: int = setting(512, "samples of a gradient step", 1, 1 << 20)
    reuse: float = setting(4.0, "how often a sample is learned from, on average", 0.01, 1000.0)
    memory: int = setting(17, "logarithm to base 2 of the transitions that are kept", 4, 26)
    warm: int = setting(5000, "transitions before learning begins", 1, 1 << 26)
    alpha: float = setting(0.6, "how much surprise counts in drawing; 0 not at all", 0.0, 1.0)
    beta: float = setting(0.4, "how much of the bias that this brings is taken away; 1 at the end", 0.0, 1.0)
    span: int = setting(3, "decisions until the value of a state is looked up (n)", 1, 64)
    burn: int = setting(0, "with a memory: decisions at the head of a sequence that only lead it on", 0, 64)
    target: int = setting(200, "gradient steps between copies to the target network", 1, 1_000_000)
    rate: float = setting(5e-4, "learning rate of Adam", 0.0, 1.0)
    gamma: float = setting(0.99, "discount of a decision", 0.0, 1.0)
    epsilon: float = setting(0.4, "share of random actions of the boldest actor", 0.0, 1.0)
    shyness: float = setting(7.0, "exponent that the most cautious actor adds to 1", 0.0, 100.0)
    norm: float = setting(10.0, "greatest length of a gradient; 0 for any", 0.0, 1e6)
    snapshot: int = setting(100, "rounds between former selves", 1, 1_000_000)


def train(config: Config, game: str | Game, run: str | os.PathLike[str], **more: Any) -> Path:
    """Train on a game (a name, an address, or a Game) into a folder; see `loop.drive` for the rest."""
    return drive(lambda rules, folder: Dqn(config, rules, folder), config, game, run, **more)


def boldness(config: Config, rows: int) -> np.ndarray:
    """float32[rows]: every actor's share of random actions."""
    spread = np.arange(rows) / max(rows - 1, 1)
    return np.asarray(config.epsilon ** (1.0 + config.shyness * spread), np.float32)


class Dqn:
    """See the module; a `loop.Work`."""

    def __init__(self, config: Config, game: Game, run: Run | None = None) -> None:
        demand_single("dqn", game)
        self.config, self.game, self.step, self.rounds, self.updates = config, game, 0, 0, 0
        self.nets = networks(config, game, norm=False, dueling=True, memory=True)
        self.judges = {name: net.make(each.plan, 0, each.device) for name, each in self.nets.items()}
        self.optimisers = {name: Optimiser(device.parameters(each)) for name, each in self.nets.items()}
        self.device = device.chosen(config.device)
        self.fleet = fleet(config, game, run, RAW)
        away = self.fleet.cores if self.fleet else 0
        self._cut(shards_of(config.rows, config.threads, config.shard, self.nets.values(), away))
        self.here = Steps(
            config, self.nets, self.judges, self.optimisers, worth(config.batch, config.threads, self.nets.values())
        )
        self.memories = {name: self._memory(name) for name in self.nets}
        self.learners = {
            name: device.Learner(each, self.optimisers[name])
            for name, each in self.nets.items()
            if self.device != "cpu" or each.plan.remembers
        }
        self.roster = Roster(config, self.nets, run)
        self._copy()
        self._send()

    def _cut(self, count: int) -> None:
        """Cut the batch into so many shards, each with a thread, and with bold and cautious actors."""
        self.crew, self.shards = cut(self.game, self.config, self.nets, count)
        for shard in self.shards:
            shard.collector.epsilon = boldness(self.config, shard.collector.vec.num)

    def _memory(self, name: str) -> Replay:
        s = self.shards[0].stream(name)
        if s.memory is not None:
            return SequenceReplay(1 << self.config.memory, s, self.config.alpha)
        shape, width = s.x.shape[3:], s.mask.shape[3]
        fields = {
            "x": (shape, s.x.dtype), "action": ((1,), np.int32), "returns": ((), np.float32), "discount": ((), np.float32),
            "next": (shape, s.x.dtype), "mask": ((width,), np.bool_),
        }  # fmt: skip
        return Replay(1 << self.config.memory, fields, self.config.alpha)

    def _copy(self) -> None:
        for name, judge in self.judges.items():
            device.parameters(judge)[:] = device.parameters(self.nets[name])

    def _send(self) -> None:
        """The whole memory goes to the device, where there is one; later each rollout's transitions follow."""
        for name, learner in self.learners.items():
            learner.take(self.memories[name].sent)

    # ------------------------------------------------------------------ a round
    def round(self, progress: float) -> dict[str, float]:
        """Play, remember, learn; see `loop.Work`."""
        with one_thread():
            self.roster.seat(self.shards, self.rounds)
            if self.fleet is None:
                at_once(self.crew, self.shards, self.config, self._play)
            else:
                self.fleet.play(self.config, self.shards, self.nets, self.roster.former(), self.rounds)
            found = sum(self._remember(name) for name in self.nets)
            metrics = self._learn(found, progress)
        self.step += found
        self.rounds += 1
        self.roster.settle(self.shards)
        if self.rounds % self.config.snapshot == 0:
            self.roster.keep(self.step)
        return metrics | self.roster.metrics(self.shards)

    def _play(self, shard: Shard) -> None:
        shard.collector.collect(shard.passes, self.rounds)

    def _remember(self, name: str) -> int:
        """Put the transitions of the rollouts into the memory; how many."""
        count = 0
        for shard in self.shards:
            s = shard.stream(name)
            rows = self._transitions(shard, s)
            count += int(np.count_nonzero(s.valid))
            if len(rows["returns"]):
                places = self.memories[name].add(rows)
                if name in self.learners:
                    learner = self.learners[name]
                    learner.put(places, {field: rows[field] for field in learner.rows})
        return count

    def _transitions(self, shard: Shard, s: Stream) -> dict[str, np.ndarray]:
        collector, span = shard.collector, self.config.span
        returns, discount = np.zeros(s.seat.shape, np.float32), np.zeros(s.seat.shape, np.float32)
        ahead, lane = np.zeros(s.seat.shape, np.int64), np.zeros(s.seat.shape, np.int64)
        seats = collector.reward.shape[2]
        transitions(
            collector.reward, collector.done, s.seat, s.learn, span, self.config.gamma, returns, discount, ahead, lane, s.valid,
            np.zeros((seats, span + 1, 2)), np.zeros((seats, span + 1, 2), np.int64),
        )  # fmt: skip
        if s.memory is not None:
            return stored(s, returns, discount)
        t, b, i = np.nonzero(s.valid)
        later, there = ahead[t, b, i], lane[t, b, i]
        return {
            "x": s.x[t, b, i], "action": s.action[t, b, i], "returns": returns[t, b, i], "discount": discount[t, b, i],
            "next": s.x[later, b, there], "mask": s.mask[later, b, there],
        }  # fmt: skip

    def _learn(self, found: int, progress: float) -> dict[str, float]:
        """As many gradient steps as `reuse` asks for; the mean loss and value."""
        config, sums, length, steps = self.config, np.zeros(2), 0.0, 0
        beta = config.beta + (1.0 - config.beta) * min(progress, 1.0)
        for n, (name, memory) in enumerate(self.memories.items()):
            if memory.count < min(config.warm, memory.size):
                continue
            for k in range(max(1, round(config.reuse * found / len(self.nets) / config.batch))):
                key = keys.fold(keys.fold(keys.fold(config.seed, 900 + n), self.rounds), k)
                part, size = self._step(name, memory, key, beta)
                sums, length, steps = sums + part, length + size, steps + 1
                self.updates += 1
                if self.updates % self.config.target == 0:
                    self._copy()
            self.nets[name].fetch()
        scale = max(steps, 1)
        told = {"loss": float(sums[0]) / scale, "q": float(sums[1]) / scale, "gradient": length / scale}
        return told | {
            "memory": float(sum(each.count for each in self.memories.values())),
            "updates": float(self.updates),
        }

    def _step(self, name: str, memory: Replay, key: int, beta: float) -> tuple[np.ndarray, float]:
        """One gradient step on one draw; (mean loss and value, length of the gradient)."""
        if isinstance(memory, SequenceReplay):
            return learn_along(self.learners[name], self.judges[name], memory, self.config, key, beta)
        return (self._step_there if name in self.learners else self.here)(name, memory, key, beta)

    def _step_there(self, name: str, memory: Replay, key: int, beta: float) -> tuple[np.ndarray, float]:
        """The same on the device; what comes back is how wrong each value was, in one transfer: the next draw follows from it."""
        import torch  # noqa: PLC0415  an extra, 1 s

        from arena.training import losses  # noqa: PLC0415  it loads torch

        places, weights = memory.draw(self.config.batch, key, beta)
        learner, judge = self.learners[name], cast(Any, self.judges[name])
        rows = learner.at(places)
        with torch.no_grad():
            after = rows["next"].float()
            best = losses.double_best(learner.net.outputs(after), judge.outputs(after), rows["mask"])
        target = rows["returns"] + rows["discount"] * best
        rows |= {"target": target, "weight": learner.net.sent(weights)}
        total, sums, errors = losses.dueling(learner.net.outputs(rows["x"].float()), rows)
        length = self.optimisers[name].step_on(
            learner.net.gradient(total / len(places)), self.config.rate, self.config.norm
        )
        told = torch.cat([errors, sums, length[None]]).cpu().numpy()
        memory.surprise(places, told[:-3])
        return told[-3:-1] / len(places), float(told[-1])

    # ------------------------------------------------------------------ freezing and thawing
    def weights(self) -> dict[str, np.ndarray]:
        return net.named(self.nets)

    def state(self) -> dict[str, Any]:
        """See `loop.Work`; `nets` is what a player needs to read the weights."""
        for judge in self.judges.values():
            judge.fetch()
        return {
            "nets": {name: each.plan.tree() for name, each in self.nets.items()}, "policy": "dueling", "rounds": self.rounds,
            "scale": self.shards[0].collector.unit, "updates": self.updates, "roster": self.roster.state(),
            "judges": {name: each.theta.copy() for name, each in self.judges.items()},
            "optimisers": {name: each.state() for name, each in self.optimisers.items()},
            "memories": {name: each.state() for name, each in self.memories.items()},
            "shards": [shard.collector.snapshot() for shard in self.shards], "hands": self.here.count,
        }  # fmt: skip

    def restore(self, weights: Mapping[str, np.ndarray], state: Mapping[str, Any]) -> None:
        net.fill(self.nets, weights)
        self.rounds, self.updates = int(state["rounds"]), int(state["updates"])
        if len(state["shards"]) != len(self.shards):
            # A machine with other cores, a cluster, or an older version has chosen another number: the run keeps it.
            uncut(self.crew, self.shards)
            self._cut(len(state["shards"]))
        if int(state.get("hands", 1)) != self.here.count:
            self.here.close()
            self.here = Steps(self.config, self.nets, self.judges, self.optimisers, int(state.get("hands", 1)))
        for name in self.nets:
            self.judges[name].theta[:] = state["judges"][name]
            self.judges[name].sync()
            self.optimisers[name].restore(state["optimisers"][name])
            self.memories[name].restore(state["memories"][name])
        self._send()
        for shard, snapshot in zip(self.shards, state["shards"], strict=True):
            shard.collector.restore(snapshot)
        self.roster.restore(state["roster"])

    def close(self) -> None:
        uncut(self.crew, self.shards)
        self.here.close()
        if self.fleet is not None:
            self.fleet.close()
