"""CFR+ and tabular magnetic mirror descent: the formulas, known equilibria, and runs that are resumed and played from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import arena
import envs
from arena.training import cfr_plus, checkpoint, mmd
from arena.training.config import Common
from arena.training.exploitability import gap
from arena.training.run import Run
from arena.training.table import Memory, Table
from arena.training.trees import walk
from envs.errors import CORRUPT, NOT_FOUND, UserError

RPS = "matrix?game=perturbed_rps&rounds=1"


def solved(module: Any, game: str, run: Path, **given: Any) -> dict[str, float]:
    """The last metrics that a training told."""
    told: list[Any] = []
    config = module.Config.made(given, game.partition("?")[0])
    module.train(config, game, run, progress=lambda *news: told.append(news[-1]))
    return dict(told[-1])


def objective(p: np.ndarray, q: np.ndarray, before: np.ndarray, magnet: np.ndarray, eta: float, alpha: float) -> float:
    """What a step maximises: <q, p> - alpha KL(p, magnet) - KL(p, before) / eta."""
    return float(q @ p - alpha * (p @ np.log(p / magnet)) - p @ np.log(p / before) / eta)


def test_the_closed_form_is_the_maximum_of_the_objective(seeds: Any) -> None:
    for seed in seeds(20):
        rng = np.random.default_rng(seed)
        before, magnet = rng.dirichlet(np.ones(4)), rng.dirichlet(np.ones(4))
        q, eta, alpha = rng.normal(size=4), rng.uniform(0.01, 5), rng.uniform(0, 2)
        logits = mmd.closed_form(np.log(before), q, np.log(magnet), eta, alpha)
        p = np.exp(logits) / np.exp(logits).sum()
        best = objective(p, q, before, magnet, eta, alpha)
        for other in rng.dirichlet(np.ones(4), size=30):
            for share in (1e-3, 0.3, 1.0):
                assert objective((1 - share) * p + share * other, q, before, magnet, eta, alpha) <= best + 1e-12
        power = (before * np.exp(eta * q) * magnet ** (eta * alpha)) ** (1 / (1 + eta * alpha))
        assert p == pytest.approx(power / power.sum(), abs=1e-12)


def test_mirror_descent_with_a_fixed_magnet_ends_in_the_quantal_response() -> None:
    """Where alpha does not fall, the fixed point in a matrix game is p ~ exp(q(p) / alpha): no annealing, no moving."""
    tree = walk(envs.game(RPS))
    solver = mmd.Mmd(tree, mmd.Config(magnet="moving", alpha=0.2, eta=0.02, eta_m=0.0))
    for _ in range(3000):
        solver.step()
    p, payoffs = solver.strategy()[:3], np.array([[0, -3, 3], [3, 0, -1], [-3, 1, 0]]) / 3
    response = np.exp(payoffs @ p / 0.2)
    assert p == pytest.approx(response / response.sum(), abs=1e-5)
    assert solver.strategy()[3:] == pytest.approx(p, abs=1e-5)


@pytest.mark.parametrize(
    ("module", "game", "bound"),
    [(cfr_plus, "kuhn_poker", 1e-4), (mmd, "kuhn_poker", 1e-5), (mmd, RPS, 1e-3)],
)
def test_a_solver_comes_as_close_as_it_should(module: Any, game: str, bound: float, tmp_path: Path) -> None:
    given = {"steps": 2000} if module is cfr_plus else {}
    assert solved(module, game, tmp_path / "run", **given)["exploitability"] < bound


def test_the_perturbed_game_is_solved_to_its_equilibrium(tmp_path: Path) -> None:
    solved(mmd, RPS, tmp_path / "run")
    found = Run.opened(tmp_path / "run").newest()
    assert found is not None
    assert found.weights["strategy"] == pytest.approx(np.array([1, 3, 3, 1, 3, 3]) / 7, abs=1e-3)


@pytest.mark.nightly
@pytest.mark.parametrize(("module", "steps"), [(mmd, 10_000), (cfr_plus, 1000)])
def test_leduc_is_solved(module: Any, steps: int, tmp_path: Path) -> None:
    assert solved(module, "leduc_poker", tmp_path / "run", steps=steps)["exploitability"] <= 0.02


def test_the_value_of_kuhn_poker_is_a_loss_of_an_eighteenth(tmp_path: Path) -> None:
    assert solved(cfr_plus, "kuhn_poker", tmp_path / "run", steps=2000)["value"] == pytest.approx(-1 / 18, abs=1e-4)


@pytest.mark.parametrize("module", [cfr_plus, mmd])
def test_a_resumed_run_is_equal_to_the_bit(module: Any, tmp_path: Path) -> None:
    solved(module, "kuhn_poker", tmp_path / "straight", steps=300)
    solved(module, "kuhn_poker", tmp_path / "broken", steps=140)
    config = module.Config.made({"steps": 300}, "kuhn_poker")
    module.train(config, "kuhn_poker", tmp_path / "broken", resume=True)
    files = [tmp_path / name / "checkpoints" / "300" / checkpoint.WEIGHTS for name in ("straight", "broken")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_metrics_are_measured_at_fixed_iterations(tmp_path: Path) -> None:
    solved(cfr_plus, "kuhn_poker", tmp_path / "run", steps=25)
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert list(dict.fromkeys(row["step"] for row in rows)) == [0, *range(1, 21), 22, 24, 25]
    assert all(row["nash_conv"] == pytest.approx(2 * row["exploitability"]) for row in rows)


def test_the_clock_ends_a_training(tmp_path: Path) -> None:
    ticks = iter(range(10_000))
    config = cfr_plus.Config(steps=10**9, minutes=1.0)
    cfr_plus.train(config, "kuhn_poker", tmp_path / "run", clock=lambda: float(next(ticks)))
    assert checkpoint.steps(tmp_path / "run" / "checkpoints")[-1] < 60


def test_a_table_is_played_from_what_a_seat_is_asked(tmp_path: Path, seeds: Any) -> None:
    """A seat that knows only its questions finds, at every decision, the row that the solver meant."""
    game = envs.game("leduc_poker")
    cfr_plus.train(cfr_plus.Config(steps=3), game, tmp_path / "run")
    found = Run.opened(tmp_path / "run").newest()
    assert found is not None
    table = Table.loaded(found)
    for seed in seeds(20):
        state, memories = game.start(seed), (Memory(), Memory())
        while not game.facts(state).done:
            (seat,) = game.acting(state)
            policy = table.policy(memories[seat].asked(game.observe(state, seat)))
            assert policy is not None and sorted(policy) == list(game.legal(state, seat))
            assert sum(policy.values()) == pytest.approx(1)
            action = game.legal(state, seat).sample(seed ^ game.facts(state).tick)[0]
            memories[seat].did(action)
            state = game.step(state, {seat: [action]}, seed)
    assert table.policy(b"nowhere") is None


def test_the_player_of_a_solved_run_wins_chips_from_random_play(tmp_path: Path) -> None:
    """By the strategy's value against uniform play: the mean of 60 paired matches lies within four standard errors of it."""
    cfr_plus.train(cfr_plus.Config(steps=200), "kuhn_poker", tmp_path / "run")
    found = Run.opened(tmp_path / "run").newest()
    assert found is not None
    tree = walk(envs.game("kuhn_poker"))
    expected = []
    for seat in range(2):
        own = tree.owner[tree.set_of] == seat
        expected.append(tree.expected(np.where(own, found.weights["strategy"], tree.uniform()))[seat])
    scores = []
    for seed in range(60):
        address = str(tmp_path / "run")
        scores.append(arena.play("kuhn_poker", [address, "random"], seed=seed).scores[0])
        scores.append(arena.play("kuhn_poker", ["random", address], seed=seed).scores[1])
    assert np.mean(scores) == pytest.approx(np.mean(expected), abs=4 * np.std(scores) / np.sqrt(len(scores)))
    assert np.mean(expected) > 0.1


