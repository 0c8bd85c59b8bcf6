"""A game for tests of memory: each of two seats is shown a colour at its first turn and must name it later, when nothing shows it.

The view that a seat has when it must answer is the same for both colours, so whatever reads one view alone is right half of the time.
"""

from __future__ import annotations

from typing import Any

from envs.canvas import Canvas
from envs.keys import below, fold
from envs.plain import PlainGame
from envs.rules import Discrete, Role, Spec, View

SPEC = Spec(
    name="recalled",
    title="Recalled",
    rules="You are shown a colour, 0 or 1, when you are first asked. Later you are asked for it: answer with its number.",
    roles=(Role("player", 2, Discrete(2), {"flat": View((4,)), "planes": View((1, 2, 2)), "rows": View((2, 2))}),),
    limit=8,
    traits=frozenset({"hidden", "chance"}),
)
"""A right answer is a point, a wrong one costs one. There are one or two turns of waiting in between."""


def init(s: Any, c: Any, key: int) -> None:
    s.colours = [int(below(fold(key, seat), 2)) for seat in range(2)]
    s.waits = 1 + int(below(fold(key, 2), 2))


def acting(s: Any, c: Any, seats: list[bool]) -> None:
    seats[s.tick % 2] = True


def legal(s: Any, c: Any, seat: int, mask: list[bool]) -> None:
    mask[:] = [True, True]


def play(s: Any, c: Any, actions: Any, key: int) -> None:
    seat, turn = s.tick % 2, s.tick // 2
    if turn > s.waits:
        s.reward[seat] = 1 if actions[seat][0] == s.colours[seat] else -1
        s.done = seat == 1


def observe(s: Any, c: Any, seat: int, obs: Any) -> None:
    shown = s.tick < 2 and seat >= 0
    obs.colour = s.colours[seat] if shown else -1
    obs.asked = s.tick // 2 > s.waits


def encode_flat(obs: Any, c: Any, out: Any) -> None:
    if obs.colour >= 0:
        out[obs.colour] = 1.0
    out[2 if obs.asked else 3] = 1.0


def encode_planes(obs: Any, c: Any, out: Any) -> None:
    encode_flat(obs, c, out.reshape(-1))


encode_rows = encode_planes


def say(obs: Any, c: Any) -> str:
    return f"The colour is {obs.colour}." if obs.colour >= 0 else "Which colour was it?" if obs.asked else "Wait."


def parse(text: str, obs: Any, c: Any, legal: Any) -> list[list[int]]:
    return [[int(text)]]


def form(action: int, obs: Any, c: Any) -> str:
    return str(action)


name = form


def tell(before: Any, actions: Any, after: Any, c: Any) -> list[Any]:
    return []


def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    canvas.size(1, 1)


def build() -> PlainGame:
    return PlainGame(globals(), SPEC)
