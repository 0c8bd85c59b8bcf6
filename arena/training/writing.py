"""Tables of a proposer and its solvers, played to the end by two models; the legal mask of the rules is the grammar.

`Tables` holds B episodes of one game as records, without restart. A phase is what one role writes, token by token, all rows at once:
`Written` keeps the tokens, their masks and where they were drawn, from which `log_probabilities` are computed again with gradients.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from arena.training.decoder import Model
from envs import drivers
from envs.record_game import RecordGame

__all__ = ["Tables", "Written", "log_probabilities", "vocabulary"]

_FORBIDDEN = -1e9


@dataclass
class Written:
    """N sequences: context int64[N, L], tokens int64[N, T] (A after the end), masks bool[N, T, A], drawn bool[N, T]."""

    context: Tensor
    tokens: Tensor
    masks: Tensor
    drawn: Tensor

    def taken(self, rows: Tensor) -> Written:
        """Some of the rows."""
        return Written(self.context[rows], self.tokens[rows], self.masks[rows], self.drawn[rows])

    @staticmethod
    def joined(parts: Sequence[Written]) -> Written:
        """One after another; shorter ones are padded."""
        longest = max(part.tokens.shape[1] for part in parts)
        whole = [part._longer(longest) for part in parts]
        return Written(
            *(torch.cat([getattr(part, name) for part in whole]) for name in ("context", "tokens", "masks", "drawn"))
        )

    def _longer(self, length: int) -> Written:
        n, more = self.tokens.shape[0], length - self.tokens.shape[1]
        masks = torch.zeros((n, more, self.masks.shape[2]), dtype=torch.bool)
        return Written(
            self.context,
            torch.cat((self.tokens, torch.full((n, more), self.masks.shape[2])), 1),
            torch.cat((self.masks, masks), 1),
            torch.cat((self.drawn, torch.zeros((n, more), dtype=torch.bool)), 1),
        )


def vocabulary(game: RecordGame) -> int:
    """How many tokens the models of a game know: its actions, padding (the first number that is no action), and what is only read."""
    return int(game.spec.roles[0].views["tokens"].high) + 1


def log_probabilities(model: Model, written: Written) -> tuple[Tensor, Tensor]:
    """Log-probability float32[N] of each sequence's drawn tokens, and the mean entropy of the choices, with gradients."""
    logits = model.behind(written.context, written.tokens)[..., : written.masks.shape[2]]
    # Where nothing was drawn the mask may be empty: such places are left out below.
    masked = logits.masked_fill(~(written.masks | ~written.drawn[..., None]), _FORBIDDEN)
    logs = masked.log_softmax(-1)
    chosen = logs.gather(-1, written.tokens.clamp(max=logs.shape[-1] - 1)[..., None])[..., 0]
    entropy = -(logs.exp() * logs).sum(-1)
    return (chosen * written.drawn).sum(1), (entropy * written.drawn).sum() / written.drawn.sum().clamp(min=1)


