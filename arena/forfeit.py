"""What a fault costs: the scores of a match that a seat's fault has ended."""

from __future__ import annotations

from collections.abc import Sequence

from envs.game import Game

__all__ = ["scores_after"]


def scores_after(game: Game, totals: Sequence[float], seat: int, cause: str) -> list[float]:
    """Scores after a seat's fault. Void: what was earned so far. Else the culprit gets the least that the game pays; in a zero-sum game
    the others share it, in any other they keep what they have.
    """
    if cause == "void":
        return list(totals)
    least = game.spec.points[0]
    others = -least / max(1, game.seats - 1)
    zero_sum = "zero_sum" in game.spec.traits
    return [least if p == seat else (others if zero_sum else total) for p, total in enumerate(totals)]
