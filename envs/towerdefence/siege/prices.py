"""What an enemy costs the attacker and what a wave may cost, both from the level alone.

A price is what towers need to bring the enemy down, in tens of health, with a surcharge for what makes it worse than its health. A wave's
budget is what the level's own wave would cost, so a siege of a level is as heavy as the level, and other levels need no other numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.towerdefence.tower_defence.levels import Level
from envs.towerdefence.tower_defence.state import KINDS, SECOND, WAVES

__all__ = ["price", "prices", "purses"]

UNIT = 10
"""Health in a unit of price."""
WALK = 137
"""The speed of a goblin, 0.42 map units a second, in the units of a level's record: what is faster costs more."""


def price(kinds: Any, k: int) -> int:
    """The price of kind k of a level's table of kinds, 1 at least; 0 for a kind that is not there.

    Health, and that of the brood; then in per cent: all of armour, half of resistance, evasion and rage, 25 for an aura or for wounds that
    heal, 20 for a blast, 30 for wings, a tenth of the harm that it does in a second; last, half of the share by which it walks faster than
    a goblin, or slower.
    """
    kind = kinds[k]
    health = int(kind["health"])
    if health == 0:
        return 0
    if kind["brood"]:
        health += int(kind["brood"]) * int(kinds[int(kind["split"])]["health"])
    more = int(kind["armour"]) + (int(kind["resist"]) + int(kind["evade"]) + int(kind["rage"])) // 2
    more += (
        25 * (int(kind["aura"]) > 0 or int(kind["regen"]) > 0) + 20 * (int(kind["burst"]) > 0) + 30 * int(kind["air"])
    )
    more += (2 * int(kind["damage"]) + int(kind["extra"])) * SECOND // (20 * max(int(kind["interval"]), 1))
    pace = 50 + 50 * int(kind["speed"]) // WALK
    return max(health * (100 + more) * pace // (10_000 * UNIT), 1)


def prices(level: Any) -> np.ndarray:
    """int32[KINDS]; level: its record."""
    return np.array([price(level["kind"], k) for k in range(KINDS)], np.int32)


def purses(level: Level, budget: int) -> np.ndarray:
    """The budget of each wave, int32[WAVES]: `budget` per cent of what the level's own wave costs."""
    cost = prices(level.record[0])
    found = np.zeros(WAVES, np.int32)
    for w in range(int(level.record["waves"][0])):
        kinds = level.plan["kind"][0, w]
        found[w] = int(cost[kinds[kinds > 0] - 1].sum()) * budget // 100
    return found
