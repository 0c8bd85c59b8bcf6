"""Money that may be spent: reserved before a request, settled after it, so that no budget can be overshot.

A purse has a limit. A request reserves the most that it can cost in every purse that it draws on, all or none; afterwards the rest goes
back. What is only reserved (`held`) may come back, so that a request without room may wait for it; what is spent will not, and what a
process that died had reserved counts as spent. Purses of a move or a match live in memory; those of a tournament or a day in an SQLite
file that all processes share. Amounts are billionths of a dollar.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Protocol

from agents.llm.accounts import dollars
from envs.errors import UserError

__all__ = ["FilePurse", "Ledger", "Purse", "Spent"]


class Spent(Exception):  # noqa: N818  an outcome
    """A budget does not allow another request."""


class _Purse(Protocol):
    name: str
    limit: int

    def reserve(self, amount: int) -> bool: ...

    def settle(self, reserved: int, cost: int) -> None: ...

    @property
    def standing(self) -> tuple[int, int]: ...


class Purse:
    """A budget of this process; safe to use from many threads."""

    def __init__(self, name: str, limit: int) -> None:
        self.name, self.limit = name, limit
        self._taken = self._held = 0
        self._lock = threading.Lock()

    def reserve(self, amount: int) -> bool:
        """Whether so much was left; it is taken then."""
        with self._lock:
            if self._taken + amount > self.limit:
                return False
            self._taken += amount
            self._held += amount
            return True

    def settle(self, reserved: int, cost: int) -> None:
        with self._lock:
            self._taken += cost - reserved
            self._held -= reserved

    @property
    def standing(self) -> tuple[int, int]:
        """(what is spent or reserved, what of it is only reserved), at one moment."""
        with self._lock:
            return self._taken, self._held


class FilePurse:
    """A budget that processes share, as a row of an SQLite file. The first to name it makes it; the limit is each caller's own."""

    def __init__(self, path: Path, name: str, limit: int) -> None:
        self.name, self.limit, self.path = name, limit, path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._open()) as base, suppress(sqlite3.OperationalError):
                base.execute("PRAGMA journal_mode=WAL")  # who cannot, because others are at it, need not
            with self._alone() as base:
                base.execute("CREATE TABLE IF NOT EXISTS purses (name TEXT PRIMARY KEY, taken INTEGER NOT NULL)")
                base.execute(_HELD)
                base.execute("INSERT OR IGNORE INTO purses VALUES (?, 0)", (name,))
        except (OSError, sqlite3.Error) as error:
            raise UserError(f"llm: cannot keep accounts in {path}: {error}; choose another ledger=PATH") from None

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=30.0, isolation_level=None)

    @contextmanager
    def _alone(self) -> Iterator[sqlite3.Connection]:
        """One transaction: nobody comes between looking and taking."""
        with closing(self._open()) as base, base:
            base.execute("BEGIN IMMEDIATE")
            yield base

    def reserve(self, amount: int) -> bool:
        """Whether so much was left; it is taken then."""
        with self._alone() as base:
            changed = base.execute(
                "UPDATE purses SET taken = taken + ? WHERE name = ? AND taken + ? <= ?",
                (amount, self.name, amount, self.limit),
            )
            if changed.rowcount == 1:
                self._hold(base, amount)
            return changed.rowcount == 1

    def settle(self, reserved: int, cost: int) -> None:
        with self._alone() as base:
            base.execute("UPDATE purses SET taken = taken + ? WHERE name = ?", (cost - reserved, self.name))
            self._hold(base, -reserved)

    def _hold(self, base: sqlite3.Connection, amount: int) -> None:
        base.execute(
            "INSERT INTO held VALUES (?, ?, ?) ON CONFLICT (name, pid) DO UPDATE SET amount = amount + excluded.amount",
            (self.name, os.getpid(), amount),
        )

    @property
    def standing(self) -> tuple[int, int]:
        """(what is spent or reserved, what of it living processes have only reserved), at one moment."""
        both = "SELECT taken, pid, amount FROM purses LEFT JOIN held USING (name) WHERE name = ?"
        with closing(self._open()) as base:
            rows = base.execute(both, (self.name,)).fetchall()
        return int(rows[0][0]), sum(amount for _, pid, amount in rows if pid is not None and _lives(pid))


_HELD = "CREATE TABLE IF NOT EXISTS held (name TEXT, pid INTEGER, amount INTEGER NOT NULL, PRIMARY KEY (name, pid))"


def _lives(pid: int) -> bool:
    """Whether there is such a process: one that has died gives nothing back."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # somebody else's
    return True


class Ledger:
    """The purses that a request draws on."""

    def __init__(self, purses: Sequence[_Purse] = ()) -> None:
        self.purses = list(purses)

    def reserve(self, amount: int) -> bool:
        """Take the amount from every purse. With nothing taken: False when it may find room once what is held has come back, else Spent."""
        for i, purse in enumerate(self.purses):
            if not purse.reserve(amount):
                for earlier in self.purses[:i]:
                    earlier.settle(amount, 0)
                self.demand(amount, hoping=True)
                return False
        return True

    def demand(self, amount: int, *, hoping: bool) -> None:
        """Raises Spent where a purse has less. hoping: than it would have if all came back that is held."""
        for purse in self.purses:
            taken, held = purse.standing
            if taken - (held if hoping else 0) + amount > purse.limit:
                left = dollars(max(0, purse.limit - taken))
                raise Spent(
                    f"the budget of the {purse.name} has {left:.6f} dollars left, the request may cost {dollars(amount):.6f}"
                )

    @property
    def standing(self) -> tuple[tuple[int, int], ...]:
        """Of each purse."""
        return tuple(purse.standing for purse in self.purses)

    def settle(self, reserved: int, cost: int) -> None:
        """Give back what was reserved and not spent."""
        for purse in self.purses:
            purse.settle(reserved, cost)
