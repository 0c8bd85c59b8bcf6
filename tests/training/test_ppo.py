"""PPO: a smoke run on games of every kind, equality of a run that was killed, what is refused, and what stops in its own words."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import arena
import envs
from arena.training import algorithm, checkpoint, ppo, threads
from arena.training.loop import drive
from arena.training.roster import hardness
from arena.training.run import Run
from arena.training.starts import recorded_states
from envs.errors import CORRUPT, FAILURE, UserError

ROOT = Path(__file__).parents[2]
SMALL: dict[str, Any] = {
    "rows": 32, "ticks": 8, "batch": 64, "epochs": 1, "hidden": 16, "threads": 1, "snapshot": 2, "save_every": 0.0, "log_every": 0.0,
}  # fmt: skip


def no_sync(_handle: int) -> None:
    return


def trained(path: Path, game: Any, steps: int = 600, **more: Any) -> Run:
    ppo.train(ppo.Config(**(SMALL | {"steps": steps} | more)), game, path, fsync=no_sync)
    return Run.opened(path)


def last(run: Run) -> checkpoint.Checkpoint:
    found = run.newest()
    assert found is not None
    return found


NIGHTLY = pytest.mark.nightly


def test_a_run_keeps_the_number_of_shards_that_a_machine_has_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "cores", lambda: 2)
    config = ppo.Config(**(SMALL | {"threads": 0, "shard": 16, "steps": 2_000, "anneal": False}))
    straight = trained(tmp_path / "straight", "kuhn_poker", threads=0, shard=16, steps=2_000, anneal=False)
    cut = trained(tmp_path / "cut", "kuhn_poker", threads=0, shard=16, anneal=False)
    assert len(last(cut).state["work"]["shards"]) == 2
    monkeypatch.setattr(threads, "cores", lambda: 1)
    drive(
        lambda rules, folder: ppo.Ppo(config, rules, folder), config, "kuhn_poker", cut.path, resume=True, fsync=no_sync
    )
    one, other = last(straight).weights, last(Run.opened(cut.path)).weights
    assert all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    ("game", "more"),
    [
        pytest.param("liars_dice?seats=3", {}, marks=NIGHTLY),
        pytest.param("commons", {"threads": 2}, marks=NIGHTLY),
        ("connect_four", {"net": "mlp", "two_ply": 0.25, "plies": 3, "agents": "scripted", "agent_rows": 2}),
        ("connect_four", {"net": "conv", "layers": 1}),
        ("kuhn_poker", {}),
        ("matrix", {}),
        ("docs/examples/nim.py", {"threads": 2}),
    ],
)
def test_a_smoke_run_learns_plays_and_keeps_its_accounts(tmp_path: Path, game: str, more: dict[str, Any]) -> None:
    run = trained(tmp_path / "r", game, **more)
    found = last(run)
    assert found.step >= 600
    assert all(np.isfinite(array).all() for array in found.weights.values())
    first = checkpoint.load_weights(run.path / "pool" / "0.safetensors")
    assert any(not np.array_equal(first[name], array) for name, array in found.weights.items())
    names = (run.path / "metrics.jsonl").read_text().splitlines()[-1]
    assert all(f'"{name}"' in names for name in ("entropy", "kl", "steps_per_second", "explained"))
    rules = envs.game(game)
    agents: list[Any] = [str(run.path), *["random"] * (rules.seats - 1)]
    result = arena.play(rules, agents, seed=1)
    assert result.faults == () and result.reason in ("played out", "limit")


def test_a_game_that_is_learned_is_learned() -> None:
    """Nim of three heaps is won by the first seat with perfect play, and a short training finds most of it."""
    work = ppo.Ppo(
        ppo.Config(**(SMALL | {"rows": 256, "ticks": 16, "batch": 512, "epochs": 3, "rate": 3e-3})),
        envs.game("docs/examples/nim.py"),
    )
    early = [work.round(0.0)["entropy"] for _ in range(3)]
    late = [work.round(0.0) for _ in range(45)]  # 25 are too few on some processors, whose last bits differ
    work.close()
    assert late[-1]["entropy"] < 0.7 * np.mean(early)
    assert np.mean([each["explained"] for each in late[-5:]]) > 0.25


CHILD = """
import sys
from pathlib import Path
from arena.training import ppo
from tests.training.test_ppo import SMALL
config = ppo.Config(**(SMALL | {"steps": 4000, "past": 0.25, "pool": 3}))
ppo.train(config, "connect_four", sys.argv[1], progress=lambda *told: print(told[0], flush=True))
"""


def test_a_run_that_was_killed_and_resumed_equals_one_that_was_not(tmp_path: Path) -> None:
    killed, straight = tmp_path / "killed", tmp_path / "straight"
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(killed)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for _ in range(6):
        child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    child.stdout.close()
    child.wait()
    begun = last(Run.opened(killed)).step
    config = ppo.Config(**(SMALL | {"steps": 4000, "past": 0.25, "pool": 3}))
    ppo.train(config, "connect_four", killed, resume=True, fsync=no_sync)
    ppo.train(config, "connect_four", straight, fsync=no_sync)
    one, other = last(Run.opened(killed)), last(Run.opened(straight))
    assert one.step == other.step >= 4000 > begun > 0
    assert all(np.array_equal(one.weights[name], other.weights[name]) for name in other.weights)
    assert equal(without_times(one.state), without_times(other.state))
    lines = [(path / "metrics.jsonl").read_text().splitlines() for path in (killed, straight)]
    assert [line.split(",")[0] for line in lines[0]] == [line.split(",")[0] for line in lines[1]]


def without_times(state: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if name != "seconds"}


def equal(a: Any, b: Any) -> bool:
    """Whether two trees have the same leaves, to the bit."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(equal, a, b))
    return bool(np.array_equal(a, b)) if isinstance(a, np.ndarray) else bool(a == b)


