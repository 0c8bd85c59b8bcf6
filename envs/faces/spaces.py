"""Our action spaces and views as Gymnasium spaces, and actions on their way in and out."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from gymnasium import spaces

from envs.faces.board import default_view
from envs.game import Game
from envs.spec import Box, Discrete, MultiDiscrete, Text, View

__all__ = ["action_space", "mask_of", "native", "observation_space", "tensor_space"]

_LETTERS = "".join(map(chr, range(32, 127))) + "\n"


def action_space(game: Game, seat: int) -> spaces.Space[Any]:
    actions = game.spec.role(seat).actions
    if isinstance(actions, Discrete):
        return spaces.Discrete(actions.n)
    if isinstance(actions, MultiDiscrete):
        return spaces.MultiDiscrete(np.array(actions.factors))
    if isinstance(actions, Text):
        return spaces.Text(actions.length, min_length=0, charset=_LETTERS)
    step = np.array(actions.step)
    return spaces.Box(
        np.float32(np.array(actions.low) * step), np.float32(np.array(actions.high) * step), dtype=np.float32
    )


def native(action: Any, actions: Any) -> Any:
    """An action of a Gymnasium space as ours: K integers, or a text."""
    if isinstance(actions, Discrete):
        return [int(action)]
    if isinstance(actions, Text):
        return str(action)
    values = np.atleast_1d(np.asarray(action))
    if isinstance(actions, Box):
        values = np.clip(np.rint(values / np.array(actions.step)), actions.low, actions.high)
    return values.astype(np.int64).tolist()


def tensor_space(game: Game, seat: int, encode: str | None) -> spaces.Space[Any]:
    view = default_view(game, seat, encode)
    if view is None:
        return spaces.Text(1 << 16, min_length=0, charset=_LETTERS)
    return _box(view[1])


def _box(view: View) -> spaces.Box:
    return spaces.Box(view.low, view.high, view.shape, np.dtype(view.dtype).type)


def observation_space(game: Game, seat: int, encode: str | None) -> spaces.Space[Any]:
    """{"observation", "action_mask"}; without a mask where the actions have none."""
    parts = {"observation": tensor_space(game, seat, encode)}
    actions = game.spec.role(seat).actions
    if isinstance(actions, Discrete):
        parts["action_mask"] = _mask_box(actions.n)
    elif isinstance(actions, MultiDiscrete):
        parts["action_mask"] = spaces.Tuple([_mask_box(n) for n in actions.factors])
    return spaces.Dict(parts)


def _mask_box(n: int) -> spaces.Box:
    return spaces.Box(0, 1, (n,), np.int8)


def mask_of(mask: np.ndarray, actions: Any) -> Any:
    """A bool mask as the libraries want it: int8, a tuple of one per factor for MultiDiscrete."""
    if isinstance(actions, Discrete):
        return mask.astype(np.int8)
    edges = itertools.accumulate(actions.factors, initial=0)
    return tuple(mask[a:b].astype(np.int8) for a, b in itertools.pairwise(edges))
