"""The monitor's pane for a proposer and its solvers: how hard the proposals are, against how skilled the solver is."""

from __future__ import annotations

import math

import numpy as np

from tui.lines import Span
from tui.screens._training_panes import COLOURS, with_axes
from tui.sheet import Cells
from tui.training import Curve, RunView
from tui.widgets.pane import Content
from tui.widgets.sparkline import Series

__all__ = ["curriculum"]


def curriculum(view: RunView, palette: str, ascii_only: bool) -> Content | None:
    """How hard the proposals are against how skilled the solver is, both as shares; None for a run without proposals.

    Difficulty: how often the solver of the start would have failed at them. Skill: accuracy on a held-out set.
    """
    shown = {name: view.curves[name] for name in ("difficulty", "skill") if name in view.curves}
    if len(shown) < 2:
        return None
    legend: list[Span] = []
    for (name, curve), colour in zip(shown.items(), COLOURS, strict=False):
        legend += [Span(f" {name} ", colour, True), Span(f"{curve.last:.0%}", colour)]
    first, last = (edge(curve.steps[place] for curve in shown.values()) for edge, place in ((min, 0), (max, -1)))

    def paint(columns: int, rows: int) -> Cells:
        lines = [
            Series("", _over(curve, first, last), colour)
            for curve, colour in zip(shown.values(), COLOURS, strict=False)
        ]
        bounds = _tenths([value for curve in shown.values() for value in curve.values])
        return with_axes(lines, [first, last], (columns, rows), False, palette, ascii_only, bounds)

    return Content([Span("curriculum", "text", True)], right=legend, paint=paint)


def _tenths(shares: list[float]) -> tuple[float, float]:
    """The least span of whole tenths that holds all shares."""
    finite = [share for share in shares if math.isfinite(share)] or [0.0, 1.0]
    low, high = math.floor(10 * min(finite)), math.ceil(10 * max(finite))
    return low / 10, max(high, low + 1) / 10


def _over(curve: Curve, first: float, last: float) -> list[float]:
    """A curve at even steps from first to last; nothing where it has not begun."""
    places = np.linspace(first, last, 400)
    return np.interp(places, curve.steps, curve.values, left=math.nan, right=math.nan).tolist()
