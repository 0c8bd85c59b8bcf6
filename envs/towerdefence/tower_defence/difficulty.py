"""How hard a level is, by a written formula: roads, slots, enemies and resources, each from 0 to 1, and their weighted sum.

The terms follow TowerMind's (its weights are not public; these are ours): see `terms`. The formula sees no player, so it may be wrong about
a level; what players make of the levels stands in docs/tower-defence.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.towerdefence.tower_defence.levels import Level
from envs.towerdefence.tower_defence.state import ALONG, SECOND, UNIT
from envs.towerdefence.tower_defence.survey import nearest

__all__ = ["WEIGHTS", "decoys", "difficulty", "terms"]

WEIGHTS = {"roads": 0.2, "slots": 0.15, "enemies": 0.45, "resources": 0.2}


def decoys(level: Any) -> list[int]:
    """The slots from which a magician tower reaches no road, by number from 0."""
    reach = int(level["make"][1]["reach"])
    return [
        t
        for t in range(int(level["slots"]))
        if nearest(level, int(level["slot"][t]["x"]), int(level["slot"][t]["y"]))[0] > reach**2
    ]


def terms(level: Level) -> dict[str, float]:
    """roads: half for their number beyond one (of four more), half for how much shorter than 12 map units they are on average.
    slots: a third each for the share of decoys, for useful slots that lack to twelve, and for the radius of the fog (of 1.5 map units).
    enemies: a third for kinds (of 15), two thirds for the health that comes in a second while waves last (of 1200), armour and the like
    counted in.
    resources: gold at the start (of 900) and what coins bring in all waves (of 900) together, taken from 1.
    """
    record, plan = level.record[0], level.plan[0]
    paths, slots, waves = (int(record[name]) for name in ("paths", "slots", "waves"))
    length = float(np.mean(record["path"]["length"][:paths])) / (ALONG * UNIT)
    useful, fog = slots - len(decoys(record)), int(record["fog_radius"]) / UNIT
    kinds = plan["kind"][:waves]
    present = np.unique(kinds[kinds > 0]) - 1
    lasts = (int(record["first"]) + (waves - 1) * int(record["interval"])) / SECOND + 20
    mass = sum(_toughness(record["kind"][k - 1]) for k in kinds[kinds > 0])
    coins = (
        lasts * SECOND / max(int(record["coin_every"]), 1) * (int(record["coin_least"]) + int(record["coin_extra"]) / 2)
        if record["coin_every"]
        else 0
    )
    return {
        "roads": _clip((paths - 1) / 4) / 2 + _clip(1 - length / 12) / 2,
        "slots": ((slots - useful) / max(slots, 1) + _clip(1 - useful / 12) + _clip(fog / 1.5)) / 3,
        "enemies": _clip(len(present) / 15) / 3 + 2 * _clip(mass / lasts / 1200) / 3,
        "resources": _clip(1 - (int(record["gold"]) / 900 + coins / 900) / 2),
    }  # fmt: skip


def difficulty(level: Level) -> float:
    """The weighted sum of the terms."""
    return sum(WEIGHTS[name] * value for name, value in terms(level).items())


def _toughness(kind: Any) -> float:
    """Health as the towers feel it: turned blows count, and flyers, whom fewer towers reach, count half more."""
    turned = (int(kind["armour"]) + int(kind["resist"]) + int(kind["evade"])) / 300
    return float(kind["health"]) / (1 - min(turned, 0.9)) * (1.5 if kind["air"] else 1.0) * (1 + int(kind["brood"]) / 4)


def _clip(value: float) -> float:
    return min(max(value, 0.0), 1.0)
