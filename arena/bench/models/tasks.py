"""Tasks of a bench of models that have a name: their games, their pool, and the settings that they compare, from `tasks.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from envs.errors import NOT_FOUND, UserError

__all__ = ["Task", "task", "tasks"]


@dataclass(frozen=True)
class Task:
    """each: settings of the models; every one of them makes an entrant of each model."""

    help: str
    games: tuple[str, ...]
    pool: tuple[str, ...]
    pairs: int
    each: tuple[Mapping[str, str], ...] = ({},)


def tasks() -> dict[str, Task]:
    """All that there are, by name."""
    table = tomllib.loads(Path(__file__).with_name("tasks.toml").read_text(encoding="utf-8"))
    return {
        name: Task(
            entry["help"], tuple(entry["games"]), tuple(entry["pool"]), entry["pairs"], tuple(entry.get("each", [{}]))
        )
        for name, entry in table.items()
    }


def task(name: str) -> Task:
    """UserError for a name that there is not."""
    known = tasks()
    if name not in known:
        raise UserError(f"no task {name!r}: there are {', '.join(known)}", NOT_FOUND)
    return known[name]
