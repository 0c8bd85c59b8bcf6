"""The terminal application: settings become a keymap, colours and a frame rate; the first screen is its caller's choice.

`watch` opens one recording, running or finished; `lobby` opens the list of all. Both return an exit code. Only this
module starts Textual; screens read `app.settings`, `app.palette`, `app.plain_glyphs`, `app.fps` and know nothing else of it.
"""

from __future__ import annotations

import gc
import os
import select
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from textual.app import App, SystemCommand
from textual.command import CommandPalette
from textual.screen import Screen
from textual.theme import Theme
from textual.worker import Worker

from arena.settings import Settings, load
from tui.keymaps import keymap

__all__ = ["ArenaApp", "frame_rate", "leaderboard", "lobby", "watch"]

_THEME = Theme(
    "palaestra",
    primary="#7ac4ff",
    secondary="#465468",
    accent="#7ac4ff",
    foreground="#e2e6ec",
    background="#10141c",
    surface="#161b25",
    panel="#1c2230",
    success="#60c478",
    warning="#ecbe46",
    error="#e85c5c",
    variables={"input-selection-background": "#465468 60%", "scrollbar": "#465468", "scrollbar-background": "#10141c"},
)
_LOOK = 1.0
"""Seconds between two looks whether the terminal is there."""
_REMOTE_FPS = 12
"""Pictures a second over a network or through a multiplexer, which send and store every byte twice."""


def frame_rate(settings: Settings, environ: Mapping[str, str]) -> int:
    """Pictures a second: what the settings allow, fewer over SSH or inside tmux."""
    remote = "SSH_CONNECTION" in environ or "TMUX" in environ
    return min(settings.fps, _REMOTE_FPS) if remote else settings.fps


def _speaks_unicode() -> bool:
    return "utf" in (getattr(sys.__stdout__, "encoding", None) or "utf-8").lower()


def _settle() -> None:
    """What start-up has made stays to the end: the collector need not look at it again (a tenth of a live screen's cost)."""
    gc.collect()
    gc.freeze()


def hung_up(handle: int) -> bool:
    """Whether the terminal of a file descriptor is gone: its other end was closed, and what is read from it is at its end for ever."""
    looked = select.poll()
    looked.register(handle, 0)
    return any(found & select.POLLHUP for _, found in looked.poll(0))


class _Palette(CommandPalette):
    """The command palette; one that is left while it still gathers its commands must not end the application."""

    def run_worker(self, *arguments: Any, **options: Any) -> Worker[Any]:
        return super().run_worker(*arguments, **(options | {"exit_on_error": False}))


class ArenaApp(App[int]):
    """One terminal, a stack of screens. `start` makes the first screen once the application runs."""

    TITLE = "arena"
    # The palette's magnifying glass is an emoji, and those are one cell wide here and two there.
    CSS = "Screen { background: $background; } CommandPalette SearchIcon { display: none; }"
    ENABLE_COMMAND_PALETTE = True

    def __init__(self, settings: Settings, start: Callable[[], Screen[Any]]) -> None:
        colourless = bool(os.environ.get("NO_COLOR"))
        super().__init__(ansi_color=True if colourless else None)
        self.settings, self._start_screen = settings, start
        self.palette = "colour-blind" if colourless else settings.palette
        self.plain_glyphs = not _speaks_unicode()
        self.plain_board = colourless or self.plain_glyphs
        self.fps = frame_rate(settings, os.environ)
        self.set_keymap(keymap(settings.keys))

    def keys_of(self, ident: str, keys: str) -> str:
        """The keys of a command: those of the keymap, else those of its table."""
        return self._keymap.get(ident, keys)

    def on_mount(self) -> None:
        self.register_theme(_THEME)
        self.theme = _THEME.name
        self.push_screen(self._start_screen())
        if not self.is_headless:
            self.call_after_refresh(_settle)
            self.set_interval(_LOOK, self._leave_dead_terminal)

    def _leave_dead_terminal(self) -> None:
        """End where nobody looks any more; a lost connection may come without the signal that says so (nohup, a session of its own)."""
        if hung_up(sys.__stdin__.fileno() if sys.__stdin__ is not None else 0):
            self.exit(0)

    def action_command_palette(self) -> None:
        """Open the palette, once."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(_Palette(id="--command-palette"))

    def back(self) -> None:
        """Leave the topmost screen; leaving the first one ends the application."""
        if len(self.screen_stack) > 2:
            self.pop_screen()
        else:
            self.exit(0)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette offers what the screen offers (its `commands()`), and to leave."""
        offered = getattr(screen, "commands", None)
        if offered is not None:
            yield from offered()
        yield SystemCommand("Quit", "Leave the terminal screens; running matches go on", self.action_quit)


def _run(app: ArenaApp) -> int:
    code = app.run()
    return code if code is not None else app.return_code or 0


def watch(
    path: str | os.PathLike[str], *, speed: float | None = None, delay: float | None = None, who: int = -1
) -> int:
    """Show a recording, or a match that is being recorded, until the user leaves.

    speed: moves per second of playback; delay: seconds to stay behind a running match; who: a seat to look through, -1 all,
    -2 the public. Raises UserError (3, 4) before the screen is taken over when the recording cannot be opened.
    """
    from tui.screens.match import MatchScreen  # noqa: PLC0415  (opens the file, so mistakes show on a plain terminal)

    settings = load({"speed": speed, "delay": delay})
    screen = MatchScreen(Path(path), who=who, speed=settings.speed, delay=settings.delay)
    return _run(ArenaApp(settings, lambda: screen))


def lobby() -> int:
    """Show the running matches and the recordings of the folder of runs."""
    from tui.screens.lobby import LobbyScreen  # noqa: PLC0415

    return _run(ArenaApp(load(), LobbyScreen))


def leaderboard(folder: str | os.PathLike[str], game: str | None = None) -> int:
    """Show the ratings of a tournament, finished or being played, until the user leaves.

    game: the game to begin with. Raises UserError (3, 4) before the screen is taken over when the store cannot be read.
    """
    from tui.screens.leaderboard import screen  # noqa: PLC0415  (reads the store, so mistakes show on a plain terminal)

    settings = load()
    made = screen(Path(folder), game)
    return _run(ArenaApp(settings, lambda: made))
