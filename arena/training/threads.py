"""Threads of a training: shards that work at once without the interpreter's lock, each with arithmetic on one thread of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from arena.training.net import Net

__all__ = ["Crew", "cores", "let_torch", "one_thread", "pieces", "worth"]

PLAYED = 2048
"""Rows of a shard, from which on it is worth a thread: between the many short calls of fewer rows threads mostly wait for one another."""

WIDE = 100_000
"""Parameters of a perceptron or a memory, from which on torch has all cores. Measured on two: with 28,000 a second thread made PQN a third
slower, with 300,000 half as fast again."""

_T = TypeVar("_T")
_R = TypeVar("_R")


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def worth(rows: int) -> int:
    """How many shards so many rows are cut into where nobody says."""
    return max(1, min(cores(), rows // PLAYED))


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
    reads = net.plan.torso.kind if net.plan.remembers else net.plan.kind
    return reads != "mlp" or net.theta.size >= WIDE


class Crew:
    """So many threads; with one, work is done by the caller."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = ThreadPoolExecutor(count, "shard") if count > 1 else None

    def map(self, work: Callable[[_T], _R], items: Sequence[_T]) -> list[_R]:
        """The results, in the order of the items."""
        if self._pool is None:
            return [work(item) for item in items]
        return list(self._pool.map(work, items))

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()


def pieces(count: int, parts: int) -> list[tuple[int, int]]:
    """[0, count) in `parts` ranges that differ by one at most; empty ones are left out."""
    edges = [count * i // parts for i in range(parts + 1)]
    return [(a, b) for a, b in pairwise(edges) if b > a]
