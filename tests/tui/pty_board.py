"""A board on a real terminal: `python -m tests.tui.pty_board [FRAMES [FPS]]` prints what its frames cost.

The child process draws Connect Four with a moving stone, twelve changed cells or so a frame; the parent is its
terminal. Also the source of the byte budget in `test_grid`.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import resource
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

from envs.canvas import Canvas

COLUMNS, ROWS = 120, 40
HOSTILE = "\x1b]52;c;aGk=\x07\x9b6n[/][@click=app.quit]x"


def drawing(frame: int) -> Canvas:
    """Connect Four with one stone that goes round the board."""
    canvas = Canvas(7, 7)
    canvas.text(3.5, 0.5, HOSTILE)
    canvas.rect(0, 1, 7, 6, "board")
    for cell in range(42):
        taken = cell == frame % 42
        canvas.disc(cell % 7 + 0.5, cell // 7 + 1.5, 0.4, "seat0" if taken else "hole")
    return canvas


def child(frames: int, fps: float, report: str) -> None:
    """Show the frames and write their cost; runs with a terminal as its standard output."""
    from textual.app import App, ComposeResult

    from tui.cells import paint
    from tui.widgets.grid import GridView

    class Board(App[None]):
        shown = 0
        started: tuple[float, float] = (0.0, 0.0)

        def compose(self) -> ComposeResult:
            yield GridView()

        def on_ready(self) -> None:
            self.set_interval(1 / fps, self.step)

        def cost(self) -> tuple[float, float]:
            usage = resource.getrusage(resource.RUSAGE_SELF)
            return time.monotonic(), usage.ru_utime + usage.ru_stime

        def step(self) -> None:
            if self.shown == 1:
                self.started = self.cost()
            grid = self.query_one(GridView)
            grid.push(paint(drawing(self.shown), grid.size.width, grid.size.height))
            self.shown += 1
            if self.shown > frames:
                (wall, cpu), (began, used) = self.cost(), self.started
                Path(report).write_text(
                    json.dumps({"fps": frames / (wall - began), "cpu": (cpu - used) / (wall - began)})
                )
                self.exit()

    Board().run()


def measure(frames: int, fps: float) -> tuple[dict[str, float], bytes]:
    """Frames a second, share of a core, bytes a frame and first screen of one run; and all bytes that were sent."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    with tempfile.NamedTemporaryFile() as report:
        command = [sys.executable, "-m", "tests.tui.pty_board", "child", str(frames), str(fps), report.name]
        # A test runner's own COLUMNS would be believed before the terminal's size.
        environment = {
            name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")
        }
        environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        process = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=environment)
        os.close(follower)
        sent = drain(leader)
        process.wait(60)
        figures: dict[str, float] = json.loads(Path(report.name).read_text())
    return figures, sent


def drain(leader: int) -> bytes:
    """Everything that comes until the other side closes the terminal."""
    sent = b""
    while True:
        try:
            part = os.read(leader, 1 << 16)
        except OSError:  # Linux says so instead of end of file
            part = b""
        if not part:
            os.close(leader)
            return sent
        sent += part


def main(frames: int = 300, fps: int = 30) -> None:
    (_, base), (figures, sent) = measure(2, fps), measure(frames, fps)
    figures["bytes per frame"] = (len(sent) - len(base)) / (frames - 2)
    print(json.dumps({name: round(figure, 3) for name, figure in figures.items()}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(int(sys.argv[2]), float(sys.argv[3]), sys.argv[4])
    else:
        main(*map(int, sys.argv[1:]))
