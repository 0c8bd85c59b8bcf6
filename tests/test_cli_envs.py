"""`arena envs`: the list of games, and the check of one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from arena import cli
from arena.cli import envs as verb
from envs import registry
from envs.errors import UserError


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert cli.run(["envs", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_every_game_has_a_line_with_its_seats(capsys: pytest.CaptureFixture[str]) -> None:
    lines = answer(capsys).splitlines()
    for name in registry.names():
        spec = registry.spec(name)
        line = next(line for line in lines if line.split()[:1] == [name])
        assert spec.title in line
        assert str(spec.seats) in line or len(spec.roles) > 1
        assert all(trait in line for trait in spec.traits)


def test_every_option_stands_there_with_default_and_range(capsys: pytest.CaptureFixture[str]) -> None:
    out = answer(capsys)
    for name in registry.names():
        for option, declared in registry.spec(name).options.items():
            line = next(line for line in out.splitlines() if line.split()[:2] == [name, option])
            assert declared.allowed in line


def test_the_document_holds_what_the_declarations_say(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(answer(capsys, "--json"))
    assert found["schema"] == verb.LIST_SCHEMA
    games = {game["name"]: game for game in found["games"]}
    assert set(games) == set(registry.names()) - {name.rpartition("-v")[0] for name in found["broken"]}
    seats = games["liars_dice"]["options"]["seats"]
    assert (seats["default"], seats["low"], seats["high"]) == (2, 2, 6)


def test_a_game_that_cannot_be_loaded_is_named_and_hides_no_other(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        registry, "found", lambda: {"connect_four-v0": "envs.selfplay.connect_four:build", "lost-v0": "no.such:build"}
    )
    out = answer(capsys)
    assert "connect_four" in out
    assert "cannot be loaded: lost" in out


def test_a_broken_game_cannot_command_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> dict[str, str]:
        return {"evil\x1b[2J-v0": "no\x1b]52;c;aGk=\x07 module"}

    monkeypatch.setattr(registry, "broken", broken)
    assert "\x1b" not in answer(capsys)


class Verdict:
    def __init__(self, name: str, ok: bool, evidence: str) -> None:
        self.name, self.ok, self.evidence = name, ok, evidence


class Report:
    def __init__(self, *verdicts: Verdict) -> None:
        self.verdicts = verdicts


def test_a_broken_promise_is_shown_with_its_evidence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def suite(name: str, **chosen: object) -> Report:
        asked.append((name, chosen))
        return Report(
            Verdict("secrecy", False, "seat 0 sees\x1b[2J the card"), Verdict("rewards", True, "0 in 9 games")
        )

    monkeypatch.setattr(verb, "_checker", lambda: suite)
    assert cli.run(["envs", "check", "mine.py", "--episodes", "9", "--seed", "4"]) == 1
    out = capsys.readouterr().out
    assert asked == [("mine.py", {"episodes": 9, "seed": 4})]
    assert out.splitlines()[0].startswith("fail  secrecy")
    assert "1 of 2 promises are kept" in out
    assert "\x1b" not in out
    assert cli.run(["envs", "check", "mine.py", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["verdicts"][1] == {
        "name": "rewards",
        "ok": True,
        "evidence": "0 in 9 games",
    }


def test_a_mistake_in_the_name_is_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def suite(name: str, **chosen: object) -> Report:
        registry.game(name)
        raise AssertionError

    monkeypatch.setattr(verb, "_checker", lambda: suite)
    assert cli.run(["envs", "check", "conect_four"]) == 3
    assert "did you mean 'connect_four'" in capsys.readouterr().err


@pytest.mark.foreign_random
def test_the_suite_passes_a_game_of_ours_and_fails_a_file_that_is_none(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli.run(["envs", "check", "kuhn_poker", "--episodes", "2"]) == 0
    assert "promises are kept" in capsys.readouterr().out
    (tmp_path / "none.py").write_text("x = 1\n")
    assert cli.run(["envs", "check", str(tmp_path / "none.py")]) == 3
    with pytest.raises(UserError):
        registry.game(str(tmp_path / "none.py"))
