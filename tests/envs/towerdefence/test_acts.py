"""The acts of the defender: what they do, what forbids them, and that what is forbidden changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import envs
from envs.game import Game
from envs.keys import below, fold
from envs.towerdefence.tower_defence.acts import ERRORS
from envs.towerdefence.tower_defence.state import SLOTS
from envs.towerdefence.tower_defence.words import _read

WAIT = 6 * SLOTS


def act(game: Game, state: Any, text: str, key: int = 1) -> Any:
    """The state after one act, given in words; it need not be legal."""
    kinds = _read(text.lower(), game.public)
    return game.step(state, {0: kinds if isinstance(kinds, list) else [kinds]}, key)


def last(game: Game, state: Any) -> str:
    return ERRORS[game.row(state).last.error]


def with_fields(game: Game, state: Any, **fields: Any) -> Any:
    state = game.unpack(game.pack(state))
    for name, value in fields.items():
        state[name] = value
    return state


@pytest.mark.parametrize(
    ("before", "text", "says"),
    [
        ([], "archer 1", "done"),
        ([], "archer 3", "done"),
        (["archer 1"], "archer 1", "the slot is taken"),
        ([], "upgrade 1", "no tower stands here"),
        ([], "sell 2", "no tower stands here"),
        (["archer 1"], "upgrade 1", "done"),
        (["archer 1"], "sell 1", "done"),
        (["archer 1"], "range 1", "done"),
        ([], "rally G6", "a knight tower is needed, within its range"),
        (["knights 1"], "rally A1", "a knight tower is needed, within its range"),
        (["knights 1"], "rally G6", "done"),
        ([], "reinforce G1", "no road is near"),
        ([], "reinforce G6", "done"),
        (["reinforce G6"], "reinforce G6", "reinforcements are not ready"),
        ([], "hero A1", "done"),
        ([], "fire A6", "out of the hero's reach"),
        ([], "fire L6", "done"),
        (["fire L6"], "fire L6", "the skill is not ready"),
        ([], "train", "done"),
        (["archer 1", "archer 2", "archer 3", "upgrade 1", "upgrade 1"], "upgrade 2", "not enough gold"),
        ([], "wait", "done"),
    ],
)
def test_an_act_is_done_or_says_why_not(line: Callable[..., Game], before: list[str], text: str, says: str) -> None:
    game = line()
    state = game.start(1)
    for each in before:
        state = act(game, state, each)
        assert last(game, state) == "done"
    index = _read(text.lower(), game.public)
    allowed = index in game.legal(state, 0)
    after = act(game, state, text)
    assert last(game, after) == says
    assert allowed == (says == "done")


def test_a_tower_at_its_best_and_a_hero_who_is_down_or_weak_or_grown(line: Callable[..., Game]) -> None:
    game = line(rules="gold = 30000\nmax_gold = 30000")
    state = act(game, game.start(1), "archer 1")
    for _ in range(3):
        state = act(game, state, "upgrade 1")
        assert last(game, state) == "done"
    assert last(game, act(game, state, "upgrade 1")) == "the tower cannot be better"
    for _ in range(5):
        state = act(game, state, "train")
        assert last(game, state) == "done"
    assert last(game, act(game, state, "train")) == "the hero cannot be better"
    weak = with_fields(game, state)
    weak["hero"]["hp"] = 50
    assert last(game, act(game, weak, "fire L6")) == "the hero is too weak for the skill"
    weak["hero"]["down"] = 100
    assert last(game, act(game, weak, "hero A1")) == "the hero is down"


def test_selling_gives_back_the_declared_share_and_takes_the_knights(line: Callable[..., Game]) -> None:
    game = line(rules="refund = 0.5")
    state = act(game, game.start(1), "knights 1")
    for _ in range(8):
        state = act(game, state, "wait")
    assert game.row(state).guard == 1
    gold = game.row(state).gold
    state = act(game, state, "sell 1")
    row = game.row(state)
    assert (row.gold - gold, row.guard, row.towers.kind[0]) == (50, 0, 0)


def triples(seed: int, n: int) -> list[list[int]]:
    return [
        [below(fold(seed, 3 * i + k), (6145, 6145, 12)[k]) - (3072, 3072, 0)[k] for k in range(3)] for i in range(n)
    ]


def test_a_refused_act_changes_nothing_but_time_and_the_record_of_it(seeds: Any) -> None:
    """The same step with a wait in its place gives the same state, but for the last act and the count of acts."""
    game = envs.game("tower_defence?level=3&actions=raw&period=2")
    refused = 0
    for seed in seeds(2):
        state = game.start(seed)
        for triple in triples(seed, 80):
            after, waited = (game.step(state, {0: each}, seed) for each in (triple, [0, 0, 6]))
            if game.row(after).last.error:
                refused += 1
                for one in (after, waited):
                    one["last"], one["tally"]["errors"], one["tally"]["acts"] = 0, 0, 0
                assert game.pack(after) == game.pack(waited), f"{triple} changed something"
            state = game.step(state, {0: triple}, seed)
    assert refused > 60


def test_the_mask_allows_exactly_what_is_done(seeds: Any) -> None:
    """Every index, allowed or not, against the code of the step; `range` of a slot that the level lacks counts as not done."""
    game = envs.game("tower_defence?level=4&period=1")
    for seed in seeds(1):
        state = game.start(seed)
        for n in range(181):
            legal = game.legal(state, 0)
            if n % 90 == 0:
                slots = int(game.config.levels[0].slots)
                for index in range(len(legal.mask)):
                    if index < WAIT and index % SLOTS >= slots:
                        assert index not in legal
                        continue
                    after = game.step(state, {0: [index]}, seed)
                    assert (game.row(after).last.error == 0) == (index in legal), game.name(
                        [index], game.observe(state, 0)
                    )
            state = game.step(state, {0: legal.sample(fold(seed, n))}, seed)


def test_triples_mean_the_slot_that_they_hit(line: Callable[..., Game]) -> None:
    game = line(actions="raw")
    state = game.step(game.start(1), {0: [200, 700, 0]}, 1)
    assert game.row(state).towers.kind[0] == 1
    assert last(game, game.step(state, {0: [0, -2000, 0]}, 1)) == "a build site is needed"
    assert game.legal(state, 0).bounds == ((-3072, -3072, 0), (3072, 3072, 11))
    metrics = game.metrics(game.step(state, {0: [0, -2000, 0]}, 1))
    assert metrics["error_no_site"] == 1
    assert metrics["valid_per_mille"] == 500


def test_gold_stays_above_nothing_and_lives_never_rise(seeds: Any) -> None:
    game = envs.game("tower_defence?level=2")
    for seed in seeds(2):
        state, lives = game.start(seed), 20
        while game.acting(state):
            state = game.step(state, {0: game.legal(state, 0).sample(fold(seed, game.facts(state).tick))}, seed)
            row = game.row(state)
            assert 0 <= row.gold <= 3000
            assert row.lives <= lives
            assert game.facts(state).reward[0] == row.lives - lives
            lives = row.lives
        assert np.array(game.metrics(state)["score"]) == lives - 20
