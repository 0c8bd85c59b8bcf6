"""A probe: nested units, a bank of levels picked by key, hidden waves, fog, actions of two factors (one per unit), two frames a step."""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.canvas import Canvas, seat_colour
from envs.keys import below, fold
from envs.record_game import RecordGame
from envs.rules import Mark, MultiDiscrete, Refusal, Role, Spec, View, config, nested, observation, rule, state

# ------------------------------------------------------------------ 1. the rules in words
SIDE, UNITS, WOLVES, SIGHT = 5, 2, 2, 1
WAYS = ("stay", "north", "south", "west", "east")
DOWN, RIGHT = (0, -1, 1, 0, 0), (0, 0, 0, -1, 1)

SPEC = Spec(
    name="probe_fog",
    title="Hunters in the fog",
    rules="Two sides move their two hunters in turn, up to two steps in one of four ways, on a board of 5 x 5 with walls. They see only "
    "cells next to them. Who steps on an enemy catches it; wolves, which come in waves and wander, catch whom they meet. A caught "
    "hunter is a point for the other side. Answer with two of stay, north, south, west, east.",
    roles=(Role("hunter", 2, MultiDiscrete((len(WAYS),) * UNITS), {"map": View((5, SIDE, SIDE))}),),
    limit=16,
    traits=frozenset({"hidden", "zero_sum", "chance"}),
    points=(-2.0, 2.0),
    frames=2,
)

# ------------------------------------------------------------------ 2. the state: units 0 and 1 are of seat 0, 2 and 3 of seat 1
UNIT = nested(("row", np.int8), ("column", np.int8), ("alive", np.int8))
LEVEL = nested(("wall", np.int8, (SIDE, SIDE)))
WAVE = nested(("tick", np.int8), ("row", np.int8), ("column", np.int8))
STATE = state(
    ("units", UNIT, (2 * UNITS,)), ("wolves", UNIT, (WOLVES,)), ("ways", np.int8, (2 * UNITS,)), ("level", np.int8)
)
OBS = {"*": observation(("units", UNIT, (2 * UNITS,)), ("wolves", UNIT, (WOLVES,)), ("level", np.int8))}
"""An enemy in the fog is at row -1; a wolf in the fog, like one that has not come, is not alive."""
WALLS = ((), ((2, 2),), ((1, 1), (3, 3), (2, 2)))
COMING = ((1, 2, 0, 5, 2, 4), (0, 2, 3, 3, 1, 0), (2, 0, 2, 4, 4, 2))
CONFIG = config(("levels", LEVEL, (len(WALLS),)), ("waves", WAVE, (len(WALLS), WOLVES)), hidden=("waves",))


# ------------------------------------------------------------------ 3. the rules
@rule
def init(s, c, key):
    s.level = below(fold(key, 0), len(c.levels))
    for i in range(2 * UNITS):
        s.units[i].row = 0 if i < UNITS else SIDE - 1
        s.units[i].column = 4 * (i % UNITS)
        s.units[i].alive = 1


@rule
def acting(s, c, seats):
    seats[s.tick % 2] = True


@rule
def free(c, level, row, column):
    return 0 <= row < SIDE and 0 <= column < SIDE and c.levels[level].wall[row, column] == 0


@rule
def legal(s, c, seat, mask):
    for u in range(UNITS):
        unit = s.units[seat * UNITS + u]
        for way in range(len(WAYS)):
            moves = unit.alive == 1 and free(c, s.level, unit.row + DOWN[way], unit.column + RIGHT[way])
            mask[u * len(WAYS) + way] = way == 0 or moves


