"""One episode of a game, held for a face: preallocated arrays for record games, plain values for the others.

Both classes have: `start(key)`, `acts` (seats that decide now), `step({seat: action})`, `legal(seat)`, `tensor(seat)`, `facts`,
`words()`, `picture()`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from envs import drivers
from envs.canvas import Canvas, raster
from envs.game import Action, Facts, Game, Legal
from envs.record_game import RecordGame
from envs.spec import SPECTATOR, Text, View

__all__ = ["PlainBoard", "RecordBoard", "board", "default_view", "seeded"]


def default_view(game: Game, seat: int, encode: str | None) -> tuple[str, View] | None:
    """The view that a face shows to a seat: the one asked for, else the role's first; None when it has none."""
    views = game.spec.role(max(seat, 0)).views
    name = encode or next(iter(views), None)
    if name is None:
        return None
    if name not in views:
        from envs.errors import unknown  # noqa: PLC0415  only a mistake needs it

        raise unknown(f"view of {game.id}", name, views)
    return name, views[name]


def seeded(seed: int | None) -> int:
    """A 64-bit seed: the given one, or fresh entropy."""
    return int(np.random.SeedSequence().generate_state(1, np.uint64)[0]) if seed is None else int(seed) % (1 << 64)


def board(game: Game, encode: str | None) -> RecordBoard | PlainBoard:
    return RecordBoard(game, encode) if isinstance(game, RecordGame) else PlainBoard(game, encode)


class PlainBoard:
    """An episode through the common face of games."""

    def __init__(self, game: Game, encode: str | None) -> None:
        self.game, self.encode = game, encode
        self.state: Any = None
        self.key = 0

    def start(self, key: int) -> None:
        self.key, self.state = key, self.game.start(key)

    @property
    def acts(self) -> tuple[int, ...]:
        return self.game.acting(self.state)

    @property
    def facts(self) -> Facts:
        return self.game.facts(self.state)

    def step(self, actions: Mapping[int, Action]) -> None:
        self.state = self.game.step(self.state, actions, self.key)

    def legal(self, seat: int) -> Legal:
        return self.game.legal(self.state, seat)

    def allowed(self, seat: int, action: Action) -> bool:
        """Whether an acting seat may play this."""
        return action in self.legal(seat)

    def observe(self, who: int) -> Any:
        return self.game.observe(self.state, who)

    def tensor(self, seat: int) -> Any:
        """The view's tensor; the words where a game has no view."""
        view = default_view(self.game, seat, self.encode)
        obs = self.observe(seat)
        return self.game.say(obs) if view is None else self.game.encode(obs, view[0])

    def mask(self, seat: int) -> np.ndarray | None:
        """bool[A] of a seat; None for seats that write text or numbers without a mask."""
        actions = self.game.spec.role(seat).actions
        if isinstance(actions, Text) or hasattr(actions, "low"):
            return None
        size = sum(actions.factors)
        return self.legal(seat).mask if seat in self.acts else np.zeros(size, np.bool_)

    def words(self) -> str:
        return self.game.say(self.observe(SPECTATOR))

    def picture(self) -> np.ndarray:
        """uint8[512, 512, 3] of what the spectator sees."""
        canvas = Canvas()
        self.game.draw(self.observe(SPECTATOR), canvas)
        return raster(canvas)


class RecordBoard(PlainBoard):
    """An episode of a record game in arrays that are made once; two driver calls a turn."""

    game: RecordGame

    def __init__(self, game: RecordGame, encode: str | None) -> None:
        super().__init__(game, encode)
        spec = game.spec
        self.state = np.zeros(1, game.state_type)
        self._keys = np.zeros(1, np.uint64)
        self._actions = np.zeros((1, spec.seats, spec.factors), np.int32)
        self._acting = np.zeros((1, spec.seats), np.bool_)
        self._legal = np.zeros((1, spec.seats, spec.width), np.bool_)
        self._bounded = [hasattr(spec.role(seat).actions, "low") for seat in range(spec.seats)]
        self._sizes = [sum(spec.role(seat).actions.factors) for seat in range(spec.seats)]
        self._seen = [self._buffers(seat) for seat in range(spec.seats)]
        self._step, self._look = drivers.step_mask.direct(game.plain), drivers.look_encode.direct(game.plain)
        self._acts: tuple[int, ...] = ()

    def _buffers(self, seat: int) -> tuple[Any, ...]:
        """(obs, the same under the view's tag, the tensor); the last two are None where a game has no view."""
        who = self.game.who(seat)
        obs = np.zeros((1, 1), self.game.observation_types[who])
        view = default_view(self.game, seat, self.encode)
        if view is None:
            return obs, None, None
        out = np.zeros((1, *view[1].shape), view[1].dtype)
        return obs, obs[0].view(self.game.view_type(who, view[0])), out

    def start(self, key: int) -> None:
        self.key = key
        self._keys[0] = key
        self.game.run(drivers.start, self.state, self.game.configs, self._keys)
        self.game.run(drivers.mask, self.state, self.game.configs, self._acting, self._legal)
        self._acts = tuple(self._acting[0].nonzero()[0].tolist())

    @property
    def acts(self) -> tuple[int, ...]:
        return self._acts

    @property
    def facts(self) -> Facts:
        s = self.state[0]
        reward = s["reward"].tolist()
        scale = self.game.spec.scale
        return Facts(
            int(s["tick"]), bool(s["done"]), bool(s["truncated"]), tuple([points / scale for points in reward])
        )

    def step(self, actions: Mapping[int, Action]) -> None:
        for seat, action in actions.items():
            self._actions[0, seat, : len(action)] = action
        self._step(self.state, self.game.configs, self._actions, self._keys, self._acting, self._legal)
        self._acts = tuple(self._acting[0].nonzero()[0].tolist())

    def legal(self, seat: int) -> Legal:
        return self.game.legal_from(self._legal[0, seat].copy(), seat)

    def allowed(self, seat: int, action: Action) -> bool:
        if len(action) != 1 or self.game.spec.factors != 1 or isinstance(action, str) or self._bounded[seat]:
            return action in self.legal(seat)
        return 0 <= action[0] < self._sizes[seat] and bool(self._legal[0, seat, action[0]])

    def mask(self, seat: int) -> np.ndarray | None:
        return None if self._bounded[seat] else self._legal[0, seat, : self._sizes[seat]]

    def tensor(self, seat: int) -> Any:
        if seat < 0 or self._seen[seat][1] is None:
            return super().tensor(seat)
        obs, tagged, out = self._seen[seat]
        out.fill(0)
        self._look(self.state, self.game.configs, self.game.public.array, seat, obs, tagged, out)
        return out[0].copy()
