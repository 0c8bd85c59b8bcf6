"""A learned attacker of the double agent: a recurrent network that states its trust and then makes a move, both under the rules' masks.

It sees what its seat sees: the dialogue, the fields that it knows and the ledger. Moves are those of `agents.players._moves`: ask, check
what it holds or beside it, reveal truly, falsely or nothing, close on what it was told or beside it, detect. It begins as a copy of the
four scripted attackers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from arena.training.dialogue import ATTACKER, Side, Table, allowed, chosen, pressed, recognised
from arena.training.double_agent import DEPTH, LEVEL, SPLIT, TURNS, descend, drawn, fresh

__all__ = [
    "MOVES", "Press", "Pressed", "Suspect", "gathered", "imitate", "masks", "policy", "scores", "sights",
]  # fmt: skip

TRUSTS = 6
"""Trust is 0 to 5."""
MOVES = 3 * DEPTH + 6
DETECT = MOVES - 1
NOTHING_YET = MOVES
SEEN = DEPTH + 6 + 7 + (DEPTH + 1) + 3 * DEPTH + 3 + MOVES + 1 + 1
_HONEST = np.log([0.85, 0.15])[:, None]
"""Log-prior of both kinds of defender with which the ledger is weighed."""


class Suspect(nn.Module):
    """GRU over what is seen turn by turn -> trust logits [.., 6]; with the trust that was drawn, move logits [.., MOVES]."""

    def __init__(self, hidden: int = 64) -> None:
        super().__init__()
        self.memory = nn.GRU(SEEN, hidden, batch_first=True)
        self.trust = nn.Linear(hidden, TRUSTS)
        self.move = nn.Sequential(nn.Linear(hidden + TRUSTS, hidden), nn.ReLU(), nn.Linear(hidden, MOVES))

    def moves(self, state: torch.Tensor, trust: torch.Tensor) -> torch.Tensor:
        """Logits of the moves after a statement of trust, int64[..]."""
        return self.move(torch.cat([state, functional.one_hot(trust, TRUSTS).to(state.dtype)], dim=-1))


class Pressed(NamedTuple):
    """What attackers saw and did: seen [B', T, SEEN] padded, lengths [B']; turn by turn of each row: trust, move [N], what was
    allowed bool [N, 6] and [N, MOVES], row [N].
    """

    seen: torch.Tensor
    lengths: torch.Tensor
    trust: torch.Tensor
    move: torch.Tensor
    may_trust: torch.Tensor
    may_move: torch.Tensor
    row: torch.Tensor


def sights(obs: np.ndarray, last: np.ndarray) -> np.ndarray:
    """What attackers in the same turn see, float32[N, SEEN]. last: last moves."""
    ledger, turn = obs["ledger"], int(obs["turn"][0])
    tallies = [np.minimum(ledger[name], 3) / 3 for name in ("elicited", "verified", "crossed", "slips")]
    answered = obs["answers"][:, turn - 1].astype(np.int64) if turn else np.tile([0, -1], (len(obs), 1))
    parts = [
        np.eye(DEPTH)[obs["prior"]], np.stack([obs["trust"] / 5, ledger["trust"] / 5, *tallies], axis=1),
        np.eye(7)[answered[:, 0]], np.eye(DEPTH + 1)[LEVEL[np.maximum(answered[:, 1], -1) + 1]],
        _held(obs), _sure(obs), np.eye(MOVES + 1)[last], np.full((len(obs), 1), turn / TURNS),
    ]  # fmt: skip
    return np.concatenate(parts, axis=1).astype(np.float32)


def _held(obs: np.ndarray) -> np.ndarray:
    """Of each level: whether something was said of it, whether that hangs together with the level above, and with what is known."""
    said = obs["ledger"]["stated"].astype(np.int64)
    above = np.concatenate([np.full((len(obs), 1), -1), said[:, :-1]], axis=1)
    first = np.array([0, 3, 12])
    leaf = ((said - first) * 3 ** np.arange(2, -1, -1)).clip(0, 26)  # some leaf under it
    known = np.take_along_axis(SPLIT[obs["known"].astype(np.int64) + 1], leaf, axis=1)
    fits = (known == 0) | (known > np.arange(1, DEPTH + 1))
    there = said >= 0
    return np.concatenate([there, there & (said // 3 - 1 == above), there & fits], axis=1)


def _sure(obs: np.ndarray) -> np.ndarray:
    """The posterior's greatest leaf, the greatest first field that is unknown, and that the defender is honest: [N, 3]."""
    weights = np.stack([obs["ledger"]["honest"], obs["ledger"]["liar"]], axis=1) / 1000 + _HONEST
    weights = np.where((SPLIT[obs["known"].astype(np.int64) + 1] == 0)[:, None], weights, -np.inf)
    mass = np.exp(weights - weights.max(axis=(1, 2), keepdims=True))
    mass /= mass.sum(axis=(1, 2), keepdims=True)
    leaves = mass.sum(axis=1)
    fields = [leaves.reshape(len(obs), 3 ** (k + 1), -1).sum(axis=2).max(axis=1) for k in range(DEPTH)]
    field = np.stack(fields, axis=1)[np.arange(len(obs)), obs["prior"]]
    return np.stack([leaves.max(axis=1), field, mass[:, 0].sum(axis=1)], axis=1)


