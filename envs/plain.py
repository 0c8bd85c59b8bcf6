"""Games in ordinary Python: the same parts as a record game, over a state that is a tree of plain values.

A state is a dict of str, int, bool, None, bytes, lists and dicts (no float, so that equal means equal), with the common entries
tick, done, truncated and reward. Functions have the names and arguments of the rules contract and write into what they
are given; `legal` may return a Form instead of writing a mask, and then the action is a text. Copying is packing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgpack
import numpy as np

from envs import keys, rules
from envs.errors import CORRUPT, UserError
from envs.game import Action, Facts, Game, Legal
from envs.packages import shared, sources
from envs.spec import PUBLIC, SPECTATOR, Box, Form, Mark, Refusal, Spec, Text

__all__ = ["PlainGame", "Tree"]

_PARTS = ("init", "acting", "legal", "play", "say", "parse", "form", "name", "tell", "draw")
_COMMON = {"tick", "done", "truncated", "reward"}
_LIMIT = 16 << 20


class Tree(dict[str, Any]):
    """A dict whose entries are attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"no entry {name!r}; there are {', '.join(self)}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def tree(self) -> dict[str, Any]:
        return dict(self)


class PlainGame(Game):
    """`PlainGame(globals(), SPEC, config={...}, hidden=(...))` is the last line of an author's `build`."""

    kind = "plain"

    def __init__(
        self, namespace: Mapping[str, Any], spec: Spec, *, config: Mapping[str, Any] | None = None, hidden: tuple[str, ...] = ()
    ) -> None:  # fmt: skip
        missing = [name for name in _PARTS if not callable(namespace.get(name))]
        if missing:
            raise TypeError(
                f"the game in {rules.module_of(namespace)} lacks {', '.join(missing)}: see docs/new-game.md"
            )
        self.spec, self.words, self.options, self.hidden = spec, namespace, {}, hidden
        self.digest = rules.source_digest(namespace, *sources(namespace), *shared(namespace))
        self.config = Tree(config or {})
        self.public = Tree({name: None if name in hidden else value for name, value in self.config.items()})

    def start(self, key: int) -> bytes:
        s = Tree(tick=0, done=False, truncated=False, reward=[0] * self.seats)
        self.words["init"](s, self.config, keys.fold(keys.fold(key, 0), 0))
        return _packed(s)

    def step(self, state: bytes, actions: Mapping[int, Action], key: int) -> bytes:
        s = self.row(state)
        s.reward = [0] * self.seats
        if not s.done:
            given = [actions.get(seat) for seat in range(self.seats)]
            self.words["play"](s, self.config, given, keys.fold(keys.fold(key, s.tick + 1), 0))
            s.tick += 1
            if not s.done and s.tick >= self.spec.limit:
                s.done = s.truncated = True
        return _packed(s)

    def acting(self, state: bytes) -> tuple[int, ...]:
        s = self.row(state)
        seats = [False] * self.seats
        if not s.done:
            self.words["acting"](s, self.config, seats)
        return tuple(seat for seat, acts in enumerate(seats) if acts)

    def legal(self, state: bytes, seat: int) -> Legal:
        actions = self.spec.role(seat).actions
        sizes = actions.factors
        mask = [False] * sum(sizes)
        form = self.words["legal"](self.row(state), self.config, seat, mask)
        if isinstance(actions, Text):
            fits = form if isinstance(form, Form) else Form(actions.length)
            return TextLegal(fits, lambda key: self.example(self.observe(state, seat), seat, key))
        return Legal(np.array(mask, np.bool_), sizes, (actions.low, actions.high) if isinstance(actions, Box) else None)

    def observe(self, state: bytes, who: int) -> Tree:
        s = self.row(state)
        audience = {SPECTATOR: "spectator", PUBLIC: "public"}.get(who) or self.spec.role(who).name
        observe = self.words.get(f"observe_{audience}") or self.words["observe"]
        obs = Tree(tick=s.tick, seat=who, done=s.done)
        observe(s, self.config, who, obs)
        return obs

    def facts(self, state: bytes) -> Facts:
        s = self.row(state)
        return Facts(s.tick, s.done, s.truncated, tuple(value / self.spec.scale for value in s.reward))

    def pack(self, state: bytes) -> bytes:
        return state

    def unpack(self, data: bytes) -> bytes:
        tree = _tree(data)
        if not isinstance(tree, dict) or not tree.keys() >= _COMMON:
            raise UserError(f"not a state of {self.id}: it lacks {', '.join(sorted(_COMMON))}", CORRUPT)
        return bytes(data)

    def config_bytes(self, public: bool = False) -> bytes:
        return _packed(self.public if public else self.config)

    def configure(self, data: bytes) -> None:
        self.config = Tree(_tree(data))
        self.public = Tree({name: None if name in self.hidden else value for name, value in self.config.items()})

    def row(self, state: bytes) -> Tree:
        return Tree(_tree(state))

    def encode(self, obs: Tree, view: str) -> np.ndarray:
        role = self.spec.role(max(obs.seat, 0))
        encode = self.words.get(f"encode_{view}_{role.name}") or self.words.get(f"encode_{view}")
        if encode is None or view not in role.views:
            raise UserError(f"{self.id} has no view {view!r}: it has {', '.join(role.views) or 'none'}")
        out = np.zeros(role.views[view].shape, role.views[view].dtype)
        encode(obs, self.public, out)
        return out

    def imagine(self, obs: Tree, seat: int, key: int) -> bytes:
        if not self.can("imagine"):
            raise UserError(f"{self.id} has no imagine: a planner cannot guess its hidden state; choose another agent")
        s = Tree(tick=obs.tick, done=obs.done, truncated=False, reward=[0] * self.seats)
        self.words["imagine"](obs, self.public, seat, key, s)
        return _packed(s)

    def can(self, name: str) -> bool:
        return callable(self.words.get(name))

    def say(self, obs: Tree) -> str:
        return str(self.words["say"](obs, self.public))

    def example(self, obs: Tree, seat: int, key: int) -> list[str]:
        example = self.words.get("example")
        return list(example(obs, self.public, seat, key)) if example else []

    def parse(self, text: str, obs: Tree, legal: Legal) -> list[Action] | Refusal:
        found = self.words["parse"](text, obs, self.public, legal)
        if isinstance(found, Refusal):
            return found
        return [action if isinstance(action, str | list) else [int(action)] for action in found]

    def form(self, action: Action, obs: Tree) -> str:
        return str(self.words["form"](_argument(action), obs, self.public))

    def name(self, action: Action, obs: Tree) -> str:
        return str(self.words["name"](_argument(action), obs, self.public))

    def speak(self, action: Action, obs: Tree, key: int) -> str:
        speak = self.words.get("speak")
        return str(speak(_argument(action), obs, self.public, key)) if speak else self.name(action, obs)

    def tell(self, before: bytes, actions: Mapping[int, Action], after: bytes) -> list[Mark]:
        acts = {seat: _argument(action) for seat, action in actions.items()}
        return list(self.words["tell"](self.row(before), acts, self.row(after), self.config))

    def draw(self, obs: Tree, canvas: Any) -> None:
        self.words["draw"](obs, self.public, canvas)

    def metrics(self, state: bytes) -> dict[str, Any]:
        metrics = self.words.get("metrics")
        return dict(metrics(self.row(state), self.config)) if metrics else {}


