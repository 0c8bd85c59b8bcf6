"""The commands of the studies: what is typed wrongly is one line with its code, never a traceback."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest

from arena.bench import studies

WRONG = {
    "arena.training.studies": (["judge", "connect-four", "ppo", "99"], "ppo-99 is no run"),
    "arena.training.solver_studies": (["record", "chess"], "no game or entry of the study 'chess'"),
    "arena.training.pace": (["record"], "ppo-0 has no curve yet"),
    "arena.training.double_agent_runs": (["--seeds", "x"], "--seeds 'x' names no seeds"),
    "arena.training.double_agent_tables": (["--attacker", "nowhere:x"], "no attacker 'nowhere:x'"),
}


@pytest.mark.parametrize("module", WRONG)
def test_what_is_typed_wrongly_is_told_in_one_line(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words, told = WRONG[module]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(studies.sys, "argv", [module, *words])
    with pytest.raises(SystemExit) as ended:
        studies.as_command(import_module(module).main)
    out = capsys.readouterr().err
    assert told in out and out.count("\n") == 1 and ended.value.code not in (None, 0)


@pytest.mark.parametrize(
    "module", ["studies", "solver_studies", "pace", "dual_study", "duel_study", "double_agent_runs"]
)
def test_unknown_words_end_with_the_usage(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        import_module(f"arena.training.{module}").main(["nonsense"])
    assert ended.value.code == 2 and f"python -m arena.training.{module}" in capsys.readouterr().err


def test_a_command_is_told_as_it_was_typed() -> None:
    assert studies.typed("arena.x", ["train", "a b", 1]) == "python -m arena.x train 'a b' 1"


def test_rows_of_dual_play_are_told_beside_uniform_questions_seed_by_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = import_module("arena.training.dual_study")
    for row, seed, sampled in (
        ("uniform", 0, 0.5),
        ("uniform", 1, 0.75),
        ("online", 0, 0.375),
        ("online", 1, 0.5),
        ("ahead", 0, 0.75),
    ):
        place = tmp_path / "runs" / f"{row}-{seed}"
        place.mkdir(parents=True)
        (place / "last.json").write_text(json.dumps({"start_sampled": 0.25, "sampled": sampled, "greedy": sampled}))
    monkeypatch.setattr(study, "RESULTS", tmp_path / "rows.jsonl")
    assert study.record(60.0, tmp_path / "runs", "command") == 3
    rows = {row["id"]: row["figures"] for row in map(json.loads, (tmp_path / "rows.jsonl").read_text().splitlines())}
    assert rows["dual-play/online"]["over_uniform"]["median"] == pytest.approx(-18.75)
    assert rows["dual-play/online"]["rise"]["median"] == pytest.approx(18.75)
    assert "over_uniform" not in rows["dual-play/ahead"], "its budget and start are others"
    assert "over_uniform" not in rows["dual-play/uniform"]
