"""A terminal at the end of a long line: runs a program in a pty of its own and passes every byte on late, both ways.

`python -m tests.tui.slow_link ROUND_TRIP_MS [--cast FILE] COMMAND ...` in a terminal, for somebody who looks: half of the time is lost
on the way there, half on the way back. With --cast what arrives is kept as an asciinema recording, with the moments of the keys.
No part of the suite: it shows what a screen feels like over a network.
"""

from __future__ import annotations

import codecs
import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
import tty
from collections import deque
from pathlib import Path
from typing import IO, Any


def size_of(terminal: int) -> tuple[int, int]:
    """Columns and rows; 80 x 24 where there is no terminal."""
    try:
        rows, columns, _, _ = struct.unpack("HHHH", fcntl.ioctl(terminal, termios.TIOCGWINSZ, b"\0" * 8))
    except OSError:
        return 80, 24
    return columns or 80, rows or 24


class Link:
    """Bytes on their way, and when they arrive; `cast` is told of those that come back."""

    def __init__(self, seconds: float, cast: IO[str] | None, size: tuple[int, int]) -> None:
        self.seconds, self.cast, self.began = seconds, cast, time.monotonic()
        self.there: deque[tuple[float, bytes]] = deque()
        self.back: deque[tuple[float, bytes]] = deque()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        if cast is not None:
            cast.write(json.dumps({"version": 2, "width": size[0], "height": size[1]}) + "\n")

    def put(self, queue: deque[tuple[float, bytes]], data: bytes) -> None:
        queue.append((time.monotonic() + self.seconds, data))

    def due(self, queue: deque[tuple[float, bytes]]) -> bytes:
        """What has arrived by now."""
        arrived = b""
        while queue and queue[0][0] <= time.monotonic():
            arrived += queue.popleft()[1]
        return arrived

    def wait(self) -> float | None:
        """Seconds until something arrives."""
        heads = [queue[0][0] for queue in (self.there, self.back) if queue]
        return max(0.0, min(heads) - time.monotonic()) if heads else None

    def note(self, code: str, data: bytes) -> None:
        if self.cast is not None and data:
            text = self._decoder.decode(data) if code == "o" else data.decode("latin-1")
            self.cast.write(json.dumps([round(time.monotonic() - self.began, 4), code, text]) + "\n")
            self.cast.flush()


def run(milliseconds: float, command: list[str], cast: IO[str] | None) -> int:
    """Be the terminal of a program until it ends; returns its exit code."""
    child, leader = pty.fork()
    if child == 0:
        os.execvp(command[0], command)
    resize(leader)
    signal.signal(signal.SIGWINCH, lambda *_: resize(leader))
    link = Link(milliseconds / 2000, cast, size_of(0))
    before = termios.tcgetattr(0) if os.isatty(0) else None
    if before is not None:
        tty.setraw(0)
    try:
        _serve(link, leader)
    finally:
        if before is not None:
            termios.tcsetattr(0, termios.TCSADRAIN, before)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def resize(leader: int) -> None:
    columns, rows = size_of(0)
    fcntl.ioctl(leader, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _serve(link: Link, leader: int) -> None:
    sources: list[Any] = [0, leader]
    while leader in sources or link.back:
        ready, _, _ = select.select(sources, [], [], link.wait())
        for source in ready:
            try:
                data = os.read(source, 1 << 16)
            except OSError:
                data = b""
            if not data:
                sources.remove(source)
            else:
                link.put(link.there if source == 0 else link.back, data)
                if source == 0:
                    link.note("i", data)
        arrived = link.due(link.back)
        link.note("o", arrived)
        os.write(1, arrived)
        if leader in sources:
            os.write(leader, link.due(link.there))


def main(arguments: list[str]) -> int:
    milliseconds, *rest = arguments
    if rest[0] == "--cast":
        with Path(rest[1]).open("w", encoding="utf-8") as cast:
            return run(float(milliseconds), rest[2:], cast)
    return run(float(milliseconds), rest, None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
