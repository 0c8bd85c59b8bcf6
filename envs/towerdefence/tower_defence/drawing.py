"""Part 5, drawing: the ground as a picture, everything that stands and walks on it as verbs, a bar of figures above, the waves below.

The map is 16 units wide. Fog, fire and the range of a tower are laid into the picture of the ground, so that what lies under them shows
through and none of them runs over the bars. Lives and gold stand above and the waves below, so that there is room on a map of 24 columns.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from envs.canvas import Canvas, raster
from envs.towerdefence.tower_defence.state import HALF, UNIT

WIDE, TOP, HIGH = 16.0, 1.0, 18.0
SIDE = 192
"""Pixels along a side of the picture of the ground."""
GRASS = ((30, 56, 36), (34, 70, 40))
ROAD, EDGE = (150, 126, 88), (86, 74, 52)
MIST, FLAME, RANGE = (148, 156, 170), (240, 120, 40), (250, 250, 160)
RIM = 2 * HALF // SIDE * 3 // 2
"""How wide the edge of a fire or a range is, a pixel and a half of the ground."""
WAVES_FROM = 7.2
"""Where the bar of the waves begins, right of their number."""
_COLOURS = ("grid", "good", "seat4", "seat2")


def at(x: int, y: int) -> tuple[float, float]:
    """A point of the map on the canvas; y grows downwards there."""
    return (x + HALF) * WIDE / (2 * HALF), TOP + (HALF - y) * WIDE / (2 * HALF)


def pixels(obs: Any, c: Any, width: int = 512, height: int = 512) -> np.ndarray:
    """What a seat sees, uint8[height, width, 3]."""
    canvas = Canvas()
    draw(obs, c, canvas)
    return raster(canvas, width, height)


def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    scene(obs, c, canvas, f"gold {obs.gold}")


def scene(obs: Any, c: Any, canvas: Canvas, purse: str) -> None:
    """Everything that is seen; purse: what stands in the upper right corner."""
    level = c.array["levels"][0, obs.level]
    canvas.size(WIDE, HIGH, whole=False)
    canvas.image(0, TOP, WIDE, WIDE, SIDE, SIDE, ground(obs, level, int(c.grid)))
    _base(level, canvas)
    _slots(obs, level, canvas)
    if obs.coin.left:
        canvas.disc(*at(obs.coin.x, obs.coin.y), 0.3, "gold")
    for m in obs.knights[: obs.guard]:
        canvas.disc(*at(m.x, m.y), 0.22, "accent" if m.tower < 0 else "seat2")
    for e in obs.enemies[: obs.crowd]:
        _enemy(e, level["kind"][e.kind], canvas)
    _hero(obs.hero, canvas)
    _figures(obs, level, canvas, purse)


# ------------------------------------------------------------------ the ground
def ground(obs: Any, level: Any, grid: int) -> bytes:
    """The picture of the ground, RGB bytes: terrain, then a tower's range, fires and fog over it."""
    land = terrain(level.tobytes(), level.dtype, grid)
    shown = obs.shown >= 0 and obs.towers[obs.shown].kind
    if not level["fog_radius"] and not obs.burning and not shown:
        return land.tobytes()
    land = land.copy()
    if shown:
        slot, far = level["slot"][obs.shown], int(level["make"][shown - 1]["reach"])
        away = _away(int(slot["x"]), int(slot["y"]))
        _blend(land, away <= far**2, RANGE, 1)
        _blend(land, (away <= far**2) & (away > (far - RIM) ** 2), RANGE, 3)
    light = int(level["champion"]["skill_radius"])
    lit, edge = np.zeros((SIDE, SIDE), np.bool_), np.zeros((SIDE, SIDE), np.bool_)
    for fire in obs.fires[: obs.burning]:
        away = _away(fire.x, fire.y)
        lit |= away <= light**2
        edge |= (away <= light**2) & (away > (light - RIM) ** 2)
    _blend(land, lit & ~edge, FLAME, 4)
    _blend(land, edge, FLAME, 6)
    if level["fog_radius"]:
        _blend(land, (_away(obs.fog_x, obs.fog_y) <= int(level["fog_radius"]) ** 2) & ~lit, MIST, 4)
    return land.tobytes()


_ROWS, _COLUMNS = np.mgrid[0:SIDE, 0:SIDE]
_X, _Y = (_COLUMNS * 2 + 1) * HALF // SIDE - HALF, HALF - (_ROWS * 2 + 1) * HALF // SIDE


def _away(x: int, y: int) -> np.ndarray:
    """The square of each pixel's distance from a point."""
    return np.asarray((x - _X) ** 2 + (y - _Y) ** 2)


def _blend(land: np.ndarray, where: np.ndarray, colour: tuple[int, int, int], sixths: int) -> None:
    """Lay so much of a colour on some pixels."""
    land[where] = ((6 - sixths) * land[where].astype(np.int32) + sixths * np.array(colour)) // 6


