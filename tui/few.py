"""Colours where a terminal has 256: each is drawn as the nearest that looks like it, greys among them.

What Rich does by itself rounds each channel alone: it makes dark blues green, and edges between two colours bright.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache

from tui.sheet import Colour

__all__ = ["few_colours", "nearest", "shown"]

_STEPS = (0, 95, 135, 175, 215, 255)
_CUBE = [(red, green, blue) for red in _STEPS for green in _STEPS for blue in _STEPS]
_GREYS = [(level, level, level) for level in range(8, 239, 10)]
_DARK = 32
"""What is darker is black, as Rich makes the ground round our own cells."""


def few_colours(environ: Mapping[str, str]) -> bool:
    """Whether the terminal has 256 colours and no more, as far as it says."""
    full = environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit")
    return not full and environ.get("TERM", "").endswith("-256color")


@lru_cache(maxsize=4096)
def nearest(colour: Colour) -> Colour:
    """The colour among xterm's 240 fixed ones that lies nearest in the weighting of Riemersma, "Colour metric"."""
    if max(colour) < _DARK:
        return 0, 0, 0

    def away(other: Colour) -> float:
        mean = (colour[0] + other[0]) / 2
        weights = 2 + mean / 256, 4.0, 2 + (255 - mean) / 256
        return sum(weight * (a - b) ** 2 for weight, a, b in zip(weights, colour, other, strict=True))

    return min((*_CUBE, *_GREYS), key=away)


@lru_cache(maxsize=1)
def _few_here() -> bool:
    return few_colours(os.environ)


def shown(colour: Colour) -> Colour:
    """The colour as this terminal can show it."""
    return nearest(colour) if _few_here() else colour
