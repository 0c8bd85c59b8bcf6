"""Learning on a device: the losses of torch against the kernels, the steps against those on a processor, and what goes over to the host.

There is no GPU here. "cpu:0" stands for one, with every array copied on its way, so that weights that are not brought over are missed;
and "meta", a device of torch without numbers, on which whatever the host would look at raises.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import envs
from arena.training import action_values, algorithm, checkpoint, device, dqn, kernels, losses, net, ppo, pqn
from arena.training.memory import Sequences
from arena.training.net import Plan
from arena.training.optimiser import Optimiser
from arena.training.torch_net import TorchNet
from envs.errors import FAILURE, UserError

torch.set_num_threads(1)
GAME = str(Path(__file__).parent / "recalled.py")
NIM = "docs/examples/nim_plain.py"
SMALL: dict[str, dict[str, Any]] = {
    "ppo": {"rows": 16, "ticks": 8, "batch": 32, "steps": 300, "snapshot": 1, "past": 0.25},
    "pqn": {"rows": 16, "ticks": 8, "batch": 32, "steps": 300},
    "dqn": {"rows": 16, "ticks": 8, "memory": 9, "batch": 32, "warm": 64, "target": 3, "steps": 300, "beta": 1.0},
}
EVERY: dict[str, Any] = {"hidden": 8, "threads": 1, "log_every": 0.0, "save_every": 0.0}
FETCHES = ("cpu", "numpy", "item", "tolist", "__bool__", "__float__", "__int__", "__index__")


def no_sync(_handle: int) -> None:
    return


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that is a copy of the processor."""
    monkeypatch.setattr(device, "chosen", lambda wanted, ray=False: "cpu:0")
    monkeypatch.setattr(TorchNet, "sent", lambda self, array: torch.from_numpy(array).clone())


@contextmanager
def fetched(work: Any) -> Iterator[Counter[str]]:
    """Counts what the host looks at, but the steps that optimisers count on the processor."""
    told: Counter[str] = Counter()
    own = {id(state["step"]) for each in work.optimisers.values() for state in each._optimiser.state.values()}

    def counting(name: str, plain: Any) -> Any:
        def called(self: torch.Tensor, *given: Any, **more: Any) -> Any:
            told[name] += id(self) not in own
            return plain(self, *given, **more)

        return called

    with pytest.MonkeyPatch.context() as patch:
        for name in FETCHES:
            patch.setattr(torch.Tensor, name, counting(name, getattr(torch.Tensor, name)))
        yield told


def weights_of(work: Any) -> np.ndarray:
    return np.concatenate([array.ravel() for _, array in sorted(work.weights().items())])


# ------------------------------------------------------------------ one formula
def test_the_losses_are_those_whose_gradients_are_written_by_hand() -> None:
    draw, edges = np.random.default_rng(2), np.array([0, 4, 7], np.int64)
    out, mask = draw.normal(size=(30, 8)).astype(np.float32), draw.random((30, 7)) < 0.6
    mask[:, 0] = mask[:, 5] = True
    action = np.array(
        [[draw.choice(np.flatnonzero(m[:4])), draw.choice(np.flatnonzero(m[4:]))] for m in mask], np.int32
    )
    logp, gain, target, weight = (draw.normal(0, 1, 30).astype(np.float32) for _ in range(4))
    weight = np.abs(weight)
    score, heavy, slope, sums = (
        np.zeros((30, 7), np.float32),
        np.zeros((30, 7), np.float32),
        np.zeros_like(out),
        np.zeros(5),
    )
    kernels.shift(out, mask, edges, score)
    np.exp(score, out=heavy)
    kernels.ppo_gradient(
        score, heavy, edges, action, logp - 2, gain, target, 0.2, 0.03, 0.7, 1.0, out, slope, sums
    )  # fmt: skip
    rows = {"mask": mask, "action": action, "logp": logp - 2, "gain": gain, "target": target, "weight": weight}
    given = {name: torch.tensor(array) for name, array in rows.items()}
    leaf = torch.tensor(out, requires_grad=True)
    loss, told = losses.ppo(leaf, given, edges.tolist(), 0.2, 0.03, 0.7)
    assert np.allclose(torch.autograd.grad(loss, leaf)[0], slope, atol=1e-4) and np.allclose(told, sums, rtol=1e-4)

    slope, sums = np.zeros_like(out), np.zeros(2)
    action_values.q_gradient(out, action[:, :1], target, 1.0, slope, sums)
    loss, told = losses.mean_square(leaf, given)
    assert np.allclose(torch.autograd.grad(loss, leaf)[0], slope, atol=1e-5) and np.allclose(told, sums, rtol=1e-4)

    slope, sums, errors = np.zeros_like(out), np.zeros(2), np.zeros(30, np.float32)
    action_values.dueling_gradient(out, action[:, :1], target, weight, 1.0, slope, errors, sums)
    loss, told, wrong = losses.dueling(leaf, given)
    assert np.allclose(torch.autograd.grad(loss, leaf)[0], slope, atol=1e-5) and np.allclose(told, sums, rtol=1e-4)
    assert np.allclose(wrong, errors, atol=1e-5)

    best, judge = np.zeros(30, np.float32), out[::-1].copy()
    action_values.double_best(out, judge, mask, best)
    assert np.allclose(losses.double_best(torch.tensor(out), torch.tensor(judge), given["mask"]), best, atol=1e-5)


