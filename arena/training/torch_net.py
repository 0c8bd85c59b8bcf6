"""Networks of torch: a small residual one for boards, one of attention for sets of entities, a perceptron.

Where the plan has `norm`, LayerNorm (Ba et al. 2016) stands before every ReLU; on a board over the channels of each place. Parameters and
gradients are views of flat vectors, so that optimisers, checkpoints and algorithms treat them like every other network. The outputs are a
function of the weights alone: no dropout, no running statistics.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from arena.training.net import Plan

__all__ = ["TorchNet", "TorchPass", "module_of"]


def _norm(width: int, plan: Plan) -> nn.Module:
    return nn.LayerNorm(width) if plan.norm else nn.Identity()


class _Headed(nn.Module):
    """What ends the networks below: a hidden layer, then the outputs."""

    def __init__(self, width: int, plan: Plan) -> None:
        super().__init__()
        self.stem_norm = _norm(plan.hidden, plan)
        self.head = nn.Linear(width, max(64, plan.hidden))
        self.head_norm = _norm(max(64, plan.hidden), plan)
        self.outputs = nn.Linear(max(64, plan.hidden), plan.outputs)

    def end(self, z: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.outputs(torch.relu(self.head_norm(self.head(z))))
        return out


class _Conv(_Headed):
    """Planes [C, H, W]: 3 x 3 convolutions of `hidden` channels in `layers` residual blocks (He et al. 2016)."""

    def __init__(self, plan: Plan) -> None:
        channels, height, width = plan.shape
        super().__init__(plan.hidden * height * width, plan)
        self.stem = nn.Conv2d(channels, plan.hidden, 3, padding=1)
        pair = [
            nn.ModuleList(nn.Conv2d(plan.hidden, plan.hidden, 3, padding=1) for _ in range(2))
            for _ in range(plan.layers)
        ]
        self.blocks = nn.ModuleList(pair)
        both = ("inner_norm", "outer_norm")
        self.norms = nn.ModuleList(nn.ModuleDict({n: _norm(plan.hidden, plan) for n in both}) for _ in pair)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        z = torch.relu(_by_place(self.stem_norm, self.stem(x)))
        for block, norms in zip(self.blocks, self.norms, strict=True):
            inner = torch.relu(_by_place(norms["inner_norm"], block[0](z)))  # type: ignore[index]
            z = torch.relu(z + _by_place(norms["outer_norm"], block[1](inner)))  # type: ignore[index]
        return self.end(z.flatten(1))


def _by_place(norm: nn.Module, z: torch.Tensor) -> torch.Tensor:
    """The channels [N, C, H, W] of each place through a module."""
    out: torch.Tensor = norm(z.movedim(1, -1)).movedim(-1, 1)
    return out


class _Attention(_Headed):
    """Entities [N, F] in any order: self-attention in `layers` blocks (Vaswani et al. 2017), mean over the rows that are not all zero."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan.hidden, plan)
        self.stem = nn.Linear(plan.shape[1], plan.hidden)
        parts = ("q", "k", "v", "mix")
        self.blocks = nn.ModuleList(
            nn.ModuleDict({p: nn.Linear(plan.hidden, plan.hidden) for p in parts} | {"norm": _norm(plan.hidden, plan)})
            for _ in range(plan.layers)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        there = x.abs().sum(dim=2) > 0
        z = torch.relu(self.stem_norm(self.stem(x)))
        for block in self.blocks:
            q, k, v = (block[part](z) for part in ("q", "k", "v"))  # type: ignore[index]
            score = (q @ k.transpose(1, 2)) / q.shape[2] ** 0.5
            z = z + score.masked_fill(~there[:, None], -1e9).softmax(dim=2) @ v
            z = z + torch.relu(block["norm"](block["mix"](z)))  # type: ignore[index]
        counted = there.sum(dim=1, keepdim=True).clamp(min=1)
        return self.end((z * there[:, :, None]).sum(dim=1) / counted)


class _Perceptron(nn.Module):
    """A perceptron; its matrices stand as [in, out], like those of `mlp`."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.count, self.norm = plan.layers, plan.norm
        sizes = [int(np.prod(plan.shape)), *[plan.hidden] * plan.layers, plan.outputs]
        self.parts = nn.ParameterDict()
        for n in range(plan.layers + 1):
            self.parts[f"{n}_weight"] = nn.Parameter(torch.zeros(sizes[n], sizes[n + 1]))
            self.parts[f"{n}_bias"] = nn.Parameter(torch.zeros(sizes[n + 1]))
            if n < plan.layers and plan.norm:
                self.parts[f"{n}_norm_weight"] = nn.Parameter(torch.ones(sizes[n + 1]))
                self.parts[f"{n}_norm_bias"] = nn.Parameter(torch.zeros(sizes[n + 1]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        z = x.flatten(1)
        for n in range(self.count + 1):
            z = torch.addmm(self.parts[f"{n}_bias"], z, self.parts[f"{n}_weight"])
            if n < self.count:
                z = torch.relu(self._normed(z, n) if self.norm else z)
        return z

    def _normed(self, z: torch.Tensor, n: int) -> torch.Tensor:
        return nn.functional.layer_norm(z, z.shape[1:], self.parts[f"{n}_norm_weight"], self.parts[f"{n}_norm_bias"])


def module_of(plan: Plan) -> nn.Module:
    """The module of a plan that remembers nothing."""
    kinds: dict[str, Any] = {"conv": _Conv, "attention": _Attention, "mlp": _Perceptron}
    made: nn.Module = kinds[plan.kind](plan)
    return made


class TorchNet:
    """See `net.Net`. flat float32[n]: the parameters on the device, one after another; on a processor it is theta itself."""

    def __init__(self, plan: Plan, seed: int, device: str = "cpu") -> None:
        self.plan, self.device = plan, device
        with torch.random.fork_rng(devices=[]):  # torch draws first weights from a global generator, which is put back
            self.module = self._made().to(device)
        self.parameters = dict(self.module.named_parameters())
        self.theta = np.zeros(sum(p.numel() for p in self.parameters.values()), np.float32)
        self._begin(seed)
        self.flat = self.sent(self.theta)
        at = 0
        for parameter, view in zip(self.parameters.values(), self.views.values(), strict=True):
            parameter.data = self.flat[at : at + view.size].view(view.shape)
            at += view.size

    def _made(self) -> nn.Module:
        return module_of(self.plan)

    def _begin(self, seed: int) -> None:
        """Orthogonal matrices, zero biases, small outputs, in theta; those of a plain perceptron are those of `mlp`."""
        from arena.training.mlp import Mlp, orthogonal  # noqa: PLC0415

        draw = np.random.default_rng([seed, 2])
        self.views: dict[str, np.ndarray] = {}
        at = 0
        last = f"parts.{self.plan.layers}_weight"
        for name, parameter in self.parameters.items():
            view = self.theta[at : at + parameter.numel()].reshape(tuple(parameter.shape))
            at += parameter.numel()
            if parameter.dim() > 1:
                small = name.startswith("outputs") or name == last
                gain = 0.01 if small else 1.0 if name.startswith("memory.") else 2**0.5
                rows = orthogonal(len(view), view[0].size, gain, draw)
                view[...] = rows.reshape(view.shape)
            elif _name(name).endswith("norm.weight"):
                view[...] = 1.0
            self.views[_name(name)] = view
        if self.plan.kind == "mlp" and not self.plan.norm:
            self.theta[:] = Mlp(self.plan, seed).theta

    def sync(self) -> None:
        """theta was written: the device follows."""
        if self.device != "cpu":
            self.flat.copy_(torch.from_numpy(self.theta))

    def fetch(self) -> None:
        """The parameters were changed on the device: theta follows."""
        if self.device != "cpu":
            self.theta[:] = self.flat.cpu().numpy()

    def sent(self, array: np.ndarray) -> torch.Tensor:
        """An array as a tensor on the device."""
        return torch.from_numpy(array).to(self.device)

    def outputs(self, x: torch.Tensor, *given: torch.Tensor) -> torch.Tensor:
        """[N, outputs] for x [N, *shape] on the device, to be carried back; given: what a network that remembers takes beside."""
        out: torch.Tensor = self.module(x.reshape(-1, *self.plan.shape))
        return out

    def gradient(self, loss: torch.Tensor) -> torch.Tensor:
        """The gradient [n] of a loss, on the device."""
        found = torch.autograd.grad(loss, list(self.parameters.values()))
        return torch.cat([part.reshape(-1) for part in found])

    def passing(self, capacity: int) -> TorchPass:
        return TorchPass(self)

    def weights(self) -> dict[str, np.ndarray]:
        return dict(self.views)


class TorchPass:
    """See `net.Pass`. A call that nobody carries back is told so by `back` not coming; its graph is dropped with the next call."""

    def __init__(self, net: TorchNet) -> None:
        self.net = net
        self.gradient = np.zeros_like(net.theta)
        self._out: torch.Tensor | None = None

    def __call__(self, x: np.ndarray) -> np.ndarray:
        # On a device nothing is carried back through a pass: there a `device.Learner` learns, and passes only play.
        with torch.set_grad_enabled(self.net.device == "cpu"):
            self._out = self.net.outputs(self.net.sent(x))
        return self._out.detach().cpu().numpy()

    def back(self, slope: np.ndarray) -> None:
        assert self._out is not None
        found = torch.autograd.grad(self._out, list(self.net.parameters.values()), self.net.sent(slope))
        at = 0
        for part in found:
            self.gradient[at : at + part.numel()] += part.cpu().numpy().reshape(-1)
            at += part.numel()


def _name(name: str) -> str:
    """The parameter's name as checkpoints have it: 0.weight, 0.norm.bias, blocks.0.1.weight."""
    return (
        name.replace("parts.", "").replace("_norm_", ".norm.").replace("_weight", ".weight").replace("_bias", ".bias")
    )
