"""What all batches share, whatever steps their rows: who acts, what is legal, seeds, random actions, recorded rows.

A batch is B episodes of one game. A row that ends restarts in the same call (SAME_STEP, decided once, here). Row i plays the episodes
of its own seeds: episode e of row i has seed fold(fold(seed, i), e) and equals the match with that seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from envs import keys
from envs.errors import UserError
from envs.faces.board import seeded
from envs.game import Game, Legal
from envs.sampling import sample, spaces_of, unlawful
from envs.spec import Box

__all__ = ["Batch", "Episode"]

Step = tuple[dict[str, Any], np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]


@dataclass
class Episode:
    """One row's episode: its seed, and per tick the actions {seat: K integers}; done when the row has restarted."""

    seed: int
    actions: list[dict[int, list[int]]] = field(default_factory=list)
    done: bool = False


class _Info(dict[str, Any]):
    """A step's info; the observations of ended rows are made only when somebody reads them."""

    def __init__(self, batch: Batch, **entries: Any) -> None:
        super().__init__(**entries)
        self._batch = batch

    def __missing__(self, name: str) -> Any:
        if name != "final_obs":
            raise KeyError(name)
        self[name] = self._batch._final_obs()
        return self[name]

    def __contains__(self, name: object) -> bool:
        return name == "final_obs" or super().__contains__(name)


