"""A match as plain lines, for screen readers, pipes and logs: one line for each act, mark and refusal, the result, the board.

Follows a recording that is still being written. It reads the file alone, so no tick is left out, and needs no terminal. What a seat
does not know is not printed when one looks through that seat. All foreign text is made safe.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from arena import background
from arena.events import Acted, Marked, Stepped, shown
from arena.tally import outcome
from arena.text import safe_text
from envs.canvas import Canvas
from envs.errors import FAILURE, UserError
from envs.spec import SPECTATOR
from replays.recorder import ACTS, STATES
from replays.tape import Tape
from tui.cells import plain

__all__ = ["Lines", "follow", "running"]

_POLL = 0.05
"""Seconds between two looks at a growing file."""


class Lines:
    """A tape in lines. who: a seat, SPECTATOR or PUBLIC; board: the board after every tick, not only at the end."""

    def __init__(self, tape: Tape, who: int = SPECTATOR, board: bool = False) -> None:
        if who >= len(tape.started.seats):
            raise UserError(
                f"there is no seat {who}: {tape.log.path.name} has seats 0 to {len(tape.started.seats) - 1}"
            )
        self.tape, self.who, self.board = tape, who, board
        self.next = 0
        self._marks_told = 0
        self._said = ""

    def opening(self) -> Iterator[str]:
        """What is played and by whom."""
        started = self.tape.started
        yield safe_text(started.game.get("title") or started.game.get("game"), width=80)
        for seat in started.seats:
            yield f"{safe_text(seat.name)}: {safe_text(seat.agent, width=100)}"
        if self.tape.why_closed:
            yield self.tape.why_closed

    def known(self) -> int:
        """How many ticks are decided and whole in the file."""
        steps = self.tape.log.steps(STATES)
        decided = steps[1] if steps else 0
        if self.tape.finished or decided == 0:
            return decided
        acts = self.tape.log.steps(ACTS)
        # Acts of several seats in the newest tick may still be on their way to the file.
        return decided if acts and acts[1] == decided - 1 and self._all_acted(decided - 1) else max(0, decided - 1)

    def _all_acted(self, tick: int) -> bool:
        if self.tape.game is None:
            return False
        moment = self.tape.at(tick)
        return len(moment.acts) >= len(self.tape.game.acting(moment.state))

    def tick(self) -> Iterator[str]:
        """The next tick: what came before it was decided, the acts, the rewards."""
        tick, self.next = self.next, self.next + 1
        yield from self._marks(tick)
        moment = self.tape.at(tick)
        if self.board and moment.tick == tick:
            yield from self._picture(tick)
        for act in moment.acts:
            yield from self._act(act)
        yield from self._rewards(tick + 1)

    def _marks(self, until: int) -> Iterator[str]:
        marks = self.tape.marks()
        while self._marks_told < len(marks) and marks[self._marks_told].tick <= until:
            mark = marks[self._marks_told]
            self._marks_told += 1
            if shown(mark, self.who, self.tape.opened) is not None:
                yield self._mark(mark)

    def _mark(self, mark: Marked) -> str:
        about = {"refused": f"{self._seat(mark.seat)} is refused, ", "fault": f"{self._seat(mark.seat)}: "}.get(
            mark.kind, ""
        )
        return f"{mark.tick}. event: {about}{safe_text(mark.text, width=200)}"

    def _act(self, act: Acted) -> Iterator[str]:
        seen = shown(act, self.who, self.tape.opened)
        if not isinstance(seen, Acted):
            yield f"{act.tick}. {self._seat(act.seat)} acts, hidden from this view"
            return
        yield f"{act.tick}. {self._seat(seen.seat)}: {safe_text(seen.name, width=80)}{_thought(seen)}"
        for whom, words in seen.said:
            heard = ", ".join(self._seat(seat) for seat in whom) or "nobody"
            yield f"{act.tick}. {self._seat(seen.seat)} says to {heard}: {safe_text(words, width=400)}"

    def _rewards(self, tick: int) -> Iterator[str]:
        reward = self.tape.at(tick).reward if tick <= self.tape.last else ()
        seen = shown(Stepped(tick, 0.0, reward), self.who, self.tape.opened)
        if isinstance(seen, Stepped) and any(seen.reward):
            gained = ", ".join(f"{self._seat(seat)} {points:+g}" for seat, points in enumerate(seen.reward) if points)
            yield f"{tick}. rewards: {gained}"

    def waiting(self) -> Iterator[str]:
        """What the match's process says of a wait, once."""
        before, self._said = self._said, background.said(self.tape.log.path)
        if self._said and self._said != before:
            yield f"{self.next}. waiting: {safe_text(self._said, width=300)}"

    def _seat(self, seat: int) -> str:
        seats = self.tape.started.seats
        return safe_text(seats[seat].name) if 0 <= seat < len(seats) else "somebody"

    def closing(self) -> Iterator[str]:
        """What is left to tell when nothing more comes: late marks, the last board, the result."""
        yield from self._marks(1 << 62)
        yield from self._picture(self.tape.last)
        ended, seats = self.tape.ended, self.tape.started.seats
        if ended is None:
            yield f"the recording breaks off at tick {self.tape.last}: the match was not finished"
            return
        agents, names = [seat.agent for seat in seats], [seat.name for seat in seats]
        apart = self.tape.started.has("apart")
        yield "result: " + outcome(agents, names, ended.scores, ended.reason, ended.tick, apart)

    def _picture(self, tick: int) -> Iterator[str]:
        """The board in letters, or the state field by field where its rules are not at hand."""
        moment = self.tape.at(tick)
        if self.tape.game is None:
            yield safe_text(moment.text(), lines=60, width=120)
            return
        canvas = Canvas()
        moment.draw(canvas, self.who)
        yield plain(canvas)


