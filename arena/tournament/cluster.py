"""Who plays the matches, again: a Ray cluster. The same tasks and outcomes as with processes of one machine, so the same results.

Recordings are made where the match is played and come back with the outcome; this process brings them to the disk before the result is
kept.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from arena.cluster import joined
from arena.tournament.crew import Done
from arena.tournament.work import Task, do

__all__ = ["Cluster"]


class Cluster:
    """A crew of all cores of a cluster; address: see `arena.cluster`."""

    def __init__(self, address: str) -> None:
        self._ray = joined(address)
        self.size = max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        self._play = self._ray.remote(max_retries=0)(_away)
        self._playing: dict[Any, Task] = {}

    @property
    def room(self) -> int:
        return self.size - len(self._playing)

    def give(self, task: Task) -> None:
        self._playing[self._play.remote(task)] = task

    def take(self) -> list[Done]:
        ready, _ = self._ray.wait(list(self._playing), num_returns=1)
        return [self._done(reference, self._playing.pop(reference)) for reference in ready]

    def _done(self, reference: Any, task: Task) -> Done:
        try:
            outcome, recording = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            return Done(task, {"trouble": f"the worker that played it ended ({type(error).__name__})"}, died=True)
        if task["record"] and recording:
            _keep(Path(task["record"]), recording)
        return Done(task, outcome)

    def close(self) -> None:
        self._ray.shutdown()


def _away(task: Task) -> tuple[dict[str, Any], bytes]:
    """Play on another machine: the outcome, and the recording's bytes."""
    if not task["record"]:
        return do(task), b""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "match.arena"
        outcome = do({**task, "record": str(path)})
        return outcome, path.read_bytes() if path.is_file() else b""


def _keep(path: Path, recording: bytes) -> None:
    """The file whole under its name, on disk."""
    part = Path(f"{path}.part")
    with part.open("wb") as file:
        file.write(recording)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
