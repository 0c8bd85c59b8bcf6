"""Recordings as rows for an outside trainer: one row for each attempt of a seat at a decision, released when its match has ended.

A row is plain values (JSON takes them): match, game, seat, tick, attempt, kind ("accepted" or why it failed), prompt, completion, action,
legal (the action mask, one list a factor), reward (points until the seat's next decision; of a failed attempt 0), return (from this
decision to the end), score, and what the agent recorded of its tokens: prompt_ids, ids, tokens, logprobs, policy. What was not recorded
is null. Matches that count for nobody (void, aborted) give no rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from arena.events import Acted, Refused
from arena.tally import UNCOUNTED
from envs.errors import UserError
from replays.tape import Tape

__all__ = ["TOKENS", "finished", "rows"]

TOKENS = ("prompt_ids", "ids", "tokens", "logprobs", "policy", "fingerprint")


def rows(path: str | Path, seats: frozenset[int] | None = None) -> Iterator[dict[str, Any]]:
    """All rows of one recording, by seat and tick. seats: whose; None: of every seat that recorded a completion.

    Raises UserError for a file that is no recording of a match, for a seat that it has not, and where its rules are not installed.
    """
    tape = Tape(path)
    try:
        if seats and max(seats) >= tape.seats:
            raise UserError(f"{path} has no seat {max(seats)}: give --seat 0 to {tape.seats - 1}")
        ended = tape.ended
        if ended is None or ended.reason in UNCOUNTED:
            return
        attempts = _attempts(tape)
        chosen = sorted(seats if seats is not None else {seat for seat, tries in attempts.items() if _wrote(tries)})
        for seat in chosen:
            yield from _of_seat(tape, seat, attempts.get(seat, {}), ended.scores[seat])
    finally:
        tape.close()


def _attempts(tape: Tape) -> dict[int, dict[int, list[Acted | Refused]]]:
    """Seat -> tick -> what it answered, in order."""
    found: dict[int, dict[int, list[Acted | Refused]]] = {}
    for entry in tape.entries(states=False):
        for event in (*entry.events, *entry.acts):
            if isinstance(event, Refused) or (isinstance(event, Acted) and not event.queued):
                found.setdefault(event.seat, {}).setdefault(entry.tick, []).append(event)
    return found


def _wrote(tries: Mapping[int, list[Acted | Refused]]) -> bool:
    return any("completion" in each.notes or "training" in each.notes for answers in tries.values() for each in answers)


def _of_seat(
    tape: Tape, seat: int, tries: Mapping[int, list[Acted | Refused]], score: float
) -> Iterator[dict[str, Any]]:
    gained = {row.tick: float(row.reward) for row in tape.steps(seat)}
    ticks = sorted(tries)
    # A forfeit is in the score and in no reward: it falls to the last decision.
    missing = score - sum(tape.at(tick).reward[seat] for tick in range(1, tape.last + 1))
    total = 0.0
    returns: dict[int, float] = {}
    for tick in reversed(ticks):
        total += gained.get(tick, 0.0) + (missing if tick == ticks[-1] else 0.0)
        returns[tick] = total
    for tick in ticks:
        legal = _legal(tape, tick, seat)
        for attempt, answer in enumerate(tries[tick]):
            last = answer is tries[tick][-1]
            reward = gained.get(tick, 0.0) + (missing if tick == ticks[-1] else 0.0) if last else 0.0
            yield _row(tape, answer, attempt, legal) | {"reward": reward, "return": returns[tick], "score": score}


def _legal(tape: Tape, tick: int, seat: int) -> list[list[bool]] | None:
    """The action mask, one list a factor; None where it is no mask."""
    legal = tape.need_game().legal(tape.at(tick).state, seat)
    if legal.form is not None or legal.bounds is not None:
        return None
    edges = [sum(legal.sizes[:k]) for k in range(len(legal.sizes) + 1)]
    mask = [bool(each) for each in legal.mask]
    return [mask[a:b] for a, b in pairwise(edges)]


def _row(tape: Tape, answer: Acted | Refused, attempt: int, legal: list[list[bool]] | None) -> dict[str, Any]:
    notes, accepted = answer.notes, isinstance(answer, Acted)
    training = notes.get("training")
    tokens = training if isinstance(training, dict) else {}
    return {
        "match": tape.started.match, "game": tape.started.game.get("game"), "seat": answer.seat, "tick": answer.tick, "attempt": attempt,
        "kind": "accepted" if isinstance(answer, Acted) else answer.kind, "action": answer.action if isinstance(answer, Acted) else None,
        "name": answer.name if isinstance(answer, Acted) else None, "legal": legal, "prompt": notes.get("prompt"),
        "completion": notes.get("completion", None if accepted else ""), "model": notes.get("model"), "prompts": notes.get("prompts"),
        **{name: tokens.get(name) for name in TOKENS},
    }  # fmt: skip


def finished(places: list[Path], awaited: bool = False) -> list[Path]:
    """The finished recordings that these files and folders name, in order of their names. UserError for a place that is not there, unless
    it is awaited: whoever plays makes the folder.
    """
    found: list[Path] = []
    for place in places:
        if place.is_dir():
            found += sorted(place.glob("*.arena"))
        elif place.is_file():
            found.append(place)
        elif not awaited:
            raise UserError(f"no file or folder {str(place)!r}: give recordings, or a folder of them", 3)
    return found
