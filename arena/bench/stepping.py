"""Sides that step many boards, or one, with random legal actions as fast as they can.

Every one of them chooses its actions itself, within the time that is measured. Peers choose in the way that was found to be the fastest
of those tried: pgx by counting through the mask (faster than `categorical` and than arg-max of noise).
"""

from __future__ import annotations

from random import Random
from typing import Any

from arena.bench.sides import Work, foreign, steady

__all__ = ["envpool", "open_spiel", "pgx", "vector"]


def vector(game: str, num: int, seed: int, encode: str = "", checked: bool = False, threads: int = 1) -> Work:
    """Our vector face: `num` rows, the acting seat observed, drawn actions checked or taken as lawful; counts rows."""
    import envs  # noqa: PLC0415  (sides load what they need, in their own process)

    env = envs.make(game, view="vector", num=num, seats="acting", encode=encode or (), checked=checked, threads=threads)
    env.reset(seed=seed)

    def batch() -> int:
        for _ in range(8):
            env.step(env.sample())
        return 8 * num

    return steady(batch)


def pgx(game: str, num: int, ticks: int, seed: int) -> Work:
    """pgx with automatic restart: one compiled scan over `ticks` steps of `num` rows; counts rows."""
    jax, module = foreign("jax"), foreign("pgx")
    env = module.make(game)
    scan = jax.jit(_pgx_scan(jax, foreign("pgx.experimental.wrappers").auto_reset(env.step, env.init), num, ticks))
    first, second = jax.random.split(jax.random.PRNGKey(seed))
    held = [(jax.jit(jax.vmap(env.init))(jax.random.split(first, num)), second)]

    def batch() -> int:
        held[0], _ = jax.block_until_ready(scan(held[0]))
        return num * ticks

    return steady(batch)


def _pgx_scan(jax: Any, step: Any, num: int, ticks: int) -> Any:
    """(states, key) -> ((states, key), rewards[ticks, num, seats])"""
    jnp = jax.numpy

    def choose(mask: Any, key: Any) -> Any:
        count = mask.sum(-1)
        wanted = (jax.random.uniform(key, count.shape) * count).astype(jnp.int32)
        return jnp.argmax(jnp.cumsum(mask, -1) > wanted[:, None], axis=-1)

    def tick(held: Any, _: Any) -> Any:
        states, key = held
        key, choosing, chance = jax.random.split(key, 3)
        actions = choose(states.legal_action_mask, choosing)
        states = jax.vmap(step)(states, actions, jax.random.split(chance, num))
        return (states, key), states.rewards

    return lambda held: jax.lax.scan(tick, held, None, length=ticks)


def open_spiel(game: str, tensor: bool, seed: int) -> Work:
    """One OpenSpiel game after another through its Python API; counts actions."""
    rules = foreign("pyspiel").load_game(game)
    draw = Random(seed).random

    def batch() -> int:
        state, done = rules.new_initial_state(), 0
        while not state.is_terminal():
            legal = state.legal_actions()
            state.apply_action(legal[int(draw() * len(legal))])
            if tensor and not state.is_terminal():
                state.observation_tensor()
            done += 1
        state.returns()
        return done

    return steady(batch)


def envpool(game: str, num: int, seed: int) -> Work:
    """EnvPool on one thread with all rows in one batch; counts rows, those that only restart too."""
    import numpy as np  # noqa: PLC0415

    env = foreign("envpool").make(game, env_type="gymnasium", num_envs=num, num_threads=1, seed=seed)
    draw = np.random.default_rng(seed)
    held = [env.reset()[1]["legal_action_mask"]]

    def batch() -> int:
        mask = held[0]
        wanted = draw.random(num) * mask.sum(-1)
        actions = np.argmax(np.cumsum(mask, -1) > wanted[:, None], axis=-1).astype(np.int32)
        held[0] = env.step(actions)[4]["legal_action_mask"]
        return num

    return steady(batch)
