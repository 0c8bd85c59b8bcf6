"""Rollouts elsewhere: a worker's round equals a shard's own, bit for bit, also when workers die; and the same on a real cluster."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from arena.training import away, checkpoint, ppo
from envs.errors import UserError
from envs.registry import game as named

SETTINGS: dict[str, Any] = {
    "rows": 64, "ticks": 8, "hidden": 8, "batch": 256, "steps": 1500, "snapshot": 1, "plies": 2, "threads": 2, "log_every": 0.0,
}  # fmt: skip


class DiedError(Exception):
    """What a cluster raises for a worker that is gone."""


class OneProcess:
    """Stands for the module ray: every order is copied, as a network would do, and played here; `dies` says which workers die."""

    def __init__(self, dies: Callable[[int], bool]) -> None:
        self.exceptions = SimpleNamespace(RayActorError=DiedError, NodeDiedError=DiedError, ObjectLostError=DiedError)
        self.sent, self.dies = 0, dies

    def put(self, value: Any) -> Any:
        return deepcopy(value)

    def remote(self, **_: Any) -> Callable[[Any], Any]:
        return lambda kind: SimpleNamespace(remote=lambda: self._worker(kind()))

    def _worker(self, worker: away.Worker) -> Any:
        return SimpleNamespace(
            rollout=SimpleNamespace(remote=lambda *order: self._given(worker.rollout, deepcopy(order)))
        )

    def _given(self, work: Any, order: Any) -> int:
        self.sent += 1
        self.played = getattr(self, "played", {}) | {
            self.sent: DiedError() if self.dies(self.sent) else deepcopy(work(*order))
        }
        return self.sent

    def wait(self, references: list[int], num_returns: int) -> tuple[list[int], list[int]]:
        """The last first: answers come in any order."""
        return references[-1:], references[:-1]

    def get(self, reference: int) -> Any:
        answer = self.played.pop(reference)
        if isinstance(answer, DiedError):
            raise answer
        return answer

    def shutdown(self) -> None: ...


def weights(path: Path) -> dict[str, np.ndarray]:
    found = checkpoint.newest(path / "checkpoints")
    assert found is not None
    return dict(found.weights)


def trained(path: Path, **more: Any) -> dict[str, np.ndarray]:
    ppo.train(ppo.Config(**(SETTINGS | more)), "leduc_poker", path)
    return weights(path)


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def test_rounds_elsewhere_come_to_the_same_weights_although_workers_die(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = OneProcess(lambda sent: sent % 3 == 0)
    monkeypatch.setattr(away, "joined", lambda address: cluster)
    here, there = trained(tmp_path / "here"), trained(tmp_path / "there", ray="auto")
    assert same(here, there) and cluster.sent > 8
    assert not same(here, trained(tmp_path / "other", seed=1))


def test_workers_that_keep_dying_end_the_training_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(away, "joined", lambda address: OneProcess(lambda sent: True))
    with pytest.raises(UserError, match="21 workers died in one round"):
        trained(tmp_path / "run", ray="auto")


@pytest.mark.nightly
@pytest.mark.foreign_random
@pytest.mark.timeout(900)
def test_a_cluster_whose_workers_are_killed_comes_to_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray")
    more = {"steps": 40_000, "rows": 256}
    here = trained(tmp_path / "here", **more)
    due, over, killed, play = threading.Event(), threading.Event(), list[int](), away.Fleet.play

    def kill() -> None:
        """Once the time has come, the first worker that is seen at work."""
        while not over.is_set():
            if due.wait(0.5) and (pids := _at_work()):
                os.kill(pids[0], signal.SIGKILL)
                killed.append(pids[0])
                due.clear()

    def played(self: away.Fleet, shards: Any, nets: Any, past: Any, round_: int) -> int:
        # By rounds, not by seconds: however long a worker takes to begin, work goes on between two deaths.
        if round_ % 4 == 3:
            due.set()
        return play(self, shards, nets, past, round_)

    monkeypatch.setattr(away.Fleet, "play", played)
    killer = threading.Thread(target=kill)
    killer.start()
    try:
        there = trained(tmp_path / "there", ray="local", **more)
    finally:
        over.set()
        killer.join()
    assert same(here, there) and len(killed) >= 3


@pytest.mark.nightly
@pytest.mark.foreign_random
@pytest.mark.timeout(900)
def test_a_cluster_keeps_its_pace_though_a_worker_is_killed_every_five_seconds() -> None:
    """At least 70 % of it, over two minutes; what it was is printed (-s)."""
    pytest.importorskip("ray")
    work = ppo.Ppo(ppo.Config(ray="local", threads=2, net="mlp"), named("connect_four"))

    def pace(seconds: float) -> float:
        """Decisions a second."""
        began, before = time.monotonic(), work.step
        while time.monotonic() - began < seconds:
            work.round(0.0)
        return (work.step - before) / (time.monotonic() - began)

    over, killed = threading.Event(), list[int]()

    def kill() -> None:
        while not over.wait(5.0):
            while not (pids := _at_work()) and not over.wait(0.002):
                continue
            for pid in pids[:1]:
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    killer = threading.Thread(target=kill)
    try:
        pace(20.0)  # everything is loaded
        calm = pace(60.0)
        killer.start()
        disturbed = pace(120.0)
    finally:
        over.set()
        if killer.is_alive():
            killer.join()
        work.close()
    print(f"{calm:.0f} decisions/s, {disturbed:.0f} with {len(killed)} kills: {disturbed / calm:.2f}")
    assert len(killed) >= 20 and disturbed >= 0.7 * calm


def _at_work() -> list[int]:
    """Workers of this process's own cluster that play an order now."""
    found = [
        int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit() and b"Worker.rollout" in _told(p, "cmdline")
    ]
    return [pid for pid in found if os.getpid() in _above(pid)]


def _above(pid: int) -> list[int]:
    """The processes that a process comes from."""
    line = []
    while pid > 1 and (stat := _told(Path("/proc") / str(pid), "stat")):
        pid = int(stat.rpartition(b")")[2].split()[1])
        line.append(pid)
    return line


def _told(process: Path, what: str) -> bytes:
    try:
        return (process / what).read_bytes()
    except OSError:
        return b""
