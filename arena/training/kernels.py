"""The inner loops of training, compiled like the rules: who decides, drawing from masked logits, advantages, PPO's gradient.

They are the same for all games. A network's outputs for one decision are the logits of all factors, one after another, and the value as
the last column; `edges` int64[K + 1] says where each factor begins. A lane is a place in a role's observation array: one per seat, or one
alone for the seat that acts.
"""

from __future__ import annotations

from math import exp, log
from typing import Any

import numpy as np

from envs.drivers import Driver
from envs.keys import fold, uniform
from envs.records import Rule

__all__ = ["add", "advantages", "draw", "gather", "lanes", "ppo_gradient", "relu", "relu_back", "shift"]

ZERO = np.float32(0)
"""Of the arrays' own type, so that the loops become vector instructions."""


@Driver
def lanes(
    acting: Any, legal: Any, first: int, count: int, single: bool, out: Any, edges: Any, seat: Any, acts: Any, mask: Any, score: Any,
) -> None:  # fmt: skip
    """Who decides in each lane, what is allowed, and the logits shifted so that the greatest allowed one is 0 and others are -1e30.

    acting bool[B, P], legal bool[B, P, width], out float32[B * L, A + 1]. Fills seat int64[B, L], acts bool[B, L], mask bool[B, L, A] (all
    True where nobody acts), score float32[B * L, A]. single: the lane is the first acting seat of the role, whose `count` seats begin at
    `first`; else lane i is seat first + i.
    """
    for b in range(mask.shape[0]):
        for i in range(mask.shape[1]):
            p = first + i
            if single:
                while p < first + count - 1 and not acting[b, p]:
                    p += 1
            does = acting[b, p]
            seat[b, i] = p
            acts[b, i] = does
            for a in range(mask.shape[2]):
                mask[b, i, a] = legal[b, p, a] or not does
            shifted(out, mask[b, i], b * mask.shape[1] + i, edges, score)


def _shifted(out: Any, allowed: Any, n: int, edges: Any, score: Any) -> None:
    for k in range(len(edges) - 1):
        top = out[n, edges[k]]
        known = False
        for a in range(edges[k], edges[k + 1]):
            if allowed[a] and (not known or out[n, a] > top):
                top = out[n, a]
                known = True
        for a in range(edges[k], edges[k + 1]):
            score[n, a] = out[n, a] - top if allowed[a] else -1e30


shifted = Rule(_shifted, inline=True)


@Driver
def shift(out: Any, mask: Any, edges: Any, score: Any) -> None:
    """The logits out[N, A + 1] shifted so that each factor's greatest allowed one is 0; -1e30 where mask bool[N, A] is False."""
    for n in range(out.shape[0]):
        shifted(out, mask[n], n, edges, score)


@Driver
def draw(
    score: Any, weight: Any, edges: Any, key: Any, greedy: bool, seat: Any, acts: Any, action: Any, logp: Any, full: Any
) -> None:
    """One action a lane from shifted logits score[B * L, A] and their exponentials `weight`; key uint64[1]; greedy: the likeliest one.

    Fills action int32[B, L, K], logp float32[B, L], and full int32[B, P, K] where a seat acts.
    """
    for b in range(seat.shape[0]):
        for i in range(seat.shape[1]):
            n = b * seat.shape[1] + i
            total = 0.0
            for k in range(len(edges) - 1):
                norm = 0.0
                for a in range(edges[k], edges[k + 1]):
                    norm += weight[n, a]
                left = 0.0 if greedy else uniform(fold(fold(key[0], n), k)) * norm
                chosen = edges[k]
                for a in range(edges[k], edges[k + 1]):
                    if greedy and weight[n, a] > left:
                        left = weight[n, a]
                        chosen = a
                    if not greedy and weight[n, a] > 0.0 and left >= 0.0:
                        left -= weight[n, a]
                        chosen = a
                total += score[n, chosen] - log(norm)
                action[b, i, k] = chosen - edges[k]
                if acts[b, i]:
                    full[b, seat[b, i], k] = chosen - edges[k]
            logp[b, i] = total


@Driver
def advantages(
    reward: Any, done: Any, seat: Any, learn: Any, value: Any, last_seat: Any, last_learn: Any, last_value: Any,
    gamma: float, lam: float, advantage: Any, valid: Any, carry: Any,
) -> None:  # fmt: skip
    """Generalised advantages (Schulman et al. 2016) of every seat's own stream of decisions, for one role.

    reward float32[T, B, P] and done bool[T, B] of each tick; seat int64, learn bool, value float32 [T, B, L] of its decisions; last_*
    [B, L] the same of the tick after the last, whose values stand for what follows. A seat's reward for a decision is all that it gets
    until its next one, discounted once a decision; an ended episode has no next one. So one rule serves seats that take turns, act at
    once, or have roles. Fills advantage float32[T, B, L], and valid: False for a seat's last decision when neither its next one nor the
    end was seen; its value still stands for what follows. carry float64[4, P] is memory.
    """
    ticks, rows, seats, lanes = reward.shape[0], reward.shape[1], reward.shape[2], seat.shape[2]
    for b in range(rows):
        for p in range(seats):
            carry[0, p] = 0.0  # the rewards since the decision that is being looked for
            carry[1, p] = 0.0  # the value of the next decision
            carry[2, p] = 0.0  # its advantage
            carry[3, p] = 0.0  # whether what follows is known
        for i in range(lanes):
            if last_learn[b, i]:
                carry[1, last_seat[b, i]] = last_value[b, i]
                carry[3, last_seat[b, i]] = 1.0
        for back in range(ticks):
            t = ticks - 1 - back
            for p in range(seats):
                if done[t, b]:
                    carry[0, p] = 0.0
                    carry[1, p] = 0.0
                    carry[2, p] = 0.0
                    carry[3, p] = 1.0
                carry[0, p] += reward[t, b, p]
            for i in range(lanes):
                valid[t, b, i] = False
                if learn[t, b, i]:
                    p = seat[t, b, i]
                    if carry[3, p] > 0.0:
                        valid[t, b, i] = True
                        found = carry[0, p] + gamma * carry[1, p] - value[t, b, i] + gamma * lam * carry[2, p]
                        advantage[t, b, i] = found
                        carry[2, p] = found
                    else:
                        carry[2, p] = 0.0
                        advantage[t, b, i] = 0.0
                    carry[3, p] = 1.0
                    carry[1, p] = value[t, b, i]
                    carry[0, p] = 0.0


