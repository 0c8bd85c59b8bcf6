"""The strong attacker of the siege: waves tried out on states that the seat holds possible, against a busy defender.

A wave of each of the dearest kinds on the road that towers cover least, and mixed waves that are drawn. The defender of the trials builds
and upgrades as gold allows, burns, reinforces and sends the hero where the foremost walker is. What counts is lives lost and, by far
less, how long and how near to the base enemies stayed alive.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from agents.players._grounds import ground
from arena.agent import Ask
from envs import keys

__all__ = ["PASS", "ROADS", "SIZES", "best_wave", "largest"]

PASS, WAIT, FIXED = 0, 90, 92
"""Indices: the attacker's that passes, the defender's that waits, and the first of its cells."""
SLOTTED = 60
"""Indices before it build or upgrade."""
REINFORCE, SEND, BURN = 1, 2, 3
"""The verbs of cells, by number."""
SIZES, ROADS = (1, 2, 4, 8), 5
ALONE, MIXED = 5, 9
"""Waves of one kind, and mixed ones, that are tried."""
LONGEST = 4160
"""Frames of a trial, at most."""
HALF = 3072

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
    road = _roads(ask)[0]
    waves = [[(kind, road, 100)] for kind in able[:ALONE]] + [_mixed(ask, able, n) for n in range(MIXED)]
    harm, groups = max((_tried(ask, wave) for wave in waves), key=lambda each: each[0])
    return groups, f"the best of {len(waves)} waves tried costs {harm:.1f} lives"


def _mixed(ask: Ask, able: list[int], n: int) -> list[Part]:
    """Three kinds that are drawn, each for a third of the budget on a road that is drawn."""
    key, roads = keys.fold(ask.key, n), int(ask.game.public.array["levels"][0, ask.obs.level]["paths"])
    drawn = [
        (keys.below(keys.fold(key, 2 * i), len(able)), keys.below(keys.fold(key, 2 * i + 1), roads)) for i in range(3)
    ]
    return [(able[kind], road, share) for (kind, road), share in zip(drawn, (33, 66, 100), strict=True)]


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
    while state[0]["composing"] and state[0]["composed"] == ask.obs.composed:
        groups.append(_next(game.legal(state, ask.seat).mask, whole - int(state[0]["purse"]), whole, wave))
        state = game.step(state, {0: [WAIT], 1: [groups[-1]]}, ask.key)
    return _harm(game, state, ask.key), groups


def _next(mask: np.ndarray, spent: int, whole: int, wave: list[Part]) -> int:
    """The next group: of the part whose share is not spent yet, or of another that can still be paid."""
    due = [part for part in wave if 100 * spent < part[2] * whole]
    return next((found for kind, road, _ in (*due, *reversed(wave)) if (found := largest(mask, kind, road))), PASS)


def _harm(game: Any, state: Any, key: int) -> float:
    """Lives lost until the wave is over, and a little for enemies that live long and come near."""
    wave, level = int(state[0]["wave"]) + 1, game.public.array["levels"][0, int(state[0]["level"])]
    length, lives, near = level["path"]["length"], int(state[0]["lives"]), 0.0
    for n in range(LONGEST // game.spec.frames):
        row = state[0]
        if row["done"] or (row["wave"] >= wave and not row["coming"] and not row["crowd"]):
            break
        crowd, living = row["enemies"], slice(row["crowd"])
        near += float(np.square(crowd["along"][living] / length[crowd["lane"][living]]).sum())
        state = game.step(state, {0: [_busy(game, state, level, keys.fold(key, n))], 1: [PASS]}, key)
    return lives - int(state[0]["lives"]) + near * game.spec.frames / 16_000


def _busy(game: Any, state: Any, level: Any, key: int) -> int:
    """What the defender of a trial does: one of what it can do, at the foremost walker or with its gold."""
    mask, row = game.masks(state)[1][0], state[0]
    crowd, cells = row["enemies"], game.public.grid**2
    walking = np.flatnonzero(crowd["air"][: row["crowd"]] == 0)
    if len(walking):
        lead = walking[(crowd["goal"] - crowd["along"])[walking].argmin()]
        cell = _cell(crowd["x"][lead], crowd["y"][lead], game.public.grid)
        for verb in (BURN, REINFORCE, *((SEND,) if keys.below(key, 8) == 0 else ())):
            if mask[FIXED + verb * cells + cell]:
                return int(FIXED + verb * cells + cell)
    able = np.flatnonzero(mask[:SLOTTED])
    return int(able[keys.below(keys.fold(key, 1), len(able))]) if len(able) else WAIT


def _cell(x: Any, y: Any, grid: int) -> int:
    """The cell of the grid in which a point lies."""
    column, row = (min(max((int(at) + HALF) * grid // (2 * HALF), 0), grid - 1) for at in (x, y))
    return row * grid + column
