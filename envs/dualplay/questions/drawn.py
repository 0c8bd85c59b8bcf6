"""Questions, part 5: the question with its filters, the answers below one another with their verdicts. A unit is a row of letters."""

from __future__ import annotations

from typing import Any

from envs.canvas import Canvas, seat_colour
from envs.dualplay._prose_board import WIDE, draw_filters, draw_question
from envs.dualplay.questions.declared import CHECKS
from envs.dualplay.questions.worded import verdict

__all__ = ["draw"]


def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    canvas.size(WIDE, 10 + len(obs.answers))
    draw_question(obs.question, obs.claim[:40], obs.stage == "ask", canvas)
    told = f"{verdict(obs)}, diversity {obs.unlike / 1000:.2f}"
    draw_filters([check for check, *_ in CHECKS], obs.checks, told, 1.5, canvas)
    reasons = {whose: (result, reason) for whose, result, reason in obs.verdicts}
    for i, answer in enumerate(obs.answers):
        _draw_answer(i, answer, reasons.get(i, ("", "")), 9.5 + i, canvas)


def _draw_answer(i: int, answer: str | None, judged: tuple[str, str], y: float, canvas: Canvas) -> None:
    result, reason = judged
    canvas.text(0.5, y, f"solver {i + 1}", seat_colour(i + 1), "left")
    canvas.text(6, y, (answer or "...")[:24], {"right": "good", "wrong": "bad"}.get(result, "text"), "left")
    canvas.text(WIDE - 0.5, y, f"{result}: {reason}"[:30] if result else "", "muted", "right")
