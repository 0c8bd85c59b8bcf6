"""Variants of half-solved problems, and the buffer of offline training: who is paid and learned from, who is evicted, what is refused."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
import torch

from arena.training import variants
from arena.training.offline import Buffer
from arena.training.pasodoble import Config, Loop
from arena.training.writing import Tables
from envs.errors import UserError
from envs.registry import game as named

SMALL = {"questions": 32, "attempts": 4, "collect": 8, "width": 16, "layers": 1, "examples": 256, "batches": 4}


@pytest.fixture(scope="module")
def loop() -> Loop:
    torch.set_num_threads(1)
    config = Config.made({**SMALL, "paradigm": "svs", "payoff": "band", "originals": 64})
    return Loop(config, named(config.game()))  # type: ignore[arg-type]


def chosen(loop: Loop, count: int) -> list[Any]:
    return loop.examples.problems[:count]


def test_variants_are_scored_with_the_original_answer_whatever_they_are_worth(loop: Loop) -> None:
    problems = chosen(loop, 4)
    batch, true = variants._varied(loop, problems)
    assert len(batch.texts) == 4 * loop.config.group
    truths = [int("".join(map(str, reversed(one.answer[:-1])))) for one in problems for _ in range(loop.config.group)]
    own = Tables.asked(loop.game, batch.texts).states["truth"]
    assert true == np.mean(own == truths)
    answered = batch.answered.tokens.view(len(truths), loop.config.attempts, -1)
    for said, right, truth in zip(answered.tolist(), batch.right, truths, strict=True):
        for tokens, is_right in zip(said, right, strict=True):
            digits = tokens[: tokens.index(14)]
            assert is_right == (int("".join(map(str, reversed(digits)))) == truth)


def test_only_variants_inside_the_band_are_paid(loop: Loop) -> None:
    batch, _ = variants._varied(loop, chosen(loop, 4))
    inside = (batch.share >= 0.125) & (batch.share <= 0.625) & batch.valid
    assert batch.rewards.tolist() == inside.astype(float).tolist()


def test_a_variant_that_comes_twice_or_is_held_out_is_not_learned_from(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, _ = variants._varied(loop, chosen(loop, 4))
    assert len({text for text, one in zip(batch.texts, batch.valid, strict=True) if one}) == batch.valid.sum()
    monkeypatch.setattr(
        loop.examples, "held", frozenset(map(tuple, Tables.asked(loop.game, batch.texts).questions().tolist()))
    )
    again = loop.answered(Tables.asked(loop.game, batch.texts), None, gate=False)
    assert not again.valid.any() and not again.rewards.any()


def test_variants_come_of_half_solved_problems_alone(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    original = variants._varied

    def varied(loop: Loop, problems: list[Any]) -> Any:
        asked.append(len(problems))
        return original(loop, problems)

    monkeypatch.setattr(variants, "_varied", varied)
    shares: list[np.ndarray] = []
    monkeypatch.setattr(loop, "gather", lambda batch, low: shares.append(batch.share))
    told = variants.step(loop)
    half = int(((shares[0] >= 0.125) & (shares[0] <= 0.5)).sum())
    assert asked == ([min(half, loop.config.questions // loop.config.group)] if half else [])
    assert told["p_problems"] == shares[0].mean()


def test_pass_at_k_is_the_share_of_draws_of_k_with_a_right_one() -> None:
    right = np.array([[1, 0, 0, 0, 0], [1, 1, 1, 0, 0], [0, 0, 0, 0, 0]], bool)
    for k in (1, 2, 5):
        slow = np.mean([[any(row[list(some)]) for some in combinations(range(5), k)] for row in right])
        assert variants.pass_at(k, right) == pytest.approx(slow)


def test_the_spread_has_the_entropy_of_the_choices(loop: Loop) -> None:
    found = variants.spread(loop)
    assert 0 < found["entropy"] < np.log(11)
    assert found["pass_1"] <= found["pass_8"] <= found["pass_32"] <= 1


def test_a_game_whose_answers_are_no_claims_has_no_variants() -> None:
    config = Config(played="countdown", paradigm="svs")
    with pytest.raises(UserError, match="answers from which other questions can be written"):
        Loop(config, named(config.game(), plain=True))  # type: ignore[arg-type]


# ------------------------------------------------------------------ the buffer of offline training
def filled(shares: list[float]) -> Buffer:
    buffer = Buffer()
    for i, share in enumerate(shares):
        buffer.add((i,), share)
    return buffer


def test_the_buffer_is_a_circle() -> None:
    buffer = filled([0.5, 0.5, 0.5])
    assert [buffer.take(2), buffer.take(2), buffer.take(4)] == [[0, 1], [2, 0], [1, 2, 0, 1]]
    assert Buffer().take(3) == []


def test_questions_that_all_solve_leave_and_so_do_those_that_three_visits_did_not_better() -> None:
    buffer = filled([0.5, 0.5, 0.25])
    assert buffer.visited([0, 1, 2], np.array([1.0, 0.505, 0.5])) == 1
    assert [one.text for one in buffer.kept] == [(1,), (2,)]
    assert buffer.visited([0, 1], np.array([0.4, 0.75])) == 0
    # The first has now been visited three times without more than 0.01 of a rise; the second rose each time.
    assert buffer.visited([0, 1], np.array([0.505, 0.8])) == 1
    assert [(one.text, one.stale) for one in buffer.kept] == [((2,), 0)]


def test_the_circle_goes_on_where_it_was_when_some_are_evicted() -> None:
    buffer = filled([0.5] * 5)
    places = buffer.take(3)
    buffer.visited(places, np.array([1.0, 0.6, 1.0]))
    assert [buffer.kept[place].text for place in buffer.take(3)] == [(3,), (4,), (1,)]


def test_a_full_buffer_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arena.training.offline._MOST", 3)
    assert [one.text for one in filled([0.5] * 5).kept] == [(2,), (3,), (4,)]


def test_with_eviction_the_buffer_lives_on() -> None:
    config = Config.made({**SMALL, "paradigm": "offline", "evict": True})
    loop = Loop(config, named(config.game()))  # type: ignore[arg-type]
    first, second = loop.step(), loop.step()
    assert second["kept"] == len(loop.buffer)
    assert first["kept"] + second["kept"] + first["evicted"] + second["evicted"] > 0


# ------------------------------------------------------------------ countdown is trained by the same code
@pytest.mark.parametrize("paradigm", ["online", pytest.param("ssp", marks=pytest.mark.nightly)])
def test_countdown_is_trained_by_the_same_code(paradigm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arena.training.cold_start.TRIES", 60)
    some = {"questions": 8, "group": 4, "attempts": 2, "collect": 1, "width": 16, "layers": 1, "examples": 256}
    config = Config.made(
        {**some, "played": "countdown?operators=1&digits=1&most=9", "paradigm": paradigm, "claims": "written"}
    )
    loop = Loop(config, named(config.game(), plain=True))  # type: ignore[arg-type]
    before = [weight.clone() for weight in loop.solver.parameters()]
    asked = {one.read for one in loop.examples.problems}
    assert not asked & loop.examples.held and len(loop.examples.held) > 5
    scored = [loop._played().unlike, loop.game.configs["known"].copy()]
    assert set(scored[0].tolist()) == {1000} and scored[1] == 0, "scored before the history knows of it"
    told = [loop.step() for _ in range(2)]
    assert loop.game.configs["known"] == 2 * config.questions
    assert all(0 <= one["valid"] <= 1 and 0 <= one["p"] <= 1 for one in told)
    loop._supervise()
    assert any((weight != old).any() for weight, old in zip(loop.solver.parameters(), before, strict=True))
