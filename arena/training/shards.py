"""Shards: a batch cut into parts that threads work on, each with its own rows, streams, opponents and passes."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

import numpy as np

from arena.training import kernels
from arena.training.memory import Sequences, sequences
from arena.training.net import Net, Pass, Recalling
from arena.training.opponents import Agents, Block, Past, TwoPly, demand_two_ply
from arena.training.starts import recorded_states
from arena.training.streams import Collector, Stream
from arena.training.threads import Crew, let_torch, pieces
from envs import keys
from envs.errors import UserError
from envs.faces.board import default_view
from envs.faces.vector import vector
from envs.game import Game

__all__ = [
    "CHUNK",
    "Part",
    "Shard",
    "at_once",
    "build",
    "cut",
    "gradient_steps",
    "joined",
    "together",
    "uncut",
    "views_of",
]

CHUNK = 1024
"""Rows that go through a network at once: their activations stay in the processor's cache."""
GROUP = 16
PASTS = 2
"""Former selves that are played against at once, in a block each."""

_FIELDS = ("x", "mask", "action", "logp", "target", "advantage")

_R = TypeVar("_R")

Part = np.ndarray | Sequences
"""Decisions of a gradient step: places in a stream's flat arrays; where the network remembers, sequences of them."""


class Shard:
    """A collector, a pass of each network, memory for a chunk of outputs."""

    def __init__(self, collector: Collector, passes: Mapping[str, Pass], seed: int) -> None:
        self.collector, self.passes, self.seed = collector, passes, seed
        self.scratch = {
            name: tuple(np.zeros((CHUNK, int(s.edges[-1]) + extra), np.float32) for extra in (0, 0, 1))
            for name, s in collector.streams.items()
        }

        self._flat = {name: {each: s.flat(each) for each in _FIELDS} for name, s in collector.streams.items()}
        self._rows = {
            name: {each: np.zeros((CHUNK, *flat.shape[1:]), flat.dtype) for each, flat in fields.items()}
            for name, fields in self._flat.items()
        }
        self._few = np.zeros((3, CHUNK), np.float32)

    def rows(self, name: str, field: str, chosen: np.ndarray) -> np.ndarray:
        """Chosen entries of one of a stream's arrays, at most CHUNK; overwritten by the next call."""
        return self._flat[name][field].take(chosen, 0, self._rows[name][field][: len(chosen)], "clip")

    def decisions(self, name: str, chosen: np.ndarray) -> tuple[np.ndarray, ...]:
        """mask, action, logp, target and advantage of chosen decisions, at most CHUNK; overwritten by the next call."""
        flat, rows, n = self._flat[name], self._rows[name], len(chosen)
        mask, action, few = rows["mask"][:n], rows["action"][:n], self._few[:, :n]
        kernels.gather(*(flat[each] for each in _FIELDS[1:]), chosen, mask, action, few)
        return mask, action, *few

    def stream(self, name: str) -> Stream:
        return self.collector.streams[name]

    def choose(self, name: str) -> np.ndarray:
        """The decisions to learn from, as places in the flat arrays of the stream."""
        return np.flatnonzero(self.stream(name).flat("valid"))

    def parts(self, name: str, chosen: np.ndarray, round_: int, epoch: int, steps: int) -> list[Part]:
        """The chosen in random order, cut for so many gradient steps; of a network that remembers, whole sequences."""
        s = self.stream(name)
        if s.memory is None:
            order = self.order(chosen, round_, epoch)
            return [order[len(order) * step // steps : len(order) * (step + 1) // steps] for step in range(steps)]
        whole = sequences(s.seat - s.first, s.fresh, s.start, chosen)
        draw = np.random.default_rng([self.seed & 0xFFFFFFFF, round_, epoch])
        return [*whole.taken(draw.permutation(len(whole.lengths))).cut(steps)]

    def outputs(self, name: str, part: Part) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """(places, the network's outputs there) of a part, at most CHUNK at a time, each to be carried back before the next."""
        way = self.passes[name]
        if isinstance(part, Sequences):
            for piece in part.chunks(CHUNK):
                x = self.rows(name, "x", piece.places).astype(np.float32, copy=False)
                yield piece.places, cast(Recalling, way).along(x, piece.lengths, piece.memory)
        else:
            for at in range(0, len(part), CHUNK):
                chosen = part[at : at + CHUNK]
                yield chosen, way(self.rows(name, "x", chosen).astype(np.float32, copy=False))

    def order(self, chosen: np.ndarray, round_: int, epoch: int) -> np.ndarray:
        """The chosen in random order, by the shard's seed, the round and the epoch, in groups of GROUP neighbours.

        Neighbours are decisions of different games at one tick, so that a group is as mixed as any; and memory is read in runs.
        """
        draw = np.random.default_rng([self.seed & 0xFFFFFFFF, round_, epoch])
        whole = len(chosen) // GROUP * GROUP
        groups = chosen[:whole].reshape(-1, GROUP)
        return np.concatenate([groups[draw.permutation(len(groups))].reshape(-1), chosen[whole:]])


def at_once(crew: Crew, shards: Sequence[Shard], config: Any, play: Callable[[Shard], _R]) -> list[_R]:
    """What playing each shard comes to; on threads where all are of config.shard rows or more, else one after another."""
    apart = config.rows >= config.shard * len(shards)
    return list((crew.map if apart else map)(play, shards))


def gradient_steps(
    shards: Sequence[Shard], name: str, choices: Sequence[np.ndarray], round_: int, epochs: int, steps: int
) -> Iterator[tuple[Part, ...]]:  # fmt: skip
    """What each gradient step of all epochs learns from: a part of what was chosen in each shard."""
    for epoch in range(epochs):
        cut = [shard.parts(name, chosen, round_, epoch, steps) for shard, chosen in zip(shards, choices, strict=True)]
        yield from zip(*cut, strict=True)


def together(shards: Sequence[Shard], name: str, field: str) -> np.ndarray:
    """A flat array of a stream, shard after shard; of a single one without a copy."""
    flat = [shard.stream(name).flat(field) for shard in shards]
    return flat[0] if len(flat) == 1 else np.concatenate(flat)


def joined(shards: Sequence[Shard], name: str, parts: Sequence[Part]) -> Part:
    """A part of each shard as one of the arrays that `together` gives."""
    if len(parts) == 1:
        return parts[0]
    sizes = [shard.stream(name).valid.size for shard in shards]
    begins = np.cumsum(sizes) - sizes
    places = [
        begin + (part.places if isinstance(part, Sequences) else part)
        for begin, part in zip(begins, parts, strict=True)
    ]
    whole = [part for part in parts if isinstance(part, Sequences)]
    if not whole:
        return np.concatenate(places)
    lengths, memory = (np.concatenate([getattr(part, each) for part in whole]) for each in ("lengths", "memory"))
    return Sequences(np.concatenate(places), lengths, memory)


def views_of(game: Game, view: str) -> dict[str, str]:
    """The view that each role's network reads."""
    found = {role.name: default_view(game, game.spec.first(role.name), view or None) for role in game.spec.roles}
    return {name: each[0] for name, each in found.items() if each is not None}


def build(
    game: Game, config: Any, views: Mapping[str, str], nets: Mapping[str, Net], count: int, only: int | None = None
) -> list[Shard]:  # fmt: skip
    """`count` shards of config.rows rows in all, or `only` one of them. UserError for a game without a vector face."""
    if config.start_from and game.kind != "record":
        raise UserError(f"start_from takes compiled games, and {game.id} is plain Python: train it from its beginning")
    if config.ticks > CHUNK and any(each.plan.remembers for each in nets.values()):
        raise UserError(f"net=gru learns along whole rollouts: give at most {CHUNK} ticks, not {config.ticks}")
    if config.two_ply:
        demand_two_ply(game)
    starts = recorded_states(config.start_from, game) if config.start_from else None  # type: ignore[arg-type]
    sizes = [b - a for a, b in pieces(config.rows, count)]
    return [_made(game, config, views, nets, n, size, starts) for n, size in enumerate(sizes) if only in (None, n)]


def cut(game: Game, config: Any, nets: Mapping[str, Net], count: int) -> tuple[Crew, list[Shard]]:
    """`count` shards as of `build`, with a thread for each; where it is one, torch has as many threads as are asked for."""
    let_torch(1 if count > 1 else config.threads, nets.values())
    return Crew(count), build(game, config, views_of(game, config.view), nets, count)


def uncut(crew: Crew, shards: Sequence[Shard]) -> None:
    """Let go of both."""
    crew.close()
    for shard in shards:
        shard.collector.vec.close()


def _made(
    game: Game, config: Any, views: Mapping[str, str], nets: Mapping[str, Net], n: int, rows: int, starts: np.ndarray | None
) -> Shard:  # fmt: skip
    single = "acting" if "simultaneous" not in game.spec.traits else "all"
    vec = vector(game, num=rows, encode=tuple(dict.fromkeys(views.values())), seats=single, checked=False)
    seed = keys.fold(keys.fold(config.seed, 11), n)
    vec.reset(seed=seed)
    widths = {name: each.plan.remembers for name, each in nets.items()}
    collector = Collector(
        vec, views, config.ticks, _blocks(game, config, rows), config.plies, keys.fold(seed, 1), widths
    )
    collector.starts, collector.elsewhere = starts, config.start_share
    lanes = max(s.seat[0].size for s in collector.streams.values())
    return Shard(collector, {name: each.passing(max(lanes, CHUNK)) for name, each in nets.items()}, seed)


def _blocks(game: Game, config: Any, rows: int) -> list[Block]:
    """The opponents of a shard, in its last rows."""
    past, two = int(rows * config.past) // PASTS, int(rows * config.two_ply)
    names = config.agents.split()
    each = min(config.agent_rows, rows)
    if PASTS * past + two + len(names) * each > rows:
        raise UserError(
            f"past={config.past}, two_ply={config.two_ply} and {len(names)} agents need more than {rows} rows: give more, or less of these"
        )
    blocks: list[Block] = []
    at = rows
    for n in range(PASTS if past else 0):
        blocks.append(Past(f"past{n}", slice(at - past, at)))
        at -= past
    if two:
        blocks.append(TwoPly(slice(at - two, at)))
        at -= two
    for name in names:
        maker = importlib.import_module("agents").load(name)
        maker.fits(game)
        blocks.append(Agents(name, slice(at - each, at), maker))
        at -= each
    return blocks
