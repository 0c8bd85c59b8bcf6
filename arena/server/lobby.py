"""Guests who wait for seats, first come, first served; whoever has been served goes to the end."""

from __future__ import annotations

from collections.abc import Container

from arena.server.guests import Guest

__all__ = ["Lobby"]


class Lobby:
    """The order of those who wait. A guest that asks again waits once."""

    def __init__(self) -> None:
        self._waiting: list[Guest] = []

    def add(self, guest: Guest) -> None:
        """A guest wants seats."""
        if guest not in self._waiting:
            self._waiting.append(guest)

    def company(self, wanted: int, present: Container[Guest]) -> list[Guest]:
        """Guests for so many seats, one each, or one who takes them all; [] while there are too few."""
        self._waiting = [guest for guest in self._waiting if guest in present and guest.left > 0]
        chosen: list[Guest] = []
        for guest in self._waiting:
            if guest.alone and guest.free >= wanted:
                chosen = [guest] * wanted
                break
            if not guest.alone and guest.free > 0 and len(chosen) < wanted:
                chosen.append(guest)
        if len(chosen) < wanted:
            return []
        for guest in chosen:
            guest.left -= 1
        self._waiting = [guest for guest in self._waiting if guest not in chosen] + list(dict.fromkeys(chosen))
        return chosen
