"""Self-play of the double agent: an attacker and a defender that both learn, for the declared zero-sum payoff.

The attacker gets +1 for an extraction, -1 when it is fooled, +1/2 for a detection and -1/2 when it was baited; the defender the opposite,
as the game itself pays with reward=duel. Both begin as copies of scripted players. In each update a third of the dialogues is between
the two, in the other thirds one of them meets a former self of the other; advantages are returns less the mean of the same scenario.
`arena train double_agent --algo duel`; the rules of trust are the game's option. A run takes less than three minutes of processor time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from arena.training import double_agent, double_agent_attacker
from arena.training.config import Settings, setting
from arena.training.dialogue import OUTCOMES, Outcome, Table, attackers, defenders
from arena.training.double_agent import Mind, Voice, descend
from arena.training.double_agent_attacker import Press, Suspect
from arena.training.run import Run
from envs.errors import USAGE, UserError
from envs.game import Game
from envs.registry import game as open_game

__all__ = [
    "PAYOFF",
    "Config",
    "Duel",
    "attacker_copied",
    "defender_copied",
    "demand",
    "divided",
    "learn",
    "shares",
    "train",
]

PAYOFF = np.array([-1.0, 1.0, 0.5, -0.5])
"""What the attacker gets for each of `dialogue.OUTCOMES`; a test compares it with what the game pays."""
STYLES = ("plain", "checking", "forewarned", "strategic")
CONDUCTS = ("tracker", "liar2", "honest", "random")
"""The scripted players that both sides begin as copies of, or are copied against."""
EVERY = 10
"""Updates between two former selves, and between two lines of metrics."""


@dataclass(frozen=True)
class Config(Settings):
    """One run, or one best response."""

    seed: int = setting(0, "what all randomness of the run follows from", 0, (1 << 63) - 1)
    updates: int = setting(200, "gradient steps of each side", 1, 10**6)
    clones: int = setting(40, "gradient steps in which each side first copies scripted players", 0, 10**6)
    batch: int = setting(192, "dialogues of an update, three blocks of whole groups", 6, 1 << 20)
    group: int = setting(8, "dialogues on one scenario", 2, 64)
    hidden: int = setting(64, "width of the networks", 8, 1024)
    rate: float = setting(3e-3, "learning rate of Adam, falling to a tenth", 1e-7, 1.0)
    entropy: float = setting(0.05, "weight of the entropy, falling to a tenth", 0.0, 10.0)
    clip: float = setting(1.0, "largest norm of a gradient", 1e-6, 1e6)


def demand(game: Game) -> None:
    """Raises UserError for a game that is not this dialogue."""
    found = tuple(getattr(game.public, name, 0) for name in ("depth", "branching"))
    if found != (double_agent.DEPTH, 3) or not hasattr(game.public, "earned"):
        raise UserError(
            f"duel trains on double_agent with depth {double_agent.DEPTH} and branching 3, not {game.id} {game.options}"
        )


def attacker_copied(config: Config, table: Table) -> Suspect:
    """A copy of the four scripted attackers."""
    torch.manual_seed(config.seed)
    suspect = Suspect(config.hidden)
    scripts = attackers(STYLES, table.num), defenders(CONDUCTS, table.num)
    double_agent_attacker.imitate(suspect, table, *scripts, config)
    return suspect


def defender_copied(config: Config, table: Table, *, separate: bool = False) -> Mind:
    """A copy of a noisy tracker. separate: its replies see the whole dialogue, not its statement alone."""
    torch.manual_seed(config.seed)
    mind = Mind(config.hidden, separate)
    tutor = double_agent.Config(seed=config.seed, clones=config.clones, rate=config.rate, clip=config.clip)
    double_agent.imitate(mind, table, attackers(STYLES, table.num), tutor)
    return mind


def divided(parts: Sequence[tuple[np.ndarray, Callable[..., Any]]]) -> Callable[..., Any]:
    """One mouth (or mind) of several: rows bool[num] of the whole table go to the one that is named with them."""

    def speaks(rows: np.ndarray, *seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        first, second = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64)
        for whose, mouth in parts:
            own = whose[rows]
            if own.any():
                first[own], second[own] = mouth(rows[own], *(each[own] for each in seen))
        return first, second

    return speaks


def learn(
    net: Any, optimiser: torch.optim.Optimizer, side: Press | Voice, rows: np.ndarray, returns: np.ndarray, config: Config,
    progress: float,
) -> None:  # fmt: skip
    """One gradient step of the side that kept these dialogues, on the rows bool[num], whole groups, that are its own. returns: its own,
    float64[num]. progress: 0 at the beginning of the training, 1 at its end.
    """
    kept = [tuple(each[rows[part[0]]] for each in part) for part in side.kept if rows[part[0]].any()]
    if not kept:
        return  # the other side ended all of them before a word was said
    groups = returns.reshape(-1, config.group)
    less = torch.from_numpy((groups - groups.mean(axis=1, keepdims=True)).reshape(-1)).float()
    if isinstance(side, Press):
        done = double_agent_attacker.gathered(kept)
        said, entropy = double_agent_attacker.scores(net, done)
    else:
        done = double_agent.gathered(kept, None)  # type: ignore[assignment]
        said, entropy = double_agent.scores(net, done)[:2]  # type: ignore[arg-type]
    falls = 1.0 - 0.9 * progress
    for options in optimiser.param_groups:
        options["lr"] = config.rate * falls
    descend(net, optimiser, -(less[done.row] * said + config.entropy * falls * entropy).mean(), config)


class Duel:
    """See the module. `suspect` attacks, `mind` defends; `round` returns the ends of the dialogues between these two themselves."""

    def __init__(self, config: Config, table: Table) -> None:
        self.config, self.table = config, table
        self.suspect, self.mind = attacker_copied(config, table), defender_copied(config, table)
        self.optimisers = [torch.optim.Adam(net.parameters(), config.rate) for net in (self.suspect, self.mind)]
        self.generator = torch.Generator().manual_seed(config.seed)
        self.rng = np.random.default_rng([config.seed, 3])
        self.former: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self.past = Suspect(config.hidden), Mind(config.hidden)

    def round(self, update: int) -> Outcome:
        """One update of both sides."""
        if update % EVERY == 0:
            nets = self.suspect, self.mind
            self.former.append(tuple({k: v.clone() for k, v in net.state_dict().items()} for net in nets))  # type: ignore[arg-type]
        for net, weights in zip(self.past, self.former[self.rng.integers(len(self.former))], strict=True):
            net.load_state_dict(weights)
        num = self.table.num
        block = np.arange(num) * 3 // num
        press = Press(self._mouths(double_agent_attacker.policy, 0, block != 2), num)
        voice = Voice(self._mouths(double_agent.policy, 1, block != 1), num)
        double_agent.fresh(self.table, self.config.seed, update, self.config.group)
        outcome = self.table.play(press, voice)
        returns, progress = PAYOFF[outcome.ended], update / self.config.updates
        learn(self.suspect, self.optimisers[0], press, block != 2, returns, self.config, progress)
        learn(self.mind, self.optimisers[1], voice, block != 1, -returns, self.config, progress)
        return Outcome(*(each[block == 0] for each in outcome))

    def _mouths(self, policy: Any, side: int, own: np.ndarray) -> Any:
        now, past = (policy(nets[side], len(own), self.generator) for nets in ((self.suspect, self.mind), self.past))
        return divided([(own, now), (~own, past)])


def shares(outcome: Outcome) -> dict[str, float]:
    """The share of each end, the attacker's mean points, mean turns, and how often the defender's statements were right."""
    told = {name: float((outcome.ended == i).mean()) for i, name in enumerate(OUTCOMES)}
    right = outcome.mind[~np.isnan(outcome.mind)]
    mind = float(right.mean()) if len(right) else 0.0
    return told | {"points": float(PAYOFF[outcome.ended].mean()), "turns": float(outcome.turns.mean()), "mind": mind}


RESUMES = False
"""A run is short: one that is stopped keeps what it has, and is not gone on with."""


def train(
    config: Config, game: str | Game, run: str | os.PathLike[str], *, resume: bool = False, command: str = "", progress: Any = None,
    stop: Callable[[], bool] = lambda: False,
) -> Path:  # fmt: skip
    """Self-play into a run's folder. A run is short, so none is resumed: UserError. stop: asked after each update if it was the last."""
    if resume:
        raise UserError("a duel takes minutes and is not resumed: begin a new one with another --run DIR", USAGE)
    if config.batch % (3 * config.group):
        least = 3 * config.group
        raise UserError(
            f"--batch {config.batch} is not three blocks of groups of {config.group}: give a multiple of {least}"
        )
    rules = open_game(game) if isinstance(game, str) else game
    demand(rules)
    torch.set_num_threads(1)
    kept = Run.create(run, algo="duel", game=rules, config=config, command=command)
    began, ends = time.process_time(), []
    duel = Duel(config, Table(config.batch, **rules.options))
    for update in range(config.updates):
        ends.append(duel.round(update))
        last = update + 1 == config.updates or stop()
        if (update + 1) % EVERY == 0 or last:
            step, seconds = (update + 1) * config.batch, time.process_time() - began
            told = shares(Outcome(*(np.concatenate(each) for each in zip(*ends, strict=True))))
            told["steps_per_second"] = step / max(seconds, 1e-9)
            ends.clear()
            kept.log(step, seconds, told)
            if progress is not None:
                progress(step, seconds, (update + 1) / config.updates, told)
        if last:
            _save(kept, duel, (update + 1) * config.batch, time.process_time() - began)
            break
    return kept.path


def _save(run: Run, duel: Duel, step: int, seconds: float) -> None:
    """Both networks as they are at the end."""
    nets = {"attacker": duel.suspect, "defender": duel.mind}
    weights = {f"{side}/{name}": each.numpy() for side, net in nets.items() for name, each in net.state_dict().items()}
    work = {"policy": "dialogue", "hidden": duel.config.hidden}
    run.save(step, weights, {"work": work, "seconds": seconds})
    run.close()
