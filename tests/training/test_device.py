"""Learning on a device: the losses of torch against the kernels, the steps against those on a processor, and what goes over to the host.

There is no GPU here. `far` stands for one: whole rounds run on it, what a GPU refuses it refuses, and what crosses over is counted. That
it finds the faults that there may be is a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import envs
from arena.training import (
    action_values,
    algorithm,
    away,
    bc,
    best_response,
    checkpoint,
    device,
    kernels,
    league_training,
    losses,
    mmd,
    mmd_network,
    net,
    ppo,
)  # fmt: skip
from arena.training.net import Plan
from arena.training.optimiser import Optimiser
from arena.training.run import Run
from arena.training.torch_net import TorchNet
from envs.errors import FAILURE, UserError
from tests.training.cluster import OneProcess
from tests.training.far import FAR, CrossingError, Watch, far
from tests.training.remembering import recalled_rows

torch.set_num_threads(1)
GAME = str(Path(__file__).parent / "recalled.py")
NIM = "docs/examples/nim_plain.py"
SMALL: dict[str, dict[str, Any]] = {
    "ppo": {"rows": 16, "ticks": 8, "batch": 32, "steps": 300, "snapshot": 1, "past": 0.25},
    "pqn": {"rows": 16, "ticks": 8, "batch": 32, "steps": 300},
    "dqn": {"rows": 16, "ticks": 8, "memory": 9, "batch": 32, "warm": 64, "target": 3, "steps": 300, "beta": 1.0},
}
EVERY: dict[str, Any] = {"hidden": 8, "threads": 1, "log_every": 0.0, "save_every": 0.0}
SEEN = [("mlp", "flat"), ("conv", "planes"), ("attention", "rows"), ("gru", "planes"), ("gru", "rows"), ("gru", "flat")]
"""Networks, and a view of the game for each."""
ALGORITHMS = [(name, kind, view) for name in SMALL for kind, view in SEEN]
COUNTED = [each for each in ALGORITHMS if each[2] == "flat"]


def no_sync(_handle: int) -> None:
    return


def made(name: str, **more: Any) -> Any:
    """An algorithm at work, with few steps in a round."""
    module, few = algorithm(name), {"dqn": {"reuse": 1.0}}.get(name, {"batch": 64})
    return getattr(module, name.capitalize())(module.Config(**SMALL[name] | EVERY | few | more), envs.game(GAME))


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


@pytest.mark.parametrize(("name", "kind", "view"), ALGORITHMS)
def test_a_device_comes_to_the_weights_of_a_processor(name: str, kind: str, view: str) -> None:
    """And no gradient step looks at anything, but those of dqn for their errors."""
    more: dict[str, Any] = {"net": kind, "view": view, "past": 0.0, "batch": 32} | (
        {"burn": 1} if name == "dqn" else {}
    )
    here = made(name, **more, device="cpu")
    begun = weights_of(here).copy()
    told = [[here.round(0.1) for _ in range(2)][-1]]
    with far() as watch:
        there = made(name, **more)
        assert np.array_equal(begun, weights_of(there)) and all(each.device == FAR for each in there.nets.values())
        with alone(watch):
            told.append([there.round(0.1) for _ in range(2)][-1])
        learned = np.abs(weights_of(here) - begun).max()
        assert learned > 1e-4
        assert np.abs(weights_of(here) - weights_of(there)).max() < 0.02 * learned
    assert told[0].keys() == told[1].keys()
    for key in ("policy_loss", "entropy", "kl", "loss", "q", "gradient"):
        assert told[0].get(key, 0.0) == pytest.approx(told[1].get(key, 0.0), abs=2e-3, rel=2e-2), key
    here.close()
    there.close()


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name in SMALL for kind in ("mlp", "gru")])
def test_a_device_learns_from_all_shards_that_a_cluster_has_played(
    name: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workers play on processors."""
    monkeypatch.setattr(away, "joined", lambda address: OneProcess(lambda sent: False))
    more: dict[str, Any] = {"net": kind, "past": 0.25, "batch": 32, "ray": "auto", "threads": 3}
    here = made(name, **more, device="cpu")
    here.fleet._game = GAME
    begun = weights_of(here).copy()
    told = [[here.round(0.1) for _ in range(2)][-1]]
    with far() as watch:
        there = made(name, **more)
        there.fleet._game = GAME
        with alone(watch):
            told.append([there.round(0.1) for _ in range(2)][-1])
        learned = np.abs(weights_of(here) - begun).max()
        assert learned > 1e-4
        assert np.abs(weights_of(here) - weights_of(there)).max() < 0.02 * learned
    assert len(here.shards) == len(there.shards) == 3 and here.step == there.step > 100
    for key in ("policy_loss", "entropy", "loss", "q"):
        assert told[0].get(key, 0.0) == pytest.approx(told[1].get(key, 0.0), abs=2e-3, rel=2e-2), key