@rule
def command(s, c, actions, key):
    for i in range(2 * UNITS):
        s.ways[i] = actions[i // UNITS, i % UNITS] if i // UNITS == s.tick % 2 else 0


@rule
def advance(s, c, key, frame):
    for i in range(2 * UNITS):
        move(s, c, s.units[i], s.ways[i])
    for w in range(WOLVES):
        wave = c.waves[s.level, w]
        if frame == 0 and wave.tick == s.tick:
            s.wolves[w].row = wave.row
            s.wolves[w].column = wave.column
            s.wolves[w].alive = 1
        else:
            move(s, c, s.wolves[w], below(fold(key, WOLVES * frame + w), len(WAYS)))
    meet(s)


@rule
def move(s, c, unit, way):
    if unit.alive == 1 and free(c, s.level, unit.row + DOWN[way], unit.column + RIGHT[way]):
        unit.row += DOWN[way]
        unit.column += RIGHT[way]


@rule
def meet(s):
    """The side to move catches whom it stands on, then wolves catch; a side without hunters ends the game."""
    mover = s.tick % 2
    for i in range(2 * UNITS):
        unit = s.units[i]
        caught = False
        for j in range(2 * UNITS):
            caught = caught or (i // UNITS != mover and j // UNITS == mover and together(unit, s.units[j]))
        for w in range(WOLVES):
            caught = caught or together(unit, s.wolves[w])
        if caught:
            unit.alive = 0
            unit.row = -1
            unit.column = -1
            s.reward[i // UNITS] -= 1
            s.reward[1 - i // UNITS] += 1
    for p in range(2):
        if s.units[p * UNITS].alive + s.units[p * UNITS + 1].alive == 0:
            s.done = True


@rule
def together(a, b):
    return a.alive == 1 and b.alive == 1 and a.row == b.row and a.column == b.column


@rule
def sees(units, seat, row, column):
    """Whether a living unit of the seat stands next to a cell; the spectator sees all, the public nothing."""
    if seat < 0:
        return seat == -1
    for u in range(UNITS):
        unit = units[seat * UNITS + u]
        if unit.alive == 1 and abs(unit.row - row) <= SIGHT and abs(unit.column - column) <= SIGHT:
            return True
    return False


@rule
def observe(s, c, seat, obs):
    obs.level = s.level
    for i in range(2 * UNITS):
        unit = s.units[i]
        known = i // UNITS == seat or sees(s.units, seat, unit.row, unit.column)
        obs.units[i].alive = unit.alive
        obs.units[i].row = unit.row if known else -1
        obs.units[i].column = unit.column if known else -1
    for w in range(WOLVES):
        wolf = s.wolves[w]
        if wolf.alive == 1 and sees(s.units, seat, wolf.row, wolf.column):
            obs.wolves[w].row = wolf.row
            obs.wolves[w].column = wolf.column
            obs.wolves[w].alive = 1


@rule
def imagine(obs, c, seat, key, s):
    s.level = obs.level
    for i in range(2 * UNITS):
        s.units[i].alive = obs.units[i].alive
        s.units[i].row = obs.units[i].row
        s.units[i].column = obs.units[i].column
    for w in range(WOLVES):
        s.wolves[w].alive = obs.wolves[w].alive
        s.wolves[w].row = obs.wolves[w].row
        s.wolves[w].column = obs.wolves[w].column
        if obs.wolves[w].alive == 0 and seat != -1 and obs.tick > 0 and below(fold(key, 100 + w), 2) == 0:
            s.wolves[w].alive = 1
            place(s, c, seat, s.wolves[w], fold(key, w))
    for i in range(2 * UNITS):
        if s.units[i].alive == 1 and s.units[i].row < 0:
            place(s, c, seat, s.units[i], fold(key, WOLVES + i))


@rule
def place(s, c, seat, unit, key):
    """Put a unit on a random free cell that the seat does not see."""
    count = 0
    for cell in range(SIDE * SIDE):
        if hides(s, c, seat, cell):
            count += 1
    chosen = below(key, count)
    for cell in range(SIDE * SIDE):
        if hides(s, c, seat, cell):
            if chosen == 0:
                unit.row = cell // SIDE
                unit.column = cell % SIDE
                return
            chosen -= 1


@rule
def hides(s, c, seat, cell):
    return free(c, s.level, cell // SIDE, cell % SIDE) and not sees(s.units, seat, cell // SIDE, cell % SIDE)


@rule
def encode_map(obs, c, out):
    """Planes: own hunters, seen enemies, walls, seen wolves, and who of each side lives (a row each)."""
    own = max(obs.seat, 0)
    for i in range(2 * UNITS):
        if obs.units[i].row >= 0:
            out[0 if i // UNITS == own else 1, obs.units[i].row, obs.units[i].column] = 1.0
        out[4, i // UNITS, i % UNITS] = obs.units[i].alive
    for row in range(SIDE):
        for column in range(SIDE):
            out[2, row, column] = c.levels[obs.level].wall[row, column]
    for w in range(WOLVES):
        if obs.wolves[w].alive == 1:
            out[3, obs.wolves[w].row, obs.wolves[w].column] = 1.0


# ------------------------------------------------------------------ 4. words
def _place(unit: Any) -> str:
    if not unit.alive:
        return "caught"
    return f"row {unit.row} column {unit.column}" if unit.row >= 0 else "in the fog"


def say(obs: Any, c: Any) -> str:
    sides = [f"side {i // UNITS + 1}: {_place(unit)}" for i, unit in enumerate(obs.units)]
    return "; ".join([f"Map {obs.level}", *sides, *(f"wolf: {_place(wolf)}" for wolf in obs.wolves if wolf.alive)])


def parse(text: str, obs: Any, c: Any, legal: Any) -> list[list[int]] | Refusal:
    words = text.lower().strip().rstrip(".").split()
    action = [WAYS.index(word) for word in words if word in WAYS]
    if len(action) != len(words) or action not in legal:
        return Refusal("not possible: answer with two of stay, north, south, west, east that lead to free cells")
    return [action]


def form(action: list[int], obs: Any, c: Any) -> str:
    return " ".join(WAYS[way] for way in action)


name = form


def tell(before: Any, actions: dict[int, list[int]], after: Any, c: Any) -> list[Mark]:
    return [Mark("catch", f"side {p + 1} gains", p) for p in range(2) if after.reward[p] > 0]


# ------------------------------------------------------------------ 5. drawing
def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    canvas.size(SIDE, SIDE)
    canvas.rect(0, 0, SIDE, SIDE, "fog")
    for row, column in np.argwhere(c.levels[obs.level].wall).tolist():
        canvas.rect(column, row, 1, 1, "wall")
    for i, unit in enumerate(obs.units):
        if unit.row >= 0:
            canvas.sprite(unit.column + 0.5, unit.row + 0.5, "h", seat_colour(i // UNITS))
    for wolf in obs.wolves:
        if wolf.alive:
            canvas.sprite(wolf.column + 0.5, wolf.row + 0.5, "w", "bad")


def build() -> RecordGame:
    levels, waves = np.zeros(len(WALLS), LEVEL), np.zeros((len(WALLS), WOLVES), WAVE)
    for k, walls in enumerate(WALLS):
        for row, column in walls:
            levels[k]["wall"][row, column] = 1
        for w in range(WOLVES):
            waves[k, w] = COMING[k][3 * w : 3 * w + 3]
    values = {"levels": levels, "waves": waves}
    return RecordGame(globals(), SPEC, state=STATE, observations=OBS, config=CONFIG, values=values)
