"""Saves checkpoints until it is killed: `python -m tests.training.kill_saving FOLDER`; a child of test_run."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import numpy as np

from arena.training import checkpoint

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    print("ready", flush=True)
    for step in itertools.count(max(checkpoint.steps(folder), default=0) + 1):
        weights = {"a": np.full(125_000, step, np.float32), "b": np.full((250, 500), step, np.float32)}
        checkpoint.save(folder, step, weights, {"step": step, "note": "x" * step})
        print(step, flush=True)
