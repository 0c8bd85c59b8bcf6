"""SvS: variants of half-solved problems, written from their correct answers, keep a fixed set of problems from wearing out.

After arXiv 2508.14029: each problem is answered by all solvers; of those with p in [0.125, 0.5] a correct answer is given to the proposer,
which writes variants that should have this answer; a variant pays 1 when p in [0.125, 0.625], scored with the **original** answer, whatever
it is really worth; solvers learn from problems and variants with 0 < p < 1. Changed: the proposer is a model of its own, not the solver's
copy; a variant that repeats another of its batch, or a held-out problem, pays nothing and is not learned from. "plain" is the same
without variants. It needs a game in which an answer is a claim: one in which the answer holds the question has no other variants.
"""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING

import numpy as np
import torch

from arena.training.writing import Tables, log_probabilities
from envs import keys
from envs.errors import USAGE, UserError
from envs.record_game import RecordGame

if TYPE_CHECKING:
    from arena.training.cold_start import Example
    from arena.training.paradigms import Batch
    from arena.training.pasodoble import Loop

__all__ = ["demand_claims", "pass_at", "spread", "step"]

LOW, HALF, BAND = 0.125, 0.5, 4
"""The bounds of p for a problem that gets variants, and the payoff "band" as the rules number it."""
SAMPLES, KS = 32, (1, 8, 32)


def demand_claims(game: RecordGame) -> None:
    """Raises UserError (2) for a game whose answers are no claims."""
    if "claimed" in game.words:
        raise UserError(
            f"svs and plain need answers from which other questions can be written: {game.id} has none", USAGE
        )


def step(loop: Loop) -> dict[str, float]:
    """Problems, answered and learned from; then, for svs, variants of those that are half solved."""
    c = loop.config
    problems = loop.examples.batch(c.questions, min(c.originals, len(loop.examples.problems)))
    batch = loop.answered(Tables.asked(loop.game, [one.asked for one in problems]), None)
    batch.valid[:] = True  # the same problem may come twice
    loop.gather(batch, 0.0)
    told = {"p_problems": float(batch.share.mean())}
    half = np.flatnonzero((batch.share >= LOW) & (batch.share <= HALF))[: c.questions // c.group]
    if c.paradigm == "plain" or not len(half):
        return told
    varied, true = _varied(loop, [problems[i] for i in half])
    loop.teach_proposer(varied)
    loop.gather(varied, 0.0)
    return loop.told(varied) | told | {"true": true}


def _varied(loop: Loop, problems: list[Example]) -> tuple[Batch, float]:
    """Variants of problems, `group` of each, answered; and the share of them that really have the original's answer."""
    chosen = [one for one in problems for _ in range(loop.config.group)]
    first = keys.fold(keys.fold(loop.config.seed, 7), loop.number)
    drawn = np.array([keys.fold(first, i) for i in range(len(chosen))], np.uint64)
    changed = {"written": True, "gate": False, "payoff": BAND, "passage": False, "known": 0}
    tables = Tables(loop.game, drawn, **changed)
    proposed = loop.timed("proposing", tables.propose, loop.proposer, loop.draws, _context(loop, chosen), False)
    tables.dictate([one.answer for one in chosen])
    true = float((tables.states["verdict"] == 1).mean())
    return loop.answered(tables, proposed, gate=False), true


def _context(loop: Loop, problems: list[Example]) -> torch.Tensor:
    """int64[B, L]: answers, padded in front, as the proposer has learned to begin with them."""
    room, pad = loop.shape.passage, loop.shape.pad
    return torch.tensor([[pad] * (room - len(one.answer)) + list(one.answer) for one in problems])


def pass_at(k: int, right: np.ndarray) -> float:
    """pass@k, unbiased (Chen et al. 2021), of right bool[problems, samples]; k at most the samples."""
    samples = right.shape[1]
    missed = [comb(samples - int(n), k) / comb(samples, k) for n in right.sum(1)]
    return 1.0 - float(np.mean(missed))


def spread(loop: Loop) -> dict[str, float]:
    """pass@k on the held-out set, and the mean entropy of a choice there, in nats."""
    asked = [asked for cell in loop.held for asked, _ in cell]
    draws = torch.Generator().manual_seed(loop.config.seed)
    right, entropy = [], 0.0
    rounds = max(1, SAMPLES // loop.config.attempts)
    for _ in range(rounds):
        tables = Tables.asked(loop.game, asked)
        written = tables.solve(loop.solver, draws)
        with torch.no_grad():
            entropy += float(log_probabilities(loop.solver, written)[1]) / rounds
        right.append(tables.states["right"] > 0)
    together = np.concatenate(right, 1)
    return {f"pass_{k}": pass_at(k, together) for k in KS if k <= together.shape[1]} | {"entropy": entropy}
