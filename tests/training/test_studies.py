"""Studies: a budget in parts, a judgement kept beside the run, rows only when every seed is judged."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import envs
from arena.bench.results import append, read
from arena.training import studies
from arena.training.evaluation import Judgement
from arena.training.run import Run
from arena.training.studies import STUDIES, Study
from envs.errors import UserError

TINY = Study(
    "kuhn_poker", 0.02, (0, 1),
    {"ppo": ("PPO", {"rows": 64, "ticks": 8, "batch": 128, "hidden": 8, "threads": 1})},
    {"random": ("temperature=0", "random", 4)},
)  # fmt: skip


class Clock:
    """A hundredth of a second passes with every look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.01
        return self.now


def test_a_study_goes_from_parts_of_a_budget_to_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STUDIES, "tiny", TINY)
    calls = 0
    while not studies.train("tiny", "ppo", 0, tmp_path, 0.005, Clock()):
        calls += 1
        assert calls < 20
    assert calls >= 2, "the budget takes several parts"
    while not studies.train("tiny", "ppo", 1, tmp_path, clock=Clock()):
        pass
    found = studies.judge("tiny", "ppo", 0, tmp_path)
    assert found["random"]["games"] == 4
    assert json.loads((tmp_path / "tiny" / "ppo-0" / "judged.json").read_text()) == found
    with pytest.raises(UserError, match="ppo-1 is not judged"):
        studies.rows("tiny", datetime.now(UTC), tmp_path)
    studies.judge("tiny", "ppo", 1, tmp_path)
    (row,) = studies.rows("tiny", datetime.now(UTC), tmp_path)
    assert row["seeds"] == [0, 1] and row["figures"]["random"]["n"] == 2 and row["config"]["minutes"] == 0.02
    append(tmp_path / "results" / "training.jsonl", [row])
    assert read(tmp_path / "results")[0]["id"] == "tiny/ppo"


def test_the_budget_of_a_run_is_that_of_all_its_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STUDIES, "tiny", TINY)
    while not studies.train("tiny", "ppo", 0, tmp_path, 0.008, Clock()):
        pass
    found = Run.opened(tmp_path / "tiny" / "ppo-0").newest()
    assert found is not None and 1.2 <= found.state["seconds"] < 1.4


def test_a_study_that_nobody_has_is_told() -> None:
    with pytest.raises(UserError, match="connect-four"):
        studies.train("connect-five", "ppo", 0)
    assert STUDIES["connect-four"].seeds == (0, 1, 2, 3, 4)


def test_a_game_of_one_seat_is_judged_by_its_score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = Study("tower_defence?level=1", 1.0, (0, 1), {"ppo": ("PPO", {})}, matches=3)
    monkeypatch.setitem(STUDIES, "lone", study)
    for seed in study.seeds:
        Run.create(tmp_path / "lone" / f"ppo-{seed}", algo="ppo", game=envs.game("matrix", plain=True), config={})
    asked = []

    def against(game: str, player: str, opponent: str, **options: Any) -> Judgement:
        asked.append((game, opponent, options["episodes"], options["seed"], options["plies"]))
        return Judgement(player, opponent, games=3, points=-6.0)

    monkeypatch.setattr(studies, "against", against)
    for seed in study.seeds:
        studies.judge("lone", "ppo", seed, tmp_path)
    assert asked == [("tower_defence?level=1", "", 3, 1_000_000, 0), ("tower_defence?level=1", "", 3, 2_000_000, 0)]
    (row,) = studies.rows("lone", datetime.now(UTC), tmp_path)
    assert row["figures"]["score"]["median"] == -2.0 and row["matches"] == {"score": 3}
