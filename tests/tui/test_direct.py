"""Spans that are sent past the compositor leave the terminal as the compositor would have left it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyte
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Static

from tui.sheet import Cells, colour, look
from tui.widgets.direct import Spans, together
from tui.widgets.grid import CellsView

COLUMNS, ROWS = 40, 12


class Wall(App[None]):
    """Two views side by side, one with a frame, and a terminal that gets all that would be written."""

    CSS = """
    #framed { border: round white; padding: 0 1; }
    Screen { layers: below above; }
    #note { layer: above; offset: 3 2; width: 9; height: 2; display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.terminal = pyte.Screen(COLUMNS, ROWS)
        self.stream, self.kinds = pyte.Stream(self.terminal), list[type]()

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield CellsView(id="framed")
            yield CellsView(id="bare")
        yield Static("a message", id="note")

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        if renderable is not None and screen is self.screen:
            self.kinds.append(type(renderable))
            self.stream.feed("\x1b[H" + renderable.render_segments(self.console).replace("\n", "\r\n"))
        super()._display(screen, renderable)

    def whole(self) -> list[str]:
        return [strip.text for strip in self.screen._compositor.render_strips()]

    def views(self) -> list[CellsView]:
        return [self.screen_stack[0].query_one(f"#{name}", CellsView) for name in ("framed", "bare")]


def scribble(view: CellsView, rng: np.random.Generator, cells: int) -> Cells:
    """The view's sheet with some cells changed, some of them wide."""
    columns, rows = view.content_size
    sheet = Cells.blank(columns, rows)
    sheet.write(0, 1, "a line that stays")
    for _ in range(cells):
        style = look(colour((int(rng.integers(4)) * 60, 90, 200)))
        sheet.write(int(rng.integers(columns)), int(rng.integers(rows)), rng.choice(["x", "日", "longer words"]), style)
    return sheet.mend()


async def test_the_terminal_shows_what_the_compositor_would_and_gets_spans_only() -> None:
    app, rng = Wall(), np.random.default_rng(3)
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        for view in app.views():
            view.push(scribble(view, rng, 3))
        await pilot.pause()
        app.kinds.clear()
        for n in range(30):
            for view in app.views():
                view.push(scribble(view, rng, n % 5))
            assert app.terminal.display == app.whole()
        await pilot.pause()
        assert set(app.kinds) == {Spans}


async def test_what_is_pushed_together_is_sent_in_one_piece() -> None:
    app, rng = Wall(), np.random.default_rng(4)
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        for view in app.views():
            view.push(scribble(view, rng, 0))
        await pilot.pause()
        app.kinds.clear()
        with together(app.screen):
            for view in app.views():
                view.push(scribble(view, rng, 9))
        assert app.kinds == [Spans]
        assert app.terminal.display == app.whole()
        with together(app.screen):
            pass
        assert app.kinds == [Spans]


async def test_under_a_message_the_compositor_paints() -> None:
    app, rng = Wall(), np.random.default_rng(5)
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        framed, bare = app.views()
        for view in (framed, bare):
            view.push(scribble(view, rng, 0))
        app.query_one("#note").display = True
        await pilot.pause()
        app.kinds.clear()
        for _ in range(5):
            framed.push(scribble(framed, rng, 30))
            await pilot.pause()
            assert "a message" in app.terminal.display[2]
            assert app.terminal.display == app.whole()
        assert Spans not in app.kinds
        bare.push(scribble(bare, rng, 5))
        assert Spans in app.kinds  # the other view is free


async def test_nothing_is_sent_from_below_another_screen_and_it_is_up_to_date_after_it() -> None:
    app, rng = Wall(), np.random.default_rng(6)
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        framed, bare = app.views()
        for view in (framed, bare):
            view.push(scribble(view, rng, 0))
        await pilot.pause()
        await app.push_screen(Screen())
        await pilot.pause()
        app.kinds.clear()
        bare.push(scribble(bare, rng, 30))
        assert Spans not in app.kinds
        app.pop_screen()
        await pilot.pause()
        assert app.terminal.display == app.whole()


async def test_after_another_size_spans_go_to_the_new_place() -> None:
    app, rng = Wall(), np.random.default_rng(7)
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        bare = app.views()[1]
        bare.push(scribble(bare, rng, 0))
        await pilot.pause()
        app.query_one("#framed").styles.width = 10
        bare.push(scribble(bare, rng, 20))  # before the new layout
        await pilot.pause()
        bare.push(scribble(bare, rng, 20))
        await pilot.pause()
        bare.push(scribble(bare, rng, 20))
        assert app.terminal.display == app.whole()
