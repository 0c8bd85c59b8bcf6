"""What holds for each of these games in random play, whatever its rules say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import envs
from envs.canvas import PALETTES, Canvas
from envs.keys import fold
from envs.spec import PUBLIC, SPECTATOR, Refusal

GAMES = [
    "connect_four",
    "breakthrough",
    "breakthrough?rows=5&columns=4",
    "kuhn_poker",
    "leduc_poker",
    "matrix",
    "matrix?game=perturbed_rps&rounds=30",
    "matrix?game=prisoners_dilemma",
    "matrix?game=stag_hunt&rounds=1",
    "matrix?game=chicken&rounds=20",
]
HIDDEN = ["kuhn_poker", "leduc_poker"]


@pytest.mark.parametrize("name", GAMES)
def test_compiled_and_plain_rules_give_the_same_bytes(name: str, episode: Any, seeds: Any) -> None:
    compiled, plain = envs.game(name), envs.game(name, plain=True)
    compiled.plain = False
    view = next(iter(compiled.spec.roles[0].views))
    for seed in seeds(4):
        same = plain.start(seed)
        for state, actions, after in episode(compiled, seed):
            assert state.tobytes() == same.tobytes()
            for ours, theirs in zip(compiled.masks(state), plain.masks(state), strict=True):
                np.testing.assert_array_equal(ours, theirs)
            for who in (0, 1, SPECTATOR, PUBLIC):
                obs = compiled.observe(state, who)
                assert obs == plain.observe(state, who)
                np.testing.assert_array_equal(compiled.encode(obs, view), plain.encode(obs, view))
                assert compiled.imagine(obs, who, seed).tobytes() == plain.imagine(obs, who, seed).tobytes()
            same = plain.step(same, actions, seed)
            assert after.tobytes() == same.tobytes()


@pytest.mark.parametrize("name", GAMES)
def test_what_a_seat_imagines_looks_to_it_like_what_it_sees(name: str, episode: Any, seeds: Any) -> None:
    game = envs.game(name)
    for seed in seeds(10):
        for _, _, state in episode(game, seed):
            for who in (0, 1, SPECTATOR, PUBLIC):
                obs = game.observe(state, who)
                for i in range(4):
                    assert game.observe(game.imagine(obs, who, seed + i), who) == obs


@pytest.mark.parametrize("name", GAMES)
def test_an_imagined_state_can_be_played_like_the_real_one(name: str, episode: Any, seeds: Any) -> None:
    """Who acts, what is legal, and what all see of the next tick do not depend on what is hidden."""
    game = envs.game(name)
    for seed in seeds(10):
        for state, actions, after in episode(game, seed):
            for who in (0, 1):
                imagined = game.imagine(game.observe(state, who), who, seed)
                for real, guess in zip(game.masks(state), game.masks(imagined), strict=True):
                    np.testing.assert_array_equal(real, guess)
                if "perfect" in game.spec.traits:
                    assert game.step(imagined, actions, seed).tobytes() == after.tobytes()


@pytest.mark.parametrize("name", HIDDEN)
def test_imagined_states_differ_where_something_is_hidden(name: str, seeds: Any) -> None:
    game = envs.game(name)
    for seed in seeds(5):
        state = game.start(seed)
        for who in (0, 1):
            obs = game.observe(state, who)
            others = {int(game.row(game.imagine(obs, who, fold(seed, i))).cards[1 - who]) for i in range(200)}
            assert len(others) == (2 if name == "kuhn_poker" else 5)
            assert int(game.row(state).cards[who]) not in others


@pytest.mark.parametrize("name", GAMES)
def test_declared_traits_and_points_hold(name: str, episode: Any, seeds: Any) -> None:
    game = envs.game(name)
    traits = game.spec.traits
    for seed in seeds(20):
        path = list(episode(game, seed))
        rewards = np.array([game.facts(after).reward for _, _, after in path])
        low, high = game.spec.points
        assert (rewards.sum(axis=0) >= low).all()
        assert (rewards.sum(axis=0) <= high).all()
        assert "zero_sum" not in traits or not rewards.sum(axis=1).any()
        assert "simultaneous" in traits or all(len(actions) == 1 for _, actions, _ in path)
        assert not game.facts(path[-1][2]).truncated
        if "hidden" not in traits:
            for state, _, _ in path:
                seen = {game.observe(state, who).array[0].tobytes()[8:] for who in (0, 1, SPECTATOR, PUBLIC)}
                assert len(seen) == 1


@pytest.mark.parametrize("name", GAMES)
def test_words_are_read_back_and_say_what_is_needed(name: str, episode: Any, seeds: Any) -> None:
    game = envs.game(name)
    for seed in seeds(3):
        for state, actions, after in episode(game, seed):
            for seat in actions:
                obs, legal = game.observe(state, seat), game.legal(state, seat)
                for action in legal:
                    text = game.form([action], obs)
                    assert game.parse(f" {text.upper()}. ", obs, legal) == [[action]]
                    assert game.name([action], obs)
                assert isinstance(game.parse("castle", obs, legal), Refusal)
                assert game.say(obs)
            assert all(mark.text for mark in game.tell(state, actions, after))


@pytest.mark.parametrize("name", GAMES)
def test_drawings_stay_on_the_board_in_known_colours(name: str, episode: Any, seeds: Any) -> None:
    game = envs.game(name)
    (seed,) = seeds(1)
    for _, _, state in episode(game, seed):
        for who in (0, SPECTATOR, PUBLIC):
            canvas = Canvas()
            game.draw(game.observe(state, who), canvas)
            assert canvas.verbs
            for verb in canvas.verbs:
                assert 0 <= verb[1] <= canvas.width
                assert 0 <= verb[2] <= canvas.height
                assert PALETTES["standard"].keys() & {part for part in verb if isinstance(part, str)}


@pytest.mark.parametrize("name", GAMES)
def test_views_keep_their_shape_and_range(name: str, episode: Any, seeds: Any) -> None:
    game = envs.game(name)
    (seed,) = seeds(1)
    for _, _, state in episode(game, seed):
        for who in (0, 1, SPECTATOR, PUBLIC):
            for view, declared in game.spec.roles[0].views.items():
                tensor = game.encode(game.observe(state, who), view)
                assert tensor.shape == declared.shape
                assert tensor.min() >= declared.low
                assert tensor.max() <= declared.high
