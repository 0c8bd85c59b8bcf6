"""Looking before sleep: for how long, when it is given up, and a loop and a line that do it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from arena.protocol import lookout
from arena.protocol.lookout import AGAIN, GIVEN_UP, VAIN, Lookout, loop

TRIES = GIVEN_UP // VAIN
"""Looks in vain until they are given up."""


class Clock:
    """Goes on by a hundred microseconds with each look at it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 100e-6
        return self.now


class Coming:
    """Something comes at the `count`-th look; 0: never."""

    def __init__(self, count: int) -> None:
        self.count, self.looks = count, 0

    def __call__(self) -> str:
        self.looks += 1
        return "here" if self.looks == self.count else ""


@pytest.mark.parametrize("count", [1, 2, 4])
def test_what_comes_in_time_is_found(count: int) -> None:
    coming = Coming(count)
    assert Lookout(400e-6, Clock())(coming) == "here"
    assert coming.looks == count


@pytest.mark.parametrize(
    ("longest", "most", "looks"), [(400e-6, None, 5), (400e-6, 150e-6, 3), (100e-6, 9.0, 2), (0.0, None, 2)]
)
def test_looking_ends_with_the_shorter_of_both_times(longest: float, most: float | None, looks: int) -> None:
    never = Coming(0)
    assert Lookout(longest, Clock())(never, most) is None
    assert never.looks == looks


def _counts(look: Lookout, waits: int) -> list[int]:
    found = []
    for _ in range(waits):
        never = Coming(0)
        assert not look(never)
        found.append(never.looks)
    return found


def test_looking_in_vain_is_given_up_but_for_a_try_now_and_then() -> None:
    counts = _counts(Lookout(200e-6, Clock()), TRIES + 3 * AGAIN)
    assert all(count > 1 for count in counts[:TRIES])
    assert sum(count > 1 for count in counts[TRIES:]) == 3
    assert sum(count == 0 for count in counts[TRIES:]) == 3 * (AGAIN - 1)


def test_what_is_there_at_once_is_no_reason_to_look_longer() -> None:
    look = Lookout(200e-6, Clock())
    for _ in range(TRIES - 1):
        look(Coming(0))
        assert look(Coming(1)) == "here"
    assert sum(count > 1 for count in _counts(look, AGAIN)) == 1


def test_looking_is_taken_up_again_when_it_pays() -> None:
    look = Lookout(200e-6, Clock())
    _counts(look, 100)
    for _ in range(3 * GIVEN_UP * AGAIN):
        look(Coming(2))
    assert look(Coming(2)) == "here" == look(Coming(2))


@pytest.fixture
def running() -> Iterator[asyncio.AbstractEventLoop]:
    made = loop()
    yield made
    made.close()


def test_a_loop_that_looks_hears_sleeps_and_is_woken(running: asyncio.AbstractEventLoop) -> None:
    near, far = socket.socketpair()
    near.setblocking(False)

    async def talk() -> bytes:
        running.call_later(0.005, far.send, b"word")
        return await running.sock_recv(near, 9)

    with near, far:
        assert running.run_until_complete(talk()) == b"word"


def test_a_loop_does_not_look_where_a_callback_waits(
    running: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(lookout.Lookout, "__call__", lambda self, look, most: asked.append(most))

    async def pause() -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    running.run_until_complete(pause())
    assert asked == []
    woken = running.create_future()
    running.call_later(0.001, woken.set_result, None)
    running.run_until_complete(woken)
    assert asked and all(0 < most <= 0.001 for most in asked)


def test_one_look_in_five_may_be_in_vain() -> None:
    look = Lookout(200e-6, Clock())
    for _ in range(3 * GIVEN_UP):
        assert not look(Coming(0))
        assert [look(Coming(2)) for _ in range(VAIN)] == ["here"] * VAIN
