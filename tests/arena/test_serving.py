"""A host on real sockets: websockets and Unix sockets, broken lines, clients in other languages, recordings, mistakes in one line."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

import replays
from agents import load
from agents.remote import Player
from agents.sandbox import reaper
from arena.protocol import messages as wire
from arena.protocol.dial import Line, Lost
from arena.protocol.visit import Visit
from arena.server.serving import Place
from envs.errors import UserError

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / "docs" / "examples" / "clients"


def _stage():
    spec = importlib.util.spec_from_file_location("serving_stage", Path(__file__).with_name("serving.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


served = _stage().served


def visit(running, agent, matches=1, at_once=1, token=None, url=None):
    """A player that plays in a thread; (thread, player)."""
    maker = load(agent)
    player = Player(maker, fits=maker.fits)
    went = Visit(url or running.url, token or running.token, str(agent), matches, at_once)
    thread = threading.Thread(target=went.play, args=(player,))
    thread.start()
    return thread, player


def test_players_meet_over_a_websocket_and_every_match_is_recorded_before_it_counts(tmp_path):
    with served(folder=tmp_path) as running:
        others = [visit(running, name, 6, 3) for name in ("random", "scripted")]
        for thread, _ in others:
            thread.join(60)
        overs = [player.overs for _, player in others]
    assert [len(each) for each in overs] == [6, 6] and all(
        over.recorded and over.reason == "played out" for over in overs[0]
    )
    paths = [path for _, _, path in running.results]
    assert sorted(paths) == sorted(tmp_path.glob("*.arena")) and len(paths) == 6
    for path in paths:
        assert replays.verify(path)
        assert [seat.mode for seat in replays.open(path).started.seats] == ["remote", "remote"]


def test_a_player_meets_the_house_over_a_unix_socket(tmp_path):
    place = Place(unix=tmp_path / "socket")
    with served(place=place, makers=[load("first", "isolated")], folder=tmp_path / "runs") as running:
        thread, player = visit(running, "random", 2)
        thread.join(60)
        assert len(player.overs) == 2
    assert reaper.settled(30) and not place.unix.exists()
    seats = replays.open(running.results[0][2]).started.seats
    assert sorted(seat.mode for seat in seats) == ["isolated", "remote"]


def test_a_line_that_breaks_in_every_match_costs_nothing():
    """The agent cuts its own host's connections at its third move; it is asked again and the match goes on."""
    with served() as running:
        moves: list[int] = []

        def cutting(ask):
            moves.append(ask.tick)
            if len(moves) in (3, 9):
                running.drop_all()
            return max(ask.legal)

        thread, player = visit(running, cutting, 2)
        other, _ = visit(running, "first", 2)
        thread.join(100)
        other.join(100)
    assert [over.reason for over in player.overs] == ["played out"] * 2


@pytest.mark.parametrize(("piece", "budget"), [(1, 0), (7, 0), (65536, 1500), (3, 1200)])
def test_a_bad_line_changes_no_result(piece, budget):
    """Bytes that come one by one, connections that are reset in the middle of a frame: the match is played all the same."""
    with served() as running:
        proxy = _stage().Proxy(running, piece, budget)
        thread, player = visit(running, "first", 1, url=proxy.url)
        other, _ = visit(running, "scripted", 1)
        thread.join(100)
        other.join(100)
    assert [(over.reason, over.faults) for over in player.overs] == [("played out", [])]
    assert bool(proxy.cuts) == bool(budget)


def test_a_guest_that_does_not_read_is_let_go(monkeypatch):
    """Answers pile up for a player that only sends; its connection ends, the host goes on."""
    from arena.protocol.session import Session
    from arena.server import doors, hall

    monkeypatch.setattr(doors, "MOST_UNREAD", 1 << 16)
    monkeypatch.setattr(hall, "MOST_IDLE", 1 << 30)
    with served(place=Place(unix=Path(tempfile.mkdtemp()) / "socket")) as running:
        session = Session(wire.PLAYER)
        with socket.socket(socket.AF_UNIX) as deaf:
            deaf.settimeout(30)
            deaf.connect(str(running.host.place.unix))
            deaf.sendall(session.say(wire.Hello([1], running.token)))
            session.state = "open"
            stale = session.say(wire.Act("m" * 200, 0, 1)) * 500
            with pytest.raises((ConnectionError, TimeoutError)):
                deaf.sendall(stale * 200)
        players = [visit(running, name, 1) for name in ("first", "random")]
        for thread, player in players:
            thread.join(60)
            assert player.overs[0].reason == "played out"


