"""The geometry of a level, done once when it is read: legs of roads, the nearest point of a road, the points that stand for grid cells.

Integers throughout, with the same divisions as the rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from typing import Any

from envs.towerdefence.tower_defence.acts import ROAD
from envs.towerdefence.tower_defence.state import ALONG, HALF, NEAR

__all__ = ["beside", "cells", "distance", "nearest", "road"]

Point = tuple[int, int]


def distance(a: Any, b: Any) -> int:
    """Length units between two points, rounded down."""
    return isqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2)


def road(path: Any, points: Sequence[Any]) -> None:
    """Fill a PATH from its points: direction and progress of each leg."""
    path["n"] = len(points)
    start = 0
    for i, (x, y) in enumerate(points):
        path["x"][i], path["y"][i], path["start"][i] = x, y, start
        if i + 1 < len(points):
            span = distance(points[i], points[i + 1])
            path["dx"][i] = (points[i + 1][0] - x) * 4096 // span
            path["dy"][i] = (points[i + 1][1] - y) * 4096 // span
            start += span * ALONG
    path["length"] = start


def nearest(level: Any, x: int, y: int) -> tuple[int, Point, int]:
    """(distance squared, point, progress in per mille) of the point of a road that is nearest to (x, y)."""
    best = (1 << 60, (x, y), 0)
    for p in range(int(level["paths"])):
        path = level["path"][p]
        px, py, dx, dy, start = (path[name].tolist() for name in ("x", "y", "dx", "dy", "start"))
        length = int(path["length"])
        for leg in range(int(path["n"]) - 1):
            span = (start[leg + 1] - start[leg]) // ALONG
            off = min(max(((x - px[leg]) * dx[leg] + (y - py[leg]) * dy[leg]) >> 12, 0), span)
            found = px[leg] + (off * dx[leg] >> 12), py[leg] + (off * dy[leg] >> 12)
            far = (x - found[0]) ** 2 + (y - found[1]) ** 2
            if far < best[0]:
                best = far, found, (start[leg] + off * ALONG) * 1000 // max(length, 1)
    return best


def beside(level: Any, at: Point) -> Point:
    """The default rally point of a slot: the nearest point of a road."""
    return nearest(level, *at)[1]


def cells(level: Any, grid: int) -> None:
    """For each cell of the grid: the point that stands for it (on a road, if one passes), who may rally there, progress of the road."""
    half, reach = HALF // grid, int(level["make"][2]["reach"])
    for row in range(grid):
        for column in range(grid):
            x, y = (2 * column + 1) * HALF // grid - HALF, (2 * row + 1) * HALF // grid - HALF
            _, at, progress = nearest(level, x, y)
            passes = abs(at[0] - x) <= half and abs(at[1] - y) <= half
            x, y = at if passes else (x, y)
            cell = row * grid + column
            level["spot_x"][cell], level["spot_y"][cell] = x, y
            level["road"][cell] = progress if passes else -1
            level["cell"][cell] = _bits(level, x, y, reach)


def _bits(level: Any, x: int, y: int, reach: int) -> int:
    bits = NEAR if nearest(level, x, y)[0] <= ROAD * ROAD else 0
    for t in range(int(level["slots"])):
        if (x - int(level["slot"][t]["x"])) ** 2 + (y - int(level["slot"][t]["y"])) ** 2 <= reach * reach:
            bits |= 1 << t
    return bits
