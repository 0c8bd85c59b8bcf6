"""Connect Four by rules of thumb: win, else block, else give nothing away, else make threats, else the centre.

It never misses four in one move nor an opponent's four that can be stopped, and looks no further than two discs ahead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from agents import pane
from arena.agent import Ask, Reply
from envs import keys

__all__ = ["act"]

DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))


def act(ask: Ask, options: Mapping[str, Any]) -> Reply:
    """The column to play. Seats 0 and 1 have discs 1 and 2."""
    board, own = ask.obs.board, ask.seat + 1
    columns = list(ask.legal)
    winning, needed = _fours(board, columns, own), _fours(board, columns, 3 - own)
    if winning:
        return _reply(ask, winning, 1.0, "four in a row now")
    if needed:
        lost = len(needed) > 1
        return _reply(ask, needed, -1.0 if lost else 0.0, f"blocks{' one of two fours' if lost else ' four in a row'}")
    safe = [column for column in columns if not _gives_away(board, column, own)]
    if not safe:
        return _reply(ask, columns, -1.0, "every column lets the other have four")
    threats = {column: len(_fours(_dropped(board, column, own), safe, own)) for column in safe}
    most = max(threats.values())
    best = [column for column in safe if threats[column] == most]
    if most > 1:
        return _reply(ask, best, 1.0, "threatens four in two places")
    central = max(_centrality(board, column) for column in best)
    best = [column for column in best if _centrality(board, column) == central]
    return _reply(ask, best, 0.0, "threatens four" if most else "the safest column nearest to the centre")


def _reply(ask: Ask, best: list[int], value: float, why: str) -> Reply:
    column = best[keys.below(ask.key, len(best))]
    weights = {c: 1.0 if c in best else 0.0 for c in ask.legal}
    return pane.answer(ask, column, why, value=value, weights=weights)


def _fours(board: np.ndarray, columns: list[int], disc: int) -> list[int]:
    """The columns where a disc makes four in a row."""
    return [column for column in columns if (row := _lowest(board, column)) >= 0 and _is_four(board, row, column, disc)]


def _gives_away(board: np.ndarray, column: int, own: int) -> bool:
    """Whether the other's disc on top of ours would make four."""
    row = _lowest(board, column) - 1
    return row >= 0 and _is_four(board, row, column, 3 - own)


def _is_four(board: np.ndarray, row: int, column: int, disc: int) -> bool:
    """Whether a disc at (row, column) completes four in any direction."""
    for down, right in DIRECTIONS:
        length = 1 + _run(board, row, column, disc, down, right) + _run(board, row, column, disc, -down, -right)
        if length >= 4:
            return True
    return False


def _run(board: np.ndarray, row: int, column: int, disc: int, down: int, right: int) -> int:
    """How many discs of one colour follow a cell in one direction."""
    rows, columns = board.shape
    length = 0
    y, x = row + down, column + right
    while 0 <= y < rows and 0 <= x < columns and board[y, x] == disc:
        length, y, x = length + 1, y + down, x + right
    return length


def _lowest(board: np.ndarray, column: int) -> int:
    """The row where a disc comes to lie; row 0 is the top, -1 means that the column is full."""
    return int(np.count_nonzero(board[:, column] == 0)) - 1


def _dropped(board: np.ndarray, column: int, disc: int) -> np.ndarray:
    after = board.copy()
    after[_lowest(board, column), column] = disc
    return after


def _centrality(board: np.ndarray, column: int) -> int:
    return -abs(2 * column + 1 - board.shape[1])
