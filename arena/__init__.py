"""Matches: the nouns of a match, the machine that turns actions into events, and the hands that drive it.

Imports `envs` only. What an agent must be able to do is said here; which agents exist is not known here. Names resolve on first use:
importing this package loads no rules, no numpy and no screen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from arena.agent import Ask, Reply
    from arena.clock import Limits
    from arena.match import Match, Result
    from arena.matches import play

__all__ = ["Ask", "Limits", "Match", "Reply", "Result", "play"]

_PLACES = {
    "Ask": "arena.agent", "Reply": "arena.agent", "Limits": "arena.clock", "Match": "arena.match", "Result": "arena.match",
    "play": "arena.matches",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'arena' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    value = globals()[name] = getattr(import_module(_PLACES[name]), name)
    return value
