"""Sides that talk: sessions over a websocket beside a bare echo, remote matches over one websocket, and a program over pipes.

A host is served by this process; its player is another one, which may use any core.
"""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from arena.bench.sides import Work, steady

__all__ = ["echo", "piped", "played", "spoken"]


class _Wire:
    """Two ends of a websocket on loopback in one process: `across` carries bytes over it, by the library that hosts and players use."""

    def __init__(self) -> None:
        from websockets.client import ClientProtocol  # noqa: PLC0415
        from websockets.server import ServerProtocol  # noqa: PLC0415
        from websockets.uri import parse_uri  # noqa: PLC0415

        self.ends: tuple[Any, Any] = (ClientProtocol(parse_uri("ws://localhost/")), ServerProtocol())
        with socket.create_server(("127.0.0.1", 0)) as server:
            near = socket.create_connection(server.getsockname())
            self.sockets = near, server.accept()[0]
        for each in self.sockets:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.ends[0].send_request(self.ends[0].connect())
        (request,) = self._move(0)
        self.ends[1].send_response(self.ends[1].accept(request))
        self._move(1)

    def _move(self, side: int) -> list[Any]:
        for data in self.ends[side].data_to_send():
            self.sockets[side].sendall(data)
        self.ends[1 - side].receive_data(self.sockets[1 - side].recv(1 << 16))
        events: list[Any] = self.ends[1 - side].events_received()
        return events

    def across(self, side: int, data: bytes) -> bytes:
        self.ends[side].send_binary(data)
        return bytes(self._move(side)[0].data)


def _words() -> tuple[Any, Any]:
    """A question and its answer, as a game of medium size has them."""
    import envs  # noqa: PLC0415
    from arena.agent import Reply  # noqa: PLC0415
    from arena.events import Seat  # noqa: PLC0415
    from arena.match import Match  # noqa: PLC0415
    from arena.protocol.translate import act_of, question_told  # noqa: PLC0415

    rules = envs.game("connect_four", plain=True)
    match = Match(rules, [Seat(name, "x") for name in rules.spec.seat_names], 7, ident="m" * 26)
    ask = question_told(match.ask(0), ("packed",), 10.0)
    notes = {"policy": [["column 4", 0.5], ["column 3", 0.25]], "value": 0.25, "why": "the centre of the board"}
    return ask, act_of(Reply([[3]], notes=notes), ask)


def _opened() -> tuple[Any, Any]:
    from arena.protocol.messages import HOST, PLAYER, Hello, Welcome  # noqa: PLC0415
    from arena.protocol.session import Session  # noqa: PLC0415

    host, player = Session(HOST), Session(PLAYER)
    host.receive(player.say(Hello([1])))
    player.receive(host.say(Welcome(1, 0.0, 1 << 18)))
    return host, player


def spoken() -> Work:
    """A question and its answer through both sessions and codecs, over a websocket; counts round trips."""
    ask, act = _words()
    (host, player), wire = _opened(), _Wire()

    def batch() -> int:
        for _ in range(100):
            (asked,) = player.receive(wire.across(1, host.say(ask)))
            (acted,) = host.receive(wire.across(0, player.say(act)))
            assert asked.tick == acted.tick
        return 100

    return steady(batch)


def echo() -> Work:
    """The same bytes over the same websocket, without a session; counts round trips."""
    host, player = _opened()
    ask, act = _words()
    question, answer, wire = host.say(ask), player.say(act), _Wire()

    def batch() -> int:
        for _ in range(100):
            assert len(wire.across(1, question)) == len(question)
            assert len(wire.across(0, answer)) == len(answer)
        return 100

    return steady(batch)


