"""What may stand in a tournament's file: `FIELDS` is the law, with every field, what it may be and its default."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from arena.forgiving import FORGIVEN, taken

__all__ = ["CLOCK", "FIELDS", "GAME", "SANDBOXES", "SYSTEMS", "Field"]

SANDBOXES = ("default", "trusted", "isolated", "sealed")
"""Where agents run; default: somebody's own code isolated, the named players trusted."""
SYSTEMS = ("round_robin", "gauntlet", "swiss", "ladder")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True)
class Field:
    """One field: its default (None: it must be given), what is allowed in words, and the test. `own`: a game may have its own."""

    default: Any
    allowed: str
    take: Callable[[Any], Any]
    own: bool = False


def _whole(least: int, most: int) -> Callable[[Any], Any]:
    def take(value: Any) -> Any:
        if type(value) is not int or not least <= value <= most:
            raise ValueError
        return value

    return take


def _seconds(value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value <= 1e7:
        raise ValueError
    return float(value)


def _choice(*names: str) -> Callable[[Any], Any]:
    def take(value: Any) -> Any:
        if value not in names:
            raise ValueError
        return value

    return take


def _truth(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError
    return value


def _name(value: Any) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError
    return value


def _address(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > 500:
        raise ValueError
    return value


def _addresses(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(set(map(str, value))) != len(value) or len(value) > 1000:
        raise ValueError
    return tuple(map(_address, value))


def _by_role(value: Any) -> Any:
    """A list for all seats, or a table with a list for each role."""
    if isinstance(value, dict) and value:
        return {_address(role): _addresses(agents) for role, agents in value.items()}
    return _addresses(value)


def _tables(value: Any) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(value, list) or not value or not all(isinstance(each, dict) for each in value):
        raise ValueError
    return tuple(value)


_RETRIES = "a whole number from 0 to 100, or a table with one for some of truncated, empty, unparsable, illegal"
_AGENTS = "a list of different agents in quotes, or a table with such a list for each role"
FIELDS: dict[str, Field] = {
    "name": Field(None, "1 to 40 small letters, digits and hyphens in quotes", _name),
    "seed": Field(0, "a whole number from 0 to 18446744073709551615", _whole(0, (1 << 64) - 1)),
    "rated": Field(
        False, "true (seeds are hashes under a secret key that is made for this tournament) or false", _truth
    ),
    "system": Field("round_robin", ", ".join(SYSTEMS), _choice(*SYSTEMS), own=True),
    "agents": Field((), _AGENTS, _by_role, own=True),
    "challengers": Field((), "a list of some of the agents: who runs the gauntlet", _addresses, own=True),
    "rounds": Field(1, "a whole number from 1 to 100000", _whole(1, 100_000), own=True),
    "sets": Field(1, "a whole number from 1 to 100000: groups of matches of a table in a round", _whole(1, 100_000), own=True),
    "swap": Field(True, "true or false: whether the agents of a table change seats", _truth, own=True),
    "unfit": Field("refuse", "refuse or skip: what becomes of an agent that cannot play a game", _choice("refuse", "skip"), own=True),
    "retries": Field(FORGIVEN, _RETRIES, taken, own=True),
    "patience": Field(3600.0, "seconds from 0 to 10000000 that a match may take before it is void", _seconds, own=True),
    "sandbox": Field("default", ", ".join(SANDBOXES), _choice(*SANDBOXES), own=True),
    "record": Field(True, "true or false", _truth),
    "texts": Field(True, "true or false: whether prompts and completions are recorded", _truth),
    "games": Field(None, 'at least one [[games]] with game = "..."', _tables),
}  # fmt: skip
CLOCK = {name: Field(None, "seconds from 0 to 10000000", _seconds) for name in ("move", "bank", "increment")}
GAME = Field(None, "the name of a game in quotes, as `arena envs` lists them", _address)
