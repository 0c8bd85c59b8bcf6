"""`arena replay`: every verb, its exit codes, its JSON document, and one line for every mistake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from arena import cli
from arena.cli.replay import VERBS
from replays.games import _allowed
from replays.recorder import STATES
from tests.replays.matches import WALK, recorded, rewritten

Said = pytest.CaptureFixture[str]


@pytest.fixture
def four(tmp_path: Path) -> Path:
    recorded(tmp_path / "m.arena", "connect_four", 1)
    return tmp_path / "m.arena"


def run(capsys: Said, *arguments: Any) -> tuple[int, str, str]:
    code = cli.run(["replay", *map(str, arguments)])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def document(capsys: Said, verb: str, *arguments: Any) -> dict[str, Any]:
    code, out, err = run(capsys, verb, *arguments, "--json")
    tree: dict[str, Any] = json.loads(out)
    assert (tree["schema"], err) == (f"palaestra.replay-{verb}/1", ""), code
    return tree


def test_the_help_names_every_verb(capsys: Said) -> None:
    code, out, _ = run(capsys, "--help")
    assert code == 0
    assert all(f"  {verb} " in out for verb in VERBS)


def test_a_recording_in_the_place_of_a_verb_is_told_how_it_is_opened(four: Path, capsys: Said) -> None:
    code, _, err = run(capsys, four)
    assert code == 2 and f"`arena watch {four}` opens a recording, `arena replay show {four}` prints it" in err
    assert "did you mean 'verify'?" in run(capsys, "verfy")[2]


def test_info(four: Path, capsys: Said) -> None:
    code, out, _ = run(capsys, "info", four)
    assert code == 0
    assert all(
        word in out
        for word in ("Connect Four", "connect_four-v0", "random", "wins", "seed", "the same as installed", "none found")
    )
    tree = document(capsys, "info", four)
    assert (tree["game"], tree["seed"], tree["state"], tree["rules"], tree["damage"]) == (
        "connect_four-v0",
        1,
        "finished",
        "same",
        [],
    )
    assert tree["records"]["states"] == tree["ticks"] + 1
    assert tree["bytes"] == four.stat().st_size


def test_show(four: Path, capsys: Said) -> None:
    code, out, _ = run(capsys, "show", four, "--tick", "3")
    assert code == 0
    assert out.startswith("tick 3 of")
    assert out.count("1 2 3 4 5 6 7") >= 2  # the words and the picture
    assert "then plays column" in out
    tree = document(capsys, "show", four, "--tick", "win")
    assert tree["tick"] == tree["last"]
    assert [mark["kind"] for mark in tree["marks"]] == ["win"]
    assert sum(disc != 0 for row in tree["state"]["board"] for disc in row) == tree["tick"]


def test_show_as_a_seat_hides_what_it_did_not_know(tmp_path: Path, capsys: Said) -> None:
    recorded(tmp_path / "p.arena", "kuhn_poker", 1)
    tree = document(capsys, "show", tmp_path / "p.arena", "--tick", "1", "--seat", "0")
    assert tree["observation"]["cards"][1] == -1
    assert "state" not in tree
    assert [act for act in tree["acts"] if act["seat"] == 1] == []


def test_verify_and_its_exit_codes(four: Path, tmp_path: Path, capsys: Said) -> None:
    assert run(capsys, "verify", four)[0] == 0
    forged = rewritten(
        four, tmp_path / "f.arena", lambda t, s, r: r | {"r": [3.0, 0.0]} if (t, s) == (STATES, 2) else r
    )
    code, out, _ = run(capsys, "verify", forged)
    assert (code, "tick 2" in out, "reward" in out) == (5, True, True)
    tree = document(capsys, "verify", four, forged)
    assert (tree["code"], [verdict["outcome"] for verdict in tree["verdicts"]]) == (5, ["verified", "diverges"])


def test_another_game_needs_its_rules(tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    import envs

    monkeypatch.setattr("replays.games._allowed", [])
    recorded(tmp_path / "w.arena", envs.game(str(WALK), length=20, plain=True))
    code, out, _ = run(capsys, "verify", tmp_path / "w.arena")
    assert (code, "not installed" in out) == (4, True)
    code, out, _ = run(capsys, "show", tmp_path / "w.arena")
    assert (code, "not installed" in out, "cell:" in out) == (0, True, True)
    assert run(capsys, "show", tmp_path / "w.arena", "--seat", "0")[0] == 4
    assert run(capsys, "verify", tmp_path / "w.arena", "--rules", WALK)[0] == 0
    assert str(WALK) in __import__("replays.games").games._allowed
    assert _allowed is not None


def test_recover(four: Path, tmp_path: Path, capsys: Said) -> None:
    (tmp_path / "cut.arena").write_bytes(four.read_bytes()[:-200])
    code, out, _ = run(capsys, "recover", tmp_path / "cut.arena")
    assert (code, "kept" in out) == (0, True)
    assert run(capsys, "info", tmp_path / "cut.recovered.arena")[0] == 0
    assert run(capsys, "recover", tmp_path / "cut.arena")[0] == 2  # recordings are not overwritten
    assert document(capsys, "recover", tmp_path / "cut.arena", tmp_path / "other.arena")["lost_records"] == 0
    assert document(capsys, "info", tmp_path / "other.arena")["state"] == "recovered"


def test_diff(four: Path, tmp_path: Path, capsys: Said) -> None:
    recorded(tmp_path / "o.arena", "connect_four", 2)
    assert run(capsys, "diff", four, four)[:2] == (0, "no difference\n")
    code, out, _ = run(capsys, "diff", four, tmp_path / "o.arena")
    assert (code, out.splitlines()[0].startswith("seed: ")) == (1, True)
    assert "acts at tick" in out
    assert len(document(capsys, "diff", four, tmp_path / "o.arena")["differences"]) == 2


@pytest.mark.parametrize("suffix", ["json", "txt", "png", "gif", "cast"])
def test_export(suffix: str, four: Path, tmp_path: Path, capsys: Said) -> None:
    out = tmp_path / f"m.{suffix}"
    assert document(capsys, "export", four, out, "--size", "100x80", "--to", "30%")["bytes"] == out.stat().st_size
    assert run(capsys, "export", four, out)[0] == 0  # an export may be made again


def test_ls(four: Path, tmp_path: Path, capsys: Said) -> None:
    code, out, _ = run(capsys, "ls", tmp_path)
    assert (code, "m.arena" in out, "random - random" in out) == (0, True, True)
    assert "no recordings like that" in run(capsys, "ls", tmp_path, "--where", "winner=mcts")[1]
    found = document(capsys, "ls", tmp_path, "--where", "game=connect_four", "--search", "four")["recordings"]
    assert [row["path"] for row in found] == [str(four)]
    assert found[0]["found"]


def test_ls_looks_into_the_runs_folder(
    four: Path, tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PALAESTRA_RUNS", str(tmp_path))
    assert "m.arena" in run(capsys, "ls")[1]


def test_play_on(four: Path, tmp_path: Path, capsys: Said) -> None:
    out = tmp_path / "b.arena"
    tree = document(capsys, "play-on", four, "--tick", "50%", "first", "first", "--record", out)
    assert document(capsys, "info", out)["branch"]["tick"] == tree["tick"]
    assert run(capsys, "verify", out)[0] == 0
    code, said, _ = run(capsys, "play-on", four, "--tick", "2", "first", "first")
    assert (code, "not recorded" in said) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["info", "none.arena"], 3),
        (["verify", "none.arena"], 3),
        (["show", "M", "--tick", "nowhere"], 2),
        (["show", "M", "--seat", "9"], 2),
        (["export", "M", "x.bmp"], 2),
        (["export", "M", "x.png", "--size", "huge"], 2),
        (["ls", "--where", "x=1"], 2),
        (["play-on", "M", "--tick", "-1", "first", "first"], 2),
        (["play-on", "M", "--tick", "1", "nobody", "first"], 3),
        (["info", "J"], 4),
        (["verify", "J"], 4),
        (["verify", "M", "--rules", "none.py"], 3),
        (["recover", "J"], 4),
        (["frob"], 2),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], code: int, four: Path, tmp_path: Path, capsys: Said) -> None:
    (tmp_path / "j.arena").write_bytes(b"junk" * 100)
    known = {"M": str(four), "J": str(tmp_path / "j.arena")}
    found, out, err = run(capsys, *(known.get(word, word) for word in arguments))
    assert (found, out) == (code, "")
    assert err.startswith("arena: ")
    assert err.count("\n") == 1
    assert "bug" not in err
