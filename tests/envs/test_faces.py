"""The faces: PettingZoo's and Gymnasium's own tests on every game, and what the faces promise beyond them."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.utils.env_match import check_environments_match
from pettingzoo.test import api_test, parallel_api_test, parallel_seed_test, render_test, seed_test

import arena
import envs
from envs import keys
from envs.checks.options import configurations
from envs.errors import UserError
from envs.faces.aec import AEC
from envs.faces.gym import Gym
from envs.faces.parallel import Parallel
from envs.options import address
from tests.games import COMPILED, NUMBERS

pytestmark = pytest.mark.foreign_random

DAILY, LONG = 5, 2
"""Configurations of a game that are tried every day, and of one whose ticks are many frames; the others at night."""


def spread(name):
    """Every choice, every bound and every pair of them, from what a game declares; some of them, evenly, without the marker.

    Where a claim is written, random players try for long until one is right: those are left to the night.
    """
    every = [address(name, chosen) for chosen in configurations(name)]
    step = max(1, -(-len(every) // (DAILY if envs.spec(name).frames == 1 else LONG)))
    daily = [n % step == 0 and "claims=written" not in each for n, each in enumerate(every)]
    return [
        each if kept else pytest.param(each, marks=pytest.mark.nightly) for each, kept in zip(every, daily, strict=True)
    ]


CONFIGURATIONS = [each for name in NUMBERS for each in spread(name)]
"""Run plainly."""
SHAPES = [
    *COMPILED,
    "liars_dice?seats=6&dice=2&wild=true",
    *(
        pytest.param(name, marks=pytest.mark.nightly)
        for name in ("commons?seats=6&teams=2", "commons?seats=2&shared=true")
    ),
]


def uniform(question):
    return question.legal.sample(question.key)


def met(game):
    """The last seat; the first where random play ends before the last one is asked, as when a proposer has to write the right claim."""
    last = game.seats - 1
    try:
        for seed in range(4):
            Gym(game, seat=last, opponents=[uniform] * last).reset(seed=seed)
    except UserError:
        return 0
    return last


@pytest.mark.parametrize("name", CONFIGURATIONS)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_every_configuration_passes_the_tests_of_the_libraries(name):
    game = envs.game(name, plain=True)
    api_test(AEC(game), num_cycles=15)
    seed_test(lambda: AEC(game), num_cycles=10)
    parallel_api_test(Parallel(game), num_cycles=15)
    parallel_seed_test(lambda: Parallel(game), num_cycles=10)
    seat = met(game)
    for flat in (False, True):
        one, other = (Gym(game, seat=seat, opponents=[uniform] * (game.seats - 1), flat=flat) for _ in range(2))
        check_env(one, skip_render_check=True)
        check_environments_match(one, other, 10, seed=3)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(*each.values, marks=pytest.mark.nightly) if each.values == ("countdown",) else each
        for each in COMPILED
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_compiled_games_pass_the_tests_of_the_libraries(name):
    api_test(envs.make(name, "aec"), num_cycles=60)
    seed_test(lambda: envs.make(name, "aec"), num_cycles=40)
    parallel_api_test(envs.make(name, "parallel"), num_cycles=60)
    parallel_seed_test(lambda: envs.make(name, "parallel"), num_cycles=40)
    seats = envs.game(name, plain=True).seats
    one, other = (envs.make(name, "gym", seat=0, opponents=[uniform] * (seats - 1)) for _ in range(2))
    check_env(one, skip_render_check=True)
    check_environments_match(one, other, 60, seed=3)
    render_test(lambda render_mode=None: envs.make(name, "aec", render_mode=render_mode))


@pytest.mark.parametrize("name", SHAPES)
def test_rows_equal_the_matches_with_their_seeds(name):
    vec = envs.make(name, "vector", num=5)
    obs, _ = vec.reset(seed=11)
    game = envs.game(name)
    states = [game.start(int(seed)) for seed in vec.seeds]
    seeds = [int(seed) for seed in vec.seeds]
    assert seeds == [keys.fold(keys.fold(11, row), 0) for row in range(5)]
    for _ in range(60):
        actions = vec.sample().copy()
        acted = vec.acting.copy()
        _, reward, terminated, truncated, _ = vec.step(actions)
        for row in range(5):
            acts = {int(p): actions[row, p].tolist() for p in np.flatnonzero(acted[row])}
            states[row] = game.step(states[row], acts, seeds[row])
            facts = game.facts(states[row])
            assert reward[row].tolist() == pytest.approx(facts.reward)
            assert (terminated[row] or truncated[row]) == facts.done and truncated[row] == facts.truncated
            if facts.done:
                seeds[row] = int(vec.seeds[row])
                states[row] = game.start(seeds[row])
            acting, legal = game.masks(states[row])
            assert (vec.acting[row] == acting).all() and (vec.legal[row] == legal).all()
            for seat in range(game.seats):
                role = game.spec.role(seat).name
                mine = game.observe(states[row], seat).array
                place = seat - game.spec.first(role)
                for field in vec.obs[role]:
                    assert (obs[role][field][row, place] == mine[field][0]).all()


def test_final_observations_are_those_of_the_rows_that_ended():
    vec = envs.make("kuhn_poker", "vector", num=32, encode="flat")
    vec.reset(seed=0)
    seen = 0
    for _ in range(6):
        _, _, terminated, truncated, info = vec.step(vec.sample())
        ended = np.flatnonzero(terminated | truncated)
        final = info["final_obs"]["player"]
        assert final["acts"].shape[:2] == (len(ended), 2) and final["flat"].shape == (len(ended), 2, 11)
        assert final["done"].all() and not vec.obs["player"]["done"].any()
        seen += len(ended)
    assert seen > 32


def test_acting_only_observations_are_those_of_who_acts_and_threads_change_nothing():
    whole = envs.make("connect_four", "vector", num=64)
    some = envs.make("connect_four", "vector", num=64, seats="acting", threads=2)
    whole.reset(seed=5)
    some.reset(seed=5)
    for _ in range(50):
        actions = whole.sample().copy()
        assert (some.sample() == actions).all()
        whole.step(actions)
        some.step(actions)
        who = whole.acting.argmax(axis=1)
        for field in ("board", "seat", "turn"):
            assert (some.obs["player"][field][:, 0] == whole.obs["player"][field][np.arange(64), who]).all()
    some.close()


def test_a_recorded_row_is_an_episode_that_a_match_can_play_again():
    vec = envs.make("connect_four", "vector", num=4)
    vec.reset(seed=2)
    episode = vec.record(1)
    while not episode.done:
        vec.step(vec.sample())
    game = envs.game("connect_four")
    state = game.start(episode.seed)
    for acts in episode.actions:
        assert not game.facts(state).done
        state = game.step(state, acts, episode.seed)
    assert game.facts(state).done


def test_while_one_of_several_seats_has_spoken_nobodys_view_has_changed():
    env = envs.make("matrix?rounds=3", "aec")
    env.reset(seed=0)
    before = {agent: env.observe(agent) for agent in env.agents}
    env.step(1)
    assert env.agent_selection == "player_1"
    for agent in env.agents:
        for part, value in env.observe(agent).items():
            assert (value == before[agent][part]).all()


def test_an_illegal_action_ends_the_episode_as_it_would_end_a_match():
    env = envs.make("connect_four", "aec")
    env.reset(seed=0)
    for _ in range(6):
        env.step(0)
    env.step(0)
    assert (env.rewards, env.terminations) == (
        {"player_0": -1.0, "player_1": 1.0},
        {"player_0": True, "player_1": True},
    )
    assert "allowed" in env.infos["player_0"]["illegal"]
    gym = envs.make("connect_four", "gym", seat=0, opponents=[lambda question: 0])
    gym.reset(seed=0)
    for _ in range(3):
        gym.step(0)
    assert gym.step(0)[1:] == (-1.0, True, False, {"illegal": True})


def test_the_gym_face_plays_named_opponents_and_equals_the_match():
    gym = envs.make("connect_four", "gym", seat=0, opponents=["random"])
    gym.reset(seed=4)
    total, done = 0.0, False
    while not done:
        _, reward, terminated, truncated, _ = gym.step(int(np.flatnonzero(gym.action_masks())[0]))
        total, done = total + reward, terminated or truncated
    result = arena.play("connect_four", [lambda ask: ask.legal[0], "random"], seed=4)
    assert total == result.scores[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": "connect_four", "view": "cube"}, "no view 'cube'"),
        ({"name": "connect_four", "view": "aec", "encode": "nope"}, "known are planes"),
        ({"name": "connect_four", "view": "gym", "seat": 5, "opponents": ["random"]}, "seats 0 to 1"),
        ({"name": "connect_four", "view": "vector", "num": 0}, "num=0"),
    ],
)
def test_a_mistake_is_one_line(arguments, words):
    with pytest.raises(UserError, match=words) as told:
        envs.make(**arguments)
    assert "\n" not in str(told.value)
