"""The training face: B records of one game stepped in place, without a copy between the rules and a learner.

obs[role] is a dict of field -> array [B, seats of the role, ...], views into aligned records that a tensor library takes as they are, and
of the views asked for. Games in plain Python have no records: `vector` gives them the loop of envs.faces.loop.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from envs import batch_drivers, drivers
from envs.errors import UserError
from envs.faces.batch import Batch, Episode
from envs.faces.board import default_view
from envs.faces.crew import Crew
from envs.game import Game
from envs.record_game import RecordGame
from envs.records import Row

__all__ = ["Episode", "Vector", "vector"]

PIECES = 8
"""Into so many pieces the rows of a thread are cut, which others may take when they are done with their own."""


def vector(game: Game, **options: Any) -> Batch:
    """The batch that steps this kind of game; options as in Vector."""
    if isinstance(game, RecordGame):
        return Vector(game, **options)
    from envs.faces.loop import Loop  # noqa: PLC0415  only plain games need it

    return Loop(game, **options)


class Vector(Batch):
    """See envs.make(view="vector").

    num: rows B. encode: names of views to write beside the fields. seats: "all", or "acting": only the first acting seat of each role is
    observed, obs[role] arrays then have one seat. threads: rows are split over so many threads (the rules run without the GIL).
    checked: whether `step` looks for illegal actions first (2 ns a row and seat); rules that are given one may write anywhere.
    """

    game: RecordGame

    def __init__(
        self, game: RecordGame, num: int = 1, encode: str | tuple[str, ...] = (), seats: str = "all", threads: int = 1,
        checked: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(game, num, encode, seats, checked)
        # In plain Python threads take turns anyway.
        self.threads = 1 if game.plain else max(1, min(threads, num))
        self._states = np.zeros(num, game.state_type)
        self._raw = game.raw(self._states)
        self._finals = np.zeros_like(self._states)
        self._looks = [_Look(self, role.name, seats == "acting") for role in game.spec.roles]
        self.obs = {look.name: look.fields for look in self._looks}
        self._crew = Crew(self.threads) if self.threads > 1 else None
        if self._crew is not None:
            weakref.finalize(self, self._crew.close)
        self._ahead = np.zeros_like(self._actions)
        self._drawn, self._wanted = -1, False
        self._parts: dict[tuple[int, int], _Part] = {}
        self._size = max(1, num // self.threads // PIECES)
        self._taken = np.zeros((self.threads, num // self._size + self.threads, 2), np.int64)

    def _start_rows(self) -> None:
        self._drawn = -1
        self._each(self._start)

    def _start(self, a: int, b: int) -> None:
        game = self.game
        game.run(drivers.start, self._states[a:b], game.configs, self.seeds[a:b])
        self._show(a, b)

    def _show(self, a: int, b: int) -> None:
        """Fill acting, legal and obs of some rows."""
        self.game.run(drivers.mask, self._states[a:b], self.game.configs, self.acting[a:b], self.legal[a:b])
        for look in self._looks:
            look.over(self, a, b)()

    def _step_rows(self, actions: np.ndarray) -> None:
        if self._crew is None:
            self._part(0, self.num).advance(self, actions)
        else:
            turns = np.zeros(
                (self.threads, 8), np.int64
            )  # new ones: an interrupted step may still be claiming of its own
            self._crew.run(lambda own: self._share(actions, turns, own))
        self._drawn, self._wanted = self._sampled + 1 if self._wanted else -1, False

    def _share(self, actions: np.ndarray, turns: np.ndarray, own: int) -> None:
        """A thread's share of a step."""
        taken, game = self._taken[own], self.game
        whole = self._part(0, self.num)
        count = whole.step(batch_drivers.step_shared, game, actions, turns, own, self._size, taken)
        for a, b in _joined(taken[:count].tolist()):
            self._part(a, b).show(self)

    def _part(self, a: int, b: int) -> _Part:
        part = self._parts.get((a, b))
        if part is None:
            part = self._parts[a, b] = _Part(self, a, b)
        return part

    def _each(self, work: Callable[[int, int], None]) -> None:
        """Do the work on all rows, split over the threads."""
        if self._crew is None:
            work(0, self.num)
        else:
            self._crew.run(lambda own: work(self.num * own // self.threads, self.num * (own + 1) // self.threads))

    def sample(self) -> np.ndarray:
        """As in Batch. With threads, a step that was sampled draws the next acts as it ends, where the masks are at hand."""
        self._sampled += 1
        if self._drawn == self._sampled:
            self._actions, self._ahead = self._ahead, self._actions
        else:
            self._sample_rows(0, self.num, self._sampled, self._actions)
        self._wanted = self._crew is not None
        return self._actions

    def state(self) -> dict[str, Any]:
        obs = np.zeros((self.num, 1), self.game.observation_types["spectator"])
        self.game.run(drivers.look, self._states, self.game.configs, -1, obs)
        return {name: obs[name][:, 0] for name in _names(obs)}

    def _final_obs(self) -> dict[str, Any]:
        ended = np.flatnonzero(self.terminated | self.truncated)
        states = np.ascontiguousarray(self.game.raw(self._finals)[ended]).view(self.game.state_type).reshape(-1)
        seen = {}
        for role in self.game.spec.roles:
            obs = np.zeros((len(ended), role.count), self.game.observation_types[role.name])
            if len(ended):
                self.game.run(drivers.look, states, self.game.configs, self.game.spec.first(role.name), obs)
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

    @property
    def records(self) -> np.ndarray:
        """The states of all rows, to be read by planners that train: B records, overwritten by the next step."""
        return self._states

    def seen(self, row: int, seat: int) -> Row:
        return self.game.observe(self._states[row : row + 1], seat)

    def place(self, rows: np.ndarray, raw: np.ndarray) -> None:
        """Let some rows go on from other states, uint8[n, bytes] as the game packs them; their episodes keep their seeds."""
        self._raw[rows] = raw
        self._drawn = -1
        self._each(self._show)

    def snapshot(self) -> dict[str, Any]:
        return {
            "states": self._raw.copy(), "rows": self._rows.copy(), "seeds": self.seeds.copy(), "episodes": self._episodes.copy(),
            "sampled": self._sampled,
        }  # fmt: skip

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        kept = self._raw, self._rows, self.seeds, self._episodes
        given = [np.asarray(snapshot[name]) for name in ("states", "rows", "seeds", "episodes")]
        for array, value in zip(kept, given, strict=True):
            if array.shape != value.shape or array.dtype != value.dtype:
                raise ValueError(f"a snapshot of {value.dtype}{value.shape} does not fit {array.dtype}{array.shape}")
        for array, value in zip(kept, given, strict=True):
            array[...] = value
        self._sampled, self._drawn = int(snapshot["sampled"]), -1
        self._each(self._show)

    def close(self) -> None:
        if self._crew is not None:
            self._crew.close()
            self._crew = None


class _Look:
    """The observation arrays of one role."""

    def __init__(self, vector: Vector, role: str, acting: bool) -> None:
        game = vector.game
        self.name, self.acting = role, acting
        self.first, self.count = game.spec.first(role), next(r.count for r in game.spec.roles if r.name == role)
        self.obs = np.zeros((vector.num, 1 if acting else self.count), game.observation_types[role])
        self.fields: dict[str, np.ndarray] = {name: self.obs[name] for name in _names(self.obs)}
        self.encoded: list[tuple[np.dtype, np.ndarray]] = []
        for view in vector.views:
            if view in self.fields:
                raise UserError(f"{game.id}: {view!r} is a field of what {role} sees and a view: rename the view")
            shape = default_view(game, self.first, view)
            assert shape is not None
            out = np.zeros((*self.obs.shape, *shape[1].shape), shape[1].dtype)
            self.fields[view] = out
            flat = out.reshape(-1, *shape[1].shape)
            self.encoded.append((game.view_type(role, view), flat))

    def over(self, vector: Vector, a: int, b: int) -> Callable[[], None]:
        """What fills the arrays of some rows, to be called again and again."""
        game, states, seen = vector.game, vector._states[a:b], vector.acting[a:b]
        obs, seats = self.obs[a:b], self.obs.shape[1]
        flats = [(obs.reshape(-1).view(tagged), out[a * seats : b * seats]) for tagged, out in self.encoded]

        def update() -> None:
            if self.acting:
                game.run(batch_drivers.look_acting, states, game.configs, self.first, self.count, seen, obs)
            else:
                game.run(drivers.look, states, game.configs, self.first, obs)
            for flat, out in flats:
                game.run(batch_drivers.encode_anew, flat, game.public.array, out)

        return update


class _Part:
    """Some rows of a vector, which step together: views that are made once, because a step of few rows takes no longer than making them."""

    def __init__(self, vector: Vector, a: int, b: int) -> None:
        self.rows, self.scale = (a, b), 1.0 / vector.game.spec.scale
        names = ("_rows", "seeds", "_episodes", "reward", "terminated", "truncated", "_finals", "acting", "legal")
        self._states = vector._states[a:b]
        self._after = tuple(getattr(vector, name)[a:b] for name in names)
        self._looks = [look.over(vector, a, b) for look in vector._looks]

    def advance(self, vector: Vector, actions: np.ndarray) -> None:
        """A step of the rows and what is seen after it."""
        a, b = self.rows
        self.step(batch_drivers.step_restart, vector.game, actions[a:b])
        self.show(vector)

    def step(self, driver: drivers.Driver, game: RecordGame, actions: np.ndarray, *more: Any) -> Any:
        return game.run(driver, self._states, game.configs, actions, *self._after, self.scale, *more)

    def show(self, vector: Vector) -> None:
        """What is seen after a step, and the next random acts where they are wanted."""
        if vector._wanted:
            a, b = self.rows
            vector._ahead[a:b] = vector._actions[a:b]  # what seats that do not act have done stays, as without threads
            vector._sample_rows(a, b, vector._sampled + 1, vector._ahead)
        for look in self._looks:
            look()


def _joined(spans: list[list[int]]) -> Iterator[tuple[int, int]]:
    """Spans of rows, those that follow one another as one."""
    first, end = 0, 0
    for a, b in spans:
        if a != end and first < end:
            yield first, end
        first, end = (first if a == end else a), b
    if first < end:
        yield first, end


def _names(obs: np.ndarray) -> Iterator[str]:
    return (name for name in obs.dtype.names or () if not name.startswith("rules_"))
