"""What there is to clone: decisions with what was seen, allowed and done, and how well it ended, from recordings or from anywhere."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from envs.errors import NOT_FOUND, UserError
from envs.game import Game
from envs.keys import fold, uniform

__all__ = ["CHUNK", "Decision", "Rows", "held_out", "recorded"]

HELD_OUT = 0.1
CHUNK = 1024
"""Decisions that go through a network at once."""


@dataclass(frozen=True)
class Decision:
    """One decision: the episode that it is of, who decided on what observation, what was legal (bool[A]), the K integers, and the points
    that the seat got from then on."""

    episode: str
    seat: int
    obs: Any
    mask: np.ndarray
    action: tuple[int, ...]
    outcome: float


def recorded(place: str | os.PathLike[str], game: Game) -> Iterator[Decision]:
    """The decisions in the recordings of a file or folder that are of this game's rules. UserError (3) when there are none."""
    # Named, not imported: what reads recordings stands above this package.
    replays = importlib.import_module("replays")
    path, found = Path(place), False
    for file in sorted(path.rglob("*.arena")) if path.is_dir() else [path]:
        with closing(replays.open(file)) as tape:
            if tape.started.game.get("digest") != game.digest:
                continue
            for seat in range(game.seats):
                for decision in _of_seat(tape.started.match or str(file), seat, list(tape.steps(seat))):
                    found = True
                    yield decision
    if not found:
        raise UserError(f"{place} holds no recording of {game.id} with these rules: give --recordings PATH", NOT_FOUND)


def _of_seat(episode: str, seat: int, rows: list[Any]) -> Iterator[Decision]:
    outcomes = list(accumulate((row.reward for row in reversed(rows)), initial=0.0))[:0:-1]
    for row, outcome in zip(rows, outcomes, strict=True):
        action = (row.action,) if isinstance(row.action, int) else tuple(row.action)
        yield Decision(episode, seat, row.obs, row.legal.mask, action, float(outcome))


class Rows:
    """The decisions of one role as arrays: x, mask bool[N, A], action int64[N, K], outcome float32[N].

    What is drawn from them are U units: single decisions, or with `whole` all of a seat in an episode, one after another. begins, lengths
    int64[U]; held bool[U]: those that are never learned from.
    """

    def __init__(self, game: Game, view: str, decisions: list[Decision], whole: bool = False) -> None:
        self.lengths = np.ones(len(decisions), np.int64)
        if whole:
            decisions, self.lengths = _in_sequences(decisions)
        self.begins = np.cumsum(self.lengths) - self.lengths
        self.x = np.stack([game.encode(each.obs, view) for each in decisions]).astype(np.float32)
        self.mask = np.stack([each.mask for each in decisions])
        self.action = np.array([each.action for each in decisions], np.int64)
        self.outcome = np.array([each.outcome for each in decisions], np.float32)
        self.held = np.array([held_out(decisions[at].episode) for at in self.begins])

    def places(self, units: np.ndarray) -> np.ndarray:
        """int64[N]: where the decisions of some units are, unit after unit."""
        lengths = self.lengths[units]
        return np.repeat(self.begins[units] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())

    def chunks(self, units: np.ndarray) -> Iterator[np.ndarray]:
        """Units that are worked out together, about CHUNK decisions."""
        return iter(np.array_split(units, min(len(units), -(-int(self.lengths[units].sum()) // CHUNK))))

    def digest(self) -> str:
        """Twelve hex digits over everything."""
        parts = (self.x, self.mask, self.action, self.outcome, self.held)
        return blake2b(b"".join(np.ascontiguousarray(part).tobytes() for part in parts), digest_size=6).hexdigest()


def _in_sequences(decisions: list[Decision]) -> tuple[list[Decision], np.ndarray]:
    """The same, those of a seat in an episode next to each other in their order, and the lengths of such sequences."""
    found: dict[tuple[str, int], list[Decision]] = {}
    for each in decisions:
        found.setdefault((each.episode, each.seat), []).append(each)
    return [each for sequence in found.values() for each in sequence], np.array([*map(len, found.values())], np.int64)


def held_out(episode: str) -> bool:
    """Whether an episode, by its name alone, is one of the tenth that is never learned from."""
    key = int.from_bytes(blake2b(episode.encode(), digest_size=8).digest(), "little")
    return bool(uniform(fold(key, 0)) < HELD_OUT)
