"""The training face of games in plain Python: the same arrays as envs.faces.vector, filled by a loop. For small experiments.

A plain observation is a tree, so obs[role] holds views only: those asked for, or all of the role.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from envs import keys
from envs.errors import UserError
from envs.faces.batch import Batch
from envs.faces.board import default_view
from envs.game import Game
from envs.spec import SPECTATOR, Role, Text

__all__ = ["Loop"]


class Loop(Batch):
    """See envs.make(view="vector"); `threads` has no effect, because Python steps one row at a time.

    Raises UserError for games whose seats write texts, and for games that cannot be stepped from any state.
    """

    def __init__(
        self, game: Game, num: int = 1, encode: str | tuple[str, ...] = (), seats: str = "all", threads: int = 1,
        checked: bool = True,
    ) -> None:  # fmt: skip
        if game.kind != "plain" or any(isinstance(role.actions, Text) for role in game.spec.roles):
            raise UserError(
                f"{game.id} has no vector face, its actions are texts or it is another library's: use the AEC or the Parallel face"
            )
        super().__init__(game, num, encode, seats, checked)
        self._states: list[Any] = [None] * num
        self._finals: dict[int, Any] = {}
        self.obs = {
            role.name: self._tensors(role, num, 1 if seats == "acting" else role.count) for role in game.spec.roles
        }

    def _tensors(self, role: Role, num: int, seats: int) -> dict[str, np.ndarray]:
        """Zero arrays [num, seats, ...] for the views of a role."""
        made = {}
        for name in self.views or role.views:
            view = default_view(self.game, self.game.spec.first(role.name), name)
            assert view is not None
            made[name] = np.zeros((num, seats, *view[1].shape), view[1].dtype)
        return made

    def _start_rows(self) -> None:
        for row in range(self.num):
            self._states[row] = self.game.start(int(self.seeds[row]))
            self._show(row)

    def _step_rows(self, actions: np.ndarray) -> None:
        self._finals.clear()
        for row in range(self.num):
            after = self.game.step(self._states[row], self._acts(actions, row), int(self.seeds[row]))
            facts = self.game.facts(after)
            self.reward[row] = facts.reward
            self.terminated[row], self.truncated[row] = facts.done and not facts.truncated, facts.truncated
            self._states[row] = self._restarted(row, after) if facts.done else after
            self._show(row)

    def _restarted(self, row: int, end: Any) -> Any:
        self._finals[row] = end
        self._episodes[row] += 1
        self.seeds[row] = keys.fold(int(self._rows[row]), int(self._episodes[row]))
        return self.game.start(int(self.seeds[row]))

    def _show(self, row: int) -> None:
        """Fill acting, legal and obs of a row."""
        turns = self.game.turns(self._states[row])
        self.acting[row], self.legal[row] = False, False
        for seat, legal in turns.items():
            self.acting[row, seat] = True
            self.legal[row, seat, : len(legal.mask)] = legal.mask
        for role in self.game.spec.roles:
            first = self.game.spec.first(role.name)
            seats = list(range(first, first + role.count))
            if self.seats == "acting":
                seats = [seat for seat in seats if seat in turns][:1]
            self._look(self._states[row], seats, self.obs[role.name], row)

    def _look(self, state: Any, seats: list[int], tensors: dict[str, np.ndarray], row: int) -> None:
        for place, seat in enumerate(seats):
            obs = self.game.observe(state, seat)
            for name, array in tensors.items():
                array[row, place] = self.game.encode(obs, name)

    def _final_obs(self) -> dict[str, Any]:
        seen = {}
        for role in self.game.spec.roles:
            first = self.game.spec.first(role.name)
            seen[role.name] = self._tensors(role, len(self._finals), role.count)
            for row, end in enumerate(self._finals.values()):
                self._look(end, list(range(first, first + role.count)), seen[role.name], row)
        return seen

    def state(self) -> dict[str, Any]:
        role = self.game.spec.roles[0]
        seen = self._tensors(role, self.num, 1)
        for row, state in enumerate(self._states):
            self._look(state, [SPECTATOR], seen, row)
        return {name: array[:, 0] for name, array in seen.items()}

    def seen(self, row: int, seat: int) -> Any:
        return self.game.observe(self._states[row], seat)

    def snapshot(self) -> dict[str, Any]:
        return {
            "states": [self.game.pack(state) for state in self._states], "rows": self._rows.copy(), "seeds": self.seeds.copy(),
            "episodes": self._episodes.copy(), "sampled": self._sampled,
        }  # fmt: skip

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        if len(snapshot["states"]) != self.num:
            raise ValueError(f"a snapshot of {len(snapshot['states'])} rows does not fit {self.num}")
        self._states = [self.game.unpack(state) for state in snapshot["states"]]
        for name, array in (("rows", self._rows), ("seeds", self.seeds), ("episodes", self._episodes)):
            array[...] = snapshot[name]
        self._sampled = int(snapshot["sampled"])
        for row in range(self.num):
            self._show(row)
