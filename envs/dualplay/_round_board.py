"""The board of a round: the question above, what is known of its answer, the attempts side by side with their verdicts, both rewards."""

from __future__ import annotations

from typing import Any

from envs.canvas import Canvas, seat_colour
from envs.dualplay._round import OPEN, VALID
from envs.dualplay._round_words import Manner, paid, written_number

__all__ = ["draw_round"]

WIDE = 24


def draw_round(obs: Any, c: Any, canvas: Canvas, manner: Manner, asked: str, known: str) -> None:
    """asked: the question as it is seen now; known: what the one who looks knows of its answer."""
    solvers = len(obs.lengths)
    rows = (solvers + 1) // 2
    canvas.size(WIDE, 9.5 + 1.5 * rows)
    canvas.text(0.5, 0.5, "question", "muted", "left")
    canvas.rect(0.5, 1.2, WIDE - 1, 2.6, "board")
    canvas.text(WIDE / 2, 2.5, asked, "highlight" if obs.stage < 2 else "text")
    _draw_judgement(obs, canvas, manner, known)
    canvas.text(0.5, 6, "attempts", "muted", "left")
    for i in range(solvers):
        _draw_attempt(obs, i, 0.5 + 12 * (i % 2), 7.3 + 1.5 * (i // 2), canvas, manner)
    if obs.stage == 3:
        _draw_rewards(obs, c, 7.7 + 1.5 * rows, canvas)


def _draw_judgement(obs: Any, canvas: Canvas, manner: Manner, known: str) -> None:
    """The claim, the right answer as far as it is known, the verdict."""
    claim = f"claimed {written_number(obs.claim, obs.claimed)}" if obs.claimed else ""
    canvas.text(0.5, 4.6, "   ".join(filter(None, (claim, known))), seat_colour(0), "left")
    if obs.verdict != OPEN:
        shade = "good" if obs.verdict == VALID else "bad"
        canvas.text(WIDE - 0.5, 4.6, manner.verdicts[obs.verdict], shade, "right")


def _draw_attempt(obs: Any, i: int, x: float, y: float, canvas: Canvas, manner: Manner) -> None:
    canvas.text(x, y, f"solver {i + 1}", seat_colour(i + 1), "left")
    over = obs.stage == 3 and obs.lengths[i]
    shade = "text" if not over else "good" if obs.right[i] else "bad"
    said = manner.answer(obs.answers[i], obs.lengths[i]) or "..."
    canvas.text(x + 3.2, y, said, shade, "left")
    if over:
        canvas.text(x + 11, y, "right" if obs.right[i] else "wrong", shade, "right")


def _draw_rewards(obs: Any, c: Any, y: float, canvas: Canvas) -> None:
    """p as a bar, diversity, what the proposer and the solvers have earned."""
    proposer, solvers = paid(obs, c)
    canvas.text(0.5, y, f"p {solvers:.2f}", "text", "left")
    canvas.rect(3.6, y - 0.25, 8, 0.5, "grid")
    if solvers:
        canvas.rect(3.6, y - 0.25, 8 * solvers, 0.5, "good")
    canvas.text(12.5, y, f"diversity {obs.unlike / 1000:.2f}", "text", "left")
    canvas.text(0.5, y + 1.2, f"the proposer earns {proposer:.2f}", seat_colour(0), "left")
    canvas.text(12.5, y + 1.2, f"the solvers {solvers:.2f} each on average", seat_colour(1), "left")
