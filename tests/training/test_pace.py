"""The study of pace: looks at their times while the clock stands, the level and the ratio by hand, pairs of matches."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import envs
from arena.training import net, pace
from envs.errors import UserError
from tests.training.test_studies import Clock

NOW = datetime(2026, 11, 29, tzinfo=UTC)
TINY: dict[str, Any] = {"threads": 1, "rows": 64, "ticks": 8, "batch": 128, "hidden": 8, "two_ply": 0.0}


def curve(*won: float) -> list[pace.Point]:
    return [{"seconds": 3.0 * n, "samples": 1000.0 * n, "random": 0.9, "two_ply": each} for n, each in enumerate(won)]


def test_a_run_is_looked_at_while_its_clock_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()

    def won(self: pace.Pairs, weights: np.ndarray, opponent: str, key: int) -> float:
        clock.now += 100.0
        return 0.25

    monkeypatch.setattr(pace.Pairs, "won", won)
    for name, value in {"MINUTES": 0.02, "LOOK": 0.3, "MATCHES": 8, "WARM": 100, "SETTINGS": TINY}.items():
        monkeypatch.setattr(pace, name, value)
    found = pace.train("pqn", 0, tmp_path, clock)
    assert clock.now > 1000.0
    assert found[0]["seconds"] < 0.1 and found[0]["samples"] == 0 and found[-1]["seconds"] < 1.4
    assert 4 <= len(found) <= 5 and all(a["samples"] < b["samples"] for a, b in pairwise(found))
    assert pace._curve(tmp_path / "pqn-0") == found


def test_the_level_is_a_share_of_the_lower_rate_and_a_run_below_it_counts_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    curves = {"ppo": curve(0, 0.5, 0.6, 0.6, 0.6), "pqn": curve(0, 0.1, 0.4, 0.4, 0.4), "dqn": curve(0, 0, 0, 0.3, 0.3)}
    monkeypatch.setattr(pace, "_curve", lambda folder: curves[folder.name[:3]])
    made = {row["id"]: row for row in pace.rows(NOW, tmp_path)}
    assert made["pace/ppo"]["level"] == pytest.approx(0.9 * 0.2)
    taken = {name: row["figures"]["to_level"]["median"] for name, row in made.items()}
    assert taken == {"pace/ppo": 3.0, "pace/pqn": 6.0, "pace/dqn": 9.0}
    samples = {name: row["figures"]["samples_to_level"]["median"] for name, row in made.items()}
    assert samples == {"pace/ppo": 1000.0, "pace/pqn": 2000.0, "pace/dqn": 3000.0}
    assert pace.samples_to(0.7, curves["ppo"]) == 4000.0
    ratio = made["pace/pqn"]["figures"]["dqn_takes"]
    assert ratio["median"] == 1.5 and ratio["interval"] == [1.5, 1.5] and ratio["n"] == 3
    assert made["pace/dqn"]["figures"]["two_ply"]["median"] == pytest.approx(20.0)
    assert pace.seconds_to(0.7, curves["ppo"]) == 60.0 * pace.MINUTES


def test_the_interval_of_a_ratio_covers_the_seeds() -> None:
    low, high = pace.ratio_figure([10.0, 20.0, 30.0], [1.0, 2.0, 3.0])["interval"]
    assert 10.0 / 3.0 <= low < 10.0 < high <= 30.0


def test_no_seed_is_dropped_and_no_algorithm_made_up(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="ppo-0 has no curve"):
        pace.rows(NOW, tmp_path)
    with pytest.raises(UserError, match="known are"):
        pace.train("sarsa", 0, tmp_path)


def test_matches_are_played_in_pairs_and_a_reader_is_harder_to_beat() -> None:
    game = envs.game("connect_four")
    role = game.spec.roles[0]
    plan = net.plan_for(game, role, kind="mlp", view="", hidden=4, layers=1, outputs=7, norm=False)
    pairs = pace.Pairs(game, {role.name: net.make(plan, 0, "cpu")}, 64)
    # Without any weight every action is worth the same, and the first column that is open is taken.
    zero = np.zeros(len(net.make(plan, 0).theta), np.float32)
    random, reader = (pairs.won(zero, name, 7) for name in pace.OPPONENTS)
    assert random > 0.5 and reader < 0.25 and random == pairs.won(zero, "random", 7)
    pairs.close()
