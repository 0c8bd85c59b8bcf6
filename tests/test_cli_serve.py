"""`arena serve`, `join`, `token` and programs as agents, from the command line: what they print, and each mistake in one line."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import replays
from agents.sandbox import reaper
from arena.cli import run

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ARENA_TOKEN", raising=False)


def said(capsys, *arguments: str) -> tuple[int, str, str]:
    code = run(arguments)
    out, err = capsys.readouterr()
    return code, out, err


def test_a_host_is_served_joined_watched_and_leaves_recordings(tmp_path):
    """The lines that `serve` prints are commands that work."""
    serve = [
        sys.executable,
        "-m",
        "arena",
        "serve",
        "connect_four",
        "--port",
        "0",
        "--matches",
        "2",
        "--house",
        "first",
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen([*serve, "--record", "kept"], stdout=subprocess.PIPE, text=True, env=environment) as host:
        try:
            lines = [host.stdout.readline() for _ in range(4)]
            assert re.fullmatch(r"serving connect_four-v0 at ws://127\.0\.0\.1:\d+\n", lines[0])
            url, token = re.search(r"arena join (\S+) AGENT --token (\S+)", lines[1]).groups()
            join = [sys.executable, "-m", "arena", "join", url, "scripted", "--matches", "2"]
            wrong = subprocess.run(
                [*join, "--token", "no"], capture_output=True, text=True, timeout=60, env=environment
            )
            played = subprocess.run(
                join, capture_output=True, text=True, timeout=60, env=environment | {"ARENA_TOKEN": token}
            )
            told = host.stdout.read().splitlines()
        finally:
            host.send_signal(signal.SIGTERM)
    assert (wrong.returncode, wrong.stderr) == (
        1, "arena: the host refuses: no such token here: ask whoever runs this host for one\n",
    )  # fmt: skip
    assert played.returncode == 0 and played.stdout.count("played out after") == 2, played.stderr
    assert len(told) == 2 and all("Scripted (player_" in line for line in told) and host.returncode == 0
    assert all(replays.verify(path) for path in Path("kept").glob("*.arena")) and len(list(Path("kept").iterdir())) == 2


def test_tokens_are_made_listed_and_revoked(capsys, tmp_path):
    code, token, _ = said(capsys, "token", "new", "ann", "--scope", "play", "--days", "2", "--file", "t.json")
    assert code == 0 and re.fullmatch(r"[\w-]{43}\n", token) and token.strip() not in Path("t.json").read_text()
    assert re.search(r"^ann +play +2\d{3}-", said(capsys, "token", "ls", "--file", "t.json")[1], re.M)
    assert said(capsys, "token", "revoke", "ann", "--file", "t.json")[0] == 0
    code, _, err = said(capsys, "token", "revoke", "ann", "--file", "t.json")
    assert (code, err) == (3, "arena: no token of 'ann': there are none\n")
    Path("t.json").write_text("nonsense")
    code, _, err = said(capsys, "token", "ls", "--file", "t.json")
    assert code == 4 and "is no file of tokens" in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (["serve", "no_such_game"], 3, "no game 'no_such_game'"),
        (["serve", "connect_four", "--host", "0.0.0.0"], 2, "would cross the network unencrypted at 0.0.0.0"),
        (
            ["serve", "connect_four", "--tokens", "none.json"],
            2,
            "none.json holds no token: make one with `arena token new",
        ),
        (["serve", "connect_four", "--house", "first", "--house", "first"], 2, "leave none for a guest"),
        (["serve", "connect_four", "--house", "nobody"], 3, "no agent 'nobody'"),
        (["serve", "connect_four", "--tls-cert", __file__], 2, "needs both --tls-cert and --tls-key"),
        (["serve", "connect_four", "--tls-cert", __file__, "--tls-key", __file__], 2, "are no certificate and its key"),
        (["join", "http://x", "random"], 2, "is no address of a host"),
        (["join", "unix:nowhere.sock", "random"], 1, "cannot reach unix:nowhere.sock"),
        (["join", "ws://127.0.0.1:1", "nobody"], 3, "no agent 'nobody'"),
        (["watch", "ws://127.0.0.1:1"], 1, "cannot reach ws://127.0.0.1:1"),
        (["play", "connect_four", "exec:./nobody", "random"], 3, "no program './nobody' that can be run"),
        (["play", "connect_four", "random", "nowhere.py:x", "--isolate"], 3, "no file 'nowhere.py'"),
    ],
)
def test_a_mistake_is_one_clear_line(capsys, arguments, code, part):
    found, out, err = said(capsys, *arguments)
    assert (found, out) == (code, "") and part in err and err.count("\n") == 1, err


def test_a_port_in_use_is_one_clear_line(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, out, err = said(capsys, "serve", "connect_four", "--port", port, "--no-gallery")
    assert (code, out) == (1, "") and f"cannot listen at 127.0.0.1 port {port}" in err and err.count("\n") == 1


def test_a_match_behind_walls_says_so_in_its_recording(capsys):
    code, out, _ = said(capsys, "play", "kuhn_poker", "random", "random", "--isolate", "--record", "m.arena")
    assert code == 0 and "Kuhn" in out and reaper.settled(30)
    assert [seat.mode for seat in replays.open("m.arena").started.seats] == ["isolated", "isolated"]
