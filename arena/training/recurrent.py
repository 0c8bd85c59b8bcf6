"""A network that remembers: a torso that reads the view, LayerNorm where the plan has `norm`, a gated recurrent unit, the outputs.

Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder" (2014), in the form that torch.nn.GRU gives. As in CleanRL's
ppo_atari_lstm, learning goes along whole rollouts from the memory that was stored when they began, which later epochs do not work out
anew ("stored state" in Kapturowski et al., "Recurrent Experience Replay in Distributed Reinforcement Learning", 2019); recurrent matrices
begin orthogonal. Changed: a seat's memory moves at its own decisions, not at those of others.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from arena.training.memory import grid
from arena.training.net import Plan
from arena.training.torch_net import TorchNet, TorchPass, module_of

__all__ = ["Gru", "GruPass", "Remembering"]


class Remembering(nn.Module):
    """See the module."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.torso = module_of(plan.torso)
        self.norm = nn.LayerNorm(plan.remembers) if plan.norm else nn.Identity()
        self.memory = nn.GRU(plan.remembers, plan.remembers)
        self.outputs = nn.Linear(plan.remembers, plan.outputs)

    def forward(
        self, x: torch.Tensor, places: torch.Tensor, t: torch.Tensor, s: torch.Tensor, memory: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """x[N, *shape]; places, t and s as `memory.grid` has them; memory [S, M] -> (outputs[N, outputs], memory after each [N, M])."""
        known, _ = self.memory(self.read(x)[places], memory[None])
        after = known[t, s]
        out: torch.Tensor = self.outputs(after)
        return out, after

    def read(self, x: torch.Tensor) -> torch.Tensor:
        """What goes into the memory, [N, M]."""
        return torch.relu(self.norm(self.torso(x)))

    def step(self, x: torch.Tensor, memory: torch.Tensor) -> torch.Tensor:
        """One decision a row: x[N, *shape], memory [N, M] -> outputs and the memory after them, side by side [N, outputs + M]."""
        known, after = self.memory(self.read(x)[None], memory[None])
        return torch.cat([self.outputs(known[0]), after[0]], dim=1)


class Gru(TorchNet):
    """See `net.Net`; its passes are `net.Recalling`."""

    module: Remembering

    def _made(self) -> Remembering:
        return Remembering(self.plan)

    def passing(self, capacity: int) -> GruPass:
        return GruPass(self)

    def outputs(self, x: torch.Tensor, *given: torch.Tensor) -> torch.Tensor:
        """Of sequences of decisions; given: places, t, s, memory as `Remembering.forward` takes them."""
        return self.remembered(x, *given)[0]

    def remembered(self, x: torch.Tensor, *given: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(outputs, the memory after each decision)."""
        out, after = self.module(x.reshape(-1, *self.plan.shape), *given)
        return out, after


class GruPass(TorchPass):
    """See `net.Recalling`."""

    net: Gru

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Every row as a first decision, without a past."""
        return self.along(x, np.ones(len(x), np.int64), np.zeros((len(x), self.net.plan.remembers), np.float32))

    def step(self, x: np.ndarray, memory: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        net = self.net
        with torch.no_grad():
            # In one piece, so that a device is waited for once.
            both = net.module.step(net.sent(x).reshape(-1, *net.plan.shape), net.sent(memory)).cpu().numpy()
        out, after = np.split(both, [net.plan.outputs], axis=1)
        return np.ascontiguousarray(out), np.ascontiguousarray(after)

    def along(self, x: np.ndarray, lengths: np.ndarray, memory: np.ndarray) -> np.ndarray:
        self._out = self.net.outputs(*self._given(x, lengths, memory))
        return self._out.detach().cpu().numpy()

    def _given(self, x: np.ndarray, lengths: np.ndarray, memory: np.ndarray) -> Iterator[torch.Tensor]:
        return map(self.net.sent, (x, *grid(lengths), memory))
