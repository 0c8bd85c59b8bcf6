"""Magnetic mirror descent: each step towards better actions, pulled back to where it was and to a magnet; the last strategy is the answer.

Source: Sokota et al., "A Unified Approach to Reinforcement Learning, Quantal Response Equilibria, and Two-Player Zero-Sum Games"
(ICLR 2023). The closed form: new strategy ~ (strategy * exp(eta q) * magnet ** (eta alpha)) ** (1 / (1 + eta alpha)), where q is the
expected total after each action, given the set. Two ways to an equilibrium: `annealed`, the magnet is uniform, alpha and eta fall with the
square root of the iteration; `moving`, the magnet follows: magnet ~ strategy ** eta_m * magnet ** (1 - eta_m).
Payoffs are scaled to [-1, 1], so alpha is the paper's divided by the greatest payoff, and eta is multiplied by it.
With `policy = "network"` the same step is taken by a network from sampled games: see arena.training.mmd_network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from arena.training.config import Common, setting
from arena.training.solving import solve
from arena.training.trees import Tree

__all__ = ["Config", "Mmd", "closed_form", "train"]

_LEAST = 1e-300
"""Below it a probability stays: its logarithm must be finite."""


@dataclass(frozen=True)
class Config(Common):
    """Settings of magnetic mirror descent; see `arena train --algo mmd --help`."""

    steps: int = setting(10_000, "iterations over the tree; decisions to learn from with a network", 1, 10**12)
    log_every: float = setting(0.0, "seconds, by `clock`, between lines of metrics", 0.0, 1e6)
    policy: str = setting(
        "table",
        "a table over the whole tree, or a network that learns from sampled games",
        choices=("table", "network"),
    )
    magnet: str = setting(
        "annealed", "uniform with falling alpha and eta, or moving after the strategy", choices=("annealed", "moving")
    )
    alpha: float = setting(
        1.0, "the pull of the magnet, on payoffs scaled to [-1, 1]; annealed: in the first iteration", 0.0, 1e3
    )
    eta: float = setting(1.0, "the step; annealed: in the first iteration", 1e-9, 1e6)
    eta_m: float = setting(0.05, "how fast a moving magnet follows", 0.0, 1.0)
    rows: int = setting(2048, "network: games that are played at once", 1, 1 << 20)
    ticks: int = setting(8, "network: ticks of a rollout", 1, 1 << 16)
    epochs: int = setting(2, "network: passes over each rollout", 1, 100)
    batch: int = setting(2048, "network: samples of a gradient step", 1, 1 << 24)
    rate: float = setting(2e-3, "network: learning rate of Adam, falling to nothing at the end", 1e-9, 1.0)
    lam: float = setting(0.95, "network: lambda of the advantages", 0.0, 1.0)
    norm: float = setting(0.5, "network: greatest length of a gradient; 0 for any", 0.0, 1e6)
    hidden: int = setting(64, "network: width of hidden layers", 1, 4096)
    layers: int = setting(2, "network: hidden layers", 1, 64)
    device: str = setting(
        "auto", "network: where it learns; auto takes a GPU when torch sees one", choices=("auto", "cpu", "cuda")
    )
    averaging: float = setting(
        0.25, "network: the last part of the training, whose mean weights are the answer", 0.0, 1.0
    )


def closed_form(
    log_strategy: np.ndarray, q: np.ndarray, log_magnet: np.ndarray, eta: float, alpha: float
) -> np.ndarray:
    """The logarithm of the next strategy up to a constant in each set: all arrays float64[S]."""
    return (log_strategy + eta * q + eta * alpha * log_magnet) / (1 + eta * alpha)


class Mmd:
    """The strategy and the magnet as logarithms float64[S]."""

    def __init__(self, tree: Tree, config: Config) -> None:
        self.tree, self.config, self.iteration = tree, config, 0
        self.scale = max(map(abs, tree.game.spec.points))
        self.log_strategy = np.log(tree.uniform())
        self.log_magnet = self.log_strategy.copy()

    def step(self) -> None:
        """One update of all information sets at once."""
        self.iteration += 1
        fall = self.iteration**-0.5 if self.config.magnet == "annealed" else 1.0
        eta, alpha = self.config.eta * fall, self.config.alpha * fall
        self.log_strategy = self._log(closed_form(self.log_strategy, self.q(), self.log_magnet, eta, alpha))
        if self.config.magnet == "moving":
            share = self.config.eta_m
            self.log_magnet = self._log(share * self.log_strategy + (1 - share) * self.log_magnet)

    def q(self) -> np.ndarray:
        """float64[S]: the expected total after each action given its set, scaled; 0 where the others never go."""
        values, weights = self.tree.counterfactual(self.strategy())
        weights = weights[self.tree.set_of] * self.scale
        return np.divide(values, weights, out=np.zeros_like(values), where=weights > 0)

    def _log(self, logits: np.ndarray) -> np.ndarray:
        return np.log(np.maximum(self.tree.softmax(logits), _LEAST))

    def strategy(self) -> np.ndarray:
        """The last iterate."""
        return self.tree.softmax(self.log_strategy)

    def state(self) -> dict[str, Any]:
        return {"iteration": self.iteration, "strategy": self.log_strategy, "magnet": self.log_magnet}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.iteration, self.log_strategy, self.log_magnet = int(state["iteration"]), state["strategy"], state["magnet"]


def train(config: Config, game: Any, run: Any, **more: Any) -> Path:
    """Find an equilibrium and leave a run that can be played from. game, run and more as in `arena.training.solving.solve`."""
    if config.policy == "network":
        from arena.training import mmd_network  # noqa: PLC0415  it needs torch

        return mmd_network.train(config, game, run, **more)
    return solve(config, game, run, partial(Mmd, config=config), **more)
