"""The memory of a record or an array as a whole: zeroed, copied, and what its type tells.

Compiled (in envs.compiled), each is one move of a size that the type says; a loop over its cells would be a move for each of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.records import tag_of, unwrap

__all__ = ["clear", "copyto", "masked", "unlike", "width"]


def clear(memory: Any) -> None:
    """Zero a record, the bytes between its fields included, or an array."""
    memory = unwrap(memory)
    if isinstance(memory, np.void):
        _write(memory, np.zeros(memory.dtype.itemsize, np.uint8))
    else:
        memory[...] = 0


def copyto(target: Any, source: Any) -> None:
    """Copy a whole array field into one of the same shape and type, or a record into another: `copyto(obs.board, s.board)`.

    TypeError for two that are not alike; compiled, the rules do not compile then, and say the same.
    """
    target, source = unwrap(target), unwrap(source)
    sides = [getattr(side, "dtype", None) for side in (target, source)]
    shapes = [getattr(side, "shape", ()) for side in (target, source)]
    if sides[0] is None or sides[0] != sides[1] or shapes[0] != shapes[1]:
        raise TypeError(
            unlike(*(f"{dtype or 'no array'}{list(shape)}" for dtype, shape in zip(sides, shapes, strict=True)))
        )
    if isinstance(target, np.void):
        _write(target, np.frombuffer(source, np.uint8))
    else:
        target[...] = source


def unlike(target: str, source: str) -> str:
    """What is said of two things that cannot be copied."""
    return f"copyto takes two whole array fields of one type and shape, or two records of one type, not {target} and {source}"


def masked(dtype: np.dtype, entries: int) -> np.dtype:
    """The record type of a state whose tag tells as well how many entries a seat's row in the mask of legal actions has."""
    names, fields = dtype.names or (), dict(dtype.fields or {})
    kinds = [np.dtype((np.uint8, (0, entries))) if name == tag_of(dtype) else fields[name][0] for name in names]
    places = [fields[name][1] for name in names]
    return np.dtype({"names": names, "formats": kinds, "offsets": places, "itemsize": dtype.itemsize, "aligned": True})


def width(s: Any) -> int:
    """The entries of each seat's row in the mask; see `masked`."""
    dtype = unwrap(s).dtype
    return int(dtype.fields[tag_of(dtype)][0].shape[1])


def _write(record: np.void, data: np.ndarray) -> None:
    """All bytes of a record that is part of an array."""
    record.setfield(data, np.dtype((np.uint8, (len(data),))), 0)
