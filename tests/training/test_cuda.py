"""On a GPU itself, where there is one: what `test_device` shows on a stand-in. Skipped elsewhere; -s prints how fast it was."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import envs
from arena.training import algorithm, bc, checkpoint, device
from tests.training.remembering import recalled_rows
from tests.training.test_device import ALGORITHMS, EVERY, GAME, SEEN, SMALL, made, no_sync, weights_of

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
GPU = "cuda"


@contextmanager
def nobody_waits() -> Iterator[None]:
    """A gradient step of a `Learner` that makes the host wait for the GPU raises."""
    step = device.Learner.step

    def strict(*given: Any) -> Any:
        torch.cuda.set_sync_debug_mode("error")
        try:
            return step(*given)
        finally:
            torch.cuda.set_sync_debug_mode("default")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(device.Learner, "step", strict)
        yield


def same(here: Any, there: Any, begun: np.ndarray) -> None:
    """Both have learned, and the same but for rounding."""
    learned = np.abs(weights_of(here) - begun).max()
    assert learned > 1e-4
    assert np.abs(weights_of(here) - weights_of(there)).max() < 0.05 * learned


@pytest.mark.parametrize(("name", "kind", "view"), ALGORITHMS)
def test_a_gpu_comes_to_the_weights_of_a_processor(name: str, kind: str, view: str) -> None:
    more: dict[str, Any] = {"net": kind, "view": view, "past": 0.0, "batch": 32}
    here, there = (made(name, **more, device=where) for where in ("cpu", GPU))
    assert all(each.device == GPU for each in there.nets.values())
    begun = weights_of(here).copy()
    with nobody_waits():
        for _ in range(2):
            told = [work.round(0.1) for work in (here, there)]
    same(here, there, begun)
    for key in ("policy_loss", "entropy", "loss", "q", "gradient"):
        assert told[0].get(key, 0.0) == pytest.approx(told[1].get(key, 0.0), abs=5e-3, rel=5e-2), key
    here.close()
    there.close()


@pytest.mark.parametrize(("kind", "view"), SEEN)
def test_clones_of_a_gpu_are_those_of_a_processor(kind: str, view: str) -> None:
    config = bc.Config(net=kind, view=view, hidden=8, layers=1, batch=16, threads=1)
    rows = recalled_rows(40, lost=3)
    here, there = (bc.Bc(config.replace(device=where), envs.game(GAME), rows) for where in ("cpu", GPU))
    begun = weights_of(here).copy()
    with nobody_waits():
        for _ in range(3):
            told = [work.round(0.1) for work in (here, there)]
    same(here, there, begun)
    assert told[0] == pytest.approx(told[1], abs=5e-3)


@pytest.mark.parametrize(("algo", "kind"), [("ppo", "mlp"), ("ppo", "gru"), ("pqn", "conv"), ("dqn", "attention")])
def test_a_run_goes_on_on_the_gpu_and_beside_it(algo: str, kind: str, tmp_path: Path) -> None:
    """What goes on there is played by a reader of numpy; whether it is equal to the bit is printed, since it is promised nowhere."""
    module, found = algorithm(algo), []
    level: dict[str, Any] = {"net": kind, "view": dict(SEEN)[kind]} | ({"anneal": False} if algo != "dqn" else {})
    for name, ways in (
        ("straight", [(300, GPU)]),
        ("broken", [(150, GPU), (300, GPU)]),
        ("moved", [(150, GPU), (300, "cpu")]),
    ):
        for n, (steps, where) in enumerate(ways):
            config = module.Config(**SMALL[algo] | EVERY | level | {"steps": steps, "device": where})
            module.train(config, GAME, tmp_path / name, resume=n > 0, fsync=no_sync)
        newest = checkpoint.newest(tmp_path / name / "checkpoints")
        assert newest is not None and newest.step >= 300
        found.append(newest.weights)
    print(f"{algo} {kind}: equal to the bit {all(np.array_equal(found[0][n], found[1][n]) for n in found[0])}")


@pytest.mark.nightly
@pytest.mark.parametrize("kind", ["mlp", "conv"])
def test_how_fast_a_gpu_learns(kind: str) -> None:
    """Printed beside the processor's; a wide network is what it is for."""
    for where in (GPU, "cpu"):
        ppo = algorithm("ppo")
        work = ppo.Ppo(
            ppo.Config(net=kind, hidden=256, rows=4096, batch=16384, device=where), envs.game("connect_four")
        )
        work.round(0.0)
        began, before = time.perf_counter(), work.step
        while time.perf_counter() - began < 10.0:
            work.round(0.0)
        print(f"ppo {kind} on {where}: {(work.step - before) / (time.perf_counter() - began):.0f} samples/s")
        work.close()
