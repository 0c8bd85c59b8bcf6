"""Breakthrough: two seats march pawns at each other; who first reaches the far row wins.

Source of the rules: Dan Troyka's Breakthrough (2000). Move numbers and returns agree with OpenSpiel's breakthrough:
a move is ((row * columns + column) * 6 + direction) * 2 + capture, row 0 at the top, seat 0 moving down.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from envs.canvas import Canvas, seat_colour
from envs.record_game import RecordGame
from envs.rules import Discrete, Mark, Option, Refusal, Role, Spec, View, observation, rule, state
from envs.words import choice

# ------------------------------------------------------------------ 1. the rules in words
DIRECTIONS = 6
"""Down-left, down, down-right (seat 0), then up-left, up, up-right (seat 1)."""

RULES = """\
Two players move pawns on a board of {rows} rows and {columns} columns. X (player 1, who begins) starts on the highest
{home} and moves down; O (player 2) starts on the lowest {home} and moves up. In turn a player moves one pawn one square
ahead, straight or diagonally, onto an empty square. A pawn may capture an enemy pawn diagonally ahead, never straight
ahead. Who first gets a pawn to the row farthest from home wins, and so does who captures the last enemy pawn. There is
no draw. Answer with the square that a pawn leaves and the square it goes to, for example {example}."""


def _spec(rows: int, columns: int) -> Spec:
    """The declaration for a board; no game is longer than its limit, because every move takes a pawn one row ahead."""
    home = "two rows" if rows >= 6 else "row"
    front = rows - 1 if rows >= 6 else rows
    return Spec(
        name="breakthrough",
        title="Breakthrough",
        rules=RULES.format(rows=rows, columns=columns, home=home, example=f"b{front}-c{front - 1}"),
        roles=(Role("player", 2, Discrete(rows * columns * DIRECTIONS * 2), {"planes": View((3, rows, columns))}),),
        limit=2 * columns * (2 * rows - 3) + 1,
        traits=frozenset({"zero_sum", "perfect"}),
        options={
            "rows": Option(8, 4, 8, help="rows of the board; from 6 on each player starts with two rows of pawns"),
            "columns": Option(8, 4, 8, help="columns of the board"),
        },
    )


SPEC = _spec(8, 8)


# ------------------------------------------------------------------ 2. the state: row 0 is the top
def _fields(rows: int, columns: int) -> tuple[tuple[Any, ...], ...]:
    """board: 0 empty, 1 a pawn of seat 0, 2 of seat 1; last: the last move, -1 before the first."""
    return ("board", np.int8, (rows, columns)), ("turn", np.int8), ("last", np.int16)


# ------------------------------------------------------------------ 3. the rules
@rule
def init(s, c, key):
    rows = len(s.board)
    columns = len(s.board[0])
    home = 2 if rows >= 6 else 1
    for row in range(home):
        for column in range(columns):
            s.board[row, column] = 1
            s.board[rows - 1 - row, column] = 2
    s.pawns[0] = home * columns
    s.pawns[1] = home * columns
    s.last = -1


@rule
def acting(s, c, seats):
    seats[s.turn] = True


@rule
def legal(s, c, seat, mask):
    rows = len(s.board)
    columns = len(s.board[0])
    own = seat + 1
    other = 2 - seat
    for row in range(seat, rows - 1 + seat):
        ahead = row + 1 - 2 * seat
        for column in range(columns):
            if s.board[row, column] == own:
                first = ((row * columns + column) * DIRECTIONS + 3 * seat) * 2
                mask[first + 2] = s.board[ahead, column] == 0
                if column > 0:
                    mask[first] = s.board[ahead, column - 1] == 0
                    mask[first + 1] = s.board[ahead, column - 1] == other
                if column < columns - 1:
                    mask[first + 4] = s.board[ahead, column + 1] == 0
                    mask[first + 5] = s.board[ahead, column + 1] == other


@rule
def play(s, c, actions, key):
    columns = len(s.board[0])
    seat = s.turn
    move = actions[seat, 0]
    square = move // (DIRECTIONS * 2)
    row = square // columns
    column = square % columns
    ahead = row + 1 - 2 * seat
    target = column + (move // 2) % 3 - 1
    s.board[row, column] = 0
    s.board[ahead, target] = seat + 1
    s.pawns[1 - seat] -= move % 2
    s.last = move
    s.turn = 1 - seat
    if ahead == 0 or ahead == len(s.board) - 1 or s.pawns[1 - seat] == 0:
        s.reward[seat] = 1
        s.reward[1 - seat] = -1
        s.done = True


@rule
def observe(s, c, seat, obs):
    for row in range(len(s.board)):
        for column in range(len(s.board[0])):
            obs.board[row, column] = s.board[row, column]
    obs.turn = s.turn
    obs.last = s.last


@rule
def imagine(obs, c, seat, key, s):
    for row in range(len(s.board)):
        for column in range(len(s.board[0])):
            pawn = obs.board[row, column]
            s.board[row, column] = pawn
            if pawn != 0:
                s.pawns[pawn - 1] += 1
    s.turn = obs.turn
    s.last = obs.last


@rule
def encode_planes(obs, c, out):
    """Plane 0: the pawns of who looks (of seat 0 for the spectator), 1: the other's, 2: ones for the seat moving up."""
    own = 1 if obs.seat < 1 else 2
    for row in range(len(obs.board)):
        for column in range(len(obs.board[0])):
            pawn = obs.board[row, column]
            if pawn != 0:
                out[0 if pawn == own else 1, row, column] = 1.0
            if own == 2:
                out[2, row, column] = 1.0


