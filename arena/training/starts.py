"""States from recordings at which training episodes may begin, so that what games rarely reach is practised too."""

from __future__ import annotations

import importlib
import os
from contextlib import closing
from pathlib import Path

import numpy as np

from envs.errors import NOT_FOUND, UserError
from envs.record_game import RecordGame

__all__ = ["MOST", "recorded_states"]

MOST = 200_000
"""States that are kept; of more, the first."""


def recorded_states(place: str | os.PathLike[str], game: RecordGame) -> np.ndarray:
    """uint8[N, bytes]: every state of the recordings of a file or folder in which a seat has to act.

    Recordings of other rules or another configuration are left out. UserError (3) when nothing is left.
    """
    # Named, not imported: what reads recordings stands above this package.
    replays = importlib.import_module("replays")
    path = Path(place)
    found: list[bytes] = []
    for file in sorted(path.rglob("*.arena")) if path.is_dir() else [path]:
        with closing(replays.open(file)) as tape:
            told = tape.started.game
            if told.get("digest") == game.digest and told.get("config") == game.config_bytes(public=True):
                stored = [entry.stored.s for entry in tape.entries() if entry.stored is not None]
                found += [state for state in stored if len(state) == game.state_type.itemsize]
        if len(found) >= MOST:
            break
    states = np.frombuffer(b"".join(found[:MOST]), np.uint8).reshape(-1, game.state_type.itemsize)
    running = states[~states.copy().view(game.state_type).reshape(-1)["done"]] if len(states) else states
    if not len(running):
        raise UserError(
            f"{path} has no recording of {game.id} with these rules: record some (arena play ... --record DIR)",
            NOT_FOUND,
        )
    return np.ascontiguousarray(running)
