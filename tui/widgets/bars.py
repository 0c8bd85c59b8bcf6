"""What a policy thought: its likeliest actions as bars, the chosen one marked, and its value as a gauge.

The figures come from agents and are not trusted: what is not a number in range shows as such, and names are cut.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from arena.text import cell_width, safe_text
from tui.sheet import Cells, look, named
from tui.widgets.grid import DrawnView

__all__ = ["Choice", "PolicyBars", "Thought", "bars_cells"]

_EIGHTHS = " ▏▎▍▌▋▊▉"
_PERCENT, _CHOSEN, _LEAST_BAR = 6, 2, 8


@dataclass(frozen=True)
class Choice:
    """One action that a policy weighed: its name, its probability in 0..1, whether it was taken."""

    name: str
    probability: float
    chosen: bool = False


@dataclass(frozen=True)
class Thought:
    """Choices, likeliest first; `total` counts all legal actions, `value` in -1..1 is what the seat expects."""

    choices: Sequence[Choice] = ()
    total: int = 0
    value: float | None = None


def _bar(share: float, columns: int, ascii_only: bool) -> str:
    """A bar of `share` of the columns, to an eighth of one, or to whole ones in ASCII."""
    share = min(max(share, 0.0), 1.0) if math.isfinite(share) else 0.0
    if ascii_only:
        return "#" * round(share * columns)
    whole, rest = divmod(round(share * columns * 8), 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%" if math.isfinite(share) and 0 <= share <= 1 else "--"


def _selected(thought: Thought, rows: int) -> list[Choice]:
    """The likeliest choices that fit; the chosen one is always among them."""
    if len(thought.choices) <= rows:
        return list(thought.choices)
    shown = list(thought.choices[: max(rows, 0)])
    missed = [choice for choice in thought.choices[rows:] if choice.chosen]
    return [*shown[:-1], missed[0]] if shown and missed else shown


def _gauge(cells: Cells, value: float, palette: str, ascii_only: bool) -> None:
    """The value as a number and as a bar from the middle of the row to the left or to the right."""
    known = math.isfinite(value)
    bounded = min(max(value, -1.0), 1.0) if known else 0.0
    label = f"value {bounded:+.2f} " if known else "value   -- "
    cells.write(0, 0, label, look(named("text", palette)))
    half = (cells.columns - len(label) - 1) // 2
    if half < 2:
        return
    middle, length = len(label) + half, round(abs(bounded) * half)
    cells.write(len(label), 0, ("-" if ascii_only else "┈") * (2 * half + 1), look(named("grid", palette)))
    start = middle + 1 if bounded > 0 else middle - length
    colour = named("good" if bounded > 0 else "bad", palette)
    cells.write(start, 0, ("#" if ascii_only else "█") * length, look(colour))
    cells.write(middle, 0, "|" if ascii_only else "│", look(named("text", palette)))


def _name_columns(columns: int, choices: Sequence[Choice]) -> int:
    """Two fifths for the names, so that bars begin in one place from move to move; more for longer names, less a short bar."""
    longest = max((cell_width(safe_text(choice.name, width=columns)) for choice in choices), default=0)
    usual = max(min(columns * 2 // 5, 28), 4)
    return max(usual, min(longest, columns - _CHOSEN - 1 - _LEAST_BAR - _PERCENT))


def _row(cells: Cells, y: int, choice: Choice, name: int, palette: str, ascii_only: bool) -> None:
    """A mark for the chosen action, its name in `name` columns, a bar, a percentage."""
    room = cells.columns - _CHOSEN - name - 1 - _PERCENT
    text = look(named("highlight" if choice.chosen else "text", palette), bold=choice.chosen)
    cells.write(0, y, (">" if ascii_only else "▶") if choice.chosen else " ", text)
    cells.write(_CHOSEN, y, choice.name, text, width=name)
    if room > 1:
        colour = named("highlight" if choice.chosen else "accent", palette)
        cells.write(_CHOSEN + name + 1, y, _bar(choice.probability, room, ascii_only), look(colour))
    cells.write(cells.columns - _PERCENT, y, f"{_percent(choice.probability):>{_PERCENT}}", text)


def bars_cells(thought: Thought, columns: int, rows: int, palette: str = "standard", ascii_only: bool = False) -> Cells:
    """The thought as a sheet: the gauge if there is a value, then bars, then how many actions are not shown."""
    cells = Cells.blank(columns, rows)
    first = 0
    if thought.value is not None and rows > 1:
        _gauge(cells, thought.value, palette, ascii_only)
        first = 1
    total = max(thought.total, len(thought.choices))
    room = rows - first
    shown = _selected(thought, room if total <= room else room - 1)
    name = _name_columns(columns, shown)
    for n, choice in enumerate(shown):
        _row(cells, first + n, choice, name, palette, ascii_only)
    if total > len(shown):
        cells.write(_CHOSEN, first + len(shown), f"+{total - len(shown)} more", look(named("muted", palette)))
    return cells.mend()


class PolicyBars(DrawnView):
    """A pane of fixed size for a thought; its owner's style sheet sets the height (5 rows show three choices)."""

    DEFAULT_CSS = "PolicyBars { width: 1fr; height: 7; }"

    thought = Thought()

    def show(self, thought: Thought) -> None:
        """Show another thought."""
        self.thought = thought
        self.redraw()

    def sheet(self, columns: int, rows: int) -> Cells:
        return bars_cells(self.thought, columns, rows, self.palette, self.ascii_only)
