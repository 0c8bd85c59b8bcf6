"""The formulas of training against slow references: advantages of every stream, PPO's gradient, the perceptron's, draws."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from arena.training import kernels
from arena.training.mlp import Mlp
from arena.training.net import Plan, make
from arena.training.reader import reader

torch.set_num_threads(1)


def slow_advantages(trace: dict[str, Any], gamma: float, lam: float) -> dict[tuple[int, int, int], float]:
    """{(t, b, seat): advantage} by following each seat's decisions forward, one at a time, from the definition."""
    reward, done = trace["reward"], trace["done"]
    ticks, rows, seats = reward.shape
    found = {}
    for b in range(rows):
        for p in range(seats):
            mine = [t for t in range(ticks) if (p in trace["who"][t][b])]
            for start in mine:
                total, weight, t, whole = 0.0, 1.0, start, False
                while True:
                    gained, now = 0.0, t
                    ended = False
                    while t < ticks:
                        gained += reward[t, b, p]
                        ended = bool(done[t, b])
                        t += 1
                        if ended or (t < ticks and p in trace["who"][t][b]):
                            break
                    follows = 0.0
                    if not ended:
                        if t < ticks:
                            follows = trace["value"][t, b, p]
                        elif p in trace["ahead"][b]:
                            follows = trace["last"][b, p]
                        else:
                            break  # neither the next decision nor the end was seen: this delta is unknown
                    total += weight * (gained + gamma * follows - trace["value"][now, b, p])
                    weight *= gamma * lam
                    whole = True
                    if ended or t >= ticks:
                        break
                if whole:
                    found[start, b, p] = total
    return found


def trace_of(seed: int, ticks: int, rows: int, seats: int, turns: bool) -> dict[str, Any]:
    """Random play of nobody's game: who acts, what is paid, when it ends."""
    draw = np.random.default_rng(seed)

    def acting() -> set[int]:
        return {int(draw.integers(seats))} if turns else {p for p in range(seats) if draw.random() < 0.6}

    return {
        "reward": draw.normal(size=(ticks, rows, seats)).astype(np.float32), "done": draw.random((ticks, rows)) < 0.2,
        "who": [[acting() for _ in range(rows)] for _ in range(ticks)], "ahead": [acting() for _ in range(rows)],
        "value": draw.normal(size=(ticks, rows, seats)).astype(np.float32), "last": draw.normal(size=(rows, seats)).astype(np.float32),
    }  # fmt: skip


def fast_advantages(trace: dict[str, Any], turns: bool, gamma: float, lam: float) -> dict[tuple[int, int, int], float]:
    ticks, rows, seats = trace["reward"].shape
    lanes = 1 if turns else seats
    seat, learn = np.zeros((ticks + 1, rows, lanes), np.int64), np.zeros((ticks + 1, rows, lanes), np.bool_)
    value = np.zeros((ticks + 1, rows, lanes), np.float32)
    for t in range(ticks + 1):
        for b in range(rows):
            who = trace["who"][t][b] if t < ticks else trace["ahead"][b]
            for i in range(lanes):
                seat[t, b, i] = (min(who) if who else 0) if turns else i
                learn[t, b, i] = seat[t, b, i] in who
                source = trace["value"][t, b] if t < ticks else trace["last"][b]
                value[t, b, i] = source[seat[t, b, i]]
    advantage, valid = np.zeros((ticks, rows, lanes), np.float32), np.zeros((ticks, rows, lanes), np.bool_)
    kernels.advantages(
        trace["reward"], trace["done"], seat[:-1], learn[:-1], value[:-1], seat[-1], learn[-1], value[-1], gamma, lam, advantage, valid,
        np.zeros((4, seats)),
    )  # fmt: skip
    return {(t, b, int(seat[t, b, i])): float(advantage[t, b, i]) for t, b, i in zip(*np.nonzero(valid), strict=True)}


@pytest.mark.parametrize("turns", [True, False])
@pytest.mark.parametrize("seats", [1, 2, 3])
def test_advantages_are_those_of_the_definition(seeds: Any, turns: bool, seats: int) -> None:
    for seed in seeds(4):
        trace = trace_of(seed, 13, 5, seats, turns)
        slow, fast = slow_advantages(trace, 0.97, 0.9), fast_advantages(trace, turns, 0.97, 0.9)
        assert fast.keys() == slow.keys()
        assert np.allclose([fast[key] for key in slow], list(slow.values()), atol=1e-4)


