"""Every game has a golden recording that opens, verifies, and reads word for word as it did when it was made."""

from __future__ import annotations

from pathlib import Path

import pytest

import envs
import replays
from tests.games import LONG
from tests.golden.make import FOLDER, transcript

AGAIN = "make it again and look at what changed: python -m tests.golden.make {0}; git diff tests/golden/{0}.txt"


def test_every_game_has_one_and_nothing_else_has() -> None:
    kept = {path.stem for path in FOLDER.glob("*.arena")}
    assert kept == {path.stem for path in FOLDER.glob("*.txt")} == set(envs.names()), (
        "python -m tests.golden.make makes them"
    )


@pytest.mark.parametrize("game", envs.names())
def test_it_opens_and_verifies(game: str) -> None:
    tape = replays.open(FOLDER / f"{game}.arena")
    assert tape.finished
    assert tape.log.damaged == []
    assert tape.game is not None, f"{tape.why_closed}: {AGAIN.format(game)}"
    verdict = replays.verify(FOLDER / f"{game}.arena")
    assert verdict, f"{verdict.line}: {AGAIN.format(game)}"
    assert verdict.complete


@pytest.mark.parametrize(
    "game",
    [pytest.param(name, marks=[pytest.mark.nightly] * (name in {*LONG, "tower_defence"})) for name in envs.names()],
)
def test_it_reads_as_it_did(game: str, tmp_path: Path) -> None:
    lines = replays.export(FOLDER / f"{game}.arena", tmp_path / "m.txt").read_text(encoding="utf-8").splitlines()
    for number, (now, then) in enumerate(zip(lines, transcript(game), strict=False), 1):
        assert now == then, f"line {number} of the transcript of {game}; if that is meant, {AGAIN.format(game)}"
    assert len(lines) == len(transcript(game))


@pytest.mark.parametrize("game", envs.names())
def test_even_without_the_rules_it_can_be_shown(game: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("replays.games.found", dict)
    tape = replays.open(FOLDER / f"{game}.arena")
    assert tape.game is None
    for tick in range(len(tape)):
        assert f"tick: {tick}\n" in tape.at(tick).text()
    assert list(tape.events())
