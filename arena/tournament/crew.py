"""Who plays the matches: this process itself, or several others that it starts, feeds, and replaces when they die.

A crew takes tasks while it has room and gives back `Done`s as they come. A process that dies, or takes longer over a match than it has
patience for, is replaced; its match comes back with the trouble in words.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from arena.tournament.work import Task, do

__all__ = ["Crew", "Done", "Here", "Processes"]

_MOST = 64 << 20
"""Bytes of one outcome; a longer one is a process gone mad."""


@dataclass(frozen=True)
class Done:
    """A task that has come back: its outcome (see work.do), or what happened to the process; `late`: it ran out of patience."""

    task: Task
    outcome: dict[str, Any]
    died: bool = False
    late: bool = False


class Crew(Protocol):
    """Whoever plays matches."""

    @property
    def room(self) -> int:
        """How many more tasks it takes now."""

    def give(self, task: Task) -> None:
        """Take a task; only when there is room."""

    def take(self) -> list[Done]:
        """Wait until something is done."""

    def close(self) -> None:
        """Give up what is being played."""


class Here:
    """Plays in this process, one match after another: for agents that other processes cannot make, and for tests."""

    def __init__(self, point: Callable[[str], None] = lambda name: None) -> None:
        self._point = point
        self._tasks: deque[Task] = deque()

    @property
    def room(self) -> int:
        return 1 - len(self._tasks)

    def give(self, task: Task) -> None:
        self._tasks.append(task)

    def take(self) -> list[Done]:
        task = self._tasks.popleft()
        return [Done(task, do(task, self._point))]

    def close(self) -> None:
        self._tasks.clear()


class _Worker:
    """One process and the task that it is at."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "arena.tournament.worker", str(os.getpid())],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,  # Ctrl-C is for the parent alone
        )  # fmt: skip
        self.task: Task | None = None
        self.until = 0.0
        self._read = bytearray()

    @property
    def output(self) -> int:
        assert self.process.stdout is not None
        return self.process.stdout.fileno()

    def start(self, task: Task, now: float) -> None:
        self.task, self.until = task, now + task["patience"]
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # it has died; its output ends, and that is how it shows
            self.process.stdin.write(json.dumps(task).encode() + b"\n")
            self.process.stdin.flush()

    def line(self) -> str | None:
        """What it has said by now: a whole line, "" for not yet, None when it has ended."""
        part = os.read(self.output, 1 << 16)
        self._read += part
        if not part or len(self._read) > _MOST:
            return None
        if not self._read.endswith(b"\n"):
            return ""
        text, self._read = self._read.decode("utf-8", "replace"), bytearray()
        return text

    def end(self) -> str:
        """Kill it, wait for it, and say how it ended."""
        self.process.kill()
        code = self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):  # what was in the buffer for it is lost with it
                    pipe.close()
        return f"signal {-code}" if code < 0 else f"exit code {code}"


class Processes:
    """`size` processes. clock: seconds, for patience."""

    def __init__(self, size: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.size, self._clock = size, clock
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()

    @property
    def _busy(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.task is not None]

    @property
    def room(self) -> int:
        return self.size - len(self._busy)

    def give(self, task: Task) -> None:
        idle = next((worker for worker in self._workers if worker.task is None), None)
        if idle is None:
            idle = _Worker()
            self._workers.append(idle)
            self._selector.register(idle.output, selectors.EVENT_READ, idle)
        idle.start(task, self._clock())

    def take(self) -> list[Done]:
        done: list[Done] = []
        while not done and self._busy:
            wait = max(0.0, min(worker.until for worker in self._busy) - self._clock())
            for key, _ in self._selector.select(min(wait, 3600.0)):
                done += self._heard(key.data)
            done += self._impatient()
        return done

    def _heard(self, worker: _Worker) -> list[Done]:
        line = worker.line()
        if line == "":
            return []
        task, worker.task = worker.task, None
        try:
            outcome = json.loads(line) if line else None
        except ValueError:
            outcome = None
        if outcome is None:
            ended = self._drop(worker)
            return [Done(task, {"trouble": f"the process that played it ended ({ended})"}, died=True)] if task else []
        return [Done(task, outcome)] if task else []

    def _impatient(self) -> list[Done]:
        late = [worker for worker in self._busy if self._clock() > worker.until]
        found = []
        for worker in late:
            assert worker.task is not None
            self._drop(worker)
            seconds = worker.task["patience"]
            found.append(Done(worker.task, {"trouble": f"not over after {seconds:g} s"}, died=True, late=True))
        return found

    def _drop(self, worker: _Worker) -> str:
        self._selector.unregister(worker.output)
        self._workers.remove(worker)
        return worker.end()

    def close(self) -> None:
        for worker in list(self._workers):
            self._drop(worker)
        self._selector.close()
