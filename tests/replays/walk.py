"""A game that may last 200,000 ticks: two seats push a marker to and fro on a ring. For measuring long recordings."""

from __future__ import annotations

import numpy as np

from envs.keys import below
from envs.record_game import RecordGame
from envs.rules import Discrete, Mark, Option, Role, Spec, observation, rule, state
from envs.words import choice

RULES = "Two players in turn push the marker of a ring of 64 cells left, right, or leave it. Every 1000 ticks its cell is noted."
SPEC = Spec(
    name="walk", title="Walk", rules=RULES, roles=(Role("player", 2, Discrete(3)),), limit=200_000,
    traits=frozenset({"perfect", "chance"}), points=(0.0, 200_000.0),
    options={"length": Option(1000, 1, 200_000, help="ticks of an episode")},
)  # fmt: skip
STATE = state(("cell", np.int16), ("cells", np.int16, (64,)), ("drift", np.int8))
OBS = {"*": observation(("cell", np.int16), ("drift", np.int8))}
NAMES = ("left", "stay", "right")


@rule
def init(s, c, key):
    s.cell = below(key, 64)


@rule
def acting(s, c, seats):
    seats[s.tick % 2] = True


@rule
def legal(s, c, seat, mask):
    mask[0] = True
    mask[1] = True
    mask[2] = True


@rule
def play(s, c, actions, key):
    seat = s.tick % 2
    s.drift = below(key, 3) - 1
    s.cell = (s.cell + actions[seat, 0] - 1 + s.drift + 64) % 64
    s.cells[s.cell] = (s.cells[s.cell] + 1) % 1000
    if s.cell == 0:
        s.reward[seat] = 1


@rule
def observe(s, c, seat, obs):
    obs.cell = s.cell
    obs.drift = s.drift


def say(obs, c):
    return f"The marker is in cell {obs.cell}."


def parse(text, obs, c, legal):
    return choice(text, {name: n for n, name in enumerate(NAMES)}, legal)


def form(action, obs, c):
    return NAMES[action]


name = form


def tell(before, actions, after, c):
    return [Mark("note", f"tick {after.tick}: cell {after.cell}")] if after.tick % 1000 == 0 else []


def draw(obs, c, canvas):
    canvas.size(8, 8)
    canvas.rect(0, 0, 8, 8, "board")
    canvas.disc(obs.cell % 8 + 0.5, obs.cell // 8 + 0.5, 0.4, "seat0")


def build(length: int = 1000) -> RecordGame:
    return RecordGame(globals(), SPEC.replace(limit=length), state=STATE, observations=OBS)
