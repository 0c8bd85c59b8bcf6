"""What the tests of players share: questions as a match would ask them, and whole games between players."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

import agents
from arena.agent import Ask, Reply, reply_of
from envs import keys
from envs.game import Game


def question(game: Game, state: Any, seat: int, seed: int = 0, **more: Any) -> Ask:
    """What a match asks a seat that acts."""
    tick = game.facts(state).tick
    return Ask("test", game, seat, tick, game.observe(state, seat), game.legal(state, seat), seed, **more)


def positions(game: Game, seed: int) -> Iterator[tuple[Any, int]]:
    """(state, acting seat) along one random game."""
    state = game.start(seed)
    while turns := game.turns(state):
        yield from ((state, seat) for seat in turns)
        key = keys.fold(seed, game.facts(state).tick)
        state = game.step(state, {seat: legal.sample(keys.fold(key, seat)) for seat, legal in turns.items()}, seed)


def answered(agent: Callable[[Ask], Any], ask: Ask) -> Reply:
    """The Reply of an agent, which must be legal."""
    reply = reply_of(agent(ask))
    assert isinstance(reply, Reply)
    action = reply.actions[0]
    assert (action if isinstance(action, str) else list(action)) in ask.legal, f"{action} is not in {ask.legal}"
    return reply


def scores(game: Game, players: Sequence[Any], seed: int) -> list[float]:
    """The points of each seat in a game between these players."""
    made = [agents.load(player)() for player in players]
    state, totals = game.start(seed), [0.0] * game.seats
    while turns := game.turns(state):
        asks = {seat: question(game, state, seat, int(keys.fold(~seed, seat))) for seat in turns}
        state = game.step(state, {seat: list(answered(made[seat], ask).actions[0]) for seat, ask in asks.items()}, seed)
        totals = [total + reward for total, reward in zip(totals, game.facts(state).reward, strict=True)]
    return totals


class Table:
    """The functions above, for tests: `table.question(...)`."""

    question = staticmethod(question)
    positions = staticmethod(positions)
    answered = staticmethod(answered)
    scores = staticmethod(scores)


@pytest.fixture(scope="session")
def table() -> type[Table]:
    return Table
