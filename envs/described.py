"""Record types as plain values, for files that are opened without the game: written, and read back with suspicion."""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.records import TAG

__all__ = ["described", "dtype_of"]


def described(dtype: np.dtype) -> list[Any]:
    """A record type as plain values: [itemsize, [name, type, shape, offset], ...]; tags are left out."""
    fields: Any = dtype.fields or {}
    rows: list[Any] = [dtype.itemsize]
    for name in dtype.names or ():
        if not name.startswith(TAG):
            kind, offset = fields[name][:2]
            inner = described(kind.base) if kind.base.names else kind.base.str
            rows.append([name, inner, list(kind.shape), offset])
    return rows


def dtype_of(tree: Any) -> np.dtype:
    """The inverse of described, for trees from a file: raises ValueError on anything that is no small record type."""
    try:
        return _record_type(tree, 0)
    except (TypeError, OverflowError, SyntaxError) as error:
        raise ValueError(f"not a record type: {error}") from None


def _record_type(tree: Any, depth: int) -> np.dtype:
    if not isinstance(tree, list) or not tree or depth > 4 or len(tree) > 512 or not isinstance(tree[0], int):
        raise ValueError("not a record type")
    names, formats, offsets = [], [], []
    for row in tree[1:]:
        name, inner, shape, offset = row
        base = _record_type(inner, depth + 1) if isinstance(inner, list) else np.dtype(str(inner))
        if base.kind not in "ibufV" or not all(isinstance(n, int) and 0 <= n < 1 << 20 for n in (*shape, offset)):
            raise ValueError("not a record type")
        names.append(str(name))
        formats.append((base, tuple(shape)))
        offsets.append(offset)
    if not 0 < tree[0] < 1 << 24:
        raise ValueError("not a record type")
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": tree[0]})
