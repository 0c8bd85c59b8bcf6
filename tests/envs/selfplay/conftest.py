"""Random play for the tests of games, seeded by keys and alike for every game, and play of given moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from envs.game import Action, Game
from envs.keys import fold

Step = tuple[Any, dict[int, Action], Any]


def play_at_random(game: Game, seed: int) -> Iterator[Step]:
    """(state, actions, state after) of each tick of one episode; every acting seat draws a uniform legal action."""
    state = game.start(seed)
    while acting := game.acting(state):
        tick = game.facts(state).tick
        actions: dict[int, Action] = {
            seat: game.legal(state, seat).sample(fold(fold(seed, tick), seat)) for seat in acting
        }
        after = game.step(state, actions, seed)
        yield state, actions, after
        state = after


@pytest.fixture
def episode() -> Callable[[Game, int], Iterator[Step]]:
    """`for state, actions, after in episode(game, seed)`: one episode of random play."""
    return play_at_random


@pytest.fixture
def played() -> Callable[..., Any]:
    """played(game, moves, state=None, key=0) -> state: the acting seat plays each move, which must be legal."""

    def play(game: Game, moves: Iterable[int], state: Any = None, key: int = 0) -> Any:
        state = game.start(key) if state is None else state
        for move in moves:
            (seat,) = game.acting(state)
            assert move in game.legal(state, seat), f"{move} is not among {game.legal(state, seat)}"
            state = game.step(state, {seat: [move]}, key)
        return state

    return play
