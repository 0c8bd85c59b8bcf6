"""The board of a round: the question, what is known of its answer, the attempts with their verdicts, p, diversity, both rewards.

Every line has a row of its own, so that it can be read at two columns and one row of a terminal a unit as well as at twice of that.
"""

from __future__ import annotations

from typing import Any

from envs.canvas import Canvas, seat_colour
from envs.dualplay._round import OPEN, VALID
from envs.dualplay._round_words import Manner, paid, written_number

__all__ = ["draw_round"]

WIDE, LEFT, RIGHT = 17, 0.4, 16.6
_SHORT = 6
"""Answers of at most so many tokens stand two in a row."""


def draw_round(obs: Any, c: Any, canvas: Canvas, manner: Manner, asked: str, known: str) -> None:
    """asked: the question as it is seen now; known: what the one who looks knows of its answer."""
    solvers = len(obs.lengths)
    columns = 2 if len(obs.answers[0]) <= _SHORT else 1
    rows = (solvers + columns - 1) // columns
    canvas.size(WIDE, 7 + rows)
    canvas.rect(0.2, 0.2, WIDE - 0.4, 1.6, "board")
    canvas.text(WIDE / 2, 1, asked, "highlight" if obs.stage < 2 else "text")
    claim = f"claimed {written_number(obs.claim, obs.claimed)}" if obs.claimed else ""
    canvas.text(LEFT, 2.5, "   ".join(filter(None, (claim, known))), seat_colour(0), "left")
    if obs.verdict != OPEN:
        canvas.text(LEFT, 3.5, manner.verdicts[obs.verdict], "good" if obs.verdict == VALID else "bad", "left")
    for i in range(solvers):
        _draw_attempt(obs, i, LEFT + WIDE / 2 * (i % columns), 4.5 + i // columns, canvas, manner)
    if obs.stage == 3:
        _draw_rewards(obs, c, 4.5 + rows, canvas)


def _draw_attempt(obs: Any, i: int, x: float, y: float, canvas: Canvas, manner: Manner) -> None:
    """Its number, its verdict, then the answer, without spaces to leave room for the longest."""
    canvas.text(x, y, f"{i + 1}", seat_colour(i + 1), "left")
    over = obs.stage == 3 and obs.lengths[i]
    shade = "text" if not over else "good" if obs.right[i] else "bad"
    if over:
        canvas.text(x + 1.5, y, "right" if obs.right[i] else "wrong", shade, "left")
    said = manner.answer(obs.answers[i], obs.lengths[i]).replace(" ", "") or "..."
    canvas.text(x + 4.6, y, said, shade, "left")


def _draw_rewards(obs: Any, c: Any, y: float, canvas: Canvas) -> None:
    """p as a bar, diversity, what the proposer and the solvers have earned."""
    proposer, solvers = paid(obs, c)
    canvas.text(LEFT, y, f"p {solvers:.2f}", "text", "left")
    canvas.rect(LEFT + 3.6, y - 0.25, 4.5, 0.5, "grid")
    if solvers:
        canvas.rect(LEFT + 3.6, y - 0.25, 4.5 * solvers, 0.5, "good")
    canvas.text(RIGHT, y, f"diversity {obs.unlike / 1000:.2f}", "text", "right")
    canvas.text(LEFT, y + 1, f"the proposer earns {proposer:.2f}", seat_colour(0), "left")
    canvas.text(LEFT, y + 2, f"a solver earns {solvers:.2f} on average", seat_colour(1), "left")
