"""What every algorithm's `train` does around its rounds: budget, metrics, checkpoints, resuming, and an eye on its health.

An algorithm is a `Work`: it does a round, says what it measured, and can be frozen and thawed. Its rounds are a function of its state,
so that a run that was killed and resumed comes to the same weights as one that was not. A run that has ended holds its last checkpoint.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from arena.training.checkpoint import Checkpoint
from arena.training.config import Common
from arena.training.run import Run
from envs.errors import CORRUPT, FAILURE, UserError
from envs.extras import demand
from envs.game import Game
from envs.registry import game as open_game

__all__ = ["Progress", "Work", "drive"]

COLLAPSED, PATIENCE = 0.02, 20
"""An entropy below this share of its possible greatest, for so many rounds, is an alert."""
IDLE = 1000
"""Rounds without a sample after which a training gives up."""

Progress = Callable[[int, float, float, Mapping[str, float]], None]
"""progress(step, seconds, share of the budget that is used, the newest metrics)"""


class Work(Protocol):
    """An algorithm at work. step: samples learned from so far; progress 0 to 1, told before each round, is for schedules."""

    step: int

    def round(self, progress: float) -> dict[str, float]:
        """Collect and learn once; the metrics of the round."""

    def weights(self) -> dict[str, np.ndarray]: ...

    def state(self) -> dict[str, Any]:
        """Everything else that the next round follows from, as a checkpoint takes it."""

    def restore(self, weights: Mapping[str, np.ndarray], state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint. UserError (4) when it is of something else."""

    def close(self) -> None: ...


def drive(
    make: Callable[[Game, Run], Work], config: Common, game: str | Game, run: str | os.PathLike[str], *, resume: bool = False,
    command: str = "", clock: Callable[[], float] | None = None, fsync: Callable[[int], None] = os.fsync,
    progress: Progress | None = None, stop: Callable[[], bool] = lambda: False,
) -> Path:  # fmt: skip
    """Make the work, and do its rounds until the budget is used up; the folder of the run.

    resume: go on in a run that is there. clock: seconds; by default what config.clock says. stop: asked before each round; where it says
    so, the run pauses there, with a checkpoint. Raises UserError: a folder that is taken
    or damaged, other rules, a loss that is no number any more.
    """
    demand("train", "training")
    rules = open_game(game) if isinstance(game, str) else game
    address = game if isinstance(game, str) else ""
    kept = _opened(run, config, rules, fsync) if resume else None
    folder = kept or Run.create(
        run, algo=config.name(), game=rules, address=address, config=config, command=command, fsync=fsync
    )
    try:
        work = make(rules, folder)
    except BaseException:
        if kept is None:
            folder.discard()
        raise
    try:
        _Driving(work, folder, config, clock or _clock(config), progress, stop).go(kept is not None)
    finally:
        work.close()
        folder.close()
    return folder.path


def _clock(config: Common) -> Callable[[], float]:
    return time.process_time if config.clock == "processor" else time.monotonic


def _opened(path: str | os.PathLike[str], config: Common, game: Game, fsync: Callable[[int], None]) -> Run:
    run = Run.opened(path, fsync=fsync)
    if run.algo != config.name():
        raise UserError(f"{path} is a run of {run.algo}, not of {config.name()}: give --algo {run.algo}")
    run.demand_same_rules(game)
    free = {"steps", "minutes", "part", "save_every", "log_every", "clock", "ray", "device"}
    changed = [
        name for name, value in config.values().items() if name not in free and run.config.get(name, value) != value
    ]
    if changed:
        raise UserError(
            f"{path} was begun with another {', '.join(changed)}: a run keeps its settings; begin a new one"
        )
    return run


