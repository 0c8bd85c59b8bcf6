"""Random play for the checks: the walks that every check looks at, made once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from envs import keys
from envs.game import Action, Game

__all__ = ["Failed", "Step", "Trial", "demand"]

_LONGEST = 400


class Failed(Exception):  # noqa: N818  a verdict about a game, not an error of the program
    """A check's evidence against a game, one line."""


def demand(true: bool, evidence: str) -> None:
    """Fail with this evidence unless it is true."""
    if not true:
        raise Failed(" ".join(evidence.split())[:300])


@dataclass
class Step:
    """One state of a walk, who acted in it and how; actions are empty in the last one."""

    seed: int
    state: Any
    actions: dict[int, Action] = field(default_factory=dict)


@dataclass
class Trial:
    """A game under test. `plain` is the same game run plainly (itself where it cannot be compiled)."""

    game: Game
    plain: Game
    episodes: int
    seed: int

    @cached_property
    def walks(self) -> list[list[Step]]:
        """Random episodes with consecutive seeds, cut after 400 ticks."""
        return [list(walk(self.game, self.seed + i)) for i in range(self.episodes)]

    @property
    def steps(self) -> Iterator[Step]:
        return (step for walk in self.walks for step in walk)

    def some(self, most: int) -> list[Step]:
        """At most so many steps, spread evenly over all walks."""
        steps = list(self.steps)
        return steps[:: max(1, len(steps) // most)][:most]


def walk(game: Game, seed: int) -> Iterator[Step]:
    """One episode of uniform legal actions; text seats answer with what `form` gives for nothing: see `_any`."""
    state = game.start(seed)
    for tick in range(_LONGEST):
        actions = {seat: any_action(game, state, seat, seed, tick) for seat in game.acting(state)}
        yield Step(seed, state, actions)
        if not actions:
            return
        state = game.step(state, actions, seed)
    yield Step(seed, state)


def any_action(game: Game, state: Any, seat: int, seed: int, tick: int) -> Action:
    """A legal action of a seat, from the seed; a text seat says "a" (or the first of the game's own examples)."""
    legal = game.legal(state, seat)
    key = keys.fold(keys.fold(keys.fold(seed, 77), tick), seat)
    if legal.form is None:
        return legal.sample(key)
    examples = game.example(game.observe(state, seat), seat, key)
    return next((text for text in examples if text in legal), "a")
