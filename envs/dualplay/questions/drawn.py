"""Questions, part 5: the question with its filters, the answers below one another with their verdicts. A unit is a row of letters."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

from envs.canvas import Canvas, seat_colour
from envs.dualplay.questions.declared import CHECKS
from envs.dualplay.questions.worded import verdict

__all__ = ["draw"]

WIDE, LINES = 34, 5
"""Units, in each of which two letters stand, and lines of a question that are drawn."""


def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    canvas.size(WIDE, 10 + len(obs.answers))
    canvas.text(0.5, 0.5, "question", "muted", "left")
    if obs.claim:
        canvas.text(WIDE - 0.5, 0.5, f"answer {obs.claim[:40]}", seat_colour(0), "right")
    canvas.rect(0, 1, WIDE, LINES, "board")
    for i, line in enumerate(wrap(obs.question or "...", 2 * WIDE - 4)[:LINES]):
        canvas.text(1, 1.5 + i, line, "highlight" if obs.stage == "ask" else "text", "left")
    x = 0.5
    for check, *_ in CHECKS:
        passed = obs.checks.get(check)
        lamp, shade = (".", "muted") if passed is None else ("+", "good") if passed else ("-", "bad")
        canvas.text(x, LINES + 1.5, lamp + check, shade, "left")
        x += len(check) / 2 + 1.5
    if obs.checks:
        told = f"{verdict(obs)}, diversity {obs.unlike / 1000:.2f}"
        canvas.text(0.5, LINES + 2.5, told[: 2 * WIDE - 2], "good" if told.startswith("valid") else "bad", "left")
    reasons = {whose: (result, reason) for whose, result, reason in obs.verdicts}
    for i, answer in enumerate(obs.answers):
        _draw_answer(i, answer, reasons.get(i, ("", "")), 9.5 + i, canvas)


def _draw_answer(i: int, answer: str | None, judged: tuple[str, str], y: float, canvas: Canvas) -> None:
    result, reason = judged
    canvas.text(0.5, y, f"solver {i + 1}", seat_colour(i + 1), "left")
    canvas.text(6, y, (answer or "...")[:24], {"right": "good", "wrong": "bad"}.get(result, "text"), "left")
    canvas.text(WIDE - 0.5, y, f"{result}: {reason}"[:30] if result else "", "muted", "right")
