"""What holds for every test: it leaves no process behind, moves no global generator, and names a failing seed.

`seeds(n)` yields n seeds that follow from the test's name and from `--seed`, so a failure can be repeated; the
seed in use when a test fails is printed with the failure.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import sys
from collections.abc import Generator, Iterator
from contextlib import suppress
from multiprocessing import forkserver, resource_tracker
from pathlib import Path
from typing import Any

import hypothesis
import pytest

# Two shared cores make single examples slow at random, so an example has no deadline; a test has one (pyproject.toml).
hypothesis.settings.register_profile("palaestra", deadline=None, print_blob=True)
hypothesis.settings.load_profile("palaestra")
# What a terminal is told must not hang on the one, or none, that the tests are run from.
os.environ["TERM"] = "xterm"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds --seed and --proofs."""
    parser.addoption("--seed", type=int, default=0, help="what the seeds of all tests follow from (default 0)")
    parser.addoption(
        "--proofs", type=Path, help="a file of results that keeps a row of each long proof (docs/proofs.md)"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Keep what the long proofs come to, where that is asked for; the workers of a run leave it to its first process."""
    path = config.getoption("--proofs")
    if path is not None and not hasattr(config, "workerinput"):
        from tests.proofs import Proofs

        config.pluginmanager.register(Proofs(path, config.invocation_params.args, config.getoption("--seed")))


class Seeds:
    """Seeds of one test, each from 0 to 2**63 - 1. `current` is the last one handed out."""

    def __init__(self, name: str, base: int) -> None:
        self.name, self.base = name, base
        self.current: int | None = None

    def __call__(self, count: int) -> Iterator[int]:
        """Yield `count` seeds."""
        for index in range(count):
            digest = hashlib.blake2b(f"{self.name}:{self.base}:{index}".encode(), digest_size=8).digest()
            self.current = int.from_bytes(digest, "little") >> 1
            yield self.current


@pytest.fixture
def seeds(request: pytest.FixtureRequest) -> Seeds:
    """Repeatable seeds for this test: `for seed in seeds(20): ...`."""
    return Seeds(request.node.nodeid, request.config.getoption("--seed"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Print the seed that was in use when a test failed."""
    report = yield
    used: Any = getattr(item, "funcargs", {}).get("seeds")
    if report.failed and used is not None and used.current is not None:
        report.sections.append(("failing seed", f"{used.current} (again with --seed {used.base})"))
    return report


def _children() -> set[int]:
    """Processes that this one has started and not waited for, without the ones that multiprocessing keeps (Linux)."""
    found = set()
    for each in Path("/proc/self/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
            found |= {int(pid) for pid in each.read_text().split()}
    kept = {resource_tracker._resource_tracker._pid, forkserver._forkserver._forkserver_pid}
    return found - kept


@pytest.fixture(autouse=True)
def leaves_no_process() -> Iterator[None]:
    """Fail a test that ends while a process of its own still runs or has not been waited for."""
    before = _children()
    yield
    if reaper := sys.modules.get("agents.sandbox.reaper"):
        reaper.settled(20.0)  # agents that have been let go of end in their own time
    left = _children() - before
    for pid in left:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    assert not left, f"the test left {len(left)} process(es) behind: kill them and wait for them"


def _generators() -> list[str]:
    """Digests of the global generators' states: random, and numpy's where numpy is loaded."""
    states = [repr(random.getstate())]
    if "numpy.random" in sys.modules:
        name, keys, *rest = sys.modules["numpy.random"].get_state(legacy=True)
        states.append(f"{name}{keys.tobytes().hex()}{rest}")
    return [hashlib.blake2b(state.encode()).hexdigest() for state in states]


@pytest.fixture(autouse=True)
def leaves_global_generators_alone(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that seeds or draws from a global generator, unless it is marked `foreign_random`."""
    before = _generators()
    yield
    if request.node.get_closest_marker("foreign_random") is None:
        changed = any(a != b for a, b in zip(before, _generators(), strict=False))
        assert not changed, "the test moved a global generator: pass a seeded one as an argument"
