"""Environments of other libraries as games: `pettingzoo:MODULE` (AEC or Parallel) and `gymnasium:ID`.

Such a game lives in its environment, so only its newest state can be stepped and nothing can be imagined. Each state keeps what a screen
and a learner need: who acts, legal actions, rewards, observations, and the picture (rendered text, or a small image). A recording
therefore opens where the environment is not installed; `recorded` gives that half of the game.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from typing import Any

import msgpack
import numpy as np

from envs.errors import CORRUPT, NOT_FOUND, USAGE, UserError
from envs.game import Action, Facts, Game, Legal
from envs.plain import Tree
from envs.spaces import actions_of, described, native, packed_array, space_of, thumbnail, unpacked_array
from envs.spec import PUBLIC, Box, Mark, Refusal, Role, Spec

__all__ = ["ForeignGame", "ForeignWords", "open_foreign", "recorded"]

_MOST_SQUARES = 32
_LIMIT = 100_000
_SEED_BITS = 31


class ForeignWords(Game):
    """Everything about a foreign game that its recorded states are enough for."""

    kind = "foreign"

    def __init__(self, spec: Spec, agents: list[str], digest: str) -> None:
        self.spec, self.agents, self.digest = spec, agents, digest
        self.options, self.config, self.public = {}, Tree(), Tree()

    def describe(self) -> dict[str, Any]:
        spaces = [described(self.spec.role(seat).actions) for seat in range(self.seats)]
        return super().describe() | {"game": self.spec.name, "agents": self.agents, "spaces": spaces}

    @property
    def id(self) -> str:
        return self.spec.name

    def config_bytes(self, public: bool = False) -> bytes:
        return b""

    def configure(self, data: bytes) -> None:
        return

    def row(self, state: bytes) -> Tree:
        tree = msgpack.unpackb(state, strict_map_key=True)
        if not isinstance(tree, dict) or not {"tick", "done", "reward", "acting"} <= tree.keys():
            raise UserError("not a recorded state of a foreign game", CORRUPT)
        return Tree(tree)

    def pack(self, state: bytes) -> bytes:
        return state

    def unpack(self, data: bytes) -> bytes:
        self.row(data)
        return bytes(data)

    def facts(self, state: bytes) -> Facts:
        s = self.row(state)
        return Facts(s.tick, s.done, s.truncated, tuple(s.reward))

    def acting(self, state: bytes) -> tuple[int, ...]:
        return tuple(self.row(state).acting)

    def legal(self, state: bytes, seat: int) -> Legal:
        actions = self.spec.role(seat).actions
        mask = self.row(state).legal.get(str(seat))
        allowed = np.ones(sum(actions.factors), np.bool_) if mask is None else unpacked_array(mask).astype(np.bool_)
        bounds = (actions.low, actions.high) if isinstance(actions, Box) else None
        return Legal(allowed, actions.factors, bounds)

    def observe(self, state: bytes, who: int) -> Tree:
        s = self.row(state)
        seen = s.observations.get(str(who))
        shown = s.picture if s.open or who != PUBLIC else {}
        return Tree(
            tick=s.tick, seat=who, done=s.done, picture=shown, acting=s.acting, observation=None if seen is None else unpacked_array(seen)
        )  # fmt: skip

    def can(self, name: str) -> bool:
        return False

    def imagine(self, obs: Any, seat: int, key: int) -> Any:
        raise UserError(f"{self.id} cannot imagine hidden states, so a planner cannot play it: choose another agent")

    def encode(self, obs: Tree, view: str) -> np.ndarray:
        if obs.observation is None:
            raise UserError(f"{self.id}: no observation was kept for seat {obs.seat} at tick {obs.tick}")
        return np.asarray(obs.observation)

    def _agent(self, seat: int) -> str:
        return self.agents[seat] if 0 <= seat < len(self.agents) else "spectator"

    def say(self, obs: Tree) -> str:
        text = obs.picture.get("text") or (
            "" if obs.observation is None else np.array2string(obs.observation, threshold=64)
        )
        turn = ", ".join(self._agent(seat) for seat in obs.acting) or "nobody"
        return f"{self.spec.title}, tick {obs.tick}. You are {self._agent(obs.seat)}; {turn} to act.\n{text}"

    def parse(self, text: str, obs: Tree, legal: Legal) -> list[Action] | Refusal:
        try:
            values = [int(part) for part in text.strip().strip("[]()").replace(",", " ").split()]
        except ValueError:
            return Refusal(
                f"{text.strip()[:40]!r} is no action: answer with a whole number" + "s" * (len(legal.sizes) > 1)
            )
        return [values] if values in legal else Refusal(f"{values} is not legal now")

    def form(self, action: Action, obs: Tree) -> str:
        return " ".join(map(str, action))

    def name(self, action: Action, obs: Tree) -> str:
        return f"action {self.form(action, obs)}"

    def speak(self, action: Action, obs: Tree, key: int) -> str:
        return self.name(action, obs)

    def tell(self, before: bytes, actions: Mapping[int, Action], after: bytes) -> list[Mark]:
        s = self.row(after)
        marks = [
            Mark("reward", f"{self._agent(p)} gets {r:+g}", p) for p, r in enumerate(s.reward) if r and abs(r) != 1.0
        ]
        return marks + ([Mark("end", "the episode is over")] if s.done else [])

    def draw(self, obs: Tree, canvas: Any) -> None:
        image, text = obs.picture.get("image"), obs.picture.get("text", "")
        if image:
            height, width = image["shape"][:2]
            # Eight units along the longer side: a unit is then several pixels on any screen.
            wide, high = 8 * width / max(width, height), 8 * height / max(width, height)
            canvas.size(wide, high)
            canvas.image(0, 0, wide, high, width, height, image["data"])
            return
        lines = (text or self.say(obs)).splitlines() or [""]
        if squares := _squares(lines):
            _chequer(canvas, squares)
            return
        canvas.size(max(8, max(map(len, lines)) / 2), len(lines))
        for i, line in enumerate(lines):
            canvas.text(0, i + 0.5, line, "text", "left")

    def metrics(self, state: bytes) -> dict[str, Any]:
        return {}


def _squares(lines: list[str]) -> list[list[str]]:
    """The squares of a board that is written as rows of equally many single characters with blanks between; [] for any other text."""
    rows = [line.split() for line in lines if line.strip()]
    even = 2 <= len(rows) <= _MOST_SQUARES and 2 <= len(rows[0]) <= _MOST_SQUARES
    return rows if even and all(len(row) == len(rows[0]) and all(len(c) == 1 for c in row) for row in rows) else []


def _chequer(canvas: Any, rows: list[list[str]]) -> None:
    """A board with its figures. Where letters come in both cases, capitals are the first player's, as in chess notation."""
    letters = {square for row in rows for square in row if square.isalpha()}
    sides = any(map(str.isupper, letters)) and any(map(str.islower, letters))
    canvas.size(len(rows[0]), len(rows))
    for y, row in enumerate(rows):
        for x, square in enumerate(row):
            canvas.rect(x, y, 1, 1, "hole" if (x + y) % 2 else "board")
            if sides and square.isalpha():
                canvas.sprite(x + 0.5, y + 0.5, square, "seat0" if square.isupper() else "seat1")
            elif square not in ".-_":
                canvas.text(x + 0.5, y + 0.5, square)


