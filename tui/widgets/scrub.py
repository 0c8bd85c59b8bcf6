"""The bar under a replay: where the cursor is, how far the match has come, what happened where.

The bar holds what it can show: steps are rounded to columns before they are compared, so that a step which moves
nothing on the screen sends nothing. Live matches grow at the right end; a cursor behind it shows by how much.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from textual.events import MouseDown, MouseMove, MouseUp
from textual.message import Message

from tui.sheet import Cells, look, named
from tui.widgets.grid import DrawnView

__all__ = ["KINDS", "Kind", "ScrubBar", "Track", "scrub_cells", "step_at"]


@dataclass(frozen=True)
class Kind:
    """How marks of one kind look: a letter, so that colour is not the only signal, a colour and a rank."""

    letter: str
    colour: str
    rank: int = 0


KINDS: dict[str, Kind] = {
    "illegal": Kind("!", "bad", 6),
    "fault": Kind("!", "bad", 6),
    "result": Kind("R", "gold", 5),
    "swing": Kind("~", "accent", 3),
    "round": Kind("#", "muted", 1),
    "wave": Kind("w", "accent", 2),
}
"""Event kinds with a look of their own; another kind shows its first letter."""
_HIT, _BOOKMARK = Kind("*", "highlight", 8), 9
_LOUD = 5  # marks of this rank and above are bold
_ASCII = str.maketrans("━─●", "=-@")


@dataclass(frozen=True)
class Track:
    """What the bar shows, in steps: `last` is the newest step known, `live` whether more will come.

    `marks` are (step, kind); `hits` are steps that a search found; `bookmarks` map a letter to its step.
    """

    position: int = 0
    last: int = 0
    live: bool = False
    marks: tuple[tuple[int, str], ...] = ()
    hits: tuple[int, ...] = ()
    bookmarks: Mapping[str, int] = field(default_factory=dict)


def _span(track: Track, columns: int) -> tuple[int, int, str, str]:
    """First column and length of the rail, and the labels at its sides; the labels keep their width as steps go by."""
    behind = track.last - track.position
    state = ("LIVE" if behind <= 0 else f"LIVE -{behind}") if track.live else ""
    digits = len(str(max(track.last, 1)))
    left = f" {track.position:>{digits}} " if columns >= 24 else ""
    right = f" {track.last} {state:<{6 + digits if track.live else 0}}" if columns >= 24 + 6 + digits else ""
    return len(left), max(columns - len(left) - len(right), 1), left, right


def column_of(step: int, last: int, rail: int) -> int:
    """The column, from 0, where a rail of `rail` cells shows a step."""
    return round(min(max(step, 0), last) * (rail - 1) / last) if last > 0 else 0


def step_at(track: Track, columns: int, x: int) -> int:
    """The step under column x of a bar `columns` wide; the ends are the first and the last step."""
    start, rail, _, _ = _span(track, columns)
    return round(min(max(x - start, 0), rail - 1) * track.last / max(rail - 1, 1))


def _marks(track: Track) -> Iterable[tuple[int, Kind]]:
    """All marks with their looks."""
    yield from ((step, KINDS.get(kind) or Kind(kind[:1] or "?", "accent")) for step, kind in track.marks)
    yield from ((step, _HIT) for step in track.hits)
    yield from ((step, Kind(letter[:1], "good", _BOOKMARK)) for letter, step in track.bookmarks.items())


def _best(track: Track, rail: int) -> dict[int, Kind]:
    """The most important mark of each column that has one."""
    best: dict[int, Kind] = {}
    for step, kind in _marks(track):
        column = column_of(step, track.last, rail)
        if column not in best or best[column].rank <= kind.rank:
            best[column] = kind
    return best


def scrub_cells(
    track: Track, columns: int, rows: int = 2, palette: str = "standard", ascii_only: bool = False
) -> Cells:
    """The bar as a sheet: a rail, and below it the marks where there is a second row."""
    cells = Cells.blank(columns, rows)
    start, rail, left, right = _span(track, columns)
    at = column_of(track.position, track.last, rail)
    line = "━" * at + "●" + "─" * (rail - 1 - at)
    cells.write(start, 0, line.translate(_ASCII) if ascii_only else line, look(named("muted", palette)))
    cells.styles[:1, start : start + at] = look(named("accent", palette))
    cells.styles[:1, start + at : start + at + 1] = look(named("highlight", palette), bold=True)
    cells.write(0, 0, left, look(named("text", palette), bold=True))
    cells.write(start + rail, 0, right, look(named("good" if track.position >= track.last else "gold", palette)))
    for column, kind in _best(track, rail).items():
        style = look(named(kind.colour, palette), bold=kind.rank >= _LOUD)
        cells.write(start + column, 1, kind.letter, style, width=1)
    return cells.mend()


class ScrubBar(DrawnView):
    """A bar for clicks and drags: `show` it what is true; it asks with `Seek` and waits to be shown the result."""

    DEFAULT_CSS = "ScrubBar { width: 1fr; height: 2; }"

    @dataclass
    class Seek(Message):
        """The user wants this step."""

        bar: ScrubBar
        step: int

        @property
        def control(self) -> ScrubBar:
            return self.bar

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, ScrubBar.Seek) and message.bar is self.bar

    track = Track()
    _asked: int | None = None

    def show(self, track: Track) -> None:
        """Show a position, marks and the live edge."""
        self.track = track
        self.redraw()

    def sheet(self, columns: int, rows: int) -> Cells:
        return scrub_cells(self.track, columns, rows, self.palette, self.ascii_only)

    def on_mouse_down(self, event: MouseDown) -> None:
        self.capture_mouse()
        self._seek(event.get_content_offset_capture(self).x)

    def on_mouse_move(self, event: MouseMove) -> None:
        if self._asked is not None:
            self._seek(event.get_content_offset_capture(self).x)

    def on_mouse_up(self, event: MouseUp) -> None:
        self.release_mouse()
        self._asked = None

    def _seek(self, x: int) -> None:
        """Ask for the step under a column once, however often the pointer is reported there."""
        step = step_at(self.track, self.content_size.width, x)
        if step != self._asked:
            self._asked = step
            self.post_message(self.Seek(self, step))
