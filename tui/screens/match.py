"""The match screen: one class for a match that runs and for a recording, because the first is the second without its end.

A timer looks at the tape, moves the position and paints what has changed: the board at the frame rate, text slower. What
may be seen is asked of `tui.vantage`, never of the tape; where the user goes is in `_steering`, what is said in `_words`,
what fits in `_layout`, what panes contain in `_painting`, and the keys of panes in `_panes`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Input, Static

from envs.errors import UserError
from replays.tape import Moment
from tui.keymaps import MATCH
from tui.motion import Motion
from tui.pages import Sitting
from tui.screens._panes import Panes
from tui.screens._words import Scene, headline, key_words, status
from tui.screens.keys import written
from tui.widgets.direct import together
from tui.widgets.grid import CellsView, GridView
from tui.widgets.lineview import LineView
from tui.widgets.pane import KeyLine, KeyWord, Pane
from tui.widgets.scrub import ScrubBar, Track

__all__ = ["MatchScreen"]

_GAPS = {"board": 0.0, "scrub": 0.2, "header": 0.25, "status": 0.2, "agents": 0.25, "events": 0.25, "charts": 1.0}
"""Seconds between two paintings of a part while the match moves on by itself; what the user does shows at once."""
_ALL = frozenset(_GAPS)
_CHECK, _QUIET, _ALONE = 1.0, 3.0, 0.3
"""Seconds between two looks whether the match is running; that a growing tape counts as running; that make a move a lone one."""


class MatchScreen(Panes):
    """`MatchScreen(path)` shows a recording or a running match. Raises UserError (3, 4) when it cannot be opened."""

    DEFAULT_CSS = """
    MatchScreen { layout: vertical; }
    MatchScreen #main { height: 1fr; }
    MatchScreen #left { width: 1fr; }
    MatchScreen #board { border: round $secondary; border-title-color: $foreground; }
    MatchScreen #board.-active { border: round $accent; }
    MatchScreen.-plain #board { border: ascii $secondary; }
    MatchScreen #board.-bare { border: none; }
    MatchScreen #charts { height: 8; }
    MatchScreen #prompt { height: 1; display: none; padding: 0 1; }
    MatchScreen #asks { width: 2; color: $accent; text-style: bold; }
    MatchScreen #answer { width: 1fr; background: $background; }
    MatchScreen ScrubBar { padding: 0 1; }
    """
    AUTO_FOCUS = ""

    def __init__(self, path: Path, **options: Any) -> None:
        super().__init__(path, **options)
        self.moment: Moment | None = None
        self._trouble = ""
        self._stale: set[str] = set(_ALL)
        self._painted = dict.fromkeys(_GAPS, float("-inf"))
        self._pictures: deque[float] = deque(maxlen=240)
        self._grew = self._checked = self._opened = self._moved = float("-inf")
        self._rest_until = float("-inf")
        self._running_now = False
        self._saying = ""
        self._key_words: Sequence[tuple[str, str]] = ()
        self._count_again = float("-inf")
        self._timer: Timer | None = None
        self.motion = Motion()

    # ------------------------------------------------------------------ the screen's life
    def compose(self) -> ComposeResult:
        looks: dict[str, Any] = {"palette": self.app.palette, "ascii_only": self.app.plain_glyphs}
        yield LineView(**looks, id="header")
        with Horizontal(id="main"):
            with Vertical(id="left"):
                yield GridView(id="board")
                yield Pane(**looks, id="words")
                yield Pane(**looks, id="charts")
            with Vertical(id="side"):
                for n in range(self.pane_count):
                    yield Pane(**looks, id=f"seat-{n}")
                yield Pane(**looks, id="events")
        yield LineView(**looks, id="status")
        yield ScrubBar(**looks, id="scrub")
        yield KeyLine(**looks, id="keys")
        with Horizontal(id="prompt"):
            yield Static("", markup=False, id="asks")
            yield Input(compact=True, id="answer")

    def on_mount(self) -> None:
        self.set_class(self.app.plain_glyphs, "-plain")
        self.prepare()
        self._opened = self.clock()
        self._look_for_life(self.clock())
        self.begin(self._is_live())
        self.fit_parts()
        self._timer = self.set_interval(1 / self.app.fps, self._frame)
        self.changed()

    def on_screen_suspend(self) -> None:
        if self._timer is not None:
            self._timer.pause()

    def on_screen_resume(self) -> None:
        if self._timer is not None:
            self._timer.resume()

    # ------------------------------------------------------------------ time
    def _frame(self) -> None:
        """One look at the tape and the clock. A frame that took long is followed by as long a rest."""
        now = self.clock()
        if now < self._rest_until:
            return
        news = self._read_on(now)
        here = self.playback.position
        moved = self.playback.advance(now)
        if moved or self.moment is None:
            self._look()
            self._stale |= _ALL
            self.motion.go(self.tape, here, self.playback, now)
            self._after_a_rest(now)
        if self.motion.advance(now):
            self._stale.add("board")
        if news:
            self._stale |= _ALL - {"board"}
        if self._work():
            self._stale |= {"charts", "status", "scrub", "agents"}
        if self.playback.live:
            self._stale |= {"header"}
        self._paint(now)
        self._rest_until = now + (self.clock() - now)

    def _after_a_rest(self, now: float) -> None:
        """A move that comes alone shows everywhere at once, so that no two parts speak of different steps."""
        if now - self._moved >= _ALONE:
            self._painted = dict.fromkeys(_GAPS, float("-inf"))
            self._count_again = float("-inf")
        self._moved = now

    def _read_on(self, now: float) -> bool:
        """Take up what the tape has got since; whether it has grown or ended."""
        if self.tape.finished and not self.playback.live and self.playback.last == self.tape.last:
            return False
        before = self.playback.last, self.playback.live
        try:
            if self.tape.refresh():
                self._grew = now
        except UserError as error:
            self.told = (str(error), "bad")
        self._look_for_life(now)
        self.playback.grown(self.tape.last, self._is_live(), now)
        if self.playback.live and not before[1] and self.playback.position == 0 and not self.playback.playing:
            self.playback.follow()  # it looked cut off and is not: nobody has gone anywhere yet
        return before != (self.playback.last, self.playback.live)

    def _look_for_life(self, now: float) -> None:
        """Once a second: is the match's process there, and has it something to say?"""
        if not self.tape.finished and now - self._checked >= _CHECK:
            self._checked = now
            self._running_now = self._alive(self.tape.log.path)
            before, self._saying = self._saying, self._said(self.tape.log.path) if self._running_now else ""
            self._stale |= {"status"} if self._saying != before else set()

    def _is_live(self) -> bool:
        return not self.tape.finished and (self._running_now or self.clock() - self._grew < _QUIET)

    def _work(self) -> bool:
        """A portion of reading for search and figures; whether it brought something."""
        searching = self.hunt is not None and self.hunt.advance()
        now = self.clock()
        if not self.wants_figures or now < self._count_again:
            return searching
        # What has been read to its end is looked at twice a second: each look opens the newest chunk of every track.
        counting = self.tally.advance()
        self._count_again = now if counting else now + 0.5
        return searching or counting

    def _look(self) -> None:
        """Fetch the moment at the position; a damaged one leaves the last one standing."""
        try:
            self.moment, self._trouble = self.vantage.moment(self.playback.position), ""
        except UserError as error:
            self._trouble = str(error)

    def changed(self) -> None:
        """What the user did is shown at once."""
        if not self.is_mounted:
            return
        if self.moment is None or self.moment.tick != self.playback.position:
            self.motion.end()
        self._look()
        self._work()
        self._stale |= _ALL
        self._painted = dict.fromkeys(_GAPS, float("-inf"))
        self._paint(self.clock())

    # ------------------------------------------------------------------ painting
    def _paint(self, now: float) -> None:
        with together(self):
            for part, gap in _GAPS.items():
                if part in self._stale and now - self._painted[part] >= gap:
                    self._stale.discard(part)
                    self._painted[part] = now
                    getattr(self, f"_paint_{part}")()
        self._pictures.append(now)

    def scene(self) -> Scene:
        """What the words are about, now."""
        now = self.clock()
        hits = len(self.hunt.hits(self.playback.position)) if self.hunt is not None else -1
        pattern = self.hunt.pattern if self.hunt is not None else ""
        shown = sum(1 for then in self._pictures if now - then <= 1.0)
        waited = now - max(self._grew, self._opened)
        told = self.playback.live and (self.playback.following or not self.playback.last)
        return Scene(
            self.vantage, self.playback, waited, shown, self.told, hits, pattern, self._trouble, self.size.width,
            self._saying if told else "",
        )  # fmt: skip

    def _paint_board(self) -> None:
        words = self.query_one("#words", Pane)
        if words.display:
            words.show(self.painting.words(self.vantage, self.moment, self._trouble, self.active == "board"))
        board = self.query_one("#board", GridView)
        if self.moment is None or not (board.display or self.layout_now.board):
            return
        # While the words stand in its place, the board would have the inside of their frame.
        columns, rows = board.content_size if board.display else (words.size.width - 2, words.size.height - 2)
        canvas = self.painting.drawing(self.motion.frame or self.moment, self.vantage.who)
        fits = canvas is not None and columns > 0 and rows > 0 and self.painting.fits(canvas, columns, rows)
        if fits != self.drawn and columns > 0 and rows > 0:
            self.drawn = fits
            self.fit_parts()
            self._stale.add("board")
        elif canvas is not None and fits:
            board.push(self.painting.board(canvas, columns, rows))

    def _paint_header(self) -> None:
        self.query_one("#header", LineView).show(*headline(self.scene()))

    def _paint_status(self) -> None:
        scene = self.scene()
        self.query_one("#status", LineView).show(*status(scene))
        self._paint_keys(key_words(scene))

    def _paint_scrub(self) -> None:
        position = self.playback.position
        marks = self.painting.bar_marks(self.vantage, position)
        hits = tuple(self.hunt.hits(position)) if self.hunt is not None else ()
        track = Track(position, self.playback.last, self.playback.live, marks, hits, self.bookmarks.steps)
        self.query_one("#scrub", ScrubBar).show(track)

    def _paint_agents(self) -> None:
        if self.moment is None:
            return
        for pane, seat in self.seat_panes():
            act = self.vantage.latest(seat, self.moment)
            sitting = Sitting(self.vantage, self.moment, seat, act, self.tally)
            active = self.active == f"seat {seat}"
            pane.show(self.painting.agent(sitting, pane.size.width, self.layout_now.tabs, active))

    def _paint_events(self) -> None:
        events = self.query_one("#events", Pane)
        if events.display:
            events.show(self.painting.events(self.vantage, self.playback.position, self.active == "events"))

    def _paint_charts(self) -> None:
        charts = self.query_one("#charts", Pane)
        if charts.display:
            charts.show(self.painting.charts(self.vantage, self.tally, self.playback.position))

    def _paint_keys(self, words: Sequence[tuple[str, str]]) -> None:
        """The keys that matter now, as the keymap has them."""
        if words == self._key_words:
            return
        self._key_words, table = words, {command.id: command for command in MATCH}
        keys = []
        for ident, word in words:
            named = self.app.keys_of(ident, table[ident].keys)
            keys.append(KeyWord(written(named).split(" ")[0], word, table[ident].action))
        self.query_one("#keys", KeyLine).show(keys)

    # ------------------------------------------------------------------ mouse
    @on(CellsView.Resized)
    def _resized(self) -> None:
        self._stale.add("board")
        self._paint(self.clock())

    @on(ScrubBar.Seek)
    def _sought(self, event: ScrubBar.Seek) -> None:
        self.go(event.step)
