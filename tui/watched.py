"""One recording as a list and a preview show it: a tape that is kept open, its figures, its lines.

A match in which a person of this machine sits is shown as that seat sees it while it runs, so that a list betrays nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from arena import background
from arena.events import Marked, shown
from arena.text import safe_text
from envs.canvas import Canvas, seat_colour
from envs.errors import UserError
from envs.options import address
from envs.spec import SPECTATOR
from replays.tape import Tape
from tui.lines import Line, Span, wrap
from tui.tally import Tally

__all__ = ["OpenTapes", "Watched", "human_seat", "named", "open_seat", "points"]

_WORDS_WIDE = 40
_TROUBLE = frozenset({"refused", "fault"})


def human_seat(tape: Tape) -> int | None:
    """The first seat of a person; None without one."""
    people = [n for n, seat in enumerate(tape.started.seats) if seat.agent.partition("?")[0] == "human"]
    return people[0] if people else None


def open_seat(path: Path) -> int | None:
    """The seat of a person in a match that is running; None for any other recording. Raises UserError when it cannot be read."""
    tape = Tape(path)
    try:
        return human_seat(tape) if not tape.finished and background.is_running(path) else None
    finally:
        tape.close()


def points(scores: Sequence[float]) -> str:
    """ "+1 : -1", to three digits."""
    return " : ".join(f"{score:+.3g}" if score else "0" for score in scores)


class Watched:
    """A recording kept open. Raises UserError when it cannot be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tape = Tape(path)
        self.tally = Tally(self.tape)

    def close(self) -> None:
        self.tape.close()

    def refresh(self) -> bool:
        """Look for what has come since; True if anything has."""
        new = self.tape.refresh()
        self.tally.advance()
        return new

    # ------------------------------------------------------------------ words
    @property
    def game(self) -> str:
        """The game's name without its version, safe."""
        return safe_text(self.tape.started.game.get("game"), width=60).rpartition("-v")[0] or "?"

    @property
    def title(self) -> str:
        return safe_text(self.tape.started.game.get("title") or self.game, width=60)

    @property
    def agents(self) -> list[str]:
        """The agents' addresses without a person's socket, safe, by seat."""
        return [named(seat.agent) for seat in self.tape.started.seats]

    @property
    def who(self) -> int:
        """Through whose eyes it is shown."""
        seat = human_seat(self.tape)
        return SPECTATOR if seat is None or self.tape.finished else seat

    @property
    def score(self) -> str:
        """The points so far, "" where they are not everybody's to know."""
        if self.who != SPECTATOR and not self.tape.opened:
            return ""
        return points([self.tally.figures(seat, self.tape.last).score for seat in range(len(self.tape.started.seats))])

    @property
    def troubled(self) -> bool:
        """Whether an answer was refused or a seat has broken a rule."""
        return any(mark.kind in _TROUBLE for mark in self.tape.marks())

    def marks(self) -> list[Marked]:
        """The marks that may be shown, oldest first."""
        return [mark for mark in self.tape.marks() if shown(mark, self.who, self.tape.opened) is not None]

    # ------------------------------------------------------------------ pictures
    def canvas(self) -> Canvas | None:
        """The newest moment as a drawing; None where there are no rules to draw it."""
        if self.tape.game is None:
            return None
        canvas = Canvas()
        try:
            self.tape.at(self.tape.last).draw(canvas, self.who)
        except UserError:
            return None
        return canvas

    def lines(self, events: int = 2) -> list[Line]:
        """Who sits where, the newest events, the result."""
        lines: list[Line] = [
            [Span("● ", seat_colour(n)), Span(agent)] for n, agent in enumerate(self.agents[:6])
        ]  # more seats than this would leave no room for the board
        lines += [
            [Span(f"{mark.tick:>4} ", "muted"), Span(mark.text, "bad" if mark.kind in _TROUBLE else "text")]
            for mark in self.marks()[-events:]
        ]
        ended = self.tape.ended
        if ended is not None:
            lines.append([Span(f"{points(ended.scores)}  ", "gold", True), Span(safe_text(ended.reason), "muted")])
        if self.tape.why_closed:
            lines += [[Span(text, "gold")] for text in wrap(self.tape.why_closed, _WORDS_WIDE)]
        return lines

    # ------------------------------------------------------------------ playing it again
    def again(self) -> tuple[str, list[str], int]:
        """Game, agents and seed of this match, to be played anew. Raises UserError where it names code that is not installed."""
        told = self.tape.started.game
        from agents import names  # noqa: PLC0415  (only somebody who plays again needs it)
        from envs.registry import found  # noqa: PLC0415

        agents = [named(seat.agent) for seat in self.tape.started.seats]
        outside = [each for each in agents if each.partition("?")[0] not in names()]
        if str(told.get("game")) not in found() or outside:
            # A file is data: what it names is not run because a key was pressed.
            raise UserError(
                f"this match used code of its own ({', '.join(outside) or told.get('game')}): start it from a command line"
            )
        options = told.get("options")
        return (
            address(str(told["game"]), options if isinstance(options, dict) else {}),
            agents,
            self.tape.secret.seed,
        )


class OpenTapes:
    """The recordings that a screen of lists keeps open: all running ones, and the one that was looked at last."""

    def __init__(self) -> None:
        self.running: dict[str, Watched] = {}
        self._other: Watched | None = None

    def keep(self, running: Iterable[Path]) -> None:
        """These are running now: open the new ones, close the others, bring all up to date. What cannot be read is left out."""
        paths = {str(path): path for path in running}
        for key in self.running.keys() - paths.keys():
            self.running.pop(key).close()
        for key, path in paths.items():
            if key not in self.running:
                with suppress(UserError):
                    self.running[key] = Watched(path)
        self.running = {key: self.running[key] for key in paths if key in self.running}
        for watched in self.running.values():
            watched.refresh()

    def at(self, key: str | None) -> Watched | None:
        """The recording at a path; None without one, and where it cannot be read."""
        if key is None or key in self.running:
            return self.running.get(key or "")
        if self._other is None or str(self._other.path) != key:
            self._let_go()
            with suppress(UserError):
                self._other = Watched(Path(key))
        return self._other

    def _let_go(self) -> None:
        if self._other is not None:
            self._other.close()
            self._other = None

    def close(self) -> None:
        self._let_go()
        for watched in self.running.values():
            watched.close()
        self.running.clear()


def named(agent: str) -> str:
    """An agent's address; a person's without the socket that their match had."""
    name, _, options = safe_text(agent, width=200).partition("?")
    kept = [option for option in options.split("&") if option and not option.startswith("socket=")]
    return name + ("?" + "&".join(kept) if kept else "")
