"""Measures what spectators cost: `python crowd.py COUNT [SECONDS]`; half of them never read. Prints JSON; code 1 where a bound is missed.

One match of two players of the house is hosted; the time from an act to the next question is taken without spectators and with them, in
turns of the same length. Memory is that of the gallery's process.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import envs
from arena.clock import Limits
from arena.protocol import lookout
from arena.protocol import messages as wire
from arena.protocol.dial import Line
from arena.protocol.messages import PLAYER
from arena.protocol.session import Session
from arena.server.feed import Feed
from arena.server.guests import Terms
from arena.server.serving import Host, Place
from arena.server.tokens import Tokens

LATENCY, MEMORY = 5.0, 128.0
"""Milliseconds that the slowest hundredth of questions may take longer, and MiB that the gallery may grow."""
PAUSE = 0.1
"""Seconds before each act: ten ticks a second, as fast as a match is watched."""


def memory(pid: int) -> float:
    """MiB of a process."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


class Seat:
    """A player that takes both seats of one long match and measures each round trip."""

    def __init__(self, url: str, token: str) -> None:
        self.line = Line(url, token=token, wants=())
        self.line.send([wire.Join(matches=2000, at_once=2, alone=True)])
        self.asks: list[wire.Ask] = []

    def acts(self, seconds: float) -> list[float]:
        """Milliseconds from an act to what the host says next."""
        took, until = [], time.perf_counter() + seconds
        while time.perf_counter() < until:
            while not self.asks:
                self.asks += [message for message in self.line.receive() if isinstance(message, wire.Ask)]
            answers = [
                wire.Act(a.match, a.seat, a.tick, a.attempt, [[a.legal.factors[0][0]]], notes={"why": "x" * 400})
                for a in self.asks
            ]
            self.asks = []
            time.sleep(PAUSE)
            began = time.perf_counter()
            self.line.send(answers)
            self.asks += [message for message in self.line.receive() if isinstance(message, wire.Ask)]
            took.append(1000 * (time.perf_counter() - began))
        return took


CROWD = """
import sys, json, asyncio
sys.path.insert(0, {folder!r})
import crowd
asyncio.run(crowd.watch({port}, {token!r}, {count}))
"""


async def watch(port: int, token: str, count: int) -> None:
    """So many watchers; every other one stops reading after its greeting. Says "ready", then lives until its input ends."""
    from websockets.asyncio.client import connect

    lines: list[Any] = []

    async def come(number: int) -> None:
        session = Session(PLAYER)
        line = await connect(
            f"ws://127.0.0.1:{port}", compression=None, max_queue=1, ping_interval=None, open_timeout=120
        )
        lines.append(line)
        await line.send(session.say(wire.Hello([1], token)))
        while session.state != "open":
            session.receive(bytes(await line.recv()))
        await line.send(session.say(wire.Watch()))
        if number % 2:
            line.transport.pause_reading()
        else:
            asyncio.get_running_loop().create_task(read(line))

    async def read(line: Any) -> None:
        async for _ in line:
            pass

    for start in range(0, count, 50):
        await asyncio.gather(*(come(number) for number in range(start, min(count, start + 50))))
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def slowest_hundredth(values: list[float]) -> float:
    return sorted(values)[int(0.99 * len(values))]


def main(count: int, seconds: float) -> int:
    """See the module."""
    tokens, feed, ready, told = Tokens(), Feed(), threading.Event(), []
    token = tokens.add("all", ["play", "spectate"])
    port = feed.start(tokens, "127.0.0.1")
    rules = envs.game("matrix?rounds=1000")
    host = Host(rules, tokens, Terms(limits=Limits(move=60.0)), Place(port=0), gallery=feed, seed=1)
    threading.Thread(
        target=lambda: lookout.run(host.run(lambda url: (told.append(url), ready.set()))),
        daemon=True,  # type: ignore[func-returns-value]
    ).start()
    assert ready.wait(60)
    seat = Seat(told[0], token)
    seat.acts(2.0)
    alone, before = seat.acts(seconds), memory(feed.process.pid)
    code = CROWD.format(folder=str(Path(__file__).parent), port=port, token=token, count=count)
    crowd = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert crowd.stdout.readline() == b"ready\n"
        most, watched = memory(feed.process.pid), []
        for _ in range(max(1, round(seconds / 2))):
            watched += seat.acts(2.0)
            most = max(most, memory(feed.process.pid))
    finally:
        crowd.stdin.close()
        crowd.wait(60)
    figures = {
        "watchers": count, "acts": len(watched), "alone p99 ms": slowest_hundredth(alone), "watched p99 ms": slowest_hundredth(watched),
        "alone median ms": sorted(alone)[len(alone) // 2], "watched median ms": sorted(watched)[len(watched) // 2],
        "gallery MiB before": before, "gallery MiB most": most,
    }  # fmt: skip
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}))
    feed.close()
    feed.wait()
    kept = figures["watched p99 ms"] - figures["alone p99 ms"] <= LATENCY and most - before <= MEMORY
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), float((sys.argv[2:] or [20])[0])))
