"""torch's optimisers on a flat vector of parameters, with the gradient cut to a length, and a state of plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

__all__ = ["Optimiser"]


class Optimiser:
    """theta float32[n], an array or a tensor of some device, is changed in place. kind: "adam" or "radam"."""

    def __init__(self, theta: Any, kind: str = "adam", eps: float = 1e-5) -> None:
        import torch  # noqa: PLC0415  an extra, 1 s

        self._torch = torch
        self._parameter: Any = torch.from_numpy(theta) if isinstance(theta, np.ndarray) else theta
        make: Any = {"adam": torch.optim.Adam, "radam": torch.optim.RAdam}[kind]
        self._fused = kind == "adam"
        more = {"fused": True} if self._fused else {"foreach": False}
        self._optimiser: Any = make([self._parameter], eps=eps, **more)
        beta1, beta2 = self._optimiser.defaults["betas"]
        constants = {"beta1": beta1, "beta2": beta2, "eps": eps, "weight_decay": 0.0, "maximize": False}
        formula: Any = getattr(import_module(f"torch.optim.{kind}"), kind)
        self._formula = partial(formula, **constants, **more, **({"amsgrad": False} if self._fused else {}))

    def step(self, gradient: np.ndarray, rate: float, clip: float) -> float:
        """One step against the gradient, shortened to `clip` (0: never); the length that it had."""
        length = float(np.linalg.norm(gradient))
        if clip and length > clip:
            gradient *= np.float32(clip / length)
        self._step(self._torch.from_numpy(gradient), rate)
        return length

    def step_on(self, gradient: Any, rate: float, clip: float) -> Any:
        """`step` where the gradient is a tensor of the device: so is the length, and nobody waits for it."""
        length = gradient.norm()
        if clip:
            gradient = gradient * (clip / length.clamp(min=1e-30)).clamp(max=1.0)
        self._step(gradient, rate)
        return length

    def _step(self, gradient: Any, rate: float) -> None:
        state = self._optimiser.state[self._parameter]
        if not state:
            # The first step, which also makes the state.
            self._parameter.grad = gradient
            self._optimiser.param_groups[0]["lr"] = rate
            self._optimiser.step()
            return
        # torch's own formula without what its object does around it, which takes ten times as long for a small network.
        moments = [state["exp_avg"]], [state["exp_avg_sq"]], *([[]] if self._fused else [])
        with self._torch.no_grad():
            self._formula([self._parameter], [gradient], *moments, [state["step"]], lr=rate)

    def state(self) -> dict[str, Any]:
        """Name -> array."""
        found = self._optimiser.state[self._parameter]
        return {name: value.detach().cpu().numpy().copy() for name, value in found.items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state."""
        if state:
            # As torch keeps it: Adam's fused step counts on the device, RAdam's on the processor.
            place = {name: "cpu" if name == "step" and not self._fused else self._parameter.device for name in state}
            tensors = {name: self._torch.from_numpy(np.array(value)).to(place[name]) for name, value in state.items()}
            self._optimiser.state[self._parameter] = tensors
