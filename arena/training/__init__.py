"""Headless training: one readable file for each algorithm, and what they share (runs, checkpoints, networks, streams).

`from arena.training import ppo; ppo.train(ppo.Config(steps=100_000), "file.py", "runs/x")` trains on any game, registered or not.
Needs the extra `train`. Importing this package loads none of the algorithms.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

__all__ = ["ALGORITHMS", "algorithm"]

# Torch's threads would wait for one another at full speed; beside other work on the same cores, most of the time goes into that.
# Torch reads this when it is loaded. What a user has set stays.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

ALGORITHMS = {
    "ppo": "arena.training.ppo",
    "pqn": "arena.training.pqn",
    "dqn": "arena.training.dqn",
    "ga": "arena.training.ga",
    "mmd": "arena.training.mmd",
    "cfr+": "arena.training.cfr_plus",
    "bc": "arena.training.bc",
    "league": "arena.training.league_training",
    "duel": "arena.training.duel",
}
"""Name -> module; each has `Config`, a subclass of `arena.training.config.Settings`, and `train(config, game, run, **more) -> Path`."""


def algorithm(name: str) -> Any:
    """The module of an algorithm. Raises UserError for a name that nobody has, or without the packages that training needs."""
    from envs.errors import unknown  # noqa: PLC0415  importing this package loads nothing
    from envs.extras import demand  # noqa: PLC0415

    if name not in ALGORITHMS:
        raise unknown("algorithm", name, ALGORITHMS)
    demand("train", "training")
    return import_module(ALGORITHMS[name])
