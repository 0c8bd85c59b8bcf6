"""Three plots as SVG: a value with its interval, stacked bars, points over a logarithmic axis. Colours are names of the page's style."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from arena.text import safe_text

__all__ = ["bars", "scatter", "whiskers"]

WIDTH, LEFT, ROW = 580.0, 186.0, 26.0


def _text(x: float, y: float, value: object, anchor: str = "start", kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{named}>{escape(safe_text(value, width=60))}</text>'


def _name(y: float, name: str) -> str:
    return _text(LEFT - 10, y, safe_text(name, width=24), "end")


def _line(x0: float, y0: float, x1: float, y1: float, stroke: str = "", width: float = 1.0) -> str:
    look = f'stroke="var({stroke})"' if stroke else 'class="axis"'
    return f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" {look} stroke-width="{width}"/>'


def _svg(height: float, parts: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {WIDTH:.0f} {height:.0f}" role="img">{"".join(parts)}</svg>'


def _steps(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers from low to high, about `count` of them."""
    rough = max(high - low, 1e-9) / count
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * each for each in (1, 2, 5, 10) if unit * each >= rough)
    return [step * k for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def whiskers(points: Sequence[tuple[str, float, float, float, str]]) -> str:
    """(name, value, low, high, colour), one below the other."""
    low, high = min(point[2] for point in points), max(point[3] for point in points)
    margin = max(1.0, (high - low) * 0.06)
    low, high = low - margin, high + margin
    foot = ROW * len(points) + 8

    def at(value: float) -> float:
        return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - 16)

    parts = [
        _line(at(step), 4, at(step), foot) + _text(at(step), foot + 16, f"{step:g}", "middle", "soft")
        for step in _steps(low, high)
    ]
    for row, (name, value, least, most, colour) in enumerate(points):
        y = ROW * row + ROW / 2 + 4
        parts += [_name(y + 4, name), _line(at(least), y, at(most), y, colour, 2)]
        parts += [_line(at(end), y - 4, at(end), y + 4, colour, 2) for end in (least, most)]
        parts.append(f'<circle cx="{at(value):.1f}" cy="{y:.1f}" r="4.5" fill="var({colour})"/>')
    return _svg(foot + 24, parts)


def bars(
    stacks: Sequence[tuple[str, Sequence[tuple[float, str]], str]], legend: Sequence[tuple[str, str]], most: float | None = None
) -> str:  # fmt: skip
    """(name, parts as (value, colour), what is written behind); most: the value of the whole width."""
    whole = most or max((sum(value for value, _ in parts) for _, parts, _ in stacks), default=1.0) or 1.0
    room, parts = WIDTH - LEFT - 100, []
    for row, (name, values, told) in enumerate(stacks):
        y, x = ROW * row + 4, LEFT
        parts.append(_name(y + 15, name))
        for value, colour in values:
            wide = value / whole * room
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="18" fill="var({colour})"/>'
                if wide > 0
                else ""
            )
            x += wide
        parts.append(_text(x + 6, y + 14, told, "start", "soft"))
    return _svg(ROW * len(stacks) + 34, parts + _legend(legend, ROW * len(stacks) + 16))


def _legend(legend: Sequence[tuple[str, str]], y: float) -> list[str]:
    parts, x = [], 8.0
    for name, colour in legend:
        parts += [
            f'<rect x="{x:.1f}" y="{y:.1f}" width="10" height="10" rx="2" fill="var({colour})"/>',
            _text(x + 15, y + 10, name, "start", "soft"),
        ]
        x += 27 + 6.6 * len(name)
    return parts


def scatter(points: Sequence[tuple[str, float, float]], along: str) -> str:
    """(name, x > 0, share from 0 to 1); x is logarithmic."""
    values = [math.log10(x) for _, x, _ in points]
    low, high = math.floor(min(values) * 2 - 0.2) / 2, math.ceil(max(values) * 2 + 0.2) / 2
    left, right, top, foot = 48.0, WIDTH - 24, 14.0, 210.0

    def at(x: float, share: float) -> tuple[float, float]:
        return left + (x - low) / (high - low) * (right - left), foot - share * (foot - top)

    parts = [_line(left, at(low, share)[1], right, at(low, share)[1]) for share in (0.0, 0.5, 1.0)]
    parts += [
        _text(left - 6, at(low, share)[1] + 4, f"{100 * share:.0f} %", "end", "soft") for share in (0.0, 0.5, 1.0)
    ]
    marks = [
        each * 10.0**k
        for k in range(math.floor(low), math.ceil(high) + 1)
        for each in ((1, 2, 5) if high - low < 2 else (1,))
    ]
    shown = [mark for mark in marks if low <= math.log10(mark) <= high]
    parts += [_text(at(math.log10(mark), 0)[0], foot + 18, f"{mark:g}", "middle", "soft") for mark in shown]
    places = [at(x, share) for x, (_, _, share) in zip(values, points, strict=True)]
    parts += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="5.5" fill="var(--accent)"/>' for px, py in places]
    parts += _beside(places, [name for name, _, _ in points])
    parts.append(_text((left + right) / 2, foot + 36, along, "middle", "soft"))
    return _svg(foot + 44, parts)


def _beside(places: Sequence[tuple[float, float]], names: Sequence[str]) -> list[str]:
    """Each point's name next to it, moved up or down where another name stands already."""
    parts: list[str] = []
    # The points themselves too: a name may not lie on one.
    taken = [(px - 6, px + 6, py + 4) for px, py in places]
    for (px, py), name in zip(places, names, strict=True):
        told = safe_text(name, width=30)
        inward, wide = px > WIDTH * 0.7, 6.6 * len(told)
        left = px - 10 - wide if inward else px + 10
        y = next((py + dy for dy in (-8, 18, -22, 32, -36, 46) if _is_free(taken, left, left + wide, py + dy)), py - 8)
        taken.append((left, left + wide, y))
        parts.append(_text(px + (-10 if inward else 10), y, told, "end" if inward else "start"))
    return parts


def _is_free(taken: Sequence[tuple[float, float, float]], left: float, right: float, y: float) -> bool:
    """Whether no name stands there; inside the frame."""
    return 8 < y < 222 and all(right < start or left > end or abs(y - other) > 12 for start, end, other in taken)
