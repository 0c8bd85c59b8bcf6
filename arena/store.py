"""A tournament's store: a folder with `tournament.sqlite`, the truth, and `replays/`, the recordings that its results refer to.

One process writes, under a lock, with one connection that alone checkpoints (some versions of SQLite lose data where several do); readers
open the file for reading only. WAL with synchronous=FULL: a result that was committed survives a power cut. A result is one transaction,
and its recording is on disk before it begins, referred to by its SHA-256. Nothing else is kept: ratings are folded from results.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from arena.match import Result
from arena.schedule import Pairing
from arena.spending import Spent
from arena.tournament.plan import Plan
from envs.errors import CORRUPT, FAILURE, NOT_FOUND, UserError

__all__ = ["NAME", "Played", "Reader", "Store", "replay_name", "sha256"]

NAME, VERSION = "tournament.sqlite", 1
_LOCK, _REPLAYS = "writer.lock", "replays"
_SCHEMA = """
CREATE TABLE tournament (
    id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL, plan TEXT NOT NULL, secret BLOB NOT NULL, created REAL NOT NULL);
CREATE TABLE results (
    division INTEGER NOT NULL, number INTEGER NOT NULL, round INTEGER NOT NULL, grouped INTEGER NOT NULL, players TEXT NOT NULL,
    seats TEXT NOT NULL, seed TEXT NOT NULL, scores TEXT NOT NULL, reason TEXT NOT NULL, faults TEXT NOT NULL, refusals TEXT NOT NULL,
    ticks INTEGER NOT NULL, metrics TEXT NOT NULL, seconds REAL NOT NULL, replay TEXT NOT NULL, sha256 TEXT NOT NULL,
    ended REAL NOT NULL, spent TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (division, number), UNIQUE (division, grouped, players)) WITHOUT ROWID;
"""
Point = Callable[[str], None]
"""Called at each named point of a run (see tournament.run.POINTS); tests end the process there."""


@dataclass(frozen=True)
class Played:
    """A match and how it ended. seconds: processor time; replay: its file in the store's folder, '' without; spent: by seat, if known."""

    division: int
    pairing: Pairing
    result: Result
    seconds: float = 0.0
    replay: str = ""
    sha256: str = ""
    ended: float = 0.0
    spent: tuple[Spent, ...] = ()


def replay_name(division: int, number: int) -> str:
    """Where a match is recorded, within the store's folder. No name of an agent is part of it."""
    return f"{_REPLAYS}/{division:03}-{number:07}.arena"


def sha256(path: Path) -> str:
    """The hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Reader:
    """The results of a store, for reading. Raises UserError for a folder that holds no tournament or a damaged one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = folder / NAME
        if not path.is_file():
            raise UserError(f"no tournament in {str(folder)!r}: `arena tournament FILE.toml` plays one", NOT_FOUND)
        with _told(path):
            self._db = self._connect(path)
            self.plan, self.secret = self._head()

    def _connect(self, path: Path) -> sqlite3.Connection:
        return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10, isolation_level=None)

    def _head(self) -> tuple[Plan, bytes]:
        row = self._db.execute("SELECT version, plan, secret FROM tournament").fetchone()
        if row is None or row[0] != VERSION:
            raise UserError(
                f"{self.folder / NAME} is of version {row and row[0]}, this program reads {VERSION}: use the program that made it",
                CORRUPT,
            )
        return Plan.from_tree(json.loads(row[1])), bytes(row[2])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    def version(self) -> int:
        """A number that changes when somebody else has committed something."""
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def count(self) -> int:
        """How many results there are."""
        return int(self._db.execute("SELECT COUNT(*) FROM results").fetchone()[0])

    def latest(self) -> float:
        """When the last result came, in seconds since 1970; when the store was made, where there is none."""
        row = self._db.execute("SELECT COALESCE(MAX(ended), (SELECT created FROM tournament)) FROM results").fetchone()
        return float(row[0])

    def results(self) -> list[Played]:
        """All results, by division and number: the order does not tell in which order they came."""
        with _told(self.folder / NAME):
            rows = self._db.execute("SELECT * FROM results ORDER BY division, number").fetchall()
        return [_played(row) for row in rows]


def _played(row: tuple[Any, ...]) -> Played:
    division, number, round_, group, players, seats, seed, scores, reason, faults, refusals, ticks, metrics, *rest = row
    pairing = Pairing(number, tuple(_read(seats)), tuple(_read(players)), int(seed), group, round_)
    told = tuple((seat, cause) for seat, cause in _read(faults)), ticks, tuple(_read(refusals)), _read(metrics)
    seconds, replay, digest, ended, *spent = rest
    every = tuple(Spent(*each) for each in _read("".join(spent) or "[]"))
    return Played(division, pairing, Result(tuple(_read(scores)), reason, *told), seconds, replay, digest, ended, every)


