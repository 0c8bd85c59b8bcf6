"""Sides that play one game at a time: turn-by-turn faces, and hosted matches."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from arena.bench.sides import Work, foreign, steady

__all__ = ["empty_loop", "hosted", "own_aec", "pettingzoo_aec"]


def own_aec(game: str, seed: int) -> Work:
    """Our AEC face; counts actions."""
    import envs  # noqa: PLC0415

    return _aec_loop(envs.make(game, view="aec"), seed)


def pettingzoo_aec(module: str, seed: int) -> Work:
    """An environment of PettingZoo, wrapped as its `env` does; counts actions."""
    return _aec_loop(foreign(module).env(), seed)


def _aec_loop(env: Any, seed: int) -> Work:
    """Games by last() and step() with random legal actions; an agent that has ended is stepped with None, uncounted."""
    import numpy as np  # noqa: PLC0415

    draw = Random(seed)

    def batch() -> int:
        env.reset(seed=draw.getrandbits(31))
        done = 0
        while env.agents:
            seen, _, terminated, truncated, _ = env.last()
            if terminated or truncated:
                env.step(None)
                continue
            legal = np.flatnonzero(seen["action_mask"])
            env.step(int(legal[int(draw.random() * len(legal))]))
            done += 1
        return done

    return steady(batch)


def uniform(ask: Any) -> Any:
    """A legal action by the seat's own key."""
    return ask.legal.sample(ask.key)


def hosted(game: str, seed: int, record: bool, move: float | None = None) -> Work:
    """Matches in this process, one after another, each to a file of its own if recorded; counts actions. move: seconds for one.

    The agents are bare functions, so that what is measured is the host and the recorder.
    """
    import envs  # noqa: PLC0415
    from arena.clock import Limits  # noqa: PLC0415
    from arena.matches import play  # noqa: PLC0415

    rules = envs.game(game)
    agents = [uniform] * rules.seats
    acts = rules.seats if "simultaneous" in rules.spec.traits else 1
    folder = tempfile.TemporaryDirectory(prefix="palaestra-bench-")
    draw, limits = Random(seed), Limits(move=move)

    def batch() -> int:
        path = Path(folder.name) / "match.arena"
        result = play(rules, agents, seed=draw.getrandbits(63), record=path if record else None, limits=limits)
        path.unlink(missing_ok=True)
        return result.ticks * acts

    return steady(batch)


def empty_loop() -> Work:
    """A loop that asks two functions in turn and adds up their answers: what Python alone needs; counts calls."""
    players: list[Callable[[int], int]] = [lambda tick: tick & 1, lambda tick: tick & 3]

    def batch() -> int:
        total = 0
        for tick in range(500):
            for player in players:
                total += player(tick)
        return 1000 if total else 0

    return steady(batch)
