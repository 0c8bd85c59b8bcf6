"""Liar's dice for two to six seats: hidden dice, rising bids, a challenge costs a die, the last with dice wins.

Source of the rules: the common-hand form of Perudo (Dudo), as in Knizia, "Dice Games Properly Explained" (1999),
without its palifico round and without halved bids on ones. A seat without dice is `out`: it never acts again.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from envs.canvas import Canvas, seat_colour
from envs.keys import below, fold
from envs.record_game import RecordGame
from envs.rules import Discrete, Mark, Option, Refusal, Role, Spec, View, config, nested, observation, rule, state
from envs.words import choice

# ------------------------------------------------------------------ 1. the rules in words
FACES = 6
NOUNS = ("one", "two", "three", "four", "five", "six")

RULES = """\
{seats} players have {dice} each under a cup and see only their own. In turn a player bids how many dice of one face
lie under all cups together: "3 fives" means at least three. {ones}
A bid must be higher than the bid before it: more dice of any face, or as many dice of a higher face. It may not name
more dice than are left in the game. Instead of bidding a player may say "liar". Then all cups are lifted. If fewer dice
count for the bid than it says, the bidder loses a die, else the player who said liar does. All dice left are thrown
again, and the player who lost the die bids first, or the next one if it was the last die: who has no dice is out. The
last player with dice wins one point, which the others pay in equal parts. Answer with a bid, say 3 fives, or with liar."""


def shaped(seats: int, dice: int, wild: bool) -> dict[str, Any]:
    """What the options change in SPEC.

    A round with n dice left has at most 6 n bids and a challenge, and each round takes one die: that is the limit.
    Units: the winner gets seats - 1, each other pays 1; seats - 1 units make a point.
    """
    most = seats * dice
    ones = "Ones count as any face, but a bid on ones counts ones alone." if wild else "Ones are a face like any other."
    each = "one die" if dice == 1 else f"{NOUNS[dice - 1]} dice"
    return {
        "rules": RULES.format(seats=NOUNS[seats - 1].capitalize(), dice=each, ones=ones),
        "roles": (Role("player", seats, Discrete(FACES * most + 1), {"flat": View((9 * seats + FACES * most,))}),),
        "limit": sum(FACES * n + 1 for n in range(2, most + 1)),
        "scale": seats - 1,
        "points": (-1.0 / (seats - 1), 1.0),
    }


OPTIONS = {
    "seats": Option(2, 2, 6, help="players"),
    "dice": Option(5, 1, 5, help="dice of each player"),
    "wild": Option(False, help="ones count as any face"),
}
TRAITS = frozenset({"zero_sum", "hidden", "chance"})
SPEC = Spec("liars_dice", "Liar's dice", traits=TRAITS, options=OPTIONS, **shaped(2, 5, False))
"""Action (q - 1) * 6 + (f - 1) bids q dice of face f, so higher bids are higher numbers; the last action is liar."""

# ------------------------------------------------------------------ 2. the state
CONFIG = config(("dice", np.int8), ("wild", np.bool_))


def fields(seats: int, dice: int) -> tuple[tuple[Any, ...], ...]:
    """The fields of the state and of an observation.

    table is what everybody sees. dice left per seat; out: 1 for who has none; turn; bid: the last one's action or -1;
    said[a]: 0, or 1 + the seat that bid a in this round. Of the last challenge: called, the bid, -1 before the first;
    accused, accuser, loser; lifted[seat, face]: the dice shown. Of all challenges: how many, and how many were caught.
    hands[seat, face]: how many dice show face + 1; in an observation zero for seats whose dice are not known.
    """
    last = (("called", np.int16), ("accused", np.int8), ("accuser", np.int8), ("loser", np.int8))
    now = (("turn", np.int8), ("bid", np.int16), ("said", np.int8, (FACES * seats * dice,)))
    count = (("challenges", np.int16), ("caught", np.int16), ("dice", np.int8, (seats,)), ("out", np.int8, (seats,)))
    table = nested(*now, *last, *count, ("lifted", np.int8, (seats, FACES)))
    return ("table", table), ("hands", np.int8, (seats, FACES))


# ------------------------------------------------------------------ 3. the rules
@rule
def init(s, c, key):
    s.table.bid = -1
    s.table.called = -1
    for seat in range(len(s.hands)):
        s.table.dice[seat] = c.dice
    throw(s, -2, key)


@rule
def throw(s, keeper, key):
    """All dice fall anew but those of the keeper (-1: nobody's, -2: everybody's do); after the end there are none."""
    for seat in range(len(s.hands)):
        if keeper not in (seat, -1):
            for face in range(FACES):
                s.hands[seat, face] = 0
            for die in range(0 if s.done else s.table.dice[seat]):
                s.hands[seat, below(fold(fold(key, seat), die), FACES)] += 1


@rule
def acting(s, c, seats):
    seats[s.table.turn] = True


@rule
def legal(s, c, seat, mask):
    left = 0
    for p in range(len(s.hands)):
        left += s.table.dice[p]
    for bid in range(s.table.bid + 1, FACES * left):
        mask[bid] = True
    if s.table.bid >= 0:
        mask[len(s.table.said)] = True


@rule
def play(s, c, actions, key):
    seat = s.table.turn
    act = actions[seat, 0]
    if act < len(s.table.said):
        s.table.said[act] = seat + 1
        s.table.bid = act
        s.table.turn = living(s, seat + 1)
    else:
        challenge(s, c, seat)
        throw(s, -2, key)


@rule
def challenge(s, c, accuser):
    """Show all dice, take one from who was wrong, and begin a round with the loser or, if out, the next; or end."""
    table = s.table
    face = table.bid % FACES
    there = 0
    for seat in range(len(s.hands)):
        there += s.hands[seat, face]
        there += s.hands[seat, 0] if c.wild and face != 0 else 0
    bidder = table.said[table.bid] - 1
    caught = there <= table.bid // FACES
    loser = bidder if caught else accuser
    table.called, table.accused, table.accuser, table.loser = table.bid, bidder, accuser, loser
    table.lifted = s.hands
    table.challenges += 1
    table.caught += 1 if caught else 0
    table.bid = -1
    table.said[:] = 0
    table.dice[loser] -= 1
    table.out[loser] = 1 if table.dice[loser] == 0 else 0
    table.turn = living(s, loser)
    if living(s, table.turn + 1) == table.turn:
        for seat in range(len(s.hands)):
            s.reward[seat] = len(s.hands) - 1 if seat == table.turn else -1
        s.done = True


@rule
def living(s, first):
    """The first seat from `first` on, around the table, that has dice."""
    seats = len(s.hands)
    seat = first % seats
    while s.table.dice[seat] == 0:
        seat = (seat + 1) % seats
    return seat


@rule
def observe(s, c, seat, obs):
    obs.table = s.table
    for p in range(len(s.hands)):
        if seat in (p, -1):
            for face in range(FACES):
                obs.hands[p, face] = s.hands[p, face]


@rule
def imagine(obs, c, seat, key, s):
    """Dice that are not known fall as if nobody had bid: every throw is equally likely."""
    s.table = obs.table
    s.hands = obs.hands
    throw(s, seat, key)


@rule
def encode_flat(obs, c, out):
    """P seats, who looks first (seat 0 for others): dice known of each seat and face (6 P) and dice left (P), as parts
    of a full cup; whose the bid is (P), whose turn (P); then which bids were made in this round (6 for each die).
    """
    table = obs.table
    seats = len(obs.hands)
    for i in range(seats):
        seat = (max(obs.seat, 0) + i) % seats
        for face in range(FACES):
            out[FACES * i + face] = obs.hands[seat, face] / c.dice
        out[6 * seats + i] = table.dice[seat] / c.dice
        out[7 * seats + i] = 1.0 if table.bid >= 0 and table.said[table.bid] == seat + 1 else 0.0
        out[8 * seats + i] = 1.0 if table.turn == seat and not obs.done else 0.0
    for bid in range(len(table.said)):
        out[9 * seats + bid] = 1.0 if table.said[bid] > 0 else 0.0


# ------------------------------------------------------------------ 4. words
def _bid(quantity: int, face: int) -> str:
    """A bid in words; faces from 1 to 6: "1 five", "3 sixes"."""
    return f"{quantity} {NOUNS[face - 1]}{'' if quantity == 1 else 'es' if face == 6 else 's'}"


def form(action: int, obs: Any, c: Any) -> str:
    return "liar" if action == len(obs.table.said) else _bid(action // FACES + 1, action % FACES + 1)


name = form


def say(obs: Any, c: Any) -> str:
    table = obs.table
    known = [f"player {p + 1} {_faces(hand)}" for p, hand in enumerate(obs.hands) if hand.any()]
    left = ", ".join(f"player {p + 1} {n or 'none (out)'}" for p, n in enumerate(table.dice.tolist()))
    shown = "; ".join(f"player {p + 1} {_faces(hand)}" for p, hand in enumerate(table.lifted) if hand.any())
    bids = [f"player {seat} {form(bid, obs, c)}" for bid, seat in enumerate(table.said.tolist()) if seat]
    turn = f"Player {table.turn + 1} is to bid{' or to say liar' if bids else ''}."
    lines = [f"You are player {obs.seat + 1}."] if obs.seat >= 0 else []
    lines.append(f"Dice that you see: {'; '.join(known) or 'none'}.")
    lines.append(f"Dice left: {left}; {int(table.dice.sum())} in all.")
    lines += [f"Last challenge: {_verdict(obs, c)}. The dice were: {shown}."] if shown else []
    lines.append(f"Bids in this round: {', '.join(bids) or 'none'}.")
    return "\n".join([*lines, f"The game is over: player {table.turn + 1} has won." if obs.done else turn])


def _faces(hand: Any) -> str:
    """A hand's dice, ascending: "1 1 4"."""
    return " ".join(str(face + 1) for face in range(FACES) for _ in range(int(hand[face])))


