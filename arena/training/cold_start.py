"""The supervised start of a proposer and a solver: checked examples of every difficulty, stopped early, and the held-out set.

From random weights policy gradient learns only the most frequent answer (PasoDoble, arXiv 2511.11881, cold-starts too). The game gives
problems by `cells` and `problem`; held-out ones, at most a fifth of a cell, are fixed by their own key and never trained on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from arena.training.decoder import Decoder
from arena.training.writing import PAD, Tables
from envs import keys
from envs.errors import UserError
from envs.record_game import RecordGame

__all__ = ["Examples", "accuracy", "held_out", "start", "supervised"]

Problem = tuple[tuple[int, ...], tuple[int, ...]]
HELD, TRIES = 150, 2500
_HELD_KEY = keys.fold(0x48454C44, 0)


def held_out(game: RecordGame) -> list[list[Problem]]:
    """For each cell its held-out problems: at most HELD, and at most a fifth of what TRIES draws find. Always the same."""
    found = []
    for cell in range(len(_word(game, "cells")(game.public))):
        drawn = [
            _word(game, "problem")(game.public, cell, keys.fold(keys.fold(_HELD_KEY, cell), i)) for i in range(TRIES)
        ]
        different = list(dict.fromkeys(drawn))
        found.append(different[: min(HELD, len(different) // 5)])
    return found


def _word(game: RecordGame, name: str) -> Callable[..., Any]:
    if name not in game.words:
        raise UserError(
            f"{game.id} gives no problems to learn from: a game of proposer and solver has `cells` and `problem`"
        )
    return game.words[name]


class Examples:
    """`count` problems, uniform over the cells, none of them held out; drawn in batches by a generator of its own."""

    def __init__(self, game: RecordGame, count: int, seed: int, held: Sequence[Sequence[Problem]]) -> None:
        self.held = frozenset(problem[0] for cell in held for problem in cell)
        problem, cells = _word(game, "problem"), len(held)
        drawn: list[Problem] = []
        n = 0
        while len(drawn) < count:
            one = problem(game.public, n % cells, keys.fold(keys.fold(seed, 1), n))
            drawn += [one] if one[0] not in self.held else []
            n += 1
        self.problems = drawn
        self._room = game.spec.roles[0].views["tokens"].shape[0]
        self._draws = np.random.default_rng(seed)

    def batch(self, size: int) -> list[Problem]:
        """Some of them, with replacement."""
        return [self.problems[i] for i in self._draws.integers(len(self.problems), size=size)]


def supervised(
    model: Decoder, rows: Sequence[tuple[Sequence[int], Sequence[int]]], context: int, room: int
) -> torch.Tensor:
    """The loss of continuing each context (padded in front to `context` places) with its tokens, at most `room`."""
    inputs = torch.full((len(rows), context + room), PAD)
    wanted = torch.full((len(rows), room), -1)
    for i, (before, after) in enumerate(rows):
        if before:
            inputs[i, context - len(before) : context] = torch.tensor(before)
        inputs[i, context : context + len(after)] = torch.tensor(after)
        wanted[i, : len(after)] = torch.tensor(after)
    logits = model(inputs[:, :-1])[:, context - 1 :]
    return functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), wanted.reshape(-1), ignore_index=-1)


@dataclass
class Shape:
    """How long the parts of a game's sequences are: the passage, a whole question, an answer; whether claims are written."""

    passage: int
    question: int
    answer: int
    written: bool

    @classmethod
    def of(cls, game: RecordGame) -> Shape:
        digits = int(game.public.digits)
        answer = int(game.state_type["claim"].shape[0])
        question = int(game.state_type["writing"].shape[0])
        return cls(digits + 1 if game.public.passage else 1, question, answer, bool(game.public.written))

    def split(self, problem: Problem) -> tuple[Sequence[int], Sequence[int]]:
        """A problem as the proposer writes it: the passage (first number and operator), and the rest."""
        asked, answer = problem
        after = (*asked, *answer) if self.written else asked
        if self.passage == 1:
            return (), after
        operator = next(i for i, token in enumerate(asked) if token > 9) + 1
        return after[:operator], after[operator:]


def decoders(game: RecordGame, width: int, layers: int) -> tuple[Decoder, Decoder]:
    """A proposer and a solver of the game's lengths; weights from torch's generator."""
    shape = Shape.of(game)
    long = shape.question + shape.answer
    return Decoder(PAD + 1, shape.passage + long, width, layers), Decoder(PAD + 1, long, width, layers)


def start(
    game: RecordGame, models: tuple[Decoder, Decoder], examples: Examples, until: float, seed: int, most: int = 4000,
    told: Callable[[int, float], None] = lambda step, share: None, lr: float = 2e-3,
) -> int:  # fmt: skip
    """Train both on the examples, batches of 256, until the solver's greedy held-out accuracy is `until`; the steps that it took."""
    proposer, solver = models
    shape, held = Shape.of(game), held_out(game)
    optimiser = torch.optim.Adam([*proposer.parameters(), *solver.parameters()], lr)
    for step in range(1, most + 1):
        batch = examples.batch(256)
        loss = supervised(solver, batch, shape.question, shape.answer)
        loss = loss + supervised(
            proposer, [shape.split(one) for one in batch], shape.passage, shape.question + shape.answer
        )
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if step % 25 == 0:
            share = float(np.mean(accuracy(game, solver, held, seed, greedy=True)))
            told(step, share)
            if share >= until:
                return step
    return most


def accuracy(
    game: RecordGame, solver: Decoder, held: Sequence[Sequence[Problem]], seed: int, *, greedy: bool
) -> list[float]:
    """The share of right answers in each cell of the held-out set, over all solver seats."""
    problems = list(_flat(held))
    generator = torch.Generator().manual_seed(seed)
    # The passage, where there is one, is drawn by the rules: the tables are set up as if the problem had been written.
    right = solved(game, solver, [asked for _, asked, _ in problems], generator, greedy=greedy)
    marks = np.array([cell for cell, _, _ in problems])
    return [float(right[marks == cell].mean()) for cell in range(len(held))]


def solved(
    game: RecordGame, solver: Decoder, questions: Sequence[Sequence[int]], generator: torch.Generator, *, greedy: bool
) -> np.ndarray:
    """right int[B, J] of given questions, answered by the solver in a game of the same kind."""
    tables = Tables.asked(game, questions)
    tables.solve(solver, generator, greedy)
    right: np.ndarray = tables.states["right"].copy()
    return right


def _flat(held: Sequence[Sequence[Problem]]) -> Iterator[tuple[int, tuple[int, ...], tuple[int, ...]]]:
    for cell, problems in enumerate(held):
        for asked, answer in problems:
            yield cell, asked, answer
