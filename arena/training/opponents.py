"""Opponents inside a batch: in some rows others than the learning networks hold all seats but one.

The rows of a batch are cut into blocks: first those of self-play, then one for each opponent. In a block's row i the learner has seat
i mod P, and the block's `act` writes what the other seats do. Three kinds: past selves, a reader of two plies that finds wins and
stops losses in any game of full information, and any agent by its address (slow: it is asked in Python).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

from arena.training import kernels
from arena.training.memory import Memory
from arena.training.net import Pass, Recalling
from envs import keys
from envs.drivers import Driver, mask_one, step_one
from envs.errors import UserError
from envs.faces.vector import Vector
from envs.game import Game
from envs.keys import below, fold
from envs.records import Rule
from envs.spec import Discrete

if TYPE_CHECKING:
    from arena.training.streams import Collector, Stream

__all__ = ["Agents", "Block", "Past", "TwoPly", "demand_two_ply", "openings", "owned", "settled", "take"]


class Block(Protocol):
    """Rows of a batch with an opponent in them. name: for the tables."""

    name: str
    rows: slice

    def act(self, collector: Collector, key: int) -> None:
        """Write into collector.full what seats other than the learner's do in `rows`."""


def owned(rows: int, seats: int, blocks: Sequence[Block]) -> np.ndarray:
    """int64[B]: the learner's seat of each row, -1 where it has all."""
    own = np.full(rows, -1, np.int64)
    for block in blocks:
        own[block.rows] = np.arange(rows)[block.rows] % seats
    return own


@Driver
def take(full: Any, other: Any, acting: Any, own: Any, where: Any) -> None:
    """In rows where[B], the acting seats that are not own[B] do what `other` int32[B, P, K] says."""
    for b in range(full.shape[0]):
        if where[b]:
            for p in range(full.shape[1]):
                if acting[b, p] and p != own[b]:
                    for k in range(full.shape[2]):
                        full[b, p, k] = other[b, p, k]


@Driver
def settled(reward: Any, done: Any, total: Any, own: Any, block_of: Any, age: Any, counts: Any) -> None:
    """Keep accounts: total float32[B, P] of running episodes, age int32[B] in ticks, and for each block what ended ones came to.

    counts float64[blocks, 5]: episodes, won, drawn by the learner (above 0, 0 points; of seat 0 where it has all seats), points, ticks.
    """
    for b in range(reward.shape[0]):
        age[b] += 1
        for p in range(reward.shape[1]):
            total[b, p] += reward[b, p]
        if done[b]:
            points = total[b, max(own[b], 0)]
            n = block_of[b]
            counts[n, 0] += 1
            counts[n, 1] += 1 if points > 0 else 0
            counts[n, 2] += 1 if points == 0 else 0
            counts[n, 3] += points
            counts[n, 4] += age[b]
            age[b] = 0
            for p in range(reward.shape[1]):
                total[b, p] = 0


def openings(seeds: np.ndarray, age: np.ndarray, plies: int) -> np.ndarray:
    """bool[B]: rows that are still in their random opening, whose length 0 to `plies` follows from the episode's seed."""
    length = (seeds >> np.uint64(40)) % np.uint64(plies + 1)
    return np.asarray(age < length.astype(np.int32))


class Past:
    """A former self: its networks' passes by role, drawn from as the learner's are, with memories of its own where they remember."""

    def __init__(self, name: str, rows: slice) -> None:
        self.name, self.rows = name, rows
        self.passes: Mapping[str, Pass] = {}
        self.memories: dict[str, Memory] = {}

    def remember(self, streams: Iterable[Stream]) -> None:
        """Make memories for the roles whose networks remember."""
        count = self.rows.stop - self.rows.start
        for s in streams:
            if s.memory is not None:
                self.memories[s.role.name] = Memory(count, s.first, s.role.count, s.single, s.start.shape[2])

    def forget(self, rows: Any = slice(None)) -> None:
        """Episodes have begun in these of the block's rows, or another self takes its seat."""
        for memory in self.memories.values():
            memory.forget(rows)

    def act(self, collector: Collector, key: int) -> None:
        from arena.training.streams import rows_of  # noqa: PLC0415  streams knows blocks

        vec, rows = collector.vec, self.rows
        acting, other = vec.acting[rows], np.zeros_like(collector.full[rows])
        opening = collector.opening[rows][:, None]
        for n, (name, s) in enumerate(collector.streams.items()):
            x, memory = rows_of(vec.obs[name][s.view][rows]), self.memories.get(name)
            way = self.passes[name]
            out = way(x) if memory is None else memory.outputs(cast(Recalling, way), x, acting)
            seat, acts, mask = (np.empty_like(each[0][rows]) for each in (s.seat, s.acts, s.mask))
            score, weight = np.empty((2, len(out), s.score.shape[1]), np.float32)
            collector.look(s, rows, out, (seat, acts, mask), score, weight, np.empty_like(s.value[0][rows]))
            action, logp = np.empty_like(s.action[0][rows]), np.empty_like(s.logp[0][rows])
            drawn = np.array([keys.fold(key, n)], np.uint64)
            kernels.draw(score, weight, s.edges, drawn, False, seat, acts, action, logp, other)
            if memory is not None:
                # Of the learner's own seat, too: nobody asks for that.
                memory.keep(acts & ~opening)
        take(collector.full[rows], other, acting, collector.own[rows], np.ones(len(other), np.bool_))