def _thought(act: Acted) -> str:
    """What the agent noted, shortly; the figures are its own and may be anything."""
    value, why = act.notes.get("value"), safe_text(act.notes.get("why"), width=160)
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return (f", value {value:+.2f}" if known else "") + (f", because: {why}" if why else "")


class _Held:
    """How many ticks may be told: those that were there `delay` seconds ago."""

    def __init__(self, delay: float) -> None:
        self.delay, self.told, self._seen = delay, 0, 0
        self._arrivals: deque[tuple[float, int]] = deque()

    def known(self, count: int, now: float) -> int:
        if count > self._seen:
            self._seen = count
            self._arrivals.append((now, count))
        while self._arrivals and self._arrivals[0][0] <= now - self.delay:
            self.told = self._arrivals.popleft()[1]
        return self.told

    @property
    def pending(self) -> bool:
        return bool(self._arrivals)


def follow(
    path: str | os.PathLike[str], out: TextIO, *, who: int = SPECTATOR, board: bool = False, speed: float | None = None,
    delay: float = 0.0, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep,
) -> int:  # fmt: skip
    """Print a recording to its end, waiting for what is still to come; 0, or 1 when it breaks off. The path is the last line.

    speed: ticks per second, None for as fast as they come; delay: seconds to stay behind a running match. Raises UserError for a file
    that cannot be read or a seat that there is not.
    """
    tape = Tape(path)
    try:
        lines = Lines(tape, who, board)
        _print(out, lines.opening())
        held = _Held(0.0 if tape.finished else delay)
        due = clock()
        while _wait(tape, lines, held, clock, sleep, out):
            if speed is not None:
                due = max(due + 1 / speed, clock())
                sleep(max(0.0, due - clock()))
            _print(out, lines.tick())
        _print(out, lines.closing())
        while tape.finished and tape.log.path.suffix == ".part" and _is_written(tape):
            sleep(_POLL)  # it is about to get its last name
            tape.log.refresh()
        _print(out, iter([str(tape.log.path)]))
        return 0 if tape.ended is not None else FAILURE
    finally:
        tape.close()


def _wait(
    tape: Tape, lines: Lines, held: _Held, clock: Callable[[], float], sleep: Callable[[float], None], out: TextIO
) -> bool:  # fmt: skip
    """True as soon as another tick may be told, False when none will come."""
    while lines.next >= held.known(lines.known(), clock()):
        alive = not tape.finished and _is_written(tape)
        grown = tape.log.refresh()
        if not (grown or alive or held.pending):
            return False
        if lines.next >= held.known(lines.known(), clock()) and not (tape.finished and not held.pending):
            if alive and not held.pending:
                _print(out, lines.waiting())
            sleep(_POLL)
    return True


def _is_written(tape: Tape) -> bool:
    """Whether somebody is still writing: a match in the background holds its file, another names its process."""
    pid = tape.log.header.get("pid")
    if background.is_running(tape.log.path):
        return True
    if not isinstance(pid, int) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def _print(out: TextIO, lines: Iterator[str]) -> None:
    for line in lines:
        out.write(f"{line}\n")
    out.flush()


def running(runs: Path, out: TextIO) -> None:
    """Print the matches that are running under a folder, newest first: recording, game, agents, tick."""
    found = background.running(runs)
    for path in found:
        try:
            tape = Tape(path)
        except UserError as error:
            _print(out, iter([f"{path}: {error}"]))
            continue
        agents = " v ".join(safe_text(seat.agent, width=60) for seat in tape.started.seats)
        game = safe_text(tape.started.game.get("game"), width=60)
        _print(out, iter([f"{path}: {game}, {agents}, tick {tape.last}"]))
        tape.close()
    if not found:
        _print(out, iter([f"no match is running under {runs}: `arena watch connect_four mcts scripted` starts one"]))
