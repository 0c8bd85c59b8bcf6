"""From a tournament's file to its plan. A wrong file is a UserError of one line that names the field and says what is allowed.

Games and agents are looked up too, so that a mistake shows before the first match.
"""

from __future__ import annotations

import difflib
import importlib
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from arena.clock import Limits
from arena.tournament.fields import CLOCK, FIELDS, GAME, Field
from arena.tournament.plan import Division, Plan
from envs.errors import NOT_FOUND, UserError
from envs.registry import game as open_game

__all__ = ["read"]


def read(path: Path) -> Plan:
    """The plan in a TOML file. Raises UserError for a file, a field, a game or an agent that is not as it must be."""
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"no file {str(path)!r}: give the TOML file that describes the tournament", NOT_FOUND) from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: not a tournament's file: {error}; docs/tournaments.md has an example") from None
    return _Reader(str(path)).plan(tree)


class _Reader:
    """Turns a file's tree into a plan; `source` is the file's name in messages."""

    def __init__(self, source: str) -> None:
        self.source = source

    def plan(self, tree: Mapping[str, Any]) -> Plan:
        clock = tree.get("clock", {})
        self._demand_known("", {name for name in tree if name != "clock"}, FIELDS)
        if not isinstance(clock, dict):
            raise self._wrong("clock", clock, "a table [clock] with move, bank, increment in seconds")
        self._demand_known("clock.", clock, CLOCK)
        times = {name: self._value(f"clock.{name}", value, CLOCK[name]) for name, value in clock.items()}
        given = {name: self._value(name, tree.get(name), rule) for name, rule in FIELDS.items()}
        divisions = tuple(self._division(n, each, given) for n, each in enumerate(given["games"]))
        own = {name: given[name] for name in ("name", "seed", "rated", "record", "texts")}
        return Plan(divisions=divisions, limits=Limits(**times), **own)

    def _division(self, number: int, tree: Mapping[str, Any], given: Mapping[str, Any]) -> Division:
        at = f"games[{number}]."
        own = {name: rule for name, rule in FIELDS.items() if rule.own}
        self._demand_known(at, tree, own | {"game": GAME})
        name = self._value(f"{at}game", tree.get("game"), GAME)
        values = {key: given[key] for key in own} | {
            key: self._value(at + key, tree[key], rule) for key, rule in own.items() if key in tree
        }
        try:
            game = open_game(name, plain=True)
        except UserError as error:
            raise UserError(f"{self.source}: {at}game: {error}", error.code) from None
        where = at if "agents" in tree else ""
        agents, entrants = self._players(f"{where}agents", game, values)
        challengers = self._challengers(f"{at}challengers", agents, values)
        self._demand_system(at, game.seats, values, bool(entrants))
        kept = {key: values[key] for key in ("system", "rounds", "sets", "swap", "retries", "patience", "sandbox")}
        roles = tuple((role.name, role.count) for role in game.spec.roles)
        apart = "apart" in game.spec.traits
        return Division(name, agents, challengers=challengers, roles=roles, entrants=entrants, apart=apart, **kept)

    def _players(self, at: str, game: Any, values: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[tuple[int, ...], ...]]:  # fmt: skip
        """The agents of a game as canonical addresses, and who of them plays which role."""
        given = values["agents"]
        roles = [role.name for role in game.spec.roles]
        sides = given if isinstance(given, Mapping) else {"": given}
        if isinstance(given, Mapping) and sorted(given) != sorted(roles):
            raise self._wrong(at, sorted(given), f"a list for each role of {game.id}: {', '.join(roles)}")
        able = {role: self._able(f"{at}.{role}" if role else at, game, sides[role], values) for role in sides}
        agents = tuple(dict.fromkeys(agent for side in able.values() for agent in side))
        if len(agents) < 2:
            raise self._wrong(at, list(agents), f"at least 2 agents that can play {game.id}")
        if not isinstance(given, Mapping):
            return agents, ()
        return agents, tuple(tuple(agents.index(agent) for agent in able[role]) for role in roles)

    def _able(self, at: str, game: Any, addresses: Sequence[str], values: Mapping[str, Any]) -> list[str]:
        """The addresses, options in their order, of those who can play. Somebody's own code is not run here unless it is trusted."""
        load = importlib.import_module("agents").load
        able = []
        for place, address in enumerate(addresses):
            try:
                maker = load(address, values["sandbox"])
                if address.partition("?")[0] in {"human", "window"}:
                    raise UserError("a person cannot play a tournament: name agents that play alone")
            except UserError as error:
                raise UserError(f"{self.source}: {at}[{place}]: {error}", error.code) from None
            try:
                maker.fits(game)
            except UserError as error:
                if values["unfit"] == "refuse":
                    raise UserError(f'{self.source}: {at}[{place}]: {error}; unfit = "skip" leaves it out') from None
                continue
            able.append(maker.address)
        if not able or len(set(able)) < len(able):
            raise self._wrong(at, list(addresses), "different agents, at least one")
        return able

    def _challengers(self, at: str, agents: Sequence[str], values: Mapping[str, Any]) -> tuple[int, ...]:
        load = importlib.import_module("agents").load
        found = [load(address, values["sandbox"]).address for address in values["challengers"]]
        unknown = [address for address in found if address not in agents]
        wanted = values["system"] == "gauntlet"
        if wanted and (unknown or not found or len(found) == len(agents)):
            raise self._wrong(at, found, f"some, not all, of {', '.join(agents)}")
        return tuple(agents.index(address) for address in found) if wanted else ()

    def _demand_system(self, at: str, seats: int, values: Mapping[str, Any], by_role: bool) -> None:
        if values["system"] in ("swiss", "ladder") and (seats != 2 or by_role):
            raise self._wrong(
                f"{at}system", values["system"], "for games of 2 seats that everybody may take; else round_robin or gauntlet"
            )  # fmt: skip

    # ------------------------------------------------------------------ values and what is said of wrong ones
    def _value(self, at: str, value: Any, rule: Field) -> Any:
        if value is None:
            if rule.default is None:
                raise UserError(f"{self.source}: {at} is missing: give {rule.allowed}")
            return rule.default
        try:
            return rule.take(value)
        except ValueError:
            raise self._wrong(at, value, rule.allowed) from None

    def _wrong(self, at: str, value: Any, allowed: str) -> UserError:
        text = repr(value)
        return UserError(f"{self.source}: {at} is {text if len(text) <= 60 else text[:59] + '…'}; allowed is {allowed}")

    def _demand_known(self, at: str, names: Any, known: Mapping[str, Any]) -> None:
        for name in sorted(names):
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]}? " if near else ""
                raise UserError(f"{self.source}: unknown field {at}{name}; {hint}known are {', '.join(known)}")
