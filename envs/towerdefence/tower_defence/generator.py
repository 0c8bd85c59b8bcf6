"""Random levels: `level=random&difficulty=0.6&layout=7` and `arena level new`. The same numbers give the same file, byte for byte.

`level=random` takes only levels that the scripted expert has held: which layouts those are, for each tenth of difficulty, stands in
`levels/solvable.toml`, made by `python -m arena.bench.towers layouts --write`. A layout's number counts round and round through that list.

Roads wander from the border to one base, slots stand beside them, decoys far away; waves are bought kind by kind from a budget of health
that grows from wave to wave and with the difficulty. Everything is drawn from `envs.keys`, in whole hundredths of a map unit.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from math import hypot
from typing import Any

from envs.keys import below, fold
from envs.towerdefence.tower_defence.levels import FOLDER, Level, read

__all__ = ["drawn_level", "level_text", "places", "random_level", "solvable"]

Point = tuple[int, int]
"""Hundredths of a map unit."""
KINDS = (
    ("goblin", 460), ("wolf", 330), ("orc", 900), ("bat", 300), ("slime", 1140), ("shield", 1300), ("shaman", 700), ("berserker", 1100),
    ("rogue", 800), ("ogre", 1900), ("sapper", 450), ("wizard", 800), ("troll", 1500), ("warlock", 800), ("drummer", 800),
    ("gargoyle", 900), ("golem", 6500), ("dragon", 3200),
)  # fmt: skip
"""Kinds as they appear with growing difficulty, and what one of them costs of a wave's budget: its health and its trait."""
WAVES = 5


@cache
def solvable() -> dict[int, tuple[int, ...]]:
    """By tenths of difficulty, 0 to 10: the layouts that the scripted expert has held with a life left, on seed 0."""
    table = tomllib.loads((FOLDER / "solvable.toml").read_text(encoding="utf-8"))
    return {tenths: tuple(table["held"][f"{tenths / 10:.1f}"]) for tenths in range(11)}


def random_level(difficulty: float, layout: int, grid: int = 12) -> Level:
    """A level that the expert has held: of the tenth of difficulty that is nearest, the layout at this place of the list."""
    tenths = round(10 * difficulty)
    held = solvable()[tenths]
    return drawn_level(tenths / 10, held[layout % len(held)], grid)


def drawn_level(difficulty: float, layout: int, grid: int = 12) -> Level:
    """The level of these numbers, whoever can hold it."""
    level, faults = read(level_text(difficulty, layout), f"random {difficulty:g} {layout}", grid)
    assert level is not None, f"the generator wrote a level that cannot be read: {faults[0]}"
    return level


def level_text(difficulty: float, layout: int) -> str:
    """The TOML text of a random level, difficulty from 0 to 1."""
    hard = round(1000 * difficulty)
    key = fold(fold(0x7D, layout), hard)
    roads = _roads(1 + (hard + below(fold(key, 0), 400)) // 500, fold(key, 1))
    slots = places(roads, 11 - 2 * hard // 1000, 1 + 2 * hard // 1000, fold(key, 2))
    lines = [f'title = "Random {difficulty:g}, layout {layout}"', "", "[rules]", f"gold = {680 - 120 * hard // 1000}"]
    if hard >= 300:
        lines += ["", "[fog]", f"radius = {(60 + 50 * hard // 1000) / 100}"]
    for road in roads:
        lines += ["", "[[path]]", f"points = [{', '.join(_written(point) for point in road)}]"]
    for slot in slots:
        lines += ["", "[[slot]]", f"at = {_written(slot)}"]
    for w in range(WAVES):
        groups = _wave(w, hard, len(roads), fold(key, 10 + w))
        lines += [
            "",
            "[[wave]]",
            f"spacing = {(180 - 15 * w) / 100}",
            "groups = [",
            *(f"  {group}," for group in groups),
            "]",
        ]
    return "\n".join(lines) + "\n"


def _written(point: Point) -> str:
    return f"[{point[0] / 100}, {point[1] / 100}]"


def _roads(count: int, key: int) -> list[list[Point]]:
    """Roads that start on three sides and end at one base on the fourth; 5 to 12 map units long."""
    side = below(fold(key, 0), 4)
    base = _border(side, fold(key, 1))
    roads: list[list[Point]] = []
    for n in range(400):
        at = fold(key, 10 + n)
        start = _border((side + 1 + below(fold(at, 0), 3)) % 4, fold(at, 1))
        bends = [
            (below(fold(at, 10 + i), 420) - 210, below(fold(at, 20 + i), 420) - 210)
            for i in range(2 + below(fold(at, 2), 2))
        ]
        road = [start, *bends, base]
        legs = [hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(road)]
        apart = all(hypot(start[0] - other[0][0], start[1] - other[0][1]) > 150 for other in roads)
        if min(legs) >= 110 and 600 <= sum(legs) <= 1200 and apart:
            roads.append(road)
        if len(roads) == count:
            break
    return roads


def _border(side: int, key: int) -> Point:
    along = below(key, 400) - 200
    return ((-300, along), (along, -300), (300, along), (along, 300))[side]


def places(roads: Sequence[Sequence[Point]], useful: int, decoys: int, key: int) -> list[Point]:
    """Slots beside the roads, then decoys as far from them as there is room, in mixed order."""
    slots: list[Point] = []
    for n in range(4000):
        at = (below(fold(key, 2 * n), 560) - 280, below(fold(key, 2 * n + 1), 560) - 280)
        if len(slots) < useful and 35 <= _away(at, roads) <= 62 and all(_far(at, other, 70) for other in slots):
            slots.append(at)
    wild = [(below(fold(key, 9000 + 2 * n), 560) - 280, below(fold(key, 9001 + 2 * n), 560) - 280) for n in range(400)]
    for at in sorted(wild, key=lambda at: -_away(at, roads)):
        if len(slots) < useful + decoys and all(_far(at, other, 90) for other in slots):
            slots.append(at)
    return sorted(slots, key=lambda at: fold(key, at[0] * 1000 + at[1] + (1 << 20)))[:15]


def _far(a: Point, b: Point, least: int) -> bool:
    return hypot(a[0] - b[0], a[1] - b[1]) >= least


def _away(at: Point, roads: Sequence[Sequence[Point]]) -> float:
    """How far a point is from the nearest road."""
    return min(_from_leg(at, a, b) for road in roads for a, b in pairwise(road))


def _from_leg(at: Point, a: Point, b: Point) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    share = min(max(((at[0] - a[0]) * dx + (at[1] - a[1]) * dy) / (dx * dx + dy * dy), 0.0), 1.0)
    return hypot(at[0] - a[0] - share * dx, at[1] - a[1] - share * dy)


def _wave(w: int, hard: int, roads: int, key: int) -> list[Any]:
    """Groups of one wave: [kind, how many, road] as text."""
    budget = (4200 + 1500 * w) * (600 + hard * 9 // 10) // 1000
    known = min(3 + w + hard * 10 // 1000, len(KINDS))
    groups, left = [], 25
    for n in range(4):
        kind, cost = KINDS[below(fold(key, n), known)]
        many = min(max(budget * (1 + (n == 3) * 2) // (4 * cost), 1), left - (3 - n), 12)
        if cost <= 2 * budget:
            groups.append(f'["{kind}", {many}, {1 + below(fold(key, 20 + n), roads)}]')
            left -= many
            budget -= many * cost // 2
    return groups or ['["goblin", 8, 1]']
