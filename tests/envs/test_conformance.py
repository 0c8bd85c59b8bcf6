"""The conformance suite judges rightly: a sound game passes, and each deliberately broken one fails the very check that it breaks.

The broken games stand in broken_games.txt: each is the probe `duel` with a few lines changed. Most run plainly, which takes no
compiler; what only machine code shows is compiled.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import envs
from envs.checks import knowledge, libraries
from envs.checks.trial import Failed, Trial
from envs.conformance import AFTERWARDS, CHECKS, Report
from envs.errors import UserError
from envs.registry import found

DUEL = Path(__file__).parents[1] / "probes" / "duel.py"
GAMES = Path(__file__).with_name("broken_games.txt")
BOUNDS = "no index leaves its array"
SEVERAL = tuple(name for name in CHECKS if name != BOUNDS)
"""All checks but the one that compiles every game once more in a process of its own."""


@dataclass(frozen=True)
class Variant:
    """A changed duel: its name, the check that must fail, a piece of the evidence, and the changed passages (before, after).

    kind: "plain" runs the record plainly, "compiled" compiles it, "tree" makes it a plain game. also: another check that sees the fault.
    """

    name: str
    breaks: str
    says: str
    changes: tuple[tuple[str, str], ...]
    kind: str = "plain"
    also: str = ""

    def written(self, folder: Path) -> Path:
        """The game's file. Every passage must stand exactly once in what it changes."""
        text = DUEL.read_text(encoding="utf-8").replace('name="probe_duel"', f'name="probe_{self.name}"')
        for before, after in (*(TREE.changes if self.kind == "tree" else ()), *self.changes):
            assert f"\n{text}".count(f"\n{before}") == 1, f"{self.name}: not exactly once in duel.py: {before}"
            text = f"\n{text}".replace(f"\n{before}", f"\n{after}")[1:]
        path = folder / f"{self.name}.py"
        path.write_text(text, encoding="utf-8")
        return path


def variant(block: str) -> Variant:
    """One entry of broken_games.txt: a name, what it breaks, and passages of lines that stay, go (-) and come (+)."""
    name, _, body = block.strip("\n").partition("\n")
    lines = body.splitlines()
    about = dict(line.split(": ", 1) for line in lines if line[0] not in "-+ .")
    passages = "\n".join(line for line in lines if line[0] in "-+ .").split("\n...\n")
    changes = tuple((_lines(each, "-"), _lines(each, "+")) for each in passages if each)
    return Variant(name, about.pop("breaks", ""), about.pop("says", ""), changes, **about)


def _lines(passage: str, sign: str) -> str:
    return "".join(f"{line[1:]}\n" for line in passage.splitlines() if line[0] in f" {sign}")


TREE, *BROKEN = [variant(block) for block in re.split(r"^== ", GAMES.read_text(encoding="utf-8"), flags=re.M)[1:]]
SOUND = [Variant("sound", "", "", ()), Variant("sound_tree", "", "", (), "tree")]


def judged(folder: Path, game: Variant, only: tuple[str, ...] = SEVERAL) -> Report:
    made = envs.game(str(game.written(folder)), plain=game.kind == "plain")
    return envs.check(made, episodes=12, only=only)


@pytest.mark.parametrize("sound", SOUND, ids=lambda each: each.name)
def test_a_sound_game_passes_every_check(sound: Variant, tmp_path: Path) -> None:
    report = judged(tmp_path, sound)
    assert report.ok, str(report)
    assert [verdict.name for verdict in report.verdicts] == list(SEVERAL)
    assert all(verdict.evidence and "\n" not in verdict.evidence for verdict in report.verdicts)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda each: each.name)
