"""Our games beside OpenSpiel's: the same legal actions at every step of 10,000 random games, and the same returns.

Our rows are stepped all at once by the drivers, chance included; OpenSpiel's states follow them one by one, with each of
their chance nodes resolved as ours was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import envs
from envs import drivers
from envs.keys import fold
from envs.sampling import sample, spaces_of

pyspiel = pytest.importorskip("pyspiel", reason="OpenSpiel is not installed: pip install 'open_spiel>=2.0.2'")

EPISODES = 10_000
Deal = Callable[[np.void], Iterator[int]]


def no_chance(state: np.void) -> Iterator[int]:
    return iter(())


def private_cards(state: np.void) -> Iterator[int]:
    yield from state["cards"].tolist()


def all_cards(state: np.void) -> Iterator[int]:
    yield from state["cards"].tolist()
    yield int(state["public"])


class Batch:
    """Rows of one game under random play. `legal` bool[num, P, A] and `acting` bool[num, P] speak of the next step."""

    def __init__(self, game: Any, num: int, seed: int) -> None:
        self.game, self.num = game, num
        self.states = np.zeros(num, game.state_type)
        self.keys = np.array([fold(seed, i) for i in range(num)], np.uint64)
        self.acting = np.zeros((num, game.seats), np.bool_)
        self.legal = np.zeros((num, game.seats, game.spec.width), np.bool_)
        self.actions = np.zeros((num, game.seats, 1), np.int32)
        self.spaces = spaces_of(game.spec)
        drivers.start(self.states, game.configs, self.keys)
        self.mask()

    def mask(self) -> None:
        drivers.mask(self.states, self.game.configs, self.acting, self.legal)

    def choose(self, tick: int) -> None:
        sample(self.acting, self.legal, self.spaces, self.keys, tick, self.actions)

    def step(self) -> None:
        drivers.step(self.states, self.game.configs, self.actions, self.keys)
        self.mask()


def settle(theirs: Any, ours: np.void, deal: Deal) -> None:
    """Resolve their pending chance nodes with what ours has dealt."""
    if theirs.is_chance_node():
        known = sum(item.player == pyspiel.PlayerId.CHANCE for item in theirs.full_history())
        for outcome in list(deal(ours))[known:]:
            if theirs.is_chance_node():
                theirs.apply_action(outcome)


def compare(name: str, deal: Deal, seed: int, episodes: int = EPISODES, **options: Any) -> int:
    """Play; assert that every mask and every return agrees. Returns the number of moves compared."""
    game = envs.game(name, **options)
    batch = Batch(game, episodes, seed)
    model = pyspiel.load_game(name, options)
    rows = [(i, model.new_initial_state()) for i in range(episodes)]
    assert model.num_distinct_actions() == game.spec.width
    for i, theirs in rows:
        settle(theirs, batch.states[i], deal)
    moves = 0
    for tick in range(game.spec.limit):
        batch.choose(tick)
        for i, theirs in rows:
            seat = theirs.current_player()
            where = f"{name} row {i} tick {tick}"
            assert batch.acting[i].nonzero()[0].tolist() == [seat], where
            assert batch.legal[i, seat].nonzero()[0].tolist() == theirs.legal_actions(), where
            theirs.apply_action(int(batch.actions[i, seat, 0]))
        moves += len(rows)
        batch.step()
        going = []
        for i, theirs in rows:
            settle(theirs, batch.states[i], deal)
            assert bool(batch.states[i]["done"]) == theirs.is_terminal(), f"{name} row {i} tick {tick}"
            if theirs.is_terminal():
                assert batch.states[i]["reward"].tolist() == theirs.returns(), f"{name} row {i} tick {tick}"
            else:
                going.append((i, theirs))
        rows = going
    assert not rows
    assert not batch.states["truncated"].any()
    return moves


@pytest.mark.parametrize(
    ("name", "deal"),
    [
        ("connect_four", no_chance),
        ("kuhn_poker", private_cards),
        ("leduc_poker", all_cards),
        ("breakthrough", no_chance),
    ],
)
def test_ten_thousand_random_games_agree(name: str, deal: Deal, seeds: Any) -> None:
    (seed,) = seeds(1)
    assert compare(name, deal, seed) >= 2 * EPISODES


@pytest.mark.parametrize(("rows", "columns"), [(4, 4), (5, 4), (6, 5), (7, 8), (4, 8)])
def test_small_boards_of_breakthrough_agree(rows: int, columns: int, seeds: Any) -> None:
    (seed,) = seeds(1)
    model = pyspiel.load_game("breakthrough", {"rows": rows, "columns": columns})
    assert envs.spec(f"breakthrough?rows={rows}&columns={columns}").limit == model.max_game_length()
    assert compare("breakthrough", no_chance, seed, 200, rows=rows, columns=columns) > 200
