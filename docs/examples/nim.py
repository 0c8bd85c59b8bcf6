"""Nim: two seats take stones from heaps of 1, 3, 5, ... stones; the example of a compiled game in docs/new-game.md.

Source of the rules: Bouton, "Nim, a game with a complete mathematical theory" (1901).
"""

import numpy as np

from envs.canvas import seat_colour
from envs.memory import copyto
from envs.record_game import RecordGame
from envs.rules import Discrete, Mark, Option, Role, Spec, View, config, observation, rule, state
from envs.words import choice, plural

# ------------------------------------------------------------------ 1. the rules in words
RULES = """\
Two players take stones in turn from {heaps} heaps of 1, 3, 5 and so on stones: one or more stones, all from one heap.
Who takes the very last stone {wins}. Answer for example with 2 from 3: two stones from the third heap."""


def declared(heaps, misere):
    """The game's declaration for these options."""
    return Spec(
        name="nim",
        title="Nim",
        rules=RULES.format(heaps=heaps, wins="loses" if misere else "wins"),
        roles=(Role("player", 2, Discrete(heaps * (2 * heaps - 1)), {"flat": View((heaps,))}),),
        limit=heaps**2,
        traits=frozenset({"zero_sum", "perfect"}),
        options={
            "heaps": Option(3, 1, 6, help="number of heaps"),
            "misere": Option(False, help="the last stone loses"),
        },
    )


SPEC = declared(3, False)
"""Action h * m + n takes n + 1 stones from heap h (0, 1, ...); m is the largest heap at the start."""

# ------------------------------------------------------------------ 2. the state: stones left in each heap
CONFIG = config(("misere", np.bool_))


# ------------------------------------------------------------------ 3. the rules
@rule
def init(s, c, key):
    for heap in range(len(s.heaps)):
        s.heaps[heap] = 2 * heap + 1


@rule
def acting(s, c, seats):
    seats[s.tick % 2] = True


@rule
def legal(s, c, seat, mask):
    most = 2 * len(s.heaps) - 1
    for heap in range(len(s.heaps)):
        for n in range(1, s.heaps[heap] + 1):
            mask[heap * most + n - 1] = True


@rule
def play(s, c, actions, key):
    seat = s.tick % 2
    most = 2 * len(s.heaps) - 1
    s.heaps[actions[seat, 0] // most] -= actions[seat, 0] % most + 1
    for stones in s.heaps:
        if stones > 0:
            return
    winner = 1 - seat if c.misere else seat
    s.reward[winner] = 1
    s.reward[1 - winner] = -1
    s.done = True


@rule
def observe(s, c, seat, obs):
    copyto(obs.heaps, s.heaps)


@rule
def imagine(obs, c, seat, key, s):
    copyto(s.heaps, obs.heaps)


@rule
def encode_flat(obs, c, out):
    for heap in range(len(obs.heaps)):
        out[heap] = obs.heaps[heap] / (2 * len(obs.heaps) - 1)


# ------------------------------------------------------------------ 4. words
def say(obs, c):
    heaps = "\n".join(f"heap {i + 1}: {plural(n, 'stone')}" for i, n in enumerate(obs.heaps.tolist()))
    return heaps + ("\nThe game is over." if obs.done else f"\nPlayer {obs.tick % 2 + 1} to move.")


def parse(text, obs, c, legal):
    return choice(text, {form(action, obs, c): action for action in range(len(legal.mask))}, legal)


def form(action, obs, c):
    heap, n = divmod(action, 2 * len(obs.heaps) - 1)
    return f"{n + 1} from {heap + 1}"


name = form


def tell(before, actions, after, c):
    winner = int(after.reward.argmax())
    return [Mark("win", f"player {winner + 1} wins", winner)] if after.done else []


# ------------------------------------------------------------------ 5. drawing
def draw(obs, c, canvas):
    heaps = obs.heaps.tolist()
    canvas.size(2 * len(heaps) + 1, len(heaps) + 1)
    for heap, stones in enumerate(heaps):
        canvas.text(0.75, heap + 1, str(heap + 1), "muted")
        for n in range(stones):
            canvas.disc(n + 2, heap + 1, 0.4, seat_colour(obs.tick % 2))


def build(heaps=3, misere=False):
    stones = ("heaps", np.int8, (heaps,))
    parts = {"state": state(stones), "observations": {"*": observation(stones)}, "config": CONFIG}
    return RecordGame(globals(), declared(heaps, misere), values={"misere": misere}, **parts)
