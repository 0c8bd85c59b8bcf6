"""Actions of whole batches: drawn uniformly among what is legal, and refused before a step when they are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import envs
from envs.sampling import sample, spaces_of, unlawful
from envs.spec import Box, Discrete, MultiDiscrete, Role, Spec

GUESS = str(Path(__file__).parents[1] / "probes" / "guess.py")
ROLES = (
    Role("left", 1, MultiDiscrete((3, 40))),
    Role("right", 2, Discrete(5)),
    Role("point", 1, Box((-2, 7), (2, 7), (0.5, 1.0))),
)
SPEC = Spec("mixed", "", "", ROLES, limit=1)


def masks(num: int) -> tuple[np.ndarray, np.ndarray]:
    """acting bool[num, 4] and legal bool[num, 4, 43]: some parts of the mask allow one entry far behind, some many."""
    legal = np.zeros((num, 4, 43), np.bool_)
    legal[:, 0, [0, 2, 3 + 38, 3 + 39]] = True
    legal[:, 1, [4]] = True
    legal[:, 2, [0, 1, 2, 3]] = True
    acting = np.ones((num, 4), np.bool_)
    acting[::2, 1] = False
    return acting, legal


def draw(drawn_by: Any, acting: np.ndarray, legal: np.ndarray) -> np.ndarray:
    actions = np.full((len(acting), 4, 2), 99, np.int32)
    drawn_by(acting, legal, spaces_of(SPEC), np.arange(len(acting), dtype=np.uint64), 3, actions)
    return actions


def test_spaces_say_least_value_size_and_place_in_the_mask() -> None:
    left, right, other, point = spaces_of(SPEC).tolist()
    assert left == [[0, 3, 0], [0, 40, 3]]
    assert right == other == [[0, 5, 0], [0, 0, 0]]
    assert point == [[-2, 5, -1], [7, 1, -1]]


@pytest.mark.parametrize("way", ["compiled", "plain"])
def test_draws_are_legal_and_uniform_for_every_kind_of_action(way: str) -> None:
    num = 6000 if way == "compiled" else 300
    acting, legal = masks(num)
    actions = draw(getattr(sample, way), acting, legal)
    assert (actions[::2, 1] == 99).all(), "a seat that does not act is not written"
    assert (actions[1::2, 1, 0] == 4).all()
    assert (actions[:, 1:3, 1] == 99).all(), "an integer that a seat does not have is not written"
    assert (actions[:, 3, 1] == 7).all()
    for values, allowed in [
        (actions[:, 0, 0], (0, 2)),
        (actions[:, 0, 1], (38, 39)),
        (actions[:, 2, 0], range(4)),
        (actions[:, 3, 0], range(-2, 3)),
    ]:
        counts = [int((values == value).sum()) for value in allowed]
        assert sum(counts) == num
        # Five standard deviations of a binomial count.
        share = num / len(counts)
        assert max(abs(count - share) for count in counts) < 5 * share**0.5


def test_compiled_and_plain_draws_are_the_same() -> None:
    acting, legal = masks(64)
    np.testing.assert_array_equal(draw(sample.compiled, acting, legal), draw(sample.plain, acting, legal))


@pytest.mark.parametrize("way", ["compiled", "plain"])
@pytest.mark.parametrize(
    ("place", "value", "wrong"),
    [
        ((5, 0, 0), 1, 5),
        ((5, 0, 1), 40, 5),
        ((5, 0, 1), -1, 5),
        ((7, 2, 0), 4, 7),
        ((7, 3, 0), 3, 7),
        ((7, 3, 1), 6, 7),
        ((4, 1, 0), 0, -1),
        ((5, 1, 1), 77, -1),
    ],
)
def test_the_first_row_with_an_illegal_action_is_found(
    way: str, place: tuple[int, int, int], value: int, wrong: int
) -> None:
    """The last two cases write where nothing is read: a seat that does not act, an integer that the seat does not have."""
    acting, legal = masks(9)
    actions = draw(sample.compiled, acting, legal)
    assert getattr(unlawful, way)(actions, acting, legal, spaces_of(SPEC)) == -1
    actions[place] = value
    assert getattr(unlawful, way)(actions, acting, legal, spaces_of(SPEC)) == wrong


@pytest.mark.parametrize("action", [-1, 3, 7, 2**31 - 1])
def test_an_illegal_action_is_refused_in_one_line_before_anything_is_stepped(action: int) -> None:
    vec = envs.make("connect_four", "vector", num=8)
    vec.reset(seed=0)
    for _ in range(6):
        vec.step(np.full((8, 2), 3))
    before = vec._raw.copy(), vec.legal.copy(), vec.seeds.copy()
    actions = np.zeros((8, 2), np.int64)
    actions[5, 0] = action
    with pytest.raises(
        ValueError, match=rf"row 5: player_0 may not play \[{action}\] now: legal are \[\[0, 1, 2, 4, 5, 6\]\]"
    ):
        vec.step(actions)
    for kept, now in zip(before, (vec._raw, vec.legal, vec.seeds), strict=True):
        np.testing.assert_array_equal(kept, now)
    vec.step(np.zeros((8, 2), np.int32))


def test_actions_of_seats_that_do_not_act_are_not_read() -> None:
    vec = envs.make("connect_four", "vector", num=4)
    vec.reset(seed=0)
    actions = np.zeros((4, 2), np.int32)
    actions[:, 1] = 1_000_000
    obs, *_ = vec.step(actions)
    assert (obs["player"]["last"] == 0).all()


def test_without_the_check_legal_actions_give_the_same_rows() -> None:
    checked, quick = (envs.make("leduc_poker", "vector", num=16, checked=each) for each in (True, False))
    for vec in (checked, quick):
        vec.reset(seed=9)
        for _ in range(30):
            vec.step(vec.sample())
    np.testing.assert_array_equal(checked._raw, quick._raw)


def test_roles_with_unlike_actions_are_sampled_and_checked_in_a_batch() -> None:
    vec = envs.make(GUESS, "vector", num=200)
    vec.reset(seed=1)
    first = vec.sample()[:, 0, 0].copy()
    assert set(first.tolist()) == set(range(10)), "the numbers of the Box"
    vec.step(vec.sample())
    assert set(vec.sample()[:, 1:, 0].ravel().tolist()) == set(range(10)), "the solvers' mask"
    wrong = vec.sample().copy()
    wrong[3, 2, 0] = 10
    with pytest.raises(ValueError, match="row 3: solver_1 may not play"):
        vec.step(wrong)
