"""How a match ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Result"]


@dataclass(frozen=True)
class Result:
    """How a match ended: scores in points, the reason, faults as (seat, cause), ticks played, refusals per seat, the game's metrics.

    details: of each fault one line about it (none in results from a store). unrecorded: why a recording that was asked for is not whole;
    empty when it is, or when none was.
    """

    scores: tuple[float, ...]
    reason: str
    faults: tuple[tuple[int, str], ...] = ()
    ticks: int = 0
    refusals: tuple[int, ...] = ()
    metrics: Mapping[str, Any] = field(default_factory=dict)
    details: tuple[str, ...] = field(default=(), compare=False)
    unrecorded: str = ""
