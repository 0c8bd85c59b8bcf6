"""The roster: former selves of a training, who of them is played against, and the accounts with every opponent.

A former self is a copy of all networks, kept every so many rounds; the oldest that is not seated goes when the pool is full. Which
ones are seated follows from how often the learner loses to them: weight (1 - win rate)^2 as in Vinyals et al. (2019), with accounts that
fade, and a floor so that nobody is forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from arena.training import net
from arena.training.net import Net
from arena.training.opponents import Past
from arena.training.run import Run
from arena.training.shards import Shard

__all__ = ["Roster", "hardness"]

FADE, FLOOR, STAY = 0.98, 0.05, 8
"""What is left of an account after a round in which it grew; least weight; rounds that a former self stays seated."""


def hardness(won: Sequence[float], played: Sequence[float]) -> np.ndarray:
    """Shares by which former selves are drawn, from games played and won (draws half): (1 - win rate)^2, an unknown one as a half."""
    rates = (np.asarray(won, float) + 1.0) / (np.asarray(played, float) + 2.0)
    weights = np.maximum((1.0 - rates) ** 2, FLOOR)
    return np.asarray(weights / weights.sum())


def unseat(pasts: Sequence[Sequence[Past]], before: Sequence[Any], after: Sequence[Any]) -> None:
    """Where another self takes a seat, it goes on with running episodes, and knows nothing of what its predecessor remembered."""
    for blocks in pasts:
        for n, block in enumerate(blocks):
            if list(before[n : n + 1]) != [after[n]]:
                block.forget()


class Roster:
    """See the module. For players and people the pool also stands in run/pool/<step>.safetensors."""

    def __init__(self, config: Any, nets: Mapping[str, Net], run: Run | None) -> None:
        self.config, self.nets, self.run = config, nets, run
        self.pool: dict[int, dict[str, np.ndarray]] = {}
        self.accounts: dict[int, list[float]] = {}
        self.seated: list[int] = []
        self._copies: dict[int, dict[str, Net]] = {}
        self.keep(0)

    def keep(self, step: int) -> None:
        """The networks as they are join the pool."""
        self.pool[step] = {name: array.copy() for name, array in net.named(self.nets).items()}
        self.accounts.setdefault(step, [0.0, 0.0])
        while len(self.pool) > max(self.config.pool, len(set(self.seated)) + 1):
            gone = min(step for step in self.pool if step not in self.seated)
            del self.pool[gone], self.accounts[gone]
        if self.run is not None:
            self._write(step)

    def _write(self, step: int) -> None:
        from safetensors.numpy import save  # noqa: PLC0415  only runs need it

        assert self.run is not None
        self.run.keep(
            f"pool/{step}.safetensors", save({k: np.ascontiguousarray(v) for k, v in self.pool[step].items()})
        )
        for path in (self.run.path / "pool").glob("*.safetensors"):
            if path.stem.isdigit() and int(path.stem) not in self.pool:
                path.unlink(missing_ok=True)

    def seat(self, shards: Sequence[Shard], round_: int) -> None:
        """Every STAY rounds, seat other former selves in the blocks that are for them."""
        pasts = [[block for block in shard.collector.blocks if isinstance(block, Past)] for shard in shards]
        count = len(pasts[0])
        if not count or (round_ % STAY and self._copies):
            return
        if round_ % STAY == 0 or not self.seated:
            steps = sorted(self.pool)
            share = hardness([self.accounts[s][0] for s in steps], [self.accounts[s][1] for s in steps])
            draw = np.random.default_rng([self.config.seed & 0xFFFFFFFF, 5, round_])
            before, self.seated = self.seated, [steps[i] for i in draw.choice(len(steps), count, p=share)]
            unseat(pasts, before, self.seated)
        self._fill(pasts)

    def _fill(self, pasts: Sequence[Sequence[Past]]) -> None:
        """Give the blocks passes through copies of the seated selves."""
        for n, step in enumerate(self.seated):
            fresh = {name: net.make(each.plan, 0, each.device) for name, each in self.nets.items()}
            copies = self._copies.setdefault(n, fresh)
            net.fill(copies, self.pool[step])
            for blocks in pasts:
                rows = blocks[n].rows.stop - blocks[n].rows.start
                if not blocks[n].passes:
                    blocks[n].passes = {name: each.passing(rows * 8) for name, each in copies.items()}

    def former(self) -> list[dict[str, np.ndarray]]:
        """The weights of the former selves that are seated, block by block."""
        return [self.pool[step] for step in self.seated]

    def settle(self, shards: Sequence[Shard]) -> None:
        """Put what the shards counted since the last round into the accounts of the former selves that were seated."""
        pasts = [n for n, block in enumerate(shards[0].collector.blocks) if isinstance(block, Past)]
        for place, n in enumerate(pasts):
            found = sum(shard.collector.counts[n + 1] for shard in shards)
            step = self.seated[place]
            if step in self.accounts:
                account = self.accounts[step]
                account[0] = FADE * account[0] + found[1] + 0.5 * found[2]
                account[1] = FADE * account[1] + found[0]

    def metrics(self, shards: Sequence[Shard]) -> dict[str, float]:
        """Win rates against every block and the length of episodes since the last call; the counts begin anew."""
        told: dict[str, float] = {}
        totals: dict[str, np.ndarray] = {}
        for shard in shards:
            names = ["self", *(block.name for block in shard.collector.blocks)]
            for name, counts in zip(names, shard.collector.counts, strict=True):
                key = "past" if name.startswith("past") else name
                totals[key] = totals.get(key, np.zeros(5)) + counts
            shard.collector.counts[:] = 0
        for name, (games, won, drawn, points, _ticks) in totals.items():
            if games:
                told[f"won/{name}"] = won / games
                told[f"drawn/{name}"] = drawn / games
                told[f"points/{name}"] = points / games
        every = sum(totals.values(), np.zeros(5))
        told["episodes"] = every[0]
        if every[0]:
            told["length"] = every[4] / every[0]
        return {name: float(value) for name, value in told.items()}

    def state(self) -> dict[str, Any]:
        """The pool with its accounts, whole, so that a checkpoint needs no other file."""
        accounts = {str(step): list(account) for step, account in self.accounts.items()}
        return {
            "accounts": accounts,
            "seated": list(self.seated),
            "pool": {str(step): dict(w) for step, w in self.pool.items()},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state."""
        self.accounts = {int(step): [float(v) for v in account] for step, account in state["accounts"].items()}
        self.pool = {int(step): dict(weights) for step, weights in state["pool"].items()}
        self.seated = [int(step) for step in state["seated"]]
        self._copies.clear()
