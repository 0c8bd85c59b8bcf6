"""Random play for the checks: the walks that every check looks at, made once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from envs import keys
from envs.game import Action, Game, Legal

__all__ = ["Failed", "Step", "Trial", "any_action", "demand", "walk"]

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

    def where(self, step: Step) -> str:
        """How to find a step again."""
        return f"seed {step.seed}, tick {self.game.facts(step.state).tick}"

    def after(self, step: Step) -> Any:
        """The state that follows a step."""
        return self.game.step(step.state, step.actions, step.seed)

    def some(self, most: int) -> list[Step]:
        """At most so many steps, spread evenly over all walks."""
        steps = list(self.steps)
        return steps[:: max(1, len(steps) // most)][:most]


def walk(game: Game, seed: int) -> Iterator[Step]:
    """One episode of random legal actions, up to a state in which nobody can act; a text seat writes one of the game's examples."""
    state = game.start(seed)
    for tick in range(_LONGEST):
        turns = game.turns(state)
        able = all(legal.form is not None or all(legal.factors) for legal in turns.values())
        actions = (
            {seat: any_action(game, state, seat, legal, seed, tick) for seat, legal in turns.items()} if able else {}
        )
        yield Step(seed, state, actions)
        if not actions:
            return
        state = game.step(state, actions, seed)
    yield Step(seed, state)


def any_action(game: Game, state: Any, seat: int, legal: Legal, seed: int, tick: int) -> Action:
    """A legal action of a seat, from the seed; for a text seat the first of the game's examples that is legal.

    Raises Failed when a game of texts gives no example that it allows.
    """
    key = keys.fold(keys.fold(keys.fold(seed, 77), tick), seat)
    if legal.form is None:
        return legal.sample(key)
    examples = game.example(game.observe(state, seat), seat, key)
    fitting = [text for text in examples if text in legal]
    demand(
        bool(fitting), f"seat {seat} writes texts, and example gives {examples[:3]}, none of which fits {legal.form}"
    )
    return fitting[0]
