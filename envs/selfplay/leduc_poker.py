"""Leduc poker: two seats, six cards, two rounds of betting with one public card between them.

Source: Southey et al., "Bayes' Bluff: Opponent Modelling in Poker" (UAI 2005). Actions and returns agree with
OpenSpiel's leduc_poker for two players; card k has rank k // 2 (J, Q, K) and suit k % 2.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.canvas import Canvas, seat_colour
from envs.keys import below, fold
from envs.record_game import RecordGame
from envs.rules import Discrete, Mark, Refusal, Role, Spec, View, observation, rule, state
from envs.words import choice, plural

# ------------------------------------------------------------------ 1. the rules in words
FOLD, CALL, RAISE = 0, 1, 2
CARDS, ROUNDS, ACTS, RAISES = 6, 2, 4, 2
SIZES = (2, 4)
MOST = 13
"""Chips that one seat can put in at most: the ante, two raises of 2, two raises of 4."""

RULES = """\
Two players play with six cards: J, Q and K (K is the highest) in two suits, spades (s) and hearts (h). Each puts one
chip into the pot and gets one private card. In the first round of betting a raise adds 2 chips to what the other has
put in; then a public card is turned up, and in the second round a raise adds 4. Player 1 begins both rounds. A player
may call (put in as much as the other; a check if nothing is missing), raise (at most two raises in a round, both
players together) or, when facing a raise, fold and give the pot away. A round ends when a raise is called or both have
checked. After the second round a private card of the same rank as the public one wins; if nobody has such a pair the
higher rank wins; equal ranks split the pot. Suits do not count. Answer with fold, call or raise."""

SPEC = Spec(
    name="leduc_poker",
    title="Leduc poker",
    rules=RULES,
    roles=(Role("player", 2, Discrete(3), {"flat": View((2 * CARDS + 3 * ROUNDS * ACTS + 3,))}),),
    limit=ROUNDS * ACTS,
    traits=frozenset({"zero_sum", "hidden", "chance", "enumerable"}),
    points=(-float(MOST), float(MOST)),
)

# ------------------------------------------------------------------ 2. the state
_SHARED = (
    ("cards", np.int8, (2,)), ("public", np.int8), ("bets", np.int8, (2,)),
    ("round", np.int8), ("raises", np.int8), ("count", np.int8), ("acts", np.int8, (ROUNDS, ACTS)),
)  # fmt: skip
STATE = state(*_SHARED, ("dealt", np.bool_))
OBS = {"*": observation(*_SHARED)}
"""cards: 0 to 5, -1 not known to who looks; public: -1 before it is turned up; bets: chips in the pot per seat;
round: 0 or 1; raises, count: raises and acts of this round; acts: per round, -1 not played, 0 fold, 1 call, 2 raise."""


# ------------------------------------------------------------------ 3. the rules
@rule
def init(s, c, key):
    s.public = -1
    for seat in range(2):
        s.cards[seat] = -1
        s.bets[seat] = 1
    for i in range(ROUNDS):
        for j in range(ACTS):
            s.acts[i, j] = -1


@rule
def chances(s, c):
    if not s.dealt:
        return CARDS * (CARDS - 1)
    return CARDS - 2 if s.round == 1 and s.public < 0 else 1


@rule
def chance(s, c, i):
    """The ordered pair i of private cards, then the i-th lowest card that is left."""
    if s.dealt:
        s.public = remaining(s, i)
    else:
        s.cards[0] = i // (CARDS - 1)
        s.cards[1] = remaining(s, i % (CARDS - 1))
        s.dealt = True


@rule
def remaining(s, i):
    """The i-th lowest card that is in no known place."""
    for card in range(CARDS):
        if card != s.cards[0] and card != s.cards[1] and card != s.public:
            if i == 0:
                return card
            i -= 1
    return -1


@rule
def acting(s, c, seats):
    seats[s.count % 2] = True


@rule
def legal(s, c, seat, mask):
    mask[FOLD] = s.bets[seat] < s.bets[1 - seat]
    mask[CALL] = True
    mask[RAISE] = s.raises < RAISES


@rule
def play(s, c, actions, key):
    seat = s.count % 2
    act = actions[seat, 0]
    s.acts[s.round, s.count] = act
    s.count += 1
    if act == FOLD:
        pay(s, 1 - seat)
    elif act == RAISE:
        s.raises += 1
        s.bets[seat] = s.bets[1 - seat] + SIZES[s.round]
    else:
        s.bets[seat] = s.bets[1 - seat]
        if s.count > 1:
            close(s)


@rule
def close(s):
    """The end of a round: the public card is due, or the cards are shown."""
    if s.round == 0:
        s.round = 1
        s.count = 0
        s.raises = 0
    else:
        ours = strength(s, 0)
        theirs = strength(s, 1)
        if ours == theirs:
            s.done = True
        else:
            pay(s, 0 if ours > theirs else 1)


@rule
def strength(s, seat):
    """Higher wins: the rank, and any pair above all ranks."""
    rank = s.cards[seat] // 2
    return rank + 3 if rank == s.public // 2 else rank


@rule
def pay(s, winner):
    """The winner gets what the other put into the pot."""
    s.reward[winner] = s.bets[1 - winner]
    s.reward[1 - winner] = -s.bets[1 - winner]
    s.done = True


@rule
def observe(s, c, seat, obs):
    copy_open(s, obs)
    for p in range(2):
        # The cards are shown when nobody folded: only a fold leaves unequal bets at the end.
        shown = seat in (p, -1) or (s.done and s.bets[0] == s.bets[1])
        obs.cards[p] = s.cards[p] if shown else -1


@rule
def copy_open(source, target):
    """What lies open on the table: all but the private cards."""
    target.public = source.public
    target.round = source.round
    target.raises = source.raises
    target.count = source.count
    for p in range(2):
        target.bets[p] = source.bets[p]
    for i in range(ROUNDS):
        for j in range(ACTS):
            target.acts[i, j] = source.acts[i, j]


@rule
def imagine(obs, c, seat, key, s):
    copy_open(obs, s)
    s.dealt = True
    left = CARDS if obs.public < 0 else CARDS - 1
    for p in range(2):
        s.cards[p] = obs.cards[p]
        if obs.cards[p] >= 0:
            left -= 1
    for p in range(2):
        if s.cards[p] < 0:
            s.cards[p] = remaining(s, below(fold(key, p), left))
            left -= 1


@rule
def encode_flat(obs, c, out):
    """39 numbers: own card one-hot (6), public card (6), eight acts (24), own and other's chips / 13, own seat."""
    seat = obs.seat if obs.seat > 0 else 0
    if obs.cards[seat] >= 0:
        out[obs.cards[seat]] = 1.0
    if obs.public >= 0:
        out[CARDS + obs.public] = 1.0
    for i in range(ROUNDS):
        for j in range(ACTS):
            if obs.acts[i, j] >= 0:
                out[2 * CARDS + 3 * (ACTS * i + j) + obs.acts[i, j]] = 1.0
    last = 2 * CARDS + 3 * ROUNDS * ACTS
    out[last] = obs.bets[seat] / MOST
    out[last + 1] = obs.bets[1 - seat] / MOST
    out[last + 2] = seat


