"""A probe: actions are numbers. Two seats name a point of the plane at once, in fixed point, and want to name the same one."""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.canvas import Canvas, seat_colour
from envs.record_game import RecordGame
from envs.rules import Box, Mark, Refusal, Role, Spec, View, observation, rule, state

# ------------------------------------------------------------------ 1. the rules in words
ROUNDS, REACH = 3, 20
MOST = 2 * (2 * REACH) ** 2

SPEC = Spec(
    name="probe_meeting",
    title="Meeting",
    rules="In each of three rounds both players name a point at once, each coordinate from -2 to 2 in steps of 0.1. The nearer the two "
    "points, the more both gain, up to one point a round. Answer with two numbers, for example 0.5 -1.2.",
    roles=(Role("player", 2, Box((-REACH, -REACH), (REACH, REACH), (0.1, 0.1)), {"flat": View((4,), low=-1.0)}),),
    limit=ROUNDS,
    traits=frozenset({"simultaneous", "perfect"}),
    scale=MOST,
    points=(0.0, float(ROUNDS)),
)

# ------------------------------------------------------------------ 2. the state: the points of the last round
STATE = state(("at", np.int8, (2, 2)))
OBS = {"*": observation(("at", np.int8, (2, 2)))}


# ------------------------------------------------------------------ 3. the rules
@rule
def init(s, c, key):
    s.at[0, 0] = 0


@rule
def acting(s, c, seats):
    seats[0] = True
    seats[1] = True


@rule
def legal(s, c, seat, mask):
    return


@rule
def play(s, c, actions, key):
    apart = 0
    for k in range(2):
        apart += (actions[0, k] - actions[1, k]) ** 2
        s.at[0, k] = actions[0, k]
        s.at[1, k] = actions[1, k]
    s.reward[0] = MOST - apart
    s.reward[1] = MOST - apart
    s.done = s.tick == ROUNDS - 1


@rule
def observe(s, c, seat, obs):
    for p in range(2):
        for k in range(2):
            obs.at[p, k] = s.at[p, k]


@rule
def imagine(obs, c, seat, key, s):
    for p in range(2):
        for k in range(2):
            s.at[p, k] = obs.at[p, k]


@rule
def encode_flat(obs, c, out):
    for p in range(2):
        for k in range(2):
            out[2 * p + k] = obs.at[p, k] / REACH


# ------------------------------------------------------------------ 4. words
def say(obs: Any, c: Any) -> str:
    return f"Round {obs.tick} of {ROUNDS}; last points: " + "; ".join(form(at, obs, c) for at in obs.at.tolist())


def parse(text: str, obs: Any, c: Any, legal: Any) -> list[list[int]] | Refusal:
    try:
        action = [round(10 * float(number)) for number in text.split()[:3]]
    except (ValueError, OverflowError):
        action = []
    return [action] if action in legal else Refusal("answer with two numbers from -2 to 2, for example 0.5 -1.2")


def form(action: list[int], obs: Any, c: Any) -> str:
    return " ".join(f"{value / 10:g}" for value in action)


name = form


def tell(before: Any, actions: dict[int, list[int]], after: Any, c: Any) -> list[Mark]:
    return [Mark("met", "both named the same point")] if actions[0] == actions[1] else []


# ------------------------------------------------------------------ 5. drawing
def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    canvas.size(4, 4)
    for seat, (x, y) in enumerate(obs.at.tolist()):
        canvas.disc(2 + x / 10, 2 - y / 10, 0.2, seat_colour(seat))


def build() -> RecordGame:
    return RecordGame(globals(), SPEC, state=STATE, observations=OBS)
