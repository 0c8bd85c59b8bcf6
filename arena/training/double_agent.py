"""Trains a defender of the double agent: it says what the attacker knew, then replies from that statement alone.

One recurrent network reads the dialogue. Its belief head states how many fields the attacker knew; its reply head sees the
open question, its own last reply and that statement, nothing else, so that what it gains by fooling must pass through what
it says. Both heads first copy a noisy tracker. Then trajectory-wise group-relative advantages, mean-subtracted only (as in
ToM-SB, arXiv 2604.11666; Liu et al. 2025, arXiv 2503.20783), or PPO (Schulman et al. 2017) with a value head.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from arena.training.dialogue import DEFENDER, Side, Table, attackers, fresh, scripted, utter

__all__ = [
    "Config", "Mind", "Rollout", "Speaks", "Voice", "descend", "drawn", "features", "fresh", "gathered", "imitate", "pay", "policy",
    "rolled", "scores", "train",
]  # fmt: skip

DEPTH, TURNS = 3, 15
VAGUE, ELICIT, NOTHING_YET = DEPTH + 1, DEPTH + 2, DEPTH + 3
"""Where a reply speaks from: 0 the truth, j the false world of level j, then these; the last stands before the first reply."""
SPEECHES = DEPTH + 3
RELATION = DEPTH + 2
"""One-hot of a node beside the truth: no node, on the way, or the level at which it leaves it."""
SEEN = 4 + DEPTH + RELATION + SPEECHES + 1 + 1
QUESTION = 2 + DEPTH + RELATION + SPEECHES + 1


@dataclass(frozen=True)
class Config:
    """Everything that a run depends on. reward: fooling, mind or both. attackers: names of scripted ones, mixed in equal parts.

    algorithm: group (group-relative advantages) or ppo. batch: dialogues an update, `group` of them on one scenario. anchor: weight
    of the KL divergence of the reply head to its clone. separate: the reply head reads the recurrent state in place of the
    statement. noise: share of the copied tracker's estimates that are random; adherence: how often its reply follows its estimate.
    """

    seed: int = 0
    reward: str = "both"
    attackers: tuple[str, ...] = ("plain",)
    algorithm: str = "group"
    updates: int = 300
    clones: int = 150
    batch: int = 512
    group: int = 8
    hidden: int = 64
    rate: float = 1e-3
    anchor: float = 0.1
    entropy: float = 0.02
    clip: float = 1.0
    separate: bool = False
    noise: float = 0.5
    adherence: float = 0.85
    epochs: int = 2
    ratio: float = 0.2
    trace: float = 0.95


class Mind(nn.Module):
    """GRU over what is seen turn by turn -> belief logits [.., 3]; a small net -> reply logits [.., 6]; a value."""

    def __init__(self, hidden: int = 64, separate: bool = False) -> None:
        super().__init__()
        self.separate = separate
        self.memory = nn.GRU(SEEN, hidden, batch_first=True)
        self.belief = nn.Linear(hidden, DEPTH)
        self.reply = nn.Sequential(
            nn.Linear(QUESTION + (hidden if separate else DEPTH), hidden), nn.ReLU(), nn.Linear(hidden, SPEECHES)
        )
        self.value = nn.Linear(hidden, 1)

    def replies(self, state: torch.Tensor, question: torch.Tensor, knew: torch.Tensor) -> torch.Tensor:
        """Reply logits from the question and the statement `knew` (or the recurrent state, if the heads are separate)."""
        told = state if self.separate else functional.one_hot(knew, DEPTH).to(question.dtype)
        return self.reply(torch.cat([question, told], dim=-1))


class Rollout(NamedTuple):
    """Dialogues in which the defender spoke B' times T at most: seen [B, T, SEEN] padded, lengths [B] of its turns; of those
    turns, row by row, question [N, QUESTION], knew and speech [N]; row [N]; the outcome's arrays.
    """

    seen: torch.Tensor
    lengths: torch.Tensor
    question: torch.Tensor
    knew: torch.Tensor
    speech: torch.Tensor
    row: torch.Tensor
    outcome: Any


def _trees(n: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """level of each node + 1 (index 0 is the root), and where its way leaves that of each leaf: int64[1 + nodes, leaves]."""
    paths: list[tuple[int, ...]] = [()]
    for level in range(1, DEPTH + 1):
        paths += [tuple(i // n ** (level - 1 - d) % n for d in range(level)) for i in range(n**level)]
    leaves = paths[-(n**DEPTH) :]
    split = [[next((d + 1 for d, x in enumerate(path) if x != leaf[d]), 0) for leaf in leaves] for path in paths]
    return np.array([len(path) for path in paths]), np.array(split)


LEVEL, SPLIT = _trees()


def features(obs: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What defenders in the same turn see, float32[N, SEEN], and the question alone, float32[N, QUESTION]. last: last speeches."""
    turn = int(obs["turn"][0])
    kind, value = obs["asked"][:, turn].astype(np.int64).T
    own = np.eye(SPEECHES + 1, dtype=np.float32)[last]
    acted = np.eye(7, dtype=np.float32)[kind][:, 1:5]
    when = np.full((len(obs), 1), turn / TURNS, np.float32)
    asked, about = obs["question"].astype(np.int64).T
    seen = [acted, *_placed(kind, value, obs["truth"]), own, when]
    question = [np.eye(3, dtype=np.float32)[np.minimum(asked, 2)][:, 1:], *_placed(asked, about, obs["truth"]), own]
    return np.concatenate(seen, axis=1), np.concatenate(question, axis=1)


