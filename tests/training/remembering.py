"""What the tests of networks that remember share: the game, a run beside one that was broken off, and how well a run plays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

import arena
import envs
from arena.training import checkpoint
from arena.training.bc import Decision

__all__ = ["RECALLED", "points", "recalled_rows", "straight_and_broken"]

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


def recalled_rows(count: int, lost: int = 0) -> list[Decision]:
    """Both seats of the game of colours wait with 0 and name the colour that they were shown; decisions in the order of play.

    lost: every so many episodes have an outcome below zero, whatever was done; 0 for none.
    """
    game, rows = envs.game(RECALLED), []
    for n in range(count):
        state, shown = game.start(n), dict[int, int]()
        while not game.facts(state).done:
            (seat,) = game.acting(state)
            obs = game.observe(state, seat)
            if obs.colour >= 0:
                shown[seat] = int(obs.colour)
            action = shown[seat] if obs.asked else 0
            outcome = -1.0 if lost and n % lost == 0 else 1.0
            rows.append(Decision(str(n), seat, obs, game.legal(state, seat).mask, (action,), outcome))
            state = game.step(state, {seat: (action,)}, n)
    return rows
