"""A probe: two roles that know different things. A proposer writes a number (a Box), then the solvers guess it all at once, twice."""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.canvas import Canvas, seat_colour
from envs.keys import below
from envs.record_game import RecordGame
from envs.rules import Box, Discrete, Mark, Option, Refusal, Role, Spec, View, observation, rule, state
from envs.words import choice, listed

# ------------------------------------------------------------------ 1. the rules in words
NUMBERS, TURNS = 10, 2
SOLVERS = 3


def declared(solvers: int) -> Spec:
    """The game's declaration for so many solvers."""
    return Spec(
        name="probe_guess",
        title="Guess the number",
        rules="The proposer picks a number from 0 to 9. All solvers guess it at once, twice, and learn in between whether it is "
        "lower or higher than their guess. A hit is worth half a point. Answer with a number.",
        roles=(
            Role("proposer", 1, Box((0,), (NUMBERS - 1,), (0.5,)), {"sight": View((NUMBERS,))}),
            Role("solver", solvers, Discrete(NUMBERS), {"sight": View((NUMBERS,))}),
        ),
        limit=1 + TURNS,
        traits=frozenset({"simultaneous", "hidden"} if solvers > 1 else {"hidden"}),
        options={"solvers": Option(SOLVERS, 1, 6, help="number of solvers")},
        scale=2,
        points=(0.0, solvers * TURNS / 2),
    )


SPEC = declared(SOLVERS)


# ------------------------------------------------------------------ 2. the state: guesses[turn, solver], -1 not yet
def fields(solvers: int) -> dict[str, Any]:
    """The state and what each role knows, for so many solvers."""
    guesses = ("guesses", np.int8, (TURNS, solvers))
    all_known = observation(("target", np.int8), guesses)
    bounds = (("low", np.int8), ("high", np.int8))
    seen = {
        "proposer": all_known,
        "spectator": all_known,
        "solver": observation(guesses, *bounds),
        "public": observation(guesses),
    }
    return {"state": state(("target", np.int8), guesses), "observations": seen}


# ------------------------------------------------------------------ 3. the rules
@rule
def init(s, c, key):
    s.target = -1
    for turn in range(TURNS):
        for j in range(s.guesses.shape[1]):
            s.guesses[turn, j] = -1


@rule
def acting(s, c, seats):
    if s.tick == 0:
        seats[0] = True
    else:
        for seat in range(1, len(seats)):
            seats[seat] = True


@rule
def legal(s, c, seat, mask):
    if seat > 0:
        for number in range(NUMBERS):
            mask[number] = True


@rule
def play(s, c, actions, key):
    if s.tick == 0:
        s.target = actions[0, 0]
        return
    for j in range(s.guesses.shape[1]):
        guess = actions[1 + j, 0]
        s.guesses[s.tick - 1, j] = guess
        if guess == s.target:
            s.reward[1 + j] = 1
        else:
            s.reward[0] += 1
    if s.tick == TURNS:
        s.done = True


@rule
def copy_guesses(source, target):
    for turn in range(TURNS):
        for j in range(source.guesses.shape[1]):
            target.guesses[turn, j] = source.guesses[turn, j]


@rule
def observe_proposer(s, c, seat, obs):
    obs.target = s.target
    copy_guesses(s, obs)


@rule
def observe_spectator(s, c, seat, obs):
    obs.target = s.target
    copy_guesses(s, obs)


@rule
def observe_public(s, c, seat, obs):
    copy_guesses(s, obs)


@rule
def observe_solver(s, c, seat, obs):
    copy_guesses(s, obs)
    obs.low = 0
    obs.high = NUMBERS - 1
    for turn in range(TURNS):
        guess = s.guesses[turn, seat - 1]
        if guess >= 0:
            if s.target >= guess:
                obs.low = max(obs.low, guess + (0 if s.target == guess else 1))
            if s.target <= guess:
                obs.high = min(obs.high, guess - (0 if s.target == guess else 1))


@rule
def imagine_proposer(obs, c, seat, key, s):
    s.target = obs.target
    copy_guesses(obs, s)


@rule
def imagine_spectator(obs, c, seat, key, s):
    s.target = obs.target
    copy_guesses(obs, s)


@rule
def imagine_solver(obs, c, seat, key, s):
    copy_guesses(obs, s)
    s.target = -1 if obs.tick == 0 else obs.low + below(key, obs.high - obs.low + 1)


@rule
def encode_sight_proposer(obs, c, out):
    if obs.target >= 0:
        out[obs.target] = 1.0


@rule
def encode_sight_spectator(obs, c, out):
    if obs.target >= 0:
        out[obs.target] = 1.0


@rule
def encode_sight_solver(obs, c, out):
    for number in range(obs.low, obs.high + 1):
        out[number] = 1.0


# ------------------------------------------------------------------ 4. words
def say(obs: Any, c: Any) -> str:
    known = f"The number is from {obs.low} to {obs.high}." if obs.seat > 0 else ""
    if obs.seat in {0, -1}:
        known = f"The number is {obs.target}." if obs.target >= 0 else "There is no number yet."
    return f"{known} Guesses: {[[int(g) for g in row if g >= 0] for row in obs.guesses]}."


def parse(text: str, obs: Any, c: Any, legal: Any) -> list[int] | Refusal:
    if obs.seat > 0:
        return choice(text, {str(number): number for number in range(NUMBERS)}, legal, "number")
    numbers = [str(number) for number in range(NUMBERS)]
    return (
        [int(text)]
        if text.strip() in numbers
        else Refusal(f"{text[:20]!r} is no number: answer with {listed(numbers)}")
    )


def form(action: int, obs: Any, c: Any) -> str:
    return str(action)


def name(action: int, obs: Any, c: Any) -> str:
    return f"{'number' if obs.seat == 0 else 'guess'} {action}"


def tell(before: Any, actions: dict[int, int], after: Any, c: Any) -> list[Mark]:
    if before.tick == 0:
        return [Mark("number", f"the number is {after.target}", 0, audience=0)]
    return [
        Mark("hit", f"solver {seat} has guessed it", seat) for seat, guess in actions.items() if guess == after.target
    ]


# ------------------------------------------------------------------ 5. drawing
def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    canvas.size(NUMBERS, 1 + len(obs.guesses[0]))
    for number in range(NUMBERS):
        canvas.text(number + 0.5, 0.5, str(number))
    for turn in obs.guesses:
        for j, guess in enumerate(turn):
            if guess >= 0:
                canvas.disc(guess + 0.5, j + 1.5, 0.4, seat_colour(j + 1))


def build(solvers: int = SOLVERS) -> RecordGame:
    return RecordGame(globals(), declared(solvers), **fields(solvers))
