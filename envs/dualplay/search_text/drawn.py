"""Search in free text, part 5: the question with its filters, then seats side by side with searches. A unit is a row of letters."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

from envs.canvas import Canvas, seat_colour
from envs.dualplay.search_text.declared import CHECKS
from envs.dualplay.search_text.worded import verdict

__all__ = ["draw"]

WIDE, HIGH, LINES = 34, 21, 5
"""Units, in each of which two letters stand, and lines of a question that are drawn."""


def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    canvas.size(WIDE, HIGH)
    canvas.text(0.5, 0.5, "question", "muted", "left")
    if obs.target:
        canvas.text(WIDE - 0.5, 0.5, f"answer {obs.target}", seat_colour(0), "right")
    canvas.rect(0, 1, WIDE, LINES, "board")
    for i, line in enumerate(wrap(obs.question or "...", 2 * WIDE - 4)[:LINES]):
        canvas.text(1, 1.5 + i, line, "highlight" if obs.stage == "dig" else "text", "left")
    x = 0.5
    for check, *_ in CHECKS:
        passed = obs.checks.get(check)
        lamp, shade = (".", "muted") if passed is None else ("+", "good") if passed else ("-", "bad")
        canvas.text(x, LINES + 1.5, lamp + check, shade, "left")
        x += len(check) / 2 + 1.2
    if obs.checks:
        told = verdict(obs)
        shade = {"valid": "good", "not judged yet": "muted"}.get(told, "bad")
        canvas.text(0.5, LINES + 2.5, told[: 2 * WIDE - 2], shade, "left")
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
