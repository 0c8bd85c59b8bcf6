"""Countdown, part 5: the board of a round, with its question."""

from __future__ import annotations

from typing import Any

from envs.canvas import Canvas
from envs.dualplay._round_board import draw_round
from envs.dualplay.countdown.worded import MANNER, calculation

__all__ = ["draw"]


def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    own = calculation(obs.writing, obs.length)
    if obs.stage > 0 and obs.asked.count and obs.truth >= 0:
        numbers = ", ".join(map(str, obs.asked.numbers[: obs.asked.count].tolist()))
        draw_round(obs, c, canvas, MANNER, f"{obs.asked.target} from {numbers}", f"hidden {own}" if own else "")
    else:
        draw_round(obs, c, canvas, MANNER, own or "...", "")