def test_a_slow_player_keeps_nobody_waiting():
    asked, release = threading.Event(), threading.Event()

    def slow(ask):
        asked.set()
        release.wait(60)
        return min(ask.legal)

    with served() as running:
        waiting, _ = visit(running, slow, 1)
        partner, _ = visit(running, "first", 1)
        assert asked.wait(60)
        quick = [visit(running, name, 3) for name in ("random", "first")]
        for thread, player in quick:
            thread.join(60)
            assert len(player.overs) == 3
        release.set()
        waiting.join(60)
        partner.join(60)


def test_a_player_that_hangs_loses_on_time():
    release = threading.Event()
    from arena.clock import Limits

    with served(limits=Limits(move=0.3)) as running:
        began = time.monotonic()
        hanging, _ = visit(running, lambda ask: release.wait(60) and 0, 1)
        other, player = visit(running, "first", 1)
        other.join(60)
        took = time.monotonic() - began
        release.set()
        hanging.join(60)
    assert [cause for _, cause in player.overs[0].faults] == ["timeout"] and took < 10


@pytest.mark.parametrize("client", ["player.py", "player.mjs"])
def test_the_reference_clients_play(client, tmp_path):
    node = shutil.which("node")
    if client.endswith(".mjs") and node is None:
        pytest.skip("there is no node on this machine")
    if client.endswith(".py"):
        place, command = Place(port=0), [sys.executable, str(CLIENTS / client)]
    else:
        place, command = Place(unix=tmp_path / "socket"), [str(node), str(CLIENTS / client)]
    with served(place=place, makers=[load("random")]) as running:
        told = subprocess.run(
            [*command, running.url, running.token, "3"], capture_output=True, text=True, timeout=60, check=False
        )
        refused = subprocess.run(
            [*command, running.url, "wrong"], capture_output=True, text=True, timeout=60, check=False
        )
    assert told.returncode == 0 and told.stdout.count("played out") == 3, told.stderr
    assert refused.returncode == 1 and "no such token" in refused.stderr


def test_the_reference_client_in_python_has_forty_lines_and_two_packages():
    text = (CLIENTS / "player.py").read_text(encoding="utf-8")
    imported = {
        line.split()[1].partition(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))
    }
    assert len(text.splitlines()) <= 40 and imported - set(sys.stdlib_module_names) == {"msgpack", "websockets"}


def test_the_javascript_client_is_a_program_too():
    import arena

    if shutil.which("node") is None:
        pytest.skip("there is no node on this machine")
    result = arena.play("connect_four", [f"exec:node {CLIENTS / 'player.mjs'}", "first"])
    assert result.reason == "played out" and reaper.settled(30)


def test_an_encrypted_host_is_met_by_those_who_trust_it(tmp_path):
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl to make a certificate with")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with served(place=Place(host="localhost", port=0, tls=context)) as running:
        assert running.url.startswith("wss://")
        with pytest.raises(UserError, match="no encrypted connection"):
            Line(running.url, token=running.token)
        line = Line(running.url, token=running.token, tls=ssl.create_default_context(cafile=str(cert)))
        assert line.welcome.version == 1
        line.close()


def test_mistakes_are_one_line_each():
    with served() as running:
        with pytest.raises(UserError, match="the host refuses: no such token here"):
            Line(running.url, token="wrong")
        taken = _stage().Running(place=Place(port=running.host.port))
        assert isinstance(taken.failure, UserError) and "cannot listen at 127.0.0.1 port" in str(taken.failure)
        thread, _ = visit(running, "random", 1)
        line = Line(running.url, token=running.token)
        line.send([wire.Join("chess")])
        with pytest.raises(UserError, match="the host refuses: no game 'chess' here: connect_four-v0 is served"):
            line.receive()
        line.drop()
        other, _ = visit(running, "first", 1)
        other.join(30)
        thread.join(30)
    with pytest.raises(Lost, match="cannot reach"):
        Line(running.url, token="x", timeout=1.0)
    for url in ("http://x", "ws://", "nonsense"):
        with pytest.raises(UserError, match="is no address of a host"):
            Line(url)
    with pytest.raises(UserError, match="would cross the network unencrypted"):
        Place(host="0.0.0.0").demand_safe()
    Place(host="0.0.0.0", insecure=True).demand_safe()


def test_something_that_is_no_host_is_told_from_one():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection = server.accept()[0]
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(Lost, match="is no host of matches"):
            Line(f"ws://127.0.0.1:{server.getsockname()[1]}")
        thread.join(10)


def test_garbage_on_the_socket_harms_nobody_else(seeds):
    import random

    with served() as running:
        for seed in seeds(20):
            with socket.create_connection(("127.0.0.1", running.host.port), 5) as connection:
                connection.sendall(random.Random(seed).randbytes(2000))
        thread, player = visit(running, "first", 1)
        other, _ = visit(running, "first", 1)
        thread.join(60)
        other.join(60)
        assert player.overs[0].reason == "played out"
