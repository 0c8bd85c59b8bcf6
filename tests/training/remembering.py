"""What the tests of networks that remember share: the game, a run beside one that was broken off, and how well a run plays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

import arena
import envs
from arena.training import checkpoint

__all__ = ["RECALLED", "points", "straight_and_broken"]

RECALLED = str(Path(__file__).parent / "recalled.py")


def straight_and_broken(
    train: Callable[[int, Path, bool], object], folder: Path, part: int, steps: int
) -> tuple[checkpoint.Checkpoint, checkpoint.Checkpoint]:
    """The last checkpoints of two runs of as many steps, of which the second was broken off after `part`; their weights are equal.

    train(steps, run's folder, whether it goes on).
    """
    found = []
    for name, ends in (("straight", (steps,)), ("broken", (part, steps))):
        for n, each in enumerate(ends):
            train(each, folder / name, n > 0)
        newest = checkpoint.newest(folder / name / "checkpoints")
        assert newest is not None
        found.append(newest)
    one, other = found
    assert one.step == other.step > part
    assert all(np.array_equal(one.weights[name], other.weights[name]) for name in one.weights)
    return one, other


def points(run: Path) -> float:
    """The mean score of a run against itself in ten matches, at its surest: 1.0 for who never errs."""
    rules = envs.game(RECALLED)
    scores = [arena.play(rules, [f"{run}?temperature=0"] * 2, seed=seed).scores for seed in range(10)]
    return float(np.mean(scores))
