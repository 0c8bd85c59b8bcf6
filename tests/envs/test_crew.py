"""The threads of a batch: each part once, failures told, nothing left behind."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest

import envs
from envs.faces.crew import Crew


def hands() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "rows"]


@pytest.mark.parametrize(("threads", "rows"), [(1, 5), (2, 5), (3, 7), (4, 4), (2, 64)])
def test_every_row_is_done_once_and_most_by_the_same_thread(threads: int, rows: int) -> None:
    crew, done = Crew(threads), [[] for _ in range(rows)]
    for _ in range(20):
        crew.run(lambda a, b: [done[row].append(threading.get_ident()) for row in range(a, b)], rows)
    crew.close()
    assert all(len(row) == 20 for row in done)
    same = [row for row in done if len(set(row)) == 1]
    assert len(same) >= 3 * rows // 4 - threads
    assert len({row[0] for row in same}) >= min(threads, rows // 2 + 1) and done[0][0] == threading.get_ident()


@pytest.mark.parametrize("failing", [0, 1])
def test_a_part_that_fails_is_told_when_all_have_ended(failing: int) -> None:
    crew, ended = Crew(2), []

    def work(a: int, b: int) -> None:
        if a == failing:
            raise ValueError(f"row {a}")
        ended.append(a)

    for _ in range(3):
        with pytest.raises(ValueError, match=f"row {failing}"):
            crew.run(work, 2)
    assert ended == [1 - failing] * 3
    crew.run(lambda a, b: ended.append(-1), 2)
    assert ended[3:] == [-1, -1]
    crew.close()


def test_a_batch_leaves_no_thread_behind_whether_closed_or_forgotten() -> None:
    before = set(hands())
    for closed in (True, False):
        env = envs.make("kuhn_poker", "vector", num=4, threads=2)
        env.reset(seed=0)
        env.step(env.sample())
        (hand,) = set(hands()) - before
        if closed:
            env.close()
            env.close()
        else:
            gone = weakref.ref(env)
            del env
            gc.collect()
            assert gone() is None
        hand.join(10)
        assert not hand.is_alive()
    assert set(hands()) == before
