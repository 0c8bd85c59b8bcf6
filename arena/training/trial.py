"""A trial: how many points given weights come to in some episodes, greedily played, against random play and against other weights.

Many weights are tried at once, each in episodes of its own, so that a step of the game and a pass of the networks serve all of them. Each
holds seat (i mod P) in its i-th episode, and equal keys give equal episodes, so that weights are compared on the same deals. Rows that
have ended play on and are not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Protocol, cast

import numpy as np

from arena.training import kernels
from arena.training.memory import Memory
from arena.training.net import Net, Recalling, make
from arena.training.opponents import take
from arena.training.streams import edges_of, rows_of
from envs.faces.vector import vector
from envs.game import Game
from envs.keys import fold
from envs.sampling import sample, spaces_of
from envs.spec import Role

__all__ = ["Trial"]


class Many(Protocol):
    """One role's networks with G sets of weights, each for as many rows as any other."""

    def outputs(self, x: np.ndarray, acting: np.ndarray) -> np.ndarray:
        """float32[N, outputs] for x float32[N, ...], where acting bool[B, P] decide."""

    def keep(self, acts: np.ndarray) -> None:
        """Of what they remember after that, what follows from decisions bool[B, L] is remembered."""


class Perceptrons:
    """Of `mlp`: layer after layer, all weights in one call."""

    def __init__(self, net: Net, weights: np.ndarray) -> None:
        plan, self.layers, at = net.plan, list[tuple[np.ndarray, np.ndarray]](), 0
        sizes = [int(np.prod(plan.shape)), *[plan.hidden] * plan.layers, plan.outputs]
        for a, b in pairwise(sizes):
            matrix, bias = weights[:, at : at + a * b], weights[:, at + a * b : at + a * b + b]
            self.layers.append((np.ascontiguousarray(matrix).reshape(-1, a, b), bias[:, None]))
            at += a * b + b

    def outputs(self, x: np.ndarray, acting: np.ndarray) -> np.ndarray:
        z = x.reshape(len(self.layers[0][0]), -1, self.layers[0][0].shape[1])
        for n, (matrix, bias) in enumerate(self.layers):
            z = z @ matrix
            z += bias
            if n < len(self.layers) - 1:
                np.maximum(z, 0, out=z)
        return z.reshape(-1, z.shape[2])

    def keep(self, acts: np.ndarray) -> None:
        """They remember nothing."""


class OneByOne:
    """Of any kind: one set of weights after another."""

    def __init__(self, net: Net, weights: np.ndarray, role: Role, first: int, rows: int, single: bool) -> None:
        self.net, self.weights, self.way = net, weights, net.passing(rows * role.count)
        width = net.plan.remembers
        self.memories = [Memory(rows, first, role.count, single, width) for _ in weights] if width else []

    def outputs(self, x: np.ndarray, acting: np.ndarray) -> np.ndarray:
        count = len(self.weights)
        found = []
        for n, (own, who) in enumerate(zip(np.split(x, count), np.split(acting, count), strict=True)):
            self.net.theta[:] = self.weights[n]
            self.net.sync()
            out = self.memories[n].outputs(cast(Recalling, self.way), own, who) if self.memories else self.way(own)
            found.append(out.copy())
        return np.concatenate(found)

    def keep(self, acts: np.ndarray) -> None:
        if self.memories:
            for memory, own in zip(self.memories, np.split(acts, len(self.memories)), strict=True):
                memory.keep(own)


class Trial:
    """`rows` episodes of a game for each of `most` sets of weights. nets: role -> network; of a set, one vector for all in their order."""

    def __init__(self, game: Game, nets: Mapping[str, Net], rows: int, most: int = 1) -> None:
        views = tuple(dict.fromkeys(each.plan.view for each in nets.values()))
        single = "acting" if "simultaneous" not in game.spec.traits else "all"
        self.vec = vector(game, num=rows * most, encode=views, seats=single, checked=False)
        self.game, self.rows, self.most = game, rows, most
        self.nets = {name: make(each.plan, 0) for name, each in nets.items()}  # one by one they are given other weights
        self.own = np.tile(np.arange(rows) % game.spec.seats, most)
        self.full = np.zeros((rows * most, game.spec.seats, game.spec.factors), np.int32)
        self.other, self.spaces = np.zeros_like(self.full), spaces_of(game.spec)

    def play(self, weights: np.ndarray, rival: np.ndarray | None, versus: float, key: int) -> tuple[np.ndarray, int]:
        """(mean points float64[G] of weights float32[G, n], decisions that they made in all); G is at most `most`.

        `versus` of the episodes of each, the first ones, are against `rival`, if there is one.
        """
        vec, count = self.vec, len(weights)
        vec.reset(seed=[int(fold(key, i)) for i in range(self.rows)] * self.most)
        duel = np.tile(np.arange(self.rows) < round(versus * self.rows if rival is not None else 0), self.most)
        own = self._made(weights[np.minimum(np.arange(self.most), count - 1)])
        other = self._made(rival[None]) if rival is not None else {}
        going, every = np.arange(len(duel)) < count * self.rows, np.arange(len(duel))
        total, decisions = np.zeros(len(duel)), 0
        for tick in range(self.game.spec.limit):
            self._fill(self.full, own)
            if self.game.spec.seats > 1:
                sample(vec.acting, vec.legal, self.spaces, vec.seeds, tick, self.other)
                take(self.full, self.other, vec.acting, self.own, ~duel)
            if duel.any():
                self._fill(self.other, other)
                take(self.full, self.other, vec.acting, self.own, duel)
            decisions += int(vec.acting[every, self.own][going].sum())
            vec.step(self.full)
            total += np.where(going, vec.reward[every, self.own], 0.0)
            going &= ~(vec.terminated | vec.truncated)
            if not going.any():
                break
        return total.reshape(self.most, self.rows).mean(axis=1)[:count], decisions

    def _made(self, weights: np.ndarray) -> dict[str, Many]:
        """The networks of all roles with weights float32[G, n]."""
        made: dict[str, Many] = {}
        rows, at = len(self.full) // len(weights), 0
        for role in self.game.spec.roles:
            net = self.nets[role.name]
            own = weights[:, at : at + len(net.theta)]
            at += len(net.theta)
            first, single = self.game.spec.first(role.name), self.vec.seats == "acting"
            plain = net.plan.kind == "mlp" and not net.plan.norm
            made[role.name] = Perceptrons(net, own) if plain else OneByOne(net, own, role, first, rows, single)
        return made

    def _fill(self, full: np.ndarray, nets: Mapping[str, Many]) -> None:
        """What the networks would do in every acting seat."""
        vec = self.vec
        for role in self.game.spec.roles:
            edges = edges_of(role)
            seen = vec.obs[role.name][self.nets[role.name].plan.view]
            shape, width = seen.shape[:2], int(edges[-1])
            out = nets[role.name].outputs(rows_of(seen), vec.acting)
            seat, acts = np.empty(shape, np.int64), np.empty(shape, np.bool_)
            mask, score = np.empty((*shape, width), np.bool_), np.empty((shape[0] * shape[1], width), np.float32)
            who: Any = (seat, acts, mask, score)
            first = self.game.spec.first(role.name)
            kernels.lanes(vec.acting, vec.legal, first, role.count, vec.seats == "acting", out, edges, *who)
            action, logp = np.empty((*shape, len(edges) - 1), np.int32), np.empty(shape, np.float32)
            kernels.draw(score, np.exp(score), edges, np.zeros(1, np.uint64), True, seat, acts, action, logp, full)
            nets[role.name].keep(acts)

    def close(self) -> None:
        self.vec.close()
