"""Rollouts on a Ray cluster: the same shards with the same results, played by workers that may die.

A worker knows nothing that it is not sent: the shard's snapshot, the networks, the former selves that are seated, and the number of the
round. What comes back is a function of these, so a worker that was killed is replaced and its shard played again, and the run comes to
the same weights as on as many threads of one machine, bit for bit; an order has one answer, so nothing counts twice. Files that the
settings name (`start_from`, a game of one's own) are read where the worker is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np

from arena.cluster import joined
from arena.training import net
from arena.training.net import Net, Plan
from arena.training.opponents import Past
from arena.training.shards import Shard, build, views_of
from arena.training.threads import one_thread
from envs.errors import FAILURE, UserError
from envs.registry import game as open_game

__all__ = ["FIELDS", "Fleet", "orders", "rollout", "take_over"]

FIELDS = ("x", "mask", "action", "logp", "target", "advantage", "valid")
"""What a learner needs of a stream."""
REMEMBERED = ("seat", "fresh", "start")
"""What it needs beside of one whose network remembers."""
LOST = 20
"""Workers that may die in a round before the training gives up."""

Order = dict[str, Any]
"""training: what all orders of one have alike, as JSON; shard and round: numbers; snapshot: of the shard's collector."""
Weights = Mapping[str, np.ndarray]


def orders(address: str, config: Any, nets: Mapping[str, Net], shards: Sequence[Shard], round_: int) -> list[Order]:
    """What workers have to be told to play a round, beside the weights."""
    plans = {name: each.plan.tree() for name, each in nets.items()}
    told = {"game": address, "config": config.values(), "nets": plans, "shards": len(shards)}
    training = json.dumps(told, sort_keys=True)
    return [
        {"training": training, "shard": n, "round": round_, "snapshot": shard.collector.snapshot()}
        for n, shard in enumerate(shards)
    ]


def rollout(order: Order, weights: Weights, past: Sequence[Weights]) -> dict[str, Any]:
    """Play a shard's round. weights: of the learner; past: of the former selves that are seated, block by block.

    Gives round, shard, valid, snapshot, spent (seconds), and streams as role -> field -> array.
    """
    config, shard, nets, former = _kept(order["training"], order["shard"])
    net.fill(nets, weights)
    for each, own in zip(former, past, strict=True):
        net.fill(each, own)
    collector = shard.collector
    collector.restore(order["snapshot"])
    collector.spent = dict.fromkeys(collector.spent, 0.0)
    with one_thread():
        collector.collect(shard.passes, order["round"])
        valid = collector.assess(shard.passes, config.gamma, config.lam)
    streams = {
        name: {field: getattr(s, field) for field in (FIELDS if s.memory is None else FIELDS + REMEMBERED)}
        for name, s in collector.streams.items()
    }
    return {
        "round": order["round"], "shard": order["shard"], "valid": valid, "streams": streams, "snapshot": collector.snapshot(),
        "spent": collector.spent,
    }  # fmt: skip


@lru_cache(maxsize=64)
def _kept(training: str, number: int) -> tuple[Any, Shard, dict[str, Net], list[dict[str, Net]]]:
    """A worker's settings, shard, networks, and those of the former selves that sit in it; made once a process."""
    told = json.loads(training)
    config, game = SimpleNamespace(**told["config"]), open_game(told["game"])

    def made() -> dict[str, Net]:
        return {name: net.make(Plan.of(tree), 0) for name, tree in told["nets"].items()}

    nets = made()
    (shard,) = build(game, config, views_of(game, config.view), nets, told["shards"], only=number)
    former = []
    for block in shard.collector.blocks:
        if isinstance(block, Past):
            former.append(made())
            rows = block.rows.stop - block.rows.start
            block.passes = {name: each.passing(rows * 8) for name, each in former[-1].items()}
    return config, shard, nets, former


def take_over(shard: Shard, answer: Mapping[str, Any]) -> int:
    """Make what a worker played this shard's own; how many decisions there are to learn from."""
    shard.collector.restore(answer["snapshot"])
    for name, fields in answer["streams"].items():
        for field, array in fields.items():
            getattr(shard.stream(name), field)[...] = array
    for what, seconds in answer["spent"].items():
        shard.collector.spent[what] += seconds
    return int(answer["valid"])


class Fleet:
    """The workers of a cluster. UserError (1) without Ray or where nobody answers."""

    def __init__(self, address: str, game: str, config: Any) -> None:
        self._ray, self._game, self._config = joined(address), game, config
        # Ray's own retries would count against one task; here a new order goes to any worker.
        self._play = self._ray.remote(max_retries=0)(rollout)
        failures = self._ray.exceptions
        self._died = failures.WorkerCrashedError, failures.NodeDiedError, failures.ObjectLostError

    def play(self, shards: Sequence[Shard], nets: Mapping[str, Net], past: Sequence[Weights], round_: int) -> int:
        """All shards' round; how many decisions there are to learn from. UserError (1) when workers keep dying."""
        sent = self._ray.put(net.named(nets)), self._ray.put(list(past))
        told = orders(self._game, self._config, nets, shards, round_)
        waiting = {self._play.remote(order, *sent): order for order in told}
        found, lost = 0, 0
        while waiting:
            (ready, *_), _ = self._ray.wait(list(waiting), num_returns=1)
            order = waiting.pop(ready)
            try:
                found += take_over(shards[order["shard"]], self._ray.get(ready))
            except self._died:
                lost += 1
                if lost > LOST:
                    raise UserError(
                        f"{lost} workers died in one round: look at the machines of the cluster", FAILURE
                    ) from None
                waiting[self._play.remote(order, *sent)] = order
        return found

    def close(self) -> None:
        """Leave the cluster."""
        self._ray.shutdown()