# ------------------------------------------------------------------ 4. words
def _ends(move: int, board: Any) -> tuple[int, int, int, int]:
    """(row, column) that a move leaves, then (row, column) where it goes."""
    square, direction = divmod(move // 2, DIRECTIONS)
    row, column = divmod(square, board.shape[1])
    return row, column, row + (1 if direction < 3 else -1), column + direction % 3 - 1


def _square(row: int, column: int, board: Any) -> str:
    return f"{chr(ord('a') + column)}{len(board) - row}"


def _moves(obs: Any) -> dict[str, int]:
    """Every written move of the seat whose turn it is, onto its own pawns too (those are not legal)."""
    rows, columns = obs.board.shape
    pawns = np.argwhere(obs.board == obs.turn + 1).tolist()
    firsts = [(row * columns + column) * DIRECTIONS + 3 * obs.turn for row, column in pawns]
    moves = {}
    for direction in (first + side for first in firsts for side in range(3)):
        row, column = _ends(2 * direction, obs.board)[2:]
        if 0 <= row < rows and 0 <= column < columns:
            move = 2 * direction + (1 if obs.board[row, column] else 0)
            moves[form(move, obs, None)] = move
    return moves


def say(obs: Any, c: Any) -> str:
    rows = [f"{len(obs.board) - i} {' '.join('.XO'[pawn] for pawn in row)}" for i, row in enumerate(obs.board.tolist())]
    letters = "  " + " ".join(chr(ord("a") + column) for column in range(obs.board.shape[1]))
    you = f"You are {'XO'[obs.seat]} and move {('down', 'up')[obs.seat]}. " if obs.seat >= 0 else ""
    last = f"The last move was {form(obs.last, obs, c)}. " if obs.last >= 0 else ""
    turn = "The game is over." if obs.done else f"{'XO'[obs.turn]} to move."
    return "\n".join([*rows, letters, last + you + turn])


def parse(text: str, obs: Any, c: Any, legal: Any) -> list[int] | Refusal:
    squares = re.fullmatch(r"([a-h][1-8])[-x:> ]*([a-h][1-8])\.?", text[:40].strip().lower())
    moves = _moves(obs)
    if squares:
        start, end = squares.groups()
        text = f"{start}x{end}" if f"{start}x{end}" in moves else f"{start}-{end}"
    return choice(text, moves, frozenset(legal), "move")


def form(action: int, obs: Any, c: Any) -> str:
    row, column, ahead, target = _ends(action, obs.board)
    return _square(row, column, obs.board) + "-x"[action % 2] + _square(ahead, target, obs.board)


def name(action: int, obs: Any, c: Any) -> str:
    wins = _ends(action, obs.board)[2] in {0, len(obs.board) - 1}
    return form(action, obs, c) + (" wins" if wins else "")


def tell(before: Any, actions: dict[int, int], after: Any, c: Any) -> list[Mark]:
    seat, move = next(iter(actions.items()))
    marks = []
    if move % 2:
        left = after.pawns[1 - seat]
        marks.append(Mark("capture", f"player {seat + 1} captures, {form(move, after, c)}: {left} left", seat))
    if after.done:
        how = "reaches the far row" if after.pawns[1 - seat] else "has captured the last pawn"
        marks.append(Mark("win", f"player {seat + 1} {how} and wins", seat))
    return marks


def metrics(s: Any, c: Any) -> dict[str, Any]:
    """Pawns left at the end, per seat."""
    return {"pawns": s.pawns.tolist()}


# ------------------------------------------------------------------ 5. drawing
def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    rows, columns = obs.board.shape
    canvas.size(columns + 1, rows + 1)
    trace = _ends(obs.last, obs.board) if obs.last >= 0 else ()
    for row in range(rows):
        canvas.text(0.5, row + 0.5, str(rows - row), "muted")
        for column in range(columns):
            canvas.rect(column + 1, row, 1, 1, "board" if (row + column) % 2 == 0 else "hole")
    for row, column in (trace[:2], trace[2:]) if trace else ():
        canvas.rect(column + 1, row, 1, 1, "accent")
    for row, column in np.argwhere(obs.board).tolist():
        canvas.disc(column + 1.5, row + 0.5, 0.42, seat_colour(int(obs.board[row, column]) - 1))
    for column in range(columns):
        canvas.text(column + 1.5, rows + 0.5, chr(ord("a") + column), "muted")


def build(rows: int = 8, columns: int = 8) -> RecordGame:
    fields = _fields(rows, columns)
    memory = state(*fields, ("pawns", np.int8, (2,)))
    return RecordGame(globals(), _spec(rows, columns), state=memory, observations={"*": observation(*fields)})
