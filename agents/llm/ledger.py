"""Money that may be spent: reserved before a request, settled after it, so that no budget can be overshot.

A purse has a limit. A request reserves the most that it can cost in every purse that it draws on, all or none; afterwards the rest goes
back. What a process that died had reserved stays spent. Purses of a move or a match live in memory; those of a tournament or a day in
an SQLite file that all processes share. Amounts are billionths of a dollar.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
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
    def taken(self) -> int: ...


class Purse:
    """A budget of this process; safe to use from many threads."""

    def __init__(self, name: str, limit: int) -> None:
        self.name, self.limit = name, limit
        self._taken = 0
        self._lock = threading.Lock()

    def reserve(self, amount: int) -> bool:
        """Whether so much was left; it is taken then."""
        with self._lock:
            if self._taken + amount > self.limit:
                return False
            self._taken += amount
            return True

    def settle(self, reserved: int, cost: int) -> None:
        with self._lock:
            self._taken += cost - reserved

    @property
    def taken(self) -> int:
        """Spent and reserved."""
        return self._taken


class FilePurse:
    """A budget that processes share, as a row of an SQLite file. The first to name it makes it; the limit is each caller's own."""

    def __init__(self, path: Path, name: str, limit: int) -> None:
        self.name, self.limit, self.path = name, limit, path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._open()) as base:
                base.execute("PRAGMA journal_mode=WAL")
                base.execute("CREATE TABLE IF NOT EXISTS purses (name TEXT PRIMARY KEY, taken INTEGER NOT NULL)")
                base.execute("INSERT OR IGNORE INTO purses VALUES (?, 0)", (name,))
        except (OSError, sqlite3.Error) as error:
            raise UserError(f"llm: cannot keep accounts in {path}: {error}; choose another ledger=PATH") from None

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=30.0, isolation_level=None)

    def reserve(self, amount: int) -> bool:
        """Whether so much was left; it is taken then. One statement, so that nobody comes between looking and taking."""
        with closing(self._open()) as base:
            changed = base.execute(
                "UPDATE purses SET taken = taken + ? WHERE name = ? AND taken + ? <= ?",
                (amount, self.name, amount, self.limit),
            )
            return changed.rowcount == 1

    def settle(self, reserved: int, cost: int) -> None:
        with closing(self._open()) as base:
            base.execute("UPDATE purses SET taken = taken + ? WHERE name = ?", (cost - reserved, self.name))

    @property
    def taken(self) -> int:
        with closing(self._open()) as base:
            return int(base.execute("SELECT taken FROM purses WHERE name = ?", (self.name,)).fetchone()[0])


class Ledger:
    """The purses that a request draws on."""

    def __init__(self, purses: Sequence[_Purse] = ()) -> None:
        self.purses = list(purses)

    def reserve(self, amount: int) -> None:
        """Take the amount from every purse. Raises Spent, with nothing taken, when one of them has less."""
        for i, purse in enumerate(self.purses):
            if not purse.reserve(amount):
                for earlier in self.purses[:i]:
                    earlier.settle(amount, 0)
                left = max(0, purse.limit - purse.taken)
                raise Spent(
                    f"the budget of the {purse.name} has {dollars(left):.6f} dollars left, the request may cost {dollars(amount):.6f}"
                )

    def settle(self, reserved: int, cost: int) -> None:
        """Give back what was reserved and not spent."""
        for purse in self.purses:
            purse.settle(reserved, cost)
