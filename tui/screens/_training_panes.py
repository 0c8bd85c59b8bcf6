"""What the training monitor's panes contain: curves with their axes, rates, the pool and its gates, the log, the line at the top."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from arena.text import safe_text
from tui.lines import Line, Span, paste, spread, write
from tui.sheet import Cells
from tui.training import Curve, RunView
from tui.widgets.pane import Content
from tui.widgets.rows import Column, Row
from tui.widgets.sparkline import Plot, Series, line_cells

__all__ = [
    "COLOURS",
    "METRICS",
    "chart",
    "first_metric",
    "headline",
    "log",
    "metric_rows",
    "rates",
    "short",
    "span",
    "with_axes",
]

METRICS = (Column("metric"), Column("now", 9, right=True), Column("so far", 12, drop=1))
_FIRST = ("exploitability", "points/self", "return", "score", "best", "sampled", "loss", "episodes")
"""What a run is about, when it has it: the curve that is shown first."""
COLOURS = ("seat0", "seat1", "good", "gold", "accent", "bad")
_AXIS, _SPARK, _NAME = 8, 12, 14
_MANY = 50.0
"""Values that differ by more than this factor are drawn on a logarithmic scale."""
_BLOCKS = "▁▂▃▄▅▆▇█"
_PLAIN_BLOCKS = "_.-=+*#@"


def short(value: float) -> str:
    """A number in at most seven characters: 0.0178, 3.10, 14.0M, 2.1e-07."""
    if not math.isfinite(value):
        return "--"
    size = abs(value)
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if size >= unit * 0.9995:
            return f"{value / (1e3 if letter == 'k' else unit):.3g}{letter}"
    if size == 0 or size >= 1000:
        return f"{value:.0f}"
    return f"{value:.3g}" if size >= 1e-4 else f"{value:.1e}"


def span(seconds: float) -> str:
    """A duration: 42s, 7m12s, 3h04m, 2d05h."""
    whole = int(max(seconds, 0))
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if days:
        return f"{days}d{hours % 24:02}h"
    if hours:
        return f"{hours}h{minutes % 60:02}m"
    return f"{minutes}m{whole % 60:02}s" if minutes else f"{whole}s"


# ------------------------------------------------------------------ the line at the top
def headline(view: RunView, columns: int, ascii_only: bool) -> tuple[list[Line], list[Line]]:
    """Which run, how far, how fast; the state at the right."""
    colour = {"running": "good", "ended": "muted", "paused": "gold", "silent": "gold"}[view.state]
    name = safe_text(view.path.resolve().name, width=30)
    left: list[Line] = [
        [
            Span(name, "accent", True),
            Span(f"  {safe_text(view.run.game, width=40)}  {safe_text(view.run.algo, width=12)}"),
        ]
    ]
    width = max(min((columns - 80) // 2, 24), 8)
    done = round(view.used * width)
    full, empty = ("#", ".") if ascii_only else ("━", "─")
    left.append([Span(full * done, "accent"), Span(empty * (width - done), "grid"), Span(f" {view.used:4.0%}")])
    left.append([Span("step ", "muted"), Span(short(view.step))])
    if view.left is not None and view.state != "ended":
        left.append([Span("eta ", "muted"), Span(span(view.left))])
    rate = view.curves.get("steps_per_second")
    if rate is not None and math.isfinite(rate.last):
        left.append([Span(f"{short(rate.last)}", "text"), Span(" steps/s", "muted")])
    left.append([Span("after ", "muted"), Span(span(view.seconds))])
    right: list[Line] = [[Span("● ", colour), Span(view.state, colour)]]
    if view.alerts:
        right.append([Span(f"! {safe_text(view.alerts[-1].get('kind', ''), width=12)}", "bad", True)])
    return left, right


# ------------------------------------------------------------------ curves
def first_metric(names: Sequence[str]) -> str:
    """The metric that a run is about, of those it has."""
    return next((name for name in _FIRST if name in names), names[0] if names else "")


def chart(name: str, curve: Curve | None, palette: str, ascii_only: bool) -> Content:
    """A curve with axes: the values thin, their running mean strong; on a logarithmic scale where they span much."""
    title: Line = [Span(name or "curve", "text", True)]
    if curve is None or not curve.values:
        return Content(title, paint=lambda columns, rows: _waiting(columns, rows, palette))
    values, mean = np.array(curve.values), np.array(curve.smooth())
    finite = values[np.isfinite(values)]
    log_scale = finite.size > 1 and finite.min() > 0 and finite.max() / finite.min() > _MANY
    right: Line = [Span("log  ", "muted")] if log_scale else []
    right = [*right, Span(short(curve.last), "accent", True)]

    def paint(columns: int, rows: int) -> Cells:
        lines = [
            Series("", (np.log10(np.where(each > 0, each, np.nan)) if log_scale else each).tolist(), colour)
            for each, colour in ((values, "grid"), (mean, "accent"))
        ]
        return with_axes(_even(lines, curve.steps), curve.steps, (columns, rows), log_scale, palette, ascii_only)

    return Content(title, right=right, paint=paint)


def rates(view: RunView, palette: str, ascii_only: bool) -> Content | None:
    """Win rates against others, on a scale from 0 to 100 %; None where there are none."""
    # Against itself a player wins as often as its first seat does: no strength is seen in that.
    names = [name for name in view.curves if name.startswith("won/") and name != "won/self"]
    if not names:
        return None
    shown = names[: len(COLOURS)]
    curves = [view.curves[name] for name in shown]
    legend: list[Span] = []
    for name, curve, colour in zip(shown, curves, COLOURS, strict=False):
        legend += [
            Span(f" {safe_text(name.removeprefix('won/'), width=14)} ", colour, True),
            Span(f"{curve.smooth()[-1]:.0%}", colour),
        ]

    def paint(columns: int, rows: int) -> Cells:
        lines = [
            line
            for curve, colour in zip(curves, COLOURS, strict=False)
            for line in _even([Series("", curve.smooth(), colour)], curve.steps)
        ]
        return with_axes(lines, curves[0].steps, (columns, rows), False, palette, ascii_only, (0.0, 1.0))

    return Content([Span("win rate", "text", True)], foot=legend, paint=paint)


def _even(lines: Sequence[Series], steps: Sequence[float]) -> list[Series]:
    """The series at even steps, so that a place across means a step; between two points lies a straight line, gaps stay gaps."""
    if len(steps) < 2:
        return list(lines)
    places = np.linspace(steps[0], steps[-1], max(len(steps), 400))
    return [
        Series(line.name, np.interp(places, steps, np.asarray(line.values, float)).tolist(), line.colour)
        for line in lines
    ]


def with_axes(
    lines: Sequence[Series], steps: Sequence[float], size: tuple[int, int], log_scale: bool, palette: str, ascii_only: bool,
    bounds: tuple[float, float] | None = None,
) -> Cells:  # fmt: skip
    """Series over their steps, between bounds that are shares where given."""
    columns, rows = size
    cells = Cells.blank(columns, rows)
    if columns < _AXIS + 4 or rows < 3:
        return cells
    low, high = bounds or _bounds(lines)
    inner = line_cells(
        Plot([Series("", s.values, s.colour) for s in lines], None, low, high),
        columns - _AXIS,
        rows - 1,
        palette,
        ascii_only,
    )
    paste(cells, inner, _AXIS, 0)
    for share in (0.0, 0.5, 1.0) if rows >= 7 else (0.0, 1.0):
        value = high - share * (high - low)
        text = _tick(10**value if log_scale else value, bounds is not None)
        write(cells, max(_AXIS - 1 - len(text), 0), round(share * (rows - 2)), [Span(text, "muted")], palette)
    last = short(steps[-1])
    write(cells, _AXIS, rows - 1, [Span(short(steps[0]), "muted")], palette)
    write(cells, columns - len(last), rows - 1, [Span(last, "muted")], palette)
    write(cells, _AXIS + (columns - _AXIS) // 2 - 2, rows - 1, [Span("steps", "muted")], palette)
    return cells


def _bounds(lines: Sequence[Series]) -> tuple[float, float]:
    finite = np.concatenate([np.asarray(line.values, float) for line in lines])
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _tick(value: float, percent: bool) -> str:
    return f"{value:.0%}" if percent else short(value)


def _waiting(columns: int, rows: int, palette: str) -> Cells:
    cells = Cells.blank(columns, rows)
    text = "no metrics yet"
    write(cells, max((columns - len(text)) // 2, 0), rows // 2, [Span(text, "muted")], palette)
    return cells


def metric_rows(view: RunView, ascii_only: bool) -> list[Row]:
    """Every metric: its name, its newest value, its course in a few blocks."""
    rows = []
    for name, curve in view.curves.items():
        bad = not math.isfinite(curve.last)
        cells: tuple[Line, ...] = (
            [Span(_elided(safe_text(name, width=40)))], [Span(short(curve.last), "bad" if bad else "accent", True)],
            [Span(_spark(curve.values, ascii_only), "muted")],
        )  # fmt: skip
        rows.append(Row(name, cells))
    return rows


def _elided(name: str) -> str:
    """Of a long name below another, its end, which tells it from those beside it."""
    return f"…{name[1 - _NAME :]}" if "/" in name and len(name) > _NAME else name


def _spark(values: Sequence[float], ascii_only: bool) -> str:
    """The last values of equal stretches as blocks between their least and greatest."""
    blocks = _PLAIN_BLOCKS if ascii_only else _BLOCKS
    means = [_mean(part) for part in np.array_split(np.asarray(values, float), min(_SPARK, len(values)))]
    finite = [value for value in means if math.isfinite(value)]
    if not finite:
        return ""
    low, room = min(finite), (max(finite) - min(finite)) or 1.0
    return "".join(blocks[round((value - low) / room * 7)] if math.isfinite(value) else " " for value in means)


def _mean(part: np.ndarray) -> float:
    part = part[np.isfinite(part)]
    return float(part.mean()) if part.size else math.nan


# ------------------------------------------------------------------ the log
def log(view: RunView, palette: str, back: int = 0) -> Content:
    """The newest lines of the log at the foot; `back`: lines that are scrolled up."""
    kinds = {str(alert.get("kind", "")) for alert in view.alerts}

    def paint(columns: int, rows: int) -> Cells:
        cells = Cells.blank(columns, rows)
        lines = list(view.log)
        end = len(lines) - min(back, max(len(lines) - rows, 0))
        for y, text in enumerate(lines[max(end - rows, 0) : end]):
            stamp, _, said = text.partition(" ")
            bad = said.partition(":")[0] in kinds
            spread(cells, y, [[Span(f"{stamp[11:19]} ", "muted"), Span(said, "bad" if bad else "text")]], [], palette)
        if not lines:
            write(cells, 0, 0, [Span("nothing logged yet", "muted")], palette)
        return cells

    right: Line = [Span(f"{back} back", "gold")] if back else []
    return Content([Span("log", "text", True)], right=right, paint=paint)
