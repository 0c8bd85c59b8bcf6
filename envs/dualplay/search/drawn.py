"""Search, part 5: the question above with its filters, what the proposer did, the solvers side by side with searches and answers."""

from __future__ import annotations

from typing import Any

from envs.canvas import Canvas, seat_colour
from envs.dualplay.search.declared import CHECKS, FAILED, PASSED
from envs.dualplay.search.relations import ASPECTS, LABELS, STEPS
from envs.dualplay.search.worded import entity, replaced, verdict

__all__ = ["draw"]

WIDE = 26
"""Units; a line of text has room for twice as many letters at least."""


def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    canvas.size(WIDE, 16)
    canvas.text(0.5, 0.5, "question", "muted", "left")
    answer = obs.sought if obs.sought >= 0 else obs.target
    if answer >= 0:
        canvas.text(WIDE - 0.5, 0.5, f"answer {entity(c, answer)}, {obs.hops} steps", seat_colour(0), "right")
    canvas.rect(0.5, 1, WIDE - 1, 3.2, "board")
    for i, line in enumerate(_lines(obs, c)):
        canvas.text(1, 1.5 + 0.6 * i, line, "highlight" if obs.stage < 2 else "text", "left")
    _draw_filters(obs, canvas)
    _draw_seats(obs, c, canvas)


def _lines(obs: Any, c: Any) -> list[str]:
    """The question, a step a line."""
    asked = obs.posed if obs.stage > 1 and obs.posed.start >= 0 else obs.asked
    if asked.start < 0:
        return ["..."]
    steps = [STEPS[r] for r in asked.steps[: asked.length].tolist()]
    return [f"{entity(c, asked.start)}", *(f"-> {step}" for step in steps)][:5]


def _draw_filters(obs: Any, canvas: Canvas) -> None:
    """A lamp for each filter, and what became of the question."""
    for i, ((check, *_), found) in enumerate(zip(CHECKS, obs.checks.tolist(), strict=True)):
        shade = "good" if found == PASSED else "bad" if found == FAILED else "muted"
        canvas.text(
            0.5 + 3.6 * i, 4.8, f"{'+' if found == PASSED else '-' if found == FAILED else ' '} {check}", shade, "left"
        )
    if obs.verdict:
        told = f"{'replaced; ' if replaced(obs) else ''}{verdict(obs)}"
        canvas.text(0.5, 5.5, told[:100], "good" if obs.verdict == 1 else "bad", "left")


def _draw_seats(obs: Any, c: Any, canvas: Canvas) -> None:
    """A column a seat: its searches, newest last, and its answer."""
    seats = len(obs.calls)
    wide = (WIDE - 1) / seats
    for seat in range(seats):
        x = 0.5 + wide * seat
        canvas.text(x, 6.4, "proposer" if seat == 0 else f"solver {seat}", seat_colour(seat), "left")
        room = int(2 * wide) - 1
        for i, query in enumerate(obs.log[seat][: obs.calls[seat]].tolist()):
            about = f" {LABELS[query % ASPECTS - 1]}" if query % ASPECTS else ""
            canvas.text(x, 7.2 + 0.75 * i, f"{entity(c, query // ASPECTS)}{about}"[:room], "muted", "left")
        if seat and obs.answers[seat - 1] >= 0:
            shade = "highlight" if obs.stage < 3 else "good" if obs.right[seat - 1] else "bad"
            canvas.text(x, 15.3, f"= {entity(c, obs.answers[seat - 1])}"[:room], shade, "left")
