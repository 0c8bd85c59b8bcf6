"""The monitor's pane for a proposer and its solvers: what it shows, and that a run without proposals has none."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from tests.tui.glass import settled
from tests.tui.test_training import made, monitor, write
from tui.screens._curriculum import _over, curriculum
from tui.training import Curve, RunView


def taught(folder: Path) -> Path:
    """A run of a proposer and its solvers, whose skill is measured from the start and the proposals after it."""
    run = made(folder, rows=0)
    (run / "metrics.jsonl").write_text(json.dumps({"step": 0, "seconds": 0.0, "skill": 0.4, "sampled": 0.4}) + "\n")
    for n in range(1, 11):
        row = {"step": 10 * n, "seconds": 3.0 * n, "difficulty": 0.3 + n / 50, "skill": 0.4 + n / 40, "p": 0.5}
        write(run, "metrics.jsonl", row)
    return run


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_the_monitor_shows_difficulty_against_skill(tmp_path: Path, size: tuple[int, int]) -> None:
    async with monitor(taught(tmp_path / "dual"), size) as (_, pilot):
        text = await settled(pilot)
    for word in ("curriculum", "difficulty 50%", "skill 65%", "70%", "30%", "sampled"):
        assert word in text, word
    assert "win rate" not in text


def test_a_run_without_proposals_has_no_curriculum(tmp_path: Path) -> None:
    view = RunView(made(tmp_path / "first"), lambda: 0.0)
    view.refresh()
    assert curriculum(view, "standard", False) is None


def test_a_curve_begins_where_its_first_value_is() -> None:
    curve = Curve()
    for step, value in ((10.0, 0.2), (20.0, 0.4)):
        curve.add(step, value)
    drawn = _over(curve, 0.0, 20.0)
    assert math.isnan(drawn[0]) and drawn[-1] == 0.4 and sum(math.isnan(value) for value in drawn) == 200