def case(seed: int, rows: int = 40) -> tuple[Any, ...]:
    """(outputs, mask, edges, actions, old log-probabilities, advantages, targets) of two factors."""
    draw = np.random.default_rng(seed)
    edges = np.array([0, 4, 7], np.int64)
    mask = draw.random((rows, 7)) < 0.6
    mask[:, 0] = mask[:, 5] = True
    action = np.array(
        [[draw.choice(np.flatnonzero(m[:4])), draw.choice(np.flatnonzero(m[4:]))] for m in mask], np.int32
    )
    out = draw.normal(size=(rows, 8)).astype(np.float32)
    logp = draw.normal(-2, 1, rows).astype(np.float32)
    return (
        out,
        mask,
        edges,
        action,
        logp,
        draw.normal(size=rows).astype(np.float32),
        draw.normal(size=rows).astype(np.float32),
    )


def torch_loss(out: torch.Tensor, given: tuple[Any, ...], clip: float, entropy: float, value: float) -> torch.Tensor:
    """PPO's loss as its papers write it, with torch's own distributions."""
    _, mask, edges, action, old, advantage, target = (torch.as_tensor(each) for each in given)
    logits = out[:, :-1].masked_fill(~mask, -1e9)
    parts = [torch.distributions.Categorical(logits=logits[:, a:b]) for a, b in itertools.pairwise(edges)]
    logp = sum(part.log_prob(action[:, k].long()) for k, part in enumerate(parts))
    h = sum(part.entropy() for part in parts)
    ratio = (logp - old).exp()
    gain = torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage)
    return (-gain - entropy * h + 0.5 * value * (out[:, -1] - target) ** 2).mean()


def test_the_gradient_of_ppo_is_that_of_its_loss(seeds: Any) -> None:
    for seed in seeds(5):
        given = case(seed)
        out, mask, edges, action, logp, advantage, target = given
        score, weight, slope, sums = (
            np.zeros_like(mask, np.float32),
            np.zeros_like(mask, np.float32),
            np.zeros_like(out),
            np.zeros(5),
        )
        kernels.shift(out, mask, edges, score)
        np.exp(score, out=weight)
        kernels.ppo_gradient(
            score, weight, edges, action, logp, advantage, target, 0.2, 0.03, 0.7, 1.0 / len(out), out, slope, sums
        )  # fmt: skip
        leaf = torch.tensor(out, requires_grad=True)
        torch_loss(leaf, given, 0.2, 0.03, 0.7).backward()  # type: ignore[no-untyped-call]
        assert leaf.grad is not None
        assert np.allclose(slope, leaf.grad.numpy(), atol=1e-5)


def test_draws_follow_the_masked_policy_and_never_leave_the_mask() -> None:
    rows = 20000
    out = np.tile(np.array([0.5, -1.0, 2.0, 0.0, 0.3], np.float32), (rows, 1))
    legal = np.tile(np.array([[True, True, False, True]]), (rows, 1)).reshape(rows, 1, 4)
    acting, edges = np.ones((rows, 1), np.bool_), np.array([0, 4], np.int64)
    seat, acts, mask = np.zeros((rows, 1), np.int64), np.zeros((rows, 1), np.bool_), np.zeros((rows, 1, 4), np.bool_)
    score, action = np.zeros((rows, 4), np.float32), np.zeros((rows, 1, 1), np.int32)
    logp, full = np.zeros((rows, 1), np.float32), np.zeros((rows, 1, 1), np.int32)
    kernels.lanes(acting, legal, 0, 1, False, out, edges, seat, acts, mask, score)
    kernels.draw(score, np.exp(score), edges, np.array([3], np.uint64), False, seat, acts, action, logp, full)
    expected = np.exp([0.5, -1.0, -np.inf, 0.0])
    expected /= expected.sum()
    shares = np.bincount(full.ravel(), minlength=4) / rows
    assert np.abs(shares - expected).max() < 0.015
    assert np.allclose(logp.ravel(), np.log(expected[full.ravel()]), atol=1e-5)


