"""A multilayer perceptron with ReLU, forward and back by hand: BLAS for the products, compiled loops for the rest.

It exists because the arithmetic of small networks is less than the overhead of a tensor library's operators: batches go through in chunks
that stay in the processor's cache, without a temporary array. Equality with torch's gradients is a test.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from arena.training.kernels import add, relu, relu_back
from arena.training.net import Plan

__all__ = ["Mlp", "MlpPass", "orthogonal"]


def orthogonal(rows: int, columns: int, gain: float, draw: np.random.Generator) -> np.ndarray:
    """A matrix float32[rows, columns] with orthogonal rows or columns, times gain (Saxe et al. 2014)."""
    tall = draw.standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(tall)
    q *= np.sign(np.diag(r))
    return np.asarray(gain * (q if rows >= columns else q.T), np.float32)


class Mlp:
    """See `net.Net`. Hidden layers of one width, outputs linear; the last output (the value) and the others begin small."""

    device = "cpu"

    def __init__(self, plan: Plan, seed: int) -> None:
        self.plan = plan
        self.sizes = (int(np.prod(plan.shape)), *(plan.hidden,) * plan.layers, plan.outputs)
        count = sum(a * b + b for a, b in pairwise(self.sizes))
        self.theta = np.zeros(count, np.float32)
        self.matrices, self.biases = self.layers(self.theta)
        draw = np.random.default_rng([seed, 1])
        for n, matrix in enumerate(self.matrices):
            last = n == len(self.matrices) - 1
            matrix[...] = orthogonal(len(matrix), matrix.shape[1], 0.01 if last else 2**0.5, draw)
        self.matrices[-1][:, -1] *= 100.0

    def layers(self, flat: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Views of a flat vector as matrices [in, out] and biases [out]."""
        matrices, biases, at = [], [], 0
        for a, b in pairwise(self.sizes):
            matrices.append(flat[at : at + a * b].reshape(a, b))
            biases.append(flat[at + a * b : at + a * b + b])
            at += a * b + b
        return matrices, biases

    def sync(self) -> None:
        """Nothing to do: what is worked out reads theta."""

    fetch = sync

    def passing(self, capacity: int) -> MlpPass:
        return MlpPass(self, capacity)

    def weights(self) -> dict[str, np.ndarray]:
        named: dict[str, np.ndarray] = {}
        for n, (matrix, bias) in enumerate(zip(self.matrices, self.biases, strict=True)):
            named |= {f"{n}.weight": matrix, f"{n}.bias": bias}
        return named


class MlpPass:
    """See `net.Pass`."""

    def __init__(self, net: Mlp, capacity: int) -> None:
        self.net = net
        self.gradient = np.zeros_like(net.theta)
        self._matrices, self._biases = net.layers(self.gradient)
        self._parts = [np.zeros_like(matrix) for matrix in net.matrices]
        self._acts = [np.zeros((capacity, size), np.float32) for size in net.sizes[1:]]
        self._slopes = [np.zeros((capacity, size), np.float32) for size in net.sizes[1:-1]]
        self._ones = np.ones(capacity, np.float32)
        self._x = np.zeros((0, net.sizes[0]), np.float32)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        n = len(x)
        self._x = z = x.reshape(n, -1)
        last = len(self._acts) - 1
        for i, (matrix, bias) in enumerate(zip(self.net.matrices, self.net.biases, strict=True)):
            out = self._acts[i][:n]
            np.dot(z, matrix, out=out)
            if i < last:
                relu(out, bias)
            else:
                add(out, bias)
            z = out
        return z

    def back(self, slope: np.ndarray) -> None:
        n = len(slope)
        for i in range(len(self._acts) - 1, -1, -1):
            below = self._acts[i - 1][:n] if i else self._x
            np.dot(below.T, slope, out=self._parts[i])
            self._matrices[i] += self._parts[i]
            # A product with ones is several times as fast as a sum over the first axis.
            self._biases[i] += np.dot(self._ones[:n], slope)
            if i:
                down = self._slopes[i - 1][:n]
                np.dot(slope, self.net.matrices[i].T, out=down)
                relu_back(down, below)
                slope = down