@Driver
def ppo_gradient(
    score: Any, weight: Any, edges: Any, action: Any, logp: Any, advantage: Any, target: Any, clip: float, entropy: float, value: float,
    share: float, out: Any, gradient: Any, sums: Any,
) -> None:  # fmt: skip
    """The gradient of PPO's clipped loss (Schulman et al. 2017) at a network's outputs out float32[N, A + 1], times `share`.

    loss = -min(r A, clip(r, 1 - clip, 1 + clip) A) - entropy * H + value / 2 (v - target)^2, with r the ratio of the probabilities of the
    action now and then (logp). score[N, A] and weight are the shifted logits and their exponentials. Adds to sums float64[5]: losses of
    policy and value, entropy, r - 1 - log r (an estimate of the KL divergence, Schulman 2020), and how many ratios were clipped.
    """
    width = score.shape[1]
    for n in range(score.shape[0]):
        now = 0.0
        for k in range(len(edges) - 1):
            norm = ZERO
            h = ZERO
            for a in range(edges[k], edges[k + 1]):
                norm += weight[n, a]
                # A product of 0 and a score of -1e30 is 0: what is not allowed adds nothing.
                h -= weight[n, a] * score[n, a]
            z = log(norm)
            each = 1.0 / norm
            h = h * each + z
            now += score[n, edges[k] + action[n, k]] - z
            sums[2] += h
            for a in range(edges[k], edges[k + 1]):
                p = weight[n, a] * each
                gradient[n, a] = share * entropy * (p * score[n, a] - p * (z - h))
        change = now - logp[n]
        ratio = exp(change)
        gain = advantage[n]
        slope = -ratio * gain
        loss = slope
        if gain > 0.0 and ratio > 1.0 + clip:
            loss = -(1.0 + clip) * gain
            slope = 0.0
        if gain < 0.0 and ratio < 1.0 - clip:
            loss = -(1.0 - clip) * gain
            slope = 0.0
        for k in range(len(edges) - 1):
            norm = ZERO
            for a in range(edges[k], edges[k + 1]):
                norm += weight[n, a]
            pull = share * slope / norm
            for a in range(edges[k], edges[k + 1]):
                gradient[n, a] -= pull * weight[n, a]
            gradient[n, edges[k] + action[n, k]] += share * slope
        miss = out[n, width] - target[n]
        gradient[n, width] = share * value * miss
        sums[0] += loss
        sums[1] += 0.5 * miss * miss
        sums[3] += ratio - 1.0 - change
        sums[4] += 1.0 if abs(ratio - 1.0) > clip else 0.0


@Driver
def gather(
    mask: Any, action: Any, logp: Any, target: Any, advantage: Any, chosen: Any, masks: Any, actions: Any, few: Any
) -> None:
    """Chosen decisions, int64[n], one after another: mask, action, and logp, target, advantage as the rows of few float32[3, n].

    One loop for all, because a call of numpy for each takes longer than the copying.
    """
    for i in range(len(chosen)):
        n = chosen[i]
        for a in range(mask.shape[1]):
            masks[i, a] = mask[n, a]
        for k in range(action.shape[1]):
            actions[i, k] = action[n, k]
        few[0, i] = logp[n]
        few[1, i] = target[n]
        few[2, i] = advantage[n]


@Driver
def add(z: Any, bias: Any) -> None:
    """z float32[N, H] becomes z + bias: where numpy is slow, with a few columns."""
    for n in range(z.shape[0]):
        for j in range(z.shape[1]):
            z[n, j] += bias[j]


@Driver
def relu(z: Any, bias: Any) -> None:
    """z float32[N, H] becomes max(z + bias, 0)."""
    for n in range(z.shape[0]):
        for j in range(z.shape[1]):
            v = z[n, j] + bias[j]
            z[n, j] = v if v > ZERO else ZERO


@Driver
def relu_back(gradient: Any, z: Any) -> None:
    """gradient float32[N, H] becomes 0 where the activation z is."""
    for n in range(z.shape[0]):
        for j in range(z.shape[1]):
            gradient[n, j] = gradient[n, j] if z[n, j] > ZERO else ZERO
