"""A match on a host elsewhere: what happens, the board as the public knows it, the result, then the whole recording; in plain lines,
or through a `tell` that paints a terminal (see `tui.distant_view`).

Only what the host shows comes over the line; after the end it sends the full tape, which becomes a recording like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import msgspec

from arena.events import Acted, Ended, Event, Faulted, Marked, Refused, Started, Stepped
from arena.protocol.dial import Line, Lost
from arena.protocol.messages import Scene, Watch
from arena.protocol.translate import observation_of
from arena.tally import outcome
from arena.text import safe_text
from envs.canvas import Canvas
from envs.errors import FAILURE, NOT_FOUND, UserError
from envs.game import Game
from envs.registry import found, game
from envs.spec import PUBLIC
from replays.recorder import Recorder
from replays.tape import Tape
from tui.cells import plain

__all__ = ["Account", "follow"]

Tell = Callable[["Account", list[str]], None]
"""Takes what a match has come to, and the lines that are new."""
_EVENTS = msgspec.msgpack.Decoder(Event)


class Account:
    """Scenes as lines. who: a seat, PUBLIC or SPECTATOR; board: the board after every scene, not only at the end."""

    def __init__(self, who: int = PUBLIC, board: bool = False) -> None:
        self.who, self.board = who, board
        self.started: Started | None = None
        self.ended: Ended | None = None
        self.full: list[Event] = []
        self.points: list[float] = []
        self.tick = 0
        self._rules: Game | None = None
        self._view = b""

    def lines(self, scene: Scene) -> Iterator[str]:
        """What a scene says. UserError where its events are none."""
        try:
            events = [_EVENTS.decode(data) for data in scene.events]
        except msgspec.MsgspecError as error:
            raise UserError(f"the host tells what is no event: {safe_text(error, width=120)}", FAILURE) from None
        if scene.full:
            self.full += events
            return
        self._view = scene.view or self._view
        if scene.keyframe:
            yield "... something was missed: this line is slower than the match"
        for event in events:
            self._count(event)
            yield from self._event(event)
        if self.board and self.ended is None:
            yield from self.picture()

    def _count(self, event: Event) -> None:
        """Ticks, and the points that this audience knows of."""
        self.tick = event.tick
        if isinstance(event, Stepped) and len(event.reward) == len(self.points):
            self.points = [have + new for have, new in zip(self.points, event.reward, strict=True)]

    def _event(self, event: Event) -> Iterator[str]:
        if isinstance(event, Started):
            yield from self._opening(event)
        elif isinstance(event, Acted):
            yield f"{event.tick}. {self._seat(event.seat)}: {safe_text(event.name, width=80) or 'acts, hidden from this view'}"
            yield from (
                f"{event.tick}. {self._seat(event.seat)} says: {safe_text(words, width=400)}" for _, words in event.said
            )
        elif isinstance(event, Marked | Refused | Faulted):
            yield f"{event.tick}. event: {safe_text(_told(event), width=200)}"
        elif isinstance(event, Stepped) and any(event.reward):
            gained = ", ".join(f"{self._seat(seat)} {points:+g}" for seat, points in enumerate(event.reward) if points)
            yield f"{event.tick}. rewards: {gained}"
        elif isinstance(event, Ended):
            self.ended = event
            yield from self.picture()
            yield f"result: {self._outcome(event)}"

    def _opening(self, started: Started) -> Iterator[str]:
        if self.started is not None:
            return
        self.started, self.points = started, [0.0] * len(started.seats)
        self._rules = _installed(started)
        yield safe_text(started.game.get("title") or started.game.get("game"), width=80)
        yield from (
            f"{safe_text(seat.name)}: {safe_text(seat.title or seat.agent, width=100)}" for seat in started.seats
        )
        if self._rules is None:
            yield "the game is not installed here as the host has it: boards cannot be shown"

    def picture(self) -> Iterator[str]:
        """The newest board in letters, where the rules are at hand."""
        canvas = self.canvas()
        if canvas is not None:
            yield plain(canvas)

    def canvas(self) -> Canvas | None:
        """The newest board as this audience knows it; None where the rules are not at hand or nothing has come yet."""
        if self._rules is None or not self._view:
            return None
        canvas = Canvas()
        self._rules.draw(observation_of(self._view, self._rules, self.who), canvas)
        return canvas

    def _seat(self, seat: int) -> str:
        seats = self.started.seats if self.started else ()
        return safe_text(seats[seat].name) if 0 <= seat < len(seats) else "somebody"

    def _outcome(self, ended: Ended) -> str:
        seats = self.started.seats if self.started else ()
        titles = [safe_text(seat.title or seat.agent, width=40) for seat in seats]
        apart = self.started is not None and self.started.has("apart")
        return outcome(titles, [seat.name for seat in seats], ended.scores, ended.reason, ended.tick, apart)

    def record(self, folder: Path) -> Path | None:
        """The full tape as a recording in a folder; another watcher of the match may have made it. None as long as it has not come."""
        if not self.full or not isinstance(self.full[0], Started) or not isinstance(self.full[-1], Ended):
            return None
        name = "".join(letter for letter in self.full[0].match if letter.isalnum() and letter.isascii())[:40]
        path = folder / f"{name or 'match'}.arena"
        if path.exists() and _is_of(path, self.full[0]):
            return path
        recorder = Recorder(path)
        for event in self.full:
            recorder(event)
        return recorder.path


def _is_of(path: Path, started: Started) -> bool:
    """Whether a recording is one of this match."""
    try:
        tape = Tape(path)
    except UserError:
        return False
    try:
        return tape.finished and bool(started.match) and tape.started.match == started.match
    finally:
        tape.close()


def _told(event: Marked | Refused | Faulted) -> str:
    if isinstance(event, Marked):
        return event.text
    return f"{event.kind}: {event.reason}" if isinstance(event, Refused) else f"{event.cause}: {event.detail}"


def _installed(started: Started) -> Game | None:
    """The rules by name, if they are installed as the host has them; a path from a host is never imported."""
    told: dict[str, Any] = started.game
    if told.get("game") not in found():
        return None
    try:
        rules = game(str(told["game"]), plain=True, **told.get("options", {}))
        if rules.digest != told.get("digest"):
            return None
        rules.configure(told["config"])
    except (UserError, KeyError, TypeError, ValueError):
        return None
    return rules


def _printed(out: TextIO, account: Account, lines: list[str]) -> None:
    out.writelines(f"{told}\n" for told in lines)
    out.flush()


def _gallery_of(url: str, token: str, connect: Callable[..., Line]) -> Line:
    """A line to where a host shows its matches; the host says at which port that is."""
    host = connect(url, token=token, name="watcher")
    gallery = host.welcome.gallery
    host.close()
    if not gallery:
        raise UserError(f"{url} shows no matches to watchers: its owner serves without a gallery", NOT_FOUND)
    scheme, _, rest = url.partition("://")
    name = rest.partition("/")[0].rpartition(":")[0] or rest
    return connect(f"{scheme}://{name}:{gallery}", token=token, name="watcher")


def follow(
    url: str, out: TextIO, *, token: str = "", match: str = "", who: int = PUBLIC, delay: float = 0.0, board: bool = False,
    runs: Path | None = None, connect: Callable[..., Line] = Line, tell: Tell | None = None,
) -> int:  # fmt: skip
    """Print a match of a host to its end: 0, or 1 when the line breaks before it. The recording's path is the last line.

    tell: is given what has come instead of `out`, a list of lines at a time. UserError when the host refuses, or shows no matches.
    """
    tell = tell or partial(_printed, out)
    account = Account(who, board)
    try:
        line = _gallery_of(url, token, connect)
        line.send([Watch(match, who, delay)])
    except Lost as lost:
        raise UserError(str(lost), FAILURE) from None
    try:
        while True:
            scenes = [message for message in line.receive() if isinstance(message, Scene)]
            tell(account, [told for scene in scenes for told in account.lines(scene)])
    except Lost as lost:
        if account.ended is None:
            out.write(f"{lost}\n")
            return FAILURE
    finally:
        line.drop()
    path = account.record(runs) if runs is not None else None
    if path is not None:
        out.write(f"{path}\n")
    return 0
