"""A match screen on a stage: an application without a terminal, a clock that stands still, and what the screen says as text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from arena.settings import Settings
from tui.app import ArenaApp
from tui.screens.match import MatchScreen


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Stage:
    """The screen, its pilot and its clock."""

    def __init__(self, screen: MatchScreen, pilot: Pilot[Any], clock: Clock) -> None:
        self.screen, self.pilot, self.clock = screen, pilot, clock

    @property
    def position(self) -> int:
        return self.screen.playback.position

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def wait(self, seconds: float) -> None:
        """Let time pass, with a look of the screen at its end."""
        self.clock.now += seconds
        self.screen._frame()
        await self.pilot.pause()

    def text(self) -> str:
        """Everything that the terminal would show, top screen included."""
        return "\n".join(strip.text for strip in self.screen.app.screen._compositor.render_strips())


@asynccontextmanager
async def staged(
    path: Path, size: tuple[int, int] = (120, 40), settings: Settings | None = None, **options: Any
) -> AsyncIterator[Stage]:
    """A match screen over a recording."""
    clock = Clock()
    options.setdefault("running", lambda path: False)
    screen = MatchScreen(path, clock=clock, **options)
    app = ArenaApp(settings or Settings(), lambda: screen)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield Stage(screen, pilot, clock)