@lru_cache(maxsize=16)
def terrain(data: bytes, dtype: np.dtype, grid: int) -> np.ndarray:
    """Grass in the squares of the grid, and roads with an edge: uint8[SIDE, SIDE, 3]."""
    level = np.frombuffer(data, dtype)[0]
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    x, y = (columns * 2 + 1) * HALF / SIDE - HALF, HALF - (rows * 2 + 1) * HALF / SIDE
    odd = (((x + HALF) * grid // (2 * HALF) + (y + HALF) * grid // (2 * HALF)) % 2).astype(int)
    land = np.array(GRASS, np.uint8)[odd]
    away = np.full((SIDE, SIDE), 1e9)
    for p in range(int(level["paths"])):
        path = level["path"][p]
        points = np.stack([path["x"], path["y"]], 1)[: path["n"]].astype(float)
        for a, b in pairwise(points):
            along = b - a
            share = np.clip(((x - a[0]) * along[0] + (y - a[1]) * along[1]) / max(along @ along, 1), 0, 1)
            away = np.minimum(away, np.hypot(x - a[0] - share * along[0], y - a[1] - share * along[1]))
    land[away < 0.2 * UNIT] = EDGE
    land[away < 0.16 * UNIT] = ROAD
    land.setflags(write=False)
    return land


# ------------------------------------------------------------------ what stands on it
def _base(level: Any, canvas: Canvas) -> None:
    path = level["path"][0]
    x, y = at(int(path["x"][path["n"] - 1]), int(path["y"][path["n"] - 1]))
    x, y = min(max(x, 0.6), WIDE - 0.6), min(max(y, TOP + 0.6), TOP + WIDE - 0.6)
    canvas.rect(x - 0.55, y - 0.55, 1.1, 1.1, "wall")
    canvas.rect(x - 0.3, y - 0.3, 0.6, 0.6, "light")


def _slots(obs: Any, level: Any, canvas: Canvas) -> None:
    for t in range(int(level["slots"])):
        x, y = at(int(level["slot"][t]["x"]), int(level["slot"][t]["y"]))
        tower = obs.towers[t]
        canvas.rect(x - 0.5, y - 0.5, 1.0, 1.0, "hole" if tower.kind else "wall")
        if not tower.kind:
            canvas.text(x, y, str(t + 1), "text")
        if tower.kind:
            colour = "muted" if tower.frozen else _COLOURS[tower.kind]
            canvas.rect(x - 0.45, y - 0.45, 0.9, 0.9, colour)
            canvas.text(x, y, " AMK"[tower.kind] + (str(tower.level) if tower.level else ""), "ink")
        if tower.kind == 3:
            fx, fy = at(tower.rally_x, tower.rally_y)
            canvas.line(fx, fy, fx, fy - 0.5, "seat2")


def _enemy(e: Any, kind: Any, canvas: Canvas) -> None:
    x, y = at(e.x, e.y)
    boss = kind["health"] > 2000
    colour = "seat5" if kind["aura"] else "seat4" if kind["air"] else "bad"
    radius = 0.45 if boss else 0.27
    canvas.disc(x, y, radius, colour)
    if kind["air"]:
        canvas.line(x - 2 * radius, y, x + 2 * radius, y, colour)
    left = max(e.hp, 0) / max(int(kind["health"]), 1)
    if left < 1:
        canvas.line(
            x - radius,
            y - radius - 0.12,
            x - radius + 2 * radius * left,
            y - radius - 0.12,
            "good" if left > 0.5 else "gold",
        )


def _hero(hero: Any, canvas: Canvas) -> None:
    x, y = at(hero.x, hero.y)
    if hero.down:
        canvas.disc(x, y, 0.35, "muted", False)
        return
    if (hero.x, hero.y) != (hero.to_x, hero.to_y):
        canvas.line(x, y, *at(hero.to_x, hero.to_y), "highlight")
    x, y = min(max(x, 0.4), WIDE - 0.4), min(max(y, TOP + 0.4), TOP + WIDE - 0.4)
    canvas.rect(x - 0.4, y - 0.4, 0.8, 0.8, "highlight")
    canvas.text(x, y, "H", "ink")


# ------------------------------------------------------------------ figures
def _figures(obs: Any, level: Any, canvas: Canvas, purse: str) -> None:
    canvas.rect(0, 0, WIDE, TOP, "background")
    canvas.text(0.2, 0.5, f"lives {obs.lives}", "good" if 2 * obs.lives > level["lives"] else "bad", "left")
    canvas.text(WIDE - 0.2, 0.5, purse, "gold", "right")
    y, waves = TOP + WIDE, max(int(level["waves"]), 1)
    canvas.rect(0, y, WIDE, HIGH - y, "background")
    canvas.text(0.2, y + 0.5, f"wave {obs.wave}/{level['waves']}", "text", "left")
    step = (WIDE - 0.2 - WAVES_FROM) / waves
    for w in range(waves):
        canvas.rect(WAVES_FROM + w * step, y + 0.2, 0.8 * step, 0.6, "accent" if w < obs.wave else "hole")
    if obs.countdown >= 0 and obs.wave < waves:
        whole = int(level["interval"] if obs.wave else level["first"])
        done = 1 - min(obs.countdown / max(whole, 1), 1.0)
        canvas.rect(WAVES_FROM + obs.wave * step, y + 0.2, done * 0.8 * step, 0.6, "grid")
