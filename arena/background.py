"""Matches that outlive the terminal that started them: one process each, found again by their recording.

`start` launches a match in a process of its own and returns the path of its recording as soon as that exists. While a match runs its
process holds a lock on the `.part` file, so that `running` needs no list that could be wrong. `stop` ends one as aborted.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from arena.clock import Limits
from arena.matches import play
from envs.errors import FAILURE, UserError

__all__ = ["Paced", "alive", "is_running", "main", "new_path", "reply_socket", "running", "said", "start", "stop"]


class Paced:
    """A clock that stands still while a paced match pauses, and the pause itself. speed: ticks per second; None is unpaced."""

    def __init__(
        self, speed: float, base: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._gap, self._base, self._sleep = 1.0 / speed, base, sleep
        self._skipped, self._last = 0.0, base()

    def __call__(self) -> float:
        return self._base() - self._skipped

    def pause(self, match: Any) -> None:
        """Wait until a tick has lasted its time; agents' clocks do not run meanwhile."""
        now = self._base()
        self._sleep(max(0.0, self._last + self._gap - now))
        self._last = self._base()
        self._skipped += self._last - now


def new_path(runs: Path, game: str) -> Path:
    """A fresh name for a recording: date, game, four random hex digits."""
    name = "".join(letter if letter.isalnum() else "-" for letter in game.partition("?")[0].rpartition("/")[2])[
        :40
    ].strip("-")
    return runs / f"{time.strftime('%Y%m%d-%H%M%S')}-{name}-{secrets.token_hex(2)}.arena"


def reply_socket(recording: Path, seat: int) -> Path:
    """Where a screen leaves the replies of a human seat of a match that is being recorded to `recording` (x.arena)."""
    return recording.with_name(f".{recording.name.removesuffix('.part')}.{seat}.sock")


def start(
    game: str, agents: Sequence[str], *, runs: Path, seed: int | None = None, speed: float | None = 1.0, limits: Limits | None = None,
    timeout: float = 180.0, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep,
    tell: Callable[[str], object] = str,
) -> Path:  # fmt: skip
    """Start a match in the background and return its recording (x.arena; until the match has ended the file is x.arena.part).

    speed: ticks per second, None for as fast as it goes; tell: is given what `said` says meanwhile. Raises UserError with the child's own
    line when it could not start.
    """
    recording = new_path(runs, game)
    _make(recording.parent)
    task = {
        "game": game, "agents": list(agents), "record": str(recording), "speed": speed, "limits": (limits or Limits()).tree(),
        "seed": secrets.randbits(32) if seed is None else seed,
    }  # fmt: skip
    log = recording.with_suffix(".log")
    with open(log, "wb") as output:
        child = subprocess.Popen(  # it is reaped by `alive`, or by init when this process ends first
            [sys.executable, "-m", "arena.background", json.dumps(task)],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, cwd=os.getcwd(),
        )  # fmt: skip
    _children.append(child)
    part = Path(f"{recording}.part")
    until, told = clock() + timeout, ""
    while not part.exists() and not recording.exists():
        if child.poll() is not None or clock() > until:
            lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            log.unlink(missing_ok=True)
            raise UserError(lines[-1] if lines else f"the match did not start within {timeout:.0f} s", FAILURE)
        if (line := said(recording)) != told:
            told = line
            tell(line)
        sleep(0.01)
    return recording


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"cannot keep recordings in {str(folder)!r}: {error.strerror}; set PALAESTRA_RUNS or --runs to another folder",
            FAILURE,
        ) from None


def said(path: Path) -> str:
    """The newest line that the process of a match has to say beside its recording (that rules are compiled, that an endpoint is waited
    for), as long as it has recorded nothing since; "" without one.
    """
    recording = path.with_name(path.name.removesuffix(".part"))
    try:
        with open(recording.with_suffix(".log"), "rb") as log:
            lines = log.read(_MOST_SAID).decode("utf-8", "replace").splitlines()
            if _changed(Path(f"{recording}.part")) > os.fstat(log.fileno()).st_mtime_ns:
                return ""
    except OSError:
        return ""
    return next((line.removeprefix(_OURS) for line in reversed(lines) if line.startswith(_OURS)), "")


def _changed(path: Path) -> int:
    """When a file was last written, in nanoseconds; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


_OURS = "palaestra: "
_MOST_SAID = 65536
_children: list[subprocess.Popen[bytes]] = []


def alive() -> int:
    """How many processes that `start` made here are still alive; the others are reaped."""
    _children[:] = [child for child in _children if child.poll() is None]
    return len(_children)


def is_running(path: Path) -> bool:
    """Whether the process that writes this recording is alive."""
    part = path if path.suffix == ".part" else Path(f"{path}.part")
    try:
        with open(part, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def running(runs: Path) -> list[Path]:
    """The recordings under a folder whose match is running, newest first."""
    alive()
    parts = [part for part in runs.rglob("*.arena.part") if is_running(part)]
    return sorted((Path(str(part).removesuffix(".part")) for part in parts), key=lambda path: path.name, reverse=True)


def stop(path: Path, pid: int) -> bool:
    """Ask the process of a running match to end it as aborted; False when it is not running any more."""
    if not is_running(path):
        return False
    os.kill(pid, signal.SIGTERM)
    return True


def _lock(part: Path) -> None:
    """Hold the recording for as long as this process lives."""
    handle = os.open(part, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


def _with_sockets(agents: Sequence[str], recording: Path) -> list[str]:
    """Human seats wait for replies at a socket beside the recording."""
    named = []
    for seat, agent in enumerate(agents):
        human = agent.split("?")[0] == "human" and "socket=" not in agent
        named.append(f"{agent}{'&' if '?' in agent else '?'}socket={reply_socket(recording, seat)}" if human else agent)
    return named


def main(arguments: Sequence[str]) -> int:
    """Run the match that a JSON task describes; the only argument is the task."""
    task = json.loads(arguments[0])
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    recording = Path(task["record"])
    paced = Paced(task["speed"]) if task["speed"] else None

    def lock(event: Any) -> None:
        if not locked and (part := Path(f"{recording}.part")).exists():
            locked.append(True)
            _lock(part)

    locked: list[bool] = []
    try:
        result = play(
            task["game"], _with_sockets(task["agents"], recording), seed=task["seed"], record=recording, limits=Limits(**task["limits"]),
            clock=paced or time.monotonic, pause=paced.pause if paced else None, live=True, sinks=(), after=lock,
        )  # fmt: skip
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return error.code
    except KeyboardInterrupt:
        return 130
    if result.unrecorded:
        sys.stderr.write(f"{result.unrecorded}\n")
        return FAILURE
    recording.with_suffix(".log").unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
