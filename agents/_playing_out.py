"""One random game from a state to its end, compiled: what a search's leaf is worth to somebody who knows nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.drivers import Driver, mask_one, step_one
from envs.keys import below, fold
from envs.record_game import RecordGame

__all__ = ["PlayingOut"]


@Driver
def play_out(states: Any, configs: Any, acting: Any, legal: Any, actions: Any, key: Any, points: Any) -> None:
    """Uniform legal actions of single factors until the end; points float64[P] gets what every seat was paid, in units of the rules."""
    c = configs[0]
    s = states[0]
    while not s.done:
        tick_key = fold(key[0], s.tick)
        mask_one(s, c, acting, legal, 0)
        for p in range(acting.shape[1]):
            if acting[0, p]:
                count = 0
                for a in range(legal.shape[2]):
                    count += legal[0, p, a]
                left = below(fold(tick_key, p), max(count, 1))
                for a in range(legal.shape[2]):
                    if legal[0, p, a]:
                        if left == 0:
                            actions[0, p, 0] = a
                        left -= 1
        step_one(s, c, actions[0], key[0])
        for p in range(len(points)):
            points[p] += s.reward[p]


class PlayingOut:
    """Memory for random games of one game; a call gives seat 0's points from a state on."""

    def __init__(self, game: RecordGame) -> None:
        spec = game.spec
        self.game = game
        self._acting, self._legal = np.zeros((1, spec.seats), np.bool_), np.zeros((1, spec.seats, spec.width), np.bool_)
        self._actions, self._points = np.zeros((1, spec.seats, spec.factors), np.int32), np.zeros(spec.seats)
        self._states = np.zeros(1, game.state_type)

    def __call__(self, state: np.ndarray, key: int) -> float:
        game = self.game
        game.raw(self._states)[:] = game.raw(state)
        self._points[:] = 0.0
        drawn = np.array([key], np.uint64)
        game.run(play_out, self._states, game.configs, self._acting, self._legal, self._actions, drawn, self._points)
        return float(self._points[0]) / game.spec.scale
