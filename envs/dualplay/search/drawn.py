"""Search, part 5: the question above with its filters, then seats side by side with searches and answers. A unit is a row of letters."""

from __future__ import annotations

from typing import Any

from envs.canvas import Canvas, seat_colour
from envs.dualplay.search.declared import CHECKS, FAILED, PASSED
from envs.dualplay.search.relations import ASPECTS, LABELS, STEPS
from envs.dualplay.search.worded import entity, replaced, verdict

__all__ = ["draw"]

WIDE, HIGH = 34, 22
"""Units; two letters stand in one."""


def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    canvas.size(WIDE, HIGH)
    canvas.text(0.5, 0.5, "question", "muted", "left")
    answer = obs.sought if obs.sought >= 0 else obs.target
    if answer >= 0:
        canvas.text(WIDE - 0.5, 0.5, f"answer {entity(c, answer)}, {obs.hops} steps", seat_colour(0), "right")
    canvas.rect(0, 1, WIDE, 6, "board")
    for i, line in enumerate(_lines(obs, c)):
        canvas.text(1, 1.5 + i, line, "highlight" if obs.stage < 2 else "text", "left")
    _draw_filters(obs, canvas)
    for seat in range(len(obs.calls)):
        _draw_seat(obs, c, seat, canvas)


def _lines(obs: Any, c: Any) -> list[str]:
    """The question, a step a line."""
    asked = obs.posed if obs.stage > 1 and obs.posed.start >= 0 else obs.asked
    if asked.start < 0:
        return ["..."]
    return [entity(c, asked.start), *(f"then {STEPS[r]}" for r in asked.steps[: asked.length].tolist())]


def _draw_filters(obs: Any, canvas: Canvas) -> None:
    """A lamp for each filter, and what became of the question."""
    x = 0.5
    for (check, *_), found in zip(CHECKS, obs.checks.tolist(), strict=True):
        lamp, shade = {PASSED: ("+", "good"), FAILED: ("-", "bad")}.get(found, (".", "muted"))
        canvas.text(x, 7.5, lamp + check, shade, "left")
        x += len(check) / 2 + 1.2
    if obs.verdict:
        told = f"{'replaced; ' if replaced(obs) else ''}{verdict(obs)}"
        canvas.text(0.5, 8.5, told[: 2 * WIDE - 2], "good" if obs.verdict == 1 else "bad", "left")


def _draw_seat(obs: Any, c: Any, seat: int, canvas: Canvas) -> None:
    """A column: searches, the newest last, and the answer."""
    wide = (WIDE - 0.5) / len(obs.calls)
    x, room = 0.5 + wide * seat, int(2 * wide) - 1
    canvas.text(x, 10.5, "proposer" if seat == 0 else f"solver {seat}"[:room], seat_colour(seat), "left")
    for i, query in enumerate(obs.log[seat][: obs.calls[seat]].tolist()):
        about = f" {LABELS[query % ASPECTS - 1]}" if query % ASPECTS else ""
        canvas.text(x, 11.5 + i, f"{entity(c, query // ASPECTS)}{about}"[:room], "muted", "left")
    if seat and obs.answers[seat - 1] >= 0:
        shade = "highlight" if obs.stage < 3 else "good" if obs.right[seat - 1] else "bad"
        canvas.text(x, HIGH - 0.5, f"= {entity(c, obs.answers[seat - 1])}"[:room], shade, "left")
