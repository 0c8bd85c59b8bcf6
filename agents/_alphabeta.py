"""Alpha-beta search over the rules of any two-seat game that both see whole: one driver with its stack in arrays.

Because the stack is data, a search can be left after any number of positions and taken up again, so that a clock between
two calls is enough. Values are points of seat 0; an end is worth a thousandth less for each move that it is away, so the
quickest win and the longest defence are preferred. Source: Knuth and Moore 1975.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from agents._masks import copy, draw, fill, listed, see_legal
from agents._memory import tagged
from envs.drivers import Driver, step_one
from envs.keys import fold
from envs.records import Rule, wrap
from envs.stubs import acting, imagine

__all__ = ["FRAME", "PLAN", "Stack", "allocate", "descend", "place"]

PLAN = np.dtype(
    [
        ("point", np.float64),
        ("value", np.float64),
        ("depth", np.int64),
        ("rollouts", np.int64),
        ("level", np.int64),
        ("positions", np.int64),
        ("width", np.int64),
        ("finished", np.bool_),
        tagged("_alphabeta", "_masks"),
    ],
    align=True,
)
"""point: points per unit; depth: moves to look ahead; positions: how many were seen; value: the result when finished."""

FRAME = np.dtype(
    [
        ("alpha", np.float64),
        ("beta", np.float64),
        ("best", np.float64),
        ("earned", np.float64),
        ("turn", np.int32),
        ("moves", np.int32),
        ("next", np.int32),
        ("killer", np.int32),
    ],
    align=True,
)
"""One position on the stack. earned: points of seat 0 on the way here; killer: the move that last cut this level short."""

FAR = 1e300
CLOSER = 1e-3
"""The share of its worth that an end loses with each move that it is away."""


class Stack(NamedTuple):
    """states[depth + 1] and their bytes, one frame and one row of ordered moves for each, and scratch rows."""

    plan: Any
    states: Any
    raw: Any
    frames: Any
    moves: Any
    order: Any
    acting: Any
    legal: Any
    octets: Any
    actions: Any
    sizes: Any


def allocate(game: Any, depth: int) -> Stack:
    """Memory for searches of a record game up to `depth` moves deep."""
    seats, width = game.seats, game.spec.width
    states = np.zeros(depth + 2, game.state_type)
    octets = np.zeros((seats, (width + 7) // 8), np.int64)
    plan = np.zeros(1, PLAN)
    plan["point"], plan["width"] = 1.0 / game.spec.scale, width
    stack = Stack(
        plan, states, game.raw(states), np.zeros(depth + 2, FRAME), np.zeros((depth + 2, width), np.int64),
        np.zeros(width, np.int64), np.zeros(seats, np.bool_), octets.view(np.bool_), octets,
        np.zeros((seats, 1), np.int32), np.full((seats, 1), width, np.int64),
    )  # fmt: skip
    return Stack(*map(wrap, stack)) if game.plain else stack


def _turn(w: Any, c: Any, s: Any) -> int:
    """The one seat that acts; its legal moves are then in its row."""
    fill(w.acting, False)
    acting(s, c, w.acting)
    turn = 0 if w.acting[0] else 1
    see_legal(s, c, turn, w.legal[turn][: w.plan[0].width], w.octets[turn])
    return turn


def _order_moves(w: Any, level: int, turn: int) -> int:
    """The legal moves into the level's row: the one that last cut, then from the middle of the numbers outwards."""
    width = w.plan[0].width
    n = listed(w.legal[turn][:width], w.octets[turn], 0, width, w.order)
    right = 0
    while right < n and 2 * w.order[right] < width - 1:
        right += 1
    left = right - 1
    for i in range(n):
        if left < 0 or (right < n and 2 * w.order[right] - width < width - 2 * w.order[left]):
            w.moves[level, i] = w.order[right]
            right += 1
        else:
            w.moves[level, i] = w.order[left]
            left -= 1
        if w.moves[level, i] == w.frames[level].killer:
            for j in range(i, 0, -1):
                w.moves[level, j] = w.moves[level, j - 1]
            w.moves[level, 0] = w.frames[level].killer
    return n


