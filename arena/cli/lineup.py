"""What several verbs read from a command line: a game, one agent for each seat, clocks. Mistakes are told before a match starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from arena.cli import loading

if TYPE_CHECKING:
    from arena.clock import Limits
    from envs.game import Game

__all__ = ["clocks", "forgiveness", "in_person", "is_human", "limits_of", "lineup", "sandboxes", "windowed"]

_F = TypeVar("_F", bound=Callable[..., Any])


def lineup(name: str, agents: Sequence[str], sandbox: str = "") -> Game:
    """The game, for reading (it runs without being compiled), after each agent was found and may play it. Raises UserError."""
    from envs.registry import game  # noqa: PLC0415  (help is shown without the rules)

    found = game(name, plain=True)
    found.demand_players(len(agents))
    load = loading.load("agents:load")
    for agent in agents:
        load(agent, sandbox).fits(found)
    return found


def is_human(agent: str) -> bool:
    """Whether a seat is a person's."""
    return agent.partition("?")[0] == "human"


def in_person(agent: str) -> bool:
    """Whether a person of this process plays a seat: at the keyboard, or in a window."""
    return agent.partition("?")[0] in {"human", "window"}


def windowed(name: str, agents: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The game with one frame a decision, and the agents with the person at a window: another game and another player for ratings.

    Raises UserError unless exactly one seat is a person's.
    """
    from envs.errors import UserError  # noqa: PLC0415  (help is shown without them)
    from envs.options import address, split  # noqa: PLC0415
    from envs.registry import game  # noqa: PLC0415

    people = [agent for agent in agents if is_human(agent)]
    if len(people) != 1:
        raise UserError(f"a window is one person's: give the agent human once, not {len(people)} times")
    short, given = split(name)
    if "period" in game(name, plain=True).spec.options:
        given["period"] = "1"
    return address(short, given), tuple("window" if is_human(agent) else agent for agent in agents)


def clocks(command: _F) -> _F:
    """Adds the options of the clocks; the callback takes them as `move`, `bank` and `increment`."""
    for option in (
        click.option("--increment", type=float, default=0.0, metavar="SECONDS", help="Time added after each answer."),
        click.option("--bank", type=float, metavar="SECONDS", help="Time of each seat for the whole match."),
        click.option("--time", "move", type=float, metavar="SECONDS", help="Time for each answer."),
    ):
        command = option(command)
    return command


def forgiveness(command: _F) -> _F:
    """Adds `--retries`; the callback takes it as `retries`, a text for `arena.forgiving.retries_of`."""
    told = "Refused answers of a kind that are forgiven (2), or by kind: truncated=4,illegal=0."
    return click.option("--retries", default="2", metavar="N", help=told)(command)


def sandboxes(command: _F) -> _F:
    """Adds `--sandbox MODE` and `--isolate`; the callback takes `sandbox`, None where nothing was said."""
    modes = click.Choice(["trusted", "isolated", "sealed"])
    for option in (
        click.option("--isolate", "sandbox", flag_value="isolated", help="The same as --sandbox isolated."),
        click.option(
            "--sandbox", "sandbox", type=modes, metavar="MODE",
            help="Where agents run: trusted (here; human, llm: always), isolated, sealed."
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def limits_of(move: float | None, bank: float | None, increment: float) -> Limits:
    """The clocks of a match. Raises UserError for a time that is not allowed."""
    from arena.clock import Limits  # noqa: PLC0415

    return Limits(move, bank, increment)
