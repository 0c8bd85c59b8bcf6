"""Installed games by kind, for tests that are about one kind: what seats answer in, and whether the rules are compiled."""

from __future__ import annotations

from typing import Any

import pytest

import envs
from envs.spec import Text

__all__ = ["COMPILED", "LONG", "NUMBERS", "RECORDS"]

_GAMES = {name: envs.game(name, plain=True) for name in envs.names()}
NUMBERS = [name for name, game in _GAMES.items() if not any(isinstance(role.actions, Text) for role in game.spec.roles)]
"""Games whose seats all answer in numbers: other libraries' environments, and players that list moves, know nothing else."""
RECORDS = [name for name, game in _GAMES.items() if game.kind == "record"]
LONG = {"siege"}
"""Games that take their compiler half a minute; this one's rules are for the most part those of another, which is compiled every day."""
COMPILED: list[Any] = [pytest.param(name, marks=[pytest.mark.nightly] * (name in LONG)) for name in RECORDS]
"""RECORDS, for tests that compile."""
