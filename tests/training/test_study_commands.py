"""The commands of the studies: what is typed wrongly is one line with its code, never a traceback."""

from __future__ import annotations

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
