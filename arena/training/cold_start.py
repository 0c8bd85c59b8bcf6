"""The supervised start of a proposer and a solver: checked examples of every difficulty, stopped early, and the held-out set.

From random weights policy gradient learns only the most frequent answer (PasoDoble, arXiv 2511.11881, cold-starts too). The game gives
problems by `cells` and `problem` (and `claimed`, where a claim is no answer); held-out ones, at most a fifth of a cell, are fixed by
their own key and never trained on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn import functional

from arena.training.decoder import Decoder, Model
from arena.training.writing import Tables, vocabulary
from envs import keys
from envs.errors import UserError
from envs.record_game import RecordGame

__all__ = ["Example", "Examples", "Shape", "accuracy", "decoders", "held_out", "posed", "start", "supervised"]

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


class Example(NamedTuple):
    """A problem: how a proposer writes it, a right answer, the true claim, what a solver reads (padded); each with its last token."""

    asked: tuple[int, ...]
    answer: tuple[int, ...]
    claim: tuple[int, ...]
    read: tuple[int, ...]


def posed(game: RecordGame, questions: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    """What solvers read of questions that proposers have written: of equal length, padded in front."""
    return [tuple(row) for row in Tables.asked(game, questions).questions().tolist()] if questions else []


class Examples:
    """`count` problems, uniform over the cells, none of them held out; drawn in batches by a generator of its own."""

    def __init__(self, game: RecordGame, count: int, seed: int, held: Sequence[Sequence[Problem]]) -> None:
        self.held = frozenset(posed(game, [asked for _, asked, _ in _flat(held)]))
        problem, claim, cells, n = _word(game, "problem"), game.words.get("claimed"), len(held), 0
        self.problems: list[Example] = []
        while len(self.problems) < count:
            some = [problem(game.public, i % cells, keys.fold(keys.fold(seed, 1), i)) for i in range(n, n + count)]
            read = posed(game, [asked for asked, _ in some])
            claims = [claim(game.public, asked) if claim else answer for asked, answer in some]
            together = zip(some, claims, read, strict=True)
            made = (Example(asked, answer, said, text) for (asked, answer), said, text in together)
            self.problems += [one for one in made if one.read not in self.held]
            n += count
        del self.problems[count:]
        self._draws = np.random.default_rng(seed)

    def batch(self, size: int, among: int = 0) -> list[Example]:
        """Some of them, with replacement; of the first `among` alone, if not 0."""
        return [self.problems[i] for i in self._draws.integers(among or len(self.problems), size=size)]


def supervised(
    model: Model, rows: Sequence[tuple[Sequence[int], Sequence[int]]], context: int, room: int, pad: int
) -> torch.Tensor:
    """The loss of continuing each context (padded in front to `context` places) with its tokens, at most `room`."""
    inputs = torch.full((len(rows), context + room), pad)
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
    """How long the parts of a game's sequences are: what a proposer begins with, writes and claims, what a solver reads and answers.

    written: claims are written; given: the proposer begins with an answer, not with what the rules write. pad: the padding token.
    """

    passage: int
    question: int
    claim: int
    read: int
    answer: int
    written: bool
    given: bool
    pad: int

    @classmethod
    def of(cls, game: RecordGame, given: bool = False) -> Shape:
        room = {name: game.state_type[name].shape for name in ("writing", "claim", "answers")}
        read, digits = int(game.spec.role(1).views["question"].shape[0]), int(game.public.digits)
        passage = int(room["answers"][1]) if given else digits + 1 if game.public.passage else 1
        rooms = (int(room["writing"][0]), int(room["claim"][0]), read, int(room["answers"][1]))
        return cls(passage, *rooms, bool(game.public.written), given, game.spec.width)

    @property
    def proposal(self) -> int:
        """What a proposer writes at most, claim included."""
        return self.question + self.claim

    def split(self, one: Example) -> tuple[Sequence[int], Sequence[int]]:
        """A problem as the proposer writes it: what it begins with (an answer, or first number and operator), and the rest."""
        if self.given:
            return one.answer, one.asked
        after = (*one.asked, *one.claim) if self.written else one.asked
        if self.passage == 1:
            return (), after
        operator = next(i for i, token in enumerate(one.asked) if token > 9) + 1
        return after[:operator], after[operator:]


def decoders(game: RecordGame, width: int, layers: int, given: bool = False) -> tuple[Decoder, Decoder]:
    """A proposer and a solver of the game's lengths; weights from torch's generator."""
    shape, tokens = Shape.of(game, given), vocabulary(game)
    proposer = Decoder(tokens, shape.passage + shape.proposal, width, layers)
    return proposer, Decoder(tokens, shape.read + shape.answer, width, layers)


def start(
    game: RecordGame, models: tuple[Model, Model], examples: Examples, until: float, seed: int, most: int = 4000,
    told: Callable[[int, float], None] = lambda step, share: None, lr: float = 2e-3, given: bool = False, ahead: int = 0,
) -> int:  # fmt: skip
    """Train both on the examples, batches of 256, until the solver's greedy held-out accuracy is `until`; the steps that it took.

    ahead: further steps of the proposer alone, which then knows more than its solvers; they are not counted.
    """
    proposer, solver = models
    shape, held, took = Shape.of(game, given), held_out(game), most
    optimiser = torch.optim.Adam([p for model in models for p in model.parameters() if p.requires_grad], lr)
    for step in range(1, most + 1):
        batch = examples.batch(256)
        _descend(optimiser, answered(solver, batch, shape) + _written(proposer, batch, shape))
        if step % 25 == 0:
            share = float(np.mean(accuracy(game, solver, held, seed, greedy=True)))
            told(step, share)
            if share >= until:
                took = step
                break
    for _ in range(ahead):
        _descend(optimiser, _written(proposer, examples.batch(256), shape))
    return took


def _descend(optimiser: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    """One step. Weights that the loss does not hold have no gradient, and stand still."""
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()


def _written(proposer: Model, batch: Sequence[Example], shape: Shape) -> torch.Tensor:
    """The loss of the proposer on examples."""
    rows = [shape.split(one) for one in batch]
    return supervised(proposer, rows, shape.passage, shape.proposal, shape.pad)


def answered(solver: Model, batch: Sequence[Example], shape: Shape) -> torch.Tensor:
    """The loss of the solver on examples."""
    return supervised(solver, [(one.read, one.answer) for one in batch], shape.read, shape.answer, shape.pad)


def accuracy(
    game: RecordGame, solver: Model, held: Sequence[Sequence[Problem]], seed: int, *, greedy: bool
) -> list[float]:
    """The share of right answers in each cell of the held-out set, over all solver seats."""
    problems = list(_flat(held))
    generator = torch.Generator().manual_seed(seed)
    # The passage, where there is one, is drawn by the rules: the tables are set up as if the problem had been written.
    right = solved(game, solver, [asked for _, asked, _ in problems], generator, greedy=greedy)
    marks = np.array([cell for cell, _, _ in problems])
    return [float(right[marks == cell].mean()) for cell in range(len(held))]


def solved(
    game: RecordGame, solver: Model, questions: Sequence[Sequence[int]], generator: torch.Generator, *, greedy: bool
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
