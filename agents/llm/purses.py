"""The budgets of one seat, and the bill of one request: reserved in every purse before it is sent, settled after it has come back.

Where money is lacking that other requests have only reserved, a request waits for it: their settling may leave enough.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

from agents.llm.accounts import DOLLAR, Price, bound
from agents.llm.ledger import FilePurse, Ledger, Purse, Spent
from agents.llm.options import Settings
from agents.llm.outcomes import Permanent, Trouble, Usage
from agents.llm.patience import Tries
from agents.llm.transport import Request

__all__ = ["Bill", "Purses"]

_LOOK = 0.2
"""Seconds between two looks whether money has come back."""


class Bill:
    """One request's money. `settle` tells what it cost; without it the reservation stays spent, since nobody knows."""

    def __init__(self, price: Price | None, reserved: int) -> None:
        self.price, self.reserved = price, reserved
        self.cost: int | None = None

    def settle(self, usage: Usage) -> None:
        """cost: in billionths of a dollar; what an endpoint does not count is taken at what was reserved."""
        self.cost = 0 if self.price is None else self.price.cost(usage) if usage.reported else self.reserved


class Purses:
    """The purses that a seat's settings name; those of tournament and day are shared with other seats and processes."""

    def __init__(self, settings: Settings, price: Price | None, today: Callable[[], date]) -> None:
        self.settings, self.price, self.today = settings, price, today
        limit = settings.budget_match
        self._lasting = [Purse("match", round(limit * DOLLAR))] if limit else []
        self._move: list[Purse] = []
        self._ledger()  # a file that cannot be written is told before a match begins

    def open_move(self) -> None:
        """A new question has a budget of its own."""
        limit = self.settings.budget_move
        self._move = [Purse("move", round(limit * DOLLAR))] if limit else []

    def _ledger(self) -> Ledger:
        s, shared = self.settings, []
        if s.budget_tournament:
            shared.append(FilePurse(self._file(), f"tournament {s.purse}", round(s.budget_tournament * DOLLAR)))
        if s.budget_day:
            shared.append(FilePurse(self._file(), f"day {self.today().isoformat()}", round(s.budget_day * DOLLAR)))
        return Ledger([*self._move, *self._lasting, *shared])

    def _file(self) -> Path:
        if self.settings.ledger:
            return Path(self.settings.ledger)
        import platformdirs  # noqa: PLC0415  (only budgets that outlive a match need it)

        return platformdirs.user_state_path("palaestra") / "spending.sqlite"

    @asynccontextmanager
    async def paid(self, request: Request, tries: Tries) -> AsyncIterator[Bill]:
        """Reserve what the request can cost at most. Raises Permanent when a budget has less; a failure that costs nothing is free.

        tries: hears what is waited for.
        """
        ledger, price = self._ledger(), self.price
        schema = str(request.optional.get("response_format", ""))
        most = 0 if price is None else price.most(bound(request.messages, schema, price.picture), request.most_tokens)
        try:
            tries.waits_for = "what other requests have reserved of its budget"
            await self._reserved(ledger, most)
        except Spent as spent:
            raise Permanent(str(spent)) from None
        bill = Bill(price, most)
        try:
            yield bill
        except Trouble as trouble:
            if trouble.free:
                bill.cost = 0
            raise
        finally:
            ledger.settle(most, most if bill.cost is None else bill.cost)

    async def _reserved(self, ledger: Ledger, most: int) -> None:
        """Wait while others may give back enough. Raises Spent where they cannot, or have not for as long as an answer takes to begin."""
        clock = asyncio.get_running_loop().time
        before, since = None, clock()
        while not ledger.reserve(most):
            if (standing := ledger.standing) != before:
                before, since = standing, clock()
            elif clock() - since >= self.settings.first:
                ledger.demand(most, hoping=False)
            await asyncio.sleep(_LOOK)
