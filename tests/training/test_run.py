"""Runs, settings and checkpoints: what is refused, what is found again, and that no kill and no full disk loses more than it must."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import envs
from arena.training import checkpoint, net, ppo, threads
from arena.training.config import Common, from_arguments, setting, toml
from arena.training.run import Run, is_run
from envs.errors import CORRUPT, NOT_FOUND, USAGE, UserError

ROOT = Path(__file__).parents[2]
GAME = envs.game("kuhn_poker", plain=True)
WEIGHTS = {"player/0.weight": np.arange(6, dtype=np.float32).reshape(2, 3)}


def no_sync(_handle: int) -> None:
    return


def fresh(path: Path, fsync: Callable[[int], None] = no_sync) -> Run:
    return Run.create(path, algo="ppo", game=GAME, config=Common(), fsync=fsync, now=lambda: 0.0)


@dataclass(frozen=True)
class Some(Common):
    rate: float = setting(0.5, "of what", 0.0, 1.0)
    kind: str = setting("a", "which", choices=("a", "b"))


# ------------------------------------------------------------------ settings
@pytest.mark.parametrize(
    ("given", "told"), [({"rate": 2}, "0.0 to 1.0"), ({"kind": "c"}, "a, b"), ({"steps": 0}, "from 1 to")]
)
def test_a_setting_outside_its_range_is_refused_with_the_range(given: dict[str, Any], told: str) -> None:
    for make in (lambda: Some(**given), lambda: Some.made(given), lambda: Some().replace(**given)):
        with pytest.raises(UserError, match=told):
            make()


@pytest.mark.parametrize("given", [None, "ACTIVE"])
def test_threads_of_torch_wait_asleep_unless_a_user_says_otherwise(given: str | None) -> None:
    code = "import os, sys, arena.training; print('torch' in sys.modules, os.environ['OMP_WAIT_POLICY']);import torch"
    env = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    env |= {"OMP_WAIT_POLICY": given} if given else {}
    env |= {"OMP_DISPLAY_ENV": "VERBOSE"}  # the library itself tells what it has read
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    wanted = given or "PASSIVE"
    assert done.stdout.startswith(f"False {wanted}\n")
    if "GOMP_SPINCOUNT" in done.stderr:  # GNU's library, which torch brings on Linux
        assert ("GOMP_SPINCOUNT = '0'" in done.stderr) == (given is None)


def test_torch_has_one_thread_for_small_networks_and_all_cores_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "cores", lambda: 2)
    before = torch.get_num_threads()
    try:
        for kind, shape, hidden, wanted in (
            ("mlp", (84,), 128, 1), ("mlp", (84,), 512, 2), ("conv", (2, 6, 7), 4, 2), ("attention", (5, 4), 16, 2), ("gru", (20,), 64, 1),
            ("gru", (2, 6, 7), 16, 2), ("gru", (20,), 256, 2),
        ):  # fmt: skip
            made = net.make(net.Plan(kind, "v", shape, hidden, 2, 8, norm=True), 0)
            for count in (0, 3):
                threads.let_torch(count, [made])
                assert torch.get_num_threads() == (count or wanted), (kind, hidden)
    finally:
        torch.set_num_threads(before)


def test_every_setting_of_every_algorithm_is_explained_and_bounded() -> None:
    for name, option in ppo.Config.options().items():
        assert option.help, name
        bounded = option.choices or option.low is not None or isinstance(option.default, bool | str)
        assert bounded, name


def test_the_command_line_is_the_dataclass() -> None:
    given = from_arguments(["--rate", "0.25", "--save-every=3"], Some.options())
    assert Some.made(given) == Some(rate=0.25, save_every=3.0)
    for words in (["--ratte", "1"], ["rate", "1"], ["--rate"]):
        with pytest.raises(UserError):
            from_arguments(words, Some.options())


def test_a_configuration_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    import tomllib

    values = {"a": 1, "b": 1e-7, "c": True, "d": 'x"\\\n\x7fé\x00', "e": ""}
    assert tomllib.loads(toml({"t": values})) == {"t": values}
    run = Run.create(tmp_path / "r", algo="some", game=GAME, config=Some(rate=0.125), fsync=no_sync)
    assert Some.made(Run.opened(run.path).config) == Some(rate=0.125)


# ------------------------------------------------------------------ runs
def test_a_run_is_found_again_and_its_folder_is_not_taken_twice(tmp_path: Path) -> None:
    run = fresh(tmp_path / "r")
    assert is_run(run.path) and not is_run(tmp_path)
    again = Run.opened(run.path)
    assert (again.algo, again.game, again.facts["digest"]) == ("ppo", "kuhn_poker", GAME.digest)
    again.demand_same_rules(GAME)
    with pytest.raises(UserError) as raised:
        again.demand_same_rules(envs.game("leduc_poker", plain=True))
    assert raised.value.code == CORRUPT
    with pytest.raises(UserError) as raised:
        fresh(run.path)
    assert raised.value.code == USAGE
    with pytest.raises(UserError) as raised:
        Run.opened(tmp_path / "none")
    assert raised.value.code == NOT_FOUND


def test_metrics_are_lines_and_a_rewound_run_forgets_what_will_come_again(tmp_path: Path) -> None:
    run = fresh(tmp_path / "r")
    for step in (1, 2, 3):
        run.log(step, step / 2, {"loss": 1.0 / step, "odd": float("nan")})
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 4, "sec')
    run.rewind(2)
    run.close()
    lines = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2]
    assert lines[0] == {"step": 1, "seconds": 0.5, "loss": 1.0, "odd": None}
    assert list((run.path / "tensorboard").glob("events.*"))


def test_a_full_disk_is_an_alert_and_saving_works_again_when_there_is_room(tmp_path: Path) -> None:
    full = [True]

    def fsync(_handle: int) -> None:
        if full[0]:
            raise OSError(errno.ENOSPC, "No space left on device")

    run = fresh(tmp_path / "r", fsync)
    assert not run.save(1, WEIGHTS, {}) and not run.save(2, WEIGHTS, {})
    assert [alert["kind"] for alert in run.alerts] == ["disk"]
    assert run.newest() is None
    full[0] = False
    assert run.save(3, WEIGHTS, {})
    found = run.newest()
    assert found is not None and found.step == 3
    assert "No space left" in (run.path / "alerts.jsonl").read_text()


# ------------------------------------------------------------------ checkpoints
def test_a_checkpoint_comes_back_whole_and_three_are_kept(tmp_path: Path) -> None:
    state = {
        "n": 3,
        "text": "x",
        "list": [1, 2.5, None],
        "bytes": b"\x00",
        "array": np.arange(5, dtype=np.uint64),
        "deep": {"a": {"b": 1}},
    }
    for step in (5, 50, 500, 5000):
        checkpoint.save(tmp_path, step, WEIGHTS, state | {"n": step}, no_sync)
    assert checkpoint.steps(tmp_path) == [50, 500, 5000]
    found = checkpoint.newest(tmp_path)
    assert found is not None and (found.step, found.state["n"]) == (5000, 5000)
    assert np.array_equal(found.state["array"], state["array"]) and found.state["array"].dtype == np.uint64
    assert np.array_equal(found.weights["player/0.weight"], WEIGHTS["player/0.weight"])


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("name", ["weights.safetensors", "state.msgpack", "checksum"])
@pytest.mark.parametrize("harm", [cut, flip, Path.unlink])
def test_a_damaged_checkpoint_is_one_line_and_the_one_before_is_taken(
    tmp_path: Path, name: str, harm: Callable[[Path], None]
) -> None:
    run = fresh(tmp_path / "r")
    for step in (1, 2):
        run.save(step, WEIGHTS, {"step": step})
    harm(run.path / "checkpoints" / "2" / name)
    with pytest.raises(UserError) as raised:
        checkpoint.load(run.path / "checkpoints" / "2")
    assert raised.value.code in (CORRUPT, NOT_FOUND) and "\n" not in str(raised.value)
    found = run.newest()
    assert found is not None and found.step == 1
    assert run.alerts[-1]["kind"] == "damaged"


def signed(folder: Path) -> Path:
    """Give a hand-made checkpoint a checksum that fits."""
    blobs = {name: (folder / name).read_bytes() for name in (checkpoint.WEIGHTS, checkpoint.STATE)}
    (folder / checkpoint.CHECKSUM).write_text(checkpoint._told(blobs))
    return folder


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("weights.safetensors", b""),
        ("weights.safetensors", b"\xff" * 64),
        ("weights.safetensors", (5).to_bytes(8, "little") + b"[1,2]"),
        ("weights.safetensors", b"\x40" + bytes(7) + b'{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,4]}}'.ljust(64) + bytes(4)),
        ("state.msgpack", b"\xc1"),
        ("state.msgpack", b"\x93\x01\x02\x03"),
        ("state.msgpack", b"\x81\xa1a\xc7\x05\x02hello"),
    ],
)  # fmt: skip
def test_a_foreign_checkpoint_is_one_line(tmp_path: Path, name: str, data: bytes) -> None:
    folder = checkpoint.save(tmp_path, 1, WEIGHTS, {}, no_sync)
    (folder / name).write_bytes(data)
    with pytest.raises(UserError) as raised:
        checkpoint.load(signed(folder))
    assert raised.value.code == CORRUPT and "\n" not in str(raised.value)


def test_twenty_kills_during_saves_always_leave_a_checkpoint_that_loads(tmp_path: Path) -> None:
    draw, last = random.Random(5), 0
    for _ in range(20):
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.training.kill_saving", str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        told = last
        for _ in range(draw.randint(1, 3)):
            told = int(child.stdout.readline())
        # The next save is under way: a busy wait of random length lets the kill fall anywhere in it.
        for _ in range(draw.randint(0, 200_000)):
            pass
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().split()
        child.stdout.close()
        child.wait()
        told = int(rest[-1]) if rest and rest[-1].isdigit() else told
        found = checkpoint.newest(tmp_path, pytest.fail)
        assert found is not None and found.step >= told
        assert found.state["step"] == found.step and float(found.weights["a"].max()) == found.step
        last = found.step
    shutil.rmtree(tmp_path)
