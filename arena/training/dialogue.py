"""Many dialogues between an attacker and a defender at once, in lockstep: the table that studies of double agents play at.

Both sides of all rows speak in the same tick, because a turn is three acts of one side, then three of the other. Scripted
players come by name, their drivers by string: this file knows no agent. What a row does depends on its keys alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

import envs
from envs import drivers, keys

__all__ = [
    "OUTCOMES", "TOLD", "Outcome", "Side", "Table", "allowed", "attackers", "chosen", "defenders", "folded", "fresh", "pressed",
    "recognised", "scripted", "utter", "uttered",
]  # fmt: skip

ATTACKER, DEFENDER = 0, 1
OUTCOMES = ("fooled", "extracted", "detected", "baited")
_ATTACK, _DEFEND, _MOVES = "agents.players._attack", "agents.players._defend", "agents.players._moves"

_GOLDEN, _FIRST, _SECOND = (np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def folded(key: Any, n: Any) -> np.ndarray:
    """`envs.keys.fold` of arrays of keys or numbers: uint64."""
    with np.errstate(over="ignore"):
        z = np.asarray(key, np.uint64) + (np.asarray(n).astype(np.uint64) + np.uint64(1)) * _GOLDEN
        z = (z ^ (z >> np.uint64(30))) * _FIRST
        z = (z ^ (z >> np.uint64(27))) * _SECOND
        return np.asarray(z ^ (z >> np.uint64(31)))


Side = Callable[["Table"], np.ndarray]
"""One side's turn: the table -> actions int32[B, 3] (statements, then the act)."""


class Outcome(NamedTuple):
    """Ended dialogues, each array [B]: index in OUTCOMES, prior, turns of the attacker, and the shares of turns in which the
    defender's estimate of the prior and its prediction of the attacker's belief were right (NaN where it never spoke).
    """

    ended: np.ndarray
    prior: np.ndarray
    turns: np.ndarray
    mind: np.ndarray
    guess: np.ndarray


class Table:
    """B dialogues. `obs[seat]` are records [B] of what each side sees; `keys[seat]` uint64[B] are the seats' own."""

    def __init__(self, num: int, **options: Any) -> None:
        game: Any = envs.game("double_agent", **options)  # plain=True runs the rules in Python
        self.game, self.num = game, num
        self.states = np.zeros(num, game.state_type)
        self._obs = [np.zeros((num, 1), game.observation_types[who]) for who in ("attacker", "defender")]
        self._actions = np.zeros((num, 2, 1), np.int32)
        self.episodes = np.zeros(num, np.uint64)
        self.keys = np.zeros((2, num), np.uint64)

    def start(self, scenarios: np.ndarray, seats: np.ndarray) -> None:
        """Fresh dialogues: scenarios uint64[B] decide tree, truth and prior, seats uint64[B] what the players draw."""
        self.episodes[:] = scenarios
        for seat in (ATTACKER, DEFENDER):
            self.keys[seat] = folded(seats, seat)
        self.game.run(drivers.start, self.states, self.game.configs, self.episodes)

    def see(self, seat: int) -> np.ndarray:
        """What a side sees now, records [B], overwritten by the next call."""
        obs = self._obs[seat]
        self.game.run(drivers.look, self.states, self.game.configs, seat, obs)
        return obs[:, 0]

    def speak(self, seat: int, actions: np.ndarray) -> None:
        """Three ticks of one side: actions int32[B, 3]; rows that have ended stay."""
        for tick in range(3):
            self._actions[:, seat, 0] = actions[:, tick]
            self.tick(self._actions)

    def tick(self, actions: np.ndarray) -> None:
        """One tick of all rows, actions int32[B, 2, 1]."""
        self.game.run(drivers.step, self.states, self.game.configs, actions, self.episodes)

    def play(self, attacker: Side, defender: Side) -> Outcome:
        """All dialogues to their end."""
        while not self.states["done"].all():
            self.speak(ATTACKER, attacker(self))
            if not self.states["done"].all():
                self.speak(DEFENDER, defender(self))
        return self.outcome()

    def outcome(self) -> Outcome:
        """What the states say now."""
        s = self.states
        spoken = s["minds"] >= 0
        told = spoken.sum(axis=1)
        right = ((s["minds"] == s["prior"][:, None]) & spoken).sum(axis=1)
        met = ((s["guesses"] == s["beliefs"]) & spoken).sum(axis=1)
        share = np.where(told > 0, 1.0, np.nan) / np.maximum(told, 1)
        turns = (s["asked"][:, :, 0] > 0).sum(axis=1)
        return Outcome(s["outcome"] - 1, s["prior"].astype(np.int64), turns, right * share, met * share)