def _verdict(seen: Any, c: Any) -> str:
    """What the last challenge brought; of an observation or a state."""
    table, face = seen.table, seen.table.called % FACES
    there = int(table.lifted[:, face].sum()) + (int(table.lifted[:, 0].sum()) if c.wild and face else 0)
    bid = f"player {table.accused + 1}'s {form(table.called, seen, c)}"
    return f"player {table.accuser + 1} doubted {bid}, there were {there}: player {table.loser + 1} lost a die"


def parse(text: str, obs: Any, c: Any, legal: Any) -> list[int] | Refusal:
    liar, wanted = len(obs.table.said), text[:200].strip().lower().removeprefix("bid ")
    if short := re.fullmatch(r"([0-9]{1,2})(?: ?x ?| )([1-6])s?", wanted):
        wanted = _bid(int(short[1]), int(short[2]))
    return choice(wanted, {form(action, obs, c): action for action in (liar, *range(liar))}, legal, "bid")


def tell(before: Any, actions: dict[int, int], after: Any, c: Any) -> list[Mark]:
    table, (seat, action) = after.table, next(iter(actions.items()))
    if action < len(table.said):
        return [Mark("bid", f"player {seat + 1} bids {form(action, after, c)}", seat)]
    loser, left = table.loser, int(table.dice[table.loser])
    marks = [Mark("challenge", _verdict(after, c), seat), Mark("loss", f"player {loser + 1}: dice left {left}", loser)]
    out = [Mark("out", f"player {loser + 1} is out", loser)] if left == 0 else []
    return marks + out + ([Mark("win", f"player {table.turn + 1} wins", table.turn)] if after.done else [])


