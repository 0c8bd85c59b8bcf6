"""Behavioural cloning: a network learns from recordings what was done, and how well it ended for who did it.

Rows come in as an iterable of `Decision`, from recordings or from anywhere. A tenth of the episodes is never learned from; on it are
measured how often the likeliest action is the one that was taken, and how often the sign of the value is that of the outcome (the
winner). The run can be played from, and its weights are of the same kind as PPO's. A network that remembers learns along the whole sequence
of what a seat decided in an episode; all others learn from single decisions, in any order.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np

from arena.training import kernels, net
from arena.training.config import Common, setting
from arena.training.loop import drive
from arena.training.optimiser import Optimiser
from arena.training.run import Run
from arena.training.threads import one_thread
from envs.errors import NOT_FOUND, UserError
from envs.game import Game
from envs.keys import fold, uniform

__all__ = ["Bc", "Config", "Decision", "recorded", "train"]

HELD_OUT = 0.1
CHUNK = 1024


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


@dataclass(frozen=True)
class Decision:
    """One decision: the episode that it is of, who decided on what observation, what was legal (bool[A]), the K integers, and the points
    that the seat got from then on."""

    episode: str
    seat: int
    obs: Any
    mask: np.ndarray
    action: tuple[int, ...]
    outcome: float


def recorded(place: str | os.PathLike[str], game: Game) -> Iterator[Decision]:
    """The decisions in the recordings of a file or folder that are of this game's rules. UserError (3) when there are none."""
    # Named, not imported: what reads recordings stands above this package.
    replays = importlib.import_module("replays")
    path, found = Path(place), False
    for file in sorted(path.rglob("*.arena")) if path.is_dir() else [path]:
        with closing(replays.open(file)) as tape:
            if tape.started.game.get("digest") != game.digest:
                continue
            for seat in range(game.seats):
                for decision in _of_seat(tape.started.match or str(file), seat, list(tape.steps(seat))):
                    found = True
                    yield decision
    if not found:
        raise UserError(f"{place} holds no recording of {game.id} with these rules: give --recordings PATH", NOT_FOUND)


def _of_seat(episode: str, seat: int, rows: list[Any]) -> Iterator[Decision]:
    outcomes = list(accumulate((row.reward for row in reversed(rows)), initial=0.0))[:0:-1]
    for row, outcome in zip(rows, outcomes, strict=True):
        action = (row.action,) if isinstance(row.action, int) else tuple(row.action)
        yield Decision(episode, seat, row.obs, row.legal.mask, action, float(outcome))


class Rows:
    """The decisions of one role as arrays: x, mask bool[N, A], action int64[N, K], outcome float32[N].

    What is drawn from them are U units: single decisions, or with `whole` all of a seat in an episode, one after another. begins, lengths
    int64[U]; held bool[U]: those that are never learned from.
    """

    def __init__(self, game: Game, view: str, decisions: list[Decision], whole: bool = False) -> None:
        self.lengths = np.ones(len(decisions), np.int64)
        if whole:
            decisions, self.lengths = _in_sequences(decisions)
        self.begins = np.cumsum(self.lengths) - self.lengths
        self.x = np.stack([game.encode(each.obs, view) for each in decisions]).astype(np.float32)
        self.mask = np.stack([each.mask for each in decisions])
        self.action = np.array([each.action for each in decisions], np.int64)
        self.outcome = np.array([each.outcome for each in decisions], np.float32)
        self.held = np.array([held_out(decisions[at].episode) for at in self.begins])

    def places(self, units: np.ndarray) -> np.ndarray:
        """int64[N]: where the decisions of some units are, unit after unit."""
        lengths = self.lengths[units]
        return np.repeat(self.begins[units] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())

    def chunks(self, units: np.ndarray) -> Iterator[np.ndarray]:
        """Units that are worked out together, about CHUNK decisions."""
        return iter(np.array_split(units, min(len(units), -(-int(self.lengths[units].sum()) // CHUNK))))

    def digest(self) -> str:
        """Twelve hex digits over everything."""
        parts = (self.x, self.mask, self.action, self.outcome, self.held)
        return blake2b(b"".join(np.ascontiguousarray(part).tobytes() for part in parts), digest_size=6).hexdigest()


def _in_sequences(decisions: list[Decision]) -> tuple[list[Decision], np.ndarray]:
    """The same, those of a seat in an episode next to each other in their order, and the lengths of such sequences."""
    found: dict[tuple[str, int], list[Decision]] = {}
    for each in decisions:
        found.setdefault((each.episode, each.seat), []).append(each)
    return [each for sequence in found.values() for each in sequence], np.array([*map(len, found.values())], np.int64)


def held_out(episode: str) -> bool:
    """Whether an episode, by its name alone, is one of the tenth that is never learned from."""
    key = int.from_bytes(blake2b(episode.encode(), digest_size=8).digest(), "little")
    return bool(uniform(fold(key, 0)) < HELD_OUT)


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
                self.nets[role.name] = net.make(plan, config.seed + 7919 * n)
                self.rows[role.name] = Rows(game, plan.view, own, plan.remembers > 0)
        if not any((~rows.held).any() for rows in self.rows.values()):
            raise UserError("there is nothing to learn from: give recordings of more episodes", NOT_FOUND)
        self.optimisers = {name: Optimiser(each.theta) for name, each in self.nets.items()}
        self.passes = {name: each.passing(CHUNK) for name, each in self.nets.items()}
        self.edges = {name: np.cumsum([0, *self._role(name).actions.factors]).astype(np.int64) for name in self.nets}

    def _role(self, name: str) -> Any:
        return next(role for role in self.game.spec.roles if role.name == name)

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
        rows, sums = self.rows[name], np.zeros(2)
        learned = np.flatnonzero(~rows.held)
        if not len(learned):
            return {"loss": 0.0, "value_loss": 0.0}
        order = np.random.default_rng([self.config.seed & 0xFFFFFFFF, self.rounds]).permutation(learned)
        count = int(rows.lengths[order].sum())
        for part in np.array_split(order, min(max(1, round(count / self.config.batch)), len(order))):
            self.passes[name].gradient[:] = 0
            for units in rows.chunks(part):
                sums += self._slope(name, units, 1.0 / rows.lengths[part].sum())
            self.optimisers[name].step(self.passes[name].gradient, rate, self.config.norm)
        self.step += count
        loss, miss = sums / max(1, count)
        return {"loss": float(loss), "value_loss": float(miss)}

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
        right = won = decided = 0
        for units in rows.chunks(chosen):
            chunk, out = self._outputs(name, units)
            p = self._policy(name, out, rows.mask[chunk])
            best = np.stack([p[:, a:b].argmax(axis=1) for a, b in pairwise(self.edges[name].tolist())], axis=1)
            right += int((best == rows.action[chunk]).all(axis=1).sum())
            sure = rows.outcome[chunk] != 0
            won += int((np.sign(out[:, -1]) == np.sign(rows.outcome[chunk]))[sure].sum())
            decided += int(sure.sum())
        return {"accuracy": right / rows.lengths[chosen].sum(), "winner": won / decided if decided else 0.5}

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