class TextLegal(Legal):
    """The legal texts of a seat: everything that fits the form. examples: key -> texts that the game gives."""

    def __init__(self, form: Form, examples: Callable[[int], list[str]] = lambda _: []) -> None:
        super().__init__(np.ones(1, np.bool_), (1,), None, form)
        self.examples = examples

    def sample(self, key: int) -> Any:
        """One of the game's examples that fit. Raises UserError when it has none."""
        fitting = [text for text in self.examples(key) if text in self]
        if not fitting:
            raise UserError(f"the game gives no example of a text that fits {self.form}")
        return fitting[keys.below(key, len(fitting))]

    def __contains__(self, action: Any) -> bool:
        import re  # noqa: PLC0415  only text games pay for it

        if not isinstance(action, str) or len(action) > self.form.length:
            return False
        return not self.form.pattern or re.fullmatch(self.form.pattern, action) is not None

    def __iter__(self) -> Any:
        raise TypeError("a text seat has no list of legal actions: look at legal.form")


def _argument(action: Action) -> Any:
    return action[0] if not isinstance(action, str) and len(action) == 1 else action


def _packed(s: Mapping[str, Any]) -> bytes:
    packed: bytes = msgpack.packb(_without_floats(dict(s)))
    return packed


def _without_floats(value: Any) -> Any:
    if isinstance(value, float):
        raise TypeError(f"a state holds the float {value}: use integers, states are compared byte by byte")
    if isinstance(value, dict):
        return {name: _without_floats(item) for name, item in sorted(value.items())}
    if isinstance(value, list | tuple):
        return [_without_floats(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def _tree(data: bytes) -> Any:
    if len(data) > _LIMIT:
        raise UserError(f"a state of {len(data)} bytes is over the limit of {_LIMIT}", CORRUPT)
    try:
        return msgpack.unpackb(data, strict_map_key=True)
    except (ValueError, msgpack.UnpackException, RecursionError) as error:
        raise UserError(f"a packed state is damaged: {type(error).__name__} {error}", CORRUPT) from None
