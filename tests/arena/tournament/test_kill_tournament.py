"""A tournament that is killed at every named point and at random moments ends as one that nobody disturbed (T1)."""

from __future__ import annotations

import pytest

from tests.arena.tournament.kill_tournament import rounds


@pytest.mark.timeout(300)
def test_killed_at_every_point_and_three_times_at_random() -> None:
    assert "every result equal" in list(rounds(64, 3, seed=0, workers=1))[-1]


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_two_hundred_matches_and_twenty_kills() -> None:
    assert "every result equal" in list(rounds(200, 20, seed=1))[-1]


@pytest.mark.nightly
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(10))
def test_ten_thousand_matches_and_a_thousand_kills(part: int) -> None:
    """Ten tournaments of a thousand matches, each killed a hundred times."""
    assert "every result equal" in list(rounds(1000, 100, seed=10 + part))[-1]
