"""A challenge at the command line: the first is the best, a stronger one takes its place, a weaker one does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from arena.cli import run as arena
from arena.training import cfr_plus, mmd
from arena.training.run import Run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run whose first checkpoint is uniform play."""
    mmd.train(mmd.Config(steps=1, eta=1e-9), "kuhn_poker", tmp_path / "run")
    return tmp_path / "run"


def better(run: Path) -> None:
    """A second checkpoint in the run, near the equilibrium."""
    cfr_plus.train(cfr_plus.Config(steps=300), "kuhn_poker", run.parent / "solved")
    found = Run.opened(run.parent / "solved").newest()
    assert found is not None
    Run.opened(run).save(found.step, found.weights, found.state)


def test_a_stronger_checkpoint_takes_the_place_of_the_best(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert arena(["gate", str(run)]) == 0
    assert "checkpoint 1: gate promoted" in capsys.readouterr().out
    assert Run.opened(run / "best").newest_step() == 1
    assert arena(["gate", str(run)]) != 0
    assert "is the best already" in capsys.readouterr().err
    better(run)
    # Pairs of Kuhn poker are close, so the wrong side of the test is told apart by a wide indifference.
    assert arena(["gate", str(run), "--worse", "0.3", "--better", "0.5", "--plies", "0", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "promoted" and told["step"] == 300
    assert Run.opened(run / "best").newest_step() == 300
    lines = [json.loads(line) for line in (run / "gates.jsonl").read_text().splitlines()]
    assert [line["verdict"] for line in lines] == ["promoted", "promoted"] and lines[1]["pairs"] == told["pairs"]
    assert len(list((run / "matches" / "gate-300").rglob("*.arena"))) == 4
    assert "gate promoted" in (run / "log.txt").read_text()


def test_a_checkpoint_that_is_not_stronger_is_rejected(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert arena(["gate", str(run)]) == 0
    better(run)
    capsys.readouterr()
    assert arena(["gate", str(run), "--worse", "0.6", "--better", "0.9"]) == 0
    assert "checkpoint 300: gate rejected" in capsys.readouterr().out
    assert Run.opened(run / "best").newest_step() == 1


def test_a_game_for_more_than_two_has_no_gate(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (run / "config.toml").read_text().replace("kuhn_poker", "liars_dice?seats=3")
    (run / "config.toml").write_text(text)
    assert arena(["gate", str(run)]) != 0
    assert "for two" in capsys.readouterr().err


def test_exploitability_at_the_command_line(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert arena(["exploit", str(run)]) == 0
    assert "exploitability 0.458333, NashConv 0.916667 (exact, in points)" in capsys.readouterr().out
    assert arena(["exploit", str(run), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "exact"
    assert arena(["exploit", str(run), "--train"]) != 0
    assert "exploited exactly: leave --train out" in capsys.readouterr().err


def test_watching_a_run_without_a_terminal_says_where_it_stands(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert arena(["watch", str(run)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == f"{run}: mmd on kuhn_poker, ended"
