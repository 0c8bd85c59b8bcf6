"""A strategy as a table: what a solver found, kept in a checkpoint and played from.

A seat at the board is asked only where it decides, so a row is found by the digest of what the seat was asked and did, in order. Games
where that tells apart less than the information sets do (something was seen and gone between two questions) cannot be kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from arena.training.checkpoint import Checkpoint
from arena.training.trees import Tree, chained
from envs.errors import CORRUPT, UserError

__all__ = ["Memory", "Table"]


@dataclass(frozen=True)
class Table:
    """keys: per row, the digest of a past; first int32[I + 1], action int32[S], strategy float64[S] as in `trees.Tree`."""

    keys: tuple[bytes, ...]
    first: np.ndarray
    action: np.ndarray
    strategy: np.ndarray

    @classmethod
    def of(cls, tree: Tree, strategy: np.ndarray) -> Table:
        """The table of a strategy. UserError when its rows cannot be told apart at the board."""
        if len({*zip(tree.owner.tolist(), tree.keys, strict=True)}) < len(tree.keys):
            raise UserError(
                f"{tree.game.id}: a seat sees more than it is asked with; its strategy cannot be kept as a table"
            )
        return cls(_with_owner(tree), tree.first, tree.action, strategy)

    @classmethod
    def loaded(cls, found: Checkpoint) -> Table:
        """The table of a checkpoint. UserError (4) when it holds none."""
        try:
            arrays = [np.asarray(found.weights[name]) for name in ("first", "action", "strategy")]
            keys = tuple(bytes(key) for key in found.state["work"]["keys"])
        except (KeyError, TypeError) as error:
            raise UserError(f"the checkpoint holds no table: {error} is missing", CORRUPT) from None
        table = cls(keys, *arrays)
        if not table._sound():
            raise UserError("the checkpoint's table is damaged: its arrays do not fit together", CORRUPT)
        return table

    def _sound(self) -> bool:
        first, rows = self.first, len(self.keys)
        return (
            first.shape == (rows + 1,) and rows > 0 and int(first[0]) == 0 and bool((np.diff(first) > 0).all())
            and self.action.shape == self.strategy.shape == (int(first[-1]),)
            and bool(np.isfinite(self.strategy).all() and (self.strategy >= 0).all())
        )  # fmt: skip

    def weights(self) -> dict[str, np.ndarray]:
        """What `checkpoint.save` takes; the keys go into its state, under "keys"."""
        return {"first": self.first, "action": self.action, "strategy": self.strategy}

    @cached_property
    def rows(self) -> dict[bytes, int]:
        return {key: i for i, key in enumerate(self.keys)}

    def policy(self, key: bytes) -> dict[int, float] | None:
        """Action -> probability after a past; None for one that the table does not know."""
        row = self.rows.get(key)
        if row is None:
            return None
        part = slice(int(self.first[row]), int(self.first[row + 1]))
        return dict(zip(self.action[part].tolist(), self.strategy[part].tolist(), strict=True))


@dataclass
class Memory:
    """What one seat was asked and did in one episode; `key` is its row of a Table after `asked`."""

    past: bytes = b""
    key: bytes = field(default=b"", init=False)

    def asked(self, obs: Any) -> bytes:
        """The seat is asked to act on an observation: its key."""
        self.past = chained(self.past, obs.array.tobytes())
        self.key = chained(bytes([int(obs.seat)]), self.past)
        return self.key

    def did(self, action: int) -> None:
        """The seat's action is taken."""
        self.past = chained(self.past, action.to_bytes(4, "little"))


def _with_owner(tree: Tree) -> tuple[bytes, ...]:
    return tuple(chained(bytes([seat]), key) for seat, key in zip(tree.owner.tolist(), tree.keys, strict=True))
