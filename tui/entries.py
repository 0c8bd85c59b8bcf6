"""What a form for a new match needs to know: a game's seats and options, and the agents that can play it.

Games are built plainly: nothing here compiles rules. It takes a fraction of a second the first time, so screens call it in a thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from envs.errors import UserError
from envs.spec import Option

__all__ = ["Entry", "demand_fit", "entry", "usual"]


@dataclass(frozen=True)
class Entry:
    """A game as the form shows it: its address, its seats, its options in words, the agents that can play it and their options."""

    game: str
    seats: tuple[str, ...]
    options: str
    agents: tuple[str, ...]
    hints: dict[str, str]


def entry(game: str) -> Entry:
    """Read what the form needs to know of a game. Raises UserError."""
    import agents  # noqa: PLC0415  (the first frame does without games and agents)
    from envs import registry  # noqa: PLC0415

    made = registry.game(game, plain=True)
    able, hints = [], {}
    for name in agents.names():
        with suppress(UserError):
            maker = agents.load(name)
            maker.fits(made)
            able.append(name)
            hints[name] = _words({key: option for key, option in maker.declared.items() if key != "socket"})
    return Entry(game, made.spec.seat_names, _words(made.spec.options), tuple(able), hints)


def _words(options: Mapping[str, Option]) -> str:
    """Options with defaults and bounds, shortly: "seats=2 (2 to 6)  wild=false"."""
    return "  ".join(f"{name}={_written(option.default)}{_bounds(option)}" for name, option in options.items())


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def _bounds(option: Option) -> str:
    if option.choices:
        return f" ({', '.join(map(str, option.choices))})"
    if option.low is None or option.high is None:
        return ""
    return f" ({option.low:g} to {option.high:g})"


def demand_fit(game: str, agents: Sequence[str]) -> None:
    """Raises UserError where an agent is not found or cannot play: told here at once, not by the process of the match."""
    from agents import load  # noqa: PLC0415
    from envs import registry  # noqa: PLC0415

    made = registry.game(game, plain=True)
    for agent in agents:
        load(agent).fits(made)


def usual(agents: Sequence[str], before: Sequence[str], seat: int) -> str:
    """What stands in a seat's field at first: what stood there before, if it can play; else a usual choice."""
    wanted = [*before, *(("mcts", "scripted") if seat == 0 else ("scripted", "mcts")), "random"]
    return next((agent for agent in wanted if agent.partition("?")[0] in agents), agents[0] if agents else "")