class _Driving:
    """One call of `drive`."""

    def __init__(
        self,
        work: Work,
        run: Run,
        config: Common,
        clock: Callable[[], float],
        progress: Progress | None,
        stop: Callable[[], bool],
    ) -> None:
        self.work, self.run, self.config, self.progress, self.stop = work, run, config, progress, stop
        self.clock, self.began, self.before = clock, clock(), 0.0
        self.logged, self.saved, self.low, self.idle = 0.0, 0.0, 0, 0
        self.logged_step = 0

    @property
    def seconds(self) -> float:
        """Time that the run has taken, all its processes together."""
        return self.before + self.clock() - self.began

    @property
    def used(self) -> float:
        """The share of the budget that is used up: of steps or of minutes, whichever is nearer to its end."""
        spent = self.work.step / self.config.steps
        return max(spent, self.seconds / 60.0 / self.config.minutes) if self.config.minutes else spent

    @property
    def interrupted(self) -> bool:
        """Whether this call has had its part of the budget, or is told to stop."""
        return self.stop() or (bool(self.config.part) and self.clock() - self.began >= 60.0 * self.config.part)

    def go(self, resumed: bool) -> None:
        if resumed:
            self._resume()
        self.run.note(f"{'goes on' if resumed else 'begins'} at step {self.work.step}")
        self.logged_step = self.work.step
        self.logged = self.saved = self.seconds
        metrics: dict[str, float] = {}
        while self.used < 1.0 and not self.interrupted:
            step = self.work.step
            metrics = self.work.round(self.used)
            self.idle = self.idle + 1 if self.work.step == step else 0
            self.run.step, self.run.seconds = self.work.step, self.seconds
            self._demand_health(metrics)
            if self.seconds - self.logged >= self.config.log_every:
                self._log(metrics)
            if self.seconds - self.saved >= self.config.save_every:
                self._save()
        if metrics and self.work.step > self.logged_step:
            self._log(metrics)
        self._save()
        self.run.note(f"{'ends' if self.used >= 1.0 else 'pauses'} at step {self.work.step} after {self.seconds:.1f} s")

    def _resume(self) -> None:
        found = self.run.newest()
        if found is None:
            # Killed before its first checkpoint: it begins again, which is the same.
            self.run.rewind(-1)
            return
        self._thaw(found)
        self.run.rewind(found.step)

    def _thaw(self, found: Checkpoint) -> None:
        try:
            self.work.restore(found.weights, found.state["work"])
            self.work.step = int(found.step)
            self.before, self.low = float(found.state["seconds"]), int(found.state["low"])
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise UserError(
                f"{self.run.path}, checkpoint {found.step}, is of something else ({error}): begin a new run", CORRUPT
            ) from None

    def _log(self, metrics: dict[str, float]) -> None:
        took = max(self.seconds - self.logged, 1e-9)
        rate = (self.work.step - self.logged_step) / took
        self.logged, self.logged_step = self.seconds, self.work.step
        told = {"steps_per_second": rate} | metrics
        self.run.log(self.work.step, self.seconds, told)
        if self.progress is not None:
            self.progress(self.work.step, self.seconds, min(self.used, 1.0), told)

    def _save(self) -> None:
        self.saved = self.seconds
        state = {"work": self.work.state(), "seconds": self.seconds, "low": self.low}
        self.run.save(self.work.step, self.work.weights(), state)

    def _demand_health(self, metrics: Mapping[str, float]) -> None:
        wrong = [name for name, value in metrics.items() if not math.isfinite(value)]
        if wrong:
            what = f"{', '.join(wrong)} became no number at step {self.work.step}: lower the learning rate; the last checkpoint is kept"
            self.run.alert("nan", what)
            raise UserError(what, FAILURE)
        if self.idle == IDLE:
            raise UserError(
                f"no decision could be learned from in {IDLE} rounds: give more --ticks or fewer opponents", FAILURE
            )
        share = metrics.get("entropy_share", 1.0)
        self.low = self.low + 1 if share < COLLAPSED else 0
        if self.low == PATIENCE:
            self.run.alert(
                "entropy", f"entropy fell to {share:.1%} of its greatest: the policy explores no more; raise --entropy"
            )