def fresh(table: Table, seed: int, update: int, group: int) -> None:
    """New scenarios, `group` neighbouring rows on each; equal arguments give equal dialogues' beginnings."""
    base = keys.fold(keys.fold(seed, 1), update)
    rows = np.arange(table.num)
    table.start(folded(base, rows // group), folded(keys.fold(base, 1 << 20), rows))


def _driver(module: str, name: str) -> Any:
    return getattr(import_module(module), name)


def attackers(names: Sequence[str], num: int) -> Side:
    """Scripted attackers: row i of num is played by names[i * len(names) // num]."""
    rows = [names[i * len(names) // num] for i in range(num)]
    styles = np.concatenate([_driver(_ATTACK, "style_of")(name) for name in rows])
    return _side(ATTACKER, _driver(_ATTACK, "attack"), styles)


def defenders(names: Sequence[str], num: int) -> Side:
    """Scripted defenders: row i of num is played by names[i * len(names) // num]."""
    rows = [names[i * len(names) // num] for i in range(num)]
    conducts = np.concatenate([_driver(_DEFEND, "conduct_of")(name) for name in rows])
    return _side(DEFENDER, _driver(_DEFEND, "defend"), conducts)


def scripted(name: str, num: int) -> Side:
    """A scripted defender in all rows; those of TOLD are for tables alone."""
    if name not in TOLD:
        return defenders([name], num)
    conduct = np.concatenate([_driver(_DEFEND, "conduct_of")("tracker")] * num)
    side = _side(DEFENDER, _driver(_DEFEND, "defend"), conduct)
    conduct["kind"] = _driver(_DEFEND, "KNOWS")

    def told(table: Table) -> np.ndarray:
        conduct["level"] = TOLD[name](table)
        return side(table)

    return told


def _drawn(table: Table, least: int) -> np.ndarray:
    """A prior from `least` up, drawn once a dialogue from the defender's own key."""
    span = int(table.game.public.depth) - least
    return least + (folded(table.keys[DEFENDER], _CHANCE) % np.uint64(span)).astype(np.int64)


_CHANCE = 1 << 30
TOLD: dict[str, Callable[[Table], np.ndarray]] = {
    "oracle": lambda table: np.asarray(table.states["prior"]),
    "chance": lambda table: _drawn(table, 0),
    "chance-hard": lambda table: _drawn(table, 1),
}
"""Defenders who lie from the field after those that they say the attacker knew: they are told how many those are, or draw it, of all
numbers or of those on hard scenarios."""


def _side(seat: int, driver: Any, how: np.ndarray) -> Side:
    actions = np.zeros((len(how), 3), np.int32)

    def side(table: Table) -> np.ndarray:
        table.game.run(driver, table.see(seat), table.game.public.array, how, table.keys[seat], actions)
        return actions

    return side


def utter(table: Table, knew: np.ndarray, speaks: np.ndarray) -> np.ndarray:
    """The acts of learned defenders in all rows, int32[B, 3]."""
    return uttered(table.game, table.see(DEFENDER), knew, speaks, table.keys[DEFENDER])


def uttered(game: Any, obs: np.ndarray, knew: np.ndarray, speaks: np.ndarray, seats: np.ndarray) -> np.ndarray:
    """What says that the attacker knew so many fields, and speaks from a world: see `agents.players._defend.utter`."""
    actions = np.zeros((len(obs), 3), np.int32)
    game.run(_driver(_DEFEND, "utter"), obs, game.public.array, knew, speaks, seats, actions)
    return actions


def chosen(num: int) -> np.ndarray:
    """Records [num] for what learned attackers choose: trust and move; see `agents.players._moves`."""
    return np.zeros(num, _driver(_MOVES, "CHOICE"))


def allowed(game: Any, obs: np.ndarray, choices: np.ndarray) -> np.ndarray:
    """Which moves the rules allow at trust 0, bool[B, 3 depth + 6]."""
    moves = np.zeros((len(obs), 3 * int(game.public.depth) + 6), np.bool_)
    game.run(_driver(_MOVES, "allow"), obs, game.public.array, choices, moves)
    return moves


def pressed(game: Any, obs: np.ndarray, choices: np.ndarray, seats: np.ndarray) -> np.ndarray:
    """The acts of learned attackers, int32[B, 3]."""
    actions = np.zeros((len(obs), 3), np.int32)
    game.run(_driver(_MOVES, "press"), obs, game.public.array, choices, seats, actions)
    return actions


def recognised(game: Any, obs: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """The choices that come nearest to other attackers' acts int32[B, 3]."""
    choices = chosen(len(obs))
    game.run(_driver(_MOVES, "recognise"), obs, game.public.array, choices, actions)
    return choices
