"""What a planner knows about the ground of a tower defence level: how much of the roads each slot reaches, what lies ahead of whom."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

__all__ = ["Ground", "ground"]

UNIT, ALONG, GAP = 1024, 16, 0.1


@dataclass(frozen=True)
class Ground:
    """tracks: per road, points float[n, 2] every 0.1 map units; lengths in map units; cover[kind][road, slot]: map units of a road
    within reach, for the three kinds of towers; worth[kind][slot]: the same on average over the roads; home: a point of a road,
    not far from the base, that many slots reach.
    """

    tracks: tuple[np.ndarray, ...]
    lengths: np.ndarray
    cover: tuple[np.ndarray, ...]
    worth: tuple[np.ndarray, ...]
    home: tuple[int, int]

    def left(self, crowd: Any) -> np.ndarray:
        """Map units to the base for each of these enemies."""
        return np.asarray(self.lengths[crowd["lane"]] - crowd["along"] / (ALONG * UNIT))

    def ahead(self, enemy: Any, by: float) -> tuple[int, int]:
        """The point of an enemy's road that lies so many map units before it."""
        track = self.tracks[int(enemy["lane"])]
        at = track[min(int((int(enemy["along"]) / (ALONG * UNIT) + by) / GAP), len(track) - 1)]
        return int(at[0]), int(at[1])


@lru_cache(maxsize=64)
def ground(data: bytes, dtype: np.dtype) -> Ground:
    """The ground of a level's record."""
    level = np.frombuffer(data, dtype)[0]
    paths = level["path"][: level["paths"]]
    tracks = tuple(_track(path) for path in paths)
    slots = level["slot"][: level["slots"]]
    at = np.stack([slots["x"], slots["y"]], 1).astype(float)
    reaches = [np.hypot(*(track[None] - at[:, None]).transpose(2, 0, 1)) for track in tracks]
    cover = tuple(
        np.array([(far < int(level["make"][kind]["reach"])).sum(1) * GAP for far in reaches]) for kind in range(3)
    )
    worth = tuple(each.sum(0) / len(tracks) for each in cover)
    home = _home(tracks[0], reaches[0], int(level["make"][0]["reach"]))
    return Ground(tracks, paths["length"] / (ALONG * UNIT), cover, worth, home)


def _track(path: Any) -> np.ndarray:
    points = np.stack([path["x"], path["y"]], 1)[: path["n"]].astype(float)
    along = path["start"][: path["n"]] / (ALONG * UNIT)
    wanted = np.arange(0, int(path["length"]) / (ALONG * UNIT), GAP)
    return np.stack([np.interp(wanted, along, points[:, axis]) for axis in (0, 1)], 1)


def _home(track: np.ndarray, far: np.ndarray, reach: int) -> tuple[int, int]:
    """The point in the second half of a road that most slots reach, the later the better."""
    many = (far < reach).sum(0) + np.arange(len(track)) / len(track)
    many[: len(track) // 2] = 0
    best = track[int(many.argmax())]
    return int(best[0]), int(best[1])