class ForeignGame(ForeignWords):
    """A living environment behind the face of a game; one match at a time. `driver` is one of the classes in envs.living."""

    def __init__(self, driver: Any, name: str, title: str) -> None:
        self.driver = driver
        spaces = [actions_of(space, agent) for agent, space in zip(driver.agents, driver.action_spaces, strict=True)]
        same = all(space == spaces[0] for space in spaces)
        roles = (Role("player", len(spaces), spaces[0]),) if same else tuple(map(_one_role, driver.agents, spaces))
        simultaneous = frozenset({"simultaneous"}) if driver.simultaneous else frozenset()
        rules = f"{title}, an environment of another library. Answer with the number of an action."
        spec = Spec(name, title, rules, roles, _LIMIT, traits=simultaneous, points=(float("-inf"), float("inf")))
        super().__init__(spec, list(driver.agents), driver.version)
        self._newest: bytes = b""

    def start(self, key: int) -> bytes:
        self.driver.reset(key % (1 << _SEED_BITS))
        return self._packed(0, [0.0] * self.seats)

    def step(self, state: bytes, actions: Mapping[int, Action], key: int) -> bytes:
        if state != self._newest:
            raise UserError(f"{self.id} can only be stepped from its newest state: start it again", USAGE)
        given = {
            seat: native(action, self.driver.action_spaces[seat], self.spec.role(seat).actions)
            for seat, action in actions.items()
        }
        reward = self.driver.step(given)
        return self._packed(self.row(state).tick + 1, reward)

    def _packed(self, tick: int, reward: list[float]) -> bytes:
        driver = self.driver
        tree = {
            "tick": tick, "done": driver.done, "truncated": driver.truncated, "reward": [float(r) for r in reward],
            "acting": [] if driver.done else list(driver.acting), "open": True,
            "legal": {str(p): packed_array(m) for p, m in driver.masks().items()},
            "observations": {str(p): packed_array(o) for p, o in driver.observations().items()},
            "picture": _picture(driver),
        }  # fmt: skip
        self._newest = msgpack.packb(tree)
        return self._newest


def _one_role(agent: str, space: Any) -> Role:
    return Role(agent, 1, space)


def _picture(driver: Any) -> dict[str, Any]:
    rendered = driver.render()
    if isinstance(rendered, str):
        return {"text": rendered[:16384]}
    return {"image": packed_array(thumbnail(rendered))} if rendered is not None else {}


def open_foreign(scheme: str, name: str, options: Mapping[str, Any]) -> ForeignGame:
    """The game behind "pettingzoo:MODULE" or "gymnasium:ID". UserError when it is not installed or cannot be played."""
    # An environment that draws must not look for a screen.
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    living = importlib.import_module("envs.living")
    full = f"{scheme}:{name}"
    try:
        driver = living.gymnasium(name, options) if scheme == "gymnasium" else living.pettingzoo(name, options)
    except ModuleNotFoundError as error:
        raise UserError(
            f"{full} needs the package that provides {error.name!r}: install it in this environment", NOT_FOUND
        ) from None
    except UserError:
        raise
    except Exception as error:  # noqa: BLE001  whatever another library raises when it is set up
        raise UserError(f"{full} could not be set up: {type(error).__name__}: {str(error)[:160]}") from None
    made = ForeignGame(driver, full, name.rpartition(".")[2])
    made.options = dict(options)
    return made


def recorded(told: Mapping[str, Any]) -> ForeignWords:
    """The half of a foreign game that a recording is enough for, from Started.game."""
    try:
        roles = tuple(
            Role(str(agent), 1, space_of(tree)) for agent, tree in zip(told["agents"], told["spaces"], strict=True)
        )
        spec = Spec(
            str(told["game"]),
            str(told.get("title", "")),
            "",
            roles,
            _LIMIT,
            traits=frozenset(map(str, told.get("traits", ()))),
        )
        return ForeignWords(spec, [str(agent) for agent in told["agents"]], str(told.get("digest", "")))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"the recording does not describe its game: {error}", CORRUPT) from None
