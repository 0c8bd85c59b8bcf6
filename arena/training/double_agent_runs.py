"""The runs of the study of double agents: what is trained, how it is judged, and where each run leaves its figures.

    python -m arena.training.double_agent_runs --cells fooling-plain,both-plain --seeds 0-7 --to runs/double-agent

A run that has left its file is not made again. Everything here was fixed before the first run: the last checkpoint counts, acts
are drawn from the policy, a run is judged on scenarios of its own seed that no training saw, by all four attackers.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from arena.bench.studies import as_command
from arena.training import double_agent
from arena.training.dialogue import OUTCOMES, Outcome, Table, attackers, scripted
from arena.training.double_agent import Config, Mind
from envs.errors import UserError

__all__ = ["ATTACKERS", "CELLS", "SCRIPTED", "judged", "probe", "run", "summed"]

ATTACKERS = ("plain", "checking", "forewarned", "strategic")
SCRIPTED = (
    "chance",
    "chance-hard",
    "refuse",
    "honest",
    "vague",
    "random",
    "liar1",
    "liar2",
    "liar3",
    "tracker",
    "oracle",
)
JUDGED = 768
"""Dialogues against each attacker that judge a run."""
UNSEEN = 9_000_000
"""Seeds of judging begin here; those of training are a run's own, from 0."""

_BASE = Config(batch=256, rate=3e-3, entropy=0.01, clones=100, updates=250)
_MIXED = dataclasses.replace(_BASE, attackers=ATTACKERS, updates=400)
CELLS: dict[str, Config] = {
    "mind-plain": dataclasses.replace(_BASE, reward="mind"),
    "fooling-plain": dataclasses.replace(_BASE, reward="fooling"),
    "both-plain": dataclasses.replace(_BASE, reward="both"),
    "mind-mixture": dataclasses.replace(_MIXED, reward="mind"),
    "fooling-mixture": dataclasses.replace(_MIXED, reward="fooling"),
    "both-mixture": dataclasses.replace(_MIXED, reward="both"),
    "fooling-plain-ppo": dataclasses.replace(_BASE, reward="fooling", algorithm="ppo", updates=150),
    "fooling-mixture-ppo": dataclasses.replace(_MIXED, reward="fooling", algorithm="ppo"),
    "fooling-plain-separate": dataclasses.replace(_BASE, reward="fooling", separate=True, anchor=0.0),
    "fooling-plain-unanchored": dataclasses.replace(_BASE, reward="fooling", anchor=0.0),
    "fooling-plain-free": dataclasses.replace(_BASE, reward="fooling", anchor=0.0, adherence=0.6),
}
"""What is trained: reward, attackers, and what is left out. unanchored: no anchor; separate: heads that do not share the statement, no
anchor; free: no anchor, and a clone that follows its own statements less."""

Summary = dict[str, dict[str, Any]]


def summed(outcome: Outcome) -> Summary:
    """Dialogues by prior ("0", "1", "2"): how many, how many of each outcome, mean turns, mean shares of right statements."""
    table = {}
    for prior in np.unique(outcome.prior).tolist():
        chosen = outcome.prior == prior
        told = chosen & ~np.isnan(outcome.mind)
        table[str(prior)] = {"n": int(chosen.sum()), "turns": float(outcome.turns[chosen].mean())} | {
            name: int((outcome.ended[chosen] == i).sum()) for i, name in enumerate(OUTCOMES)
        }
        shares = {"mind": outcome.mind[told], "guess": outcome.guess[told]}
        table[str(prior)] |= {name: float(each.mean()) if len(each) else 0.0 for name, each in shares.items()}
    return table


