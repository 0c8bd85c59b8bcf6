"""Paints a game's drawing into terminal cells.

The board is centred and a unit is a whole number of cells, so that all discs are alike and nothing wobbles. Two
painters know the verbs: `tui.blocks` with half-block pixels, `tui.letters` with ASCII. Drawings may come from a
stranger's recording: a verb that makes no sense is left out, and nothing is painted outside the sheet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

from envs.canvas import Canvas, Verb
from tui.blocks import Blocks
from tui.letters import Letters
from tui.sheet import Cells, Fit

__all__ = ["MOST_VERBS", "Mode", "paint", "perform", "plain", "to_unit"]

Mode = Literal["halfblock", "ascii"]

MOST_VERBS = 20_000
"""Verbs of one drawing that are painted; a recording with more is not a game's."""
_VERBS = frozenset({"rect", "disc", "line", "text", "sprite", "image"})
_WIDEST = 400


def paint(canvas: Canvas, columns: int, rows: int, palette: str = "standard", mode: Mode = "halfblock") -> Cells:
    """The drawing on `columns` x `rows` cells.

    Palettes are those of `envs.canvas.PALETTES`; with "colour-blind" each seat's discs carry a letter too.
    """
    fit = Fit.of(canvas, columns, rows)
    if mode == "halfblock":
        return perform(canvas.verbs, fit, columns, rows, palette)
    painter = Letters(fit, columns, rows, palette)
    _perform(painter, canvas.verbs)
    return painter.finish()


def perform(verbs: Sequence[Verb], fit: Fit, columns: int, rows: int, palette: str, room: int | None = None) -> Cells:
    """Verbs in half blocks on a sheet that holds all of a board or, by its `fit`, a part of one `room` columns wide."""
    painter = Blocks(fit, columns, rows, palette, room)
    _perform(painter, verbs)
    return painter.finish()


def to_unit(canvas: Canvas, columns: int, rows: int, x: int, y: int) -> tuple[float, float]:
    """The board position under cell (x, y) of a sheet painted at this size; off the board it is out of range."""
    return Fit.of(canvas, columns, rows).unit(x, y)


def plain(canvas: Canvas, columns: int = 100) -> str:
    """The drawing as lines of ASCII at the smallest size, of up to four rows a unit, that shows all its words.

    Sizes wider than `columns` are not tried; where words are lost at every size, the size that loses least is taken.
    """
    sheets: list[Letters] = []
    for height in (1, 2, 3, 4):
        painter = _letters(canvas, height)
        if sheets and painter.columns > columns:
            break
        _perform(painter, canvas.verbs)
        sheets.append(painter)
        if not painter.lost:
            break
    lines = min(sheets, key=lambda sheet: sheet.lost).finish().lines()
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def _letters(canvas: Canvas, height: int) -> Letters:
    """A sheet that holds the board exactly, at `height` rows a unit."""
    board = Fit.within(canvas.width, canvas.height, 1, 1)
    fit = Fit(board.width, board.height, 2.0 * height, 0, 0)
    wide, high = math.ceil(board.width * 2 * height), math.ceil(board.height * height)
    return Letters(fit, min(wide, _WIDEST), min(high, _WIDEST), "standard")


def _perform(painter: Blocks | Letters, verbs: Sequence[Verb]) -> None:
    """Have the painter do each verb that is one: known, with finite numbers and as many arguments as it takes."""
    for verb in verbs[:MOST_VERBS]:
        try:
            name, *arguments = verb
            if name in _VERBS and all(map(_sound, arguments)):
                getattr(painter, name)(*arguments)
        except (TypeError, ValueError, OverflowError):
            continue  # a foreign drawing; its other verbs may still be good


def _sound(argument: Any) -> bool:
    return not isinstance(argument, (int, float)) or abs(argument) < 1e6
