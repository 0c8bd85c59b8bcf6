"""Rollouts on a Ray cluster: the same shards with the same results, played by workers that may die.

A worker knows nothing that it is not sent: the shard's snapshot, the networks, the former selves that are seated, and the number of the
round. What comes back is a function of these, so a worker that was killed is replaced and its shard played again, and the run comes to
the same weights as on as many threads of one machine, bit for bit; of an order one answer counts. Files that the
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
from arena.training.run import Run
from arena.training.shards import Shard, build, views_of
from arena.training.threads import let_torch, one_thread
from envs.errors import FAILURE, UserError
from envs.game import Game
from envs.registry import game as open_game

__all__ = ["ASSESSED", "RAW", "Fleet", "Worker", "fleet", "orders", "rollout", "take_over"]

ASSESSED = ("x", "mask", "action", "logp", "target", "advantage", "valid")
"""What a learner needs of a stream whose worker has assessed the decisions."""
RAW = ("x", "mask", "action", "seat", "learn")
"""What one needs that assesses them itself, beside rewards and ends."""
REMEMBERED = ("seat", "fresh", "start")
"""What it needs beside of a stream whose network remembers."""
SPARE = 1
"""Workers more than shards."""
LOST = 20
"""Workers that may die in a round before the training gives up."""

Order = dict[str, Any]
"""training: what all orders of one have alike, as JSON; shard and round: numbers; snapshot and epsilon: of the shard's collector."""
Weights = Mapping[str, np.ndarray]


def orders(
    address: str, config: Any, nets: Mapping[str, Net], shards: Sequence[Shard], round_: int, fields: Sequence[str] = ASSESSED
) -> list[Order]:  # fmt: skip
    """What workers have to be told to play a round, beside the weights. fields: ASSESSED or RAW."""
    plans = {name: each.plan.tree() for name, each in nets.items()}
    told = {"game": address, "config": config.values(), "nets": plans, "shards": len(shards), "fields": list(fields)}
    training = json.dumps(told, sort_keys=True)
    return [
        {
            "training": training, "shard": n, "round": round_, "snapshot": shard.collector.snapshot(),
            "epsilon": shard.collector.epsilon,
        }
        for n, shard in enumerate(shards)
    ]  # fmt: skip


def rollout(order: Order, weights: Weights, past: Sequence[Weights]) -> dict[str, Any]:
    """Play a shard's round. weights: of the learner; past: of the former selves that are seated, block by block.

    Gives round, shard, valid (how many assessed decisions), snapshot, spent (seconds), outcomes (of RAW fields: reward and done), and
    streams as role -> field -> array.
    """
    config, fields, shard, nets, former = _kept(order["training"], order["shard"])
    net.fill(nets, weights)
    for each, own in zip(former, past, strict=True):
        net.fill(each, own)
    collector = shard.collector
    collector.restore(order["snapshot"])
    collector.spent = dict.fromkeys(collector.spent, 0.0)
    collector.epsilon = None if order["epsilon"] is None else np.array(order["epsilon"])
    with one_thread():
        collector.collect(shard.passes, order["round"])
        valid = collector.assess(shard.passes, config.gamma, config.lam) if fields == ASSESSED else 0
    streams = {
        name: {field: getattr(s, field) for field in (fields if s.memory is None else fields + REMEMBERED)}
        for name, s in collector.streams.items()
    }
    outcomes = {} if fields == ASSESSED else {"reward": collector.reward, "done": collector.done}
    return {
        "round": order["round"], "shard": order["shard"], "valid": valid, "streams": streams, "snapshot": collector.snapshot(),
        "spent": collector.spent, "outcomes": outcomes,
    }  # fmt: skip


@lru_cache(maxsize=64)
def _kept(training: str, number: int) -> tuple[Any, tuple[str, ...], Shard, dict[str, Net], list[dict[str, Net]]]:
    """A worker's settings, fields, shard and networks, and those of the former selves that sit in it; made once a process."""
    told = json.loads(training)
    config, game = SimpleNamespace(**told["config"]), open_game(told["game"])

    def made() -> dict[str, Net]:
        return {name: net.make(Plan.of(tree), 0) for name, tree in told["nets"].items()}

    nets = made()
    if any(each.plan.kind != "mlp" or each.plan.norm for each in nets.values()):
        let_torch(1)  # workers share the cores
    (shard,) = build(game, config, views_of(game, config.view), nets, told["shards"], only=number)
    former = []
    for block in shard.collector.blocks:
        if isinstance(block, Past):
            former.append(made())
            rows = block.rows.stop - block.rows.start
            block.passes = {name: each.passing(rows * 8) for name, each in former[-1].items()}
    return config, tuple(told["fields"]), shard, nets, former