def _read(text: str) -> Any:
    """JSON, fast; what only Python's own reader takes (a metric that is not a number) by that."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return json.loads(text)


@dataclass
class _Creation:
    """What a new store begins with."""

    plan: Plan
    secret: bytes
    created: float = field(default=0.0)


class Store(Reader):
    """The store of a plan, made where there is none, for writing. UserError when another process writes it or it is of another plan.

    secret: called for 32 bytes when the store is made; now: seconds since 1970; point: see Point.
    """

    def __init__(
        self,
        folder: Path,
        plan: Plan,
        *,
        secret: Callable[[], bytes],
        now: Callable[[], float],
        point: Point = lambda name: None,
    ) -> None:
        (folder / _REPLAYS).mkdir(parents=True, exist_ok=True)
        self._lock = _locked(folder / _LOCK)
        self._now, self.point = now, point
        try:
            self._make(folder / NAME, _Creation(plan, secret(), now()))
            super().__init__(folder)
            with suppress(sqlite3.OperationalError):  # it has been there from the start, but in older stores
                self._db.execute("ALTER TABLE results ADD COLUMN spent TEXT NOT NULL DEFAULT '[]'")
            self._demand_same(plan)
        except BaseException:
            os.close(self._lock)
            raise

    def close(self) -> None:
        with suppress(sqlite3.Error):
            super().close()
        os.close(self._lock)

    def _connect(self, path: Path) -> sqlite3.Connection:
        db = sqlite3.connect(path, timeout=10, isolation_level=None)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        found = db.execute("PRAGMA quick_check").fetchone()[0]
        if found != "ok":
            raise UserError(
                f"{path} is damaged ({found}): restore it from a copy, or play into another --store", CORRUPT
            )
        return db

    def _make(self, path: Path, new: _Creation) -> None:
        """The empty store, whole or not at all: it is made under another name and takes its own when it is on disk."""
        if path.exists():
            return
        fresh = path.with_suffix(".new")
        for ending in ("", "-wal", "-shm", "-journal"):
            Path(f"{fresh}{ending}").unlink(missing_ok=True)
        os.close(os.open(fresh, os.O_CREAT | os.O_EXCL, 0o600))  # it holds the key of the seeds
        db = sqlite3.connect(fresh, isolation_level=None)
        db.executescript(_SCHEMA)
        row = (VERSION, json.dumps(new.plan.tree()), new.secret, new.created)
        db.execute("INSERT INTO tournament VALUES (1, ?, ?, ?, ?)", row)
        db.close()
        _sync(fresh)
        self.point("before_store_named")
        os.replace(fresh, path)
        _sync(path.parent)

    def _demand_same(self, plan: Plan) -> None:
        if self.plan != plan:
            old, new = self.plan.tree(), plan.tree()
            raise UserError(
                f"{self.folder} holds another tournament ({_difference(old, new)}): give another name, or another --store"
            )

    def add(self, played: Played) -> None:
        """Keep one result; when this returns it is on disk. A second result of one match is an error, and changes nothing."""
        pairing, result = played.pairing, played.result
        row = (
            played.division, pairing.number, pairing.round, pairing.group, json.dumps(pairing.players), json.dumps(pairing.seats),
            str(pairing.seed), json.dumps(result.scores), result.reason, json.dumps(result.faults), json.dumps(result.refusals),
            result.ticks, json.dumps(result.metrics), played.seconds, played.replay, played.sha256, self._now(),
            json.dumps(played.spent),
        )  # fmt: skip
        with _told(self.folder / NAME):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.execute(f"INSERT INTO results VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608  (only question marks)
                self.point("before_commit")
                self._db.execute("COMMIT")
            except sqlite3.Error:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise
        self.point("after_commit")

    def sweep(self) -> int:
        """Remove recordings that no result refers to: of matches that were cut off. How many there were."""
        kept = {row[0] for row in self._db.execute("SELECT replay FROM results")}
        stray = [path for path in (self.folder / _REPLAYS).iterdir() if f"{_REPLAYS}/{path.name}" not in kept]
        for path in stray:
            path.unlink()
        return len(stray)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What SQLite says of a file, in one line."""
    try:
        yield
    except (sqlite3.OperationalError, sqlite3.IntegrityError) as error:
        raise UserError(f"{path}: {error}", FAILURE) from None
    except (sqlite3.DatabaseError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} holds no tournament that can be read: {error}", CORRUPT) from None


def _locked(path: Path) -> int:
    """A handle that holds the writer's lock for as long as it is open; the file names the process."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        pid = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
        os.close(handle)
        raise UserError(
            f"{path.parent} is being played by another process ({pid}): `arena watch {path.parent}` shows it", FAILURE
        ) from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle


def _sync(path: Path) -> None:
    """Bring a file or a folder's entries to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _difference(old: Mapping[str, Any], new: Mapping[str, Any], at: str = "") -> str:
    """The first field in which two plans differ, in words."""
    for name in old.keys() | new.keys():
        here, there = old.get(name), new.get(name)
        if here == there:
            continue
        if name == "games" and isinstance(here, list) and isinstance(there, list) and len(here) == len(there):
            place = next(n for n, (a, b) in enumerate(zip(here, there, strict=True)) if a != b)
            return _difference(here[place], there[place], f"games[{place}].")
        return f"{at}{name} was {here!r:.60}"
    return "its plan was another"
