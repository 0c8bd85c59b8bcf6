"""The drivers: the few loops that step, mask, show and encode records of any game.

A driver calls stubs (`play`, `legal`, `observe`, ...) that find the game by the tag of the record that they are given, plain or
compiled. So each driver exists once, is cached on disk per game, and runs in both ways with the same bytes. One step is the same for
all games: rewards to zero, play, chance, tick, limit; an ended record is left alone. Every array has the row first.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from envs.keys import below, fold
from envs.loading import uncollected
from envs.memory import clear, width
from envs.records import Rule, wrap
from envs.stubs import acting, advance, chance, chances, command, encode, imagine, init, legal, observe, play

__all__ = [
    "PLAIN",
    "Driver",
    "begin",
    "close_tick",
    "first_acting",
    "look_one",
    "mask_one",
    "settle",
    "step_one",
]

PLAIN = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


class Driver:
    """A loop over records, to be called plain (Python) or compiled (numba, cached on disk, without the GIL)."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self._compiled: Callable[..., Any] | None = None

    def plain(self, *arguments: Any) -> Any:
        return self.function(*map(wrap, arguments))

    def compiled(self, *arguments: Any) -> Any:
        return (self._compiled or self.direct(plain=False))(*arguments)

    def direct(self, plain: bool) -> Callable[..., Any]:
        """What to call in a loop that counts microseconds."""
        if plain:
            return self.plain
        if self._compiled is None:
            with uncollected():
                from envs.compiled import compile_driver  # noqa: PLC0415  numba is loaded when it is first needed

            self._compiled = compile_driver(self.function)
        return self._compiled

    def __call__(self, *arguments: Any) -> Any:
        return self.plain(*arguments) if PLAIN else self.compiled(*arguments)


def _settle(s: Any, c: Any, key: Any) -> None:
    n = chances(s, c)
    drawn = 1
    while n > 1 and not s.done:
        chance(s, c, below(fold(key, drawn), n))
        drawn += 1
        n = chances(s, c)


def _close_tick(s: Any, c: Any) -> None:
    s.tick += 1
    if not s.done and s.tick >= c.limit:
        s.done = True
        s.truncated = True


def _begin(s: Any, c: Any, key: Any) -> None:
    tick_key = fold(key, 0)
    init(s, c, fold(tick_key, 0))
    settle(s, c, tick_key)


def _step_one(s: Any, c: Any, actions: Any, key: Any) -> None:
    for p in range(len(s.reward)):
        s.reward[p] = 0
    if s.done:
        return
    tick_key = fold(key, s.tick + 1)
    play(s, c, actions, fold(tick_key, 0))
    settle(s, c, tick_key)
    close_tick(s, c)


def _first_acting(acting_rows: Any, i: int, begin: int, end: int) -> tuple[int, int]:
    """How many of the seats begin to end - 1 act in row i, and the first of them.

    Without a branch: who acts in a row of a turn-based game is a coin toss to the processor.
    """
    count = 0
    first = begin
    for p in range(end - 1, begin - 1, -1):
        count += acting_rows[i, p]
        first += (p - first) * acting_rows[i, p]
    return count, first


def _mask_one(s: Any, c: Any, acting_rows: Any, legal_rows: Any, i: int) -> None:
    seats, entries = len(s.reward), width(s)  # known when this is compiled, unlike the arrays' shapes
    for p in range(seats):
        acting_rows[i, p] = False
        for a in range(entries):
            legal_rows[i, p, a] = False
    if not s.done:
        acting(s, c, acting_rows[i])
        count, p = first_acting(acting_rows, i, 0, seats)
        for n in range(count):
            legal(s, c, p, legal_rows[i, p])
            p += 1
            while n + 1 < count and not acting_rows[i, p]:
                p += 1


def _look_one(s: Any, c: Any, seat: int, obs: Any) -> None:
    observe(s, c, seat, obs)
    obs.tick = s.tick
    obs.seat = seat
    obs.done = s.done


settle, close_tick, begin = Rule(_settle), Rule(_close_tick), Rule(_begin)
first_acting = Rule(_first_acting, inline=True)
step_one, mask_one, look_one = (Rule(part, inline=True) for part in (_step_one, _mask_one, _look_one))


