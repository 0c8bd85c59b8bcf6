"""`arena play`: one match in words, many in a table, the document for programs, mistakes, an interrupt."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import replays
from arena import cli
from arena.cli.playing import Account
from arena.match import Result
from arena.schedule import Pairing
from arena.statistics import wilson
from envs.registry import spec

ROOT = Path(__file__).parents[1]
BROKEN = """
def crashes(ask): raise RuntimeError("no\\x1b[2Jidea")
def wrong(ask): return 99
"""


def played(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code = cli.run(["play", *arguments])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    return captured.out


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(played(capsys, *arguments, "--json"))
    return found


def test_one_match_is_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    lines = played(capsys, "connect_four", "random", "scripted", "--seed", "3").splitlines()
    assert lines[0] == "Connect Four (connect_four-v0), seed 3"
    assert re.fullmatch(r"result    scripted \(player_1\) wins -1 : \+1, played out after \d+ ticks", lines[1])
    assert lines[-1].startswith("recorded  no")


def test_the_words_agree_with_the_recording(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "m.arena"
    out = played(capsys, "kuhn_poker", "random", "random", "--seed", "5", "--record", str(path))
    ended = replays.open(path).ended
    assert ended is not None
    assert f"{ended.scores[0]:+g} : {ended.scores[1]:+g}, {ended.reason} after {ended.tick} ticks" in out
    assert f"recorded  {path}" in out


def test_the_same_command_plays_the_same_match(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("breakthrough?rows=5&columns=5", "random", "random", "--seed", "8")
    assert played(capsys, *arguments) == played(capsys, *arguments)


def test_a_series_counts_what_its_matches_say(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "connect_four", "random", "scripted", "--episodes", "9", "--workers", "1", "--seed", "2")
    matches: list[dict[str, object]] = found["matches"]  # type: ignore[assignment]
    agents: list[dict[str, object]] = found["agents"]  # type: ignore[assignment]
    assert found["schema"] == "palaestra.play/1"
    assert [match["number"] for match in matches] == list(range(9))
    assert [match["seed"] for match in matches] == [2, 2, 3, 3, 4, 4, 5, 5, 6]
    for player, agent in enumerate(agents):
        mine = [match["scores"][match["players"].index(player)] for match in matches]  # type: ignore[attr-defined, index]
        assert (agent["won"], agent["lost"]) == (mine.count(1.0), mine.count(-1.0))
        assert agent["mean_score"] == pytest.approx(sum(mine) / 9)
        assert tuple(agent["interval"]) == wilson(mine.count(1.0), 9)  # type: ignore[arg-type]
    first = sum(match["scores"][0] == 1.0 for match in matches)  # type: ignore[index]
    assert found["first_mover"]["won"] == first  # type: ignore[index]


def test_without_swapping_everybody_keeps_their_seat(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "kuhn_poker", "random", "first", "--episodes", "4", "--workers", "1", "--no-swap")
    assert {tuple(match["seats"]) for match in found["matches"]} == {("random", "first")}  # type: ignore[attr-defined]
    assert len({match["seed"] for match in found["matches"]}) == 4  # type: ignore[attr-defined]


def test_the_table_says_what_its_figures_mean(capsys: pytest.CaptureFixture[str]) -> None:
    out = played(capsys, "connect_four", "random", "scripted", "--episodes", "4", "--workers", "1")
    assert "Wilson" in out
    assert "first seat won" in out
    assert "faults: none" in out
    rows = [line for line in out.splitlines() if line.startswith(("random", "scripted"))]
    assert [row.split()[1] for row in rows] == ["4", "4"]


def test_a_series_ends_with_the_means_of_what_its_game_counts() -> None:
    """Over the matches that have such figures; what is no number has no mean."""
    told = [{"fooled": True, "turns": 4, "word": "x"}, {"fooled": False, "turns": 7, "word": "y"}, {}]
    pairings = [Pairing(number, ("a", "b"), (0, 1), 0) for number in range(3)]
    played = [
        (each, Result((1.0, -1.0), "played out", metrics=figures)) for each, figures in zip(pairings, told, strict=True)
    ]
    account = Account(spec("double_agent"), ["a", "b"], 0, False, played, 1.0)
    assert "means of 2: fooled 0.5, turns 5.5\n" in account.many(None, False, 3)
    empty = Account(spec("connect_four"), ["a", "b"], 0, False, played[2:], 1.0)
    assert "means" not in empty.many(None, False, 1)


def test_no_first_mover_where_all_move_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "matrix", "random", "random", "--episodes", "2", "--workers", "1")
    assert found["first_mover"] is None


def test_faults_are_counted_by_cause(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(BROKEN)
    crashes, wrong = f"{tmp_path}/mine.py:crashes", f"{tmp_path}/mine.py:wrong"
    found = document(capsys, "connect_four", crashes, "random", "--episodes", "4", "--workers", "1")
    assert found["faults"] == {"crash": 4}
    out = played(capsys, "connect_four", wrong, "random", "--retries", "1")
    assert "illegal" in out
    assert "refused   player_0 2" in out
    assert "\x1b" not in played(capsys, "connect_four", crashes, "random", "--episodes", "2", "--workers", "1")


def test_when_no_match_counts_the_exit_code_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from arena.agent import Unanswered\ndef void(ask): return Unanswered('void', 'no endpoint')\n"
    )
    assert cli.run(["play", "kuhn_poker", f"{tmp_path}/mine.py:void", "first"]) == 1
    told = capsys.readouterr()
    assert "no endpoint" in told.out and "no match counts" in told.err


def test_a_clock_that_is_too_short_is_a_timeout(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "connect_four", "mcts?simulations=300", "random", "--time", "0.0001")
    assert found["faults"] == {"timeout": 1}


def test_several_processes_play_the_same_matches_as_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    arguments = ("kuhn_poker", "random", "random", "--episodes", "12", "--seed", "4")
    alone = document(capsys, *arguments, "--workers", "1")
    together = document(capsys, *arguments, "--workers", "2", "--record", str(tmp_path))
    for match in together["matches"]:  # type: ignore[attr-defined]
        assert replays.open(match.pop("recording")).finished
    for match in alone["matches"]:  # type: ignore[attr-defined]
        match.pop("recording")
    assert alone["matches"] == together["matches"]
    assert len(list(tmp_path.glob("*.arena"))) == 12


def test_texts_can_be_left_out_of_recordings(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "talker.py").write_text(
        "from arena.agent import Reply\n"
        "def talks(ask): return Reply([[ask.legal[0]]], notes={'prompt': 'P' * 99, 'value': 0.5})\n"
    )
    talks = f"{tmp_path}/talker.py:talks"
    for flag, kept in (([], True), (["--no-text"], False)):
        folder = tmp_path / f"runs{kept}"
        played(capsys, "kuhn_poker", talks, talks, "--episodes", "2", "--record", str(folder), *flag)
        for path in folder.glob("*.arena"):
            notes = replays.open(path).acts(0)[0].notes
            assert notes["value"] == 0.5
            assert ("prompt" in notes) is kept


def test_a_person_plays_at_a_plain_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    monkeypatch.setattr(sys, "stdin", io.StringIO("nonsense\n4\nresign\n"))
    out = played(capsys, "connect_four", "human", "first")
    assert "resigned" in out
    assert "first (player_1) wins" in out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["connect_fuor", "random", "random"], 3, "did you mean 'connect_four'"),
        (["connect_four", "rndom", "random"], 3, "did you mean 'random'"),
        (["connect_four", "random"], 2, "2 seats"),
        (["connect_four", "mcts?simulation=3", "random"], 2, "simulations"),
        (["commons", "minimax", "random", "random", "random"], 2, ""),
        (["connect_four", "random", "random", "--time", "-1"], 2, "time limit"),
        (["connect_four", "random", "random", "--episodes", "2", "--record", "x.arena"], 2, "folder"),
        (["connect_four", "random", "random", "--episodes", "0"], 2, "--episodes"),
        (["connect_four?seats=2", "random", "random"], 2, "no option"),
        (["connect_four"], 2, "AGENT"),
    ],
)
def test_a_mistake_is_one_line_and_the_right_code(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["play", *arguments]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("arena: ")
    assert captured.err.count("\n") == 1
    assert said in captured.err


def test_an_interrupt_keeps_what_was_finished(tmp_path: Path) -> None:
    """The second match never ends by itself; the first one stays, and is counted."""
    (tmp_path / "slow.py").write_text(
        "import os, time\n"
        "def slow(ask):\n"
        "    if ask.seed and os.path.exists('first.done'):\n"
        "        open('second.begun', 'w').close()\n"
        "        time.sleep(60)\n"
        "    if ask.tick >= 1:\n"
        "        open('first.done', 'w').close()\n"
        "    return ask.legal[0]\n"
    )
    command = [sys.executable, "-m", "arena", "play", "kuhn_poker", "slow.py:slow", "slow.py:slow"]
    process = subprocess.Popen(
        [*command, "--episodes", "3", "--workers", "1", "--record", "runs"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  a shell may have left us deaf
    )  # fmt: skip
    while not (tmp_path / "second.begun").exists():
        assert process.poll() is None, process.communicate()
        os.sched_yield()
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "1 matches of 3, stopped" in out
    assert replays.open(tmp_path / "runs" / "00000.arena").finished
