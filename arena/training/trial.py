"""A trial: how many points given weights come to in some episodes, greedily played, against random play and against other weights.

Every row is one episode, in which the weights hold seat (row mod P); equal keys give equal episodes, so that weights are compared on the
same deals. Rows that have ended play on and are not counted.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from arena.training import kernels
from arena.training.net import Net
from arena.training.opponents import take
from arena.training.streams import edges_of, rows_of
from envs.faces.vector import vector
from envs.game import Game
from envs.sampling import sample, spaces_of

__all__ = ["Trial"]


class Trial:
    """`rows` episodes of a game. nets: role -> network, whose shapes the weights have, one vector for all roles in their order."""

    def __init__(self, game: Game, nets: Mapping[str, Net], rows: int) -> None:
        views = tuple(dict.fromkeys(each.plan.view for each in nets.values()))
        single = "acting" if "simultaneous" not in game.spec.traits else "all"
        self.vec = vector(game, num=rows, encode=views, seats=single, checked=False)
        self.game, self.nets, self.rows = game, nets, rows
        self.passes = {name: each.passing(rows * self._lanes(name)) for name, each in nets.items()}
        self.own = np.arange(rows) % game.spec.seats
        self.full = np.zeros((rows, game.spec.seats, game.spec.factors), np.int32)
        self.other, self.spaces = np.zeros_like(self.full), spaces_of(game.spec)

    def _lanes(self, role: str) -> int:
        return int(self.vec.obs[role][self.nets[role].plan.view].shape[1])

    @staticmethod
    def fill(nets: Mapping[str, Net], weights: np.ndarray) -> None:
        """Cut one vector into the parameters of all networks."""
        at = 0
        for each in nets.values():
            each.theta[:] = weights[at : at + len(each.theta)]
            at += len(each.theta)

    def play(self, weights: np.ndarray, rival: np.ndarray | None, versus: float, key: int) -> tuple[float, int]:
        """(mean points, decisions made) of the weights; `versus` of the rows, the first ones, against `rival`, if there is one."""
        vec = self.vec
        vec.reset(seed=key % (1 << 63))
        total, going, decisions = np.zeros(self.rows), np.ones(self.rows, np.bool_), 0
        duel = np.arange(self.rows) < round(versus * self.rows) if rival is not None else np.zeros(self.rows, np.bool_)
        for tick in range(self.game.spec.limit):
            self._fill(self.full, weights)
            if self.game.spec.seats > 1:
                sample(vec.acting, vec.legal, self.spaces, vec.seeds, tick, self.other)
                take(self.full, self.other, vec.acting, self.own, ~duel)
            if duel.any():
                assert rival is not None
                self._fill(self.other, rival)
                take(self.full, self.other, vec.acting, self.own, duel)
            decisions += int(vec.acting[np.arange(self.rows), self.own][going].sum())
            vec.step(self.full)
            total += np.where(going, vec.reward[np.arange(self.rows), self.own], 0.0)
            going &= ~(vec.terminated | vec.truncated)
            if not going.any():
                break
        return float(total.mean()), decisions

    def _fill(self, full: np.ndarray, weights: np.ndarray) -> None:
        """What the weights would do in every acting seat."""
        self.fill(self.nets, weights)
        vec = self.vec
        for role in self.game.spec.roles:
            plan, edges = self.nets[role.name].plan, edges_of(role)
            seen = vec.obs[role.name][plan.view]
            shape, width = seen.shape[:2], int(edges[-1])
            out = self.passes[role.name](rows_of(seen))
            seat, acts = np.empty(shape, np.int64), np.empty(shape, np.bool_)
            mask, score = np.empty((*shape, width), np.bool_), np.empty((shape[0] * shape[1], width), np.float32)
            kernels.lanes(
                vec.acting,
                vec.legal,
                self.game.spec.first(role.name),
                role.count,
                vec.seats == "acting",
                out,
                edges,
                seat,
                acts,
                mask,
                score,
            )
            action, logp = np.empty((*shape, len(edges) - 1), np.int32), np.empty(shape, np.float32)
            kernels.draw(score, np.exp(score), edges, np.zeros(1, np.uint64), True, seat, acts, action, logp, full)

    def close(self) -> None:
        self.vec.close()