def judged(defender: Mind | str, seed: int, num: int = JUDGED) -> dict[str, Any]:
    """A network or a scripted defender against each attacker on the same scenarios; and the share of scenarios in which it fools all four,
    of all, of hard ones, and by what the attacker knew.
    """
    table, found = Table(num), {}
    always = np.ones(num, np.bool_)
    for attacker in ATTACKERS:
        double_agent.fresh(table, UNSEEN, seed, 1)
        side = attackers([attacker], num)
        if isinstance(defender, str):
            outcome = table.play(side, scripted(defender, num))
        else:
            mouth = double_agent.policy(defender, num, torch.Generator().manual_seed(seed))
            outcome = double_agent.rolled(table, side, mouth).outcome
        found[attacker] = summed(outcome)
        always &= outcome.ended == 0
    knew = {str(prior): float(always[outcome.prior == prior].mean()) for prior in np.unique(outcome.prior).tolist()}
    hard = float(always[outcome.prior > 0].mean())
    return {"attackers": found, "always": float(always.mean()), "always_hard": hard, "always_knew": knew}


def probe(mind: Mind, config: Config, num: int = JUDGED, steps: int = 300) -> dict[str, float]:
    """How well a linear map of the frozen state tells the prior, on dialogues that it was not fitted on; and what was stated there."""
    table = Table(num)
    double_agent.fresh(table, UNSEEN, 1000 + config.seed, 1)
    side = attackers(config.attackers, num)
    rollout = double_agent.rolled(
        table, side, double_agent.policy(mind, num, torch.Generator().manual_seed(config.seed))
    )
    with torch.no_grad():
        state = double_agent.scores(mind, rollout)[4]
    prior = torch.from_numpy(rollout.outcome.prior)[rollout.row]
    fitted = rollout.row % 2 == 0
    linear = nn.Linear(state.shape[1], double_agent.DEPTH)
    optimiser = torch.optim.Adam(linear.parameters(), 0.05, weight_decay=1e-4)
    for _ in range(steps):
        optimiser.zero_grad()
        functional.cross_entropy(linear(state[fitted]), prior[fitted]).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    with torch.no_grad():
        right = linear(state[~fitted]).argmax(-1) == prior[~fitted]
    said = rollout.knew[~fitted] == prior[~fitted]
    return {"probe": float(right.float().mean()), "stated": float(said.float().mean())}


def run(cell: str, seed: int) -> dict[str, Any]:
    """Train and judge one run. seconds: of this process on the processor, training alone."""
    config = dataclasses.replace(CELLS[cell], seed=seed)
    began = time.process_time()
    mind, clone = double_agent.train(config)
    seconds = time.process_time() - began
    return {
        "cell": cell, "seed": seed, "seconds": seconds, "config": dataclasses.asdict(config),
        "clone": judged(clone, seed), "trained": judged(mind, seed), "probe": probe(mind, config), "probe_clone": probe(clone, config),
        "weights": {name: value.tolist() for name, value in mind.state_dict().items()},
    }  # fmt: skip


def made(folder: Path, cell: str, seed: int) -> Mapping[str, Any]:
    """The figures of a run, from its file or made now."""
    path = folder / f"{cell}-{seed}.json"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".part").write_text(json.dumps(run(cell, seed)), encoding="utf-8")
        path.with_suffix(".part").rename(path)
    found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def seeds_of(text: str) -> list[int]:
    """ "0-7" or "0,3". Raises UserError for anything else."""
    first, _, last = text.partition("-")
    try:
        return list(range(int(first), int(last) + 1)) if last else [int(each) for each in text.split(",")]
    except ValueError:
        raise UserError(f"--seeds {text!r} names no seeds: write a range as 0-7, or a list as 0,3") from None


def main(words: Sequence[str]) -> None:
    """Make the runs that are asked for, one after another."""
    parser = argparse.ArgumentParser(
        prog="python -m arena.training.double_agent_runs", description="Train and judge double agents."
    )
    parser.add_argument("--cells", default=",".join(CELLS))
    parser.add_argument("--seeds", default="0-7")
    parser.add_argument("--to", type=Path, default=Path("runs/double-agent"))
    given = parser.parse_args(words)
    torch.set_num_threads(1)
    for seed in seeds_of(given.seeds):
        for cell in given.cells.split(","):
            found = made(given.to, cell, seed)
            print(f"{cell} seed {seed}: {found['seconds']:.0f} s", flush=True)  # noqa: T201  a command's report


if __name__ == "__main__":
    as_command(main)
