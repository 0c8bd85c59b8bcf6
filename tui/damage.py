"""Paints a board again where its drawing has changed: from frame to frame most verbs of a match stay what they were.

A verb is painted again when it may touch a changed one, into a sheet of the changed part alone; the rest of the picture
is kept. `Easel.paint` gives the same cells as `tui.cells.paint`, and falls back on it where there is nothing to gain.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from operator import eq

from arena.text import cell_width, safe_text
from envs.canvas import Canvas, Verb
from tui.cells import MOST_VERBS, Mode, paint, perform
from tui.sheet import Cells, Fit

__all__ = ["Easel", "box_of"]

Box = tuple[int, int, int, int]
"""left, top, right, bottom in cells; right and bottom are outside."""

_MOST_CHANGED = 200
_FEW = 12
"""Places at which two drawings of one length may differ for the verbs there to be all that has changed."""
_SMALL, _MOST_KEPT = 256, 512
"""Cells of a part that is kept, and parts that are kept."""
_MARGIN, _CLOSE = 2.0, 0.01
"""Pixels that a verb may paint beyond its shape: rounding, the letter of a small disc; a disc in pixels paints none."""
_IN_PIXELS = 1.5
"""Pixels of a disc's radius above which it is painted in pixels, and not as a character."""


def box_of(verb: Verb, fit: Fit) -> Box | None:
    """Cells that a verb may touch; None for a verb that is not painted in parts, or is none."""
    try:
        shape = _shape(verb, fit)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    if shape is None or not all(map(math.isfinite, shape)):
        return None
    x0, y0, x1, y1 = shape
    margin = _CLOSE if verb[0] == "disc" and (x1 - x0) * fit.scale > 2 * _IN_PIXELS else _MARGIN
    left, right = fit.left + x0 * fit.scale - margin, fit.left + x1 * fit.scale + margin
    top, bottom = fit.top + y0 * fit.scale - margin, fit.top + y1 * fit.scale + margin
    if max(map(abs, (left, right, top, bottom))) > 1e6:
        return None
    if verb[0] == "text":  # one row
        _, row = fit.cell(x0, y0)
        return math.floor(left), row, math.ceil(right), row + 1
    return math.floor(left), math.floor(top / 2), math.ceil(right), math.ceil(bottom / 2)


def _shape(verb: Verb, fit: Fit) -> tuple[float, float, float, float] | None:
    """The same in board units, without the margin."""
    name = verb[0]
    if name == "rect":
        _, x, y, w, h = verb[:5]
        return min(x, x + w), min(y, y + h), max(x, x + w), max(y, y + h)
    if name == "disc":
        _, x, y, r = verb[:4]
        return x - abs(r), y - abs(r), x + abs(r), y + abs(r)
    if name == "line":
        _, x0, y0, x1, y1 = verb[:5]
        return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
    if name == "sprite":
        _, x, y = verb[:3]
        return x - 0.5, y - 0.5, x + 0.5, y + 0.5
    if name == "text":
        _, x, y, words = verb[:4]
        wide = cell_width(safe_text(words)) / fit.scale
        return x - wide, y, x + wide, y
    return None


class _Boxes(dict[Verb, "Box | None"]):
    """What `box_of` says of verbs, worked out once: from frame to frame they are the same."""

    def __init__(self, fit: Fit) -> None:
        super().__init__()
        self.fit = fit

    def __missing__(self, verb: Verb) -> Box | None:
        box = box_of(verb, self.fit)
        if box is not None:  # an image may be large, and another one in every frame
            self[verb] = box
        return box


