"""A solver's player: looks up what the table of a run says after what its seat was asked and did."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import ClassVar

import numpy as np

from agents import pane
from arena.agent import Ask, Reply
from arena.training import checkpoint
from arena.training.run import Run
from arena.training.table import Memory, Table
from envs import keys
from envs.errors import CORRUPT, UserError
from envs.game import Game
from envs.spec import Option

__all__ = ["Tabular"]


class Tabular:
    """The table of a run, which plays."""

    title = "Tabular"
    path: ClassVar[Path]
    OPTIONS: ClassVar[Mapping[str, Option]] = {
        "step": Option(0, 0, 1 << 62, help="the checkpoint; 0 for the newest"),
    }

    def __init__(self, step: int = 0) -> None:
        self.step = step
        self.table: Table | None = None
        self.memory = Memory()
        self._tick = -1

    @classmethod
    def fits(cls, game: Game) -> None:
        Run.opened(cls.path).demand_same_rules(game)

    @classmethod
    def ready(cls, game: Game, step: int) -> Table:
        """What is played from. UserError for a run that has no such checkpoint, or one that holds no table."""
        return _table(str(cls.path), step, tuple(checkpoint.steps(cls.path / "checkpoints")))

    def __call__(self, ask: Ask) -> Reply:
        """Raises UserError for a run of another game, or one that holds no table."""
        if self.table is None:
            self.fits(ask.game)
            self.table = self.ready(ask.game, self.step)
        if ask.tick <= self._tick and not ask.refusals:
            self.memory = Memory()  # another episode has begun
        self._tick = ask.tick
        policy = self.table.policy(self.memory.asked(ask.obs))
        if policy is None:
            raise UserError(f"{self.path} knows nothing of this position: it was trained on another game", CORRUPT)
        action = _drawn(policy, ask.key)
        self.memory.did(action)
        why = f"{ask.game.name([action], ask.obs)}: {policy[action]:.0%} of the strategy"
        return Reply([[action]], notes={"policy": pane.policy(ask, policy, action), "why": why})


@cache
def _table(path: str, step: int, steps: tuple[int, ...]) -> Table:
    """The table of a run, kept while its checkpoints stay the same."""
    return Table.loaded(Run.opened(path).demand(step))


def _drawn(policy: Mapping[int, float], key: int) -> int:
    """An action, as often as its probability says."""
    actions, shares = list(policy), np.cumsum(list(policy.values()))
    place = int(np.searchsorted(shares, keys.uniform(key) * shares[-1], side="right"))
    return actions[min(place, len(actions) - 1)]