class Batch:
    """B rows of a game. All arrays are made once; the next step overwrites them.

    legal bool[B, P, A] and acting bool[B, P] speak of the next step; reward float32[B, P], terminated and truncated bool[B] of the last.
    """

    obs: dict[str, Any]

    def __init__(self, game: Game, num: int, encode: str | tuple[str, ...], seats: str, checked: bool) -> None:
        if not 1 <= num <= 1 << 24 or seats not in {"all", "acting"}:
            raise UserError(f"num={num}, seats={seats!r}: num is from 1 to 16777216, seats is all or acting")
        spec = game.spec
        self.game, self.num, self.seats, self.checked = game, num, seats, checked
        self.views = (encode,) if isinstance(encode, str) else tuple(encode)
        self._rows, self.seeds = np.zeros(num, np.uint64), np.zeros(num, np.uint64)
        self._episodes = np.zeros(num, np.int64)
        self.reward = np.zeros((num, spec.seats), np.float32)
        self.terminated, self.truncated = np.zeros(num, np.bool_), np.zeros(num, np.bool_)
        self.acting = np.zeros((num, spec.seats), np.bool_)
        self.legal = np.zeros((num, spec.seats, spec.width), np.bool_)
        self._actions = np.zeros((num, spec.seats, spec.factors), np.int32)
        self._spaces = spaces_of(spec)
        self._recorded: dict[int, Episode] = {}
        self._sampled = 0

    def reset(self, seed: int | Sequence[int] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Fresh episodes in all rows: (obs, info). Of several seeds each is that of a row, which plays as row 0 of a batch with that seed.

        UserError unless there are as many as rows.
        """
        if seed is None or isinstance(seed, int | np.integer):
            start = seeded(seed)
            self._rows[:] = [keys.fold(start, i) for i in range(self.num)]
        elif len(seed) == self.num:
            self._rows[:] = [keys.fold(seeded(each), 0) for each in seed]
        else:
            raise UserError(f"{len(seed)} seeds for {self.num} rows: give one, or one for each row")
        self.seeds[:] = [keys.fold(int(row), 0) for row in self._rows]
        self._episodes[:] = 0
        self._start_rows()
        return self.obs, {"seed": self.seeds}

    def step(self, actions: np.ndarray) -> Step:
        """actions int32[B, P] or [B, P, K]; entries of seats that do not act are not read. (obs, reward, terminated, truncated, info)

        Raises ValueError for an illegal action before anything is stepped, unless checked=False was chosen. info: seed (of the running
        episodes), acted (who acted in this step), final_obs (as obs, but of the rows that ended, in the order of
        np.flatnonzero(terminated | truncated), and always of all seats).
        """
        given = self._integers(actions)
        if self.checked:
            self._demand_legal(given)
        acted = self.acting.copy()
        if self._recorded:
            self._note(given)
        self._step_rows(given)
        if self._recorded:
            self._finish()
        return self.obs, self.reward, self.terminated, self.truncated, _Info(self, seed=self.seeds, acted=acted)

    def _integers(self, actions: np.ndarray) -> np.ndarray:
        """The actions as the drivers take them."""
        if actions is self._actions:
            return self._actions
        given = np.asarray(actions)
        if given.dtype.kind not in "iu" or given.size != self._actions.size:
            shape = list(self._actions.shape)
            raise ValueError(
                f"actions are {given.dtype}{list(given.shape)}: give int32{shape}"
                + f" or {shape[:2]}" * (shape[2] == 1)
            )
        return np.ascontiguousarray(given, np.int32).reshape(self._actions.shape)

    def _demand_legal(self, actions: np.ndarray) -> None:
        row = int(unlawful(actions, self.acting, self.legal, self._spaces))
        if row < 0:
            return
        for seat in np.flatnonzero(self.acting[row]).tolist():
            legal = self._legal_of(row, seat)
            action = actions[row, seat, : len(legal.sizes)].tolist()
            if action not in legal:
                name, may = self.game.spec.seat_names[seat], str(legal.factors)[:200]
                raise ValueError(f"row {row}: {name} may not play {action} now: legal are {may}")

    def _legal_of(self, row: int, seat: int) -> Legal:
        actions = self.game.spec.role(seat).actions
        bounds = (actions.low, actions.high) if isinstance(actions, Box) else None
        return Legal(self.legal[row, seat, : sum(actions.factors)], actions.factors, bounds)

    def sample(self) -> np.ndarray:
        """Uniform legal actions int32[B, P, K] of all acting seats, from the rows' own keys; overwritten by the next call."""
        self._sampled += 1
        self._sample_rows(0, self.num, self._sampled, self._actions)
        return self._actions

    def _sample_rows(self, a: int, b: int, draw: int, actions: np.ndarray) -> None:
        sample(self.acting[a:b], self.legal[a:b], self._spaces, self._rows[a:b], draw, actions[a:b])

    def record(self, row: int) -> Episode:
        """Keep a row's next episode: the returned Episode fills as the row is stepped, from its next restart to its end."""
        episode = Episode(-1)
        self._recorded[row] = episode
        return episode

    def _note(self, actions: np.ndarray) -> None:
        for row, episode in self._recorded.items():
            if episode.seed >= 0:
                episode.actions.append(self._acts(actions, row))

    def _acts(self, actions: np.ndarray, row: int) -> dict[int, list[int]]:
        """What the acting seats of a row do, {seat: K integers}."""
        role = self.game.spec.role
        return {
            p: actions[row, p, : len(role(p).actions.factors)].tolist()
            for p in np.flatnonzero(self.acting[row]).tolist()
        }

    def _finish(self) -> None:
        for row, episode in list(self._recorded.items()):
            if self.terminated[row] or self.truncated[row]:
                if episode.seed >= 0:
                    episode.done = True
                    del self._recorded[row]
                else:
                    episode.seed = int(self.seeds[row])

    def configure(self, data: bytes) -> None:
        """Replace the configuration (see Game.config_bytes); only between episodes, so call reset next."""
        self.game.configure(data)

    def close(self) -> None:
        """Let go of what the batch holds beside memory."""

    # What a kind of batch does in its own way.
    def _start_rows(self) -> None:
        """Start the episodes of `seeds` in all rows; fill acting, legal, obs."""
        raise NotImplementedError

    def _step_rows(self, actions: np.ndarray) -> None:
        """Step all rows, restart the ended ones; fill everything."""
        raise NotImplementedError

    def _final_obs(self) -> dict[str, Any]:
        raise NotImplementedError

    def state(self) -> dict[str, Any]:
        """The spectator's observation of every row, name -> array [B, ...], for centralised critics."""
        raise NotImplementedError

    def seen(self, row: int, seat: int) -> Any:
        """What a seat of a row knows now, as a match would show it."""
        raise NotImplementedError

    def snapshot(self) -> dict[str, Any]:
        """Everything that the next steps follow from, as plain values; `restore` goes on from there."""
        raise NotImplementedError

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Take over a snapshot of a batch of the same game and size. ValueError for any other."""
        raise NotImplementedError
