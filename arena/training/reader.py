"""Networks to be read, not trained: outputs from weights with numpy alone, so that playing needs no torch.

The arithmetic is that of `mlp` and `torch_net`; that both give the same outputs is a test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from arena.training.net import Plan
from envs.errors import CORRUPT, UserError

__all__ = ["Reader", "reader"]

Reader = Callable[[np.ndarray], np.ndarray]
"""x float32[N, *shape] -> outputs float32[N, outputs]"""

Weights = Mapping[str, np.ndarray]


def reader(plan: Plan, weights: Weights) -> Reader:
    """The network of a plan with these weights. UserError (4) when they do not fit it."""
    make = {"mlp": _mlp, "conv": _conv, "attention": _attention}[plan.kind]
    try:
        read = make(plan, weights)
        with np.errstate(all="ignore"):
            read(np.zeros((1, *plan.shape), np.float32))
    except (KeyError, ValueError, IndexError) as error:
        raise UserError(
            f"the weights do not fit a network of kind {plan.kind} ({error}): the checkpoint is damaged", CORRUPT
        ) from None
    return read


def _mlp(plan: Plan, weights: Weights) -> Reader:
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


def _conv(plan: Plan, weights: Weights) -> Reader:
    def read(x: np.ndarray) -> np.ndarray:
        z = np.maximum(_convolved(x, weights, "stem"), 0)
        for n in range(plan.layers):
            inner = np.maximum(_convolved(z, weights, f"blocks.{n}.0"), 0)
            z = np.maximum(z + _convolved(inner, weights, f"blocks.{n}.1"), 0)
        return _headed(z.reshape(len(z), -1), weights)

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


def _headed(z: np.ndarray, weights: Weights) -> np.ndarray:
    """The two layers that end every network of torch_net."""
    z = np.maximum(z @ weights["head.weight"].T + weights["head.bias"], 0)
    return np.asarray(z @ weights["outputs.weight"].T + weights["outputs.bias"])


def _attention(plan: Plan, weights: Weights) -> Reader:
    def read(x: np.ndarray) -> np.ndarray:
        there = np.abs(x).sum(axis=2) > 0
        z = np.maximum(x @ weights["stem.weight"].T + weights["stem.bias"], 0)
        for n in range(plan.layers):
            q, k, v = (
                z @ weights[f"blocks.{n}.{part}.weight"].T + weights[f"blocks.{n}.{part}.bias"]
                for part in ("q", "k", "v")
            )
            z = z + _attended(q, k, v, there)
            inner = np.maximum(z @ weights[f"blocks.{n}.mix.weight"].T + weights[f"blocks.{n}.mix.bias"], 0)
            z = z + inner
        counted = there.sum(axis=1, keepdims=True).clip(1)
        pooled = (z * there[:, :, None]).sum(axis=1) / counted
        return _headed(pooled.astype(np.float32), weights)

    return read


def _attended(q: np.ndarray, k: np.ndarray, v: np.ndarray, there: np.ndarray) -> np.ndarray:
    score = q @ k.transpose(0, 2, 1) / np.float32(q.shape[2] ** 0.5)
    score = np.where(there[:, None, :], score, np.float32(-1e9))
    score = np.exp(score - score.max(axis=2, keepdims=True))
    return np.asarray((score / score.sum(axis=2, keepdims=True)) @ v)
