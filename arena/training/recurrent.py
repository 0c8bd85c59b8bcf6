"""A network that remembers: a torso that reads the view, a gated recurrent unit, the outputs.

Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder" (2014), in the form that torch.nn.GRU gives. As in CleanRL's
ppo_atari_lstm, learning goes along whole rollouts from the memory that was stored when they began, which later epochs do not work out
anew ("stored state" in Kapturowski et al., "Recurrent Experience Replay in Distributed Reinforcement Learning", 2019, without burn-in);
recurrent matrices begin orthogonal. Changed: a seat's memory moves at its own decisions, not at those of others.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from arena.training.net import Plan
from arena.training.torch_net import TorchNet, TorchPass, module_of

__all__ = ["Gru", "GruPass", "Remembering", "grid"]


class Remembering(nn.Module):
    """See the module."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.torso = module_of(plan.torso)
        self.memory = nn.GRU(plan.remembers, plan.remembers)
        self.outputs = nn.Linear(plan.remembers, plan.outputs)

    def forward(
        self, x: torch.Tensor, places: torch.Tensor, within: tuple[torch.Tensor, torch.Tensor], memory: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """x[N, *shape]; places int64[T, S] and within as `grid` has them; memory [S, M] -> (outputs[N, outputs], memory after them)."""
        read = torch.relu(self.torso(x))
        known, after = self.memory(read[places], memory[None])
        out: torch.Tensor = self.outputs(known[within])
        return out, after[0]


def grid(lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sequences that stand one after another, as columns that begin together.

    lengths int64[S] -> (places int64[T, S]: where in the row the t-th of sequence s stands, the last one again below its end; t and s
    int64[N]: where in the columns each of the row stands).
    """
    ends = np.cumsum(lengths)
    begins = ends - lengths
    t = np.arange(int(lengths.max(initial=1)))
    places = begins + np.minimum(t[:, None], lengths - 1)
    s = np.repeat(np.arange(len(lengths)), lengths)
    return places, np.arange(int(lengths.sum())) - begins[s], s


class Gru(TorchNet):
    """See `net.Net`; its passes are `net.Recalling`."""

    def _made(self) -> nn.Module:
        return Remembering(self.plan)

    def passing(self, capacity: int) -> GruPass:
        return GruPass(self)

    def outputs(
        self, x: torch.Tensor, lengths: np.ndarray | None = None, memory: np.ndarray | None = None
    ) -> torch.Tensor:
        """As `net.Recalling.along` has them; by default every row is a first decision."""
        return self.remembered(x, lengths, memory)[0]

    def remembered(
        self, x: torch.Tensor, lengths: np.ndarray | None, memory: np.ndarray | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(outputs, the memory after each sequence)."""
        count = np.ones(len(x), np.int64) if lengths is None else lengths
        before = np.zeros((len(count), self.plan.remembers), np.float32) if memory is None else memory
        places, t, s = map(self.sent, grid(count))
        out, after = self.module(x.reshape(-1, *self.plan.shape), places, (t, s), self.sent(before))
        return out, after


class GruPass(TorchPass):
    """See `net.Recalling`."""

    net: Gru

    def step(self, x: np.ndarray, memory: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with torch.no_grad():
            out, after = self.net.remembered(self.net.sent(x), None, memory)
        return out.cpu().numpy(), after.cpu().numpy()

    def along(self, x: np.ndarray, lengths: np.ndarray, memory: np.ndarray) -> np.ndarray:
        self._out = self.net.outputs(self.net.sent(x), lengths, memory)
        return self._out.detach().cpu().numpy()
