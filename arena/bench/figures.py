"""A measured figure, the target that it is held to, and both in words.

A unit that ends in "/s" is a rate, "ms" a duration, "%" a share of a core, "x" a ratio. Ratios are written so that more is better
for us: rates are divided by the peer's, durations divide it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

__all__ = ["Figure", "Target", "ratios", "value", "worded"]

_STEPS = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))


@dataclass(frozen=True)
class Figure:
    """The median, least and greatest of n values in one unit."""

    n: int
    median: float
    interval: tuple[float, float]
    unit: str

    @classmethod
    def of(cls, values: Sequence[float], unit: str) -> Figure:
        """ValueError without values."""
        return cls(len(values), median(values), (min(values), max(values)), unit)

    def __str__(self) -> str:
        return worded(self.median, self.unit)

    @property
    def span(self) -> str:
        """The least and the greatest value in words."""
        return f"{worded(self.interval[0], self.unit)} to {worded(self.interval[1], self.unit)}"


@dataclass(frozen=True)
class Target:
    """A bound on the median of one figure: "ratio" or "ours"."""

    of: str
    bound: float
    unit: str
    at_least: bool = True

    def met(self, figure: Figure) -> bool:
        """Whether the median is on the right side of the bound, or on it."""
        return figure.median >= self.bound if self.at_least else figure.median <= self.bound

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {worded(self.bound, self.unit, '{:g}'.format)}"


def value(count: float, seconds: float, unit: str) -> float:
    """What one round says: `count` things took `seconds`. ValueError for a unit that is neither a rate, "ms" nor "%".

    With "%", `count` is the processor time in seconds that was used within `seconds`.
    """
    if unit.endswith("/s"):
        return count / seconds
    if unit == "ms":
        return 1000 * seconds / count
    if unit == "%":
        return 100 * count / seconds
    raise ValueError(f"unit {unit!r} is not known: a rate (steps/s), ms or %")


def ratios(ours: Sequence[float], peers: Sequence[float], unit: str) -> list[float]:
    """Round by round, how many times as fast we are (how many times less we take)."""
    pairs = zip(ours, peers, strict=True)
    return [a / b if unit.endswith("/s") else b / a for a, b in pairs]


def worded(number: float, unit: str, digits: Callable[[float], str] | None = None) -> str:
    """Three digits and the unit: "5.23x", "13.6 M steps/s", "132 ms", "45.0 us". `digits` writes the number otherwise."""
    write = digits or _three
    if unit == "x":
        return f"{write(number)}x"
    if unit == "ms" and number < 0.1:
        return f"{write(1000 * number)} us"
    if not unit.endswith("/s"):
        return f"{write(number)} {unit}"
    size, letter = next((step for step in _STEPS if number >= step[0] * 0.9995), _STEPS[-1])
    return f"{write(number / size)} {letter}{' ' if letter else ''}{unit}"


def _three(number: float) -> str:
    if number >= 99.95:
        return f"{number:.0f}"
    if number >= 9.995:
        return f"{number:.1f}"
    return f"{number:.2f}" if number >= 0.0995 else f"{number:.2g}"