def _placed(kind: np.ndarray, value: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One-hot level of an act's argument [B, DEPTH] and its relation to the truth [B, RELATION]."""
    ask = kind == 1
    node = np.where(ask, -1, np.maximum(value, -1))
    level = np.where(ask, value, LEVEL[node + 1])
    relation = np.where(node >= 0, 1 + SPLIT[node + 1, truth], 0)
    return np.eye(DEPTH + 1, dtype=np.float32)[level][:, 1:], np.eye(RELATION, dtype=np.float32)[relation]


Speaks = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""A defender's mouth: (rows that still talk [N], seen, question) -> (knew int64[N], speech int64[N])."""


class Voice:
    """A defender's side that keeps what it saw and said; a `Side`."""

    def __init__(self, speaks: Speaks, num: int) -> None:
        self.speaks, self.knew, self.last = speaks, np.zeros(num, np.int64), np.full(num, NOTHING_YET)
        self.kept: list[tuple[np.ndarray, ...]] = []

    def __call__(self, table: Table) -> np.ndarray:
        rows = np.flatnonzero(~table.states["done"])
        seen, question = features(table.see(DEFENDER)[rows], self.last[rows])
        self.knew[rows], self.last[rows] = self.speaks(rows, seen, question)
        self.kept.append((rows, seen, question, self.knew[rows], self.last[rows]))
        return utter(table, self.knew, self.last)


def rolled(table: Table, attacker: Side, speaks: Speaks) -> Rollout:
    """Play all dialogues."""
    voice = Voice(speaks, table.num)
    return gathered(voice.kept, table.play(attacker, voice))


def gathered(kept: list[tuple[np.ndarray, ...]], outcome: Any) -> Rollout:
    """Turn by turn becomes row by row; rows in which nothing was said are left out."""
    row = np.concatenate([part[0] for part in kept])
    order = np.argsort(row, kind="stable")
    talked, lengths = np.unique(row, return_counts=True)
    padded = np.zeros((len(talked), len(kept), SEEN), np.float32)
    for turn, part in enumerate(kept):
        padded[np.searchsorted(talked, part[0]), turn] = part[1]
    question, knew, speech = (torch.from_numpy(np.concatenate([part[i] for part in kept])[order]) for i in (2, 3, 4))
    seen, turns = torch.from_numpy(padded), torch.from_numpy(lengths)
    return Rollout(seen, turns, question, knew, speech, torch.from_numpy(row[order]), outcome)


def policy(mind: Mind, num: int, generator: torch.Generator) -> Speaks:
    """The mouth of a network for one batch of dialogues: acts are drawn, not taken by their greatest probability."""
    states = torch.zeros(num, mind.memory.hidden_size)

    def speaks(rows: np.ndarray, seen: np.ndarray, question: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with torch.no_grad():
            _, state = mind.memory(torch.from_numpy(seen)[:, None], states[rows][None])
            states[rows] = state[0]
            knew = drawn(mind.belief(state[0]), generator)
            speech = drawn(mind.replies(state[0], torch.from_numpy(question), knew), generator)
        return knew.numpy(), speech.numpy()

    return speaks


def drawn(logits: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """One sample of each row, by Gumbel's maximum."""
    noise = torch.empty_like(logits).exponential_(generator=generator)
    return (logits - noise.log()).argmax(dim=-1)


def _tutor(table: Table, config: Config, rng: np.random.Generator) -> Speaks:
    """The noisy tracker that is copied: estimates that are often random, replies that mostly follow them, a question first."""
    tracker = scripted("tracker", table.num)

    def speaks(rows: np.ndarray, seen: np.ndarray, question: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        first, num = len(rows) == table.num and not table.states["turn"].any(), len(rows)
        knew = tracker(table)[rows, 0].astype(np.int64)
        knew = np.where(rng.random(num) < config.noise, rng.integers(DEPTH, size=num), knew)
        speech = np.full(num, ELICIT) if first else knew + 1
        stray = rng.random(num) >= config.adherence
        return knew, np.where(stray, rng.integers(SPEECHES, size=num), speech)

    return speaks


def pay(rollout: Rollout, reward: str) -> np.ndarray:
    """The return of each dialogue, float64[B]: fooled, the share of right statements, or their sum."""
    fooled = (rollout.outcome.ended == 0).astype(np.float64)
    mind = np.nan_to_num(rollout.outcome.mind)
    return {"fooling": fooled, "mind": mind, "both": fooled + mind}[reward]


def scores(mind: Mind, rollout: Rollout) -> tuple[torch.Tensor, ...]:
    """Of each turn: log-probability of what was said [N], entropy [N], reply log-probabilities [N, SPEECHES], values [N], states."""
    packed = nn.utils.rnn.pack_padded_sequence(rollout.seen, rollout.lengths, batch_first=True, enforce_sorted=False)
    out, lengths = nn.utils.rnn.pad_packed_sequence(mind.memory(packed)[0], batch_first=True)
    state = out[torch.arange(out.shape[1])[None] < lengths[:, None]]
    beliefs = functional.log_softmax(mind.belief(state), dim=-1)
    replies = functional.log_softmax(mind.replies(state, rollout.question, rollout.knew), dim=-1)
    said = beliefs.gather(-1, rollout.knew[:, None])[:, 0] + replies.gather(-1, rollout.speech[:, None])[:, 0]
    entropy = -(beliefs.exp() * beliefs).sum(-1) - (replies.exp() * replies).sum(-1)
    return said, entropy, replies, mind.value(state)[:, 0], state


def imitate(mind: Mind, table: Table, attacker: Side, config: Config) -> None:
    """Copy the tutor by maximum likelihood."""
    rng = np.random.default_rng([config.seed, 2])
    optimiser = torch.optim.Adam(mind.parameters(), config.rate)
    for update in range(config.clones):
        fresh(table, config.seed, (1 << 21) + update, 1)
        rollout = rolled(table, attacker, _tutor(table, config, rng))
        descend(mind, optimiser, -scores(mind, rollout)[0].mean(), config)


def descend(mind: nn.Module, optimiser: torch.optim.Optimizer, loss: torch.Tensor, config: Any) -> None:
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(mind.parameters(), config.clip)
    optimiser.step()


def _advantages(rollout: Rollout, returns: np.ndarray, values: torch.Tensor, config: Config) -> torch.Tensor:
    """Of each turn [N]: the return less its group's mean, or generalised advantages from the values."""
    if config.algorithm == "group":
        groups = returns.reshape(-1, config.group)
        less = (groups - groups.mean(axis=1, keepdims=True)).reshape(-1)
        return torch.from_numpy(less).float()[rollout.row]
    made, row = torch.zeros_like(values), rollout.row.tolist()
    after = 0.0
    for n in reversed(range(len(row))):
        last = n + 1 == len(row) or row[n + 1] != row[n]
        error = float((returns[row[n]] if last else values[n + 1]) - values[n])
        after = error + (0.0 if last else config.trace * after)
        made[n] = after
    return made


def _improve(mind: Mind, clone: Mind, optimiser: torch.optim.Optimizer, rollout: Rollout, config: Config) -> None:
    """One update from one batch."""
    returns = pay(rollout, config.reward)
    with torch.no_grad():
        anchors = scores(clone, rollout)[2]
        before, _, _, values, _ = scores(mind, rollout) if config.algorithm == "ppo" else [anchors[:, 0]] * 5
        gains = _advantages(rollout, returns, values, config)
    for _ in range(config.epochs if config.algorithm == "ppo" else 1):
        said, entropy, replies, worth, _ = scores(mind, rollout)
        drift = (replies.exp() * (replies - anchors)).sum(-1)
        gain = gains * said
        if config.algorithm == "ppo":
            scaled = (gains - gains.mean()) / (gains.std() + 1e-6)
            ratio = (said - before).exp()
            gain = torch.min(ratio * scaled, ratio.clamp(1 - config.ratio, 1 + config.ratio) * scaled)
            gain = gain - 0.5 * (worth - (values + gains)) ** 2
        descend(mind, optimiser, -(gain + config.entropy * entropy - config.anchor * drift).mean(), config)


def train(config: Config, watch: Any = None) -> tuple[Mind, Mind]:
    """(the trained network, its clone before training); the last weights, never the best. watch(update, rollout) may look on."""
    torch.manual_seed(config.seed)
    generator = torch.Generator().manual_seed(config.seed)
    mind, clone = Mind(config.hidden, config.separate), Mind(config.hidden, config.separate)
    table = Table(config.batch)
    attacker = attackers(config.attackers, config.batch)
    imitate(mind, table, attacker, config)
    clone.load_state_dict(mind.state_dict())
    optimiser = torch.optim.Adam(mind.parameters(), config.rate)
    for update in range(config.updates):
        fresh(table, config.seed, update, config.group)
        rollout = rolled(table, attacker, policy(mind, config.batch, generator))
        _improve(mind, clone, optimiser, rollout, config)
        if watch is not None:
            watch(update, rollout)
    return mind, clone
