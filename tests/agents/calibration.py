"""Measures `mcts` against OpenSpiel's tree search: strength over many games and simulations per second. A script, no test.

    python tests/agents/calibration.py [--games 400] [--simulations 200] [--python] [GAME ...]

Both sides have the same simulations, the same weight of exploration and one random game per new node; seats are swapped
every game. OpenSpiel's side is its C++ search, or with --python its Python one; each is met with and without proofs.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import envs
from agents.search import Mcts
from arena.agent import Ask, Reply
from envs import keys

C = 1.4
Theirs = Callable[[int, bool], Any]


@dataclass(frozen=True)
class Score:
    """Results of our side."""

    wins: int
    draws: int
    losses: int

    @property
    def games(self) -> int:
        return self.wins + self.draws + self.losses

    @property
    def share(self) -> float:
        return (self.wins + self.draws / 2) / self.games

    @property
    def error(self) -> float:
        """Half of the 95 % interval."""
        variance = (self.wins + self.draws / 4) / self.games - self.share**2
        return 1.96 * math.sqrt(max(variance, 0.0) / self.games)


def their_bot(game: Any, seed: int, simulations: int, solve: bool, python: bool = False) -> Any:
    """OpenSpiel's tree search with one random game per leaf."""
    import numpy as np
    import pyspiel
    from open_spiel.python.algorithms import mcts

    if python:
        state = np.random.RandomState(seed)
        evaluator = mcts.RandomRolloutEvaluator(1, state)
        return mcts.MCTSBot(game, C, simulations, evaluator, solve=solve, random_state=state)
    evaluator = pyspiel.RandomRolloutEvaluator(1, seed)
    return pyspiel.MCTSBot(game, evaluator, C, simulations, 1000, solve, seed, False)


def asked(game: Any, state: Any, seat: int, seed: int) -> Ask:
    """The question that a match would ask."""
    return Ask(
        "calibration", game, seat, game.facts(state).tick, game.observe(state, seat), game.legal(state, seat), seed
    )


def one_game(name: str, ours: Mcts, bot: Any, seat: int, seed: int) -> float:
    """Our return when we have this seat; the two rule sets run side by side and must agree."""
    import pyspiel

    game, theirs = envs.game(name), pyspiel.load_game(name).new_initial_state()
    state = game.start(seed)
    while not theirs.is_terminal():
        mover = theirs.current_player()
        if mover == seat:
            reply = ours(asked(game, state, seat, keys.fold(seed, 1)))
            assert isinstance(reply, Reply)
            action = reply.actions[0][0]
        else:
            action = bot.step(theirs)
        theirs.apply_action(action)
        state = game.step(state, {mover: [action]}, seed)
    assert game.facts(state).done
    return float(theirs.returns()[seat])


def versus(name: str, games: int, simulations: int, solve: bool, python: bool = False, first: int = 0) -> Score:
    """Our results over `games` games, seats swapped every game; solve: proofs on both sides."""
    import pyspiel

    counts = {1.0: 0, 0.0: 0, -1.0: 0}
    spiel = pyspiel.load_game(name)
    for i in range(first, first + games):
        ours = Mcts(simulations=simulations, c=C, solve=solve)
        bot = their_bot(spiel, 7919 * (i + 1), simulations, solve, python)
        counts[one_game(name, ours, bot, i % 2, i)] += 1
    return Score(counts[1.0], counts[0.0], counts[-1.0])


def speed(name: str, simulations: int, think: Callable[[], Any]) -> float:
    """Simulations per second of process time, best of five."""
    think()
    best = math.inf
    for _ in range(5):
        began = time.process_time()
        think()
        best = min(best, time.process_time() - began)
    return simulations / best


def speeds(name: str, simulations: int) -> dict[str, float]:
    """Simulations per second from the first position: ours, OpenSpiel in C++ and in Python."""
    import pyspiel

    game, spiel = envs.game(name), pyspiel.load_game(name)
    state, theirs, ours = game.start(0), spiel.new_initial_state(), Mcts(simulations=simulations, c=C)
    compiled, python = (their_bot(spiel, 1, simulations, True, each) for each in (False, True))
    return {
        "palaestra": speed(name, simulations, lambda: ours(asked(game, state, 0, 1))),
        "OpenSpiel C++": speed(name, simulations, lambda: compiled.step(theirs)),
        "OpenSpiel Python": speed(name, simulations, lambda: python.step(theirs)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="GAME", default=["connect_four", "breakthrough"])
    parser.add_argument("--games", type=int, default=400)
    parser.add_argument("--simulations", type=int, default=200)
    parser.add_argument("--python", action="store_true", help="meet OpenSpiel's Python search instead of its C++ one")
    given = parser.parse_args()
    for name in given.names:
        for who, rate in speeds(name, given.simulations).items():
            print(f"{name}: {who}: {rate:,.0f} simulations/s", flush=True)
        for solve in (True, False):
            score = versus(name, given.games, given.simulations, solve, given.python)
            kind = f"OpenSpiel {'Python' if given.python else 'C++'}, proofs {'on' if solve else 'off'}"
            counts = f"+{score.wins} ={score.draws} -{score.losses}"
            print(f"{name}: {score.share:.1%} +- {score.error:.1%} ({counts}) against {kind}", flush=True)


if __name__ == "__main__":
    main()