def demand_two_ply(game: Game) -> None:
    """Raises UserError unless a reader of two plies can play the game."""
    spec = game.spec
    fits = game.kind == "record" and "perfect" in spec.traits and "simultaneous" not in spec.traits and spec.seats == 2
    if not fits or not all(isinstance(role.actions, Discrete) for role in spec.roles):
        raise UserError(
            f"{game.id} has no reader of two plies: it needs two seats in turn that see all; give two_ply=0"
        )


def _copy(raw: Any, i: int, to: Any, j: int) -> None:
    for k in range(raw.shape[1]):
        to[j, k] = raw[i, k]


copy = Rule(_copy, inline=True)


@Driver
def read_two_plies(
    states: Any, raw: Any, configs: Any, own: Any, acting_rows: Any, legal_rows: Any, board: Any, board_raw: Any, acts: Any,
    will: Any, may: Any, safe: Any, key: Any, other: Any,
) -> None:  # fmt: skip
    """other int32[B, P, 1]: a winning action, else a uniform one after which the next seat has no win, else a uniform legal one.

    board: three records for trying; acts int32[1, P, 1]; will bool[1, P], may bool[1, P, A], safe bool[A] are memory.
    """
    c = configs[0]
    for i in range(len(states)):
        for p in range(acting_rows.shape[1]):
            if acting_rows[i, p] and p != own[i]:
                count = 0
                open_ = 0
                win = -1
                for a in range(legal_rows.shape[2]):
                    safe[a] = False
                    if legal_rows[i, p, a] and win < 0:
                        open_ += 1
                        copy(raw, i, board_raw, 0)
                        acts[0, p, 0] = a
                        step_one(board[0], c, acts[0], fold(key[0], i))
                        if board[0].reward[p] > 0 and board[0].done:
                            win = a
                        elif not loses(board, board_raw, c, acts, will, may, p, fold(key[0], i)):
                            safe[a] = True
                            count += 1
                if win < 0:
                    left = below(fold(key[0], len(states) + i), count if count > 0 else open_)
                    for a in range(legal_rows.shape[2]):
                        if safe[a] or (count == 0 and legal_rows[i, p, a]):
                            if left == 0 and win < 0:
                                win = a
                            left -= 1
                other[i, p, 0] = win


def _loses(board: Any, board_raw: Any, c: Any, acts: Any, will: Any, may: Any, p: int, key: Any) -> bool:
    """Whether the seat that acts next in board[0] can win at once."""
    if board[0].done:
        return False
    mask_one(board[0], c, will, may, 0)
    for q in range(will.shape[1]):
        if will[0, q] and q != p:
            for a in range(may.shape[2]):
                if may[0, q, a]:
                    copy(board_raw, 0, board_raw, 1)
                    acts[0, q, 0] = a
                    step_one(board[1], c, acts[0], key)
                    if board[1].done and board[1].reward[q] > 0:
                        return True
    return False


loses = Rule(_loses)


class TwoPly:
    """Wins where it can, else avoids what loses at once, else plays anything. For games where `demand_two_ply` has no complaint."""

    def __init__(self, rows: slice) -> None:
        self.name, self.rows = "two_ply", rows

    def act(self, collector: Collector, key: int) -> None:
        vec, rows = collector.vec, self.rows
        assert isinstance(vec, Vector)
        game = vec.game
        states = vec.records[rows]
        board = np.zeros(2, game.state_type)
        seats, width = game.spec.seats, game.spec.width
        other = np.zeros_like(collector.full[rows])
        game.run(
            read_two_plies, states, game.raw(states), game.configs, collector.own[rows], vec.acting[rows], vec.legal[rows], board,
            game.raw(board), np.zeros((1, seats, 1), np.int32), np.zeros((1, seats), np.bool_), np.zeros((1, seats, width), np.bool_),
            np.zeros(width, np.bool_), np.array([key], np.uint64), other,
        )  # fmt: skip
        take(collector.full[rows], other, vec.acting[rows], collector.own[rows], np.ones(len(other), np.bool_))


class Agents:
    """Agents by a function that makes one, asked as in a match, one instance a row; `name` is their address."""

    def __init__(self, name: str, rows: slice, make: Callable[[], Any]) -> None:
        self.name, self.rows = name, rows
        self._agents = [make() for _ in range(rows.stop - rows.start)]

    def act(self, collector: Collector, key: int) -> None:
        from arena.agent import Ask, reply_of  # noqa: PLC0415

        vec = collector.vec
        for i, b in enumerate(range(self.rows.start, self.rows.stop)):
            for p in np.flatnonzero(vec.acting[b]).tolist():
                if p != collector.own[b]:
                    ask = Ask(
                        f"{vec.seeds[b]:x}",
                        vec.game,
                        p,
                        int(collector.age[b]),
                        vec.seen(b, p),
                        vec._legal_of(b, p),
                        keys.fold(key, b),
                    )
                    reply = reply_of(self._agents[i](ask))
                    action: Any = getattr(reply, "actions", [None])[0]
                    if not isinstance(action, list) or action not in ask.legal:
                        raise UserError(
                            f"{self.name} answered {str(action)[:40]} in {vec.game.id}, which is not legal: train without it"
                        )
                    collector.full[b, p, : len(action)] = action
