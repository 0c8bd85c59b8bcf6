"""A probe: two unlike seats with a hidden card each raise at once, three times; the sound game that tests of the conformance suite break.

All fields are single numbers, so that the same rules serve a record and a plain state.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.canvas import Canvas, seat_colour
from envs.keys import below, fold
from envs.record_game import RecordGame
from envs.rules import Discrete, Mark, Refusal, Role, Spec, View, config, observation, rule, state
from envs.words import choice

# ------------------------------------------------------------------ 1. the rules in words
CARDS, ROUNDS = 4, 3

SPEC = Spec(
    name="probe_duel",
    title="Duel",
    rules="Both players get a card from 0 to 3 that only they see. Three times they raise the stake at once, the challenger by 0 to 2, the "
    "defender by 0 or 1. Then the higher card wins the stake. Answer with a number.",
    roles=(
        Role("challenger", 1, Discrete(3), {"flat": View((2,))}),
        Role("defender", 1, Discrete(2), {"flat": View((2,))}),
    ),
    limit=ROUNDS + 1,
    traits=frozenset({"simultaneous", "hidden", "zero_sum", "chance"}),
    points=(-12.0, 12.0),
)

# ------------------------------------------------------------------ 2. the state: the cards and the stake
STATE = state(("first", np.int8), ("second", np.int8), ("stake", np.int8))
OBS = {"*": observation(("first", np.int8), ("second", np.int8), ("stake", np.int8))}
"""A card that who looks does not know is -1."""
CONFIG = config(("bonus", np.int8), hidden=("bonus",))
"""What the winner gets beside the stake."""


# ------------------------------------------------------------------ 3. the rules
@rule
def init(s, c, key):
    s.first = below(fold(key, 1), CARDS)
    s.second = below(fold(key, 2), CARDS)
    s.stake = 1


@rule
def acting(s, c, seats):
    seats[0] = True
    seats[1] = True


@rule
def legal(s, c, seat, mask):
    for raised in range(3 - seat):
        mask[raised] = True


@rule
def play(s, c, actions, key):
    s.stake += actions[0, 0] + actions[1, 0]
    if s.tick == ROUNDS - 1:
        s.done = True
        if s.first != s.second:
            won = s.stake + c.bonus if s.first > s.second else -s.stake - c.bonus
            s.reward[0] = won
            s.reward[1] = -won


@rule
def observe(s, c, seat, obs):
    shown = s.done or seat == -1
    obs.stake = s.stake
    obs.first = s.first if shown or seat == 0 else -1
    obs.second = s.second if shown or seat == 1 else -1


@rule
def imagine(obs, c, seat, key, s):
    s.stake = obs.stake
    s.first = obs.first if obs.first >= 0 else below(fold(key, 1), CARDS)
    s.second = obs.second if obs.second >= 0 else below(fold(key, 2), CARDS)


@rule
def encode_flat(obs, c, out):
    out[0] = (1 + max(obs.first, obs.second)) / CARDS
    out[1] = obs.stake / 10.0


# ------------------------------------------------------------------ 4. words
def say(obs: Any, c: Any) -> str:
    return f"Cards: {obs.first} and {obs.second} (-1 is hidden). Stake: {obs.stake}."


def parse(text: str, obs: Any, c: Any, legal: Any) -> list[int] | Refusal:
    return choice(text, {str(raised): raised for raised in range(3)}, legal, "raise")


def form(action: int, obs: Any, c: Any) -> str:
    return str(action)


def name(action: int, obs: Any, c: Any) -> str:
    return f"raise by {action}"


def tell(before: Any, actions: dict[int, int], after: Any, c: Any) -> list[Mark]:
    return [Mark("raise", f"the stake is {after.stake}")]


# ------------------------------------------------------------------ 5. drawing
def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    canvas.size(4, 2)
    for seat, card in enumerate((obs.first, obs.second)):
        canvas.text(1 + 2 * seat, 1, str(card), seat_colour(seat))


def build() -> RecordGame:
    return RecordGame(globals(), SPEC, state=STATE, observations=OBS, config=CONFIG, values={"bonus": 2})
