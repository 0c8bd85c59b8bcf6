"""The all-at-once face: a pettingzoo.ParallelEnv over any game.

Every seat sends an action at every tick; one that does not act has a mask that is True at index 0 only, and what it sends is not read.
An illegal action of an acting seat ends the episode as in the AEC face.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from pettingzoo import ParallelEnv

from envs.faces.aec import allowed, forfeit
from envs.faces.board import board, seeded
from envs.faces.spaces import action_space, mask_of, native, observation_space, tensor_space
from envs.game import Game

__all__ = ["Parallel"]


class Parallel(ParallelEnv):  # type: ignore[misc]
    """Observations as in the AEC face; infos hold {"acting": bool}."""

    metadata: dict[str, Any] = {"render_modes": ["ansi", "rgb_array"], "name": "palaestra"}  # noqa: RUF012  as the base class has it

    def __init__(self, game: Game, encode: str | None = None, render_mode: str | None = None) -> None:
        self.game, self.render_mode = game, render_mode
        self.metadata = Parallel.metadata | {"name": game.id}
        self.possible_agents = list(game.spec.seat_names)
        self.agents: list[str] = []
        self._seat = {agent: seat for seat, agent in enumerate(self.possible_agents)}
        self._actions = [game.spec.role(seat).actions for seat in range(game.seats)]
        self.action_spaces = {agent: action_space(game, seat) for agent, seat in self._seat.items()}
        self.observation_spaces = {agent: observation_space(game, seat, encode) for agent, seat in self._seat.items()}
        self.state_space: spaces.Space[Any] = tensor_space(game, -1, encode)
        self._board = board(game, encode)

    def observation_space(self, agent: str) -> Any:
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> Any:
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        self._board.start(seeded(seed))
        self.agents = self.possible_agents[:]
        return self._seen(), self._infos()

    def _seen(self) -> dict[str, Any]:
        return {agent: self._look(self._seat[agent]) for agent in self.agents}

    def _look(self, seat: int) -> dict[str, Any]:
        seen = {"observation": self._board.tensor(seat)}
        mask = self._board.mask(seat)
        if mask is not None:
            if seat not in self._board.acts:
                mask = _first_only(self._actions[seat])
            seen["action_mask"] = mask_of(mask, self._actions[seat])
        return seen

    def _infos(self) -> dict[str, Any]:
        acts = self._board.acts
        return {agent: {"acting": self._seat[agent] in acts} for agent in self.agents}

    def state(self) -> np.ndarray:
        """The spectator's tensor, for centralised critics."""
        return np.asarray(self._board.tensor(-1))

    def step(self, actions: dict[str, Any]) -> tuple[dict[str, Any], ...]:
        """(observations, rewards, terminations, truncations, infos) of all seats."""
        given = {seat: self._given(seat, actions) for seat in self._board.acts}
        wrong = next((seat for seat, action in given.items() if not self._board.allowed(seat, action)), None)
        if wrong is not None:
            return self._told(
                forfeit(self.game, wrong), True, False, {self.possible_agents[wrong]: self._board.legal(wrong)}
            )
        self._board.step(given)
        facts = self._board.facts
        return self._told(facts.reward, facts.done and not facts.truncated, facts.truncated, {})

    def _told(
        self, rewards: Sequence[float], terminated: bool, truncated: bool, wrong: dict[str, Any]
    ) -> tuple[dict[str, Any], ...]:
        infos = self._infos()
        for agent, legal in wrong.items():
            infos[agent]["illegal"] = allowed(legal)
        each = dict(zip(self.possible_agents, rewards, strict=True))
        told = self._seen(), each, dict.fromkeys(self.agents, terminated), dict.fromkeys(self.agents, truncated), infos
        if terminated or truncated:
            self.agents = []
        return told

    def _given(self, seat: int, actions: dict[str, Any]) -> Any:
        name = self.possible_agents[seat]
        if name not in actions:
            raise ValueError(f"no action for {name}, who acts now: give one for each of env.agents")
        return native(actions[name], self._actions[seat])

    def render(self) -> str | np.ndarray | None:
        """The spectator's view: words ("ansi") or uint8[512, 512, 3] ("rgb_array")."""
        if self.render_mode is None:
            return None
        return self._board.words() if self.render_mode == "ansi" else self._board.picture()

    def close(self) -> None:
        return


def _first_only(actions: Any) -> np.ndarray:
    """The mask of a seat that does not act: index 0 of each factor."""
    mask = np.zeros(sum(actions.factors), np.bool_)
    mask[np.cumsum((0, *actions.factors))[:-1]] = True
    return mask
