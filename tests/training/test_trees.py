"""Trees as arrays: what they hold, and the compiled passes beside a recursion in plain Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import envs
from arena.training.exploitability import best_response, gap
from arena.training.trees import CHANCE, END, Tree, walk
from envs.errors import UserError

GAMES = ["kuhn_poker", "matrix?game=perturbed_rps&rounds=2", "matrix?game=prisoners_dilemma&rounds=2"]


@pytest.fixture(scope="module", params=GAMES)
def tree(request: Any) -> Tree:
    return walk(envs.game(request.param))


def drawn(tree: Tree, seed: int) -> np.ndarray:
    """A random strategy."""
    return tree.normalised(np.random.default_rng(seed).exponential(size=len(tree.action)))


def kids(tree: Tree, node: int) -> list[int]:
    return np.flatnonzero(tree.parent == node).tolist()


def weight(tree: Tree, node: int, strategy: np.ndarray) -> float:
    return float(strategy[tree.slot[node]] if tree.slot[node] >= 0 else tree.chance[node])


def slow_value(tree: Tree, node: int, strategy: np.ndarray) -> np.ndarray:
    if tree.who[node] == END:
        return tree.payoff[node]
    return sum(weight(tree, k, strategy) * slow_value(tree, k, strategy) for k in kids(tree, node))


def slow_best(tree: Tree, strategy: np.ndarray, seat: int) -> float:
    """The best of all pure strategies of a seat, each tried: needs no knowledge of what a best response is."""
    sets = np.flatnonzero(tree.owner == seat).tolist()
    best, choice = -np.inf, strategy.copy()

    def tried(rest: list[int]) -> None:
        nonlocal best
        if not rest:
            best = max(best, float(tree.expected(choice)[seat]))
            return
        part = slice(int(tree.first[rest[0]]), int(tree.first[rest[0] + 1]))
        for pick in range(part.stop - part.start):
            choice[part] = 0.0
            choice[part.start + pick] = 1.0
            tried(rest[1:])

    tried(sets)
    return best


def test_values_are_those_of_a_recursion(tree: Tree, seeds: Any) -> None:
    for seed in seeds(3):
        strategy = drawn(tree, seed)
        assert tree.expected(strategy) == pytest.approx(slow_value(tree, 0, strategy), abs=1e-12)


def test_a_best_response_is_the_best_of_all_pure_strategies(seeds: Any) -> None:
    tree = walk(envs.game("kuhn_poker"))
    for seed in seeds(2):
        strategy = drawn(tree, seed)
        for seat in range(2):
            value, response = best_response(tree, strategy, seat)
            assert value == pytest.approx(slow_best(tree, strategy, seat), abs=1e-12)
            assert tree.expected(response)[seat] == pytest.approx(value, abs=1e-12)


def test_counterfactual_values_and_weights_are_sums_over_the_nodes_of_a_set(tree: Tree, seeds: Any) -> None:
    (seed,) = seeds(1)
    strategy = drawn(tree, seed)
    values, weights = tree.counterfactual(strategy)
    slow_values, slow_weights = np.zeros_like(values), np.zeros_like(weights)

    def visit(node: int, reach: np.ndarray) -> None:
        """reach[p] is what seat p contributes, the last entry is chance's."""
        seat = tree.who[node]
        others = float(np.prod(np.delete(reach, seat))) if seat >= 0 else 0.0
        slow_weights[tree.infoset[node]] += others if seat >= 0 else 0.0
        for kid in kids(tree, node):
            below = reach.copy()
            below[seat if seat >= 0 else -1] *= weight(tree, kid, strategy)
            if seat >= 0:
                slow_values[tree.slot[kid]] += others * slow_value(tree, kid, strategy)[seat]
            visit(kid, below)

    visit(0, np.ones(tree.seats + 1))
    assert values == pytest.approx(slow_values, abs=1e-12)
    assert weights == pytest.approx(slow_weights, abs=1e-12)


def test_parents_come_first_and_a_set_lies_on_one_level(tree: Tree) -> None:
    assert (tree.parent[1:] < np.arange(1, len(tree.parent))).all() and tree.parent[0] == -1
    level = np.searchsorted(tree.levels, np.arange(len(tree.parent)), side="right")
    for chosen in range(len(tree.owner)):
        nodes = np.flatnonzero(tree.infoset == chosen)
        assert len(set(level[nodes].tolist())) == 1
        assert (tree.who[nodes] == tree.owner[chosen]).all()


def test_a_later_seat_of_a_tick_does_not_see_the_earlier_act() -> None:
    tree = walk(envs.game("matrix?game=rock_paper_scissors&rounds=1"))
    assert tree.owner.tolist() == [0, 1]
    assert (tree.who == 1).sum() == 3 and (tree.who == END).sum() == 9


def test_the_uniform_strategies_of_poker_are_as_exploitable_as_is_known() -> None:
    kuhn, leduc = walk(envs.game("kuhn_poker")), walk(envs.game("leduc_poker"))
    assert gap(kuhn, kuhn.uniform()).exploitability == pytest.approx(11 / 24, abs=1e-12)
    found = gap(leduc, leduc.uniform())
    assert found.nash_conv == pytest.approx(4.747222222, abs=1e-9) and found.exploitability == found.nash_conv / 2
    assert len(leduc.owner) == 936 and (leduc.who == CHANCE).sum() == 1 + 30 * 5
    assert str(found) == "exploitability 2.37361, NashConv 4.74722"


def test_an_equilibrium_leaves_nothing() -> None:
    tree = walk(envs.game("matrix?game=perturbed_rps&rounds=1"))
    found = gap(tree, np.array([1, 3, 3, 1, 3, 3]) / 7)
    assert found.nash_conv == pytest.approx(0, abs=1e-12) and found.values == pytest.approx((0, 0), abs=1e-12)


@pytest.mark.parametrize("name", ["connect_four", "matrix?rounds=9", "commons"])
def test_a_game_that_cannot_be_walked_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(UserError, match="not enumerable") as raised:
        walk(envs.game(name))
    assert "\n" not in str(raised.value)


def test_a_tree_has_a_greatest_size() -> None:
    with pytest.raises(UserError, match="more than 54 nodes"):
        walk(envs.game("kuhn_poker"), most=54)


def test_tensors_and_tables_are_rows_of_sets(tree: Tree, seeds: Any) -> None:
    (seed,) = seeds(1)
    strategy = drawn(tree, seed)
    table = np.zeros(tree.legal.shape)
    table[tree.legal] = strategy  # rows in order, actions ascending: the order of slots
    assert (tree.flat(table) == strategy).all()
    assert tree.tensors("flat").shape == (len(tree.owner), *tree.game.spec.roles[0].views["flat"].shape)
