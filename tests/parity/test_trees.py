"""The whole trees of Kuhn and Leduc poker, walked beside OpenSpiel's with every chance outcome forced equal.

An information set is the sequence of a seat's observations and own actions. Known numbers: 12 of them in Kuhn poker,
936 in Leduc poker with six different cards.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import envs

pyspiel = pytest.importorskip("pyspiel", reason="OpenSpiel is not installed: pip install 'open_spiel>=2.0.2'")

Past = tuple[bytes, ...]


@dataclass
class Walk:
    """Walks a game and OpenSpiel's side by side; what it has met is in the sets and counters."""

    game: Any
    sets: dict[Past, str] = field(default_factory=dict)
    chances: dict[int, int] = field(default_factory=dict)
    ends: int = 0

    def value(self, ours: np.ndarray, theirs: Any, past: tuple[Past, Past]) -> tuple[float, float]:
        """The returns of seat 0 under uniform play, ours and theirs, of a tick's start."""
        past = tuple((*past[p], self.game.observe(ours, p).array.tobytes()) for p in range(2))
        if theirs.is_terminal():
            self.ends += 1
            assert list(self.game.facts(ours).reward) == theirs.returns()
            return self.game.facts(ours).reward[0], theirs.returns()[0]
        seat = theirs.current_player()
        assert self.game.acting(ours) == (seat,)
        assert list(self.game.legal(ours, seat)) == theirs.legal_actions()
        # The same knowledge with us is the same knowledge there.
        assert self.sets.setdefault(past[seat], theirs.information_state_string()) == theirs.information_state_string()
        values = [self.after(ours, theirs, past, seat, action) for action in theirs.legal_actions()]
        return mean(values)

    def after(self, ours: np.ndarray, theirs: Any, past: Any, seat: int, action: int) -> tuple[float, float]:
        acted = list(past)
        acted[seat] = (*past[seat], bytes([action]))
        return self.settled(self.game.step_unsettled(ours, {seat: [action]}), theirs.child(action), tuple(acted), False)

    def settled(self, ours: np.ndarray, theirs: Any, past: Any, first: bool) -> tuple[float, float]:
        """The mean over pending outcomes; the tick is closed when none is left (a start is no tick)."""
        n = self.game.chances(ours)
        if n == 1:
            assert not theirs.is_chance_node()
            return self.value(ours if first else self.game.finish(ours), theirs, past)
        self.chances[n] = self.chances.get(n, 0) + 1
        values = []
        for i in range(n):
            forced = self.game.force(ours, i)
            values.append(self.settled(forced, follow(theirs, self.game.row(forced)), past, first))
        return mean(values)


def mean(values: list[tuple[float, float]]) -> tuple[float, float]:
    first, second = np.mean(values, axis=0).tolist()
    return first, second


def follow(theirs: Any, row: Any) -> Any:
    """Their state after the chance that `row` shows: both private cards at the start, later the public one."""
    theirs = theirs.clone()
    for card in row.cards.tolist() if not theirs.history() else [row.public]:
        theirs.apply_action(card)
    return theirs


def walked(name: str) -> tuple[Walk, tuple[float, float]]:
    walk = Walk(envs.game(name))
    value = walk.settled(walk.game.start_unsettled(), pyspiel.load_game(name).new_initial_state(), ((), ()), True)
    return walk, value


@pytest.mark.parametrize(
    ("name", "chances", "sets", "ends", "uniform"),
    [
        ("kuhn_poker", {6: 1}, 12, 30, 0.125),
        ("leduc_poker", {30: 1, 4: 30 * 5}, 936, 30 * 4 + 30 * 4 * 5 * 9, -0.078125),
    ],
)
def test_the_whole_tree_agrees(name: str, chances: dict[int, int], sets: int, ends: int, uniform: float) -> None:
    walk, (ours, theirs) = walked(name)
    assert walk.chances == chances
    assert len(walk.sets) == sets
    assert len(set(walk.sets.values())) == sets, "two of our information sets are one of theirs"
    assert walk.ends == ends
    assert ours == pytest.approx(theirs, abs=1e-12)
    assert ours == pytest.approx(uniform, abs=1e-12)


def test_only_pending_outcomes_can_be_forced() -> None:
    game = envs.game("kuhn_poker")
    state = game.start_unsettled()
    assert game.chances(state) == 6
    for i in (-1, 6):
        with pytest.raises(ValueError, match="0 to 5 are pending"):
            game.force(state, i)
    settled = game.force(state, 3)
    assert game.chances(settled) == 1
    assert game.chances(state) == 6, "forcing must leave the given state alone"
    with pytest.raises(ValueError, match="none is pending"):
        game.force(settled, 0)


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker"])
def test_an_ordinary_episode_is_one_of_the_walked(name: str, seeds: Any) -> None:
    """Stepping unsettled and forcing the outcome that the common step drew gives the common step's bytes."""
    game = envs.game(name)
    for seed in seeds(30):
        ours = game.start(seed)
        starts = [game.force(game.start_unsettled(seed), i) for i in range(game.chances(game.start_unsettled()))]
        assert [start.tobytes() for start in starts].count(ours.tobytes()) == 1
        while not game.facts(ours).done:
            (seat,) = game.acting(ours)
            action = game.legal(ours, seat).sample(seed ^ game.facts(ours).tick)
            open_tick = game.step_unsettled(ours, {seat: action}, seed)
            n = game.chances(open_tick)
            ways = [game.force(open_tick, i) for i in range(n)] if n > 1 else [open_tick]
            ours = game.step(ours, {seat: action}, seed)
            assert [game.finish(way).tobytes() for way in ways].count(ours.tobytes()) == 1
