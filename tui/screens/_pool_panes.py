"""The monitor's pane of opponents: verdicts of the gate, former selves; of a league, how its main player stands with everybody."""

from __future__ import annotations

import math
from collections.abc import Sequence

from arena.text import safe_text
from tui.lines import Line, Span, wrap, write_lines
from tui.screens._training_panes import short
from tui.sheet import Cells
from tui.training import RunView
from tui.widgets.pane import Content

__all__ = ["pool"]

_TALL, _GATE_WIDE = 6, 40
_VERDICTS = {"promoted": "good", "rejected": "bad", "undecided": "gold", "open": "accent"}


def pool(view: RunView, palette: str) -> Content:
    """The gate's newest verdicts, then the former selves that are kept; of a league, how its main player stands with everybody."""
    met = _met(view)
    if met:
        return _league(safe_text(view.league.get("player", "?"), width=20), met, [*view.gates], palette)

    def paint(columns: int, rows: int) -> Cells:
        cells = Cells.blank(columns, rows)
        selves = "  ".join(short(step) for step in reversed(view.pool))
        if selves and rows < _TALL:
            selves = f"kept as opponents: {selves}"
        below = [[Span(line, "muted")] for line in wrap(selves, columns, 3 if rows >= _TALL else 1)] if selves else []
        gates = [_gate_line(gate, columns) for gate in reversed(view.gates)]
        lines: list[Line] = gates[: max(rows - len(below) - (rows >= _TALL), 1)]
        if below:
            lines += [[Span("kept as opponents", "text")]] * (rows >= _TALL) + below
        write_lines(cells, lines or [[Span("no former selves yet", "muted")]], palette)
        return cells

    count = [Span(str(len(view.pool)), "muted")] if view.pool else []
    return Content([Span("pool and gate", "text", True)], right=count, paint=paint)


def _met(view: RunView) -> list[dict[str, object]]:
    found = view.league.get("met")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _league(player: str, met: Sequence[dict[str, object]], gates: Sequence[dict[str, object]], palette: str) -> Content:
    """The gate's newest verdict; then everybody by name, with the main player's score against them."""

    def paint(columns: int, rows: int) -> Cells:
        cells = Cells.blank(columns, rows)
        lines: list[Line] = [_gate_line(gate, columns) for gate in gates[-1:]]
        lines += [_met_line(each, max(columns - 7, 8)) for each in met if each.get("name") != player]
        write_lines(cells, lines, palette)
        return cells

    right: Line = [Span(f"{player} against", "muted")]
    return Content([Span("league", "text", True)], right=right, paint=paint)


def _met_line(each: dict[str, object], room: int) -> Line:
    """ "exploiter-0@200323      16.0%", a dash where they have not met."""
    rate = _real(each.get("rate")) if _real(each.get("games")) > 0 else math.nan
    colour = "good" if rate > 0.5 else "bad" if rate < 0.5 else "muted"
    name = safe_text(each.get("name", "?"), width=room)
    return [Span(f"{name:<{room}} "), Span("-".rjust(6) if math.isnan(rate) else f"{rate:6.1%}", colour, True)]


def _gate_line(gate: dict[str, object], columns: int) -> Line:
    """ "14.0M  promoted  56.2% +-3.1  in 214 pairs", without its end where there is no room."""
    verdict = safe_text(gate.get("verdict", "?"), width=9)
    step, score, margin, pairs = (_real(gate.get(name)) for name in ("step", "score", "margin", "pairs"))
    line = [
        Span(f"{short(step):>6} ", "muted"),
        Span(f"{verdict:<9}", _VERDICTS.get(verdict, "text"), True),
        Span(f" {100 * score:5.1f}%"),
    ]
    return [*line, Span(f" +-{100 * margin:.1f}  {short(pairs)} pairs", "muted")] if columns >= _GATE_WIDE else line


def _real(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan
