"""`arena agents`: who there is, with which options, for which games."""

from __future__ import annotations

import json

import pytest

import agents
from agents import registry
from arena import cli
from envs import registry as games
from envs.errors import UserError


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert cli.run(["agents", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
    document = json.loads(answer(capsys, "--json"))
    assert document["schema"] == "palaestra.agents/1"
    return {agent["name"]: agent for agent in document["agents"]}


def test_every_player_is_listed_with_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    out, found = answer(capsys), listed(capsys)
    assert set(found) == set(agents.names())
    for name, agent in found.items():
        if not agent["broken"]:
            assert set(agent["options"]) == set(agents.load(name).declared)  # type: ignore[call-overload]
            for option in agent["options"]:  # type: ignore[attr-defined]
                assert any(line.split()[:2] == [name, option] for line in out.splitlines())


def test_a_player_is_said_to_play_what_it_can_play(capsys: pytest.CaptureFixture[str]) -> None:
    for name, agent in listed(capsys).items():
        for game in games.names():
            fits = agents.load(name).fits
            if game in agent["games"]:  # type: ignore[operator]
                fits(games.game(game, plain=True))
            else:
                with pytest.raises(UserError):
                    fits(games.game(game, plain=True))


def test_a_player_that_cannot_be_loaded_is_named_with_the_reason(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        registry, "found", lambda: {"random": "agents.scripted:Random", "lost": "no_such_module:Player"}
    )
    out = answer(capsys)
    assert "cannot be loaded: lost: cannot import 'no_such_module'" in out
    assert out.startswith("name")
