"""The clocks of a match: whatever the times are, what is paid, gained and left adds up."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from arena.clock import Bank, Limits, Steady
from envs.errors import UserError

SECONDS = some.floats(0, 1000)
TIMES = some.none() | SECONDS


@given(TIMES, TIMES, SECONDS, some.lists(some.tuples(SECONDS, some.floats(-10, 2000)), max_size=12))
def test_a_bank_is_never_in_debt_and_loses_only_what_is_beyond_the_move(move, bank, increment, answers):
    clock, now = Bank(Limits(move, bank, increment)), 0.0
    for pause, took in answers:
        now += pause
        before, limit = clock.left, clock.seconds
        clock.start(now)
        assert clock.deadline == (None if limit is None else now + limit)
        in_time = clock.deadline is None or now + took <= clock.deadline
        spent = clock.stop(now + took)
        assert spent == max(0.0, (now + took) - now) and clock.asked is None and clock.deadline is None
        if move is None and bank is None:
            assert clock.seconds is None and clock.left == before
        else:
            beyond = max(0.0, spent - (move or 0.0))
            assert clock.left == max(0.0, before - beyond) + increment >= increment
            assert not in_time or beyond <= before or math.isclose(beyond, before, abs_tol=1e-6)
        now += max(0.0, took)


@given(some.floats(), some.sampled_from(["move", "bank", "increment"]))
def test_a_limit_is_finite_and_not_negative(value, name):
    if math.isfinite(value) and 0 <= value <= 1e7:
        assert getattr(Limits(**{name: value}), name) == value
    else:
        with pytest.raises(UserError, match=f"time limit {name}="):
            Limits(**{name: value})


@given(some.lists(some.floats(0, 3), max_size=30))
def test_a_steady_clock_never_runs_back_and_skips_only_what_the_program_lost(gaps):
    times = [0.0]
    clock = Steady(lambda: times[-1], most=0.5)
    read = [clock()]
    for gap in gaps:
        times.append(times[-1] + gap)
        read.append(clock())
    assert all(0.0 <= b - a <= 0.5 + 1e-9 for a, b in pairwise(read))
    assert math.isclose(read[-1] + clock.lost, times[-1], abs_tol=1e-6)
    assert math.isclose(clock.lost, sum(max(0.0, gap - 0.5) for gap in gaps), abs_tol=1e-6)


def test_no_rounding_gives_more_time_than_there_is() -> None:
    clock = Bank(Limits(move=5.0))
    for now in [n / 10 for n in range(1000)]:
        clock.start(now)
        assert 0.0 <= clock.remaining(now) <= 5.0  # type: ignore[operator]
        clock.stop(now)
