"""The optimiser: torch's own steps, bit for bit, whether a step is the first or a later one, kept and restored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from arena.training.optimiser import Optimiser


@pytest.mark.parametrize("kind", ["adam", "radam"])
def test_steps_are_those_of_torch_also_from_a_state_that_was_kept(kind: str) -> None:
    draw = np.random.default_rng(3)
    gradients = draw.standard_normal((12, 33)).astype(np.float32)
    theta = draw.standard_normal(33).astype(np.float32)
    theirs = torch.from_numpy(theta.copy())
    make: Any = {"adam": torch.optim.Adam, "radam": torch.optim.RAdam}[kind]
    peer = make([theirs], eps=1e-5, **({"fused": True} if kind == "adam" else {"foreach": False}))
    ours = Optimiser(theta, kind)
    for n, gradient in enumerate(gradients):
        rate = 1e-2 / (1 + n)
        if n in (0, 1, 7):
            state, ours = ours.state(), Optimiser(theta, kind)
            ours.restore(state)
        length = ours.step(gradient.copy(), rate, 5.0)
        assert length == pytest.approx(float(np.linalg.norm(gradient)))
        theirs.grad = torch.from_numpy(gradient * np.float32(5.0 / length) if length > 5.0 else gradient)
        peer.param_groups[0]["lr"] = rate
        peer.step()
        assert np.array_equal(theta, theirs.numpy()), f"step {n}"