@pytest.mark.parametrize(("kind", "view"), SEEN)
def test_cloning_on_a_device_comes_to_the_weights_of_a_processor(kind: str, view: str) -> None:
    """The samples are sent once; a pass sends places (and memories), and fetches sums, lengths, weights, and what was foretold."""
    rows = recalled_rows(40, lost=3)
    config = bc.Config(net=kind, view=view, hidden=8, layers=1, batch=16, threads=1, winners=True)
    here = bc.Bc(config.replace(device="cpu"), envs.game(GAME), rows)
    begun = weights_of(here).copy()
    told = [[here.round(0.1) for _ in range(3)][-1]]
    with far() as watch:
        there = bc.Bc(config, envs.game(GAME), rows)
        assert np.array_equal(begun, weights_of(there)) and there.nets["player"].device == FAR
        with alone(watch):
            [there.round(0.1) for _ in range(2)]
            with watch.counting() as crossed:
                told.append(there.round(0.1))
        assert crossed == {"sent": 2 * (1 + (kind == "gru")), "fetched": 3 + 1}
        learned = np.abs(weights_of(here) - begun).max()
        assert learned > 1e-4
        assert np.abs(weights_of(here) - weights_of(there)).max() < 0.02 * learned
    for key, value in told[0].items():
        assert value == pytest.approx(told[1][key], abs=2e-3), key


def test_a_clone_goes_on_to_the_bit_on_a_device(tmp_path: Path) -> None:
    rows, found = recalled_rows(30), []
    config = bc.Config(net="gru", hidden=8, layers=1, batch=16, steps=1500, log_every=0.0)
    with far():
        for name, pauses in (("straight", (99,)), ("broken", (2, 99))):
            for n, pause in enumerate(pauses):
                asked = count()
                stop = lambda asked=asked, pause=pause: next(asked) >= pause  # noqa: E731
                bc.train(config, GAME, tmp_path / name, rows, resume=n > 0, fsync=no_sync, stop=stop)
            newest = checkpoint.newest(tmp_path / name / "checkpoints")
            assert newest is not None
            found.append(newest)
    assert found[0].step == found[1].step >= 1500
    assert all(np.array_equal(found[0].weights[name], found[1].weights[name]) for name in found[0].weights)


