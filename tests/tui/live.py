"""A match that tests move on by hand, act by act, while it is being recorded: what a screen sees of a match in another process."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from arena.clock import Limits
from arena.events import Seat
from arena.match import Match
from envs.registry import game
from replays.recorder import Recorder

__all__ = ["Live"]


class Live:
    """`act` answers for a seat; the recording holds everything that has happened as soon as it returns. One second passes per act."""

    def __init__(
        self, path: Path, name: str, agents: Sequence[str], seed: int = 1, limits: Limits | None = None, retries: int = 2
    ) -> None:  # fmt: skip
        self.path, self.game = path, game(name, plain=True)  # nothing is compiled
        self.now = itertools.count(1)
        self.recorder = Recorder(path, each_tick=True)
        seats = [Seat(seat, agent, agent) for seat, agent in zip(self.game.spec.seat_names, agents, strict=True)]
        self.match = Match(self.game, seats, seed, limits=limits, ident="live", retries=retries, created=1_000_000.0)
        self.sent: list[tuple[Any, ...]] = []
        self._tell()

    def _tell(self) -> None:
        for event in self.match.events():
            self.recorder(event)
        self.recorder.flush()

    def act(self, seat: int, answer: Any) -> None:
        self.match.acted(seat, answer, float(next(self.now)))
        self._tell()

    def fault(self, seat: int, cause: str, detail: str = "") -> None:
        self.match.fault(seat, cause, detail, float(next(self.now)))
        self._tell()

    def first(self, seats: Sequence[int] | None = None) -> None:
        """Everybody who is awaited (of these seats) plays the first legal action."""
        for seat in self.match.waiting():
            if seats is None or seat in seats:
                self.act(seat, self.match.ask(seat).legal[0])

    def finish(self) -> None:
        while not self.match.over:
            self.first()

    def send(self, path: Path, match: str, seat: int, tick: int, text: str) -> None:
        """Stands for the socket of a person's seat: the reply reaches the match at once."""
        self.sent.append((path, match, seat, tick, text))
        if text == "resign":
            self.fault(seat, "resigned", "gave up")
        else:
            self.act(seat, text)

    def close(self) -> None:
        """Leave the recording as a crash would."""
        self.recorder.abandon()


def once(acts: Sequence[Callable[[], object]]) -> Callable[[float], None]:
    """A `sleep` that does the next thing instead of waiting."""
    left = iter(acts)

    def sleep(seconds: float) -> None:
        next(left, lambda: None)()

    return sleep
