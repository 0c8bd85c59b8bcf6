"""The inner loops of learning action values: exploring among them, and the gradients of their losses at a network's outputs.

Shapes as in `kernels`; only actions of one listed factor. Dueling outputs are advantages of A actions, of which the mean is taken off, and
the value as the last column (Wang et al. 2016).
"""

from __future__ import annotations

from typing import Any

from envs.drivers import Driver

__all__ = ["double_best", "dueling_gradient", "explore", "q_gradient"]


@Driver
def explore(out: Any, score: Any, edges: Any, epsilon: Any, per: int, weight: Any, value: Any) -> None:
    """The chances of an epsilon-greedy choice among action values, and the greatest value of each row.

    out float32[N, A], score as `lanes` left it, epsilon float32[N / per]: row n explores by epsilon[n // per]. Fills weight float32[N, A]
    and value float32[N].
    """
    for n in range(score.shape[0]):
        best = -1
        allowed = 0
        for a in range(edges[0], edges[1]):
            if score[n, a] > -1e29:
                allowed += 1
                if best < 0 and score[n, a] >= 0:
                    best = a
        for a in range(edges[0], edges[1]):
            weight[n, a] = epsilon[n // per] / allowed if score[n, a] > -1e29 else 0.0
        weight[n, best] += 1.0 - epsilon[n // per]
        value[n] = out[n, best]


@Driver
def q_gradient(out: Any, action: Any, target: Any, share: float, gradient: Any, sums: Any) -> None:
    """The gradient of half the squared error of the value of what was played, float32[N, A] (zero before), times `share`.

    Adds to sums float64[2]: losses, and the values of what was played.
    """
    for n in range(out.shape[0]):
        a = action[n, 0]
        miss = out[n, a] - target[n]
        gradient[n, a] = share * miss
        sums[0] += 0.5 * miss * miss
        sums[1] += out[n, a]


@Driver
def double_best(online: Any, judge: Any, mask: Any, best: Any) -> None:
    """best float32[N]: what the judging network says of the action that the other one prefers (double Q-learning).

    Both float32[N, A + 1] are dueling: advantages of A actions and a value; mask bool[N, A].
    """
    width = mask.shape[1]
    for n in range(online.shape[0]):
        chosen = -1
        mean = 0.0
        for a in range(width):
            mean += judge[n, a] / width
            if mask[n, a] and (chosen < 0 or online[n, a] > online[n, chosen]):
                chosen = a
        best[n] = judge[n, width] + judge[n, max(chosen, 0)] - mean


@Driver
def dueling_gradient(
    out: Any, action: Any, target: Any, weight: Any, share: float, gradient: Any, errors: Any, sums: Any
) -> None:
    """The gradient of the weighted Huber loss of v + a - mean(a) at dueling outputs float32[N, A + 1], times `share`.

    Fills errors float32[N] (value minus target); adds to sums float64[2]: losses, and the values of what was played.
    """
    width = out.shape[1] - 1
    for n in range(out.shape[0]):
        mean = 0.0
        for a in range(width):
            mean += out[n, a] / width
        value = out[n, width] + out[n, action[n, 0]] - mean
        miss = value - target[n]
        errors[n] = miss
        slope = share * weight[n] * max(-1.0, min(1.0, miss))
        for a in range(width):
            gradient[n, a] = -slope / width
        gradient[n, action[n, 0]] += slope
        gradient[n, width] = slope
        sums[0] += weight[n] * (0.5 * miss * miss if abs(miss) < 1.0 else abs(miss) - 0.5)
        sums[1] += value
