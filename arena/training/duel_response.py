"""Trained best responses in the double agent: what a fresh learner gains from a frozen player, for the declared zero-sum payoff.

A best response gains at least as much, so each gain is a lower bound. Responses begin as copies of scripted players, know nothing of
their victim, and are measured, with their last weights, on scenarios that no training saw. A defender that responds may see the whole
dialogue when it replies. Half the sum of both gains of a pair bounds its exploitability (NashConv / 2) from below.
Source: Timbers et al., "Approximate Exploitability" (2020), with group-relative policy gradients in the place of their learner.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from arena.statistics import Z95
from arena.training import double_agent, double_agent_attacker, duel
from arena.training.best_response import Bound
from arena.training.dialogue import Side, Table, attackers, defenders
from arena.training.double_agent import Mind, Voice
from arena.training.double_agent_attacker import Press, Suspect
from arena.training.double_agent_seat import loaded
from arena.training.duel import PAYOFF, Config, attacker_copied, defender_copied, learn
from arena.training.run import Run
from envs.errors import CORRUPT, UserError
from envs.registry import game as open_game

__all__ = ["Player", "attacks", "defends", "exploited", "meet", "networks", "side_of"]

UNSEEN = 9_500_000
"""Scenarios of measuring are folded from here; those of training from a run's seed."""
Player = str | Suspect | Mind
"""A scripted player's name, or a network."""


def networks(run: Run) -> tuple[Suspect, Mind]:
    """Both networks of a duel's newest checkpoint. UserError (3, 4) without one."""
    found = run.demand()
    work: Any = found.state.get("work")
    try:
        nets = Suspect(int(work["hidden"])), Mind(int(work["hidden"]))
        for name, net in zip(("attacker/", "defender/"), nets, strict=True):
            own = {key.removeprefix(name): value for key, value in found.weights.items() if key.startswith(name)}
            net.load_state_dict({key: torch.from_numpy(value.copy()) for key, value in own.items()})
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"{run.path} holds no players of a duel: {str(error)[:200]}", CORRUPT) from None
    return nets


def side_of(player: Player, seat: int, num: int, generator: torch.Generator) -> Side:
    """A player as one side of `num` dialogues; "mixture" is the four scripted attackers in equal parts."""
    if isinstance(player, Suspect):
        return Press(double_agent_attacker.policy(player, num, generator), num)
    if isinstance(player, Mind):
        return Voice(double_agent.policy(player, num, generator), num)
    if seat:
        return defenders([player], num)
    return attackers(duel.STYLES if player == "mixture" else (player,), num)


def meet(attacker: Player, defender: Player, seed: int, num: int, **options: Any) -> Any:
    """The ends of `num` dialogues on scenarios that no training saw."""
    table, generator = Table(num, **options), torch.Generator().manual_seed(seed)
    double_agent.fresh(table, UNSEEN, seed, 1)
    return table.play(*(side_of(player, seat, num, generator) for seat, player in enumerate((attacker, defender))))


def attacks(config: Config, victim: Player, steps: int, games: int, **options: Any) -> Bound:
    """What an attacker gains that has learned from `steps` decisions against a frozen defender."""
    table = Table(config.batch, **options)
    suspect = attacker_copied(config, table)
    taken = _learned(config, table, suspect, victim, 0, steps)
    return _bound(PAYOFF[meet(suspect, victim, config.seed, games, **options).ended], taken)


def defends(config: Config, victim: Player, steps: int, games: int, **options: Any) -> Bound:
    """What a defender gains that has learned from `steps` decisions against a frozen attacker."""
    table = Table(config.batch, **options)
    mind = defender_copied(config, table, separate=True)
    taken = _learned(config, table, mind, victim, 1, steps)
    return _bound(-PAYOFF[meet(victim, mind, config.seed, games, **options).ended], taken)


def _learned(config: Config, table: Table, net: Any, victim: Player, seat: int, steps: int) -> int:
    """Train one side until it has decided so often, or has made all its updates; how often it has decided."""
    generator = torch.Generator().manual_seed(config.seed)
    optimiser = torch.optim.Adam(net.parameters(), config.rate)
    every, taken, update = np.ones(table.num, np.bool_), 0, 0
    while taken < steps and update < config.updates:
        own: Any = side_of(net, seat, table.num, generator)
        sides: list[Callable[..., Any]] = [own, side_of(victim, 1 - seat, table.num, generator)]
        double_agent.fresh(table, config.seed, update, config.group)
        outcome = table.play(*(sides if seat == 0 else sides[::-1]))
        returns = PAYOFF[outcome.ended] * (-1) ** seat
        learn(net, optimiser, own, every, returns, config, taken / steps)
        taken, update = taken + max(1, sum(len(part[0]) for part in own.kept)), update + 1
    return taken


def _bound(points: np.ndarray, steps: int) -> Bound:
    error = float(points.std(ddof=1)) / math.sqrt(len(points))
    return Bound(float(points.mean()), Z95 * error, float((points > 0).mean()), len(points), steps)


def exploited(path: Path, steps: int, games: int, seed: int) -> dict[str, Bound]:
    """Side -> what a trained response gains from it: "defender" and "attacker" of a duel's run, "defender" of a defender's file, which
    is met under the game's default rules.
    """
    torch.set_num_threads(1)
    config = Config(seed=seed, updates=1_000_000)  # only the decisions count
    if path.suffix == ".json":
        return {"defender": attacks(config, loaded(path), steps, games)}
    run = Run.opened(path)
    rules = open_game(run.game)
    run.demand_same_rules(rules)
    suspect, mind = networks(run)
    return {
        "defender": attacks(config, mind, steps, games, **rules.options),
        "attacker": defends(config, suspect, steps, games, **rules.options),
    }
