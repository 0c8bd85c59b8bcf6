"""Addresses and options: "liars_dice?seats=4" is a name and a handful of checked values.

Games, agents and anything else that a user names on a command line share this grammar: `name?key=value&key=value`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from envs.errors import UserError
from envs.spec import Option

__all__ = ["address", "checked", "split"]

_WORDS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


def split(text: str) -> tuple[str, dict[str, str]]:
    """ "name?a=1&b=2" -> ("name", {"a": "1", "b": "2"}); raises UserError when the part after ? is no list of key=value."""
    name, _, query = text.partition("?")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), max_num_fields=64)
    except ValueError:
        raise UserError(f"{text!r} is not NAME?KEY=VALUE&KEY=VALUE: write for example liars_dice?seats=4") from None
    return name, dict(pairs)


def address(name: str, options: Mapping[str, Any]) -> str:
    """The inverse of split: a name with its options, as one string."""
    return name + ("?" + "&".join(f"{key}={_written(value)}" for key, value in options.items()) if options else "")


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def checked(kind: str, declared: Mapping[str, Option], given: Mapping[str, Any]) -> dict[str, Any]:
    """All options with their values: given ones converted and checked, the rest by default. Raises UserError."""
    for name in given:
        if name not in declared:
            known = ", ".join(f"{key}={_written(option.default)}" for key, option in declared.items()) or "none"
            raise UserError(f"{kind} has no option {name!r}: it has {known}")
    return {
        name: _value(kind, name, option, given[name]) if name in given else option.default
        for name, option in declared.items()
    }


def _value(kind: str, name: str, option: Option, given: Any) -> Any:
    try:
        value = _converted(option.default, given)
    except (ValueError, KeyError, TypeError, OverflowError):
        value = None
    wrong = value is None or (bool(option.choices) and value not in option.choices)
    wrong = (
        wrong or (option.low is not None and value < option.low) or (option.high is not None and value > option.high)
    )
    if wrong or (isinstance(value, float) and math.isnan(value)):
        raise UserError(f"{kind}: option {name}={str(given)[:60]} is not allowed: it must be {option.allowed}")
    return value


def _converted(default: Any, given: Any) -> Any:
    if isinstance(default, bool):
        return given if isinstance(given, bool) else _WORDS[str(given).lower()]
    if isinstance(default, int):
        return int(given) if isinstance(given, str) or given == int(given) else None
    return type(default)(given)
