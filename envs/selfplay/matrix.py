"""Repeated matrix games: two seats choose at the same time, round after round, and both then see both choices.

Sources: rock, paper, scissors, and a version whose equilibrium (1/7, 3/7, 3/7) is not uniform; the prisoner's dilemma
with the payoffs of Axelrod, "Effective Choice in the Prisoner's Dilemma" (1980); stag hunt and chicken with the ordinal
payoffs (4 the best, 1 the worst) of Rapoport and Guyer, "A Taxonomy of 2 x 2 Games" (1966).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from envs.canvas import Canvas, seat_colour
from envs.record_game import RecordGame
from envs.rules import Discrete, Mark, Option, Refusal, Role, Spec, View, config, observation, rule, state
from envs.words import choice, plural

# ------------------------------------------------------------------ 1. the rules in words
HISTORY = 16
"""How many of the last rounds are remembered."""


@dataclass(frozen=True)
class Matrix:
    """A symmetric game: payoffs[mine][other's] is what I get; marks are the acts' short names in a drawing."""

    title: str
    acts: tuple[str, ...]
    marks: tuple[str, ...]
    payoffs: tuple[tuple[int, ...], ...]

    @property
    def both(self) -> np.ndarray:
        """int16[2, n, n]: the payoff of each seat by the acts of seat 0 and seat 1."""
        rows = np.array(self.payoffs, np.int16)
        return np.stack([rows, rows.T])

    @property
    def table(self) -> str:
        """The payoffs in words, a line for each pair of acts."""
        pairs = [(i, j) for i in range(len(self.acts)) for j in range(len(self.acts))]
        return "\n".join(
            f"{self.acts[i]} against {self.acts[j]} gives you {self.payoffs[i][j]}, the other {self.payoffs[j][i]}."
            for i, j in pairs
        )

    @property
    def zero_sum(self) -> bool:
        return not self.both.sum(axis=0).any()


_HANDS = ("rock", "paper", "scissors"), ("R", "P", "S")
GAMES = {
    "rock_paper_scissors": Matrix("Rock, paper, scissors", *_HANDS, ((0, -1, 1), (1, 0, -1), (-1, 1, 0))),
    "perturbed_rps": Matrix("Perturbed rock, paper, scissors", *_HANDS, ((0, -3, 3), (3, 0, -1), (-3, 1, 0))),
    "prisoners_dilemma": Matrix("Prisoner's dilemma", ("cooperate", "defect"), ("C", "D"), ((3, 0), (5, 1))),
    "stag_hunt": Matrix("Stag hunt", ("stag", "hare"), ("S", "H"), ((4, 1), (3, 2))),
    "chicken": Matrix("Chicken", ("swerve", "straight"), ("~", "|"), ((3, 2), (4, 1))),
}
TABLE = tuple(GAMES.values())
ENUMERABLE = 10_000
"""A tree with at most so many ends is called enumerable."""

RULES = """\
Two players choose an act at the same time, in {rounds}; after each round both see both acts.
{table}
A player's score is the sum over all rounds. Answer with {acts}."""


def _spec(game: str, rounds: int) -> Spec:
    """The declaration of one matrix, repeated."""
    matrix = TABLE[list(GAMES).index(game)]
    n = len(matrix.acts)
    traits = {"simultaneous", "perfect"} | ({"zero_sum"} if matrix.zero_sum else set())
    payoffs = [payoff for row in matrix.payoffs for payoff in row]
    return Spec(
        name="matrix",
        title=matrix.title,
        rules=RULES.format(rounds=plural(rounds, "round"), table=matrix.table, acts=" or ".join(matrix.acts)),
        roles=(Role("player", 2, Discrete(n), {"flat": View((2 * n * HISTORY + 3,), low=-1.0)}),),
        limit=rounds,
        traits=frozenset(traits | ({"enumerable"} if n ** (2 * min(rounds, 20)) <= ENUMERABLE else set())),
        options={
            "game": Option("rock_paper_scissors", choices=tuple(GAMES), help="which matrix"),
            "rounds": Option(10, 1, 1000, help="how often it is played"),
        },
        points=(float(rounds * min(payoffs)), float(rounds * max(payoffs))),
    )


SPEC = _spec("rock_paper_scissors", 10)

# ------------------------------------------------------------------ 2. the state
_FIELDS = (("acts", np.int8, (HISTORY, 2)), ("total", np.int32, (2,)))
STATE = state(*_FIELDS)
OBS = {"*": observation(*_FIELDS)}
"""acts: the rounds played, the latest first, one column per seat, -1 where none was; total: the payoffs so far."""


def _config(n: int) -> Any:
    """game: the place in GAMES; payoffs[seat, act of seat 0, act of seat 1]; most: the largest absolute payoff."""
    return config(("game", np.int8), ("payoffs", np.int16, (2, n, n)), ("most", np.int16))


# ------------------------------------------------------------------ 3. the rules
@rule
def init(s, c, key):
    for i in range(HISTORY):
        s.acts[i, 0] = -1
        s.acts[i, 1] = -1


@rule
def acting(s, c, seats):
    seats[0] = True
    seats[1] = True


@rule
def legal(s, c, seat, mask):
    for act in range(len(mask)):
        mask[act] = True


@rule
def play(s, c, actions, key):
    for p in range(2):
        for i in range(HISTORY - 1, 0, -1):
            s.acts[i, p] = s.acts[i - 1, p]
        s.acts[0, p] = actions[p, 0]
        s.reward[p] = c.payoffs[p, actions[0, 0], actions[1, 0]]
        s.total[p] += s.reward[p]
    if s.tick + 1 == c.limit:
        s.done = True


@rule
def copy(source, target):
    for p in range(2):
        target.total[p] = source.total[p]
        for i in range(HISTORY):
            target.acts[i, p] = source.acts[i, p]


@rule
def observe(s, c, seat, obs):
    copy(s, obs)


@rule
def imagine(obs, c, seat, key, s):
    copy(obs, s)


@rule
def encode_flat(obs, c, out):
    """Per remembered round own and other's act, one-hot; own and other's mean payoff / most; share of rounds left."""
    own = 1 if obs.seat == 1 else 0
    n = len(c.payoffs[0])
    for i in range(HISTORY):
        if obs.acts[i, 0] >= 0:
            out[2 * n * i + obs.acts[i, own]] = 1.0
            out[2 * n * i + n + obs.acts[i, 1 - own]] = 1.0
    last = 2 * n * HISTORY
    played = obs.tick if obs.tick > 0 else 1
    out[last] = obs.total[own] / (played * c.most)
    out[last + 1] = obs.total[1 - own] / (played * c.most)
    out[last + 2] = (c.limit - obs.tick) / c.limit


# ------------------------------------------------------------------ 4. words
def _played(obs: Any) -> list[list[int]]:
    """The remembered rounds, the oldest first: [act of seat 0, act of seat 1]."""
    return [pair for pair in reversed(obs.acts.tolist()) if pair[0] >= 0]


def _payoffs(acts: list[int], c: Any) -> list[int]:
    payoffs: list[int] = c.payoffs[:, acts[0], acts[1]].tolist()
    return payoffs


def say(obs: Any, c: Any) -> str:
    own = max(obs.seat, 0)
    you, other = ("you", "the other") if obs.seat >= 0 else ("player 1", "player 2")
    rounds = _played(obs)
    lines = [f"Round {obs.tick + 1} of {c.limit}." if not obs.done else f"All {c.limit} rounds are played."]
    for number, acts in enumerate(rounds, obs.tick - len(rounds) + 1):
        (mine, got), (theirs, gave) = [(TABLE[c.game].acts[acts[p]], _payoffs(acts, c)[p]) for p in (own, 1 - own)]
        lines.append(f"Round {number}: {you} {mine}, {other} {theirs}: {got} to {gave}.")
    lines.append(f"Score: {you} {obs.total[own]}, {other} {obs.total[1 - own]}.")
    return "\n".join(lines)


def parse(text: str, obs: Any, c: Any, legal: Any) -> list[int] | Refusal:
    return choice(text, {word: act for act, word in enumerate(TABLE[c.game].acts)}, legal)


def form(action: int, obs: Any, c: Any) -> str:
    return str(TABLE[c.game].acts[action])


def name(action: int, obs: Any, c: Any) -> str:
    return form(action, obs, c)


def tell(before: Any, actions: dict[int, int], after: Any, c: Any) -> list[Mark]:
    acts = after.acts[0].tolist()
    names = [TABLE[c.game].acts[act] for act in acts]
    first, second = _payoffs(acts, c)
    marks = [Mark("round", f"{names[0]} against {names[1]}: {first} to {second}")]
    if after.done:
        first, second = after.total.tolist()
        ahead = -1 if first == second else int(second > first)
        marks.append(Mark("score", f"after {plural(c.limit, 'round')} {first} to {second}", ahead))
    return marks


def metrics(s: Any, c: Any) -> dict[str, Any]:
    """The sums of payoffs, and how often each seat chose each act in the remembered rounds."""
    counts = [[int((s.acts[:, p] == act).sum()) for act in range(c.payoffs.shape[1])] for p in range(2)]
    return {"total": s.total.tolist(), "acts": counts}


# ------------------------------------------------------------------ 5. drawing
def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    canvas.size(20, 12)
    matrix, rounds = TABLE[c.game], _played(obs)
    canvas.text(10, 0.5, f"round {min(obs.tick + 1, c.limit)} of {c.limit}", "text")
    _draw_matrix(canvas, matrix, c, rounds[-1] if rounds else [-1, -1])
    for seat in range(2):
        y = 9.5 + 2 * seat
        canvas.text(4.5, y, f"player {seat + 1}", seat_colour(seat), "right")
        canvas.text(19.5, y, str(obs.total[seat]), "gold", "right")
        for i, acts in enumerate(rounds[-12:]):
            best = _payoffs(acts, c)[seat] == max(_payoffs(acts, c))
            canvas.rect(5 + i, y - 0.5, 1, 1, "board" if best else "hole")
            canvas.text(5.5 + i, y, matrix.marks[acts[seat]], seat_colour(seat))


def _draw_matrix(canvas: Canvas, matrix: Matrix, c: Any, last: list[int]) -> None:
    """Payoffs by the acts of player 1 (rows) and player 2 (columns); the last round's cell is lit."""
    for i, word in enumerate(matrix.acts):
        canvas.text(4.5, 3.5 + 2 * i, word, seat_colour(0), "right")
        canvas.text(7.25 + 5 * i, 2.5, word, seat_colour(1))
        for j in range(len(matrix.acts)):
            lit = last == [i, j]
            canvas.rect(5 + 5 * j, 3 + 2 * i, 4.5, 1, "highlight" if lit else "hole")
            first, second = _payoffs([i, j], c)
            canvas.text(7.25 + 5 * j, 3.5 + 2 * i, f"{first}, {second}", "ink" if lit else "text")


def point(x: float, y: float, obs: Any, c: Any) -> int | None:
    """What a click on the table means: a row for player 1, a column for player 2."""
    acts = len(TABLE[c.game].acts)
    place = (y - 3) / 2 if obs.seat == 0 else (x - 5) / 5
    return int(place) if 0 <= place < acts and 2 <= y < 3 + 2 * acts else None


def build(game: str = "rock_paper_scissors", rounds: int = 10) -> RecordGame:
    matrix = GAMES[game]
    values = {"game": list(GAMES).index(game), "payoffs": matrix.both, "most": int(abs(matrix.both).max())}
    return RecordGame(
        globals(), _spec(game, rounds), state=STATE, observations=OBS, config=_config(len(matrix.acts)), values=values
    )
