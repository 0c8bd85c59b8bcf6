"""A probe for searches: two kinds of seats that see different things, an action of two factors, a hidden configuration.

The setter turns two dials to the numbers that it sees, one of them secret; the guesser then sees both dials and repeats
them. Each right dial is a point for both.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.keys import below, fold
from envs.record_game import RecordGame
from envs.rules import MultiDiscrete, Role, Spec, View, config, observation, rule, state

SPEC = Spec(
    name="switches",
    title="Switches",
    rules="Turn both dials to the numbers that you see.",
    roles=(
        Role("setter", 1, MultiDiscrete((3, 5)), {"flat": View((2,))}),
        Role("guesser", 1, MultiDiscrete((3, 5)), {"flat": View((2,))}),
    ),
    limit=2,
    traits=frozenset({"hidden", "chance"}),
    points=(0.0, 4.0),
)
STATE = state(("wanted", np.int8, (2,)), ("dials", np.int8, (2,)), ("turn", np.int8))
CONFIG = config(("secret", np.int8), hidden=("secret",))
OBS = {
    "setter": observation(("wanted", np.int8, (2,))),
    "guesser": observation(("dials", np.int8, (2,)), ("noise", np.int8, (9,))),
    "spectator": observation(("wanted", np.int8, (2,)), ("dials", np.int8, (2,))),
    "public": observation(("turn", np.int8)),
}


@rule
def init(s, c, key):
    s.wanted[0] = below(fold(key, 0), 3)
    s.wanted[1] = below(fold(key, 1), 5)


@rule
def acting(s, c, seats):
    seats[s.turn] = True


@rule
def legal(s, c, seat, mask):
    for i in range(len(mask)):
        mask[i] = True


@rule
def play(s, c, actions, key):
    for i in range(2):
        right = actions[s.turn, i] == s.wanted[i]
        s.reward[0] += 1 if right else 0
        s.reward[1] += 1 if right else 0
        if s.turn == 0:
            s.dials[i] = s.wanted[i]
    s.done = s.turn == 1
    s.turn += 1


@rule
def observe_setter(s, c, seat, obs):
    for i in range(2):
        obs.wanted[i] = s.wanted[i]


@rule
def observe_guesser(s, c, seat, obs):
    for i in range(2):
        obs.dials[i] = s.dials[i]


@rule
def observe_spectator(s, c, seat, obs):
    for i in range(2):
        obs.wanted[i] = s.wanted[i]
        obs.dials[i] = s.dials[i]


@rule
def observe_public(s, c, seat, obs):
    obs.turn = s.turn


@rule
def imagine_setter(obs, c, seat, key, s):
    for i in range(2):
        s.wanted[i] = obs.wanted[i]


@rule
def imagine_guesser(obs, c, seat, key, s):
    s.turn = 1
    for i in range(2):
        s.wanted[i] = obs.dials[i]
        s.dials[i] = obs.dials[i]


def say(obs: Any, c: Any) -> str:
    return "two dials"


def parse(text: str, obs: Any, c: Any, legal: Any) -> list[list[int]]:
    return [[int(each) for each in text.split()]]


def form(action: list[int], obs: Any, c: Any) -> str:
    return " ".join(map(str, action))


name = form


def tell(before: Any, actions: Any, after: Any, c: Any) -> list[Any]:
    return []


def draw(obs: Any, c: Any, canvas: Any) -> None:
    canvas.size(1, 1)


def build() -> RecordGame:
    return RecordGame(globals(), SPEC, state=STATE, config=CONFIG, observations=OBS, values={"secret": 7})