def take_over(shard: Shard, answer: Mapping[str, Any]) -> int:
    """Make what a worker played this shard's own; how many decisions it has assessed."""
    shard.collector.restore(answer["snapshot"])
    for name, fields in answer["streams"].items():
        for field, array in fields.items():
            getattr(shard.stream(name), field)[...] = array
    for field, array in answer["outcomes"].items():
        getattr(shard.collector, field)[...] = array
    for what, seconds in answer["spent"].items():
        shard.collector.spent[what] += seconds
    return int(answer["valid"])


class Worker:
    """What a cluster keeps running: it has loaded the rules once, and knows nothing of a run that it is not sent."""

    def rollout(self, order: Order, weights: Weights, past: Sequence[Weights]) -> dict[str, Any]:
        """See the function of this name."""
        return rollout(order, weights, past)


class Fleet:
    """The workers of a cluster of so many `cores`: one for each shard, and SPARE more. UserError (1) without Ray or where nobody answers.

    The order of a worker that dies goes to one that is free, and to a new one, which so loads the rules meanwhile: the first answer to an
    order counts, any other is dropped.
    """

    def __init__(self, address: str, game: str, fields: Sequence[str] = ASSESSED) -> None:
        self._ray, self._game, self._fields = joined(address), game, fields
        # A worker that is gone stays gone; without a claim on a processor there can be more workers than processors.
        self._worker = self._ray.remote(max_restarts=0, num_cpus=0, scheduling_strategy="SPREAD")(Worker)
        self.cores = max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        failures = self._ray.exceptions
        self._died = failures.RayActorError, failures.NodeDiedError, failures.ObjectLostError
        self._free: list[Any] = []
        self._busy: dict[Any, tuple[Any, Order]] = {}

    def play(
        self, config: Any, shards: Sequence[Shard], nets: Mapping[str, Net], past: Sequence[Weights], round_: int
    ) -> int:  # fmt: skip
        """All shards' round; how many decisions were assessed. UserError (1) when workers keep dying."""
        sent = self._ray.put(net.named(nets)), self._ray.put(list(past))
        told = orders(self._game, config, nets, shards, round_, self._fields)
        asked = set(map(id, told))
        for n in range(len(told) + SPARE - len(self._free) - len(self._busy)):
            self._hire(told[n % len(told)], sent)
        queue = [order for order in told if all(order is not given for _, given in self._busy.values())]
        found, lost, missing = 0, 0, set(range(len(told)))
        while missing:
            queue = [order for order in queue if order["shard"] in missing]
            while queue and self._free:
                self._give(self._free.pop(), queue.pop(0), sent)
            (ready, *_), _ = self._ray.wait(list(self._busy), num_returns=1)
            worker, order = self._busy.pop(ready)
            try:
                answer = self._ray.get(ready)
            except self._died:
                lost += 1
                if lost > LOST:
                    what = f"{lost} workers died in one round: look at the machines of the cluster"
                    raise UserError(what, FAILURE) from None
                again = order if id(order) in asked else told[0]
                self._hire(again, sent)
                if again["shard"] in missing:
                    queue.append(again)
                continue
            self._free.append(worker)
            # Of an earlier round, or of another learner's, nobody waits for the answer any more.
            if id(order) in asked and answer["shard"] in missing:
                missing.remove(answer["shard"])
                found += take_over(shards[answer["shard"]], answer)
        return found

    def _hire(self, order: Order, sent: tuple[Any, ...]) -> None:
        """A new worker, which begins with this order."""
        self._give(self._worker.remote(), order, sent)

    def _give(self, worker: Any, order: Order, sent: tuple[Any, ...]) -> None:
        self._busy[worker.rollout.remote(order, *sent)] = worker, order

    def close(self) -> None:
        """Leave the cluster."""
        self._ray.shutdown()


def fleet(config: Any, game: Game, run: Run | None, fields: Sequence[str] = ASSESSED) -> Fleet | None:
    """The workers of the cluster that the settings name, if they name one."""
    return Fleet(config.ray, run.game if run is not None else game.id, fields) if config.ray else None
