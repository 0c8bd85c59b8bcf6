"""The commons by a conditional harvester: its share of what the stock can spare, a little more when others take too much.

A stock grows fastest at half of what the commons holds, so all together may take what lies above that. Where seats are paid
for themselves, a tick in which the others took more than their part is answered by one unit more. At the end nothing is
worth keeping.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents import pane
from arena.agent import Ask, Reply

__all__ = ["act", "share"]


def act(ask: Ask, options: Mapping[str, Any]) -> Reply:
    """How many units to take."""
    pool, c = ask.obs.pool, ask.game.public
    seats, most, left = len(pool.got), int(c.most), int(c.limit) - ask.obs.tick
    stock = int(pool.stock)
    if left * seats * most <= stock:
        return _take(ask, most, f"the end is near: {left} more and nothing grows after it")
    fair = share(stock, int(c.capacity), seats, ask.obs.tick, ask.seat)
    if _wronged(ask) and c.groups > 1:
        return _take(ask, min(fair + 1, most), "the others took more than their part, so one unit more")
    return _take(
        ask, min(fair, most), f"a part of the {max(stock - int(c.capacity) // 2, 0)} units that the stock can spare"
    )


def share(stock: int, capacity: int, seats: int, tick: int, seat: int) -> int:
    """A seat's part of what lies above half of the capacity; single units go around."""
    spare = max(stock - capacity // 2, 0)
    return spare // seats + ((seat + tick) % seats < spare % seats)


def _wronged(ask: Ask) -> bool:
    """Whether the others asked for clearly more in the last tick than their parts of that stock."""
    pool, before = ask.obs.pool, int(ask.obs.pool.past[-2])
    if before < 0:
        return False
    seats, capacity, tick = len(pool.got), int(ask.game.public.capacity), ask.obs.tick - 1
    others = [seat for seat in range(seats) if seat != ask.seat]
    fair = sum(share(before, capacity, seats, tick, seat) for seat in others)
    # Each may answer the one before with a unit more; that is no new wrong.
    return sum(int(pool.asked[seat]) for seat in others) > fair + len(others)


def _take(ask: Ask, units: int, why: str) -> Reply:
    pool, c = ask.obs.pool, ask.game.public
    left = int(c.limit) - ask.obs.tick
    best = (2 * int(c.rate) * (int(c.capacity) // 2) ** 2) // (200 * int(c.capacity))
    expected = float(pool.total[ask.seat]) + (int(pool.stock) + left * best) / len(pool.got)
    weights = {amount: float(amount == units) for amount in ask.legal}
    return pane.answer(ask, units, why, value=pane.scaled(expected, ask), weights=weights)
