"""The frames between two steps, for screens, films and windows: a step of many frames is played again and shown frame by frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from envs import drivers
from envs.game import Action, Game

__all__ = ["frames"]


def frames(game: Game, state: Any, actions: Mapping[int, Action], key: int) -> Iterator[Any]:
    """The states inside one step, the last being `game.step(state, actions, key)`; that alone where a step is one frame.

    States between have the tick of `state`; each is a value of its own. Fewer than `Spec.frames` come where the episode ends inside a step.
    """
    after = game.step(state, actions, key)
    if game.kind == "record" and game.can("advance") and not game.facts(state).done:
        yield from _between(game, state, actions, key)
    yield after


def _between(game: Any, state: Any, actions: Mapping[int, Action], key: int) -> Iterator[Any]:
    """All frames but the last."""
    keys = np.array([key % (1 << 64)], np.uint64)
    states = game.unpack(game.pack(state))
    game.run(drivers.open_frames, states, game.configs, game.action_array(actions), keys)
    for frame in range(game.spec.frames - 1):
        game.run(drivers.one_frame, states, game.configs, keys, frame)
        if states["done"][0]:
            return
        yield game.unpack(game.pack(states))
