"""Arithmetic, part 5: the question above, the attempts side by side with their verdicts, what it all earned."""

from __future__ import annotations

from typing import Any

from envs.canvas import Canvas, seat_colour
from envs.dualplay.arithmetic.declared import OPEN, VALID, VERDICTS
from envs.dualplay.arithmetic.worded import question, written

__all__ = ["draw"]


def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    solvers = len(obs.lengths)
    canvas.size(24, 8 + 1.5 * ((solvers + 1) // 2))
    canvas.text(0.5, 0.5, "question", "muted", "left")
    canvas.rect(0.5, 1.2, 23, 2.6, "board")
    asked = question(obs.writing, obs.length)
    canvas.text(12, 2.5, f"{asked or '...'}{' = ?' if obs.stage else '_'}", "highlight" if obs.stage < 2 else "text")
    _draw_judgement(obs, canvas)
    canvas.text(0.5, 5.7, "attempts", "muted", "left")
    for i in range(solvers):
        _draw_attempt(obs, i, 0.5 + 12 * (i % 2), 7 + 1.5 * (i // 2), canvas)


def _draw_judgement(obs: Any, canvas: Canvas) -> None:
    """The claim, the right answer as far as it is known, the verdict."""
    claim = f"claimed {written(obs.claim, obs.claimed)}" if obs.claimed else ""
    truth = f"right {obs.truth}" if obs.truth >= 0 else ""
    canvas.text(0.5, 4.5, "   ".join(filter(None, (claim, truth))), seat_colour(0), "left")
    if obs.verdict != OPEN:
        right = int(obs.right.sum())
        shade = "good" if obs.verdict == VALID else "bad"
        score = f"{right}/{len(obs.right)} right, " if obs.stage == 3 and obs.verdict == VALID else ""
        canvas.text(23.5, 4.5, f"{score}{VERDICTS[obs.verdict]}, d {obs.unlike / 1000:.2f}", shade, "right")


def _draw_attempt(obs: Any, i: int, x: float, y: float, canvas: Canvas) -> None:
    canvas.text(x, y, f"solver {i + 1}", seat_colour(i + 1), "left")
    shade = "text" if obs.stage < 3 else "good" if obs.right[i] else "bad"
    mark = "" if obs.stage < 3 or not obs.lengths[i] else "  right" if obs.right[i] else "  wrong"
    canvas.text(x + 5, y, (written(obs.answers[i], obs.lengths[i]) or "...") + mark, shade, "left")
