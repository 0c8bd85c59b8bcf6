"""Search in free text, part 5: the question with its filters, and the seats side by side with searches and answers."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

from envs.canvas import Canvas, seat_colour
from envs.dualplay.search_text.declared import CHECKS
from envs.dualplay.search_text.worded import verdict

__all__ = ["draw"]

WIDE, LINES = 26, 4
"""Units, and lines of a question that are drawn."""


def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    canvas.size(WIDE, 16)
    canvas.text(0.5, 0.5, "question", "muted", "left")
    if obs.target:
        canvas.text(WIDE - 0.5, 0.5, f"answer {obs.target}", seat_colour(0), "right")
    canvas.rect(0.5, 1, WIDE - 1, 3.2, "board")
    for i, line in enumerate(wrap(obs.question or "...", 70)[:LINES]):
        canvas.text(1, 1.6 + 0.7 * i, line, "highlight" if obs.stage == "dig" else "text", "left")
    for i, (check, *_) in enumerate(CHECKS):
        passed = obs.checks.get(check)
        lamp, shade = (" ", "muted") if passed is None else ("+", "good") if passed else ("-", "bad")
        canvas.text(0.5 + 3.6 * i, 4.8, f"{lamp} {check}", shade, "left")
    if obs.checks:
        told = verdict(obs)
        canvas.text(0.5, 5.5, told[:100], {"valid": "good", "not judged yet": "muted"}.get(told, "bad"), "left")
    wide = (WIDE - 1) / len(obs.calls)
    for seat, calls in enumerate(obs.calls):
        _draw_seat(obs, seat, calls, 0.5 + wide * seat, int(2 * wide) - 1, canvas)


def _draw_seat(obs: Any, seat: int, calls: list[Any], x: float, room: int, canvas: Canvas) -> None:
    canvas.text(x, 6.4, "proposer" if seat == 0 else f"solver {seat}", seat_colour(seat), "left")
    for i, call in enumerate(calls):
        canvas.text(x, 7.2 + 0.75 * i, call["query"][:room], "muted", "left")
    answer = obs.answers[seat - 1] if seat else None
    if answer is not None:
        shade = "highlight" if obs.stage != "over" else "good" if obs.right[seat - 1] else "bad"
        canvas.text(x, 15.3, f"= {answer}"[:room], shade, "left")
