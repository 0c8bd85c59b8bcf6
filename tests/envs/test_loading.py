"""While much is loaded no cycles are collected; afterwards it is as it was."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest

from envs.loading import uncollected


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    before = gc.isenabled()
    yield
    (gc.enable if before else gc.disable)()


@pytest.mark.parametrize("collected", [True, False])
def test_the_last_to_leave_ends_the_pause_and_only_one_that_there_was(collected: bool) -> None:
    (gc.enable if collected else gc.disable)()
    with uncollected():
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled() == collected


def test_a_failure_ends_the_pause() -> None:
    gc.enable()
    with pytest.raises(ImportError), uncollected():
        raise ImportError
    assert gc.isenabled()


def test_a_thread_that_is_done_leaves_another_ones_pause_alone() -> None:
    gc.enable()
    inside, go_on = threading.Event(), threading.Event()

    def load() -> None:
        with uncollected():
            inside.set()
            go_on.wait(10)

    other = threading.Thread(target=load)
    other.start()
    assert inside.wait(10)
    with uncollected():
        pass
    assert not gc.isenabled()
    go_on.set()
    other.join(10)
    assert gc.isenabled()
