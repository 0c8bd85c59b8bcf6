"""Between other libraries' spaces and ours: action spaces, native actions, arrays as plain values, thumbnails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from envs.errors import CORRUPT, UserError
from envs.spec import Box, Discrete, MultiDiscrete

__all__ = ["actions_of", "described", "native", "packed_array", "space_of", "thumbnail", "unpacked_array"]

_PARTS = 1000
_BOUND = 10.0
_LARGEST = 1 << 18
_WIDE = 96


def actions_of(space: Any, agent: str) -> Discrete | MultiDiscrete | Box:
    """A gymnasium space as an action space: Discrete, MultiDiscrete, MultiBinary, and Box cut into 1000 parts per number."""
    kind = type(space).__name__
    if kind == "Discrete":
        return Discrete(int(space.n))
    if kind == "MultiDiscrete":
        return MultiDiscrete(tuple(int(n) for n in np.ravel(space.nvec)))
    if kind == "MultiBinary":
        return MultiDiscrete((2,) * int(np.prod(space.shape)))
    if kind == "Box":
        low, high = (np.clip(np.ravel(bound), -_BOUND, _BOUND) for bound in (space.low, space.high))
        return Box((0,) * low.size, (_PARTS,) * low.size, tuple(((high - low) / _PARTS).tolist()))
    raise UserError(
        f"actions of {agent} are a {kind} space: Discrete, MultiDiscrete, MultiBinary and Box can be played"
    )


def described(actions: Any) -> dict[str, Any]:
    """An action space as plain values."""
    if isinstance(actions, Box):
        return {"low": list(actions.low), "high": list(actions.high), "step": list(actions.step)}
    return {"factors": list(actions.factors)}


def space_of(tree: Any) -> Discrete | MultiDiscrete | Box:
    """The inverse of described; KeyError, TypeError or ValueError on anything else."""
    if "low" in tree:
        low, high = (tuple(int(n) for n in tree[name]) for name in ("low", "high"))
        return Box(low, high, tuple(float(x) for x in tree["step"]))
    factors = tuple(int(n) for n in tree["factors"])
    if not factors or not all(0 < n < 1 << 20 for n in factors):
        raise ValueError(f"factors {factors}")
    return Discrete(factors[0]) if len(factors) == 1 else MultiDiscrete(factors)


def native(action: Any, space: Any, ours: Any) -> Any:
    """Our integers as the value that the space's own library expects."""
    kind = type(space).__name__
    if kind == "Discrete":
        return int(action[0]) + int(getattr(space, "start", 0))
    if kind == "Box":
        low = np.clip(np.ravel(space.low), -_BOUND, _BOUND)
        values = low + np.array(action) * np.array(ours.step)
        return values.reshape(space.shape).astype(space.dtype)
    return np.array(action).reshape(space.shape).astype(space.dtype)


def packed_array(array: Any) -> dict[str, Any]:
    """An array as plain values; one over 256 KiB is left out and says so."""
    array = np.ascontiguousarray(array)
    if array.dtype.kind not in "biuf" or array.nbytes > _LARGEST:
        return {"left out": f"{array.dtype} {list(array.shape)}"}
    return {"dtype": array.dtype.str, "shape": list(array.shape), "data": array.tobytes()}


def unpacked_array(tree: Any) -> np.ndarray:
    """The inverse of packed_array; UserError (4) on anything else. What was left out is an empty array."""
    if isinstance(tree, Mapping) and "left out" in tree:
        return np.zeros(0, np.float32)
    try:
        dtype = np.dtype(str(tree["dtype"]))
        if dtype.kind not in "biuf":
            raise ValueError(dtype)
        return np.frombuffer(tree["data"], dtype).reshape([int(n) for n in tree["shape"]])
    except (KeyError, TypeError, ValueError, SyntaxError) as error:
        raise UserError(f"a recorded array is damaged: {error}", CORRUPT) from None


def thumbnail(frame: Any) -> np.ndarray:
    """A frame uint8[h, w, 3] no wider and no higher than 96 pixels."""
    from PIL import Image  # noqa: PLC0415  only environments that paint pixels pay for it

    image = Image.fromarray(np.asarray(frame, np.uint8)[..., :3])
    image.thumbnail((_WIDE, _WIDE), Image.Resampling.BOX)
    return np.asarray(image)
