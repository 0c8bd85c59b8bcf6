"""The single-agent face: a gymnasium.Env in which one seat learns and given agents play the others.

An illegal action of the learner ends the episode with the least points that the game pays and `info["illegal"]`, because libraries without
masks send such actions and must learn not to. Opponents are functions from a question (obs, legal, game, seat, tick, seed, key,
text) to an answer, or names of agents ("random", "mcts?simulations=50").
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from envs import keys
from envs.errors import UserError
from envs.faces.board import board, seeded
from envs.faces.spaces import action_space, mask_of, native, observation_space
from envs.game import Game, Legal
from envs.spec import Refusal

__all__ = ["Gym", "Question"]

TRIES = 1000
"""Episodes that `reset` begins until one comes to the learner's seat."""


@dataclass(frozen=True)
class Question:
    """What an opponent is asked; the same fields as a match's Ask."""

    game: Game
    seat: int
    tick: int
    obs: Any
    legal: Legal
    seed: int
    match: str = ""
    seconds: float | None = None
    heard: tuple[Any, ...] = ()
    refusals: tuple[str, ...] = ()

    @property
    def key(self) -> int:
        return int(keys.fold(keys.fold(self.seed, self.tick), len(self.refusals)))

    @cached_property
    def text(self) -> str:
        return self.game.say(self.obs)


class Gym(gymnasium.Env[Any, Any]):
    """flat=True: the observation is one float32 vector and `action_masks()` gives bool[A], as maskable learners want it."""

    metadata: dict[str, Any] = {"render_modes": ["ansi", "rgb_array"], "render_fps": 4}  # noqa: RUF012  as the base class has it

    def __init__(
        self, game: Game, encode: str | None = None, render_mode: str | None = None, seat: int = 0,
        opponents: Sequence[str | Callable[[Any], Any]] = (), flat: bool = False,
    ) -> None:  # fmt: skip
        if not 0 <= seat < game.seats or len(opponents) != game.seats - 1:
            raise UserError(
                f"{game.id} has seats 0 to {game.seats - 1}: seat={seat} needs {game.seats - 1} opponents, "
                f"{len(opponents)} were given"
            )
        self.game, self.seat, self.flat, self.render_mode = game, seat, flat, render_mode
        self._makers = [_maker(opponent) for opponent in opponents]
        self._actions = game.spec.role(seat).actions
        self.action_space = action_space(game, seat)
        seen = observation_space(game, seat, encode)
        assert isinstance(seen, spaces.Dict)
        self.observation_space = _flattened(seen["observation"]) if flat else seen
        self._board = board(game, encode)
        self._over = True

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        # Without a seed the episode follows from the seed of an earlier reset, as Gymnasium promises.
        first = seeded(seed) if seed is not None else int(self.np_random.integers(1 << 62))
        for attempt in range(TRIES):
            # An episode that ends before this seat acts is none for a learner: the next is begun.
            self._begin(keys.fold(first, attempt) if attempt else first)
            if not self._over:
                return self._look(), {}
        raise UserError(
            f"{self.game.id}: {TRIES} episodes ended before seat {self.seat} could act: choose another seat"
        )

    def _begin(self, seed: int) -> None:
        self._seed = seed
        self._board.start(seed)
        self._others = dict(
            zip((p for p in range(self.game.seats) if p != self.seat), (make() for make in self._makers), strict=True)
        )
        self._sealed: dict[int, Any] = {}
        self._over = False
        self._play_on()

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        if self._over:
            raise RuntimeError("the episode has ended: call reset()")
        ours = native(action, self._actions)
        if ours not in self._board.legal(self.seat):
            self._over = True
            return self._look(), self.game.spec.points[0], True, False, {"illegal": True}
        self._sealed[self.seat] = ours
        reward = self._play_on()
        facts = self._board.facts
        return self._look(), reward, facts.done and not facts.truncated, facts.truncated, {}

    def _play_on(self) -> float:
        """Let the others act and the rules step until the learner is asked again; its reward meanwhile."""
        gained = 0.0
        while not self._over:
            acts = self._board.acts
            if self.seat in acts and self.seat not in self._sealed:
                break
            for seat in acts:
                if seat != self.seat:
                    self._sealed[seat] = self._asked(seat)
            self._board.step(self._sealed)
            self._sealed = {}
            facts = self._board.facts
            gained += facts.reward[self.seat]
            self._over = facts.done
        return gained

    def _asked(self, seat: int) -> Any:
        seed = int.from_bytes(hashlib.blake2b(f"{self._seed}/{seat}/agent".encode(), digest_size=8).digest(), "big")
        obs, legal = self._board.observe(seat), self._board.legal(seat)
        answer = self._others[seat](Question(self.game, seat, self._board.facts.tick, obs, legal, seed))
        action = _action(answer, self.game, obs, legal)
        if action not in legal:
            raise ValueError(f"the opponent in seat {seat} played {answer!r}, which is not legal")
        return action

    def _look(self) -> Any:
        tensor = self._board.tensor(self.seat)
        if self.flat:
            return np.asarray(tensor, np.float32).ravel()
        mask = self._board.mask(self.seat)
        return {"observation": tensor} | ({} if mask is None else {"action_mask": mask_of(mask, self._actions)})

    def action_masks(self) -> np.ndarray:
        """bool[A]: what the learner may do now (all factors one after another)."""
        mask = self._board.mask(self.seat)
        return np.ones(0, np.bool_) if mask is None else mask.copy()

    def render(self) -> Any:
        """The spectator's view: words ("ansi") or uint8[512, 512, 3] ("rgb_array")."""
        if self.render_mode is None:
            return None
        return self._board.words() if self.render_mode == "ansi" else self._board.picture()


def _flattened(space: spaces.Space[Any]) -> spaces.Box:
    if not isinstance(space, spaces.Box):
        raise UserError("flat=True needs a view: this game has only words")
    return spaces.Box(space.low.ravel().astype(np.float32), space.high.ravel().astype(np.float32), dtype=np.float32)


def _maker(opponent: str | Callable[[Any], Any]) -> Callable[[], Callable[[Any], Any]]:
    """What makes an opponent for an episode; names are known to the package of agents, which is loaded by name."""
    if isinstance(opponent, str):
        maker: Callable[[], Callable[[Any], Any]] = importlib.import_module("agents").load(opponent)
        return maker
    return lambda: opponent


def _action(answer: Any, game: Game, obs: Any, legal: Legal) -> Any:
    """An opponent's answer as K integers."""
    actions = getattr(answer, "actions", None)
    if actions is not None:
        answer = actions[0]
    if isinstance(answer, str) and legal.form is None:
        found = game.parse(answer, obs, legal)
        if isinstance(found, Refusal):
            raise ValueError(found.reason)
        answer = found[0]
    return answer if isinstance(answer, str) else np.atleast_1d(np.asarray(answer)).astype(int).tolist()
