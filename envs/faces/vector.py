"""The training face: B records of one game stepped in place, without a copy between the rules and a learner.

`step` restarts ended rows in the same call (SAME_STEP, decided once, here). Row i plays the episodes of its own seeds: episode e of row i
has seed fold(fold(seed, i), e) and equals the match with that seed. All arrays are made once; the next step overwrites them.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from envs import drivers, keys
from envs.errors import UserError
from envs.faces.board import default_view, seeded
from envs.game import Game
from envs.record_game import RecordGame
from envs.sampling import sample, spaces_of, unlawful

__all__ = ["Episode", "Vector"]


@dataclass
class Episode:
    """One row's episode: its seed, and per tick the actions {seat: K integers}; done when the row has restarted."""

    seed: int
    actions: list[dict[int, list[int]]] = field(default_factory=list)
    done: bool = False


class _Info(dict[str, Any]):
    """A step's info; the observations of ended rows are made only when somebody reads them."""

    def __init__(self, vector: Vector, **entries: Any) -> None:
        super().__init__(**entries)
        self._vector = vector

    def __missing__(self, name: str) -> Any:
        if name != "final_obs":
            raise KeyError(name)
        self[name] = self._vector._final_obs()
        return self[name]

    def __contains__(self, name: object) -> bool:
        return name == "final_obs" or super().__contains__(name)