def played(game: str, at_once: int, seed: int) -> Work:
    """Recorded matches between two seats of one player, over one websocket, so many at a time; counts actions.

    Between rounds the host stands still, so that it takes no time from the other side.
    """
    steps, going, folder = [0], threading.Event(), tempfile.TemporaryDirectory(prefix="palaestra-bench-")
    url, token, acts = _serve(game, Path(folder.name), seed, steps, going)
    pinned = os.sched_getaffinity(0)
    cores = set(range(os.cpu_count() or 1))
    os.sched_setaffinity(0, cores - pinned or cores)
    player = subprocess.Popen(
        [sys.executable, "-m", "arena", "join", url, "arena.bench.turns:uniform", "--token", token, "--matches", "1000000", "--alone",
         "--at-once", str(2 * at_once)], stdout=subprocess.DEVNULL,
    )  # fmt: skip
    os.sched_setaffinity(0, pinned)
    atexit.register(_end, player, folder)

    def work(seconds: float) -> tuple[float, float]:
        before, began = steps[0], time.perf_counter()
        going.set()
        time.sleep(seconds)
        done, took = (steps[0] - before) * acts, time.perf_counter() - began
        going.clear()
        return done, took

    while steps[0] < 20 * at_once:
        work(0.05)
        assert player.poll() is None
    return work


def _end(player: subprocess.Popen[bytes], folder: tempfile.TemporaryDirectory[str]) -> None:
    player.kill()
    player.wait()
    folder.cleanup()


def _serve(game: str, folder: Path, seed: int, steps: list[int], going: threading.Event) -> tuple[str, str, int]:
    """A host in a thread: (where it is, what lets a player in, actions of a step). steps[0] counts, while `going` is set."""
    import envs  # noqa: PLC0415
    from arena.events import Stepped  # noqa: PLC0415
    from arena.protocol.lookout import run  # noqa: PLC0415
    from arena.server.guests import Terms  # noqa: PLC0415
    from arena.server.serving import Host, Place  # noqa: PLC0415
    from arena.server.tokens import Tokens  # noqa: PLC0415

    rules, tokens, ready = envs.game(game), Tokens(), threading.Event()
    token = tokens.add("bench", ["play"])

    def count(table: Any, events: Any) -> None:
        steps[0] += list(map(type, events)).count(Stepped)
        if not going.is_set():
            going.wait()

    def over(seats: Any, result: Any, path: Path | None) -> None:
        assert path is not None and result.faults == ()
        path.unlink()

    host = Host(rules, tokens, Terms(), Place(port=0), folder=folder, feed=count, over=over, seed=seed)
    told: list[str] = []

    def opened(url: str) -> None:
        told.append(url)
        ready.set()

    threading.Thread(target=lambda: run(host.run(opened)), daemon=True).start()
    assert ready.wait(60)
    return told[0], token, rules.seats if "simultaneous" in rules.spec.traits else 1


def piped(game: str, seed: int) -> Work:
    """A match of two programs in processes of their own, over pipes, recorded; counts actions, without the start of the programs."""
    import importlib  # noqa: PLC0415

    import envs  # noqa: PLC0415
    from arena.clock import Limits  # noqa: PLC0415
    from arena.events import Seat  # noqa: PLC0415
    from arena.host import Host  # noqa: PLC0415
    from arena.match import Match  # noqa: PLC0415
    from arena.matches import agent_makers, recorder  # noqa: PLC0415

    rules = envs.game(game)
    makers = agent_makers(["arena.bench.turns:uniform"] * rules.seats, "isolated")
    for maker in makers:
        maker.fits(rules)
    players, folder, numbers = (
        [maker() for maker in makers],
        tempfile.TemporaryDirectory(prefix="palaestra-bench-"),
        iter(range(1 << 30)),
    )
    acts = rules.seats if "simultaneous" in rules.spec.traits else 1
    settled = importlib.import_module("agents.sandbox.reaper").settled
    atexit.register(lambda: ([player.close() for player in players], settled(5.0)))

    def batch() -> int:
        number = next(numbers)
        for seat, player in enumerate(players):
            player.prepare(rules, f"m{number}", seat, list(rules.spec.seat_names), Limits())
        path = Path(folder.name) / "match.arena"
        match = Match(rules, [Seat(name, "x") for name in rules.spec.seat_names], seed + number, ident=f"m{number}")
        result = Host(match, [_kept(player) for player in players], [recorder(path)], clock=time.monotonic).run()
        assert result.faults == ()
        path.unlink()
        return result.ticks * acts

    return steady(batch)


def _kept(player: Any) -> Callable[[Any], Any]:
    """A player that the end of a match does not end."""

    def answer(ask: Any) -> Any:
        return player(ask)

    return answer
