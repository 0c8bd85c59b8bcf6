"""A challenge: a run's newest checkpoint against its best, pair by pair, until the gate has its verdict.

The best stands in DIR/best, which is a run of its own: it is played as any run is ("runs/x/best"), and stays when checkpoints are pruned.
The first challenger is the best without a match. Verdicts are lines of DIR/gates.jsonl; the first pairs are recorded under DIR/matches.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from arena.training.evaluation import against
from arena.training.gate import OPEN, PROMOTED, Config, Gate
from arena.training.run import Run
from envs.errors import UserError
from envs.registry import spec

__all__ = ["RECORDED", "best_of", "challenge"]

RECORDED = 2
"""Pairs of a challenge that are recorded."""


def best_of(run: Run) -> Path:
    """Where the best of a run stands, if there is one."""
    return run.path / "best"


def challenge(
    run: Run, config: Config, *, seed: int = 0, plies: int = 2, tell: Callable[[Gate], None] = lambda gate: None
) -> Gate:
    """Play until the verdict, and put the newest checkpoint in the best's place when it is promoted.

    seed: of the first pair; plies: random ones of each opening. Raises UserError for a game that is not for two.
    """
    if spec(run.game).seats != 2:
        raise UserError(f"{run.game} has {spec(run.game).seats} seats: a gate compares two players in a game for two")
    newest = run.demand()
    gate = Gate(config)
    best = best_of(run)
    if not best.is_dir():
        gate.verdict = PROMOTED
    elif Run.opened(best).newest_step() == newest.step:
        raise UserError(f"checkpoint {newest.step} of {run.path} is the best already: train on, then challenge it")
    while gate.verdict == OPEN:
        _play_pair(run, gate, newest.step, seed, plies)
        tell(gate)
    if gate.verdict == PROMOTED:
        _enthrone(run, newest.step)
    _note(run, gate, newest.step)
    return gate


def _play_pair(run: Run, gate: Gate, step: int, seed: int, plies: int) -> None:
    """One start, both seats; matches that end without a result do not count, and their pair is played again on the next seed."""
    number = gate.pairs + gate.void
    record = run.path / "matches" / f"gate-{step}" / f"{number}" if number < RECORDED else None
    found = against(
        run.game,
        f"{run.path}?step={step}",
        str(best_of(run)),
        episodes=2,
        seed=seed + number,
        plies=plies,
        record=record,
    )
    if found.games == 2:
        mean = (found.won + found.drawn / 2) / 2
        gate.add(mean, mean)
    else:
        gate.skip()


def _enthrone(run: Run, step: int) -> None:
    """Make DIR/best a run with this one checkpoint; the old one is there until the new one is whole."""
    part, old = run.path / ".best.part", run.path / ".best.old"
    for left in (part, old):
        shutil.rmtree(left, ignore_errors=True)
    part.mkdir()
    for name in ("run.json", "config.toml"):
        shutil.copy2(run.path / name, part / name)
    shutil.copytree(run.path / "checkpoints" / str(step), part / "checkpoints" / str(step))
    if best_of(run).is_dir():
        best_of(run).rename(old)
    part.rename(best_of(run))
    shutil.rmtree(old, ignore_errors=True)


def _note(run: Run, gate: Gate, step: int) -> None:
    with (run.path / "gates.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"step": step} | gate.tree()) + "\n")
    run.note(f"checkpoint {step}: {gate}")
