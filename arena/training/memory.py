"""What networks that remember know of each seat while games are played, and the sequences of decisions that are learned from.

A seat's memory moves at its own decisions alone, as a player that is asked only then; it begins with zeros in every episode. Decisions
that a random opening or an opponent makes in the learner's place move nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from arena.training.net import Recalling

__all__ = ["Memory", "Sequences", "grid", "sequences"]


class Memory:
    """Of the seats `first` to first + count - 1 in B rows, of which one network has all.

    state float32[B, count, width]: what it remembers; known bool[B, count]: whether the seat has decided in this episode. single: a batch
    that shows one lane a row, the first acting seat; else a lane for every seat.
    """

    def __init__(self, rows: int, first: int, count: int, single: bool, width: int) -> None:
        self.first, self.count, self.single = first, count, single
        self.state: np.ndarray = np.zeros((rows, count, width), np.float32)
        self.known: np.ndarray = np.zeros((rows, count), np.bool_)
        self._rows = np.arange(rows)[:, None]
        self._lane: np.ndarray = np.broadcast_to(np.arange(count), (rows, count))
        self._after: np.ndarray = self.state

    def outputs(self, way: Recalling, x: np.ndarray, acting: np.ndarray) -> np.ndarray:
        """The network's outputs for x[B * L, ...] where acting bool[B, P] decide; `keep` then takes over what it remembers after them."""
        if self.single:
            self._lane = acting[:, self.first : self.first + self.count].argmax(axis=1)[:, None]
        before = self.state[self._rows, self._lane]
        out, after = way.step(x, before.reshape(-1, before.shape[2]))
        self._after = after.reshape(before.shape)
        return out

    @property
    def fresh(self) -> np.ndarray:
        """bool[B, L]: lanes of the last `outputs` whose seat had not decided before."""
        return ~self.known[self._rows, self._lane]

    def keep(self, where: np.ndarray) -> None:
        """What follows from the last `outputs` is remembered in the lanes bool[B, L] that were decided."""
        rows, lanes = np.nonzero(where)
        seats = self._lane[rows, lanes]
        self.state[rows, seats], self.known[rows, seats] = self._after[rows, lanes], True

    def forget(self, rows: Any = slice(None)) -> None:
        """Episodes have begun in these rows, or another network takes over."""
        self.state[rows], self.known[rows] = 0.0, False

    def snapshot(self) -> dict[str, np.ndarray]:
        return {"state": self.state.copy(), "known": self.known.copy()}

    def restore(self, snapshot: Mapping[str, np.ndarray]) -> None:
        self.state[...], self.known[...] = snapshot["state"], snapshot["known"]


@dataclass(frozen=True)
class Sequences:
    """Decisions that follow one another: places int64[N] in a stream's flat arrays, sequence after sequence; lengths int64[S] and, before
    each of them, memory float32[S, M]. Its length is N."""

    places: np.ndarray
    lengths: np.ndarray
    memory: np.ndarray

    def __len__(self) -> int:
        return len(self.places)

    @property
    def begins(self) -> np.ndarray:
        """int64[S]: where in `places` each sequence begins."""
        return np.asarray(np.cumsum(self.lengths) - self.lengths)

    def split(self, cut: np.ndarray) -> tuple[Sequences, Sequences]:
        """(the first int64[S] decisions of each sequence where they are any, the rest of every sequence with the same memory)."""
        early = np.arange(len(self)) - np.repeat(self.begins, self.lengths) < np.repeat(cut, self.lengths)
        some = cut > 0
        heads = Sequences(self.places[early], cut[some], self.memory[some])
        return heads, Sequences(self.places[~early], self.lengths - cut, self.memory)

    def taken(self, order: np.ndarray) -> Sequences:
        """Some of the sequences, in another order."""
        lengths = self.lengths[order]
        begins = self.begins[order]
        within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return Sequences(self.places[np.repeat(begins, lengths) + within], lengths, self.memory[order])

    def cut(self, parts: int) -> list[Sequences]:
        """In so many parts of whole sequences, about as many decisions in each."""
        ends = np.cumsum(self.lengths)
        edges = np.searchsorted(ends, len(self) * np.arange(1, parts) / parts).tolist()
        return [self._between(a, b) for a, b in zip([0, *edges], [*edges, len(ends)], strict=True)]

    def chunks(self, most: int) -> Iterator[Sequences]:
        """Parts of at most so many decisions; no sequence is longer."""
        ends, a = np.cumsum(self.lengths), 0
        while a < len(ends):
            before = int(ends[a - 1]) if a else 0
            b = int(np.searchsorted(ends, before + most, side="right"))
            yield self._between(a, b)
            a = b

    def _between(self, a: int, b: int) -> Sequences:
        begin, end = (int(self.lengths[:n].sum()) for n in (a, b))
        return Sequences(self.places[begin:end], self.lengths[a:b], self.memory[a:b])


def sequences(seat: np.ndarray, fresh: np.ndarray, start: np.ndarray, chosen: np.ndarray) -> Sequences:
    """The chosen decisions of a rollout as sequences: each of one seat in one episode, from the memory that it had.

    seat int64 and fresh bool [T, B, L], seats counted from the role's first; start float32[B, count, M]: the memories when the rollout
    began; chosen int64[N]: places in [T * B * L]. Where a seat goes on from before the rollout, it does from `start`, else from zeros.
    """
    rows, lanes = seat.shape[1:]
    strand = (chosen // lanes) % rows * start.shape[1] + seat.reshape(-1)[chosen]
    # Places ascend with the tick, and a stable order keeps that within a strand.
    order = np.argsort(strand, kind="stable")
    places, strand = chosen[order], strand[order]
    blank = fresh.reshape(-1)[places]
    begins = (
        np.flatnonzero(np.append(True, strand[1:] != strand[:-1]) | blank) if len(places) else np.zeros(0, np.int64)
    )
    memory = np.where(blank[begins, None], np.float32(0), start.reshape(-1, start.shape[2])[strand[begins]])
    return Sequences(places, np.diff(np.append(begins, len(places))), memory)


def grid(lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sequences that stand one after another, as columns that begin together.

    lengths int64[S] -> (places int64[T, S]: where in the row the t-th of sequence s stands, the last one again below its end; t and s
    int64[N]: where in the columns each of the row stands).
    """
    ends = np.cumsum(lengths)
    begins = ends - lengths
    t = np.arange(int(lengths.max(initial=1)))
    places = begins + np.minimum(t[:, None], lengths - 1)
    s = np.repeat(np.arange(len(lengths)), lengths)
    return places, np.arange(int(lengths.sum())) - begins[s], s
