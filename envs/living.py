"""Living environments of PettingZoo and Gymnasium behind one small set of verbs.

Each driver has: agents, action_spaces (one per agent), version, simultaneous, acting (seat numbers), done, truncated, `reset(seed)`,
`step({seat: native action}) -> rewards`, `masks()`, `observations()`, `render()`. PettingZoo's steps of dead agents are taken here.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from envs.errors import NOT_FOUND, UserError

__all__ = ["Aec", "Parallel", "Single", "gymnasium", "pettingzoo"]


def _version(module: str) -> str:
    package = module.partition(".")[0]
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return package


def _render_mode(modes: Any) -> str | None:
    """Text where there is text, else pixels."""
    return next((mode for mode in ("ansi", "rgb_array") if mode in (modes or ())), None)


def _split(observation: Any, info: Mapping[str, Any]) -> tuple[np.ndarray | None, np.ndarray | None]:
    """(observation, mask): the mask stands in the observation or in the info."""
    mask = info.get("action_mask")
    if isinstance(observation, Mapping):
        mask = observation.get("action_mask", mask)
        observation = observation.get("observation", observation)
    array = None if isinstance(observation, Mapping | str | tuple) or observation is None else np.asarray(observation)
    return array, None if mask is None else np.asarray(mask)


class _Many:
    """What both PettingZoo APIs share."""

    simultaneous = False

    def __init__(self, env: Any, module: str) -> None:
        self.env, self.version = env, _version(module)
        self.agents: list[str] = list(env.possible_agents)
        self.action_spaces = [env.action_space(agent) for agent in self.agents]
        self.done = self.truncated = False

    def render(self) -> Any:
        return self.env.render() if self.env.render_mode else None

    def _seen(self, agent: str) -> tuple[np.ndarray | None, np.ndarray | None]:
        raise NotImplementedError

    @property
    def acting(self) -> list[int]:
        raise NotImplementedError

    def masks(self) -> dict[int, np.ndarray]:
        seen = {seat: self._seen(self.agents[seat])[1] for seat in self.acting}
        return {seat: mask for seat, mask in seen.items() if mask is not None}

    def observations(self) -> dict[int, np.ndarray]:
        seen = {seat: self._seen(self.agents[seat])[0] for seat in self.acting}
        return {seat: obs for seat, obs in seen.items() if obs is not None}


class Aec(_Many):
    """A pettingzoo.AECEnv."""

    def reset(self, seed: int) -> None:
        self.env.reset(seed=seed)
        self.done = self.truncated = False

    @property
    def acting(self) -> list[int]:
        return [] if self.done else [self.agents.index(self.env.agent_selection)]

    def _seen(self, agent: str) -> tuple[np.ndarray | None, np.ndarray | None]:
        return _split(self.env.observe(agent), self.env.infos.get(agent, {}))

    def step(self, actions: Mapping[int, Any]) -> list[float]:
        (action,) = actions.values()
        self.env.step(action)
        reward = [float(self.env.rewards.get(agent, 0.0)) for agent in self.agents]
        ended = dict(self.env.truncations), dict(self.env.terminations)
        while self.env.agents and (
            self.env.terminations[self.env.agent_selection] or self.env.truncations[self.env.agent_selection]
        ):
            self.env.step(None)
        self.done = not self.env.agents
        self.truncated = self.done and any(ended[0].values()) and not any(ended[1].values())
        return reward


class Parallel(_Many):
    """A pettingzoo.ParallelEnv."""

    simultaneous = True

    def reset(self, seed: int) -> None:
        self.last, self.infos = self.env.reset(seed=seed)
        self.done = self.truncated = False

    @property
    def acting(self) -> list[int]:
        return [] if self.done else [self.agents.index(agent) for agent in self.env.agents]

    def _seen(self, agent: str) -> tuple[np.ndarray | None, np.ndarray | None]:
        return _split(self.last.get(agent), self.infos.get(agent, {}))

    def step(self, actions: Mapping[int, Any]) -> list[float]:
        given = {self.agents[seat]: action for seat, action in actions.items()}
        self.last, rewards, terminated, truncated, self.infos = self.env.step(given)
        self.done = not self.env.agents
        self.truncated = self.done and any(truncated.values()) and not any(terminated.values())
        return [float(rewards.get(agent, 0.0)) for agent in self.agents]


class Single:
    """A gymnasium.Env: one seat."""

    simultaneous = False
    agents = ("player",)

    def __init__(self, env: Any, name: str) -> None:
        self.env, self.version = env, f"{name} {_version('gymnasium')}"
        self.action_spaces = [env.action_space]
        self.done = self.truncated = False

    def reset(self, seed: int) -> None:
        self.last, self.info = self.env.reset(seed=seed)
        self.done = self.truncated = False

    @property
    def acting(self) -> list[int]:
        return [] if self.done else [0]

    def step(self, actions: Mapping[int, Any]) -> list[float]:
        self.last, reward, terminated, truncated, self.info = self.env.step(actions[0])
        self.done, self.truncated = bool(terminated or truncated), bool(truncated and not terminated)
        return [float(reward)]

    def masks(self) -> dict[int, np.ndarray]:
        mask = _split(self.last, self.info)[1]
        return {} if mask is None else {0: mask}

    def observations(self) -> dict[int, np.ndarray]:
        seen = _split(self.last, self.info)[0]
        return {} if seen is None else {0: seen}

    def render(self) -> Any:
        return self.env.render() if self.env.render_mode else None


def pettingzoo(name: str, options: Mapping[str, Any]) -> Aec | Parallel:
    """The environment of a module such as pettingzoo.classic.chess_v6 (its `env` or `parallel_env`)."""
    module = importlib.import_module(name)
    maker = getattr(module, "env", None) or getattr(module, "parallel_env", None)
    if not callable(maker):
        raise UserError(
            f"pettingzoo:{name} has neither env nor parallel_env: name a module such as pettingzoo.classic.chess_v6",
            NOT_FOUND,
        )
    parallel = getattr(module, "parallel_env", None)
    probe = getattr(module, "raw_env", maker)
    modes = getattr(probe, "metadata", {}).get("render_modes") or ("ansi", "rgb_array")
    simultaneous = callable(parallel) and bool(getattr(probe, "metadata", {}).get("is_parallelizable"))
    chosen = parallel if simultaneous or not callable(getattr(module, "env", None)) else module.env
    env = _first_mode(chosen, options, modes)
    return Parallel(env, name) if hasattr(env, "parallel_env") or not hasattr(env, "agent_iter") else Aec(env, name)


def _first_mode(maker: Any, options: Mapping[str, Any], modes: Any) -> Any:
    """The environment with the best picture that it offers: its modes are known for sure only once it exists."""
    env = maker(**options)
    mode = _render_mode(getattr(env, "metadata", {}).get("render_modes") or modes)
    if mode is None or "render_mode" in options:
        return env
    env.close()
    return maker(**{"render_mode": mode} | dict(options))


def gymnasium(name: str, options: Mapping[str, Any]) -> Single:
    """A registered Gymnasium environment by id."""
    import gymnasium as gym  # noqa: PLC0415  a heavy library that only its own environments need

    try:
        spec = gym.spec(name)
    except gym.error.Error as error:
        raise UserError(f"gymnasium:{name}: {str(error).splitlines()[0]}", NOT_FOUND) from None
    plain = gym.make(spec, **options)
    mode = _render_mode(plain.metadata.get("render_modes"))
    if mode is None or "render_mode" in options:
        return Single(plain, name)
    plain.close()
    return Single(gym.make(spec, render_mode=mode, **options), name)
