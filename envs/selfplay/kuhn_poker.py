"""Kuhn poker: two seats, three cards, one chip to win or two; the smallest game with hidden cards and bluffing.

Source: Kuhn, "A simplified two-person poker" (1950). Actions and returns agree with OpenSpiel's kuhn_poker.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.canvas import Canvas, seat_colour
from envs.keys import below
from envs.record_game import RecordGame
from envs.rules import Discrete, Mark, Refusal, Role, Spec, View, observation, rule, state
from envs.words import choice, plural

# ------------------------------------------------------------------ 1. the rules in words
PASS, BET = 0, 1
DEALS = ((0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1))
CARDS = "JQK"

RULES = """\
Two players put one chip each into the pot and get one card each from a deck of three: J, Q, K (K is the highest). In turn
a player passes or bets one chip. After a bet the other may bet too (a call) or pass (a fold, which gives the pot away).
When both have passed, or a bet was called, the higher card wins the pot. Answer with pass or bet."""

SPEC = Spec(
    name="kuhn_poker",
    title="Kuhn poker",
    rules=RULES,
    roles=(Role("player", 2, Discrete(2), {"flat": View((11,))}),),
    limit=3,
    traits=frozenset({"zero_sum", "hidden", "chance", "enumerable"}),
    points=(-2.0, 2.0),
)

# ------------------------------------------------------------------ 2. the state
STATE = state(("cards", np.int8, (2,)), ("bets", np.int8, (2,)), ("acts", np.int8, (3,)), ("dealt", np.bool_))
OBS = {"*": observation(("cards", np.int8, (2,)), ("bets", np.int8, (2,)), ("acts", np.int8, (3,)))}
"""cards: 0 J, 1 Q, 2 K, -1 not known to who looks; bets: chips in the pot per seat; acts: -1 not played, 0 pass, 1 bet."""


# ------------------------------------------------------------------ 3. the rules
@rule
def init(s, c, key):
    for i in range(3):
        s.acts[i] = -1
    for seat in range(2):
        s.cards[seat] = -1
        s.bets[seat] = 1


@rule
def chances(s, c):
    return 1 if s.dealt else len(DEALS)


@rule
def chance(s, c, i):
    s.cards[0] = DEALS[i][0]
    s.cards[1] = DEALS[i][1]
    s.dealt = True


@rule
def acting(s, c, seats):
    seats[s.tick % 2] = True


@rule
def legal(s, c, seat, mask):
    mask[PASS] = True
    mask[BET] = True


@rule
def play(s, c, actions, key):
    seat = s.tick % 2
    act = actions[seat, 0]
    s.acts[s.tick] = act
    s.bets[seat] += act
    if s.tick > 0:
        before = s.acts[s.tick - 1]
        if act == PASS and before == BET:
            pay(s, 1 - seat)
        elif act == before:
            pay(s, 0 if s.cards[0] > s.cards[1] else 1)


@rule
def pay(s, winner):
    """The winner gets what the other put into the pot."""
    s.reward[winner] = s.bets[1 - winner]
    s.reward[1 - winner] = -s.bets[1 - winner]
    s.done = True


@rule
def observe(s, c, seat, obs):
    for p in range(2):
        # The cards are shown when the last act was no fold.
        shown = seat in (p, -1) or (s.done and s.bets[0] == s.bets[1])
        obs.cards[p] = s.cards[p] if shown else -1
        obs.bets[p] = s.bets[p]
    for i in range(3):
        obs.acts[i] = s.acts[i]


@rule
def imagine(obs, c, seat, key, s):
    for i in range(3):
        s.acts[i] = obs.acts[i]
    for p in range(2):
        s.bets[p] = obs.bets[p]
        s.cards[p] = obs.cards[p]
    s.dealt = True
    if s.cards[0] < 0 and s.cards[1] < 0:
        deal = below(key, len(DEALS))
        s.cards[0] = DEALS[deal][0]
        s.cards[1] = DEALS[deal][1]
    for p in range(2):
        if s.cards[p] < 0:
            # One of the two cards that are left.
            s.cards[p] = (s.cards[1 - p] + 1 + below(key, 2)) % 3


@rule
def encode_flat(obs, c, out):
    """11 numbers: own card one-hot (3), then for each of the three acts not-yet / pass (1, 0) or bet (0, 1), then bets / 2."""
    if obs.seat >= 0:
        out[obs.cards[obs.seat]] = 1.0
    for i in range(3):
        if obs.acts[i] >= 0:
            out[3 + 2 * i + obs.acts[i]] = 1.0
    out[9] = obs.bets[0] / 2.0
    out[10] = obs.bets[1] / 2.0


# ------------------------------------------------------------------ 4. words
def _card(value: int) -> str:
    return CARDS[value] if value >= 0 else "?"


def say(obs: Any, c: Any) -> str:
    acts = [f"player {i % 2 + 1} {'bets' if act else 'passes'}" for i, act in enumerate(obs.acts.tolist()) if act >= 0]
    lines = [f"So far: {', '.join(acts) or 'nothing'}.", f"Pot: {plural(int(obs.bets.sum()), 'chip')}."]
    if obs.seat >= 0:
        lines.insert(0, f"You are player {obs.seat + 1}. Your card is {_card(obs.cards[obs.seat])}.")
    else:
        lines.insert(0, f"Cards: {_card(obs.cards[0])} and {_card(obs.cards[1])}.")
    return "\n".join(lines)


def parse(text: str, obs: Any, c: Any, legal: Any) -> list[int] | Refusal:
    return choice(text, {"pass": PASS, "bet": BET, "fold": PASS, "call": BET, "check": PASS}, legal)


def form(action: int, obs: Any, c: Any) -> str:
    return "bet" if action else "pass"


def name(action: int, obs: Any, c: Any) -> str:
    facing = obs.bets[0] != obs.bets[1]
    return ("call" if facing else "bet") if action else ("fold" if facing else "check")


def tell(before: Any, actions: dict[int, int], after: Any, c: Any) -> list[Mark]:
    seat, act = next(iter(actions.items()))
    facing = before.bets[0] != before.bets[1]
    word = ("calls" if facing else "bets") if act else ("folds" if facing else "checks")
    marks = [Mark("bet" if act else "pass", f"player {seat + 1} {word}", seat)]
    if after.done:
        winner = int(after.reward.argmax())
        marks.append(Mark("win", f"player {winner + 1} wins {plural(int(after.reward[winner]), 'chip')}", winner))
    return marks


# ------------------------------------------------------------------ 5. drawing
def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    canvas.size(10, 6)
    for seat in range(2):
        x = 1.0 + 5.5 * seat
        canvas.text(x + 1.25, 0.5, f"player {seat + 1}", seat_colour(seat))
        canvas.rect(x, 1, 2.5, 3, "card" if obs.cards[seat] >= 0 else "board")
        canvas.text(x + 1.25, 2.5, _card(obs.cards[seat]), "ink" if obs.cards[seat] >= 0 else "text")
        canvas.text(x + 1.25, 4.5, plural(int(obs.bets[seat]), "chip"), "gold")
    canvas.text(5, 5.5, f"pot {int(obs.bets.sum())}", "text")


def build() -> RecordGame:
    return RecordGame(globals(), SPEC, state=STATE, observations=OBS)
