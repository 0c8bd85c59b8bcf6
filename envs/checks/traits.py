"""Traits are promises: each holds in random play where it is declared, and what is not declared is not seen."""

from __future__ import annotations

from typing import Any

from envs import keys
from envs.checks.trial import Trial, demand

__all__ = ["chance", "enumerable", "together", "zero_sum"]

_TRIES = 200


def zero_sum(trial: Trial) -> str:
    """Where zero_sum is declared, the rewards of every tick sum to nothing."""
    if "zero_sum" not in trial.game.spec.traits:
        return "not declared"
    for step in trial.steps:
        reward = trial.game.facts(step.state).reward
        demand(abs(sum(reward)) < 1e-9, f"{trial.where(step)}: the rewards {reward} do not sum to 0")
    return f"the rewards of {sum(map(len, trial.walks))} states sum to 0"


def together(trial: Trial) -> str:
    """Several seats act in one tick where simultaneous is declared, and only there."""
    most = max(len(step.actions) for step in trial.steps)
    declared = "simultaneous" in trial.game.spec.traits
    demand(declared or most < 2, f"{most} seats act in one tick, and simultaneous is not declared")
    demand(not declared or most > 1, "simultaneous is declared, and never did two seats act in one tick")
    return f"at most {most} seats acted in one tick"


def chance(trial: Trial) -> str:
    """Seeds make a difference where chance is declared, and only there."""
    declared = "chance" in trial.game.spec.traits
    steps = [step for step in trial.steps if step.actions]
    found = next((words for i in range(_TRIES) if (words := _differs(trial, steps, i))), "")
    demand(declared or not found, f"{found}, and chance is not declared")
    demand(not declared or bool(found), f"chance is declared, and no seed made a difference in {_TRIES} tries")
    return found or f"no seed made a difference in {_TRIES} tries"


def _differs(trial: Trial, steps: list[Any], i: int) -> str:
    """Where two seeds give different states; "" where they do not."""
    game, key = trial.game, keys.fold(trial.seed, i)
    if game.pack(game.start(key)) != game.pack(game.start(keys.fold(key, 1))):
        return f"seeds {key} and {keys.fold(key, 1)} start differently"
    if not steps:
        return ""
    step = steps[i * len(steps) // _TRIES]
    again = game.step(step.state, step.actions, key)
    return (
        ""
        if game.pack(again) == game.pack(trial.after(step))
        else f"{trial.where(step)}: the same actions lead elsewhere with seed {key}"
    )


def enumerable(trial: Trial) -> str:
    """Where enumerable is declared, all chance is told by the rule `chances`: acts and its outcomes decide everything."""
    game: Any = trial.game
    if "enumerable" not in game.spec.traits:
        return "not declared"
    demand(game.kind == "record", "enumerable is declared, and a plain game has no rule `chances`")
    starts = [game.start_unsettled(keys.fold(trial.seed, i)) for i in range(2)]
    demand(
        game.pack(starts[0]) == game.pack(starts[1]),
        "the start depends on the seed beside chances, and enumerable is declared",
    )
    outcomes = game.chances(starts[0])
    for step in trial.some(_TRIES):
        if step.actions:
            ways = [game.step_unsettled(step.state, step.actions, keys.fold(step.seed, i)) for i in range(2)]
            same = game.pack(ways[0]) == game.pack(ways[1])
            demand(
                same, f"{trial.where(step)}: the step depends on the seed beside chances, and enumerable is declared"
            )
            outcomes = max(outcomes, game.chances(ways[0]))
    return f"up to {outcomes} outcomes at once, and no other chance"
