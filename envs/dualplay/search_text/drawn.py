"""Search in free text, part 5: the question with its filters, then seats side by side with searches. A unit is a row of letters."""

from __future__ import annotations

from typing import Any

from envs.canvas import Canvas, seat_colour
from envs.dualplay._prose_board import WIDE, draw_filters, draw_question
from envs.dualplay.search_text.declared import CHECKS
from envs.dualplay.search_text.worded import verdict

__all__ = ["draw"]

HIGH = 21


def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    canvas.size(WIDE, HIGH)
    draw_question(obs.question, obs.target, obs.stage == "dig", canvas)
    draw_filters([check for check, *_ in CHECKS], obs.checks, verdict(obs), 1.2, canvas)
    for seat, calls in enumerate(obs.calls):
        _draw_seat(obs, seat, calls, canvas)


def _draw_seat(obs: Any, seat: int, calls: list[Any], canvas: Canvas) -> None:
    """A column: searches, the newest last, and the answer."""
    wide = (WIDE - 0.5) / len(obs.calls)
    x, room = 0.5 + wide * seat, int(2 * wide) - 1
    canvas.text(x, 9.5, "proposer" if seat == 0 else f"solver {seat}"[:room], seat_colour(seat), "left")
    for i, call in enumerate(calls):
        canvas.text(x, 10.5 + i, call["query"][:room], "muted", "left")
    answer = obs.answers[seat - 1] if seat else None
    if answer is not None:
        shade = "highlight" if obs.stage != "over" else "good" if obs.right[seat - 1] else "bad"
        canvas.text(x, HIGH - 0.5, f"= {answer}"[:room], shade, "left")