def _play_out(w: Any, c: Any, level: int, key: Any) -> float:
    """Points of seat 0 in a random game from a level on, played in the last place of the stack."""
    last = len(w.states) - 1
    copy(w.raw[level], w.raw[last])
    s = w.states[last]
    earned = 0.0
    while not s.done:
        turn = turn_of(w, c, s)
        draw(
            w.legal[turn][: w.plan[0].width], w.octets[turn], w.sizes[turn], w.order, w.actions[turn], fold(key, s.tick)
        )
        step_one(s, c, w.actions, key)
        earned += s.reward[0] * w.plan[0].point
    return earned


def _horizon(w: Any, c: Any, level: int, key: Any) -> float:
    """What a position at the horizon is worth: nothing more than was earned, or the mean of random games, damped."""
    plan = w.plan[0]
    total = 0.0
    for r in range(plan.rollouts):
        total += play_out(w, c, level, fold(fold(key, plan.positions), r))
    # Damped, so that no guess looks like an end that was seen.
    return 0.4 * total / plan.rollouts if plan.rollouts > 0 else 0.0


def _open(w: Any, c: Any, level: int, earned: float, key: Any) -> None:
    """Make the frame of a position: a value without moves at an end or at the horizon, else the moves to try."""
    plan = w.plan[0]
    frame = w.frames[level]
    s = w.states[level]
    plan.positions += 1
    frame.earned = earned
    frame.next = 0
    frame.moves = 0
    frame.best = earned * (1.0 - CLOSER * (level + 1))
    if not s.done and level + 1 < plan.depth:
        frame.turn = turn_of(w, c, s)
        frame.moves = order_moves(w, level, frame.turn)
        if frame.moves > 0:
            frame.best = -FAR if frame.turn == 0 else FAR
    elif not s.done:
        frame.best += horizon(w, c, level, key)


def _close(w: Any, level: int) -> None:
    """Hand a position's value to the one above."""
    value = w.frames[level].best
    above = w.frames[level - 1]
    if above.turn == 0:
        above.best = max(above.best, value)
        above.alpha = max(above.alpha, value)
    else:
        above.best = min(above.best, value)
        above.beta = min(above.beta, value)
    if above.alpha >= above.beta:
        above.killer = w.moves[level - 1, above.next - 1]


turn_of, order_moves, play_out, horizon = Rule(_turn), Rule(_order_moves), Rule(_play_out), Rule(_horizon)
open_at, close = Rule(_open), Rule(_close)


@Driver
def place(asked: Any, configs: Any, keys: Any, seat: int, move: int, w: Any) -> None:
    """Put the position after one move of the asking seat on the stack's ground."""
    c = configs[0]
    plan = w.plan[0]
    fill(w.raw[0], 0)
    w.states[0].tick = asked[0].tick
    w.states[0].done = asked[0].done
    imagine(asked[0], c, seat, keys[0], w.states[0])
    w.actions[seat, 0] = move
    step_one(w.states[0], c, w.actions, keys[0])
    w.frames[0].alpha = -FAR
    w.frames[0].beta = FAR
    plan.level = 0
    plan.finished = False
    open_at(w, c, 0, w.states[0].reward[0] * plan.point, keys[0])


@Driver
def descend(asked: Any, configs: Any, keys: Any, count: int, w: Any) -> None:
    """Search on for at most `count` positions; plan.finished tells when plan.value is the result."""
    c = configs[0]
    plan = w.plan[0]
    stop = plan.positions + count
    while plan.positions < stop and not plan.finished:
        level = plan.level
        frame = w.frames[level]
        if frame.next < frame.moves and frame.alpha < frame.beta:
            copy(w.raw[level], w.raw[level + 1])
            s = w.states[level + 1]
            w.actions[frame.turn, 0] = w.moves[level, frame.next]
            frame.next += 1
            step_one(s, c, w.actions, keys[0])
            w.frames[level + 1].alpha = frame.alpha
            w.frames[level + 1].beta = frame.beta
            plan.level = level + 1
            open_at(w, c, level + 1, frame.earned + s.reward[0] * plan.point, keys[0])
        elif level == 0:
            plan.value = frame.best
            plan.finished = True
        else:
            close(w, level)
            plan.level = level - 1
