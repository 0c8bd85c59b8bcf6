"""Breakthrough by one look ahead: win, else stop a pawn before the last row, else the move with the best balance.

A move is worth what it captures and how far the pawn has come, less the pawn if it can be taken for nothing; a pawn that
nothing can stop is worth a game.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from agents import pane
from arena.agent import Ask, Reply
from envs import keys

__all__ = ["act"]


@dataclass(frozen=True)
class _Board:
    """The board after a move, seen from one seat: rows count from its own home."""

    pawns: np.ndarray
    """int[rows, columns]: 1 own, -1 the other's; the seat moves to higher rows."""

    def at(self, row: int, column: int) -> int:
        rows, columns = self.pawns.shape
        return int(self.pawns[row, column]) if 0 <= row < rows and 0 <= column < columns else 0

    def near(self, row: int, column: int, whose: int) -> int:
        """How many pawns of a side stand diagonally, in a row, beside this column."""
        return (self.at(row, column - 1) == whose) + (self.at(row, column + 1) == whose)

    @cached_property
    def threats(self) -> list[tuple[int, int]]:
        """The other's pawns that are one move from our home row."""
        return [(1, int(column)) for column in np.flatnonzero(self.pawns[1] == -1)]

    def loose(self, row: int, column: int) -> bool:
        """Whether our pawn here can be taken with gain: attacked, and not covered as often."""
        attackers, cover = self.near(row + 1, column, -1), self.near(row - 1, column, 1)
        return attackers > cover or (attackers > 0 and cover == 0)

    def free(self, row: int, column: int) -> bool:
        """Whether no pawn of the other's can meet ours on its way."""
        rows, columns = self.pawns.shape
        for ahead in range(1, rows - row):
            low, high = max(column - ahead, 0), min(column + ahead, columns - 1)
            if (self.pawns[row + ahead, low : high + 1] == -1).any():
                return False
        return True


def act(ask: Ask, options: Mapping[str, Any]) -> Reply:
    """The move to make; moves are numbered as the game's file says."""
    before = _seen(ask)
    rows = len(before.pawns)
    moves = {move: _ends(move, ask) for move in ask.legal}
    winning = [move for move, ends in moves.items() if ends[2] == rows - 1]
    if winning:
        return pane.answer(ask, winning[0], "reaches the far row", value=1.0)
    threats = set(before.threats)
    stopping = [move for move, ends in moves.items() if ends[2:] in threats]
    if stopping:
        value = -1.0 if len(threats) > 1 else 0.0
        return _best(ask, before, {move: moves[move] for move in stopping}, "stops a pawn before the last row", value)
    return _best(ask, before, moves, "the best balance of captures, advance and safety", -1.0 if threats else 0.0)


def _seen(ask: Ask) -> _Board:
    board = ask.obs.board if ask.seat == 0 else ask.obs.board[::-1]
    return _Board(np.where(board == ask.seat + 1, 1, np.where(board == 0, 0, -1)))


def _ends(move: int, ask: Ask) -> tuple[int, int, int, int]:
    """(row, column) left and (row, column) reached, rows from our home."""
    rows, columns = ask.obs.board.shape
    square, direction = divmod(move // 2, 6)
    row, column = divmod(square, columns)
    row = row if ask.seat == 0 else rows - 1 - row
    return row, column, row + 1, column + direction % 3 - 1


def _best(ask: Ask, before: _Board, moves: Mapping[int, tuple[int, int, int, int]], why: str, value: float) -> Reply:
    scores = {move: _worth(before, *ends) for move, ends in moves.items()}
    top = max(scores.values())
    best = [move for move in scores if scores[move] == top]
    weights = {move: float(np.exp(scores.get(move, -np.inf) - top)) for move in ask.legal}
    decided = 1.0 if top >= _RUNS and not value else value or float(np.tanh(_balance(before) / 4))
    return pane.answer(ask, best[keys.below(ask.key, len(best))], why, value=decided, weights=weights)


_RUNS = 50.0


def _balance(board: _Board) -> float:
    return float(board.pawns.sum())


def _worth(before: _Board, row: int, column: int, ahead: int, target: int) -> float:
    """How good a move is for who makes it."""
    pawns = before.pawns.copy()
    taken = pawns[ahead, target] == -1
    pawns[row, column], pawns[ahead, target] = 0, 1
    after, rows = _Board(pawns), len(pawns)
    worth = 0.2 * ahead + (4.0 + 0.5 * (rows - 1 - ahead) if taken else 0.0)
    if after.loose(ahead, target):
        worth -= 4.0 + 0.5 * ahead
    elif after.free(ahead, target):
        worth += _RUNS + ahead
    # A pawn on the home row guards two squares: it leaves last.
    worth -= 1.5 if row == 0 else 0.0
    # What the move leaves behind may now be taken.
    left = [
        (row + 1, c) for c in (column - 1, column + 1) if after.at(row + 1, c) == 1 and (row + 1, c) != (ahead, target)
    ]
    return worth - sum(2.0 for r, c in left if after.loose(r, c) and not before.loose(r, c))
