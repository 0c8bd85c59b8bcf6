"""Batches of games in plain Python: the same arrays as the compiled batch of the same game, and what both refuse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import envs
from envs.errors import UserError
from envs.faces.batch import Batch
from envs.faces.loop import Loop

ROOT = Path(__file__).parents[2]
NIM, NIM_PLAIN = (str(ROOT / "docs" / "examples" / name) for name in ("nim.py", "nim_plain.py"))
DICTIONARY = str(ROOT / "tests" / "probes" / "dictionary.py")


@pytest.mark.parametrize("seats", ["all", "acting"])
def test_a_batch_of_a_plain_game_equals_the_compiled_batch_of_the_same_game(seats: str) -> None:
    """The compiled one on two threads, each of which writes the tensors of its own rows."""
    fast, slow = (envs.make(name, "vector", num=6, seats=seats, encode="flat", threads=2) for name in (NIM, NIM_PLAIN))
    assert isinstance(slow, Loop)
    assert slow.reset(seed=4)[1]["seed"].tolist() == fast.reset(seed=4)[1]["seed"].tolist()
    ends = 0
    for _ in range(40):
        actions = fast.sample()
        assert (slow.sample() == actions).all()
        ours, theirs = fast.step(actions), slow.step(actions)
        for part in (1, 2, 3):
            np.testing.assert_array_equal(ours[part], theirs[part])
        for name in ("seed", "acted"):
            np.testing.assert_array_equal(ours[4][name], theirs[4][name])
        np.testing.assert_array_equal(fast.acting, slow.acting)
        np.testing.assert_array_equal(fast.legal, slow.legal)
        np.testing.assert_array_equal(ours[0]["player"]["flat"], theirs[0]["player"]["flat"])
        final = ours[4]["final_obs"]["player"]["flat"]
        np.testing.assert_array_equal(final, theirs[4]["final_obs"]["player"]["flat"])
        ends += len(final)
    assert ends > 6


def test_threads_draw_the_same_acts_whatever_comes_between_two_samples() -> None:
    one, two = (envs.make(NIM, "vector", num=6, threads=threads) for threads in (1, 2))
    kept: list[dict[str, Any]] = []

    def drawn(step: bool = True) -> np.ndarray:
        acts, theirs = one.sample().copy(), two.sample().copy()
        np.testing.assert_array_equal(acts, theirs)
        if step:
            np.testing.assert_array_equal(one.step(acts)[1], two.step(two._actions)[1])
        return acts

    def both(act: Callable[[Batch], object]) -> None:
        for env in (one, two):
            act(env)

    both(lambda env: env.reset(seed=4))
    for _ in range(3):
        drawn()
    both(lambda env: kept.append(env.snapshot()))
    for _ in range(3):
        drawn()
    for env, snapshot in zip((one, two), kept, strict=True):
        env.restore(snapshot)
    drawn()
    both(lambda env: env.place(np.arange(6), kept[0]["states"]))
    drawn()
    both(lambda env: env.reset(seed=5))
    drawn(step=False)  # drawn twice for one step
    drawn()


def test_a_row_of_a_plain_game_is_recorded_and_played_again() -> None:
    loop = envs.make(NIM_PLAIN, "vector", num=3)
    loop.reset(seed=1)
    episode = loop.record(2)
    while not episode.done:
        loop.step(loop.sample())
    game = envs.game(NIM_PLAIN)
    state = game.start(episode.seed)
    for acts in episode.actions:
        assert not game.facts(state).done
        state = game.step(state, acts, episode.seed)
    assert game.facts(state).done


def test_the_state_of_a_plain_batch_is_what_the_spectator_sees() -> None:
    loop = envs.make(NIM_PLAIN, "vector", num=4)
    loop.reset(seed=0)
    loop.step(loop.sample())
    assert loop.state()["flat"].shape == (4, 3)
    np.testing.assert_array_equal(loop.state()["flat"], loop.obs["player"]["flat"][:, 0])


def test_a_game_of_texts_has_no_batch() -> None:
    with pytest.raises(UserError, match="actions are texts"):
        envs.make(DICTIONARY, "vector", num=2)


@pytest.mark.parametrize("name", ["connect_four", NIM_PLAIN])
@pytest.mark.parametrize(
    "actions", [np.zeros((4, 2)), np.zeros((4, 3), np.int32), np.zeros(4, np.int32), np.zeros((4, 2), np.bool_)]
)
def test_actions_of_another_shape_or_type_are_refused(name: str, actions: np.ndarray) -> None:
    vec = envs.make(name, "vector", num=4)
    vec.reset(seed=0)
    with pytest.raises(ValueError, match=r"give int32\[4, 2, 1\] or \[4, 2\]"):
        vec.step(actions)


@pytest.mark.parametrize("name", ["connect_four", NIM_PLAIN])
def test_an_illegal_action_in_a_batch_is_refused(name: str) -> None:
    vec = envs.make(name, "vector", num=4)
    vec.reset(seed=0)
    with pytest.raises(ValueError, match=r"row 0: player_0 may not play \[99\] now: legal are"):
        vec.step(np.full((4, 2), 99))


@pytest.mark.parametrize("name", ["liars_dice", NIM_PLAIN])
def test_a_row_with_a_seed_of_its_own_plays_as_row_0_of_a_batch_with_it(name: str) -> None:
    """Over several episodes, each after the other."""
    seeds = [11, 5, 11]
    batch = envs.make(name, "vector", num=3)
    alone = [envs.make(name, "vector", num=1) for _ in seeds]
    batch.reset(seed=seeds)
    for one, seed in zip(alone, seeds, strict=True):
        one.reset(seed=seed)
    ends = 0
    for _ in range(60):
        acts = np.concatenate([one.sample() for one in alone])
        assert np.array_equal(batch.seeds, [one.seeds[0] for one in alone]) and batch.seeds[0] == batch.seeds[2]
        assert np.array_equal(batch.legal, np.concatenate([one.legal for one in alone]))
        batch.step(acts)
        ends += sum(bool(one.step(act[None])[2].any()) for one, act in zip(alone, acts, strict=True))
        assert np.array_equal(batch.reward, np.concatenate([one.reward for one in alone]))
    assert ends > 3
    with pytest.raises(UserError, match="2 seeds for 3 rows: give one, or one for each row"):
        batch.reset(seed=[1, 2])
