"""Gradient steps of deep Q-learning on a processor: on single decisions of the memory, a part of them on each thread.

Equal numbers of threads give equal weights; what is done on a device, and along sequences, is `dqn`'s and `sequence_replay`'s own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from arena.training import action_values
from arena.training.net import Net
from arena.training.optimiser import Optimiser
from arena.training.replay import Replay
from arena.training.threads import Crew, cores, pieces

__all__ = ["Steps", "worth"]

SHARE = 256
"""Samples of a gradient step, from which on a part is worth a thread: measured on two cores, halves of 512 are 1.3 times as fast."""

Job = tuple[str, Replay, int, np.ndarray, np.ndarray, float]


def worth(batch: int, threads: int, nets: Iterable[Net]) -> int:
    """How many threads share a gradient step; threads: at most so many, 0 for all cores. Networks of torch have its own."""
    if any(each.device != "cpu" or each.plan.kind != "mlp" for each in nets):
        return 1
    return max(1, min(threads or cores(), batch // SHARE))


class Steps:
    """Of all networks; each of `count` threads has a pass forward and back, and two to look ahead."""

    def __init__(
        self, config: Any, nets: Mapping[str, Net], judges: Mapping[str, Net], optimisers: Mapping[str, Optimiser], count: int
    ) -> None:  # fmt: skip
        self.config, self.optimisers, self.count, self._crew = config, optimisers, count, Crew(count)
        size = -(-config.batch // count)
        self._ways = {name: [each.passing(size) for _ in range(count)] for name, each in nets.items()}
        self._ahead = {
            name: [(each.passing(size), judges[name].passing(size)) for _ in range(count)]
            for name, each in nets.items()
        }

    def __call__(self, name: str, memory: Replay, key: int, beta: float) -> tuple[np.ndarray, float]:
        """One gradient step on one draw; (mean loss and value, length of the gradient)."""
        places, weights = memory.draw(self.config.batch, key, beta)
        cuts = pieces(len(places), self.count)
        jobs = [(name, memory, n, places[a:b], weights[a:b], 1.0 / len(places)) for n, (a, b) in enumerate(cuts)]
        found = self._crew.map(self._gradient, jobs)
        total = self._ways[name][0].gradient
        for way in self._ways[name][1 : len(cuts)]:
            total += way.gradient
        length = self.optimisers[name].step(total, self.config.rate, self.config.norm)
        memory.surprise(places, np.concatenate([errors for errors, _ in found]))
        return np.asarray(sum(sums for _, sums in found)) / len(places), length

    def _gradient(self, job: Job) -> tuple[np.ndarray, np.ndarray]:
        """The gradient of some places times a share, into the n-th pass: how wrong each value was, sums of losses and values."""
        name, memory, n, places, weights, share = job
        rows = {field: array[places] for field, array in memory.arrays.items()}
        online, judge = self._ahead[name][n]
        after = rows["next"].astype(np.float32)
        best = np.zeros(len(places), np.float32)
        action_values.double_best(online(after), judge(after), rows["mask"], best)
        target = rows["returns"] + rows["discount"] * best
        way = self._ways[name][n]
        way.gradient[:] = 0
        out = way(rows["x"].astype(np.float32))
        slope, errors, sums = np.zeros_like(out), np.zeros(len(places), np.float32), np.zeros(2)
        action_values.dueling_gradient(out, rows["action"], target, weights, share, slope, errors, sums)
        way.back(slope)
        return errors, sums

    def close(self) -> None:
        """End the threads."""
        self._crew.close()
