"""The drivers of the vector face: steps of many rows that restart in the same call, by one thread or by several, and what is seen then."""

from __future__ import annotations

from typing import Any

from envs.drivers import Driver, begin, first_acting, look_one, mask_one, step_one
from envs.keys import fold
from envs.memory import clear, copyto
from envs.records import Rule
from envs.stubs import encode

__all__ = ["claim", "encode_anew", "look_acting", "step_restart", "step_shared"]


def _restart_one(
    i: int, c: Any, states: Any, actions: Any, rows: Any, seeds: Any, episodes: Any, reward: Any, terminated: Any,
    truncated: Any, finals: Any, acting_rows: Any, legal_rows: Any, scale: float,
) -> None:  # fmt: skip
    """Row i of the vector face's step; see `step_restart`."""
    s = states[i]
    step_one(s, c, actions[i], seeds[i])
    for p in range(len(s.reward)):
        reward[i, p] = s.reward[p] * scale
    terminated[i] = s.done and not s.truncated
    truncated[i] = s.truncated
    if s.done:
        copyto(finals[i], s)
        episodes[i] += 1
        seeds[i] = fold(rows[i], episodes[i])
        clear(s)
        begin(s, c, seeds[i])
    mask_one(s, c, acting_rows, legal_rows, i)


def claim(turns: Any, place: int) -> int:
    """turns[place, 0], which is one more afterwards. Compiled, no two threads get the same; plain, a thread has to be alone."""
    turn = int(turns[place, 0])
    turns[place, 0] = turn + 1
    return turn


restart_one = Rule(_restart_one, inline=True)


@Driver
def step_restart(
    states: Any, configs: Any, actions: Any, rows: Any, seeds: Any, episodes: Any,
    reward: Any, terminated: Any, truncated: Any, finals: Any, acting_rows: Any, legal_rows: Any, scale: float,
) -> None:  # fmt: skip
    """The vector face's step: step, hand out rewards, keep final states, restart ended rows in the same call, mask.

    rows uint64[B] are the row keys, seeds uint64[B] the current episodes', episodes int64[B] their numbers;
    finals, records [B], receives the last state of a row that ended.
    """
    c = configs[0]
    for i in range(len(states)):
        restart_one(
            i, c, states, actions, rows, seeds, episodes, reward, terminated, truncated, finals, acting_rows, legal_rows, scale
        )  # fmt: skip


@Driver
def step_shared(
    states: Any, configs: Any, actions: Any, rows: Any, seeds: Any, episodes: Any,
    reward: Any, terminated: Any, truncated: Any, finals: Any, acting_rows: Any, legal_rows: Any, scale: float,
    turns: Any, own: int, size: int, taken: Any,
) -> int:  # fmt: skip
    """`step_restart` by several threads at once: each does its own block of rows, then helps with what others have left of theirs.

    Blocks are shared out `size` rows at a time: turns int64[threads, 8] counts what has been claimed of each, zero before (a line of the
    cache each). own: this thread's block. taken int64[n, 2]: (first row, behind the last) of what this thread did; gives their number.
    """
    c = configs[0]
    count, threads = 0, len(turns)
    for d in range(threads):
        block = (own + d) % threads
        first = len(states) * block // threads
        end = len(states) * (block + 1) // threads
        a = first + claim(turns, block) * size
        while a < end:
            b = min(a + size, end)
            for i in range(a, b):
                restart_one(
                    i, c, states, actions, rows, seeds, episodes, reward, terminated, truncated, finals, acting_rows, legal_rows, scale
                )  # fmt: skip
            taken[count, 0] = a
            taken[count, 1] = b
            count += 1
            a = first + claim(turns, block) * size
    return count


@Driver
def look_acting(states: Any, configs: Any, first: int, count: int, acting_rows: Any, obs: Any) -> None:
    """The observation obs[B, 1] of the first acting seat of a role (seats first to first + count - 1); others keep."""
    c = configs[0]
    for i in range(len(states)):
        s = states[i]
        seats = len(s.reward)
        if count == seats:  # as in most games: then the loop's length is known when this is compiled
            acts, p = first_acting(acting_rows, i, 0, seats)
        else:
            acts, p = first_acting(acting_rows, i, first, first + count)
        if acts > 0:
            clear(obs[i, 0])
            look_one(s, c, p, obs[i, 0])


@Driver
def encode_anew(obs: Any, configs: Any, out: Any) -> None:
    """`encode_rows` into tensors that were used before: each is zeroed just before it is written, while it is near the processor."""
    c = configs[0]
    for i in range(len(obs)):
        clear(out[i])
        encode(obs[i], c, out[i])
