"""Programs that nobody wants as players, one a name: `python zoo.py NAME`. Each greets properly unless its name says otherwise."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgpack

OUT = sys.stdout.buffer


def frame(tree: Any) -> bytes:
    data = tree if isinstance(tree, bytes) else msgpack.packb(tree)
    return struct.pack(">I", len(data)) + data


def send(data: bytes) -> None:
    OUT.write(data)
    OUT.flush()


def hear() -> Any:
    head = sys.stdin.buffer.read(4)
    if len(head) < 4:
        sys.exit(0)
    return msgpack.unpackb(sys.stdin.buffer.read(struct.unpack(">I", head)[0]))


def asked() -> Any:
    while (told := hear())["type"] != "ask":
        pass
    return told


def act(ask: Any, **more: Any) -> dict[str, Any]:
    where = {name: ask.get(name, 0) for name in ("match", "seat", "tick", "attempt")}
    return {"type": "act", **where, "actions": [[ask["legal"]["factors"][0][0]]], **more}


def play(**more: Any) -> None:
    """Well behaved from here on."""
    while True:
        send(frame(act(asked(), **more)))


def forever() -> None:
    while True:
        signal.pause()


def start(detached: bool) -> None:
    """A child that stays, holding every pipe; detached: in a session of its own, its parent gone."""
    if os.fork() == 0:
        if detached:
            os.setsid()
            if os.fork():
                os._exit(0)
        forever()
    elif detached:
        os.wait()


def drip() -> None:
    for byte in frame(act(asked())):
        send(bytes([byte]))
        time.sleep(1.0)


def flood(piece: bytes) -> None:
    asked()
    while True:
        send(piece)


def hang() -> None:
    asked()
    forever()


def busy() -> None:
    asked()
    while True:
        pass


def deaf() -> None:
    """No signal that can be ignored ends it."""
    for number in range(1, signal.NSIG):
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            with suppress(OSError, ValueError):
                signal.signal(number, signal.SIG_IGN)
    hang()


def fds() -> None:
    asked()
    kept = []
    while True:
        kept.append(os.dup(0))


def disk() -> None:
    asked()
    with open("big", "wb") as file:
        while True:
            file.write(b"x" * (1 << 20))
            file.flush()


def memory() -> None:
    asked()
    kept = []
    while True:
        kept.append(bytearray(64 << 20))


def strange(tree: Any) -> None:
    """Answer once with something, then wait for ever."""
    ask = asked()
    send(frame(tree(ask) if callable(tree) else tree))
    forever()


def left(detached: bool) -> None:
    asked()
    for _ in range(3):
        start(detached)
    sys.exit(0)


def bomb() -> None:
    ask = asked()
    for _ in range(40):
        try:
            start(False)
        except OSError:
            break
    send(frame(act(ask)))
    play()


def murder() -> None:
    """Signals to its keeper; and to everybody, where everybody is its own namespace."""
    ask = asked()
    for target in (os.getppid(), -1 if os.getpid() == 1 else 0):
        try:
            if target:
                os.kill(target, signal.SIGKILL)
        except OSError:
            pass  # as it should be: it plays on
    send(frame(act(ask)))
    play()


def closed() -> None:
    asked()
    os.close(1)
    forever()


def segv() -> None:
    asked()
    ctypes.string_at(0)


def leave(code: int) -> None:
    asked()
    sys.stderr.write("I have had enough\n")
    sys.exit(code)


def tried(attempt: Any) -> str:
    try:
        attempt()
    except (OSError, MemoryError) as error:
        return type(error).__name__
    return "yes"


def _into(parent: int) -> None:
    """Look into another process with the debugger's call."""
    if ctypes.CDLL(None, use_errno=True).ptrace(16, parent, 0, 0) < 0:
        raise OSError(ctypes.get_errno(), "ptrace")


def thief() -> None:
    """Takes what it can get, and tells in its notes what that was."""
    secret, parent, port = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    place = os.path.dirname(secret)
    ask = asked()
    notes = {
        "own secret": tried(Path(secret).read_text),
        "secrets": tried(lambda: os.listdir(os.path.expanduser("~root"))),
        "parent": tried(Path(f"/proc/{parent}/environ").read_bytes),
        "write": tried(Path(place, "loot").touch),
        "signal": tried(lambda: os.kill(parent, 0)),
        "connect": tried(lambda: socket.create_connection(("127.0.0.1", port), 5)),
        "listen": tried(lambda: socket.create_server(("127.0.0.1", 0))),
        "udp": tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", port))),
        "trace": tried(lambda: _into(parent)),
        "scratch": tried(Path("mine").touch),
    }
    send(frame(act(ask, notes=notes)))
    play()


WAYS = {
    "hang": hang, "busy": busy, "deaf": deaf, "drip": drip, "fds": fds, "disk": disk, "memory": memory, "bomb": bomb,
    "murder": murder, "thief": thief, "closed": closed, "segv": segv,
    "exit 0": lambda: leave(0), "exit 3": lambda: leave(3),
    "leaves children": lambda: left(False), "leaves orphans": lambda: left(True),
    "beats": lambda: flood(frame({"type": "beat"})), "garbage": lambda: flood(b"\xff" * 65536),
    "stale acts": lambda: flood(frame({"type": "act", "match": "m", "seat": 0, "tick": 0, "actions": [[0]]})),
    "half frame": lambda: (asked(), send(frame({"type": "beat"})[:7]), forever()),
    "huge frame": lambda: (asked(), send(b"\xff\xff\xff\xff"), forever()),
    "wrong tick": lambda: strange(lambda ask: act(ask, tick=ask["tick"] + 3)),
    "wrong seat": lambda: strange(lambda ask: act(ask, seat=1)),
    "wrong match": lambda: strange(lambda ask: act(ask, match="another")),
    "nan": lambda: strange(lambda ask: act(ask, actions=[[float("nan")]])),
    "float": lambda: strange(lambda ask: act(ask, actions=[[3.0]])),
    "bool": lambda: strange(lambda ask: act(ask, actions=[[True]])),
    "deep": lambda: strange(lambda ask: frame(ask) and b"\x82\xa4type\xa4beat\xa1x" + b"\x91" * 60000 + b"\xc0"),
    "extension": lambda: strange(lambda ask: act(ask, notes={"x": msgpack.ExtType(7, b"boo")})),
    "giant note": lambda: strange(lambda ask: act(ask, notes={"why": "x" * (1 << 20)})),
    "join": lambda: strange({"type": "join"}), "hello again": lambda: strange({"type": "hello", "versions": [1]}),
    "bye": lambda: strange({"type": "bye"}), "resign": lambda: strange(lambda ask: {"type": "resign", "match": ask["match"], "seat": 0}),
    "escape codes": lambda: play(actions=[], text="\x1b]52;c;cm0gLXJm\x07\x1b[2J\x1b[6n\u202e"),
    "illegal": lambda: play(actions=[[99]]), "long note": lambda: play(notes={"why": "x" * 100_000}),
    "loud": lambda: (sys.stderr.write("x" * 300_000), play()),
}  # fmt: skip


def main(name: str) -> None:
    if name == "silent":
        forever()
    versions = [77] if name == "version" else [1]
    first = (
        {"type": "act", "match": "m", "seat": 0, "tick": 0}
        if name == "act first"
        else {"type": "hello", "versions": versions}
    )
    send(frame(first))
    WAYS.get(name, forever)()


if __name__ == "__main__":
    main(sys.argv[1])
