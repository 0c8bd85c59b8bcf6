"""From what a recording says of its game to the rules that made it, when they are installed and unchanged.

A name from a file is only looked up among installed games; a path or module in a file is never imported: the user names it (`allow`).
"""

from __future__ import annotations

from typing import Any

from arena.events import Secret, Started
from envs.errors import UserError
from envs.game import Game
from envs.registry import found, game

__all__ = ["allow", "installed"]

_allowed: list[str] = []


def allow(place: str) -> None:
    """Open recordings of games that are not installed with these rules too, if they fit: "module:build" or a Python file."""
    if place not in _allowed:
        _allowed.append(place)


def installed(started: Started, secret: Secret, *, plain: bool = True) -> tuple[Game | None, str]:
    """(game, "") or (None, why not): the game is set up with the recorded options and configuration.

    plain=False lets the rules run compiled; only for a configuration that is exactly what the options build, because compiled rules
    do not check where they write.
    """
    told: dict[str, Any] = started.game
    name = str(told.get("game", ""))[:200]
    try:
        made, why = _foreign(told) if told.get("kind") == "foreign" else _built(name, told)
        if made is None:
            return None, why
        if len(started.seats) != made.seats:
            return (
                None,
                f"the recording names {len(started.seats)} seats, {name} has {made.seats}: what was recorded is shown",
            )
        if not plain and made.kind == "record" and made.config_bytes() == secret.config:
            made.plain = False  # type: ignore[attr-defined]  # a record game's switch
        made.configure(secret.config)
    except (UserError, TypeError, ValueError, OverflowError, AttributeError, KeyError) as error:
        return None, f"the game {name} could not be set up as recorded ({str(error)[:300]}): what was recorded is shown"
    return made, ""


def _foreign(told: dict[str, Any]) -> tuple[Game | None, str]:
    from envs.foreign import recorded  # noqa: PLC0415  reading them needs no other library

    return recorded(told), ""


def _built(name: str, told: dict[str, Any]) -> tuple[Game | None, str]:
    """The rules of that name and digest, with the recorded options."""
    options = told.get("options", {})
    if name in found():
        made = game(name, plain=True, **options)
        if made.digest == told.get("digest"):
            return made, ""
        return None, f"other rules: {name} has changed since this was recorded; what was recorded is shown"
    named = [one for place in _allowed if (one := _opened(place, options)) is not None and one.id == name]
    fitting = [one for one in named if one.digest == told.get("digest")]
    if fitting:
        return fitting[0], ""
    if named:
        return None, f"other rules: {name} is not as it was when this was recorded; what was recorded is shown"
    return None, f"the game {name or '?'} is not installed here: what was recorded is shown without its rules"


def _opened(place: str, options: dict[str, Any]) -> Game | None:
    """The game at an allowed place; None when it has no such options, because then it is another game than the recorded one."""
    try:
        return game(place, plain=True, **options)
    except UserError:
        return None