# ------------------------------------------------------------------ 4. words
def _card(value: int) -> str:
    return "JQK"[value // 2] + "sh"[value % 2] if value >= 0 else "?"


def _word(act: int, facing: bool) -> str:
    return ("fold", "call" if facing else "check", "raise")[act]


def _words(acts: list[int]) -> list[str]:
    """The acts of one round; player 1 begins."""
    return [_word(act, RAISE in acts[:i]) for i, act in enumerate(acts) if act >= 0]


def _history(acts: list[int]) -> str:
    """For example: player 1 checks, player 2 raises."""
    return ", ".join(f"player {i % 2 + 1} {word}s" for i, word in enumerate(_words(acts))) or "nothing yet"


def say(obs: Any, c: Any) -> str:
    if obs.seat >= 0:
        lines = [f"You are player {obs.seat + 1}. Your card is {_card(obs.cards[obs.seat])}."]
        if obs.cards[1 - obs.seat] >= 0:
            lines.append(f"The other's card is {_card(obs.cards[1 - obs.seat])}.")
    else:
        lines = [f"Cards: {_card(obs.cards[0])} and {_card(obs.cards[1])}."]
    lines.append(f"Round 1: {_history(obs.acts[0].tolist())}.")
    if obs.round == 1:
        lines += [f"Public card: {_card(obs.public)}.", f"Round 2: {_history(obs.acts[1].tolist())}."]
    lines.append(f"Chips in the pot: player 1 {obs.bets[0]}, player 2 {obs.bets[1]}.")
    lines.append("The game is over." if obs.done else f"Player {obs.count % 2 + 1} is to act.")
    return "\n".join(lines)


def parse(text: str, obs: Any, c: Any, legal: Any) -> list[int] | Refusal:
    facing = obs.bets[0] != obs.bets[1]
    # "check" and "bet" are what people say when nothing is missing; with a raise to face they would be mistakes.
    polite = {} if facing else {"check": CALL, "bet": RAISE}
    return choice(text, {"fold": FOLD, "call": CALL, "raise": RAISE} | polite, legal)


def form(action: int, obs: Any, c: Any) -> str:
    return ("fold", "call", "raise")[action]


def name(action: int, obs: Any, c: Any) -> str:
    return _word(action, bool(obs.bets[0] != obs.bets[1]))


def tell(before: Any, actions: dict[int, int], after: Any, c: Any) -> list[Mark]:
    seat, act = next(iter(actions.items()))
    word = _word(act, bool(before.bets[0] != before.bets[1]))
    marks = [Mark(word, f"player {seat + 1} {word}s", seat)]
    if after.public != before.public:
        marks.append(Mark("card", f"the public card is {_card(after.public)}"))
    if after.done:
        winner = int(after.reward.argmax())
        won = int(after.reward[winner])
        pair = " with a pair" if act != FOLD and after.cards[winner] // 2 == after.public // 2 else ""
        win = Mark("win", f"player {winner + 1} wins {plural(won, 'chip')}{pair}", winner)
        marks.append(win if won else Mark("split", "equal ranks: the pot is split"))
    return marks


# ------------------------------------------------------------------ 5. drawing
def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    canvas.size(14, 8)
    middle = ("public", "muted", obs.public, f"pot {int(obs.bets.sum())}")
    left, right = (
        (f"player {p + 1}", seat_colour(p), obs.cards[p], plural(int(obs.bets[p]), "chip")) for p in range(2)
    )
    for i, (title, colour, card, chips) in enumerate((left, middle, right)):
        x = 1 + 4.75 * i
        canvas.text(x + 1.25, 0.5, title, colour)
        if not obs.done and 2 * (obs.count % 2) == i:
            canvas.rect(x - 0.5, 1, 3.5, 4, "highlight")
        canvas.rect(x, 1.5, 2.5, 3, "card" if card >= 0 else "board")
        canvas.text(x + 1.25, 3, _card(card), ("ink", "bad")[card % 2] if card >= 0 else "text")
        canvas.text(x + 1.25, 5.5, chips, "gold")
    for i in range(ROUNDS):
        words = " ".join(_words(obs.acts[i].tolist()))
        canvas.text(0.5, 6.5 + i, f"round {i + 1}: {words}", "text" if obs.round == i else "muted", "left")


def build() -> RecordGame:
    return RecordGame(globals(), SPEC, state=STATE, observations=OBS)
