"""Measures the match screen in a real terminal: first picture, and share of a core while a match runs at 30, 10 and 1 ticks a second.

`python -m tests.tui.measure_screen [SECONDS]` prints one line of JSON. No part of the test suite: figures are this machine's.
The match is Connect Four, played over and over into one growing recording; the terminal is a pty of 120 x 40 that is drained.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path

from tests.tui.feeding import Growing, heard, recorded

_TICKS = os.sysconf("SC_CLK_TCK")


class Glass:
    """A program in a terminal whose output is read and counted."""

    def __init__(
        self, command: list[str], columns: int = 120, rows: int = 40, sign: bytes = b"step", **environment: str
    ) -> None:
        self.columns, self.rows = columns, rows
        self.leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        ours = {"COLUMNS", "LINES", "NO_COLOR", "TMUX", "SSH_CONNECTION"}
        environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        environment |= {name: value for name, value in os.environ.items() if name not in ours | set(environment)}
        self.began, self.first, self.sent, self._sign = time.perf_counter(), 0.0, b"", sign
        self.process = subprocess.Popen(
            command, stdin=follower, stdout=follower, stderr=follower, env=environment, start_new_session=True
        )
        os.close(follower)
        self._reader = threading.Thread(target=self._drain, daemon=True)
        self._reader.start()

    def _drain(self) -> None:
        while True:
            try:
                part = os.read(self.leader, 1 << 16)
            except OSError:
                return
            if not part:
                return
            self.sent += part
            if not self.first and self._sign in self.sent:
                self.first = time.perf_counter() - self.began

    def cpu(self) -> float:
        """Seconds of processor time so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def picture(self) -> list[str]:
        """The screen as text."""
        import pyte

        screen = pyte.Screen(self.columns, self.rows)
        pyte.ByteStream(screen).feed(self.sent)
        return list(screen.display)

    def press(self, keys: bytes) -> None:
        os.write(self.leader, keys)

    def close(self) -> int:
        self.press(b"\x11")
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def startup(folder: Path) -> list[float]:
    """Seconds from the start of the process to the first picture of a recording, three times."""
    path, times = recorded(folder / "finished.arena"), []
    for _ in range(3):
        glass = Glass([sys.executable, "-m", "arena", "watch", str(path)])
        while not glass.first and time.perf_counter() - glass.began < 20:
            time.sleep(0.01)
        times.append(round(glass.first, 3))
        glass.close()
    return times


def live(folder: Path, seconds: float, rate: float = 30.0) -> dict[str, float]:
    """Share of a core, bytes a second and pictures a second while `rate` ticks a second come in."""
    path = folder / f"growing{rate:g}.arena"
    feed = Growing(path, heard(), mailbox=True)
    feed.grow(5)
    glass = Glass([sys.executable, "-m", "arena", "watch", str(path)])
    until, began, cpu, sent = 0.0, 0.0, 0.0, 0
    due = time.perf_counter()
    while True:
        now = time.perf_counter()
        if not began and glass.first and now - glass.began > glass.first + 2:
            began, until, cpu, sent = now, now + seconds, glass.cpu(), len(glass.sent)
        if began and now >= until:
            break
        feed.grow()
        due += 1 / rate
        time.sleep(max(0.0, due - time.perf_counter()))
    figures = {"cpu": (glass.cpu() - cpu) / (now - began), "bytes per second": (len(glass.sent) - sent) / (now - began)}
    print(glass.picture()[0].strip(), file=sys.stderr)
    glass.close()
    feed.end()
    return {name: round(figure, 3) for name, figure in figures.items()}


def main(seconds: float = 20.0) -> None:
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        figures["first picture"] = startup(Path(folder))
        for rate in (30.0, 10.0, 1.0):
            figures[f"{rate:g} ticks a second"] = live(Path(folder), seconds, rate)
    print(json.dumps(figures | {"load": os.getloadavg()}))


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
