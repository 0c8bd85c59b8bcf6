"""What a user does to a tape on the screen: where to look, whose eyes, what to find. No widget is touched here.

The actions of the table in `tui.keymaps` that move the position or the view. Each ends in `changed`, which the screen
defines; what is to be told to the user goes through `tell`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import SystemCommand
from textual.binding import BindingType
from textual.events import Key
from textual.screen import Screen

import replays
from envs.errors import UserError
from envs.spec import PUBLIC, SPECTATOR
from tui.bookmarks import Bookmarks
from tui.goto import destination
from tui.keymaps import MATCH, bindings
from tui.playback import Playback
from tui.screens.keys import written
from tui.search import Search
from tui.tally import Tally
from tui.vantage import Vantage

if TYPE_CHECKING:
    from tui.app import ArenaApp

__all__ = ["Steering", "is_running"]

_LEAP, _SKIP = 10, 10


def is_running(path: Path) -> bool:
    """Whether the process that writes a recording is alive."""
    from arena import background  # noqa: PLC0415  (finished recordings never ask)

    return background.is_running(path)


def said_by(path: Path) -> str:
    """The newest line of the process that writes a recording."""
    from arena import background  # noqa: PLC0415  (as above)

    return background.said(path)


class Steering(Screen[None]):
    """A tape and a viewer's place on it. Raises UserError (3, 4) when the recording cannot be opened."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(MATCH))
    app: ArenaApp

    def __init__(
        self,
        path: Path,
        *,
        who: int = SPECTATOR,
        speed: float | None = None,
        delay: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        running: Callable[[Path], bool] = is_running,
        said: Callable[[Path], str] = said_by,
    ) -> None:
        super().__init__()
        self.tape = replays.open(path)
        self.clock, self._alive, self._said = clock, running, said
        self._wishes = (speed, delay)
        if not SPECTATOR - 1 <= who < len(self.tape.started.seats):
            seats = len(self.tape.started.seats)
            raise UserError(
                f"there is no seat {who} in this match; seats are 0 to {seats - 1}, -1 sees all, -2 the public"
            )
        self.vantage, self.tally = Vantage(self.tape, who), Tally(self.tape)
        self.playback = Playback(times=self._time_of)
        self.bookmarks = Bookmarks(path)
        self.hunt: Search | None = None
        self.told: tuple[str, str] = ("", "text")
        self._letter_for = ""

    def begin(self, live: bool) -> None:
        """Start where it is of use: a running match at its newest tick, a recording from the first one on."""
        speed, delay = self._wishes
        self.playback.base = self.app.settings.speed if speed is None else speed
        self.playback.delay = self.app.settings.delay if delay is None else delay
        self.playback.grown(self.tape.last, live, self.clock())
        if live:
            self.playback.follow()
        elif self.tape.finished:
            self.playback.toggle()
        if self.bookmarks.trouble:
            self.tell(self.bookmarks.trouble, "bad")

    def _time_of(self, tick: int) -> float:
        try:
            return self.tape.at(tick).at
        except UserError:
            return 0.0

    def changed(self) -> None:
        """Something that the user did is to be shown now."""
        raise NotImplementedError

    def tell(self, text: str, colour: str = "text") -> None:
        """A word to the user, until the next key."""
        self.told = (text, colour)
        self.changed()

    @property
    def views(self) -> Sequence[int]:
        """Through whose eyes this screen may look, in the order of the key."""
        return (SPECTATOR, *range(len(self.tape.started.seats)), PUBLIC)

    def look_as(self, who: int) -> None:
        """Look through other eyes; a search is made anew, because it may find less or more."""
        self.vantage = self.vantage.looking(who)
        self.hunt = Search(self.hunt.pattern, self.vantage) if self.hunt is not None else None
        self.changed()

    def go(self, position: int) -> None:
        """Show a tick. Playing stops: who goes somewhere wants to look."""
        self.playback.seek(position)
        self.playback.playing = False
        self.changed()

    # ------------------------------------------------------------------ playing
    def action_play(self) -> None:
        self.playback.toggle()
        self.changed()

    def action_speed(self, factor: float) -> None:
        self.playback.hasten(factor)
        self.changed()

    def action_pace(self) -> None:
        self.playback.timed = not self.playback.timed
        self.tell("paced by the times at which moves were made" if self.playback.timed else "paced evenly")

    def action_follow(self) -> None:
        if self.playback.following:
            self.playback.pause()
            self.changed()
        else:
            self.action_last()

    # ------------------------------------------------------------------ position
    def action_step(self, ticks: int) -> None:
        self.playback.step(ticks)
        self.changed()

    def action_skip(self, direction: int) -> None:
        if self.playback.playing:
            self.playback.seek(self.playback.position + direction * _SKIP)
            self.changed()
        else:
            self.action_step(direction)

    def action_leap(self, direction: int) -> None:
        self.go(self.playback.position + direction * max(self.playback.last // _LEAP, 1))

    def action_percent(self, percent: int) -> None:
        self.go(round(self.playback.last * percent / 100))

    def action_first(self) -> None:
        self.go(0)

    def action_last(self) -> None:
        self.playback.follow()
        self.changed()

    def going(self, text: str) -> None:
        """What was typed after `:`."""
        try:
            marks = self.vantage.marks(self.playback.position)
            self.go(destination(text, self.playback.position, self.playback.last, marks))
        except UserError as error:
            self.tell(str(error), "bad")

    # ------------------------------------------------------------------ events, search, bookmarks
    def action_event(self, direction: int) -> None:
        marks = self.vantage.marks(self.playback.position)
        if not self._go_to_next([mark.tick for mark in marks], direction):
            self.tell("no later event" if direction > 0 else "no earlier event")

    def searching(self, pattern: str) -> None:
        """What was typed after `/`; nothing ends the search."""
        self.hunt = Search(pattern, self.vantage) if pattern else None
        if self.hunt is not None:
            self.hunt.advance()
            self.action_hit(1)
        self.changed()

    def action_hit(self, direction: int) -> None:
        if self.hunt is None:
            self.tell("nothing is searched for: / asks")
            return
        hits = self.hunt.hits(self.playback.position)
        if not hits:
            self.tell(f"no hit for “{self.hunt.pattern}”")
        elif not self._go_to_next(hits, direction):
            self.go(hits[0] if direction > 0 else hits[-1])

    def _go_to_next(self, ticks: Sequence[int], direction: int) -> bool:
        """Go to the nearest of these ticks in a direction, if there is one."""
        here = self.playback.position
        beyond = [tick for tick in ticks if (tick - here) * direction > 0 and tick <= self.playback.last]
        if beyond:
            self.go(min(beyond) if direction > 0 else max(beyond))
        return bool(beyond)

    def action_letter(self, purpose: str) -> None:
        """The next key is a bookmark's letter."""
        self._letter_for = purpose
        known = " ".join(f"{letter}:{step}" for letter, step in self.bookmarks.steps.items()) or "none yet"
        self.tell(f"{'bookmark this step under' if purpose == 'mark' else 'go to'} which letter?   ({known})")

    def on_key(self, event: Key) -> None:
        """A word to the user stands until the next key; after `m` and `'` that key is a letter."""
        purpose, self._letter_for = self._letter_for, ""
        self.told = ("", "text")
        if not purpose:
            return
        event.stop()
        event.prevent_default()
        if event.character is None or not (event.character.isascii() and event.character.isalpha()):
            self.tell("a bookmark is a letter, a to z or A to Z")
        elif purpose == "mark":
            self._bookmark(event.character)
        elif event.character in self.bookmarks.steps:
            self.go(self.bookmarks.steps[event.character])
        else:
            self.tell(f"no bookmark {event.character}: m {event.character} sets one", "bad")

    def _bookmark(self, letter: str) -> None:
        try:
            self.bookmarks.put(letter, self.playback.position)
            self.tell(f"bookmark {letter} at step {self.playback.position}", "good")
        except UserError as error:
            self.tell(str(error), "bad")

    # ------------------------------------------------------------------ eyes
    def action_view(self) -> None:
        views = list(self.views)
        at = views.index(self.vantage.who) if self.vantage.who in views else -1
        self.look_as(views[(at + 1) % len(views)])

    def on_unmount(self) -> None:
        self.tape.close()

    def commands(self) -> Iterable[SystemCommand]:
        """What the palette offers here: the table of keys."""
        for command in MATCH:
            if not command.id.startswith("jump-"):
                # The palette reads its lines as markup, where a bracket begins a tag.
                keys = written(self.app.keys_of(command.id, command.keys)).replace("[", "left bracket")
                title = command.id.replace("-", " ").capitalize()
                yield SystemCommand(title, f"{command.help}. Key: {keys}", partial(self.run_action, command.action))
