"""Threads of a training: shards that work at once without the interpreter's lock, each with arithmetic on one thread of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from arena.training.net import Net

__all__ = ["Crew", "cores", "let_torch", "one_thread", "pieces", "shards_of"]

WIDE = 100_000
"""Parameters of a perceptron or a memory, from which on torch has all cores. Measured on two: with 28,000 a second thread made PQN a third
slower, with 300,000 half as fast again."""

_T = TypeVar("_T")
_R = TypeVar("_R")


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def shards_of(rows: int, threads: int, least: int, nets: Iterable[Net], away: int = 0) -> int:
    """How many shards so many rows are cut into; threads: as many as are asked for, 0 where nobody says: then `least` rows or more in each.

    Between the many short calls of few rows threads mostly wait for one another. away: the cores of a cluster that plays them. Here they
    are for networks that read by a perceptron, alone or before a memory. What reads a board or entities is one shard: torch's own threads
    do better there; and what learns on a device is one batch.
    """
    if not away and any(each.device != "cpu" or _reads(each) != "mlp" for each in nets):
        return 1
    return min(threads, rows) if threads else max(1, min(away or cores(), rows // least))


@contextmanager
def one_thread() -> Iterator[None]:
    """Inside, every matrix product runs on the thread that asks for it: shards share the cores, and sums have one order."""
    with _libraries().limit(limits=1, user_api="blas"):
        yield


@cache
def _libraries() -> Any:
    """The libraries of linear algebra that are loaded; looking for them takes milliseconds."""
    from threadpoolctl import ThreadpoolController  # noqa: PLC0415  an extra

    return ThreadpoolController()


def let_torch(count: int, nets: Iterable[Net] = ()) -> None:
    """Give torch's own operators so many threads; with 0, one where the networks are small, and all cores where one of them is not."""
    import torch  # noqa: PLC0415  an extra, 1 s

    torch.set_num_threads(count or (cores() if any(map(_is_wide, nets)) else 1))


def _is_wide(net: Net) -> bool:
    """Whether a step of a network is work for several threads: of one that goes over a board or over entities, and of many parameters."""
    return _reads(net) != "mlp" or net.theta.size >= WIDE


def _reads(net: Net) -> str:
    """The kind of network that reads the view."""
    return net.plan.torso.kind if net.plan.remembers else net.plan.kind


class Crew:
    """So many threads, the caller's among them."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = ThreadPoolExecutor(count - 1, "shard") if count > 1 else None

    def map(self, work: Callable[[_T], _R], items: Sequence[_T]) -> list[_R]:
        """The results, in the order of the items; the first is worked out by the caller, which would only wait otherwise."""
        if self._pool is None or len(items) < 2:
            return [work(item) for item in items]
        others = [self._pool.submit(work, item) for item in items[1:]]
        try:
            first = work(items[0])
        finally:
            wait(others)
        return [first, *(each.result() for each in others)]

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()


def pieces(count: int, parts: int) -> list[tuple[int, int]]:
    """[0, count) in `parts` ranges that differ by one at most; empty ones are left out."""
    edges = [count * i // parts for i in range(parts + 1)]
    return [(a, b) for a, b in pairwise(edges) if b > a]
