"""Connect Four on the usual 6 x 7 board: two seats drop discs in turn, four in a row win.

Source of the rules: Milton Bradley's Connect Four (1974); the move numbering agrees with OpenSpiel's connect_four.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.canvas import Canvas, seat_colour
from envs.memory import copyto
from envs.record_game import RecordGame
from envs.rules import Discrete, Mark, Refusal, Role, Spec, View, observation, rule, state
from envs.words import choice

# ------------------------------------------------------------------ 1. the rules in words
ROWS, COLUMNS = 6, 7
STRIDE = ROWS + 1

RULES = """\
Two players drop discs in turn into a board of seven columns and six rows. A disc falls to the lowest free cell of its
column. Who first has four discs of their own in an unbroken row, column or diagonal wins. A full board is a draw.
Answer with the number of a column, 1 (left) to 7 (right), that is not full."""

SPEC = Spec(
    name="connect_four",
    title="Connect Four",
    rules=RULES,
    roles=(Role("player", 2, Discrete(COLUMNS), {"planes": View((2, ROWS, COLUMNS))}),),
    limit=ROWS * COLUMNS,
    traits=frozenset({"zero_sum", "perfect"}),
)

# ------------------------------------------------------------------ 2. the state: row 0 is the top
STATE = state(
    ("board", np.int8, (ROWS, COLUMNS)), ("discs", np.int64, (2,)), ("height", np.int8, (COLUMNS,)), ("turn", np.int8), ("last", np.int8)
)  # fmt: skip
"""discs: each seat's discs as a set of bits, bit column * STRIDE + height; the same as board, for finding four at once."""
OBS = {"*": observation(("board", np.int8, (ROWS, COLUMNS)), ("turn", np.int8), ("last", np.int8))}
"""board: 0 empty, 1 a disc of seat 0, 2 of seat 1; last: the column of the last disc, -1 before the first."""


# ------------------------------------------------------------------ 3. the rules
@rule
def init(s, c, key):
    s.last = -1


@rule
def acting(s, c, seats):
    seats[s.turn] = True


@rule
def legal(s, c, seat, mask):
    for column in range(COLUMNS):
        mask[column] = s.height[column] < ROWS


@rule
def play(s, c, actions, key):
    seat = s.turn
    column = actions[seat, 0]
    height = s.height[column]
    s.board[ROWS - 1 - height, column] = seat + 1
    s.discs[seat] |= 1 << (column * STRIDE + height)
    s.height[column] = height + 1
    s.last = column
    s.turn = 1 - seat
    if wins(s.discs[seat]):
        s.reward[seat] = 1
        s.reward[1 - seat] = -1
        s.done = True
    elif s.tick == ROWS * COLUMNS - 1:
        s.done = True


@rule
def wins(discs):
    """Whether a set of discs has four in a row: shifted onto itself twice, four neighbours fall on one bit.

    A column takes STRIDE bits and its top bit is always free, so that no line runs from one column into the next.
    """
    up = discs & (discs >> 1)
    right = discs & (discs >> STRIDE)
    rising = discs & (discs >> STRIDE + 1)
    falling = discs & (discs >> STRIDE - 1)
    return (
        (up & (up >> 2))
        | (right & (right >> 2 * STRIDE))
        | (rising & (rising >> 2 * (STRIDE + 1)))
        | (falling & (falling >> 2 * (STRIDE - 1)))
    ) != 0


@rule
def observe(s, c, seat, obs):
    copyto(obs.board, s.board)
    obs.turn = s.turn
    obs.last = s.last


@rule
def imagine(obs, c, seat, key, s):
    for row in range(ROWS):
        for column in range(COLUMNS):
            disc = obs.board[row, column]
            s.board[row, column] = disc
            if disc != 0:
                s.discs[disc - 1] |= 1 << (column * STRIDE + ROWS - 1 - row)
                s.height[column] += 1
    s.turn = obs.turn
    s.last = obs.last


@rule
def encode_planes(obs, c, out):
    """Plane 0: the discs of who looks (of seat 0 for the spectator), plane 1: the other's."""
    own = 1 if obs.seat < 1 else 2
    for row in range(ROWS):
        for column in range(COLUMNS):
            disc = obs.board[row, column]
            # Not by a branch: which cells hold a disc is a surprise to the processor.
            out[0, row, column] = disc == own
            out[1, row, column] = disc == 3 - own


# ------------------------------------------------------------------ 4. words
NAMES = ("red", "yellow")


def say(obs: Any, c: Any) -> str:
    rows = [" ".join(".XO"[disc] for disc in row) for row in obs.board.tolist()]
    you = f"You are {'XO'[obs.seat]}. " if obs.seat >= 0 else ""
    turn = "The game is over." if obs.done else f"{'XO'[obs.turn]} to move."
    return "\n".join(["1 2 3 4 5 6 7", *rows, you + turn])


def parse(text: str, obs: Any, c: Any, legal: Any) -> list[int] | Refusal:
    digits = text.strip().lower().removeprefix("column").strip()
    return choice(digits, {str(column + 1): column for column in range(COLUMNS)}, legal, "column")


def form(action: int, obs: Any, c: Any) -> str:
    return str(action + 1)


def name(action: int, obs: Any, c: Any) -> str:
    return f"column {action + 1}"


def tell(before: Any, actions: dict[int, int], after: Any, c: Any) -> list[Mark]:
    if not after.done:
        return []
    winner = int(after.reward.argmax())
    if after.reward[winner] <= 0:
        return [Mark("draw", "the board is full: a draw")]
    return [Mark("win", f"{NAMES[winner]} has four in a row", winner)]


# ------------------------------------------------------------------ 5. drawing
def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    canvas.size(COLUMNS, ROWS + 1)
    canvas.rect(0, 1, COLUMNS, ROWS, "board")
    for column in range(COLUMNS):
        canvas.text(column + 0.5, 0.5, str(column + 1), "highlight" if column == obs.last else "muted")
        for row in range(ROWS):
            disc = obs.board[row, column]
            canvas.disc(column + 0.5, row + 1.5, 0.42, seat_colour(disc - 1) if disc else "hole")


def build() -> RecordGame:
    return RecordGame(globals(), SPEC, state=STATE, observations=OBS)
