"""Where two recordings of the same game part: what they were given, then what was done, then what came of it.

Recordings are aligned by tick. Of the course of play only the first difference is told, because everything after it follows.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from arena.events import Acted
from envs.errors import UserError
from replays.compare import first_difference, shortly
from replays.tape import Entry, Tape

__all__ = ["Difference", "diff", "differences"]


@dataclass(frozen=True)
class Difference:
    """kind: "rules", "options", "configuration", "seed", "seats", "acts", "state", "length" or "end".

    tick and seat: -1 where there is none. field: what differs, as a path; left and right: the two values, in words.
    """

    kind: str
    field: str
    left: str
    right: str
    tick: int = -1
    seat: int = -1

    @property
    def line(self) -> str:
        place = (f" at tick {self.tick}" if self.tick >= 0 else "") + (f", seat {self.seat}" if self.seat >= 0 else "")
        return f"{self.kind}{place}: {self.field} is {self.left} in the first, {self.right} in the second"

    def tree(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self) | {"line": self.line}


def diff(a: str | os.PathLike[str], b: str | os.PathLike[str]) -> Difference | None:
    """The first difference of two recordings, None when they tell the same. UserError: 2 two games, 3 no such file, 4 not readable."""
    return next(differences(a, b), None)


def differences(a: str | os.PathLike[str], b: str | os.PathLike[str]) -> Iterator[Difference]:
    """Every difference of what they were given, then the first one of the course of play. Errors as in diff."""
    left, right = Tape(a), Tape(b)
    try:
        games = [str(tape.started.game.get("game", "?")) for tape in (left, right)]
        if games[0] != games[1]:
            raise UserError(
                f"two games cannot be compared: {left.log.path} is {games[0]}, {right.log.path} is {games[1]}"
            )
        yield from _given(left, right)
        played = _played(left, right)
        if played is not None:
            yield played
    finally:
        left.close()
        right.close()


def _given(left: Tape, right: Tape) -> Iterator[Difference]:
    """What the two matches began with. Who sits where is told too, though it does not bind the course of play."""
    a, b = left.started.game, right.started.game
    pairs: list[tuple[str, Any, Any]] = [
        ("rules", {"digest": a.get("digest")}, {"digest": b.get("digest")}),
        ("options", a.get("options"), b.get("options")),
        ("configuration", _configuration(left), _configuration(right)),
        ("seed", {"seed": left.secret.seed}, {"seed": right.secret.seed}),
        ("seats", _seats(left), _seats(right)),
    ]
    for kind, x, y in pairs:
        found = first_difference(x, y)
        if found is not None:
            yield Difference(kind, found[0] or kind, shortly(found[1]), shortly(found[2]))


def _seats(tape: Tape) -> dict[str, str]:
    return {seat.name: seat.agent for seat in tape.started.seats}


def _configuration(tape: Tape) -> Any:
    """The configuration by fields where the rules are here, else its bytes."""
    config = tape.game.config if tape.game is not None else None
    return config.tree() if config is not None else {"bytes": tape.secret.config}


def _played(left: Tape, right: Tape) -> Difference | None:
    """The first difference of the course of play."""
    ones, others = left.entries(), right.entries()
    while True:
        x, y = next(ones, None), next(others, None)
        if x is None or y is None:
            return _end(left, right, x, y)
        if x.tick != y.tick:
            return Difference("length", "a lost tick", str(x.tick), str(y.tick), min(x.tick, y.tick))
        found = _state(left, right, x, y) or _acts(x, y)
        if found is not None:
            return found


def _end(left: Tape, right: Tape, x: Entry | None, y: Entry | None) -> Difference | None:
    if x is not None or y is not None:
        return Difference("length", "the last tick", str(left.last), str(right.last), min(left.last, right.last))
    found = first_difference(_result(left), _result(right))
    if found is None:
        return None
    return Difference("end", found[0] or "the end", shortly(found[1]), shortly(found[2]), left.last)


def _result(tape: Tape) -> dict[str, Any] | None:
    ended = tape.ended
    return {"reason": ended.reason, "scores": list(ended.scores), "faults": list(ended.faults)} if ended else None


def _acts(x: Entry, y: Entry) -> Difference | None:
    one, other = ({act.seat: act for act in entry.acts} for entry in (x, y))
    for seat in sorted(one.keys() | other.keys()):
        a, b = one.get(seat), other.get(seat)
        if a is None or b is None or a.action != b.action:
            return Difference("acts", "the action", _named(a), _named(b), x.tick, seat)
    return None


def _named(act: Acted | None) -> str:
    return "nothing" if act is None else shortly(f"{act.name} ({act.action})" if act.name else act.action)


def _state(left: Tape, right: Tape, x: Entry, y: Entry) -> Difference | None:
    if x.stored is None or y.stored is None or x.stored.s == y.stored.s:
        return None
    rows = [tape.bare_row(entry.stored.s).tree() for tape, entry in ((left, x), (right, y)) if entry.stored]
    found = first_difference(*rows) or ("bytes between the fields", "as they are", "otherwise")
    return Difference("state", found[0], shortly(found[1]), shortly(found[2]), x.tick)
