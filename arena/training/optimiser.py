"""torch's optimisers on a flat vector of parameters, with the gradient cut to a length, and a state of plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["Optimiser"]


class Optimiser:
    """theta float32[n] is changed in place. kind: "adam" or "radam"."""

    def __init__(self, theta: np.ndarray, kind: str = "adam", eps: float = 1e-5) -> None:
        import torch  # noqa: PLC0415  an extra, 1 s

        self._torch = torch
        self._parameter = torch.from_numpy(theta)
        make: Any = {"adam": torch.optim.Adam, "radam": torch.optim.RAdam}[kind]
        more = {"fused": True} if kind == "adam" else {"foreach": False}
        self._optimiser: Any = make([self._parameter], eps=eps, **more)

    def step(self, gradient: np.ndarray, rate: float, clip: float) -> float:
        """One step against the gradient, shortened to `clip` (0: never); the length that it had."""
        length = float(np.linalg.norm(gradient))
        if clip and length > clip:
            gradient *= np.float32(clip / length)
        self._parameter.grad = self._torch.from_numpy(gradient)
        self._optimiser.param_groups[0]["lr"] = rate
        self._optimiser.step()
        return length

    def state(self) -> dict[str, Any]:
        """Name -> array."""
        found = self._optimiser.state[self._parameter]
        return {name: value.detach().cpu().numpy().copy() for name, value in found.items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state."""
        if state:
            tensors = {name: self._torch.from_numpy(np.array(value)) for name, value in state.items()}
            self._optimiser.state[self._parameter] = tensors
