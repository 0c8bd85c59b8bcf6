"""Questions, part 5: the question with its filters, the answers below one another with their verdicts."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

from envs.canvas import Canvas, seat_colour
from envs.dualplay.questions.declared import CHECKS
from envs.dualplay.questions.worded import verdict

__all__ = ["draw"]

WIDE, LINES = 26, 4
"""Units, and lines of a question that are drawn."""


def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    canvas.size(WIDE, 7.5 + 1.5 * len(obs.answers))
    canvas.text(0.5, 0.5, "question", "muted", "left")
    if obs.claim:
        canvas.text(WIDE - 0.5, 0.5, f"answer {obs.claim[:40]}", seat_colour(0), "right")
    canvas.rect(0.5, 1, WIDE - 1, 3.2, "board")
    for i, line in enumerate(wrap(obs.question or "...", 70)[:LINES]):
        canvas.text(1, 1.6 + 0.7 * i, line, "highlight" if obs.stage == "ask" else "text", "left")
    for i, (check, *_) in enumerate(CHECKS):
        passed = obs.checks.get(check)
        lamp, shade = (" ", "muted") if passed is None else ("+", "good") if passed else ("-", "bad")
        canvas.text(0.5 + 5 * i, 4.8, f"{lamp} {check}", shade, "left")
    if obs.checks:
        told = verdict(obs)
        canvas.text(
            0.5, 5.5, f"{told[:90]}, diversity {obs.unlike / 1000:.2f}", "good" if told == "valid" else "bad", "left"
        )
    reasons = {whose: (result, reason) for whose, result, reason in obs.verdicts}
    for i, answer in enumerate(obs.answers):
        _draw_answer(i, answer, reasons.get(i, ("", "")), 7 + 1.5 * i, canvas)


def _draw_answer(i: int, answer: str | None, judged: tuple[str, str], y: float, canvas: Canvas) -> None:
    result, reason = judged
    canvas.text(0.5, y, f"solver {i + 1}", seat_colour(i + 1), "left")
    canvas.text(4.5, y, (answer or "...")[:44], {"right": "good", "wrong": "bad"}.get(result, "text"), "left")
    canvas.text(WIDE - 0.5, y, f"{result}: {reason}"[:44] if result else "", "muted", "right")
