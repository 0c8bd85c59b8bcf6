"""From what a recording says of its game to the rules that made it, when they are installed and unchanged.

A name from a file is only looked up among installed games; a path or module in a file is never imported unless the caller allows it.
"""

from __future__ import annotations

from typing import Any

from arena.events import Secret, Started
from envs.errors import UserError
from envs.game import Game
from envs.registry import found, game

__all__ = ["allow", "installed"]

_allowed: set[str] = set()


def allow(place: str) -> None:
    """Let recordings that name this "module:build" or file be opened with its rules (the user has named it)."""
    _allowed.add(place)


def installed(started: Started, secret: Secret) -> tuple[Game | None, str]:
    """(game, "") or (None, why not): the game is set up with the recorded options and configuration, plain."""
    told: dict[str, Any] = started.game
    name, kind = str(told.get("game", "")), told.get("kind")
    if kind == "foreign":
        from envs.foreign import recorded  # noqa: PLC0415  reading them needs no other library

        return recorded(told), ""
    place = str(told.get("place", ""))
    if name not in found() and place not in _allowed:
        return None, f"the game {name or '?'} is not installed here: what was recorded is shown without its rules"
    try:
        options = told.get("options", {})
        made = game(name if name in found() else place, plain=True, **options)
    except (UserError, TypeError) as error:
        return None, f"the game {name} could not be set up as recorded ({error}): what was recorded is shown"
    if made.digest != told.get("digest"):
        return None, f"other rules: {name} has changed since this was recorded; what was recorded is shown"
    made.configure(secret.config)
    return made, ""
