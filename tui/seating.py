"""What tells the seats of a match apart for people: their roles where these differ, a number where agents have the same name.

The names come from a recording and are not trusted: they are made safe here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from arena.events import Seat
from arena.text import safe_text

__all__ = ["agent_name", "seat_words"]


def agent_name(seat: Seat) -> str:
    """An agent's name for people, in one safe line."""
    return safe_text(seat.title or seat.agent or seat.name, width=40)


def _role(name: str) -> str:
    """ "solver_1" is a "solver"."""
    role, _, number = name.rpartition("_")
    return safe_text(role if number.isdecimal() and role else name, width=20).replace("_", " ")


def seat_words(seats: Sequence[Seat]) -> tuple[list[str], bool]:
    """A word for each seat, and whether it is a role: "attacker", "solver 2", or "2" where only names are alike, or "".

    Numbers count from 1 within a role, as the games' own words do.
    """
    roles = [_role(seat.name) for seat in seats]
    if len(set(roles)) > 1:
        counts: Counter[str] = Counter()
        words = []
        for role in roles:
            counts[role] += 1
            words.append(f"{role} {counts[role]}" if roles.count(role) > 1 else role)
        return words, True
    alike = Counter(agent_name(seat) for seat in seats)
    return [str(n + 1) if alike[agent_name(seat)] > 1 else "" for n, seat in enumerate(seats)], False
