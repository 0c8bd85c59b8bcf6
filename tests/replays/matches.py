"""Recordings for tests: matches with a clock, an id and a nonce of their own, so that equal calls give equal files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import envs
from arena.agent import Ask, Reply
from arena.events import Event, Seat, Sink
from arena.host import Host
from arena.match import Match, Result
from envs.game import Game
from replays.log import LogReader, LogWriter
from replays.recorder import Recorder

WALK = Path(__file__).parent / "walk.py"
GAMES = [name for name in envs.names() if envs.spec(name).frames == 1]
"""Those that a test plays to the end; a game of many frames a step takes long, and its golden recording is opened and verified."""
Change = Callable[[int, int, Any], Any]


class Clock:
    """Some time passes at every look."""

    def __init__(self, step: float = 0.01) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now = round(self.now + self.step, 6)
        return self.now


def uniform(ask: Ask) -> Reply:
    """A uniform legal action, with notes."""
    action = ask.legal.sample(ask.key) if ask.legal.form is None else ask.game.example(ask.obs, ask.seat, ask.key)[0]
    return Reply([action], notes={"value": 0.5, "why": f"drawn at tick {ask.tick}", "prompt": "p" * 20})


def recorded(
    path: Path, game: str | Game = "connect_four", seed: int = 0, agents: Sequence[Any] = (), sinks: Sequence[Sink] = (),
    plain: bool = True, step: float = 0.01, **options: Any,
) -> tuple[Result, list[Event]]:  # fmt: skip
    """Play and record one match; returns its result and its events."""
    rules = envs.game(game, plain=plain) if isinstance(game, str) else game
    match, events = fresh(rules, seed, **options), []
    given = list(agents) or [uniform] * rules.seats
    recorder = Recorder(path, clock=Clock(step), fsync=lambda _: None)
    result = Host(match, given, [events.append, recorder, *sinks], clock=Clock(step)).run()
    return result, events


def fresh(game: Game, seed: int = 0, **options: Any) -> Match:
    seats = [Seat(name, "random", "Random") for name in game.spec.seat_names]
    known: dict[str, Any] = {"ident": "test", "nonce": bytes(16), "software": {"palaestra": "test"}}
    return Match(game, seats, seed, **known | options)


def rewritten(source: Path, out: Path, change: Change, header: Callable[[dict[str, Any]], Any] | None = None) -> Path:
    """A copy whose records went through change(track, step, record), None dropping one, and whose header and summary through `header`."""
    with LogReader(source) as reader:
        front = {key: value for key, value in reader.header.items() if key not in ("v", "min_reader")}
        tail = reader.summary or {}
        if header is not None:
            front, tail = header(front) or front, header(tail) or tail
        writer = LogWriter(out, front, fsync=lambda _: None)
        for track, step, record in reader.iterate():
            changed = change(track, step, record)
            if changed is not None:
                writer.append(track, step, changed)
        writer.close(tail)
    return out


def same(track: int, step: int, record: Any) -> Any:
    """The change that changes nothing."""
    return record