class Tables:
    """B tables of one game of a proposer (seat 0) and J solvers. `keys` uint64[B] of the episodes; equal keys, equal passages."""

    def __init__(self, game: RecordGame, keys: np.ndarray, **changed: Any) -> None:
        """changed: fields of the configuration that are different in these tables."""
        self.game, self.keys, self.configs = game, np.ascontiguousarray(keys, np.uint64), game.configs.copy()
        self.pad = game.spec.width
        for name, value in changed.items():
            self.configs[name] = value
        count, seats = len(keys), game.seats
        self.states = np.zeros(count, game.state_type)
        self.acting, self.legal = (
            np.zeros((count, seats), np.bool_),
            np.zeros((count, seats, game.spec.width), np.bool_),
        )
        self.reward = np.zeros((count, seats))
        game.run(drivers.start, self.states, self.configs, self.keys)
        self._mask()

    @classmethod
    def asked(cls, game: RecordGame, questions: Sequence[Sequence[int]]) -> Self:
        """Tables at which these questions are put, as proposers write them, and wait for the solvers; the rules work out the answers."""
        made = cls(game, np.arange(len(questions)), passage=False, written=False, known=0)
        made.dictate(questions)
        return made

    def _mask(self) -> None:
        self.game.run(drivers.mask, self.states, self.configs, self.acting, self.legal)

    def step(self, actions: np.ndarray, rows: np.ndarray) -> None:
        """One tick of some tables (bool[B]): actions int[B, P]; the others wait."""
        chosen = np.flatnonzero(rows)
        states = self.states[chosen]
        given = np.ascontiguousarray(actions[chosen, :, None], np.int32)
        self.game.run(drivers.step, states, self.configs, given, self.keys[chosen])
        self.states[chosen] = states
        self.reward[chosen] += states["reward"] / self.game.spec.scale
        self._mask()

    def dictate(self, questions: Iterable[Sequence[int]]) -> None:
        """Play given tokens for the proposers. ValueError for a token that is not legal."""
        waiting = [list(tokens) for tokens in questions]
        actions = np.zeros(self.acting.shape, np.int32)
        while self.acting[:, 0].any():
            for row in np.flatnonzero(self.acting[:, 0]):
                token = waiting[row].pop(0)
                if not self.legal[row, 0, token]:
                    raise ValueError(f"row {row}: token {token} may not be written now")
                actions[row, 0] = token
            self.step(actions, self.acting[:, 0].copy())

    def passages(self) -> Tensor:
        """int64[B, L]: what the rules have written for the proposers, padded in front, at least one place."""
        lengths = self.states["length"]
        room = max(1, int(lengths.max()))
        made = np.full((len(self.keys), room), self.pad, np.int64)
        for row, length in enumerate(lengths):
            made[row, room - length :] = self.states["writing"][row, :length]
        return torch.from_numpy(made)

    def questions(self) -> Tensor:
        """int64[B, L]: the questions as solvers read them, padded in front: the game's view `question`."""
        game, count = self.game, len(self.keys)
        view = game.spec.role(1).views["question"]
        obs = np.zeros((count, 1), game.observation_types[game.who(1)])
        out = np.zeros((count, *view.shape), view.dtype)
        game.run(drivers.look, self.states, self.configs, 1, obs)
        game.run(drivers.encode_rows, obs[:, 0].view(game.view_type(game.who(1), "question")), self.configs, out)
        return torch.from_numpy(out.astype(np.int64))

    def propose(
        self, model: Model, generator: torch.Generator, context: Tensor | None = None, claims: bool = True
    ) -> Written:
        """Let the proposers write their questions, behind what the rules have written unless a context int64[B, L] is given.

        claims: and what they claim; else the claims are still to be dictated.
        """
        context = self.passages() if context is None else context
        return self._write(model, context, slice(0, 1), generator, stage=None if claims else 0)

    def solve(self, model: Model, generator: torch.Generator, greedy: bool = False) -> Written:
        """Let all solvers answer, those of a table one after another in the rows of what comes back: N = B * J."""
        solvers = self.game.seats - 1
        return self._write(model, self.questions(), slice(1, None), generator, greedy, solvers)

    def _awaited(self, seats: slice, stage: int | None) -> np.ndarray:
        """bool[B, n]: the seats that act, in tables of this stage if one is given."""
        awaited: np.ndarray = self.acting[:, seats].copy()
        if stage is not None:
            awaited &= (self.states["stage"] == stage)[:, None]
        return awaited

    @torch.no_grad()
    def _write(
        self, model: Model, context: Tensor, seats: slice, generator: torch.Generator, greedy: bool = False, times: int = 1,
        stage: int | None = None,
    ) -> Written:  # fmt: skip
        """What the seats write behind their context, of which each serves `times` seats: it is read once."""
        tokens, masks, drawn = [], [], []
        logits, cache = model.extended(context)
        context = context.repeat_interleave(times, 0)
        logits, cache = logits.repeat_interleave(times, 0), cache.repeated(times)
        actions = np.zeros(self.acting.shape, np.int32)
        while (now := self._awaited(seats, stage)).any():
            mask = torch.from_numpy(self.legal[:, seats].reshape(len(context), -1).copy())
            awaited = torch.from_numpy(now.reshape(-1))
            token = torch.where(awaited, _drawn(logits[:, -1], mask | ~awaited[:, None], generator, greedy), self.pad)
            tokens.append(token)
            masks.append(mask)
            drawn.append(awaited)
            actions[:, seats] = np.where(awaited, token, 0).reshape(now.shape)
            self.step(actions, np.any(now, axis=1))
            if self._awaited(seats, stage).any():
                logits, cache = model.extended(token[:, None], cache)
        if not tokens:
            nothing = torch.zeros((len(context), 1), dtype=torch.bool)
            pads, none = torch.full((len(context), 1), self.pad), nothing[..., None].expand(-1, -1, self.legal.shape[2])
            return Written(context, pads, none, nothing)
        return Written(context, torch.stack(tokens, 1), torch.stack(masks, 1), torch.stack(drawn, 1))


def _drawn(logits: Tensor, mask: Tensor, generator: torch.Generator, greedy: bool) -> Tensor:
    """A token of each row, from the legal ones."""
    masked = logits[:, : mask.shape[1]].masked_fill(~mask, _FORBIDDEN)
    if greedy:
        return masked.argmax(-1)
    return torch.multinomial(masked.softmax(-1), 1, generator=generator)[:, 0]
