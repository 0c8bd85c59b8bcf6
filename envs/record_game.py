"""A game over records: binds an author's rules to the drivers and gives them the common face.

`RecordGame(globals(), SPEC, state=..., config=..., observations=..., values=..., options=...)` is the last line of an author's `build`.
It lays out the record types, registers the rules under their tags and holds the configuration. Everything costs one
driver call on arrays of length one; batches are stepped by `envs.faces.vector` with the same drivers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from envs import drivers, rules, stubs
from envs.described import described
from envs.errors import UserError
from envs.game import Action, Facts, Game, Legal
from envs.memory import masked
from envs.packages import sources
from envs.records import TAG, Reading, Row, Rule, owned
from envs.spec import PUBLIC, SPECTATOR, Mark, Refusal, Spec

__all__ = ["RecordGame"]

_REQUIRED = ("init", "acting", "legal")
_WORDS = ("say", "parse", "form", "name", "tell", "draw")


class RecordGame(Game):
    """See the module. `observations` maps a role's name, "spectator" and "public" to Fields; one key "*" serves all.

    values: {field: value} of the configuration (fields left out are zero). plain=True never loads numba.
    Raises TypeError, naming the file, when a part is missing.
    """

    kind = "record"

    def __init__(
        self, namespace: Mapping[str, Any], spec: Spec, *, state: rules.Fields, observations: Mapping[str, rules.Fields],
        config: rules.Fields | None = None, values: Mapping[str, Any] | None = None, options: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.spec, self.options, self.plain, self.words = spec, dict(options or {}), drivers.PLAIN, namespace
        self._demand(namespace)
        self.digest = rules.source_digest(namespace, *sources(namespace))
        # With the module's name, because cached machine code imports the module that its rules stood in.
        self._tag = f"{spec.name}_{self.digest}_{namespace['__name__']}"
        header = (*rules.STATE_HEADER, ("reward", np.int32, (spec.seats,)))
        self.state_type = masked(rules.layout(header, state, self._tag + "_s"), spec.width)
        fields = config or rules.config()
        self.hidden = fields.hidden
        self.config_type = rules.layout(rules.CONFIG_HEADER, fields, self._tag + "_c")
        self.configs = self._configure(values or {})
        self.observation_types = {who: self._observation(who, observations) for who in self.audiences}
        self._seen = {who: self.observation_types[self.who(who)] for who in (*range(spec.seats), SPECTATOR, PUBLIC)}
        self._measures = [spec.role(seat).measures for seat in range(spec.seats)]
        self._register_state(namespace)

    def _demand(self, namespace: Mapping[str, Any]) -> None:
        stepped = "play" in namespace or ("command" in namespace and "advance" in namespace)
        missing = [name for name in (*_REQUIRED, *_WORDS) if name not in namespace] + ([] if stepped else ["play"])
        wrong = [name for name in _REQUIRED if name in namespace and not isinstance(namespace[name], Rule)]
        if missing or wrong:
            what = f"lacks {', '.join(missing)}" if missing else f"has {', '.join(wrong)} without @rule"
            raise TypeError(f"the game in {rules.module_of(namespace)} {what}: see docs/new-game.md")

    @property
    def audiences(self) -> tuple[str, ...]:
        """The roles, and the two who only look."""
        return (*(role.name for role in self.spec.roles), "spectator", "public")

    def _configure(self, values: Mapping[str, Any]) -> np.ndarray:
        configs = np.zeros(1, self.config_type)
        configs["limit"], configs["frames"] = self.spec.limit, self.spec.frames
        for name, value in values.items():
            configs[name][0] = value
        return configs

    @cached_property
    def config(self) -> Row:
        return Reading(self.configs)

    @cached_property
    def public(self) -> Row:
        """The configuration with its hidden fields zeroed."""
        shown = owned(self.configs.tobytes(), self.config_type)
        for name in self.hidden:
            shown[name] = np.zeros((), shown[name].dtype)
        return Reading(shown)

    def _observation(self, who: str, observations: Mapping[str, rules.Fields]) -> np.dtype:
        fields = observations.get(who) or observations.get("*")
        observe = self.words.get(f"observe_{who}") or self.words.get("observe")
        if fields is None or not isinstance(observe, Rule):
            raise TypeError(
                f"{self.spec.name}: no observation for {who!r}: give OBS[{who!r}] and a @rule observe_{who} (or '*', observe)"
            )
        imagine = self.words.get(f"imagine_{who}") or self.words.get("imagine")
        parts = {"observe": observe} | ({"imagine": imagine} if isinstance(imagine, Rule) else {})
        # Roles that share an observation rule share its machine code: the tag names the rule, not the role.
        tag = f"{self._tag}_{observe.__name__}"
        made = rules.layout(rules.OBSERVATION_HEADER, fields, tag)
        stubs.registered.setdefault(TAG + tag, {}).update(parts)
        return made

    def _register_state(self, namespace: Mapping[str, Any]) -> None:
        names = ("init", "acting", "legal", "play", "command", "advance", "chances", "chance")
        found = {name: namespace[name] for name in names if isinstance(namespace.get(name), Rule)}
        missing = {"chances": stubs.one_chance, "chance": stubs.no_chance, "play": stubs.play_frames}
        stubs.registered[TAG + self._tag + "_s"] = missing | found

    def who(self, seat: int) -> str:
        """The audience of a seat number, SPECTATOR or PUBLIC."""
        return {SPECTATOR: "spectator", PUBLIC: "public"}.get(seat) or self.spec.role(seat).name

    def run(self, driver: drivers.Driver, *arguments: Any) -> Any:
        """Run a driver the way that this game runs: compiled, or plain."""
        return driver.plain(*arguments) if self.plain else driver.compiled(*arguments)

    @staticmethod
    def raw(array: np.ndarray) -> np.ndarray:
        """The bytes of an array of records, uint8[..., itemsize], the same memory."""
        return array.view(np.uint8).reshape(*array.shape, array.dtype.itemsize)

    def _copied(self, state: np.ndarray) -> np.ndarray:
        """A state to be changed; `state.copy()` would leave the bytes between the fields undefined."""
        return owned(state.tobytes(), self.state_type).reshape(state.shape)

    def start(self, key: int) -> np.ndarray:
        states = np.zeros(1, self.state_type)
        self.run(drivers.start, states, self.configs, _keys(key))
        return states

    def step(self, state: np.ndarray, actions: Mapping[int, Action], key: int) -> np.ndarray:
        after = self._copied(state)
        self.run(drivers.step, after, self.configs, self.action_array(actions), _keys(key))
        return after

    def action_array(self, actions: Mapping[int, Action]) -> np.ndarray:
        """int32[1, P, K], zero where a seat has not acted."""
        array = np.zeros((1, self.seats, self.spec.factors), np.int32)
        for seat, action in actions.items():
            for k in range(len(action)):  # a slice takes ten times as long
                array[0, seat, k] = action[k]
        return array

    def masks(self, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(acting bool[P], legal bool[P, A])"""
        acting = np.zeros((1, self.seats), np.bool_)
        legal = np.zeros((1, self.seats, self.spec.width), np.bool_)
        self.run(drivers.mask, state, self.configs, acting, legal)
        return acting[0], legal[0]

    def acting(self, state: np.ndarray) -> tuple[int, ...]:
        return tuple(np.flatnonzero(self.masks(state)[0]).tolist())

    def legal(self, state: np.ndarray, seat: int) -> Legal:
        return self.legal_from(self.masks(state)[1][seat], seat)

    def turns(self, state: np.ndarray) -> dict[int, Legal]:
        acting, legal = self.masks(state)
        return {seat: self.legal_from(legal[seat], seat) for seat in acting.nonzero()[0].tolist()}

    def legal_from(self, mask: np.ndarray, seat: int) -> Legal:
        """A seat's Legal from its row of the mask."""
        width, factors, bounds = self._measures[seat]
        return Legal(mask[:width], factors, bounds)

    def observe(self, state: np.ndarray, who: int) -> Row:
        obs = np.zeros((1, 1), self._seen[who])
        self.run(drivers.look, state, self.configs, who, obs)
        return Row(obs[0])

    def facts(self, state: np.ndarray) -> Facts:
        reward = tuple([units / self.spec.scale for units in state["reward"][0].tolist()])
        return Facts(state["tick"].item(), state["done"].item(), state["truncated"].item(), reward)

    def pack(self, state: np.ndarray) -> bytes:
        return state.tobytes()

    def unpack(self, data: bytes) -> np.ndarray:
        if len(data) != self.state_type.itemsize:
            raise UserError(f"a state of {self.id} has {self.state_type.itemsize} bytes, not {len(data)}", 4)
        return owned(data, self.state_type)

    def config_bytes(self, public: bool = False) -> bytes:
        return (self.public.array if public else self.configs).tobytes()

    def configure(self, data: bytes) -> None:
        """Take over a whole configuration, as config_bytes gave it."""
        if len(data) != self.config_type.itemsize:
            raise UserError(f"a configuration of {self.id} has {self.config_type.itemsize} bytes, not {len(data)}", 4)
        self.configs = owned(data, self.config_type)
        self.__dict__.pop("config", None)
        self.__dict__.pop("public", None)

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"state_type": described(self.state_type), "factors": self.spec.factors}

    def row(self, state: np.ndarray) -> Row:
        return Row(state)

    def view_type(self, who: str, view: str) -> np.dtype:
        """The observation type of `who`, retagged so that `encode` finds the rule of this view."""
        encode = self.words.get(f"encode_{view}_{who}") or self.words.get(f"encode_{view}")
        if not isinstance(encode, Rule):
            known = ", ".join(self.spec.role(0).views) or "none"
            raise UserError(f"{self.id} has no view {view!r}: it has {known}")
        tag = f"{self._tag}_{encode.__name__}"
        stubs.registered.setdefault(TAG + tag, {})["encode"] = encode
        return rules.retagged(self.observation_types[who], TAG + tag)

    def encode(self, obs: Row, view: str) -> np.ndarray:
        who = self.who(obs.seat)
        shape = (self.spec.role(obs.seat) if obs.seat >= 0 else self.spec.roles[0]).views[view]
        out = np.zeros((1, *shape.shape), shape.dtype)
        self.run(drivers.encode_rows, obs.array.view(self.view_type(who, view)), self.public.array, out)
        return out[0]

    def imagine(self, obs: Row, seat: int, key: int) -> np.ndarray:
        if not self.can("imagine"):
            raise UserError(f"{self.id} has no imagine: a planner cannot guess its hidden state; choose another agent")
        states = np.zeros(1, self.state_type)
        given = obs.array, self.public.array, np.array([seat]), _keys(key)
        self.run(drivers.imagine_rows, *given, states)
        return states

    def can(self, name: str) -> bool:
        return name in self.words or any(f"{name}_{role.name}" in self.words for role in self.spec.roles)

    def start_unsettled(self, key: int = 0) -> np.ndarray:
        """A fresh episode whose chance is pending; by `chances`, `force`, `finish` a tree walker sees all outcomes."""
        states = np.zeros(1, self.state_type)
        self.run(drivers.start_unsettled, states, self.configs, _keys(key))
        return states

    def step_unsettled(self, state: np.ndarray, actions: Mapping[int, Action], key: int = 0) -> np.ndarray:
        """The state after the acts alone, if it has not ended: resolve its chance, then `finish` the tick."""
        after = self._copied(state)
        self.run(drivers.step_unsettled, after, self.configs, self.action_array(actions), _keys(key))
        return after

    def chances(self, state: np.ndarray) -> int:
        """How many equally likely outcomes are pending; 1 if none."""
        return 1 if state["done"][0] else int(self.run(drivers.pending, state, self.configs))

    def force(self, state: np.ndarray, i: int) -> np.ndarray:
        """The state after pending outcome i, 0 <= i < chances(state); raises ValueError for any other."""
        n = self.chances(state)
        if not 0 <= i < n or n == 1:
            pending = f"0 to {n - 1} are" if n > 1 else "none is"
            raise ValueError(f"no chance outcome {i} in {self.id}: {pending} pending")
        after = self._copied(state)
        self.run(drivers.force, after, self.configs, i)
        return after

    def finish(self, state: np.ndarray) -> np.ndarray:
        """The state with the tick of `step_unsettled` closed, once no chance is pending."""
        after = self._copied(state)
        self.run(drivers.finish, after, self.configs)
        return after

    def say(self, obs: Row) -> str:
        return str(self.words["say"](obs, self.public))

    def parse(self, text: str, obs: Row, legal: Legal) -> list[Action] | Refusal:
        found = self.words["parse"](text, obs, self.public, legal)
        if isinstance(found, Refusal):
            return found
        return [list(action) if isinstance(action, list | tuple) else [int(action)] for action in found]

    def form(self, action: Action, obs: Row) -> str:
        return str(self.words["form"](self._argument(action), obs, self.public))

    def name(self, action: Action, obs: Row) -> str:
        return str(self.words["name"](self._argument(action), obs, self.public))

    def speak(self, action: Action, obs: Row, key: int) -> str:
        speak = self.words.get("speak")
        return str(speak(self._argument(action), obs, self.public, key)) if speak else self.name(action, obs)

    def _argument(self, action: Action) -> Any:
        """Authors see an int where the role's action has one factor, else the list."""
        return action[0] if len(action) == 1 else action

    def tell(self, before: np.ndarray, actions: Mapping[int, Action], after: np.ndarray) -> list[Mark]:
        acts = {seat: self._argument(action) for seat, action in actions.items()}
        return list(self.words["tell"](Row(before), acts, Row(after), self.config))

    def draw(self, obs: Row, canvas: Any) -> None:
        self.words["draw"](Reading(obs.array), self.public, canvas)

    def metrics(self, state: np.ndarray) -> dict[str, Any]:
        metrics = self.words.get("metrics")
        return dict(metrics(Row(state), self.config)) if metrics else {}


def _keys(key: int) -> np.ndarray:
    return np.array([key % (1 << 64)], np.uint64)
