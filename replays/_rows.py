"""What the index keeps of one recording: a row of figures, its seats, and the words in it that can be searched for."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from envs.errors import UserError
from replays.search import texts_of
from replays.tape import Tape

__all__ = ["described"]

Row = dict[str, Any]
SeatRow = tuple[int, str, str, str, int]
Words = tuple[int, str, str]
MOST_WORDS, LONGEST = 20_000, 4000
"""Texts of one recording that are kept, each once, and characters of each."""
_UNKNOWN: Row = {
    "game": "", "version": 0, "scores": "[]", "reason": "", "causes": "", "faults": 0, "refusals": 0, "ticks": 0, "seed": "",
    "duration": 0.0, "created": 0.0, "finished": 0, "damaged": 1, "branch": 0, "problem": "",
}  # fmt: skip


def described(path: Path) -> tuple[Row, list[SeatRow], list[Words]]:
    """(row, seats, words); of a file that cannot be read the row says why."""
    try:
        tape = Tape(path)
    except UserError as error:
        return _UNKNOWN | {"problem": str(error)}, [], []
    try:
        words = _words(tape)
        return _row(tape), _seats(tape), words
    except UserError as error:
        return _row(tape) | {"damaged": 1, "problem": str(error)}, _seats(tape), []
    finally:
        tape.close()


def _row(tape: Tape) -> Row:
    started, ended = tape.started, tape.ended
    game, _, version = str(started.game.get("game", "")).rpartition("-v")
    known = bool(game) and version.isdecimal() and len(version) < 10 and started.game.get("kind") != "foreign"
    ended_at = ended.at if ended else 0.0
    return {
        "game": game if known else str(started.game.get("game", "")), "version": int(version) if known else 0,
        "scores": json.dumps([_finite(score) for score in ended.scores] if ended else []), "reason": ended.reason if ended else "",
        "causes": " ".join(sorted({cause for _, cause in ended.faults})) if ended else "", "faults": len(ended.faults) if ended else 0,
        "refusals": _int(sum(ended.refusals)) if ended else 0, "ticks": _int(tape.last), "seed": str(tape.secret.seed),
        "duration": _finite(ended_at), "created": _finite(started.created), "finished": int(tape.finished),
        "damaged": int(bool(tape.log.damaged)), "branch": int(bool(started.branch)), "problem": "",
    }  # fmt: skip


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def _int(value: int) -> int:
    """A whole number that the base can hold."""
    return max(-(1 << 62), min(value, 1 << 62))


def _seats(tape: Tape) -> list[SeatRow]:
    ended = tape.ended
    scores = ended.scores if ended and ended.reason not in ("aborted", "void") else ()
    best = max(scores, default=0.0)
    winner = scores.index(best) if scores.count(best) == 1 else -1
    return [(n, seat.name, seat.agent, seat.title, int(n == winner)) for n, seat in enumerate(tape.started.seats)]


def _words(tape: Tape) -> list[Words]:
    """Each text once, at the tick where it first stands."""
    found: dict[str, Words] = {}
    for entry in tape.entries(states=False):
        for event in (*entry.events, *entry.acts):
            for place, _, text in texts_of(event):
                if text and len(found) < MOST_WORDS:
                    found.setdefault(text[:LONGEST], (_int(entry.tick), place, text[:LONGEST]))
    return list(found.values())
