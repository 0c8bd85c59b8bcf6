"""Tapes for tests of screens: whole matches that are played here, and one that grows as its test wants it to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from arena.agent import Ask, Reply
from arena.events import Acted, Ended, Event, Secret, Started, Stepped
from arena.matches import play
from envs.registry import game
from replays.recorder import Recorder


class Thinker:
    """A player with notes of every kind; it plays by its seed, so that a match is always the same."""

    title = "Thinker"

    def __call__(self, ask: Ask) -> Reply:
        action = ask.legal.sample(ask.key)
        name = ask.game.name(action if len(action) > 1 else [action[0]], ask.obs)
        mine = f"of-seat-{ask.seat}"
        notes = {
            "policy": [[name, 0.75], ["something else", 0.25]],
            "value": 0.5 - ask.seat,
            "why": f"reason-{mine}",
            "prompt": f"prompt-{mine} {ask.text}",
            "completion": f"completion-{mine}",
            "tokens": 7,
        }
        return Reply([action], notes=notes)


def recorded(path: Path, name: str = "connect_four", seed: int = 7, agents: Sequence[Any] | None = None) -> Path:
    """A finished match, played by the plain rules (nothing is compiled)."""
    rules = game(name, plain=True)
    play(rules, agents or [Thinker] * rules.seats, seed=seed, record=path)
    return path


class _Ear:
    """A sink that keeps what it hears."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)


def heard(
    name: str = "connect_four",
    seed: int = 7,
    agents: Sequence[Any] | None = None,
    clock: Callable[[], float] = lambda: 0.0,
) -> list[Event]:
    """The events of a match; by default no time passes in it."""
    ear, rules = _Ear(), game(name, plain=True)
    play(rules, agents or [Thinker] * rules.seats, seed=seed, sinks=[ear], clock=clock)
    return ear.events


class Growing:
    """A recording that is still being written: `grow` adds ticks of a match, over and over from its start; `end` ends it."""

    def __init__(self, path: Path, events: Sequence[Event], mailbox: bool = False) -> None:
        self.recorder = Recorder(path, each_tick=True, mailbox=mailbox)
        self._steps = [event for event in events if isinstance(event, Acted | Stepped)]
        self._ended = next(event for event in events if isinstance(event, Ended))
        self._at = self.tick = 0
        for event in events:
            if isinstance(event, Started | Secret):
                self.recorder(event)
        self.recorder.flush()

    def grow(self, ticks: int = 1) -> None:
        wanted = self.tick + ticks
        while self.tick < wanted:
            event = self._steps[self._at % len(self._steps)]
            self._at += 1
            tick = self.tick + isinstance(event, Stepped)
            self.recorder(_at_tick(event, tick))
            self.tick = tick
        self.recorder.flush()

    def end(self) -> None:
        self.recorder(_at_tick(self._ended, self.tick))


def _at_tick(event: Any, tick: int) -> Event:
    from msgspec.structs import replace

    changed: Event = replace(event, tick=tick)
    return changed