def test_episodes_begin_at_recorded_states(tmp_path: Path) -> None:
    for seed in range(3):
        arena.play("connect_four", ["random", "random"], seed=seed, record=tmp_path / "games" / f"{seed}.arena")
    game = envs.game("connect_four")
    states = recorded_states(tmp_path / "games", game)  # type: ignore[arg-type]
    known = {bytes(state) for state in states}
    assert len(states) > 20
    work = ppo.Ppo(
        ppo.Config(**(SMALL | {"start_from": str(tmp_path / "games"), "start_share": 0.5, "past": 0.0, "net": "mlp"})),
        game,
    )
    vec, begun, elsewhere = work.shards[0].collector.vec, 0, 0
    step = vec.step

    def counted(actions: Any) -> Any:
        nonlocal begun, elsewhere
        found = step(actions)
        begun += int(found[2].sum())
        return found

    place = vec.place

    def placed(rows: np.ndarray, raw: np.ndarray) -> None:
        nonlocal elsewhere
        elsewhere += len(rows)
        assert all(bytes(each) in known for each in raw)
        place(rows, raw)
        assert (vec.records["tick"][rows] == raw.copy().view(game.state_type).reshape(-1)["tick"]).all()  # type: ignore[attr-defined]

    vec.step, vec.place = counted, placed  # type: ignore[method-assign]
    for _ in range(12):
        work.round(0.0)
    work.close()
    assert 0.3 < elsewhere / begun < 0.7
    with pytest.raises(UserError, match="no recording of kuhn_poker"):
        recorded_states(tmp_path / "games", envs.game("kuhn_poker"))  # type: ignore[arg-type]


def test_what_is_resumed_with_other_settings_rules_or_algorithm_is_refused(tmp_path: Path) -> None:
    run = trained(tmp_path / "r", "kuhn_poker", steps=100)
    with pytest.raises(UserError, match="another rate"):
        ppo.train(ppo.Config(**(SMALL | {"rate": 0.5})), "kuhn_poker", run.path, resume=True)
    with pytest.raises(UserError, match="was trained on") as raised:
        ppo.train(ppo.Config(**SMALL), "leduc_poker", run.path, resume=True)
    assert raised.value.code == CORRUPT
    with pytest.raises(UserError, match="not empty"):
        ppo.train(ppo.Config(**SMALL), "kuhn_poker", run.path)
    other = last(trained(tmp_path / "s", "kuhn_poker", steps=100, hidden=8))
    checkpoint.save(run.path / "checkpoints", 10**6, other.weights, other.state, no_sync)
    with pytest.raises(UserError, match="another network") as raised:
        ppo.train(ppo.Config(**SMALL), "kuhn_poker", run.path, resume=True)
    assert raised.value.code == CORRUPT


@pytest.mark.parametrize(
    ("game", "more", "told"),
    [
        ("kuhn_poker", {"two_ply": 0.5}, "no reader of two plies"),
        ("kuhn_poker", {"net": "conv"}, "net=conv reads 3 axes"),
        ("connect_four", {"past": 0.9, "two_ply": 0.9}, "need more than 32 rows"),
        ("connect_four", {"view": "plane"}, "planes"),
        ("docs/examples/nim_plain.py", {"start_from": "runs"}, "start_from takes compiled games"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_one_line(
    tmp_path: Path, game: str, more: dict[str, Any], told: str
) -> None:
    with pytest.raises(UserError, match=told):
        trained(tmp_path / "r", game, **more)


class _Sick:
    """A work whose figures go wrong."""

    def __init__(self, metrics: dict[str, float]) -> None:
        self.step, self.metrics = 0, metrics

    def round(self, progress: float) -> dict[str, float]:
        self.step += 1
        return self.metrics

    def weights(self) -> dict[str, np.ndarray]:
        return {}

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, weights: Any, state: Any) -> None: ...

    def close(self) -> None: ...


def driven(path: Path, metrics: dict[str, float]) -> Run:
    drive(
        lambda game, run: _Sick(metrics), ppo.Config(steps=50), envs.game("kuhn_poker", plain=True), path, fsync=no_sync
    )
    return Run.opened(path)


def test_a_loss_that_is_no_number_stops_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="policy_loss became no number at step 1") as raised:
        driven(tmp_path / "r", {"policy_loss": float("nan")})
    assert raised.value.code == FAILURE
    assert '"nan"' in (tmp_path / "r" / "alerts.jsonl").read_text()


def test_an_entropy_that_collapses_is_told_once(tmp_path: Path) -> None:
    run = driven(tmp_path / "r", {"entropy_share": 0.001})
    assert (run.path / "alerts.jsonl").read_text().count('"entropy"') == 1
    assert not (driven(tmp_path / "s", {"entropy_share": 0.5}).path / "alerts.jsonl").exists()


def test_a_training_that_learns_from_nothing_gives_up(tmp_path: Path) -> None:
    class Idle(_Sick):
        def round(self, progress: float) -> dict[str, float]:
            return {}

    with pytest.raises(UserError, match="give more --ticks"):
        drive(
            lambda game, run: Idle({}),
            ppo.Config(steps=50),
            envs.game("kuhn_poker", plain=True),
            tmp_path / "r",
            fsync=no_sync,
        )


def test_who_is_hard_to_beat_is_drawn_more_often() -> None:
    share = hardness([9.0, 1.0, 0.0], [10.0, 10.0, 0.0])
    assert share[1] > share[2] > share[0] > 0
    assert share.sum() == pytest.approx(1.0)


def test_an_algorithm_that_nobody_has_is_told() -> None:
    with pytest.raises(UserError, match="did you mean 'ppo'"):
        algorithm("pppo")
