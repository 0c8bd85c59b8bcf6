"""Connect Four: four in a row in every direction and place, full columns, the draw."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

import envs

ROWS, COLUMNS = 6, 7
LINES = [
    [(row + i * down, column + i * right) for i in range(4)]
    for (down, right) in ((0, 1), (1, 0), (1, 1), (1, -1))
    for row, column in product(range(ROWS), range(COLUMNS))
    if row + 3 * down < ROWS and 0 <= column + 3 * right < COLUMNS
]


def position(game: Any, board: Any, seat: int) -> Any:
    """The state with these discs (0, 1 of seat 0, 2 of seat 1) and `seat` to move."""
    obs = game.observe(game.start(0), seat)
    obs.array["board"][0], obs.array["turn"][0], obs.array["tick"][0] = board, seat, (board != 0).sum()
    return game.imagine(obs, seat, 0)


def one_short(line: list[tuple[int, int]], missing: tuple[int, int], seat: int) -> Any:
    """A board on which `seat` lacks the last cell of a line; below the line lie discs that make no line themselves."""
    board = np.zeros((ROWS, COLUMNS), np.int8)
    for column in range(COLUMNS):
        top = min((y for y, x in line if x == column), default=ROWS)
        # Columns of alternating pairs, shifted from column to column, hold no four in any direction.
        board[top + 1 :, column] = [1 + (row // 2 + column) % 2 for row in range(top + 1, ROWS)]
    for cell in line:
        board[cell] = seat + 1
    board[missing] = 0
    return board


def test_there_are_sixty_nine_lines() -> None:
    assert len(LINES) == 69


@pytest.mark.parametrize("seat", [0, 1])
def test_every_line_wins_whichever_disc_comes_last(seat: int) -> None:
    game = envs.game("connect_four")
    tried = 0
    for line in LINES:
        for missing in line:
            board = one_short(line, missing, seat)
            if (board[: missing[0], missing[1]] != 0).any():
                continue  # in an upright line only the top disc can come last
            after = game.step(position(game, board, seat), {seat: [missing[1]]}, 0)
            assert game.row(after).board[missing] == seat + 1
            assert game.facts(after).done, f"{line} with {missing} last"
            assert game.facts(after).reward == ((1.0, -1.0) if seat == 0 else (-1.0, 1.0))
            tried += 1
    assert tried == 48 * 4 + 21


def test_three_in_a_row_and_a_line_around_the_edge_do_not_win(played: Any) -> None:
    game = envs.game("connect_four")
    assert not game.facts(played(game, [0, 0, 1, 1, 2])).done
    # Seat 0 has the cells 5, 6 of the lowest row and 0, 1 of the one above.
    state = played(game, [5, 0, 6, 1, 0, 4, 1])
    assert not game.facts(state).done


def test_a_full_column_is_not_legal(played: Any) -> None:
    game = envs.game("connect_four")
    state = played(game, [3] * 6)
    assert list(game.legal(state, 0)) == [0, 1, 2, 4, 5, 6]


def test_a_full_board_is_a_draw_and_not_cut_off(played: Any) -> None:
    game = envs.game("connect_four")
    columns = [
        0,
        1,
        0,
        1,
        1,
        0,
        1,
        0,
        0,
        1,
        0,
        1,
        2,
        3,
        2,
        3,
        3,
        2,
        3,
        2,
        2,
        3,
        2,
        3,
        4,
        5,
        4,
        5,
        5,
        4,
        5,
        4,
        4,
        5,
        4,
        5,
    ]
    state = played(game, [*columns, 6, 6, 6, 6, 6, 6])
    facts = game.facts(state)
    assert facts.done
    assert not facts.truncated
    assert facts.reward == (0.0, 0.0)
    assert np.all(game.row(state).board != 0)
    assert [mark.kind for mark in game.tell(state, {1: [6]}, state)] == ["draw"]


def test_a_line_that_fills_the_board_wins(played: Any) -> None:
    game = envs.game("connect_four")
    line = [(0, 3), (0, 4), (0, 5), (0, 6)]
    board = one_short(line, (0, 6), 1)
    for row, column in product(range(ROWS), range(3)):
        board[row, column] = 1 + (row // 2 + column) % 2
    assert (board != 0).sum() == 41
    after = game.step(position(game, board, 1), {1: [6]}, 0)
    assert game.facts(after).reward == (-1.0, 1.0)
