"""What games of free text draw alike: the question on its board, a lamp for each filter, the verdict. A unit is a row of letters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from textwrap import wrap

from envs.canvas import Canvas, seat_colour

__all__ = ["LINES", "WIDE", "draw_filters", "draw_question"]

WIDE, LINES = 34, 5
"""Units, in each of which two letters stand, and lines of a question that are drawn."""


def draw_question(question: str, answer: str, being_asked: bool, canvas: Canvas) -> None:
    """The question, brighter while it is being asked, and the proposer's answer where it is known."""
    canvas.text(0.5, 0.5, "question", "muted", "left")
    if answer:
        canvas.text(WIDE - 0.5, 0.5, f"answer {answer}", seat_colour(0), "right")
    canvas.rect(0, 1, WIDE, LINES, "board")
    for i, line in enumerate(wrap(question or "...", 2 * WIDE - 4)[:LINES]):
        canvas.text(1, 1.5 + i, line, "highlight" if being_asked else "text", "left")


def draw_filters(names: Iterable[str], passed: Mapping[str, bool], told: str, gap: float, canvas: Canvas) -> None:
    """A lamp for each filter, so many units apart, and once there are any what came of them."""
    x = 0.5
    for name in names:
        lamp, shade = (".", "muted") if name not in passed else ("+", "good") if passed[name] else ("-", "bad")
        canvas.text(x, LINES + 1.5, lamp + name, shade, "left")
        x += len(name) / 2 + gap
    if passed:
        shade = "good" if told.startswith("valid") else "muted" if told == "not judged yet" else "bad"
        canvas.text(0.5, LINES + 2.5, told[: 2 * WIDE - 2], shade, "left")
