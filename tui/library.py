"""What there is under a folder of runs: the matches that are running, and the newest recordings.

`look` reads the disk and may take long the first time; it is called in a thread. Recordings come from the index beside them, which is
brought up to date when a file has come or gone.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from arena import background
from envs.errors import UserError
from replays.index import Index, Listed
from replays.where import FIELDS

__all__ = ["Found", "Library", "age", "matching"]

MOST = 200
"""Recordings that are listed, the newest."""


@dataclass(frozen=True)
class Found:
    """A look at the folder. running: recordings being written, newest first; count: all recordings; problem: one line, or ''."""

    running: tuple[Path, ...] = ()
    recordings: tuple[Listed, ...] = ()
    count: int = 0
    problem: str = ""


@dataclass
class Library:
    """The recordings under `runs`; a missing folder is an empty one. where: a condition of `replays.where` on what is listed."""

    runs: Path
    where: str = ""
    _names: frozenset[str] = field(default=frozenset(), init=False)
    _asked: str = field(default="", init=False)
    _rows: tuple[Listed, ...] = field(default=(), init=False)

    def look(self) -> Found:
        """What is there now. Never raises for what is wrong with a file or the index; `problem` says it."""
        running = tuple(background.running(self.runs))
        names = frozenset(_names(self.runs))
        problem = ""
        if (names, self.where) != (self._names, self._asked) or not self._rows:
            try:
                self._rows = self._read(names)
                self._names, self._asked = names, self.where
            except (UserError, OSError) as error:
                problem = str(error)
        here = {str(path) for path in running}
        rows = tuple(row for row in self._rows if str(row.path).removesuffix(".part") not in here)
        return Found(running, rows, len(names), problem)

    def _read(self, names: frozenset[str]) -> tuple[Listed, ...]:
        if not names:
            return ()
        with Index(self.runs) as index:
            index.update()
            return tuple(index.rows(self.where, limit=MOST))


def _names(runs: Path) -> list[str]:
    """Every recording's path without the ending of an unfinished one, and whether it is finished."""
    return [
        os.path.join(folder, name)
        for folder, _, names in os.walk(runs)
        for name in names
        if name.endswith((".arena", ".arena.part"))
    ]


def matching(rows: Sequence[Listed], words: str) -> list[Listed]:
    """The rows that hold every word in game, agents, reason or file name, without regard to case."""
    wanted = words.lower().split()
    return [row for row in rows if all(word in _text(row) for word in wanted)]


def _text(row: Listed) -> str:
    return " ".join((row.game, *row.agents, row.reason, row.causes, row.path.name, row.problem)).lower()


def is_condition(text: str) -> bool:
    """Whether a filter is a condition (`ticks<20 and winner=mcts`) rather than words."""
    return any(operator in text for operator in "=<>~") and any(name in text for name in FIELDS)


def age(seconds: float) -> str:
    """How long ago, in the largest unit: "12 s", "5 min", "3 h", "9 d"."""
    seconds = max(seconds, 0.0)
    for unit, size, until in (("s", 1, 60), ("min", 60, 3600), ("h", 3600, 172_800)):
        if seconds < until:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds // 86_400)} d"
