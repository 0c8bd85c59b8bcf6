"""Rollouts elsewhere: a worker's round equals a shard's own, bit for bit, also when workers die; and the same on a real cluster."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arena.training import algorithm, away, checkpoint, league_training, ppo
from envs.errors import UserError
from envs.registry import game as named
from tests.training.cluster import OneProcess

SETTINGS: dict[str, Any] = {
    "rows": 64, "ticks": 8, "hidden": 8, "batch": 256, "steps": 1500, "snapshot": 1, "plies": 2, "threads": 2, "log_every": 0.0,
}  # fmt: skip


def weights(path: Path) -> dict[str, np.ndarray]:
    found = checkpoint.newest(path / "checkpoints")
    assert found is not None
    return dict(found.weights)


def trained(path: Path, algo: str = "ppo", resume: bool = False, **more: Any) -> dict[str, np.ndarray]:
    module = algorithm(algo)
    config = module.Config(**(SETTINGS | ({"memory": 10, "warm": 64} if algo == "dqn" else {}) | more))
    module.train(config, "leduc_poker", path, resume=resume)
    return weights(path)


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize(
    ("algo", "net", "threads"),
    [("ppo", "mlp", 2), ("ppo", "gru", 1), ("pqn", "mlp", 1), ("pqn", "gru", 1), ("dqn", "mlp", 2), ("dqn", "gru", 1)],
)
def test_rounds_elsewhere_come_to_the_same_weights_although_workers_die(
    algo: str, net: str, threads: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on as many threads; of networks of torch, which share theirs here, as in one shard."""
    cluster = OneProcess(lambda sent: sent % 3 == 0)
    monkeypatch.setattr(away, "joined", lambda address: cluster)
    more: dict[str, Any] = {"net": net, "threads": threads}
    here, there = trained(tmp_path / "here", algo, **more), trained(tmp_path / "there", algo, **more, ray="auto")
    assert same(here, there) and cluster.sent > 4 * threads
    assert not same(here, trained(tmp_path / "other", algo, **more, seed=1))


def test_learners_of_a_league_share_the_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds of several learners have the same numbers, and every answer finds its own."""
    cluster = OneProcess(lambda sent: sent % 3 == 0)
    monkeypatch.setattr(away, "joined", lambda address: cluster)
    small = {"rows": 32, "ticks": 6, "batch": 64, "hidden": 8, "least": 200, "most": 400, "steps": 3000, "threads": 2}
    found = []
    for name, ray in (("here", ""), ("there", "auto")):
        config = league_training.Config(**small, ray=ray)  # type: ignore[arg-type]
        league_training.train(config, "leduc_poker", tmp_path / name)
        found.append(weights(tmp_path / name))
    assert same(*found) and cluster.sent > 20


@pytest.mark.parametrize(("algo", "net"), [("ppo", "gru"), ("pqn", "mlp"), ("pqn", "gru"), ("dqn", "gru")])
def test_networks_of_torch_are_played_in_as_many_shards_as_are_asked_for(
    algo: str, net: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever dies; and a run goes on to the bit, with the cluster or without."""
    more = {
        name: value
        for name, value in {"anneal": False, "exploring": 0.0, "beta": 1.0}.items()
        if name in algorithm(algo).Config.options()
    }
    more |= {"net": net, "threads": 3}
    found = []
    ways = {"calm": (0, (1500,)), "deadly": (3, (1500,)), "broken": (0, (700, 1500)), "home": (0, (700, 1500))}
    for name, (every, steps) in ways.items():
        cluster = OneProcess(lambda sent, every=every: every > 0 and sent % every == 0)
        monkeypatch.setattr(away, "joined", lambda address, one=cluster: one)
        for n, each in enumerate(steps):
            ray = "" if name == "home" and n else "auto"
            trained(tmp_path / name, algo, **more, steps=each, ray=ray, resume=n > 0)
        found.append(weights(tmp_path / name))
        assert cluster.sent >= 3 * 3
    assert [name for name, each in zip(ways, found, strict=True) if not same(found[0], each)] == []


def test_workers_that_keep_dying_end_the_training_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(away, "joined", lambda address: OneProcess(lambda sent: True))
    with pytest.raises(UserError, match="21 workers died in one round"):
        trained(tmp_path / "run", ray="auto")


@pytest.mark.nightly
@pytest.mark.foreign_random
@pytest.mark.timeout(900)
@pytest.mark.parametrize("algo", ["ppo", "dqn"])
def test_a_cluster_whose_workers_are_killed_comes_to_the_same_weights(
    algo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray")
    more = {"steps": 40_000, "rows": 256}
    here = trained(tmp_path / "here", algo, **more)
    due, over, killed, play = threading.Event(), threading.Event(), list[int](), away.Fleet.play

    def kill() -> None:
        """Once the time has come, the first worker that is seen at work."""
        while not over.is_set():
            if due.wait(0.5) and (pids := _at_work()):
                os.kill(pids[0], signal.SIGKILL)
                killed.append(pids[0])
                due.clear()

    def played(self: away.Fleet, config: Any, shards: Any, nets: Any, past: Any, round_: int) -> int:
        # By rounds, not by seconds: however long a worker takes to begin, work goes on between two deaths.
        if round_ % 4 == 3:
            due.set()
        return play(self, config, shards, nets, past, round_)

    monkeypatch.setattr(away.Fleet, "play", played)
    killer = threading.Thread(target=kill)
    killer.start()
    try:
        there = trained(tmp_path / "there", algo, ray="local", **more)
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