def test_a_broken_game_fails_the_check_that_it_breaks_and_no_other(broken: Variant, tmp_path: Path) -> None:
    report = judged(tmp_path, broken, (*SEVERAL, BOUNDS) if broken.breaks == BOUNDS else SEVERAL)
    failed = {verdict.name: verdict.evidence for verdict in report.verdicts if not verdict.ok}
    assert set(failed) == {broken.breaks, broken.also} - {""}, str(report)
    assert broken.says in failed[broken.breaks]
    assert "\n" not in failed[broken.breaks]


def test_every_check_has_a_broken_game() -> None:
    # What breaks an option stands with the other tests of options.
    assert {broken.breaks for broken in BROKEN} == set(CHECKS) - {"every option plays"}


def test_a_compiled_game_passes_with_the_libraries_own_tests_at_the_end() -> None:
    report = envs.check(str(DUEL), episodes=10)
    assert report.ok, str(report)
    assert [verdict.name for verdict in report.verdicts] == [*CHECKS, *AFTERWARDS]
    assert f"ok    {BOUNDS}" in str(report)


@pytest.mark.parametrize("name", AFTERWARDS)
def test_what_a_library_asserts_is_evidence(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The faces pass their libraries' tests whatever a game does, so here the face itself is broken."""
    from envs.faces import aec, gym

    def nothing(*_: Any) -> dict[str, Any]:
        return {}

    monkeypatch.setattr(aec.AEC, "observe", nothing)
    monkeypatch.setattr(gym.Gym, "_look", nothing)
    game = envs.game(str(DUEL), plain=True)
    trial = Trial(game, game, 3, 0)
    with pytest.raises((Failed, KeyError), match=r"\S"):
        AFTERWARDS[name](trial)
    assert not envs.check(game, episodes=3, only=(name,)).ok


def test_hidden_numbers_that_are_indices_change_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more than the last of them would leave its array: an author's game must not fail for that, and still be found out."""
    game, views = envs.game("search", plain=True), knowledge._starting_views
    trial = Trial(game, game, 1, 0)
    assert "are the same" in knowledge.configuration(trial)

    class Told(dict[str, bytes]):
        def tree(self) -> dict[str, bytes]:
            return self

    def leaking(rules: Any, state: Any) -> dict[int, Any]:
        return {who: Told(facts=rules.configs["facts"].tobytes()) for who in views(rules, state)}

    monkeypatch.setattr(knowledge, "_starting_views", leaking)
    with pytest.raises(Failed, match="sees a hidden part of the configuration: facts"):
        knowledge.configuration(trial)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", [name for name in found() if not name.startswith("siege")])
def test_every_game_keeps_all_promises(name: str) -> None:
    """The siege, which takes longest, has a test of its own."""
    report = envs.check(name, episodes=20)
    assert report.ok, str(report)


def test_the_libraries_are_asked_last_and_only_of_games_that_keep_their_promises(tmp_path: Path) -> None:
    broken = next(each for each in BROKEN if each.name == "gives_both")
    report = envs.check(envs.game(str(broken.written(tmp_path)), plain=True), episodes=5)
    assert not report.ok
    assert not {verdict.name for verdict in report.verdicts} & set(AFTERWARDS)


def test_the_same_seed_gives_the_same_report() -> None:
    made = envs.game(str(DUEL), plain=True)
    once, again = (envs.check(made, episodes=5, seed=9, only=SEVERAL) for _ in range(2))
    assert once == again
    assert once != envs.check(made, episodes=5, seed=10, only=SEVERAL)


def test_a_game_that_cannot_be_opened_is_a_mistake_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no file"):
        envs.check(str(tmp_path / "nowhere.py"))
    with pytest.raises(UserError, match="connect_four"):
        envs.check("conect_four")


def test_indices_are_checked_where_python_does_not_do_it() -> None:
    plain, text = envs.game(str(DUEL), plain=True), envs.game(str(DUEL.with_name("dictionary.py")))
    assert "not compiled" in libraries.bounds(Trial(plain, plain, 1, 0))
    assert "not compiled" in libraries.bounds(Trial(text, text, 1, 0))
