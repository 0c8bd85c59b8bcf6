"""Streams: what the seats of many games decided, and how good each decision turned out to be.

A `Collector` steps a batch of one game under the hand of networks and, in some rows, of opponents, and keeps T ticks of decisions for
each role. A seat's decisions in a row are one stream, whatever happens between them, so that games with turns, with seats that act at
once and with roles all get their advantages from one rule (`kernels.advantages`). Randomness follows from a key and the tick.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, cast

import numpy as np

from arena.training import action_values, kernels
from arena.training.memory import Memory
from arena.training.net import Pass, Recalling
from arena.training.opponents import Block, Past, openings, owned, settled, take
from envs import keys
from envs.faces.batch import Batch
from envs.faces.vector import Vector
from envs.spec import Role

__all__ = ["Collector", "Stream", "edges_of"]


def edges_of(role: Role) -> np.ndarray:
    """Where each factor of a role's actions begins in the mask, and the end: int64[K + 1]."""
    return np.array([0, *accumulate(role.actions.factors)], np.int64)


class Stream:
    """One role's decisions in `ticks` ticks of `rows` rows; all arrays are [T, B, L, ...], L the lanes (see `kernels`).

    x: what was seen. seat, acts, learn (acts under the networks' hand), mask, action, logp, value; after `assess` also advantage, target
    (advantage + value) and valid. Of a network that remembers `width` numbers: memory, which runs on; start, what it was when the rollout
    began; fresh, where a seat decides for the first time in its episode.
    """

    def __init__(self, vec: Batch, role: Role, view: str, ticks: int, width: int = 0) -> None:
        self.role, self.view, self.first = role, view, vec.game.spec.first(role.name)
        self.single = vec.seats == "acting"
        self.edges = edges_of(role)
        seen = vec.obs[role.name][view]
        rows, lanes = seen.shape[:2]
        shape, actions = (ticks, rows, lanes), int(self.edges[-1])
        self.memory = Memory(rows, self.first, role.count, self.single, width) if width else None
        self.start, self.fresh = np.zeros((rows, role.count, width), np.float32), np.zeros(shape, np.bool_)
        self.x = np.zeros((*shape, *seen.shape[2:]), seen.dtype)
        self.seat, self.acts, self.learn = (
            np.zeros(shape, np.int64),
            np.zeros(shape, np.bool_),
            np.zeros(shape, np.bool_),
        )
        self.mask = np.zeros((*shape, actions), np.bool_)
        self.action = np.zeros((*shape, len(self.edges) - 1), np.int32)
        self.logp, self.value = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        self.advantage, self.target = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        self.valid = np.zeros(shape, np.bool_)
        self.score = np.zeros((rows * lanes, actions), np.float32)
        self.weight = np.zeros_like(self.score)

    def flat(self, name: str) -> np.ndarray:
        """One of the arrays as [T * B * L, ...]."""
        array: np.ndarray = getattr(self, name)
        return array.reshape(-1, *array.shape[3:])


