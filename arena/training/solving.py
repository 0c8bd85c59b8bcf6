"""The loop of the tabular solvers: iterate over a tree, measure, save; a run that is played from, watched and resumed like any other.

The gap is measured after 0, 1, 2, 3, ... iterations, each time a tenth more than before, and at the end: equal runs have equal metrics.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from arena.training.config import Common
from arena.training.exploitability import Gap, gap
from arena.training.run import Run
from arena.training.table import Table
from arena.training.trees import Tree, walk
from envs.errors import NOT_FOUND, UserError
from envs.game import Game
from envs.options import address as joined

__all__ = ["CLOCKS", "Solver", "addressed", "entered", "solve"]

CLOCKS: dict[str, Callable[[], float]] = {"wall": time.monotonic, "processor": time.process_time}


class Solver(Protocol):
    """What `solve` iterates. `iteration` counts steps; `strategy` is what is judged and kept; state and restore carry all the rest."""

    iteration: int

    def step(self) -> None: ...
    def strategy(self) -> np.ndarray: ...
    def state(self) -> dict[str, Any]: ...
    def restore(self, state: dict[str, Any]) -> None: ...


def addressed(game: str | Game) -> tuple[Game, str]:
    """(game, address) of a game, or of an address."""
    import envs  # noqa: PLC0415  its names are loaded when asked for

    if isinstance(game, str):
        return envs.game(game), game
    return game, joined(game.place or game.id, dict(game.options))


def entered(
    algo: str, config: Common, game: str | Game, run: Any, resume: bool = False, command: str = ""
) -> tuple[Run, Game]:
    """The run to write to: a fresh one, or with `resume` the one that is there, whose rules must be the game's."""
    found, address = addressed(game)
    if not resume:
        return Run.create(run, algo=algo, game=found, address=address, config=config, command=command), found
    opened = Run.opened(run)
    opened.demand_same_rules(found)
    return opened, found


def solve(
    algo: str, config: Common, game: str | Game, run: Any, make: Callable[[Tree], Solver], *, resume: bool = False,
    command: str = "", tell: Callable[[int, Gap], None] | None = None, clock: Callable[[], float] | None = None,
) -> Path:  # fmt: skip
    """Iterate until `config.steps` or `config.minutes` are used up; the folder of the run.

    game: a Game or an address; run: a folder, empty unless `resume`. make: the solver of a tree. tell: called with each measured gap.
    clock: seconds from anywhere, by default the one that `config.clock` names.
    """
    found, _ = addressed(game)
    tree = walk(found)
    opened, _ = entered(algo, config, game, run, resume, command)
    solver, clock = make(tree), clock or CLOCKS[config.clock]
    before = _resumed(opened, solver) if resume else 0.0
    try:
        _iterate(config, opened, tree, solver, before, clock, tell or (lambda iteration, found: None))
    finally:
        opened.close()
    return opened.path


def _resumed(run: Run, solver: Solver) -> float:
    """Take up the newest checkpoint; the seconds that it had taken."""
    found = run.newest()
    if found is None:
        raise UserError(f"{run.path} has no checkpoint to resume from: begin a new run", NOT_FOUND)
    solver.restore(found.state["solver"])
    run.rewind(found.step)
    return float(found.state["seconds"])


def _iterate(
    config: Common, run: Run, tree: Tree, solver: Solver, before: float, clock: Callable[[], float], tell: Callable[[int, Gap], None]
) -> None:  # fmt: skip
    begun = saved = clock()
    due = _due_after(solver.iteration - 1)
    while True:
        spent = before + clock() - begun
        over = solver.iteration >= config.steps or (config.minutes > 0 and spent >= 60 * config.minutes)
        if over or solver.iteration >= due:
            due = _due_after(solver.iteration)
            _measure(run, tree, solver, spent, tell)
        if over or clock() - saved >= config.save_every:
            saved = clock()
            _save(run, tree, solver, spent)
        if over:
            return
        solver.step()


def _due_after(iteration: int) -> int:
    """The first iteration after this one at which the gap is measured."""
    due = 0
    while due <= iteration:
        due = max(due + 1, due * 11 // 10)
    return due


def _measure(run: Run, tree: Tree, solver: Solver, spent: float, tell: Callable[[int, Gap], None]) -> None:
    found = gap(tree, solver.strategy())
    values = {"exploitability": found.exploitability, "nash_conv": found.nash_conv, "value": found.values[0]}
    run.log(solver.iteration, spent, values)
    tell(solver.iteration, found)


def _save(run: Run, tree: Tree, solver: Solver, spent: float) -> None:
    table = Table.of(tree, solver.strategy())
    state = {"solver": solver.state(), "keys": list(table.keys), "seconds": spent}
    run.save(solver.iteration, table.weights(), state)