def masks(game: Any, obs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Trusts that may be stated, bool[N, 6], and moves that the rules allow at trust 0, bool[N, MOVES]."""
    least = np.where(obs["turn"] == 0, TRUSTS - 1, obs["ledger"]["trust"] if game.public.earned else 0)
    steps = np.arange(TRUSTS)
    trusts = (steps >= least[:, None]) & (steps <= obs["trust"][:, None])
    return trusts, allowed(game, obs, chosen(len(obs)))


Presses = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""An attacker's mind: (rows that still talk [N], seen, allowed trusts, allowed moves) -> (trust int64[N], move int64[N])."""


class Press:
    """An attacker's side that keeps what it saw and did; a `Side`. tutor: its acts are played and kept in place of one's own."""

    def __init__(self, presses: Presses, num: int, tutor: Side | None = None) -> None:
        self.presses, self.tutor = presses, tutor
        self.last, self.choices = np.full(num, NOTHING_YET), chosen(num)
        self.kept: list[tuple[np.ndarray, ...]] = []

    def __call__(self, table: Table) -> np.ndarray:
        rows = np.flatnonzero(~table.states["done"])
        obs = table.see(ATTACKER)
        seen, (trusts, moves) = sights(obs[rows], self.last[rows]), masks(table.game, obs[rows])
        if self.tutor is None:
            trust, move = self.presses(rows, seen, trusts, moves)
            self.choices["trust"][rows], self.choices["move"][rows] = trust, move
            actions = pressed(table.game, obs, self.choices, table.keys[ATTACKER])
        else:
            actions = self.tutor(table)
            self.choices = recognised(table.game, obs, actions)
            trust, move = self.choices["trust"][rows], self.choices["move"][rows]
        moves[:, DETECT] &= trust == 0
        self.kept.append((rows, seen, trust, move, trusts, moves))
        self.last[rows] = move
        return actions


def gathered(kept: list[tuple[np.ndarray, ...]]) -> Pressed:
    """Turn by turn becomes row by row."""
    row = np.concatenate([part[0] for part in kept])
    order = np.argsort(row, kind="stable")
    talked, lengths = np.unique(row, return_counts=True)
    padded = np.zeros((len(talked), len(kept), SEEN), np.float32)
    for turn, part in enumerate(kept):
        padded[np.searchsorted(talked, part[0]), turn] = part[1]
    parts = (torch.from_numpy(np.concatenate([part[i] for part in kept])[order]) for i in (2, 3, 4, 5))
    trust, move, trusts, moves = parts
    seen, turns = torch.from_numpy(padded), torch.from_numpy(lengths)
    return Pressed(seen, turns, trust, move, trusts, moves, torch.from_numpy(row[order]))


def policy(suspect: Suspect, num: int, generator: torch.Generator) -> Presses:
    """The mind of a network for one batch of dialogues; acts are drawn."""
    states = torch.zeros(num, suspect.memory.hidden_size)

    def presses(
        rows: np.ndarray, seen: np.ndarray, trusts: np.ndarray, moves: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        with torch.no_grad():
            _, state = suspect.memory(torch.from_numpy(seen)[:, None], states[rows][None])
            states[rows] = state[0]
            trust = drawn(_masked(suspect.trust(state[0]), torch.from_numpy(trusts)), generator)
            may = torch.from_numpy(moves).clone()
            may[:, DETECT] &= trust == 0
            move = drawn(_masked(suspect.moves(state[0], trust), may), generator)
        return trust.numpy(), move.numpy()

    return presses


def _masked(logits: torch.Tensor, may: torch.Tensor) -> torch.Tensor:
    return logits.masked_fill(~may, -1e9)


def scores(suspect: Suspect, done: Pressed) -> tuple[torch.Tensor, torch.Tensor]:
    """Of each turn: log-probability of what was done [N], entropy [N]."""
    packed = nn.utils.rnn.pack_padded_sequence(done.seen, done.lengths, batch_first=True, enforce_sorted=False)
    out, lengths = nn.utils.rnn.pad_packed_sequence(suspect.memory(packed)[0], batch_first=True)
    state = out[torch.arange(out.shape[1])[None] < lengths[:, None]]
    trusts = functional.log_softmax(_masked(suspect.trust(state), done.may_trust), dim=-1)
    moves = functional.log_softmax(_masked(suspect.moves(state, done.trust), done.may_move), dim=-1)
    did = trusts.gather(-1, done.trust[:, None])[:, 0] + moves.gather(-1, done.move[:, None])[:, 0]
    return did, -(trusts.exp() * trusts).sum(-1) - (moves.exp() * moves).sum(-1)


def imitate(suspect: Suspect, table: Table, tutor: Side, defender: Side, config: Any) -> None:
    """Copy scripted attackers by maximum likelihood; config has seed, clones, rate and clip."""
    optimiser = torch.optim.Adam(suspect.parameters(), config.rate)
    for update in range(config.clones):
        fresh(table, config.seed, (1 << 22) + update, 1)
        press = Press(policy(suspect, table.num, torch.Generator()), table.num, tutor)
        table.play(press, defender)
        descend(suspect, optimiser, -scores(suspect, gathered(press.kept))[0].mean(), config)
