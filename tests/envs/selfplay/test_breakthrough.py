"""Breakthrough: which squares a pawn may enter, captures, both ways to win, and how moves are written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import envs
from envs.spec import Refusal


def position(game: Any, picture: str, seat: int) -> Any:
    """A state from lines of ".XO", the highest row first, `seat` to move."""
    obs = game.observe(game.start(0), seat)
    obs.array["board"][0] = [[".XO".index(cell) for cell in line] for line in picture.split()]
    obs.array["turn"][0] = seat
    return game.imagine(obs, seat, 0)


def written(game: Any, state: Any) -> set[str]:
    """The legal moves in words."""
    (seat,) = game.acting(state)
    obs = game.observe(state, seat)
    return {game.form([move], obs) for move in game.legal(state, seat)}


def move(game: Any, state: Any, text: str) -> Any:
    (seat,) = game.acting(state)
    (action,) = game.parse(text, game.observe(state, seat), game.legal(state, seat))
    return game.step(state, {seat: action}, 0)


SMALL = "breakthrough?rows=5&columns=4"


def test_pawns_are_blocked_ahead_and_capture_only_diagonally() -> None:
    game = envs.game(SMALL)
    facing = position(game, ".... .X.. .O.. .... ....", 0)
    assert written(game, facing) == {"b4-a3", "b4-c3"}
    diagonal = position(game, ".... .X.. O.O. .... ....", 0)
    assert written(game, diagonal) == {"b4xa3", "b4-b3", "b4xc3"}
    own = position(game, ".... .X.. XX.. .... ....", 0)
    assert written(game, own) == {"b4-c3", "a3-a2", "a3-b2", "b3-a2", "b3-b2", "b3-c2"}
    upward = position(game, ".... ..X. .O.. .... ....", 1)
    assert written(game, upward) == {"b3-a4", "b3-b4", "b3xc4"}


def test_the_board_does_not_wrap_around_its_edges() -> None:
    game = envs.game(SMALL)
    assert written(game, position(game, ".... X..X ...O .... ....", 0)) == {"a4-a3", "a4-b3", "d4-c3"}
    assert written(game, position(game, ".... X... O..O .... ....", 1)) == {"a3-b4", "d3-c4", "d3-d4"}


def test_pawns_reach_every_column_and_leave_the_home_row() -> None:
    """The last column is entered from its left, by a move or a capture but not onto an own pawn."""
    game = envs.game(SMALL)
    assert written(game, position(game, "..X. .... .... .... .O..", 0)) == {"c5-b4", "c5-c4", "c5-d4"}
    assert written(game, position(game, "..X. ...O .... .... .O..", 0)) == {"c5-b4", "c5-c4", "c5xd4"}
    assert written(game, position(game, "..X. ...X .... .... .O..", 0)) == {"c5-b4", "c5-c4", "d4-c3", "d4-d3"}
    assert written(game, position(game, "..X. .... .... ..O. .O..", 1)) == {"b1-a2", "b1-b2", "c2-b3", "c2-c3", "c2-d3"}


def test_a_capture_takes_the_pawn_and_nothing_else() -> None:
    game = envs.game(SMALL)
    after = move(game, position(game, "X... .X.. O.O. .... ...O", 0), "b4xc3")
    assert game.row(after).board.tolist() == [[1, 0, 0, 0], [0, 0, 0, 0], [2, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 2]]
    assert game.row(after).pawns.tolist() == [2, 2]
    assert not game.facts(after).done
    assert game.acting(after) == (1,)


@pytest.mark.parametrize(
    ("picture", "seat", "text"),
    [
        (".... .... .... X... ...O", 0, "a2-b1"),
        ("X... ...O .... .... ....", 1, "d4-d5"),
        (".... .... .... X... .O.O", 0, "a2xb1"),
        (".... .X.. ..O. .... ....", 0, "b4xc3"),
        (".X.. .... ..X. ...O ....", 1, "d2xc3"),
    ],
)
def test_wins(picture: str, seat: int, text: str) -> None:
    """By the far row, with and without a capture; by the last capture; the last case is no win."""
    game = envs.game(SMALL)
    before = position(game, picture, seat)
    after = move(game, before, text)
    won = text != "d2xc3"
    assert game.facts(after).done == won
    reward = [0.0, 0.0]
    if won:
        reward[seat], reward[1 - seat] = 1.0, -1.0
    assert list(game.facts(after).reward) == reward
    action = [int(after["last"][0])]
    kinds = [mark.kind for mark in game.tell(before, {seat: action}, after)]
    assert kinds == ["capture"] * ("x" in text) + ["win"] * won


def test_the_start_has_two_rows_of_pawns_on_a_high_board_and_one_on_a_low_one() -> None:
    for rows, columns, home in ((8, 8, 2), (6, 5, 2), (5, 4, 1), (4, 8, 1)):
        game = envs.game("breakthrough", rows=rows, columns=columns)
        s = game.row(game.start(0))
        assert (s.board == 1).sum() == (s.board == 2).sum() == home * columns
        assert s.pawns.tolist() == [home * columns] * 2
        assert s.board[:home].tolist() == [[1] * columns] * home
        assert s.board[-home:].tolist() == [[2] * columns] * home


@pytest.mark.parametrize("text", ["b7-c6", "B7-C6", "b7c6", "b7 c6", " b7-c6. ", "b7xc6", "b7:c6"])
def test_moves_are_read_in_the_usual_spellings(text: str) -> None:
    game = envs.game("breakthrough")
    state = game.start(0)
    (action,) = game.parse(text, game.observe(state, 0), game.legal(state, 0))
    assert action == [112]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("b7-c7", "is no move"),
        ("b2-b3", "is no move"),
        ("b8-b7", "is not allowed now"),
        ("", "is no move"),
        ("x" * 9999, "is no move"),
    ],
)
def test_other_texts_are_refused_with_what_is_allowed(text: str, reason: str) -> None:
    game = envs.game("breakthrough")
    state = game.start(0)
    refusal = game.parse(text, game.observe(state, 0), game.legal(state, 0))
    assert isinstance(refusal, Refusal)
    assert reason in refusal.reason
    assert "b7-c6" in refusal.reason


def test_a_move_that_wins_says_so() -> None:
    game = envs.game(SMALL)
    state = position(game, ".... .... .... X... ..O.", 0)
    obs = game.observe(state, 0)
    assert sorted(game.name([action], obs) for action in game.legal(state, 0)) == ["a2-a1 wins", "a2-b1 wins"]


def test_planes_are_the_lookers_own_pawns_first() -> None:
    game = envs.game("breakthrough")
    state = game.start(0)
    first, second = (game.encode(game.observe(state, seat), "planes") for seat in (0, 1))
    np.testing.assert_array_equal(first[0], second[1])
    np.testing.assert_array_equal(first[1], second[0])
    assert first[0, :2].all()
    assert not first[2].any()
    assert second[2].all()
