"""The turn-by-turn face: a pettingzoo.AECEnv over any game.

Seats that act in the same tick are asked one after another and their acts are held sealed; the rules step once, when the last
has spoken, so that a later seat cannot see an earlier one's choice. An illegal action ends the episode as it would end a match: the
culprit gets the least that the game pays, in a zero-sum game the others share it, and infos[agent]["illegal"] says what was allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from pettingzoo import AECEnv

from envs.faces.board import board, seeded
from envs.faces.spaces import action_space, mask_of, native, observation_space
from envs.game import Game, Legal

__all__ = ["AEC", "allowed", "forfeit"]


def forfeit(game: Game, culprit: int) -> list[float]:
    """The rewards when a seat has played an illegal action, in points."""
    least = game.spec.points[0]
    others = -least / max(1, game.seats - 1) if "zero_sum" in game.spec.traits else 0.0
    return [least if seat == culprit else others for seat in range(game.seats)]


def allowed(legal: Legal) -> str:
    """What would have been legal, in one line."""
    return f"allowed: {str(legal.form or (legal.factors if len(legal.sizes) > 1 else legal.factors[0]))[:200]}"


class AEC(AECEnv):  # type: ignore[misc]
    """Observations are {"observation": tensor of the view, "action_mask": int8}; see envs.make."""

    metadata: dict[str, Any] = {"render_modes": ["ansi", "rgb_array"], "is_parallelizable": True, "name": "palaestra"}  # noqa: RUF012  as the base class has it

    def __init__(self, game: Game, encode: str | None = None, render_mode: str | None = None) -> None:
        super().__init__()
        self.game, self.render_mode = game, render_mode
        self.metadata = AEC.metadata | {"name": game.id}
        self.possible_agents = list(game.spec.seat_names)
        self.agents: list[str] = []
        self._seat = {agent: seat for seat, agent in enumerate(self.possible_agents)}
        self._actions = [game.spec.role(seat).actions for seat in range(game.seats)]
        self.action_spaces = {agent: action_space(game, seat) for agent, seat in self._seat.items()}
        self.observation_spaces = {agent: observation_space(game, seat, encode) for agent, seat in self._seat.items()}
        self._board = board(game, encode)
        self._sealed: dict[int, Any] = {}
        self._ready = False

    def observation_space(self, agent: str) -> Any:
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> Any:
        return self.action_spaces[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """A fresh episode; the same seed gives the same episode, here and in a match."""
        self._board.start(seeded(seed))
        self.agents = self.possible_agents[:]
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos: dict[str, dict[str, Any]] = {agent: {} for agent in self.agents}
        self._sealed = {}
        self._ready = True
        self._next()

    def _next(self) -> None:
        """Choose who is asked now: the first acting seat that has not spoken."""
        acts = self._board.acts
        self._order = [seat for seat in acts if seat not in self._sealed]
        self.agent_selection = self.possible_agents[self._order[0]] if self._order else self.agents[0]

    def observe(self, agent: str) -> dict[str, Any]:
        seat = self._seat[agent]
        seen = {"observation": self._board.tensor(seat)}
        mask = self._board.mask(seat)
        if mask is not None:
            seen["action_mask"] = mask_of(mask, self._actions[seat])
        return seen

    def state(self) -> np.ndarray:
        """The spectator's tensor, for centralised critics."""
        return np.asarray(self._board.tensor(-1))

    def step(self, action: Any) -> None:
        """The selected agent's action; None for one that has ended."""
        if not self._ready:
            raise RuntimeError("call reset() before step()")
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        seat = self._seat[agent]
        ours = native(action, self._actions[seat])
        self._cumulative_rewards[agent] = 0.0
        if not self._board.allowed(seat, ours):
            self.infos[agent] = {"illegal": allowed(self._board.legal(seat))}
            self._hand_out(forfeit(self.game, seat), True, False)
            return
        self._sealed[seat] = ours
        if len(self._order) == 1:
            self._play()
        else:
            self.rewards = dict.fromkeys(self.agents, 0.0)
        self._next()

    def _play(self) -> None:
        """The last awaited seat has spoken: the rules step."""
        self._board.step(self._sealed)
        self._sealed = {}
        facts = self._board.facts
        self._hand_out(facts.reward, facts.done and not facts.truncated, facts.truncated)

    def _hand_out(self, rewards: Sequence[float], terminated: bool, truncated: bool) -> None:
        self.rewards = dict(zip(self.possible_agents, rewards, strict=True))
        for agent, reward in self.rewards.items():
            self._cumulative_rewards[agent] += reward
        if terminated or truncated:
            self.terminations = dict.fromkeys(self.agents, terminated)
            self.truncations = dict.fromkeys(self.agents, truncated)

    def render(self) -> str | np.ndarray | None:
        """The spectator's view: words ("ansi") or uint8[512, 512, 3] ("rgb_array")."""
        if self.render_mode is None:
            return None
        return self._board.words() if self.render_mode == "ansi" else self._board.picture()

    def close(self) -> None:
        return
