"""Magnetic mirror descent with a network: the step of `mmd`, taken on sampled games by gradient descent; the last weights are the answer.

Source: Sokota et al. (ICLR 2023), section 5: PPO's objective, with a pull to the magnet and to the strategy before the step (both as KL
divergences of the new strategy from them). The same: annealing with the square root of the round, the last iterate. Changed: no clipping
of ratios, advantages are not normalised (streams scale payoffs to [-1, 1], so alpha and eta mean what they mean in `mmd`), and the
weights that are played from are the mean over the last part of the training. Playing and streams are those of `ppo`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from arena.training import kernels, net, ppo
from arena.training.loop import drive
from arena.training.run import Run
from arena.training.shards import CHUNK, Shard
from arena.training.streams import rows_of
from envs.drivers import Driver
from envs.game import Game

if TYPE_CHECKING:
    from arena.training.mmd import Config

__all__ = ["NetworkMmd", "gradient", "train"]


@Driver
def gradient(
    score: Any, weight: Any, edges: Any, action: Any, logp: Any, advantage: Any, target: Any, old: Any, old_weight: Any, alpha: float,
    per_eta: float, share: float, out: Any, slope: Any, sums: Any,
) -> None:  # fmt: skip
    """The gradient of the loss at a network's outputs out float32[N, A + 1], times `share`, into slope float32[N, A + 1].

    loss = -r A + alpha KL(p, uniform) + per_eta KL(p, p_old) + (v - target)^2 / 2, r the ratio of the probabilities of the action now and
    when it was drawn (logp). score, weight, old, old_weight float32[N, A]: shifted logits and their exponentials, now and before the step.
    Adds to sums float64[4]: r A, the entropy, KL(p, p_old), the value's loss.
    """
    width = score.shape[1]
    for n in range(score.shape[0]):
        now = 0.0
        for k in range(len(edges) - 1):
            norm = 0.0
            for a in range(edges[k], edges[k + 1]):
                norm += weight[n, a]
            now += score[n, edges[k] + action[n, k]] - math.log(norm)
        ratio = math.exp(now - logp[n])
        sums[0] += ratio * advantage[n]
        for k in range(len(edges) - 1):
            norm = 0.0
            old_norm = 0.0
            for a in range(edges[k], edges[k + 1]):
                norm += weight[n, a]
                old_norm += old_weight[n, a]
            entropy = 0.0
            apart = 0.0
            for a in range(edges[k], edges[k + 1]):
                p = weight[n, a] / norm
                if p > 0.0:
                    log_p = score[n, a] - math.log(norm)
                    entropy -= p * log_p
                    apart += p * (log_p - old[n, a] + math.log(old_norm))
            for a in range(edges[k], edges[k + 1]):
                p = weight[n, a] / norm
                pull = 0.0
                if p > 0.0:
                    log_p = score[n, a] - math.log(norm)
                    pull = alpha * (log_p + entropy) + per_eta * (log_p - old[n, a] + math.log(old_norm) - apart)
                slope[n, a] = share * p * (pull + ratio * advantage[n])
            slope[n, edges[k] + action[n, k]] -= share * ratio * advantage[n]
            sums[1] += entropy
            sums[2] += apart
        miss = out[n, width] - target[n]
        slope[n, width] = share * miss
        sums[3] += 0.5 * miss * miss


class NetworkMmd(ppo.Ppo):
    """A `loop.Work`; plays as `ppo` does, learns by `gradient`. `mean`: the mean weights of `counted` rounds, by role."""

    remembers = False

    def __init__(self, settings: Config, game: Game, run: Run | None = None) -> None:
        playing = ppo.Config(
            seed=settings.seed, rows=settings.rows, ticks=settings.ticks, epochs=settings.epochs, batch=settings.batch, rate=settings.rate,
            gamma=1.0, lam=settings.lam, past=0.0, hidden=settings.hidden, layers=settings.layers, threads=1, snapshot=1_000_000,
            device=settings.device,
        )  # fmt: skip
        super().__init__(playing, game, run)
        self.settings = settings
        self.before = {name: net.make(each.plan, 0, each.device) for name, each in self.nets.items()}
        self.before_passes = {name: each.passing(CHUNK) for name, each in self.before.items()}
        self.mean = {name: each.theta.astype(np.float64) for name, each in self.nets.items()}
        self.counted = 0

    def round(self, progress: float) -> dict[str, float]:
        found = super().round(progress)
        if progress >= 1.0 - self.settings.averaging:
            self.counted += 1
            for name, each in self.nets.items():
                self.mean[name] += (each.theta - self.mean[name]) / self.counted
        return found

    def _learn_role(self, name: str, progress: float) -> dict[str, float]:
        s, (shard,) = self.settings, self.shards
        fall = (self.rounds + 1) ** -0.5 if s.magnet == "annealed" else 1.0
        alpha, eta, rate = s.alpha * fall, s.eta * fall, s.rate * (1.0 - progress)
        chosen = shard.choose(name)
        self.before[name].theta[:] = self.nets[name].theta
        self.before[name].sync()
        steps = max(1, round(len(chosen) / s.batch))
        orders = [shard.order(chosen, self.rounds, epoch) for epoch in range(s.epochs)]
        parts = [part for order in orders for part in np.array_split(order, steps)]
        learn = self._go_there if name in self.learners else self._go_here
        sums, length = learn(name, parts, alpha, 1.0 / eta, rate)
        gain, entropy, apart, miss = sums / max(1, len(chosen) * s.epochs)
        greatest = _greatest_entropy(shard.stream(name).flat("mask")[chosen[::8]], shard.stream(name).edges)
        return {
            "policy_loss": -gain, "entropy": entropy, "kl": apart, "value_loss": miss, "alpha": alpha, "eta": eta, "rate": rate,
            "gradient": length / (steps * s.epochs), "entropy_share": entropy / greatest if greatest else 1.0,
        }  # fmt: skip

    def _go_here(
        self, name: str, parts: list[np.ndarray], alpha: float, per_eta: float, rate: float
    ) -> tuple[np.ndarray, float]:
        """All gradient steps: the sums of the losses, and of the gradients' lengths."""
        (shard,), sums, length = self.shards, np.zeros(4), 0.0
        for part in parts:
            sums += self._sum(shard, name, part, alpha, per_eta)
            length += self.optimisers[name].step(shard.passes[name].gradient, rate, self.settings.norm)
        return sums, length

    def _go_there(
        self, name: str, parts: list[np.ndarray], alpha: float, per_eta: float, rate: float
    ) -> tuple[np.ndarray, float]:
        """The same on the device, where the rollout is sent once."""
        import torch  # noqa: PLC0415  an extra, 1 s

        from arena.training import losses  # noqa: PLC0415  it loads torch

        (shard,), learner, before = self.shards, self.learners[name], cast(Any, self.before[name])
        stream = shard.stream(name)
        learner.take({each: stream.flat(each) for each in ("x", "mask", "action", "logp", "target", "advantage")})
        edges = stream.edges.tolist()

        def loss(out: Any, rows: Any) -> Any:
            with torch.no_grad():
                old = before.outputs(rows["x"].float())
            return losses.mirror(out, old, rows, edges, alpha, per_eta)

        return learner.learn(parts, loss, rate, self.settings.norm)

    def _sum(self, shard: Shard, name: str, part: np.ndarray, alpha: float, per_eta: float) -> np.ndarray:
        """Add up the gradient of a batch in the shard's pass; the sums of its losses."""
        way, stream, sums = shard.passes[name], shard.stream(name), np.zeros(4)
        way.gradient[:] = 0
        for at in range(0, len(part), CHUNK):
            chosen = part[at : at + CHUNK]
            x = rows_of(stream.flat("x")[chosen][:, None])
            mask, action, logp, target = (stream.flat(each)[chosen] for each in ("mask", "action", "logp", "target"))
            old, old_weight = _shifted(self.before_passes[name](x), mask, stream.edges)
            out = way(x)
            score, weight = _shifted(out, mask, stream.edges)
            slope = np.zeros_like(out)
            gradient(
                score, weight, stream.edges, action, logp, stream.flat("advantage")[chosen], target, old, old_weight, alpha, per_eta,
                1.0 / len(part), out, slope, sums,
            )  # fmt: skip
            way.back(slope)
        return sums

    # ------------------------------------------------------------------ freezing and thawing
    def weights(self) -> dict[str, np.ndarray]:
        """The answer: the mean weights once there are some, else those of now."""
        for name, each in self.before.items():
            each.theta[:] = self.mean[name] if self.counted else self.nets[name].theta
        return net.named(self.before)

    def state(self) -> dict[str, Any]:
        now = {name: each.theta.copy() for name, each in self.nets.items()}
        return super().state() | {"theta": now, "mean": self.mean, "counted": self.counted}

    def restore(self, weights: Mapping[str, np.ndarray], state: Mapping[str, Any]) -> None:
        super().restore(weights, state)
        for name, each in self.nets.items():
            each.theta[:] = state["theta"][name]
            each.sync()
        self.mean, self.counted = dict(state["mean"]), int(state["counted"])


def train(config: Config, game: str | Game, run: str | os.PathLike[str], **more: Any) -> Path:
    """Train on a game into a folder; see `loop.drive` for the rest."""
    return drive(lambda rules, opened: NetworkMmd(config, rules, opened), config, game, run, **more)


def _greatest_entropy(mask: np.ndarray, edges: np.ndarray) -> float:
    """The mean entropy of uniform choices among what was allowed, mask bool[N, A]."""
    counts = (mask[:, a:b].sum(axis=1) for a, b in pairwise(edges.tolist()))
    return float(sum(np.log(np.maximum(count, 1)).mean() for count in counts)) if len(mask) else 0.0


def _shifted(out: np.ndarray, mask: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    score = np.empty((len(out), mask.shape[1]), np.float32)
    kernels.shift(out, mask, edges, score)
    return score, np.exp(score)