class Collector:
    """A batch and the streams of its roles. `blocks` are the rows in which opponents play (see `opponents`).

    epsilon: float32[B], each row's share of random actions when the networks give values of actions; None when they give a policy.
    opening: bool[B], rows whose actions are random in this tick.
    starts: uint8[N, bytes], states at which a share of `elsewhere` of the episodes begin; None for the game's own beginning.
    unit: points that count as one reward, so that all games pay from -1 to 1.
    spent: processor seconds in the game, in networks, with opponents.
    """

    def __init__(
        self,
        vec: Batch,
        views: Mapping[str, str],
        ticks: int,
        blocks: Sequence[Block] = (),
        plies: int = 0,
        key: int = 0,
        widths: Mapping[str, int] | None = None,
    ) -> None:
        self.vec, self.ticks, self.blocks, self.plies, self.key = vec, ticks, list(blocks), plies, key
        spec = vec.game.spec
        self.streams = {
            role.name: Stream(vec, role, views[role.name], ticks, (widths or {}).get(role.name, 0))
            for role in spec.roles
        }
        rows = vec.num
        self.reward = np.zeros((ticks, rows, spec.seats), np.float32)
        self.done = np.zeros((ticks, rows), np.bool_)
        self.full = np.zeros((rows, spec.seats, spec.factors), np.int32)
        self.own = owned(rows, spec.seats, self.blocks)
        self.epsilon: np.ndarray | None = None
        self.starts: np.ndarray | None = None
        self.elsewhere = 0.0
        self.unit = float(max(abs(point) for point in spec.points)) or 1.0
        self.total = np.zeros((rows, spec.seats), np.float32)
        self.age = np.zeros(rows, np.int32)
        self.opening = np.zeros(rows, np.bool_)
        self.block_of = np.zeros(rows, np.int64)
        for n, block in enumerate(self.blocks):
            self.block_of[block.rows] = n + 1
            if isinstance(block, Past):
                block.remember(self.streams.values())
        self.counts = np.zeros((len(self.blocks) + 1, 5))
        self.spent = {"game": 0.0, "network": 0.0, "opponents": 0.0}
        self._carry = np.zeros((4, spec.seats))
        self._last = {name: _Ahead(stream) for name, stream in self.streams.items()}

    def collect(self, passes: Mapping[str, Pass], round_: int) -> None:
        """Play `ticks` ticks and assess nothing yet. round_ numbers the calls of a run: with the key, all draws follow from it."""
        for s, memory in self._memories():
            s.start[...] = memory.state
        for t in range(self.ticks):
            key = keys.fold(keys.fold(self.key, round_), t)
            self._decide(t, passes, key)
            began = time.thread_time()
            self._let_others(t, key)
            stepping = time.thread_time()
            self.vec.step(self.full)
            np.divide(self.vec.reward, np.float32(self.unit), out=self.reward[t])
            np.logical_or(self.vec.terminated, self.vec.truncated, out=self.done[t])
            self.forget(self.done[t])
            settled(self.vec.reward, self.done[t], self.total, self.own, self.block_of, self.age, self.counts)
            if self.starts is not None:
                self._begin_elsewhere(np.flatnonzero(self.done[t]))
            self.spent["opponents"] += stepping - began
            self.spent["game"] += time.thread_time() - stepping

    def _memories(self) -> Iterator[tuple[Stream, Memory]]:
        return ((s, s.memory) for s in self.streams.values() if s.memory is not None)

    def _all_memories(self) -> list[Memory]:
        """The learner's, then those of former selves."""
        pasts = [block for block in self.blocks if isinstance(block, Past)]
        return [memory for _, memory in self._memories()] + [m for each in pasts for m in each.memories.values()]

    def forget(self, rows: Any = slice(None)) -> None:
        """Episodes have begun in these rows (a mask bool[B], or all): nobody remembers anything of them."""
        for _, memory in self._memories():
            memory.forget(rows)
        for block in self.blocks:
            if isinstance(block, Past):
                block.forget(rows if isinstance(rows, slice) else rows[block.rows])

    def _outputs(self, s: Stream, way: Pass) -> np.ndarray:
        """What a network says to what is seen now."""
        x = rows_of(self.vec.obs[s.role.name][s.view])
        return way(x) if s.memory is None else s.memory.outputs(cast(Recalling, way), x, self.vec.acting)

    def _begin_elsewhere(self, rows: np.ndarray) -> None:
        """Of the rows that have just begun an episode, some go on from recorded states: which, and from where, follows from their seeds."""
        assert self.starts is not None and isinstance(self.vec, Vector)
        drawn = self.vec.seeds[rows]
        chosen = rows[(drawn >> np.uint64(32)).astype(float) < self.elsewhere * 2.0**32]
        if len(chosen):
            self.vec.place(chosen, self.starts[self.vec.seeds[chosen] % np.uint64(len(self.starts))])

    def _decide(self, t: int, passes: Mapping[str, Pass], key: int) -> None:
        began = time.thread_time()
        if self.plies:
            self.opening = openings(self.vec.seeds, self.age, self.plies)
        for n, (name, s) in enumerate(self.streams.items()):
            s.x[t] = self.vec.obs[name][s.view]
            out = self._outputs(s, passes[name])
            self.look(s, slice(None), out, (s.seat[t], s.acts[t], s.mask[t]), s.score, s.weight, s.value[t])
            drawn = np.array([keys.fold(key, n)], np.uint64)
            kernels.draw(
                s.score, s.weight, s.edges, drawn, False, s.seat[t], s.acts[t], s.action[t], s.logp[t], self.full
            )
            s.learn[t] = s.acts[t] & ((self.own[:, None] < 0) | (self.own[:, None] == s.seat[t]))
            s.learn[t] &= ~self.opening[:, None]
            if s.memory is not None:
                s.fresh[t] = s.memory.fresh
                s.memory.keep(s.learn[t])
        self.spent["network"] += time.thread_time() - began

    def look(
        self,
        s: Stream,
        rows: slice,
        out: np.ndarray,
        who: Any,
        score: np.ndarray,
        weight: np.ndarray,
        value: np.ndarray,
    ) -> None:
        """What a network's outputs for some rows come to: who decides (seat, acts, mask), the chances of each action, the value."""
        kernels.lanes(
            self.vec.acting[rows], self.vec.legal[rows], s.first, s.role.count, s.single, out, s.edges, *who, score
        )
        if self.epsilon is None:
            np.exp(score, out=weight)
            value.reshape(-1)[:] = out[:, -1]
        else:
            action_values.explore(
                out, score, s.edges, self.epsilon[rows], value.size // len(value), weight, value.reshape(-1)
            )

    def _let_others(self, t: int, key: int) -> None:
        """Opponents and random openings overwrite what the networks would have done."""
        for n, block in enumerate(self.blocks):
            block.act(self, keys.fold(key, 1000 + n))
        if self.plies:
            nobody = np.full(self.vec.num, -1, np.int64)
            take(self.full, self.vec.sample(), self.vec.acting, nobody, self.opening)

    def assess(self, passes: Mapping[str, Pass], gamma: float, lam: float) -> int:
        """Advantages and targets of all decisions; how many there are to learn from."""
        found = 0
        for name, s in self.streams.items():
            ahead = self._last[name]
            out = self._outputs(s, passes[name])
            self.look(s, slice(None), out, (ahead.seat, ahead.acts, ahead.mask), s.score, s.weight, ahead.value)
            learn = ahead.acts & ((self.own[:, None] < 0) | (self.own[:, None] == ahead.seat))
            kernels.advantages(
                self.reward, self.done, s.seat, s.learn, s.value, ahead.seat, learn, ahead.value, gamma, lam,
                s.advantage, s.valid, self._carry,
            )  # fmt: skip
            np.add(s.advantage, s.value, out=s.target)
            found += int(np.count_nonzero(s.valid))
        return found

    def snapshot(self) -> dict[str, Any]:
        """What the next `collect` follows from."""
        kept: dict[str, Any] = {name: getattr(self, name).copy() for name in ("total", "age", "counts")}
        remembered = [memory.snapshot() for memory in self._all_memories()]
        return {"vec": self.vec.snapshot(), **kept} | ({"memories": remembered} if remembered else {})

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Take over a snapshot of a collector of the same shape."""
        self.vec.restore(snapshot["vec"])
        for name in ("total", "age", "counts"):
            getattr(self, name)[...] = snapshot[name]
        for memory, kept in zip(self._all_memories(), snapshot.get("memories", []), strict=True):
            memory.restore(kept)


class _Ahead:
    """The decisions of the tick after the last, whose values stand for what follows."""

    def __init__(self, stream: Stream) -> None:
        self.seat, self.acts, self.mask = stream.seat[0].copy(), stream.acts[0].copy(), stream.mask[0].copy()
        self.value = stream.value[0].copy()


def rows_of(seen: np.ndarray) -> np.ndarray:
    """Observations [B, L, ...] as a network takes them, float32[B * L, ...]."""
    flat = seen.reshape(-1, *seen.shape[2:])
    return flat if flat.dtype == np.float32 else flat.astype(np.float32)
