"""The strong attacker of the siege: waves tried out on states that the seat holds possible, against a defender who only waits.

First a wave of each of the dearest kinds on the road that towers cover least, then pairs of the kinds that did most harm, on one road and
on two. What counts is lives lost and, by far less, how long and how near to the base enemies stayed alive.
"""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np

from agents.players._grounds import ground
from arena.agent import Ask

__all__ = ["PASS", "ROADS", "SIZES", "best_wave", "largest"]

PASS, WAIT = 0, 90
SIZES, ROADS = (1, 2, 4, 8), 5
TRIED, PAIRED = 7, 2
"""Kinds that are tried alone, and of those that do best in pairs."""
LONGEST = 260
"""Decisions of a trial, at most."""

Part = tuple[int, int, int]
"""Kind, road, and up to which share of the budget, in per cent."""


def largest(mask: np.ndarray, kind: int, road: int) -> int:
    """The largest group of a kind that the mask allows; PASS where there is none."""
    first = 1 + (kind * ROADS + road) * len(SIZES)
    return next((first + n for n in (3, 2, 1, 0) if mask[first + n]), PASS)


def best_wave(ask: Ask) -> tuple[list[int], str]:
    """The groups of the wave that did most harm, and how much; none where nothing can be paid."""
    prices = ask.game.public.array["prices"][0, ask.obs.level]
    able = [k for k in np.argsort(-prices, kind="stable").tolist() if prices[k] and largest(ask.legal.mask, k, 0)]
    if not able:
        return [], "nothing can be paid"
    roads = _roads(ask)
    alone = {k: _tried(ask, [(k, roads[0], 100)]) for k in able[:TRIED]}
    ranked = sorted(alone, key=lambda k: -alone[k][0])[:PAIRED]
    pairs = [
        _tried(ask, [(a, roads[0], 50), (b, road, 100)])
        for a, b in permutations(ranked, 2)
        for road in {roads[0], roads[-1]}
    ]
    harm, groups = max([*alone.values(), *pairs], key=lambda each: each[0])
    return (
        groups,
        f"the best of {len(alone) + len(pairs)} waves tried costs {harm:.1f} lives if the defender only waits",
    )


def _roads(ask: Ask) -> list[int]:
    """The roads, from the one that towers cover least to the one that they cover most."""
    level, towers = ask.game.public.array["levels"][0, ask.obs.level], ask.obs.array[0]["towers"]
    cover = ground(level.tobytes(), level.dtype).cover
    covered = sum(cover[towers["kind"][t] - 1][:, t] * (1 + towers["level"][t]) for t in np.flatnonzero(towers["kind"]))
    return list(range(int(level["paths"]))) if isinstance(covered, int) else np.argsort(covered, kind="stable").tolist()


def _tried(ask: Ask, wave: list[Part]) -> tuple[float, list[int]]:
    """The harm of one wave in one imagined state, and its groups."""
    game: Any = ask.game
    state = game.imagine(ask.obs, ask.seat, ask.key)
    whole, groups = int(state[0]["purse"]), []
    while state[0]["composing"]:
        groups.append(_next(game.legal(state, ask.seat).mask, whole - int(state[0]["purse"]), whole, wave))
        state = game.step(state, {0: [WAIT], 1: [groups[-1]]}, ask.key)
    return _harm(game, state, ask.key), groups


def _next(mask: np.ndarray, spent: int, whole: int, wave: list[Part]) -> int:
    """The next group: of the part whose share is not spent yet, or of another that can still be paid."""
    due = [part for part in wave if 100 * spent < part[2] * whole]
    return next((found for kind, road, _ in (*due, *reversed(wave)) if (found := largest(mask, kind, road))), PASS)


def _harm(game: Any, state: Any, key: int) -> float:
    """Lives lost until the wave is over, and a little for enemies that live long and come near."""
    row, wave = state[0], int(state[0]["wave"]) + 1
    length = game.public.array["levels"][0, int(row["level"])]["path"]["length"]
    lives, near = int(row["lives"]), 0.0
    for _ in range(LONGEST):
        row = state[0]
        if row["done"] or (row["wave"] >= wave and not row["coming"] and not row["crowd"]):
            break
        crowd = row["enemies"][: row["crowd"]]
        near += float(np.square(crowd["along"] / length[crowd["lane"]]).sum()) if len(crowd) else 0.0
        state = game.step(state, {0: [WAIT], 1: [PASS]}, key)
    return lives - int(state[0]["lives"]) + near / 1000
