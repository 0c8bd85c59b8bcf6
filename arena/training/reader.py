"""Networks to be read, not trained: outputs from weights with numpy alone, so that playing needs no torch.

The arithmetic is that of `mlp`, `torch_net` and `recurrent`; that both give the same outputs is a test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from arena.training.net import Plan
from envs.errors import CORRUPT, UserError

__all__ = ["Memory", "Reader", "reader"]

Memory = np.ndarray | None
Reader = Callable[[np.ndarray, Memory], tuple[np.ndarray, Memory]]
"""(x float32[N, *shape], memory float32[N, M] or None) -> (outputs float32[N, outputs], memory after them); None where nothing is
remembered, and before a seat's first decision."""
Plain = Callable[[np.ndarray], np.ndarray]
Weights = Mapping[str, np.ndarray]


def reader(plan: Plan, weights: Weights) -> Reader:
    """The network of a plan with these weights. UserError (4) when they do not fit it."""
    try:
        read = _gru(plan, weights) if plan.remembers else _forgetful(_plain(plan, weights))
        with np.errstate(all="ignore"):
            read(np.zeros((1, *plan.shape), np.float32), None)
    except (KeyError, ValueError, IndexError) as error:
        raise UserError(
            f"the weights do not fit a network of kind {plan.kind} ({error}): the checkpoint is damaged", CORRUPT
        ) from None
    return read


def _plain(plan: Plan, weights: Weights) -> Plain:
    return {"mlp": _mlp, "conv": _conv, "attention": _attention}[plan.kind](plan, weights)


def _forgetful(read: Plain) -> Reader:
    return lambda x, memory: (read(x), None)


def _gru(plan: Plan, weights: Weights) -> Reader:
    """A gated recurrent unit behind its torso, with the gates in torch's order: reset, update, new."""
    own = {name.removeprefix("torso."): array for name, array in weights.items() if name.startswith("torso.")}
    torso = _plain(plan.torso, own)

    def read(x: np.ndarray, memory: Memory) -> tuple[np.ndarray, Memory]:
        seen = _normed(torso(x), weights, "norm") if plan.norm else torso(x)
        before = np.zeros((len(x), plan.remembers), np.float32) if memory is None else memory
        given = np.maximum(seen, 0) @ weights["memory.weight_ih_l0"].T + weights["memory.bias_ih_l0"]
        known = before @ weights["memory.weight_hh_l0"].T + weights["memory.bias_hh_l0"]
        (r, z, n), (own_r, own_z, own_n) = (np.split(each, 3, axis=1) for each in (given, known))
        keep = _sigmoid(z + own_z)
        after = (1 - keep) * np.tanh(n + _sigmoid(r + own_r) * own_n) + keep * before
        return after @ weights["outputs.weight"].T + weights["outputs.bias"], after

    return read


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * x))


def _mlp(plan: Plan, weights: Weights) -> Plain:
    def read(x: np.ndarray) -> np.ndarray:
        z = x.reshape(len(x), -1)
        for n in range(plan.layers + 1):
            z = z @ weights[f"{n}.weight"] + weights[f"{n}.bias"]
            if n < plan.layers:
                z = np.maximum(_normed(z, weights, f"{n}.norm") if plan.norm else z, 0)
        return z

    return read


def _normed(z: np.ndarray, weights: Weights, name: str) -> np.ndarray:
    """LayerNorm over the last axis (Ba et al. 2016)."""
    centred = z - z.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt(z.var(axis=-1, keepdims=True) + np.float32(1e-5))
    return np.asarray(scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"])


def _conv(plan: Plan, weights: Weights) -> Plain:
    def read(x: np.ndarray) -> np.ndarray:
        z = np.maximum(by_place(_convolved(x, weights, "stem"), "stem_norm"), 0)
        for n in range(plan.layers):
            inner = np.maximum(by_place(_convolved(z, weights, f"blocks.{n}.0"), f"norms.{n}.inner_norm"), 0)
            z = np.maximum(z + by_place(_convolved(inner, weights, f"blocks.{n}.1"), f"norms.{n}.outer_norm"), 0)
        return _headed(z.reshape(len(z), -1), plan, weights)

    def by_place(z: np.ndarray, name: str) -> np.ndarray:
        return np.moveaxis(_normed(np.moveaxis(z, 1, -1), weights, name), -1, 1) if plan.norm else z

    return read


def _convolved(x: np.ndarray, weights: Weights, name: str) -> np.ndarray:
    """A 3 x 3 convolution with a margin of zeros: float32[N, C, H, W] -> [N, D, H, W]."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    n, c, h, w = x.shape
    columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * h * w, c * 9)
    kernel = weights[f"{name}.weight"]
    out = columns @ kernel.reshape(len(kernel), -1).T + weights[f"{name}.bias"]
    return np.asarray(out.reshape(n, h, w, -1).transpose(0, 3, 1, 2))


def _headed(z: np.ndarray, plan: Plan, weights: Weights) -> np.ndarray:
    """The two layers that end every network of torch_net."""
    z = z @ weights["head.weight"].T + weights["head.bias"]
    z = np.maximum(_normed(z, weights, "head_norm") if plan.norm else z, 0)
    return np.asarray(z @ weights["outputs.weight"].T + weights["outputs.bias"])


def _attention(plan: Plan, weights: Weights) -> Plain:
    def read(x: np.ndarray) -> np.ndarray:
        there = np.abs(x).sum(axis=2) > 0
        z = activated(x, "stem", "stem_norm")
        for n in range(plan.layers):
            q, k, v = (
                z @ weights[f"blocks.{n}.{part}.weight"].T + weights[f"blocks.{n}.{part}.bias"]
                for part in ("q", "k", "v")
            )
            z = z + _attended(q, k, v, there)
            z = z + activated(z, f"blocks.{n}.mix", f"blocks.{n}.norm")
        counted = there.sum(axis=1, keepdims=True).clip(1)
        pooled = (z * there[:, :, None]).sum(axis=1) / counted
        return _headed(pooled.astype(np.float32), plan, weights)

    def activated(z: np.ndarray, layer: str, norm: str) -> np.ndarray:
        z = z @ weights[f"{layer}.weight"].T + weights[f"{layer}.bias"]
        return np.asarray(np.maximum(_normed(z, weights, norm) if plan.norm else z, 0))

    return read


def _attended(q: np.ndarray, k: np.ndarray, v: np.ndarray, there: np.ndarray) -> np.ndarray:
    score = q @ k.transpose(0, 2, 1) / np.float32(q.shape[2] ** 0.5)
    score = np.where(there[:, None, :], score, np.float32(-1e9))
    score = np.exp(score - score.max(axis=2, keepdims=True))
    return np.asarray((score / score.sum(axis=2, keepdims=True)) @ v)