class Vector:
    """See envs.make(view="vector").

    num: rows B. encode: names of views to write beside the fields. seats: "all", or "acting": only the first acting seat of each role is
    observed, obs[role] arrays then have one seat. threads: rows are split over so many threads (the rules run without the GIL).
    checked: whether `step` looks for illegal actions first (4 ns a row); rules that are given one may write anywhere.
    obs[role] is a dict of field -> array [B, seats of the role, ...]; legal bool[B, P, A]; acting bool[B, P]; reward float32[B, P].
    """

    def __init__(
        self, game: Game, num: int = 1, encode: str | tuple[str, ...] = (), seats: str = "all", threads: int = 1, checked: bool = True,
    ) -> None:  # fmt: skip
        if not isinstance(game, RecordGame):
            raise UserError(
                f"{game.id} is a game in plain Python and has no vector face: use the AEC or the Parallel face"
            )
        if not 1 <= num <= 1 << 24 or seats not in ("all", "acting"):
            raise UserError(f"num={num}, seats={seats!r}: num is from 1 to 16777216, seats is all or acting")
        self.game, self.num, self.seats, self.threads = game, num, seats, max(1, min(threads, num))
        spec = game.spec
        self.views = (encode,) if isinstance(encode, str) else tuple(encode)
        self._states = np.zeros(num, game.state_type)
        self._raw = game.raw(self._states)
        self._finals = np.zeros_like(self._raw)
        self._rows, self.seeds = np.zeros(num, np.uint64), np.zeros(num, np.uint64)
        self._episodes = np.zeros(num, np.int64)
        self.reward = np.zeros((num, spec.seats), np.float32)
        self.terminated, self.truncated = np.zeros(num, np.bool_), np.zeros(num, np.bool_)
        self.acting = np.zeros((num, spec.seats), np.bool_)
        self.legal = np.zeros((num, spec.seats, spec.width), np.bool_)
        self._actions = np.zeros((num, spec.seats, spec.factors), np.int32)
        self._spaces, self.checked = spaces_of(spec), checked
        self._looks = [_Look(self, role.name, seats == "acting") for role in spec.roles]
        self.obs = {look.name: look.fields for look in self._looks}
        self._pool = ThreadPoolExecutor(self.threads) if self.threads > 1 else None
        self._recorded: dict[int, Episode] = {}
        self._sampled = 0

    # ------------------------------------------------------------------ stepping
    def reset(self, seed: int | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Fresh episodes in all rows: (obs, info)."""
        start = seeded(seed)
        self._rows[:] = [keys.fold(start, i) for i in range(self.num)]
        self.seeds[:] = [keys.fold(int(row), 0) for row in self._rows]
        self._episodes[:] = 0
        self._each(self._start)
        return self.obs, {"seed": self.seeds}

    def _start(self, a: int, b: int) -> None:
        game = self.game
        game.run(drivers.start, self._states[a:b], self._raw[a:b], game.configs, self.seeds[a:b])
        game.run(drivers.mask, self._states[a:b], game.configs, self.acting[a:b], self.legal[a:b])
        for look in self._looks:
            look.update(self, a, b)

    def step(self, actions: np.ndarray) -> tuple[dict[str, Any], np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """actions int32[B, P] or [B, P, K]; entries of seats that do not act are not read. (obs, reward, terminated, truncated, info)

        Raises ValueError for an illegal action before anything is stepped, unless checked=False was chosen. info: seed (of the running
        episodes), acted (who acted in this step), final_obs (fields of the rows that ended, in the order of
        np.flatnonzero(terminated | truncated)).
        """
        given = np.ascontiguousarray(actions, np.int32).reshape(self._actions.shape)
        if self.checked:
            self._demand_legal(given)
        acted = self.acting.copy()
        if self._recorded:
            self._note(given)
        self._each(lambda a, b: self._advance(given, a, b))
        if self._recorded:
            self._finish()
        return self.obs, self.reward, self.terminated, self.truncated, _Info(self, seed=self.seeds, acted=acted)

    def _demand_legal(self, actions: np.ndarray) -> None:
        row = int(self.game.run(unlawful, actions, self.acting, self.legal, self._spaces))
        if row < 0:
            return
        for seat in np.flatnonzero(self.acting[row]).tolist():
            legal = self.game.legal_from(self.legal[row, seat], seat)
            action = actions[row, seat, : len(legal.sizes)].tolist()
            if action not in legal:
                raise ValueError(
                    f"row {row}: {self.game.spec.seat_names[seat]} may not play {action} now: legal are {str(legal.factors)[:200]}"
                )

    def _advance(self, actions: np.ndarray, a: int, b: int) -> None:
        game = self.game
        game.run(
            drivers.step_restart, self._states[a:b], self._raw[a:b], game.configs, actions[a:b], self._rows[a:b], self.seeds[a:b],
            self._episodes[a:b], self.reward[a:b], self.terminated[a:b], self.truncated[a:b], self._finals[a:b], self.acting[a:b],
            self.legal[a:b], 1.0 / game.spec.scale,
        )  # fmt: skip
        for look in self._looks:
            look.update(self, a, b)

    def _each(self, work: Any) -> None:
        """Do the work on all rows, split over the threads."""
        if self._pool is None:
            work(0, self.num)
            return
        edges = [self.num * i // self.threads for i in range(self.threads + 1)]
        list(self._pool.map(work, edges[:-1], edges[1:]))

    def sample(self) -> np.ndarray:
        """Uniform legal actions int32[B, P, K] of all acting seats, from the rows' own keys; overwritten by the next call."""
        self._sampled += 1
        self._each(self._sample)
        return self._actions

    def _sample(self, a: int, b: int) -> None:
        acting, legal, keys = self.acting[a:b], self.legal[a:b], self._rows[a:b]
        self.game.run(sample, acting, legal, self._spaces, keys, self._sampled, self._actions[a:b])

    # ------------------------------------------------------------------ looking
    def state(self) -> dict[str, Any]:
        """The spectator's observation of every row, field -> array [B, ...], for centralised critics."""
        obs = np.zeros((self.num, 1), self.game.observation_types["spectator"])
        self.game.run(drivers.look, self._states, self.game.configs, -1, obs, self.game.raw(obs))
        return {name: obs[name][:, 0] for name in _names(obs)}

    def _final_obs(self) -> dict[str, Any]:
        ended = np.flatnonzero(self.terminated | self.truncated)
        states = np.ascontiguousarray(self._finals[ended]).view(self.game.state_type).reshape(-1)
        seen = {}
        for role in self.game.spec.roles:
            obs = np.zeros((len(ended), role.count), self.game.observation_types[role.name])
            if len(ended):
                self.game.run(
                    drivers.look, states, self.game.configs, self.game.spec.first(role.name), obs, self.game.raw(obs)
                )
            seen[role.name] = {name: obs[name] for name in _names(obs)} | self._final_views(role.name, obs)
        return seen

    def _final_views(self, role: str, obs: np.ndarray) -> dict[str, np.ndarray]:
        made = {}
        for view in self.views:
            shape = default_view(self.game, self.game.spec.first(role), view)
            assert shape is not None
            out = np.zeros((obs.size, *shape[1].shape), shape[1].dtype)
            if obs.size:
                tagged = obs.reshape(-1).view(self.game.view_type(role, view))
                self.game.run(drivers.encode_rows, tagged, self.game.public.array, out)
            made[view] = out.reshape(*obs.shape, *shape[1].shape)
        return made

    def configure(self, data: bytes) -> None:
        """Replace the configuration (see Game.config_bytes); only between episodes, so call reset next."""
        self.game.configure(data)

    # ------------------------------------------------------------------ recording
    def record(self, row: int) -> Episode:
        """Keep a row's next episode: the returned Episode fills as the row is stepped, from its next restart to its end."""
        episode = Episode(-1)
        self._recorded[row] = episode
        return episode

    def _note(self, actions: np.ndarray) -> None:
        for row, episode in self._recorded.items():
            if episode.seed >= 0:
                spec = self.game.spec
                acts = {
                    p: actions[row, p, : len(spec.role(p).actions.factors)].tolist()
                    for p in np.flatnonzero(self.acting[row]).tolist()
                }
                episode.actions.append(acts)

    def _finish(self) -> None:
        for row, episode in list(self._recorded.items()):
            if self.terminated[row] or self.truncated[row]:
                if episode.seed >= 0:
                    episode.done = True
                    del self._recorded[row]
                else:
                    episode.seed = int(self.seeds[row])

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()


class _Look:
    """The observation arrays of one role."""

    def __init__(self, vector: Vector, role: str, acting: bool) -> None:
        game = vector.game
        self.name, self.acting = role, acting
        self.first, self.count = game.spec.first(role), next(r.count for r in game.spec.roles if r.name == role)
        self.obs = np.zeros((vector.num, 1 if acting else self.count), game.observation_types[role])
        self.raw = game.raw(self.obs)
        self.fields: dict[str, np.ndarray] = {name: self.obs[name] for name in _names(self.obs)}
        self.encoded: list[tuple[np.dtype, np.ndarray]] = []
        for view in vector.views:
            shape = default_view(game, self.first, view)
            assert shape is not None
            out = np.zeros((*self.obs.shape, *shape[1].shape), shape[1].dtype)
            self.fields[view] = out
            self.encoded.append((game.view_type(role, view), out))

    def update(self, vector: Vector, a: int, b: int) -> None:
        game, states = vector.game, vector._states[a:b]
        if self.acting:
            game.run(
                drivers.look_acting, states, game.configs, self.first, self.count, vector.acting[a:b], self.obs[a:b], self.raw[a:b]
            )  # fmt: skip
        else:
            game.run(drivers.look, states, game.configs, self.first, self.obs[a:b], self.raw[a:b])
        for tagged, out in self.encoded:
            flat = self.obs[a:b].reshape(-1).view(tagged)
            out[a:b] = 0
            game.run(drivers.encode_rows, flat, game.public.array, out[a:b].reshape(-1, *out.shape[2:]))


def _names(obs: np.ndarray) -> Iterator[str]:
    return (name for name in obs.dtype.names or () if not name.startswith("rules_"))
