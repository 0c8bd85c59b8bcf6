"""Part 5, drawing: the picture of `tower_defence`, and a bar for the wave to come: sealed for the defender, open for its composer."""

from __future__ import annotations

from typing import Any

from envs.canvas import Canvas
from envs.towerdefence.siege.state import ATTACKER, DEFENDER
from envs.towerdefence.tower_defence.drawing import HIGH, WIDE, at, scene
from envs.towerdefence.tower_defence.state import SPAWNS

BAR, MIDDLE = 1.2, HIGH + 0.86
"""The bar's height, and the height of what stands in it: a row below the waves wherever a map can be read."""
_ROADS = ("seat1", "seat6", "seat7", "seat3", "accent")
"""The colours of the roads in the bar."""


def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    scene(obs, c, canvas, _purse(obs))
    canvas.size(WIDE, HIGH + BAR, whole=False)
    canvas.rect(0, HIGH, WIDE, BAR, "background")
    if obs.composed <= obs.wave:
        return
    if obs.seat in (DEFENDER, -2):
        how = "being composed" if obs.composing else "sealed"
        canvas.text(WIDE / 2, MIDDLE, f"wave {obs.wave + 1}: {how}", "muted")
        return
    _roads(obs, c, canvas)
    _wave(obs, c, canvas)


def _purse(obs: Any) -> str:
    if obs.seat in (DEFENDER, -1):
        return f"gold {obs.gold}"
    return f"left {obs.purse}" if obs.seat == ATTACKER else ""


def _wave(obs: Any, c: Any, canvas: Canvas) -> None:
    """A disc for each enemy that is chosen, large for a large one, in the colour of its road; a line through flyers."""
    kinds, step = c.array["levels"][0, obs.level]["kind"], WIDE / (SPAWNS + 1)
    for i, (kind, lane) in enumerate(zip(obs.next_types.tolist(), obs.next_lanes.tolist(), strict=True)):
        if kind:
            x, y, found = (i + 1) * step, MIDDLE, kinds[kind - 1]
            radius = 0.28 if found["health"] > 1500 else 0.2
            canvas.disc(x, y, radius, _ROADS[lane])
            if found["air"]:
                canvas.line(x - 0.3, y, x + 0.3, y, "text")


def _roads(obs: Any, c: Any, canvas: Canvas) -> None:
    """The number of each road where it begins, in its colour."""
    level = c.array["levels"][0, obs.level]
    for lane in range(int(level["paths"])):
        x, y = at(int(level["path"][lane]["x"][0]), int(level["path"][lane]["y"][0]))
        x, y = min(max(x, 0.6), WIDE - 0.6), min(max(y, 1.6), HIGH - 1.6)
        canvas.rect(x - 0.4, y - 0.4, 0.8, 0.8, _ROADS[lane])
        canvas.text(x, y, str(lane + 1), "ink")