@contextmanager
def alone(watch: Watch) -> Iterator[None]:
    """Nothing may cross over in any gradient step of a `Learner`."""
    step = device.Learner.step

    def closed(*given: Any) -> Any:
        with watch.without_the_host():
            return step(*given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(device.Learner, "step", closed)
        yield


@pytest.mark.parametrize(("algo", "kind"), [("ppo", "gru"), ("pqn", "gru"), ("dqn", "mlp"), ("dqn", "gru")])
def test_a_run_on_a_device_goes_on_to_the_bit(algo: str, kind: str, tmp_path: Path) -> None:
    module, found = algorithm(algo), []
    level = ({"anneal": False} if algo != "dqn" else {}) | ({"exploring": 0.0} if algo == "pqn" else {})
    with far():
        for name, steps in (("straight", (300,)), ("broken", (150, 300))):
            for n, each in enumerate(steps):
                config = module.Config(**SMALL[algo] | EVERY | level | {"net": kind, "steps": each})
                module.train(config, GAME, tmp_path / name, resume=n > 0, fsync=no_sync)
            newest = checkpoint.newest(tmp_path / name / "checkpoints")
            assert newest is not None
            found.append(newest.weights)
    assert all(np.array_equal(found[0][name], found[1][name]) for name in found[0])


@pytest.mark.parametrize(("algo", "kind"), [("ppo", "mlp"), ("ppo", "gru"), ("pqn", "conv"), ("dqn", "attention")])
def test_a_run_goes_on_where_the_other_device_is(algo: str, kind: str, tmp_path: Path) -> None:
    module, found, begun = algorithm(algo), [], made(algo, net=kind, view=dict(SEEN)[kind])
    level: dict[str, Any] = {"net": kind, "view": dict(SEEN)[kind], "past": 0.0, "rate": 1e-3, "save_every": 1e6}
    level |= ({"anneal": False} if algo != "dqn" else {}) | ({"exploring": 0.0} if algo == "pqn" else {})
    for name in ("here", "there and back"):
        for n, steps in enumerate((100, 200, 300)):
            config = module.Config(**SMALL[algo] | EVERY | level | {"steps": steps, "device": "cpu"})
            with far() if name != "here" and n == 1 else nullcontext():
                module.train(config, GAME, tmp_path / name, resume=n > 0, fsync=no_sync)
        newest = checkpoint.newest(tmp_path / name / "checkpoints")
        assert newest is not None
        found.append(newest.weights)
    first = begun.weights()
    learned = max(np.abs(found[0][name] - first[name]).max() for name in first)
    assert learned > 5e-4
    assert max(np.abs(found[0][name] - found[1][name]).max() for name in first) < 0.05 * learned
    begun.close()


# ------------------------------------------------------------------ what goes over
@pytest.mark.parametrize(("name", "kind", "view"), [each for each in COUNTED if each[0] != "dqn"])
def test_an_update_sends_its_rollout_and_fetches_sums_and_weights_however_many_steps_it_has(
    name: str, kind: str, view: str
) -> None:
    with far() as watch:
        for epochs in (1, 2):
            work = made(name, net=kind, view=view, epochs=epochs, past=0.0)
            work.round(0.0)
            with watch.counting() as told:
                work._learn(0.0)
            fields, places = {"ppo": 6, "pqn": 3}[name], 1 + (kind == "gru")
            assert told == {"sent": fields + places, "fetched": 3}, "sums, lengths, weights"
            work.close()


@pytest.mark.parametrize(("name", "kind", "view"), COUNTED)
def test_a_tick_sends_what_is_seen_and_fetches_what_is_said(name: str, kind: str, view: str) -> None:
    """Of a network that remembers, also what it remembers, in the same fetch; against two former selves, theirs too."""
    with far() as watch:
        work = made(name, net=kind, view=view, past=0.25, snapshot=1)
        work.round(0.0)
        shard = work.shards[0]
        work.roster.seat([shard], work.rounds)
        with watch.counting() as told:
            shard.collector.collect(shard.passes, work.rounds)
        asked = SMALL[name]["ticks"] * (1 + 2)
        assert told == {"sent": asked * (1 + (kind == "gru")), "fetched": asked}
        work.close()


@pytest.mark.parametrize(("kind", "sent"), [("mlp", 2), ("gru", 3)])
def test_prioritised_steps_fetch_their_errors_once(kind: str, sent: int) -> None:
    with far() as watch:
        work = made("dqn", net=kind)
        for _ in range(2):
            work.round(0.0)
        before = work.updates
        with watch.counting() as told:
            work._learn(200, 0.5)
        steps = work.updates - before
        assert steps > 5
        # Places, weights (and memories) of each step, its errors; the weights at the end. The target network never crosses over.
        assert told == {"sent": sent * steps, "fetched": steps + 1}
        work.close()


FAULTS: dict[str, tuple[Callable[[torch.Tensor], Any], type[Exception], str]] = {
    "a forgotten .to": (lambda out: (out.sum(dim=1) + torch.ones(9)).sum(), RuntimeError, "found lazy and cpu"),
    "an index of the processor": (lambda out: out[torch.arange(2)].sum(), RuntimeError, "found lazy and cpu"),
    "an item": (lambda out: out.sum() * out.max().item(), CrossingError, "fetched"),
    "a question": (lambda out: out.sum() if out.max() > 0 else -out.sum(), CrossingError, "fetched"),
    "a float": (lambda out: out.sum() / float(out.detach().norm()), CrossingError, "fetched"),
    "a way back": (lambda out: out.sum() * out.detach().cpu().mean().to(FAR), CrossingError, "fetched"),
    "a way there": (lambda out: (out * torch.ones(9, 1).to(FAR)).sum(), CrossingError, "sent"),
    "a copy into it": (lambda out: (out * torch.ones_like(out).copy_(torch.ones(9, 3))).sum(), CrossingError, "sent"),
    "a mask as an index": (lambda out: out[out > 0].sum(), CrossingError, "awaited"),
    "a count": (lambda out: out.sum() / len(out.nonzero()), CrossingError, "awaited"),
    "numpy": (lambda out: out.sum() * float(out.detach().numpy().mean()), RuntimeError, "numpy.. is not supported"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_of_a_gradient_step_is_found(what: str) -> None:
    fault, kind, words = FAULTS[what]
    with far() as watch:
        each: Any = net.make(Plan("mlp", "v", (4,), 8, 1, 3), 0, FAR)
        learner = device.Learner(each, Optimiser(each.flat))
        learner.take({"x": np.ones((9, 4), np.float32)})
        places = [np.arange(9)]
        with alone(watch):
            learner.learn(places, lambda out, rows: (out.sum(), out.detach().sum(dim=0)), 1e-3, 0.5)
            with pytest.raises(kind, match=words):
                learner.learn(places, lambda out, rows: (fault(out), out.detach().sum(dim=0)), 1e-3, 0.5)


def test_weights_that_are_not_brought_back_are_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TorchNet, "fetch", lambda self: None)
    with far():
        work = made("ppo", net="conv", view="planes", past=0.0)
        begun = weights_of(work).copy()
        work.round(0.1)
        assert np.array_equal(begun, weights_of(work)), "what is far is no view of what is here"
        work.close()


def test_leagues_and_exploiters_learn_there_too(tmp_path: Path) -> None:
    small: dict[str, Any] = {"rows": 16, "ticks": 8, "batch": 64, "hidden": 8, "layers": 1}
    with far() as watch, alone(watch):
        league = league_training.Config(**small, least=20, most=40, steps=100)
        league_training.train(league, GAME, tmp_path / "league", fsync=no_sync)
        ppo.train(ppo.Config(**small, threads=1, steps=100), GAME, tmp_path / "one", fsync=no_sync)
        few = best_response.Config(steps=50, games=20, rows=16, ticks=8)
        assert best_response.lower_bound(Run.opened(tmp_path / "one"), few).steps >= 50


def test_the_network_of_mmd_comes_to_the_weights_of_a_processor(tmp_path: Path) -> None:
    """In a game with masks; with a mean that is its answer, and a run that goes on to the bit."""
    config = mmd.Config(
        policy="network", magnet="annealed", rows=32, ticks=6, batch=64, hidden=8, alpha=0.3, eta=2.0, averaging=0.9, steps=400,
        log_every=0.0,
    )  # fmt: skip
    here = mmd_network.NetworkMmd(config.replace(device="cpu"), envs.game("leduc_poker"))
    begun = weights_of(here).copy()
    told, found = [[here.round(0.3) for _ in range(3)][-1]], []
    with far() as watch:
        there = mmd_network.NetworkMmd(config, envs.game("leduc_poker"))
        with alone(watch):
            told.append([there.round(0.3) for _ in range(3)][-1])
        learned = np.abs(weights_of(here) - begun).max()
        assert learned > 1e-4 and here.counted == there.counted == 3
        assert np.abs(weights_of(here) - weights_of(there)).max() < 0.02 * learned
        for name, pauses in (("straight", (99,)), ("broken", (1, 99))):
            for n, pause in enumerate(pauses):
                asked = count()
                stop = lambda asked=asked, pause=pause: next(asked) >= pause  # noqa: E731
                mmd.train(config, "leduc_poker", tmp_path / name, resume=n > 0, fsync=no_sync, stop=stop)
            newest = checkpoint.newest(tmp_path / name / "checkpoints")
            assert newest is not None
            found.append(newest)
    assert found[0].step == found[1].step
    assert all(np.array_equal(found[0].weights[name], found[1].weights[name]) for name in found[0].weights)
    for key, value in told[0].items():
        assert value == pytest.approx(told[1][key], abs=2e-3, rel=2e-2), key


# ------------------------------------------------------------------ choosing
def test_a_gpu_that_is_not_there_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match=r"torch .* sees no GPU here; give device=cpu, or auto") as raised:
        ppo.Ppo(ppo.Config(device="cuda"), envs.game(NIM))
    assert raised.value.code == FAILURE and "\n" not in str(raised.value)
    assert device.chosen("auto") == device.chosen("cpu") == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device.chosen("auto") == "cuda" and device.chosen("cpu") == "cpu"


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
