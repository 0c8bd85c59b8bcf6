"""What only a run of its own can show: PettingZoo's and Gymnasium's tests over the faces, and indices that leave their arrays."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any

from envs.checks.trial import Trial, demand
from envs.spec import Text

__all__ = ["bounds", "gymnasium", "pettingzoo"]

_CYCLES = 40
_SECONDS = 300
_PLAY = """
import json, sys, envs
from envs.checks.trial import walk
name, options, episodes, seed = json.loads(sys.argv[1])
game = envs.game(name, **options)
steps = [step for i in range(episodes) for step in walk(game, seed + i)]
for step in steps:
    for who in (*range(game.seats), -1, -2):
        obs = game.observe(step.state, who)
        for view in game.spec.role(max(who, 0)).views if who >= 0 else ():
            game.encode(obs, view)
        if who >= 0 and game.can("imagine"):
            game.imagine(obs, who, seed)
print(len(steps))
"""


def bounds(trial: Trial) -> str:
    """No index leaves its array: compiled rules, run once with numba's check of every index."""
    game = trial.game
    if game.kind != "record" or getattr(game, "plain", True):
        return "the game is not compiled: Python checks every index"
    if not game.place:
        return "the game has no name or file from which another process could open it"
    asked = json.dumps([game.place, dict(game.options), min(trial.episodes, 20), trial.seed])
    with tempfile.TemporaryDirectory() as cache:
        # Cached machine code does not know whether its indices are checked.
        chosen = {
            "NUMBA_BOUNDSCHECK": "1",
            "NUMBA_CACHE_DIR": cache,
            "NUMBA_DISABLE_JIT": "0",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }
        command = [sys.executable, "-c", _PLAY, asked]
        done = subprocess.run(
            command, env=os.environ | chosen, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    lines = done.stderr.strip().splitlines()
    where = next((line for line in reversed(lines) if "debug: " in line), "")
    demand(done.returncode == 0, f"{lines[-1] if lines else 'the run failed'} {where.removeprefix('debug: ')}")
    return f"{done.stdout.strip()} states without an index out of bounds"


def _quietly(test: Callable[[Trial], str]) -> Callable[[Trial], str]:
    """Without what the libraries print and warn of; a failed assertion is evidence. Text seats cannot be drawn by a library."""

    @wraps(test)
    def tried(trial: Trial) -> str:
        if any(isinstance(role.actions, Text) for role in trial.game.spec.roles):
            return "texts of a required form are not drawn by other libraries"
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            try:
                return test(trial)
            except AssertionError as error:
                demand(False, f"{str(error).strip() or 'an assertion failed'}")
                raise

    return tried


@_quietly
def pettingzoo(trial: Trial) -> str:
    """PettingZoo's own tests of the turn-by-turn and the all-at-once face."""
    from pettingzoo.test import api_test, parallel_api_test, parallel_seed_test, seed_test  # noqa: PLC0415

    from envs.faces.aec import AEC  # noqa: PLC0415
    from envs.faces.parallel import Parallel  # noqa: PLC0415

    game = trial.game
    api_test(AEC(game), num_cycles=_CYCLES)
    seed_test(lambda: AEC(game), num_cycles=_CYCLES)
    parallel_api_test(Parallel(game), num_cycles=_CYCLES)
    parallel_seed_test(lambda: Parallel(game), num_cycles=_CYCLES)
    return f"{_CYCLES} rounds of api_test, seed_test, parallel_api_test, parallel_seed_test"


@_quietly
def gymnasium(trial: Trial) -> str:
    """Gymnasium's own test of the single-agent face, for every seat that always gets to act."""
    from gymnasium.utils.env_checker import check_env  # noqa: PLC0415

    from envs.faces.gym import Gym  # noqa: PLC0415

    game, tried = trial.game, 0
    for seat in range(game.seats):
        if all(any(seat in step.actions for step in walk) for walk in trial.walks):
            check_env(Gym(game, seat=seat, opponents=[_uniform] * (game.seats - 1)), skip_render_check=True)
            tried += 1
    return f"check_env with each of {tried} seats as the learner"


def _uniform(question: Any) -> list[int]:
    """An opponent that draws a legal action."""
    drawn: list[int] = question.legal.sample(question.key)
    return drawn
