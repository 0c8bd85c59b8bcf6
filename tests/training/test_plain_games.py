"""Training on a game in plain Python: the same weights as on the same game compiled, to the bit; and resumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import arena
from arena.training import algorithm, checkpoint

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SETTINGS: dict[str, dict[str, Any]] = {
    "ppo": {"rows": 16, "ticks": 8, "batch": 64, "steps": 400, "snapshot": 1, "threads": 1},
    "dqn": {"rows": 16, "steps": 200, "warm": 64, "batch": 32, "threads": 1},
    "pqn": {"rows": 16, "ticks": 8, "batch": 64, "steps": 400},
}


def trained(algo: str, game: str, path: Path, **more: Any) -> dict[str, np.ndarray]:
    module = algorithm(algo)
    given = {"hidden": 8, "log_every": 0.0} | SETTINGS[algo] | more
    module.train(module.Config(**given), str(EXAMPLES / game), path)
    found = checkpoint.newest(path / "checkpoints")
    assert found is not None
    return dict(found.weights)


@pytest.mark.parametrize("algo", SETTINGS)
def test_the_plain_game_trains_to_the_weights_of_the_compiled_one(algo: str, tmp_path: Path) -> None:
    compiled, plain = (trained(algo, game, tmp_path / game) for game in ("nim.py", "nim_plain.py"))
    assert compiled.keys() == plain.keys()
    for name, array in compiled.items():
        np.testing.assert_array_equal(array, plain[name])
    assert arena.play(str(EXAMPLES / "nim_plain.py"), [str(tmp_path / "nim_plain.py"), "random"]).faults == ()


def test_a_run_on_a_plain_game_goes_on_as_if_it_had_not_stopped(tmp_path: Path) -> None:
    straight = trained("ppo", "nim_plain.py", tmp_path / "straight", anneal=False)
    trained("ppo", "nim_plain.py", tmp_path / "broken", anneal=False, steps=150)
    module = algorithm("ppo")
    config = module.Config(**({"hidden": 8, "log_every": 0.0, "anneal": False} | SETTINGS["ppo"]))
    module.train(config, str(EXAMPLES / "nim_plain.py"), tmp_path / "broken", resume=True)
    found = checkpoint.newest(tmp_path / "broken" / "checkpoints")
    assert found is not None
    for name, array in straight.items():
        np.testing.assert_array_equal(array, found.weights[name])
