"""Sides that train: PPO by self-play in Connect Four, ours and stable-baselines3's, and the arithmetic that bounds both.

A sample is one decision that was learned from. The limit is worked out from matrix products alone: one pass forward to play, and for every
epoch one forward and two back, at the speed that large square products reach on this core.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from arena.bench.sides import Work, foreign, steady

__all__ = ["limit", "own_ppo", "part", "stable_baselines3"]


def own_ppo(game: str, seed: int, **settings: Any) -> Work:
    """Our PPO, round after round; counts samples."""
    work = _ppo(game, seed, settings)

    def batch() -> int:
        before = work.step
        work.round(0.0)
        return int(work.step - before)

    return steady(batch)


def part(game: str, seed: int, which: str, rate: bool = False, **settings: Any) -> Work:
    """A part of our PPO's loop ("game", "network", "learner"), as the processor time that it takes: counts seconds of it.

    game: rules, masks, observations, rewards. network: the pass that plays, with its draws. learner: advantages, gradients, steps.
    rate: counts samples instead, in the seconds of that part alone.
    """
    work = _ppo(game, seed, settings)
    spent = work.shards[0].collector.spent

    def measure(seconds: float) -> tuple[float, float]:
        before, began, step = dict(spent), time.thread_time(), work.step
        while time.thread_time() - began < seconds:
            work.round(0.0)
        took = time.thread_time() - began
        parts = {name: spent[name] - before[name] for name in spent}
        parts["learner"] = took - sum(parts.values())
        return (float(work.step - step), parts[which]) if rate else (parts[which], took)

    work.round(0.0)
    return measure


def _ppo(game: str, seed: int, settings: dict[str, Any]) -> Any:
    import envs  # noqa: PLC0415
    from arena.training.ppo import Config, Ppo  # noqa: PLC0415

    return Ppo(Config(**({"seed": seed, "threads": 1} | settings)), envs.game(game))


def limit(inputs: int, hidden: int, layers: int, outputs: int, epochs: int) -> Work:
    """Square products of float32[1024, 1024]; counts the samples whose arithmetic is as much."""
    import numpy as np  # noqa: PLC0415

    sizes = [inputs, *[hidden] * layers, outputs]
    forward = 2 * sum(a * b for a, b in pairwise(sizes))
    sample = forward * (1 + 3 * epochs)
    a = np.random.default_rng(0).standard_normal((1024, 1024)).astype(np.float32)
    out = np.empty_like(a)

    def batch() -> float:
        np.dot(a, a, out=out)
        return 2 * 1024**3 / sample

    return steady(batch)


def stable_baselines3(game: str, rows: int, seed: int, hidden: int, layers: int, **settings: Any) -> Work:
    """stable-baselines3's PPO on our vector face, both seats played by the learner; counts samples.

    It knows no masks: a column that is full is replaced by a random legal one. settings: those of its PPO.
    """
    learner = foreign("stable_baselines3").PPO(
        "MlpPolicy",
        _vec_env(game, rows, seed),
        seed=seed,
        device="cpu",
        verbose=0,
        policy_kwargs=_policy(hidden, layers),
        **settings,
    )
    learner.learn(1)

    def batch() -> int:
        before = learner.num_timesteps
        learner.learn(1, reset_num_timesteps=False)
        return int(learner.num_timesteps - before)

    return steady(batch)


def _policy(hidden: int, layers: int) -> dict[str, Any]:
    """A network like ours: one perceptron with ReLU, from which policy and value are linear."""
    nn = foreign("torch.nn")
    extractor = foreign("stable_baselines3.common.torch_layers").BaseFeaturesExtractor

    class Perceptron(extractor):  # type: ignore[misc, valid-type]
        def __init__(self, space: Any) -> None:
            super().__init__(space, hidden)
            sizes = [int(space.shape[0]), *[hidden] * layers]
            linear = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.ReLU())]
            self.layers = nn.Sequential(*linear)

        def forward(self, x: Any) -> Any:
            return self.layers(x)

    return {"features_extractor_class": Perceptron, "net_arch": []}


def _vec_env(game: str, rows: int, seed: int) -> Any:
    """Our vector face as stable-baselines3 takes one: an observation is that of the seat that acts, flat."""
    import gymnasium  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    import envs  # noqa: PLC0415

    vec = envs.make(game, view="vector", num=rows, encode="planes", seats="acting", checked=False)
    vec.reset(seed=seed)
    (role,) = vec.obs
    flat: Callable[[], Any] = lambda: vec.obs[role]["planes"].reshape(rows, -1).copy()  # noqa: E731
    each = np.arange(rows)

    class Rows(foreign("stable_baselines3.common.vec_env").VecEnv):  # type: ignore[misc]
        def __init__(self) -> None:
            box = gymnasium.spaces.Box(0, 1, (flat().shape[1],), np.float32)
            super().__init__(rows, box, gymnasium.spaces.Discrete(vec.legal.shape[2]))

        def reset(self) -> Any:
            return flat()

        def step_async(self, actions: Any) -> None:
            seat = vec.acting.argmax(axis=1)
            self._seat = seat
            self._actions = vec.sample()
            allowed = vec.legal[each, seat, actions]
            self._actions[each[allowed], seat[allowed], 0] = actions[allowed]

        def step_wait(self) -> Any:
            _, reward, ended, cut, _ = vec.step(self._actions)
            return flat(), reward[each, self._seat].copy(), ended | cut, [{} for _ in range(rows)]

        def close(self) -> None:
            vec.close()

        def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
            return [None] * rows

        def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None: ...

        def env_method(self, method_name: str, *arguments: Any, indices: Any = None, **more: Any) -> list[Any]:
            return [None] * rows

        def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
            return [False] * rows

    return Rows()