def metrics(s: Any, c: Any) -> dict[str, Any]:
    """challenges made; how many of 1000 of them caught a liar (0 without any); dice that are left at the end."""
    made, caught = s.table.challenges, s.table.caught
    return {"challenges": made, "caught_per_mille": 1000 * caught // max(made, 1), "dice": int(s.table.dice.sum())}


# ------------------------------------------------------------------ 5. drawing
def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    table, seats = obs.table, len(obs.hands)
    canvas.size(20, 4 + 2 * seats)
    canvas.text(5.5, 0.5, "dice", "muted", "left")
    canvas.text(13.5, 0.5, "last bid", "muted", "left")
    for seat in range(seats):
        y, bids = 1.5 + 2 * seat, np.flatnonzero(table.said == seat + 1).tolist()
        if seat == table.turn:
            canvas.rect(0, y - 0.5, 0.5, 1, "good" if obs.done else "highlight")
        canvas.text(1, y, f"player {seat + 1}", "muted" if table.out[seat] else seat_colour(seat), "left")
        for die in range(c.dice):
            _draw_die(obs, c, seat, die, canvas)
        canvas.text(13.5, y, form(bids[-1], obs, c) if bids else "", "gold" if table.bid in bids else "muted", "left")
    last = _verdict(obs, c) if table.called >= 0 else "nobody has said liar yet"
    for row, line in enumerate((f"player {table.turn + 1} wins" if obs.done else last).split(", ", 1)):
        canvas.text(1, 1.5 + 2 * seats + row, line, "text", "left")


def _draw_die(obs: Any, c: Any, seat: int, die: int, canvas: Canvas) -> None:
    """A die's face where it is known, golden where it counts for the bid; a dot where the die is lost."""
    x, y, bid = 5.5 + 1.5 * die, 1.5 + 2 * seat, obs.table.bid
    face = ([*_faces(obs.hands[seat]).split(), *"?????"])[die]
    counts = bid >= 0 and (face == str(bid % FACES + 1) or (bool(c.wild) and face == "1"))
    if die < obs.table.dice[seat]:
        canvas.rect(x, y - 0.5, 1, 1, "board" if face == "?" else "gold" if counts else "card")
        canvas.text(x + 0.5, y, face, "muted" if face == "?" else "ink")
    else:
        canvas.disc(x + 0.5, y, 0.12, "grid")


def build(seats: int = 2, dice: int = 5, wild: bool = False) -> RecordGame:
    made, both = SPEC.replace(**shaped(seats, dice, wild)), fields(seats, dice)
    given: dict[str, Any] = {"state": state(*both), "observations": {"*": observation(*both)}, "config": CONFIG}
    return RecordGame(globals(), made, **given, values={"dice": dice, "wild": wild})