def test_a_damaged_table_is_one_line() -> None:
    tree = walk(envs.game("kuhn_poker"))
    table = Table.of(tree, tree.uniform())
    whole = table.weights()
    for wrong in (
        {"strategy": whole["strategy"][:-1]},
        {"first": whole["first"][::-1]},
        {"strategy": -whole["strategy"]},
    ):
        broken = checkpoint.Checkpoint(1, whole | wrong, {"work": {"keys": list(table.keys)}})
        with pytest.raises(UserError, match="damaged") as raised:
            Table.loaded(broken)
        assert raised.value.code == CORRUPT
    with pytest.raises(UserError, match="'keys' is missing"):
        Table.loaded(checkpoint.Checkpoint(1, whole, {"work": {}}))


def test_a_run_is_refused_where_it_does_not_belong(tmp_path: Path) -> None:
    config = cfr_plus.Config(steps=2)
    cfr_plus.train(config, "kuhn_poker", tmp_path / "run")
    with pytest.raises(UserError, match="not empty"):
        cfr_plus.train(config, "kuhn_poker", tmp_path / "run")
    with pytest.raises(UserError, match="begin a new run"):
        cfr_plus.train(config, "leduc_poker", tmp_path / "run", resume=True)
    with pytest.raises(UserError) as raised:
        cfr_plus.train(config, "kuhn_poker", tmp_path / "nowhere", resume=True)
    assert raised.value.code == NOT_FOUND


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"alpha": -1.0}, {"eta": 0.0}, {"eta_m": 1.5}, {"magnet": "still"}])
def test_a_setting_outside_its_range_is_refused_with_the_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"from .* to |one of "):
        mmd.Config(**wrong)


def test_exploitability_of_a_solver_is_that_of_its_strategy() -> None:
    tree = walk(envs.game("kuhn_poker"))
    solver = cfr_plus.CfrPlus(tree)
    assert isinstance(cfr_plus.Config(), Common)
    before = gap(tree, solver.strategy()).nash_conv
    for _ in range(50):
        solver.step()
    assert gap(tree, solver.strategy()).nash_conv < before / 20
