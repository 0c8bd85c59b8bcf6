"""The list of recordings in a folder: one row each in `index.sqlite`, made from the files and never the truth.

`update` looks only at files whose size or time has changed. An index that is broken, or of another version, is thrown away and made again;
where the folder cannot be written to it is kept in memory. One connection reads and writes.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from arena.text import safe_text
from envs.errors import FAILURE, UserError
from replays._rows import described
from replays.where import condition

__all__ = ["Index", "Listed"]

NAME, VERSION = "index.sqlite", 1
_SCHEMA = """
CREATE TABLE replays (
    id INTEGER PRIMARY KEY, path TEXT UNIQUE, modified INTEGER, size INTEGER, game TEXT, version INTEGER, scores TEXT, reason TEXT,
    causes TEXT, faults INTEGER, refusals INTEGER, ticks INTEGER, seed TEXT, duration REAL, created REAL, finished INTEGER,
    damaged INTEGER, branch INTEGER, problem TEXT, first_words INTEGER, last_words INTEGER);
CREATE TABLE seats (replay INTEGER, seat INTEGER, name TEXT, agent TEXT, title TEXT, won INTEGER);
CREATE INDEX seats_of ON seats (replay);
CREATE VIRTUAL TABLE words USING fts5 (text, replay UNINDEXED, tick UNINDEXED, place UNINDEXED);
"""
_ROW = (
    "game", "version", "scores", "reason", "causes", "faults", "refusals", "ticks", "seed", "duration", "created", "finished", "damaged",
    "branch", "problem",
)  # fmt: skip
T = TypeVar("T")


@dataclass(frozen=True)
class Listed:
    """One recording. agents: addresses by seat; winner: the seat with the most points, None for draws and unfinished matches.

    problem: why the file cannot be read, '' for most. found: (tick, place, words around) of what was searched for.
    """

    path: Path
    game: str
    version: int
    agents: tuple[str, ...]
    winner: int | None
    scores: tuple[float, ...]
    reason: str
    causes: str
    refusals: int
    ticks: int
    seed: str
    duration: float
    created: float
    finished: bool
    damaged: bool
    branch: bool
    problem: str
    found: tuple[tuple[int, str, str], ...] = ()


class Index:
    """`with Index(runs) as index: index.update(); index.rows("winner=mcts")`."""

    def __init__(self, runs: str | os.PathLike[str]) -> None:
        self.runs = Path(runs)
        self._base = self._guarded(self._open, rebuild=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._base.close()

    def update(self) -> int:
        """Bring the index up to date with the folder; returns how many files were read or forgotten."""
        return self._guarded(self._update)

    def rows(self, where: str = "", search: str = "", limit: int = 200) -> list[Listed]:
        """The newest recordings that meet a condition (see `replays.where`) and hold all words searched for. Raises UserError."""
        sql, values = condition(where)
        terms = " ".join('"' + term.replace('"', '""') + '"' for term in search.split()[:32])
        return self._guarded(lambda: self._rows(sql, values, terms, limit))

    # ------------------------------------------------------------------ the base
    def _open(self) -> sqlite3.Connection:
        base = self._connected()
        (version,) = base.execute("PRAGMA user_version").fetchone()
        if version == 0 and not base.execute("SELECT 1 FROM sqlite_master").fetchone():
            base.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        elif version != VERSION:
            base.close()
            raise sqlite3.DatabaseError("the index is of another version")
        return base

    def _connected(self) -> sqlite3.Connection:
        if self.runs.is_dir() and os.access(self.runs, os.W_OK):
            return sqlite3.connect(self.runs / NAME, timeout=10, isolation_level=None)
        return sqlite3.connect(":memory:", isolation_level=None)

    def _guarded(self, act: Callable[[], T], rebuild: bool = False) -> T:
        """Do something with the base; where that shows it to be broken, make it anew and do it once more."""
        try:
            return act()
        except sqlite3.DatabaseError as error:
            if "locked" in str(error):
                raise UserError(f"another process is writing {self.runs / NAME}: try again", FAILURE) from None
            self._forget()
        if rebuild:
            return act()
        self._base = self._open()
        self._update()
        return act()

    def _forget(self) -> None:
        if hasattr(self, "_base"):
            self._base.close()
        for path in (
            self.runs / NAME,
            self.runs / f"{NAME}-journal",
            self.runs / f"{NAME}-wal",
            self.runs / f"{NAME}-shm",
        ):
            with suppress(FileNotFoundError):
                path.unlink()

    # ------------------------------------------------------------------ keeping up
    def _update(self) -> int:
        known = {
            path: (id_, modified, size)
            for id_, path, modified, size in self._base.execute("SELECT id, path, modified, size FROM replays")
        }
        there = {str(path.relative_to(self.runs)): path for path in _recordings(self.runs)}
        stale = [known[path][0] for path in known.keys() - there.keys()]
        changed = []
        for name, path in there.items():
            with suppress(FileNotFoundError):
                stamp = path.stat()
                if known.get(name, (0, 0, 0))[1:] != (stamp.st_mtime_ns, stamp.st_size):
                    changed.append((name, path, stamp))
        for id_ in stale:
            self._write(lambda id_=id_: self._remove(id_))  # type: ignore[misc]
        for name, path, stamp in changed:
            before = known.get(name, (None,))[0]
            with suppress(
                FileNotFoundError
            ):  # its match has ended meanwhile: the next look finds it under its final name
                self._write(lambda n=name, p=path, s=stamp, b=before: self._put(n, p, s, b))  # type: ignore[misc]
        return len(stale) + len(changed)

    def _write(self, act: Callable[[], None]) -> None:
        """One transaction per file: a stop in between loses nothing that was indexed."""
        self._base.execute("BEGIN IMMEDIATE")
        try:
            act()
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        self._base.execute("COMMIT")

    def _remove(self, id_: int) -> None:
        base = self._base
        first, last = base.execute("SELECT first_words, last_words FROM replays WHERE id = ?", (id_,)).fetchone() or (
            1,
            0,
        )
        base.execute("DELETE FROM words WHERE rowid BETWEEN ? AND ?", (first, last))
        base.execute("DELETE FROM seats WHERE replay = ?", (id_,))
        base.execute("DELETE FROM replays WHERE id = ?", (id_,))

    def _put(self, name: str, path: Path, stamp: os.stat_result, before: int | None) -> None:
        base = self._base
        if before is not None:
            self._remove(before)
        row, seats, words = described(path)
        (end,) = base.execute("SELECT coalesce(max(rowid), 0) FROM words").fetchone()
        columns = ("path", "modified", "size", *_ROW, "first_words", "last_words")
        values = (name, stamp.st_mtime_ns, stamp.st_size, *(row[field] for field in _ROW), end + 1, end + len(words))
        marks = ", ".join("?" * len(columns))
        id_ = base.execute(f"INSERT INTO replays ({', '.join(columns)}) VALUES ({marks})", values).lastrowid  # noqa: S608  the names are ours
        base.executemany("INSERT INTO seats VALUES (?, ?, ?, ?, ?, ?)", [(id_, *seat) for seat in seats])
        base.executemany(
            "INSERT INTO words (rowid, text, replay, tick, place) VALUES (?, ?, ?, ?, ?)",
            [(end + 1 + n, text, id_, tick, place) for n, (tick, place, text) in enumerate(words)],
        )

    # ------------------------------------------------------------------ asking
    def _rows(self, sql: str, values: list[Any], terms: str, limit: int) -> list[Listed]:
        if terms:
            sql += " AND id IN (SELECT replay FROM words WHERE words MATCH ?)"
            values = [*values, terms]
        query = f"SELECT id, path, {', '.join(_ROW)} FROM replays WHERE {sql} ORDER BY created DESC, path DESC LIMIT ?"  # noqa: S608
        found = self._base.execute(query, [*values, limit]).fetchall()
        return [self._listed(id_, path, dict(zip(_ROW, row, strict=True)), terms) for id_, path, *row in found]

    def _listed(self, id_: int, path: str, row: dict[str, Any], terms: str) -> Listed:
        seats = self._base.execute(
            "SELECT seat, agent, won FROM seats WHERE replay = ? ORDER BY seat", (id_,)
        ).fetchall()
        winner = next((seat for seat, _, won in seats if won), None)
        hits = self._base.execute(
            "SELECT tick, place, snippet(words, 0, '', '', '…', 12) FROM words WHERE words MATCH ? AND replay = ? ORDER BY rowid LIMIT 5",
            (terms, id_),
        ).fetchall() if terms else []  # fmt: skip
        row |= {"scores": tuple(json.loads(row["scores"])), "path": self.runs / path, "winner": winner}
        row |= {name: bool(row[name]) for name in ("finished", "damaged", "branch")}
        agents = tuple(agent for _, agent, _ in seats)
        row.pop("faults")
        return Listed(agents=agents, found=tuple((tick, place, safe_text(text)) for tick, place, text in hits), **row)


def _recordings(runs: Path) -> Iterator[Path]:
    """Every recording under a folder, finished or not; links to folders are not followed."""
    for folder, _, names in os.walk(runs):
        for name in names:
            if name.endswith(".arena") or (name.endswith(".arena.part") and name.removesuffix(".part") not in names):
                yield Path(folder, name)
