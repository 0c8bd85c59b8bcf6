"""Sides that search: simulations a second of Monte Carlo tree search from the first position, a new tree for every move."""

from __future__ import annotations

import importlib
from random import Random
from typing import Any

from arena.bench.sides import Work, foreign, steady

__all__ = ["open_spiel_cpp", "open_spiel_python", "own_mcts"]

EXPLORATION = 1.4


def own_mcts(game: str, simulations: int, seed: int) -> Work:
    """Our mcts as a match asks it, its notes included; counts the simulations that it reports."""
    import envs  # noqa: PLC0415
    from arena.agent import Ask  # noqa: PLC0415

    rules = envs.game(game)
    state = rules.start(seed)
    (seat,) = rules.acting(state)
    obs, legal = rules.observe(state, seat), rules.legal(state, seat)
    make = importlib.import_module("agents").load(f"mcts?simulations={simulations}&solve=false&c={EXPLORATION}")
    draw = Random(seed)

    def batch() -> int:
        ask = Ask("", rules, seat, 0, obs, legal, draw.getrandbits(63))
        return int(make()(ask).notes["simulations"])

    return steady(batch)


def open_spiel_cpp(game: str, simulations: int, seed: int) -> Work:
    """OpenSpiel's bot in C++; counts the visits of its root."""
    pyspiel = foreign("pyspiel")
    rules = pyspiel.load_game(game)
    evaluator = pyspiel.RandomRolloutEvaluator(1, seed)
    bot = pyspiel.MCTSBot(rules, evaluator, EXPLORATION, simulations, 1000, False, seed, False)
    return _visits(bot, rules.new_initial_state())


def open_spiel_python(game: str, simulations: int, seed: int) -> Work:
    """OpenSpiel's bot in Python over its games in C++; counts the visits of its root."""
    import numpy as np  # noqa: PLC0415

    rules = foreign("pyspiel").load_game(game)
    mcts = foreign("open_spiel.python.algorithms.mcts")
    draw = np.random.RandomState(seed)
    evaluator = mcts.RandomRolloutEvaluator(1, draw)
    bot = mcts.MCTSBot(rules, EXPLORATION, simulations, evaluator, solve=False, random_state=draw)
    return _visits(bot, rules.new_initial_state())


def _visits(bot: Any, state: Any) -> Work:
    return steady(lambda: int(bot.mcts_search(state).explore_count))
