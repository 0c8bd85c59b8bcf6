"""Behavioural cloning: a network learns from recordings what was done, and how well it ended for who did it.

Rows come in as an iterable of `Decision`, from recordings or from anywhere. A tenth of the episodes is never learned from; on it are
measured how often the likeliest action is the one that was taken, and how often the sign of the value is that of the outcome (the
winner). The run can be played from, and its weights are of the same kind as PPO's. A network that remembers learns along the whole sequence
of what a seat decided in an episode; all others learn from single decisions, in any order.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np

from arena.training import device, kernels, net
from arena.training.config import Common, setting
from arena.training.demonstrations import CHUNK, Decision, Rows, held_out, recorded
from arena.training.loop import drive
from arena.training.memory import Sequences
from arena.training.optimiser import Optimiser
from arena.training.run import Run
from arena.training.threads import let_torch, one_thread
from envs.errors import NOT_FOUND, UserError
from envs.game import Game

__all__ = ["Bc", "Config", "Decision", "held_out", "recorded", "train"]


@dataclass(frozen=True)
class Config(Common):
    """Settings of behavioural cloning; see `arena train --algo bc --help`."""

    recordings: str = setting("", "a recording, or a folder that is searched for them")
    winners: bool = setting(False, "learn actions only from seats that came out above zero")
    batch: int = setting(512, "samples of a gradient step", 1, 1 << 24)
    rate: float = setting(1e-3, "learning rate of Adam", 0.0, 1.0)
    value: float = setting(0.5, "weight of the value's loss", 0.0, 100.0)
    norm: float = setting(0.5, "greatest length of a gradient; 0 for any", 0.0, 1e6)
    net: str = setting("auto", "kind of network; auto reads it off the view", choices=net.KINDS)
    view: str = setting("", "view that the network reads; empty for the role's first")
    hidden: int = setting(64, "width of hidden layers (channels of conv)", 1, 4096)
    layers: int = setting(2, "hidden layers (residual blocks of conv)", 1, 64)
    device: str = setting(
        "auto", "where the networks learn; auto takes a GPU when torch sees one", choices=("auto", "cpu", "cuda")
    )
    threads: int = setting(0, "torch's threads; 0 for one, or all cores where a network is large", 0, 1024)


class Bc:
    """See the module; a `loop.Work`, whose round is a pass over all samples. step counts samples."""

    def __init__(self, config: Config, game: Game, decisions: Iterable[Decision], run: Run | None = None) -> None:
        net.demand_listed("bc", game)
        self.config, self.game, self.step, self.rounds = config, game, 0, 0
        every = list(decisions)
        self.nets: dict[str, net.Net] = {}
        self.rows: dict[str, Rows] = {}
        for n, role in enumerate(game.spec.roles):
            own = [each for each in every if game.spec.role(each.seat).name == role.name]
            if own:
                plan = net.plan_for(
                    game, role, kind=config.net, view=config.view, hidden=config.hidden, layers=config.layers,
                    outputs=sum(role.actions.factors) + 1, memory=True,
                )  # fmt: skip
                self.nets[role.name] = net.make(plan, config.seed + 7919 * n, device.chosen(config.device))
                self.rows[role.name] = Rows(game, plan.view, own, plan.remembers > 0)
        if not any((~rows.held).any() for rows in self.rows.values()):
            raise UserError("there is nothing to learn from: give recordings of more episodes", NOT_FOUND)
        let_torch(config.threads, self.nets.values())
        self.optimisers = {name: Optimiser(device.parameters(each)) for name, each in self.nets.items()}
        self.passes = {name: each.passing(CHUNK) for name, each in self.nets.items()}
        self.learners = {name: self._learner(name) for name, each in self.nets.items() if each.device != "cpu"}
        self.edges = {name: np.cumsum([0, *self._role(name).actions.factors]).astype(np.int64) for name in self.nets}

    def _role(self, name: str) -> Any:
        return next(role for role in self.game.spec.roles if role.name == name)

    def _learner(self, name: str) -> device.Learner:
        """What learns on the device; all samples are sent there, once."""
        learner, rows = device.Learner(self.nets[name], self.optimisers[name]), self.rows[name]
        counted = np.ones(len(rows.outcome), np.bool_) if not self.config.winners else rows.outcome > 0
        learner.take(
            {"x": rows.x, "mask": rows.mask, "action": rows.action, "outcome": rows.outcome, "counted": counted}
        )
        return learner

    # ------------------------------------------------------------------ learning
    def round(self, progress: float) -> dict[str, float]:
        """One pass over the samples of every role; see `loop.Work`."""
        metrics: dict[str, float] = {}
        with one_thread():
            for name in self.nets:
                found = self._pass(name, self.config.rate * (1 - 0.9 * progress)) | self._judge(name)
                metrics |= found if len(self.nets) == 1 else {f"{name}/{key}": value for key, value in found.items()}
        self.rounds += 1
        return metrics

    def _pass(self, name: str, rate: float) -> dict[str, float]:
        rows = self.rows[name]
        learned = np.flatnonzero(~rows.held)
        if not len(learned):
            return {"loss": 0.0, "value_loss": 0.0}
        order = np.random.default_rng([self.config.seed & 0xFFFFFFFF, self.rounds]).permutation(learned)
        count = int(rows.lengths[order].sum())
        parts = np.array_split(order, min(max(1, round(count / self.config.batch)), len(order)))
        sums = (self._learn_there if name in self.learners else self._learn_here)(name, parts, rate)
        self.step += count
        loss, miss = sums / max(1, count)
        return {"loss": float(loss), "value_loss": float(miss)}

    def _learn_here(self, name: str, parts: list[np.ndarray], rate: float) -> np.ndarray:
        """A gradient step for the units of each part: the sums of both losses."""
        rows, sums = self.rows[name], np.zeros(2)
        for part in parts:
            self.passes[name].gradient[:] = 0
            for units in rows.chunks(part):
                sums += self._slope(name, units, 1.0 / rows.lengths[part].sum())
            self.optimisers[name].step(self.passes[name].gradient, rate, self.config.norm)
        return sums

    def _learn_there(self, name: str, parts: list[np.ndarray], rate: float) -> np.ndarray:
        """The same on the device, to which only the places go."""
        from arena.training import losses  # noqa: PLC0415  it loads torch

        edges, value = self.edges[name].tolist(), self.config.value
        given = (self._part(name, units) for units in parts)
        sums, _ = self.learners[name].learn(
            given, lambda out, rows: losses.cloning(out, rows, edges, value), rate, self.config.norm
        )
        return sums

    def _part(self, name: str, units: np.ndarray) -> np.ndarray | Sequences:
        """The decisions of some units, as a `device.Learner` takes them."""
        rows, remembers = self.rows[name], self.nets[name].plan.remembers
        if not remembers:
            return rows.places(units)
        return Sequences(rows.places(units), rows.lengths[units], np.zeros((len(units), remembers), np.float32))

    def _outputs(self, name: str, units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(where the decisions of some units are, the network's outputs for them)"""
        rows, way = self.rows[name], self.passes[name]
        places, remembers = rows.places(units), self.nets[name].plan.remembers
        if not remembers:
            return places, way(rows.x[places])
        remembering = cast(net.Recalling, way)
        before = np.zeros((len(units), remembers), np.float32)
        return places, remembering.along(rows.x[places], rows.lengths[units], before)

    def _slope(self, name: str, units: np.ndarray, share: float) -> np.ndarray:
        """Carry the gradient of -log p(action) + value / 2 (v - outcome)^2 of some units back; the sums of both losses."""
        rows = self.rows[name]
        chunk, out = self._outputs(name, units)
        p = self._policy(name, out, rows.mask[chunk])
        taken = rows.action[chunk] + self.edges[name][:-1]
        counted = (
            np.ones(len(chunk), np.float32) if not self.config.winners else (rows.outcome[chunk] > 0).astype(np.float32)
        )
        slope = np.zeros_like(out)
        slope[:, :-1] = p
        np.add.at(slope, (np.arange(len(chunk))[:, None], taken), -1.0)
        slope *= counted[:, None] * np.float32(share)
        miss = out[:, -1] - rows.outcome[chunk]
        slope[:, -1] = np.float32(share * self.config.value) * miss
        loss = -(np.log(np.take_along_axis(p, taken, axis=1)).sum(axis=1) * counted).sum()
        losses = np.array([loss, 0.5 * np.square(miss).sum()])
        self.passes[name].back(slope)
        return losses

    def _policy(self, name: str, out: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """float32[N, A]: the probabilities of each factor's values."""
        score = np.empty(mask.shape, np.float32)
        kernels.shift(out, mask, self.edges[name], score)
        weight = np.exp(score)
        for a, b in pairwise(self.edges[name].tolist()):
            weight[:, a:b] /= weight[:, a:b].sum(axis=1, keepdims=True)
        return weight

    def _judge(self, name: str) -> dict[str, float]:
        """On what was held out, else on everything: how often the action and the winner are foretold."""
        rows = self.rows[name]
        chosen = np.flatnonzero(rows.held) if rows.held.any() else np.arange(len(rows.held))
        right, won, decided = (self._found_there if name in self.learners else self._found_here)(name, chosen)
        return {"accuracy": right / rows.lengths[chosen].sum(), "winner": won / decided if decided else 0.5}

    def _found_here(self, name: str, chosen: np.ndarray) -> tuple[float, float, float]:
        """Of some units: decisions whose action is foretold, whose winner is, and that have one."""
        rows, right, won, decided = self.rows[name], 0, 0, 0
        for units in rows.chunks(chosen):
            chunk, out = self._outputs(name, units)
            p = self._policy(name, out, rows.mask[chunk])
            best = np.stack([p[:, a:b].argmax(axis=1) for a, b in pairwise(self.edges[name].tolist())], axis=1)
            right += int((best == rows.action[chunk]).all(axis=1).sum())
            sure = rows.outcome[chunk] != 0
            won += int((np.sign(out[:, -1]) == np.sign(rows.outcome[chunk]))[sure].sum())
            decided += int(sure.sum())
        return right, won, decided

    def _found_there(self, name: str, chosen: np.ndarray) -> tuple[float, ...]:
        """The same on the device, which is waited for once."""
        from arena.training import losses  # noqa: PLC0415  it loads torch

        edges, parts = self.edges[name].tolist(), [self._part(name, units) for units in self.rows[name].chunks(chosen)]
        return tuple(self.learners[name].told(parts, lambda out, rows: losses.foretold(out, rows, edges)).tolist())

    # ------------------------------------------------------------------ freezing and thawing
    def weights(self) -> dict[str, np.ndarray]:
        return net.named(self.nets)

    def state(self) -> dict[str, Any]:
        """See `loop.Work`; the digest of the samples says whether a resumed run sees the same."""
        return {
            "nets": {name: each.plan.tree() for name, each in self.nets.items()}, "policy": "softmax", "rounds": self.rounds,
            "optimisers": {name: each.state() for name, each in self.optimisers.items()},
            "samples": {name: rows.digest() for name, rows in self.rows.items()},
        }  # fmt: skip

    def restore(self, weights: Mapping[str, np.ndarray], state: Mapping[str, Any]) -> None:
        if state["samples"] != {name: rows.digest() for name, rows in self.rows.items()}:
            raise UserError("the recordings are not those that the run began with: give the same, or begin a new run")
        net.fill(self.nets, weights)
        self.rounds = int(state["rounds"])
        for name, each in self.optimisers.items():
            each.restore(state["optimisers"][name])

    def close(self) -> None:
        pass


def train(
    config: Config, game: str | Game, run: str | os.PathLike[str], rows: Iterable[Decision] | None = None, **more: Any
) -> Path:
    """Learn from rows, or from `config.recordings`, into a folder; see `loop.drive` for the rest. UserError without either."""
    if rows is None and not config.recordings:
        raise UserError("what is to be learned from? give --recordings PATH, a recording or a folder of them")

    def make(rules: Game, opened: Run) -> Bc:
        return Bc(config, rules, recorded(config.recordings, rules) if rows is None else rows, opened)

    return drive(make, config, game, run, **more)