class Easel:
    """The last picture of one board, and how it came about."""

    def __init__(self) -> None:
        self._made: tuple[object, ...] = ()
        self._verbs: list[Verb] = []
        self._cells = Cells.blank(0, 0)
        self._boxes = _Boxes(Fit(1, 1, 1, 0, 0))
        self._parts: dict[tuple[Box, tuple[Verb, ...]], Cells] = {}

    def paint(
        self, canvas: Canvas, columns: int, rows: int, palette: str = "standard", mode: Mode = "halfblock"
    ) -> Cells:
        """The drawing as cells, as `tui.cells.paint` gives it."""
        made = (canvas.width, canvas.height, canvas.whole, columns, rows, palette, mode)
        fit = Fit.of(canvas, columns, rows)
        if made != self._made or mode != "halfblock":
            self._boxes, self._parts = _Boxes(fit), {}
            cells = paint(canvas, columns, rows, palette, mode)
        else:
            cells = self._repainted(canvas.verbs, fit, palette) or paint(canvas, columns, rows, palette, mode)
        self._made, self._verbs, self._cells = made, list(canvas.verbs), cells
        return cells

    def _repainted(self, verbs: Sequence[Verb], fit: Fit, palette: str) -> Cells | None:
        """The last picture with what has changed laid in; None where that cannot be told."""
        if len(self._boxes) > MOST_VERBS:
            self._boxes.clear()
        try:
            areas = self._changed(verbs)
            boxes = [self._boxes[verb] for verb in verbs]
        except (TypeError, ValueError):  # a stranger's verb that has no hash, or cannot be compared
            return None
        if areas is None:
            return None
        # A letter of two cells that the edge of a part cuts would not be shown in that part, and is in the whole.
        placed = zip(verbs, boxes, strict=True)
        spreading = [box for verb, box in placed if box is not None and verb[0] == "text" and _spreads(verb)]
        areas = _grown(areas, [box for box in map(self._clipped, spreading) if box[0] < box[2] and box[1] < box[3]])
        cells = Cells(self._cells.glyphs.copy(), self._cells.styles.copy(), fit, self._cells.wide)
        for area in areas:
            left, top, right, bottom = area
            touching = [
                n
                for n, box in enumerate(boxes)
                if box is None or (box[0] < right and left < box[2] and box[1] < bottom and top < box[3])
            ]
            known = None not in [boxes[n] for n in touching]
            new = (self._kept if known else self._part)(tuple([verbs[n] for n in touching]), area, fit, palette)
            cells.glyphs[top:bottom, left:right] = new.glyphs
            cells.styles[top:bottom, left:right] = new.styles
            cells.wide = cells.wide or new.wide
        return cells

    def _part(self, verbs: tuple[Verb, ...], area: Box, fit: Fit, palette: str) -> Cells:
        """These verbs in a part of the sheet."""
        left, top, right, bottom = area
        part = Fit(fit.width, fit.height, fit.scale, fit.left - left, fit.top - 2 * top)
        return perform(verbs, part, right - left, bottom - top, palette, self._cells.columns)

    def _kept(self, verbs: tuple[Verb, ...], area: Box, fit: Fit, palette: str) -> Cells:
        """The same for small parts, which often look again as they did before: a light goes on and off, a piece comes back."""
        new = self._parts.get((area, verbs)) or self._part(verbs, area, fit, palette)
        if len(verbs) <= _FEW and new.glyphs.size <= _SMALL:
            if len(self._parts) >= _MOST_KEPT:
                self._parts.clear()
            self._parts[area, verbs] = new
        return new

    def _changed(self, verbs: Sequence[Verb]) -> list[Box] | None:
        """The parts of the sheet that verbs which came, went or moved in the order may touch; None for all of it."""
        moved = self._replaced(verbs)
        moved = self._moved(verbs) if moved is None else moved
        if moved is None or len(moved) > _MOST_CHANGED or len(verbs) > MOST_VERBS:
            return None
        boxes = [self._boxes[verb] for verb in moved]
        known = [self._clipped(box) for box in boxes if box is not None]
        return (
            _apart([box for box in known if box[0] < box[2] and box[1] < box[3]]) if len(known) == len(boxes) else None
        )

    def _replaced(self, verbs: Sequence[Verb]) -> set[Verb] | None:
        """Verbs that stand in the place of another one, and those; None unless they are few and all others stand where they stood."""
        if len(verbs) != len(self._verbs):
            return None
        places = [n for n, same in enumerate(map(eq, self._verbs, verbs)) if not same]
        return {each[n] for n in places for each in (self._verbs, verbs)} if len(places) <= _FEW else None

    def _moved(self, verbs: Sequence[Verb]) -> set[Verb] | None:
        """Verbs of which there are more or fewer than there were; None where the others do not stand in the order as before."""
        old, new = Counter(self._verbs), Counter(verbs)
        moved = {verb for verb in old.keys() | new.keys() if old[verb] != new[verb]}
        kept, stay = ([verb for verb in each if verb not in moved] for each in (self._verbs, verbs))
        return moved if kept == stay else None

    def _clipped(self, box: Box) -> Box:
        """The part on the sheet. Its corner is even, because rounding goes to the even pixel."""
        rows, columns = self._cells.glyphs.shape
        left, top, right, bottom = box
        return max(left, 0) // 2 * 2, max(top, 0), min(right, columns), min(bottom, rows)


def _spreads(verb: Verb) -> bool:
    """Whether a text has letters that take more or less than one cell."""
    words = verb[3] if len(verb) > 3 else ""
    if not isinstance(words, str) or words.isascii():
        return False
    told = safe_text(words)
    return cell_width(told) != len(told)


def _apart(boxes: list[Box]) -> list[Box]:
    """Boxes that cover the same and do not meet: those that do are joined."""
    joined: list[Box] = []
    waiting = list(boxes)
    while waiting:
        box = waiting.pop()
        meeting = next((other for other in joined if _meet(other, box)), None)
        if meeting is None:
            joined.append(box)
        else:
            joined.remove(meeting)
            (a, b, c, d), (e, f, g, h) = box, meeting
            waiting.append((min(a, e), min(b, f), max(c, g), max(d, h)))
    return joined


def _grown(areas: list[Box], whole: Sequence[Box]) -> list[Box]:
    """The areas, so large that none of them cuts one of the boxes that are to stay whole."""
    while cut := [box for box in whole if any(_meet(box, area) and not _within(box, area) for area in areas)]:
        areas = _apart([*areas, *cut])
    return areas


def _within(box: Box, area: Box) -> bool:
    return area[0] <= box[0] and box[2] <= area[2] and area[1] <= box[1] and box[3] <= area[3]


def _meet(box: Box, area: Box) -> bool:
    return box[0] < area[2] and area[0] < box[2] and box[1] < area[3] and area[1] < box[3]