@Driver
def start(states: Any, configs: Any, keys: Any) -> None:
    """Fresh episodes of the records states[B]; keys uint64[B]."""
    c = configs[0]
    for i in range(len(states)):
        clear(states[i])
        begin(states[i], c, keys[i])


@Driver
def step(states: Any, configs: Any, actions: Any, keys: Any) -> None:
    """One tick of each row: actions int32[B, P, K], keys uint64[B] of the episodes."""
    c = configs[0]
    for i in range(len(states)):
        step_one(states[i], c, actions[i], keys[i])


@Driver
def mask(states: Any, configs: Any, acting_rows: Any, legal_rows: Any) -> None:
    """Who acts, bool[B, P], and what they may do, bool[B, P, A]."""
    c = configs[0]
    for i in range(len(states)):
        mask_one(states[i], c, acting_rows, legal_rows, i)


@Driver
def step_mask(states: Any, configs: Any, actions: Any, keys: Any, acting_rows: Any, legal_rows: Any) -> None:
    """`step` and `mask` in one call, for faces of one episode."""
    c = configs[0]
    for i in range(len(states)):
        step_one(states[i], c, actions[i], keys[i])
        mask_one(states[i], c, acting_rows, legal_rows, i)


@Driver
def look_encode(states: Any, configs: Any, public: Any, seat: int, obs: Any, tagged: Any, out: Any) -> None:
    """One seat's observation and its tensor in one call: obs[1, 1], tagged[1] the same memory under the view's tag, out[1, ...] zero."""
    clear(obs[0, 0])
    look_one(states[0], configs[0], seat, obs[0, 0])
    encode(tagged[0], public[0], out[0])


@Driver
def look(states: Any, configs: Any, first: int, obs: Any) -> None:
    """Observations obs[B, n] of seats first, first + 1, ..."""
    c = configs[0]
    for i in range(len(states)):
        for j in range(obs.shape[1]):
            clear(obs[i, j])
            look_one(states[i], c, first + j, obs[i, j])


@Driver
def encode_rows(obs: Any, configs: Any, out: Any) -> None:
    """Tensors out[N, ...], zero before, of observations obs[N], whose record type carries the tag of the view."""
    c = configs[0]
    for i in range(len(obs)):
        encode(obs[i], c, out[i])


@Driver
def imagine_rows(obs: Any, configs: Any, seats: Any, keys: Any, states: Any) -> None:
    """Full states that the seats hold possible: obs[N], seats int64[N], keys uint64[N] -> states[N]."""
    c = configs[0]
    for i in range(len(obs)):
        clear(states[i])
        states[i].tick = obs[i].tick
        states[i].done = obs[i].done
        imagine(obs[i], c, seats[i], keys[i], states[i])


@Driver
def open_frames(states: Any, configs: Any, actions: Any, keys: Any) -> None:
    """The first part of a step of many frames: rewards to zero and the commands."""
    s = states[0]
    for p in range(len(s.reward)):
        s.reward[p] = 0
    command(s, configs[0], actions[0], fold(fold(keys[0], s.tick + 1), 0))


@Driver
def one_frame(states: Any, configs: Any, keys: Any, frame: int) -> None:
    """One world tick inside a step."""
    s = states[0]
    if not s.done:
        advance(s, configs[0], fold(fold(keys[0], s.tick + 1), 0), frame)


@Driver
def pending(states: Any, configs: Any) -> int:
    """How many chance outcomes are pending in one state."""
    return chances(states[0], configs[0])


@Driver
def force(states: Any, configs: Any, i: int) -> None:
    """Resolve the pending chance of one state with outcome i."""
    chance(states[0], configs[0], i)


@Driver
def step_unsettled(states: Any, configs: Any, actions: Any, keys: Any) -> None:
    """A step that leaves chance pending, for tree walkers; `finish` closes the tick."""
    s = states[0]
    for p in range(len(s.reward)):
        s.reward[p] = 0
    play(s, configs[0], actions[0], fold(fold(keys[0], s.tick + 1), 0))


@Driver
def start_unsettled(states: Any, configs: Any, keys: Any) -> None:
    """A fresh episode whose chance is still pending."""
    clear(states[0])
    init(states[0], configs[0], fold(fold(keys[0], 0), 0))


@Driver
def finish(states: Any, configs: Any) -> None:
    """Close a tick that was stepped unsettled."""
    close_tick(states[0], configs[0])
