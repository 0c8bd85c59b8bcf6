"""The training monitor: one run's curves, win rates, pool, gate and log, and its newest evaluation match, live.

The folder is looked at twice a second in a thread; the screen paints what has changed. Nothing here can disturb the training: the screen
only reads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.screen import Screen
from textual.timer import Timer

from arena.settings import Settings, load
from envs.errors import UserError
from tui.keymaps import Command, bindings
from tui.lines import Span
from tui.screens import _training_panes as panes
from tui.screens._curriculum import curriculum
from tui.screens._pool_panes import pool
from tui.training import RunView
from tui.watched import Watched
from tui.widgets.lineview import LineView, keys_line
from tui.widgets.pane import Pane
from tui.widgets.preview import Preview
from tui.widgets.rows import RowList

if TYPE_CHECKING:
    from tui.app import ArenaApp

__all__ = ["TRAINING", "TrainingScreen", "watch"]

TRAINING: tuple[Command, ...] = (
    Command("watch-match", "w", "match", "Watch the newest evaluation match", "Match", "match"),
    Command("next-curve", "x", "curve(1)", "Next curve (up and down choose one in the list)", "Curves", "curve"),
    Command("previous-curve", "X", "curve(-1)", "Previous curve", "Curves"),
    Command("zoom", "z", "zoom", "The curve alone, or all again", "Curves", "zoom"),
    Command("log-back", "left_square_bracket", "log(5)", "Older lines of the log", "Log", "log"),
    Command("log-on", "right_square_bracket", "log(-5)", "Newer lines of the log", "Log"),
    Command("screenshot", "s", "screenshot", "Save the screen as SVG in the run's folder", "Other"),
    Command("help", "question_mark,f1", "help", "All keys", "Other", "help"),
    Command("leave", "q,escape", "leave", "Leave; the training goes on", "Other", "leave"),
)
_LOOK, _WIDE, _LOW = 0.5, 100, 30


class TrainingScreen(Screen[None]):
    """`TrainingScreen(path)` watches a run. Raises UserError (3, 4) when the folder is none. now: seconds since 1970."""

    DEFAULT_CSS = """
    TrainingScreen { layout: vertical; }
    TrainingScreen #main { height: 1fr; }
    TrainingScreen #curves { width: 1fr; }
    TrainingScreen #side { width: 44; }
    TrainingScreen #foot { height: 9; }
    TrainingScreen #pool { width: 2fr; }
    TrainingScreen #log { width: 3fr; }
    TrainingScreen #match { height: 18; }
    TrainingScreen #metrics { height: 1fr; }
    TrainingScreen.-matchless #match { height: 4; }
    TrainingScreen.-narrow #side { width: 34; }
    TrainingScreen.-narrow #match { display: none; }
    TrainingScreen.-low #foot { height: 6; }
    TrainingScreen.-zoomed #side, TrainingScreen.-zoomed #foot, TrainingScreen.-zoomed #rates { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(TRAINING))
    app: ArenaApp

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.view = RunView(path, now)
        self.chosen, self.back = "", 0
        self._watched: Watched | None = None
        self._looking = False
        self._timer: Timer | None = None

    # ------------------------------------------------------------------ the screen's life
    def compose(self) -> ComposeResult:
        looks: dict[str, Any] = {"palette": self.app.palette, "ascii_only": self.app.plain_glyphs}
        yield LineView(**looks, id="top")
        with Horizontal(id="main"):
            with Vertical(id="curves"):
                yield Pane(**looks, id="chart")
                yield Pane(**looks, id="rates")
            with Vertical(id="side"):
                yield RowList(
                    panes.METRICS, title="metrics", empty=("no metrics yet",), head=False, id="metrics", **looks
                )
                yield Preview(**looks, id="match")
        with Horizontal(id="foot"):
            yield Pane(**looks, id="pool")
            yield Pane(**looks, id="log")
        yield LineView(**looks, id="keys")

    def on_mount(self) -> None:
        if self.app.plain_board:
            self.query_one("#match", Preview).mode = "ascii"
        words = [
            ("↑↓", "curve"),
            ("w", "match"),
            ("z", "zoom"),
            ("[", "log"),
            ("s", "picture"),
            ("?", "help"),
            ("q", "leave"),
        ]
        self.query_one("#keys", LineView).show(keys_line(words), keys_line([("ctrl+p", "palette")]), firm=2)
        self.view.refresh()
        self.paint()
        self.set_focus(self.query_one("#metrics", RowList))
        self._timer = self.set_interval(_LOOK, self._look)

    def on_screen_suspend(self) -> None:
        if self._timer is not None:
            self._timer.pause()

    def on_screen_resume(self) -> None:
        if self._timer is not None:
            self._timer.resume()

    def on_unmount(self) -> None:
        if self._watched is not None:
            self._watched.close()

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.width < _WIDE, "-narrow")
        self.set_class(event.size.height < _LOW, "-low")
        self.call_after_refresh(self.paint)

    # ------------------------------------------------------------------ looking
    def _look(self) -> None:
        """Read on in a thread; one look at a time."""
        if not self._looking:
            self._looking = True
            self.run_worker(self._look_now, thread=True, group="look", exit_on_error=False)

    def _look_now(self) -> None:
        with suppress(OSError):  # a folder that is being moved or removed: the next look may find it again
            self.view.refresh()
        with suppress(RuntimeError):  # the application may have ended meanwhile
            self.app.call_from_thread(self._looked)

    def _looked(self) -> None:
        self._looking = False
        self.paint()

    # ------------------------------------------------------------------ painting
    def paint(self) -> None:
        """Show what is known; equal cells are not sent again."""
        if not self.is_mounted:
            return
        palette, plain = self.app.palette, self.app.plain_glyphs
        self.query_one("#top", LineView).show(*panes.headline(self.view, self.size.width, plain))
        names = list(self.view.curves)
        if self.chosen not in names:
            self.chosen = panes.first_metric(names)
            self.query_one("#metrics", RowList).show(panes.metric_rows(self.view, plain))
            self.query_one("#metrics", RowList).go(self.chosen)
        self.query_one("#metrics", RowList).show(panes.metric_rows(self.view, plain))
        self.query_one("#chart", Pane).show(panes.chart(self.chosen, self.view.curves.get(self.chosen), palette, plain))
        self._paint_rates()
        self.query_one("#pool", Pane).show(pool(self.view, palette))
        self.query_one("#log", Pane).show(panes.log(self.view, palette, self.back))
        self._paint_match()

    def _paint_rates(self) -> None:
        pane = self.query_one("#rates", Pane)
        looks = (self.view, self.app.palette, self.app.plain_glyphs)
        content = panes.rates(*looks) or curriculum(*looks)
        if pane.display != (content is not None):
            pane.display = content is not None
        if content is not None:
            pane.show(content)

    def _paint_match(self) -> None:
        preview = self.query_one("#match", Preview)
        if not preview.display:
            return
        watched = self._match()
        self.set_class(watched is None, "-matchless")
        if watched is None:
            hint = [
                [Span("arena eval --record, or a gate,", "muted")],
                [Span("leaves matches to watch here.", "muted")],
            ]
            preview.show("latest match", None, hint)
            return
        with suppress(UserError):
            watched.refresh()
            preview.show(f"latest match: {watched.path.stem}", watched.canvas(), watched.lines(events=1))

    def _match(self) -> Watched | None:
        """The newest match, kept open while it is the newest."""
        path = self.view.match
        if self._watched is not None and self._watched.path != path:
            self._watched.close()
            self._watched = None
        if self._watched is None and path is not None:
            with suppress(UserError):
                self._watched = Watched(path)
        return self._watched

    # ------------------------------------------------------------------ keys
    @on(RowList.Moved)
    def moved(self, event: RowList.Moved) -> None:
        if event.key is not None and event.key != self.chosen:
            self.chosen = event.key
            self.paint()

    @on(RowList.Chosen)
    def action_match(self) -> None:
        """Open the newest match in a screen of its own."""
        if self.view.match is None:
            self.notify("No match was recorded in this run: arena eval DIR --record plays some.", markup=False)
            return
        from tui.screens.match import MatchScreen  # noqa: PLC0415  (the monitor does without it)

        try:
            settings = self.app.settings
            self.app.push_screen(MatchScreen(self.view.match, speed=settings.speed, delay=settings.delay))
        except UserError as error:
            self.notify(str(error), severity="error", markup=False)

    def action_curve(self, by: int) -> None:
        self.query_one("#metrics", RowList).action_move(by)

    def action_zoom(self) -> None:
        self.toggle_class("-zoomed")
        self.call_after_refresh(self.paint)

    def action_log(self, by: int) -> None:
        self.back = min(max(self.back + by, 0), max(len(self.view.log) - 1, 0))
        self.paint()

    def action_screenshot(self) -> None:
        path = self.view.path / f"monitor-{self.view.step}.svg"
        try:
            self.app.save_screenshot(filename=path.name, path=str(path.parent))
        except OSError as error:
            self.notify(f"{path}: {error.strerror or error}", severity="error", markup=False)
            return
        self.notify(f"saved {path}", markup=False)

    def action_help(self) -> None:
        from tui.screens.keys import KeysScreen  # noqa: PLC0415

        self.app.push_screen(KeysScreen("Training", TRAINING))

    def action_leave(self) -> None:
        self.app.back()

    def commands(self) -> Iterable[SystemCommand]:
        """What the palette offers here."""
        for command in TRAINING:
            yield SystemCommand(
                command.label.capitalize() or command.help, command.help, partial(self.run_action, command.action)
            )


def watch(path: Path, settings: Settings | None = None) -> int:
    """Watch a run until the user leaves. Raises UserError (3, 4) before the screen is taken over when the folder is none."""
    from tui.app import ArenaApp  # noqa: PLC0415  (it starts Textual)

    screen = TrainingScreen(path)
    return ArenaApp(settings or load(), lambda: screen).run() or 0
