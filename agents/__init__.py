"""Players: each maps an Ask to a Reply and knows nothing but the Ask.

Imports `arena` and `envs`, never `replays` or `tui`. One module per kind of player, named by a string
(`"mcts?simulations=400"`) and loaded when it is asked for; importing this package loads none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agents.registry import Maker, broken, load, names

__all__ = ["Maker", "broken", "load", "names"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from importlib import import_module  # noqa: PLC0415

        return getattr(import_module("agents.registry"), name)
    raise AttributeError(f"module 'agents' has no attribute {name!r}")