def test_a_lane_of_one_role_is_never_given_to_a_seat_of_another() -> None:
    """Two roles of one seat each take turns: whoever does not act has no decision in its stream."""
    acting, legal = np.array([[False, True], [True, False]]), np.ones((2, 2, 3), np.bool_)
    for first, acts_in in ((0, [False, True]), (1, [True, False])):
        seat, acts, mask = np.zeros((2, 1), np.int64), np.zeros((2, 1), np.bool_), np.zeros((2, 1, 2), np.bool_)
        out, score = np.zeros((2, 3), np.float32), np.zeros((2, 2), np.float32)
        kernels.lanes(acting, legal, first, 1, True, out, np.array([0, 2], np.int64), seat, acts, mask, score)
        assert acts[:, 0].tolist() == acts_in and seat[:, 0].tolist() == [first, first]


def plan_of(kind: str, norm: bool = False) -> Plan:
    shapes = {"mlp": (11,), "conv": (3, 5, 4), "attention": (6, 5)}
    return Plan(kind, "v", shapes[kind], 16, 2, 8, norm)


def stirred(plan: Plan, seed: int) -> tuple[Any, np.ndarray]:
    """A network with weights that are not small, and inputs, some of which have empty rows."""
    net = make(plan, seed)
    draw = np.random.default_rng(seed)
    net.theta += draw.normal(0, 0.1, net.theta.shape).astype(np.float32)
    x = draw.normal(size=(9, *plan.shape)).astype(np.float32)
    if plan.kind == "attention":
        x[:, 4:] = 0
    return net, x


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("kind", ["mlp", "conv", "attention"])
def test_a_network_is_read_without_torch_as_it_was_trained(kind: str, norm: bool) -> None:
    plan = plan_of(kind, norm)
    net, x = stirred(plan, 5)
    assert np.allclose(net.passing(16)(x), reader(plan, net.weights())(x, None)[0], atol=1e-4)


@pytest.mark.parametrize("kind", ["mlp", "conv", "attention"])
def test_with_layernorm_the_size_of_the_inputs_does_not_matter(kind: str) -> None:
    """Fresh biases are zero, so that all of it is taken away before the first activation, and what later layers add is, before theirs."""
    for norm in (True, False):
        net = make(plan_of(kind, norm), 3)
        x = stirred(plan_of(kind, norm), 3)[1]
        way = net.passing(16)
        small, large = way(x).copy(), way(100 * x).copy()
        assert np.allclose(small, large, rtol=1e-2, atol=1e-5) == norm
        assert np.abs(small).max() > 1e-4
    fresh = make(plan_of(kind, norm=True), 3).weights()
    assert {array.min() for name, array in fresh.items() if name.endswith("norm.weight")} == {1.0}


def test_the_perceptron_goes_back_as_torch_does() -> None:
    net, x = stirred(plan_of("mlp"), 7)
    assert isinstance(net, Mlp)
    slope = np.random.default_rng(1).normal(size=(9, 8)).astype(np.float32)
    way = net.passing(16)
    way(x)
    way.back(slope)
    z, parts = torch.from_numpy(x), [torch.tensor(each, requires_grad=True) for each in net.weights().values()]
    for n in range(3):
        z = z @ parts[2 * n] + parts[2 * n + 1]
        z = z.relu() if n < 2 else z
    z.backward(torch.from_numpy(slope))  # type: ignore[no-untyped-call]
    expected = np.concatenate([part.grad.numpy().ravel() for part in parts if part.grad is not None])
    assert np.allclose(way.gradient, expected, atol=1e-4)


@pytest.mark.parametrize("kind", ["conv", "attention"])
def test_a_network_of_torch_adds_up_its_gradients(kind: str) -> None:
    net, x = stirred(plan_of(kind), 3)
    way, slope = net.passing(16), np.ones((9, 8), np.float32)
    way(x)
    way.back(slope)
    once = way.gradient.copy()
    way(x)
    way.back(slope)
    assert np.allclose(way.gradient, 2 * once, rtol=1e-4)
    assert np.abs(once).max() > 0
