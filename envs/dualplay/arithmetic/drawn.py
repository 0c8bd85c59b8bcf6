"""Arithmetic, part 5: the board of a round, with its question."""

from __future__ import annotations

from typing import Any

from envs.canvas import Canvas
from envs.dualplay._round_board import draw_round
from envs.dualplay.arithmetic.worded import MANNER, question

__all__ = ["draw"]


def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    asked = f"{question(obs.writing, obs.length) or '...'}{' = ?' if obs.stage else '_'}"
    draw_round(obs, c, canvas, MANNER, asked, f"right {obs.truth}" if obs.truth >= 0 else "")