@pytest.mark.parametrize(("module", "kind"), [(ppo, "mlp"), (ppo, "gru"), (pqn, "mlp"), (pqn, "gru"), (dqn, "mlp")])
def test_a_device_comes_to_the_weights_of_a_processor(module: Any, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = module.__name__.rpartition(".")[2]
    config = module.Config(**SMALL[name] | EVERY | {"net": kind, "past": 0.0})
    make = getattr(module, name.capitalize())
    here = make(config, envs.game(GAME))
    monkeypatch.setattr(device, "chosen", lambda wanted, ray=False: "cpu:0")
    monkeypatch.setattr(TorchNet, "sent", lambda self, array: torch.from_numpy(array).clone())
    there = make(config, envs.game(GAME))
    begun = weights_of(here).copy()
    assert np.array_equal(begun, weights_of(there))
    told = [[work.round(0.1) for _ in range(2)][-1] for work in (here, there)]
    learned = np.abs(weights_of(here) - begun).max()
    assert learned > 1e-4
    assert np.abs(weights_of(here) - weights_of(there)).max() < 0.02 * learned
    assert told[0].keys() == told[1].keys()
    for key in ("policy_loss", "entropy", "kl", "loss", "q", "gradient"):
        assert told[0].get(key, 0.0) == pytest.approx(told[1].get(key, 0.0), abs=2e-3, rel=2e-2), key
    here.close()
    there.close()


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize(("algo", "kind"), [("ppo", "gru"), ("pqn", "gru"), ("dqn", "mlp")])
def test_a_run_on_a_device_goes_on_to_the_bit(algo: str, kind: str, tmp_path: Path) -> None:
    module, found = algorithm(algo), []
    for name, steps in (("straight", (300,)), ("broken", (150, 300))):
        for n, each in enumerate(steps):
            config = module.Config(
                **SMALL[algo]
                | EVERY
                | {"net": kind, "steps": each}
                | ({} if algo == "dqn" else {"anneal": False})
                | ({"exploring": 0.0} if algo == "pqn" else {})
            )
            module.train(config, GAME, tmp_path / name, resume=n > 0, fsync=no_sync)
        newest = checkpoint.newest(tmp_path / name / "checkpoints")
        assert newest is not None
        found.append(newest.weights)
    assert all(np.array_equal(found[0][name], found[1][name]) for name in found[0])


# ------------------------------------------------------------------ what goes over
@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize(("module", "kind"), [(ppo, "mlp"), (ppo, "gru"), (pqn, "mlp"), (pqn, "gru")])
def test_an_update_sends_its_rollout_and_fetches_sums_and_weights_however_many_steps_it_has(
    module: Any, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts, sent = [], TorchNet.sent
    for epochs in (1, 4):
        name = module.__name__.rpartition(".")[2]
        config = module.Config(**SMALL[name] | EVERY | {"net": kind, "epochs": epochs, "past": 0.0})
        work = getattr(module, name.capitalize())(config, envs.game(GAME))
        work.round(0.0)
        with fetched(work) as told, monkeypatch.context() as patch:
            patch.setattr(TorchNet, "sent", lambda self, array: (told.update({"sent": 1}), sent(self, array))[1])
            work._learn(0.0)
        counts.append(+told)
        work.close()
    fields = {"ppo": 6, "pqn": 3}[name]
    assert counts[0] == {"cpu": 3, "numpy": 2, "__float__": 1, "sent": fields + 1 + (kind == "gru")}, (
        "sums, lengths, weights"
    )
    assert counts[0] == counts[1]


@pytest.mark.usefixtures("elsewhere")
def test_prioritised_steps_fetch_their_errors_once() -> None:
    work = dqn.Dqn(dqn.Config(**SMALL["dqn"] | EVERY | {"target": 10**6}), envs.game(GAME))
    for _ in range(2):
        work.round(0.0)
    before = work.updates
    with fetched(work) as told:
        work._learn(200, 0.5)
    steps = work.updates - before
    assert steps > 10 and told["cpu"] == told["numpy"] == steps + 1, "the errors of each step, the weights at the end"
    work.close()


@pytest.mark.parametrize("shape", [(4,), (2, 3, 3), (3, 4)])
@pytest.mark.parametrize("kind", ["gru", "auto"])
def test_nothing_of_a_step_is_looked_at(kind: str, shape: tuple[int, ...]) -> None:
    """On a device without numbers a step of PPO goes through, and asking for one number raises."""
    plan = Plan(net.reading(shape) if kind == "auto" else kind, "v", shape, 8, 1, 3)
    each: Any = net.make(plan, 0, "meta")
    learner = device.Learner(each, Optimiser(each.flat, "radam"))
    known = {name: np.zeros(20, np.float32) for name in ("logp", "gain", "target")}
    learner.take(
        known | {"x": np.zeros((20, *shape)), "mask": np.ones((20, 2), np.bool_), "action": np.zeros((20, 1), np.int32)}
    )
    places = np.arange(6)
    part = Sequences(places, np.array([2, 4]), np.zeros((2, 8), np.float32)) if kind == "gru" else places
    ((there, given),) = learner.steps([part])
    sums, length = learner.step(
        there, given, lambda out, rows: losses.ppo(out, rows, [0, 2], 0.2, 0.01, 0.5), 1e-3, 0.5
    )
    assert sums.is_meta and length.is_meta
    with pytest.raises(RuntimeError, match="meta"):
        float(length)


# ------------------------------------------------------------------ choosing
def test_a_gpu_that_is_not_there_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match=r"torch .* sees no GPU here; give device=cpu, or auto") as raised:
        ppo.Ppo(ppo.Config(device="cuda"), envs.game(NIM))
    assert raised.value.code == FAILURE and "\n" not in str(raised.value)
    assert device.chosen("auto") == device.chosen("cpu") == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device.chosen("auto") == "cuda" and device.chosen("cpu") == device.chosen("auto", ray=True) == "cpu"
    with pytest.raises(UserError, match="a Ray cluster plays many"):
        device.chosen("cuda", ray=True)


@pytest.mark.parametrize(
    ("algo", "more", "sums"),
    [
        (
            "ppo", {"batch": 64, "steps": 600, "snapshot": 2, "plies": 2, "threads": 2},
            [0.05868, 9.35971, 0.05607, 25.98182, 0.03648, 1.5102],
        ),
        ("pqn", {"batch": 64, "steps": 400}, [0.00081, 0.00083, 8.00011, 10.35604, 0.00063, 0.00066, 7.99967, 27.08224, 0.00229, 0.24841]),
        ("dqn", {"ticks": 12, "target": 5, "steps": 400, "beta": 0.4}, [0.13144, 9.34039, 0.1273, 26.06308, 0.35512, 3.10905]),
    ],
)  # fmt: skip
def test_a_processor_comes_to_the_weights_that_it_came_to_before(
    algo: str, more: dict[str, Any], sums: list[float], tmp_path: Path
) -> None:
    """Sums of the weights' sizes, name by name, as they were before there were devices; to 1e-4, for processors that round otherwise."""
    module = algorithm(algo)
    module.train(module.Config(**SMALL[algo] | EVERY | {"device": "cpu"} | more), NIM, tmp_path / "r", fsync=no_sync)
    found = checkpoint.newest(tmp_path / "r" / "checkpoints")
    assert found is not None
    assert [float(np.abs(found.weights[name]).sum()) for name in sorted(found.weights)] == pytest.approx(sums, abs=1e-4)
