"""Which players there are, and how a string becomes one.

An address is a name with options ("mcts?simulations=400"), or any Python function or class: "module:name",
"path/to/file.py:name". A function is the agent itself; a class is made anew for each seat of each match, with the
options that its OPTIONS declare. Other packages add names by entry points. Nothing is imported until it is loaded.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arena.agent import Agent
from envs.errors import FAILURE, NOT_FOUND, UserError, unknown
from envs.game import Game
from envs.options import address as joined
from envs.options import checked, split
from envs.spec import Option

if TYPE_CHECKING:
    from agents.guarded import Guarded

__all__ = ["BUILT_IN", "DEFAULT", "GROUP", "PROGRAM", "Maker", "broken", "found", "load", "names"]

GROUP = "palaestra.agents"
DEFAULT = "default"
PROGRAM = "exec:"
"""Begins the address of a program that speaks the protocol over its standard input and output."""
BUILT_IN = {
    "first": "agents.scripted:First",
    "human": "agents.human:Human",
    "llm": "agents.llm.seat:Llm",
    "mcts": "agents.search:Mcts",
    "minimax": "agents.minimax:Minimax",
    "random": "agents.scripted:Random",
    "scripted": "agents.scripted:Scripted",
    "window": "agents.window:Window",
}

_OF_THIS_PROCESS = frozenset({"human", "llm", "window"})


class Maker:
    """A player that has been found: called without arguments, once per seat and match, it gives an Agent.

    address: as a string, options in declared order and only those that are not the default. title: for people; a target may have
    `entitled(options)` to make it. mode and walls: see events.Seat. options: all values. declared: the options there are. help: the first
    line of its documentation. waits: its time goes by in waiting (for an endpoint), so that many of its matches run at once in one process.
    """

    mode = "trusted"
    walls: tuple[str, ...] = ()

    def __init__(self, name: str, target: Any, given: Mapping[str, Any]) -> None:
        self.target = target
        self.declared: Mapping[str, Option] = getattr(target, "OPTIONS", {})
        self.options = checked(name, self.declared, given)
        changed = {key: value for key, value in self.options.items() if value != self.declared[key].default}
        self.address = joined(name, changed)
        entitled = getattr(target, "entitled", None)
        self.title = (
            entitled(self.options)
            if entitled
            else str(getattr(target, "title", "") or getattr(target, "__name__", type(target).__name__))
        )
        self.waits = bool(getattr(target, "waits", False))
        self.help = (inspect.getdoc(target) or "").partition("\n")[0]
        _demand_callable(name, target, self.options)

    def __call__(self) -> Agent:
        made: Agent = self.target(**self.options) if isinstance(self.target, type) else self.target
        return made

    def fits(self, game: Game) -> None:
        """Raises UserError, in one line, when this player cannot play the game; without a word from it, it can.

        A target says so by `fits(game)`, and by `ready(game, **options)` where it lacks what it plays from.
        """
        fits, ready = (getattr(self.target, name, None) for name in ("fits", "ready"))
        if fits is not None:
            fits(game)
        if ready is not None:
            ready(game, **self.options)

    def __repr__(self) -> str:
        return f"agents.load({self.address!r})"


def _demand_callable(name: str, target: Any, options: Mapping[str, Any]) -> None:
    """An agent takes one Ask; a class takes its options and makes such a one."""
    is_class = isinstance(target, type)
    able = any("__call__" in kind.__dict__ for kind in target.__mro__) if is_class else callable(target)
    if not able:
        what = "a class whose objects are not callable" if is_class else f"a {type(target).__name__}"
        raise UserError(f"{name} is {what}: an agent is a function of an Ask, or a class with __call__(self, ask)")
    try:
        signature = inspect.signature(target)
    except ValueError:  # some callables written in C have none
        return
    try:
        signature.bind(**options) if is_class else signature.bind(None)
    except TypeError as error:
        wanted = "options that OPTIONS declares, with defaults" if is_class else "one argument, the Ask"
        raise UserError(f"{name} cannot be called: {error}: it must take {wanted}") from None


@cache
def found() -> dict[str, str]:
    """Every named player and where it is ("agents.scripted:Random"); a name that is built in cannot be taken."""
    others = {point.name: point.value for point in entry_points(group=GROUP)}
    return others | BUILT_IN


def names() -> list[str]:
    """The names of all players, sorted; `broken` says which of them cannot be loaded."""
    return sorted(found())


def broken() -> dict[str, str]:
    """Players of other packages that cannot be loaded, with the reason in one line. Imports them."""
    reasons = {}
    for name in sorted(found().keys() - BUILT_IN.keys()):
        try:
            load(name)
        except UserError as error:
            reasons[name] = str(error)
    return reasons


def load(address: str | Agent, sandbox: str = "") -> Maker | Guarded:
    """A player by address, or any callable given as it is. Raises UserError in one line.

    address: "random", "mcts?simulations=400&c=1.4", "module:name", "path/to/file.py:name", "file.py:Class?option=1"; the folder of a
    training run ("runs/x?search=200"); a program ("exec:./bot --level 3"). sandbox: "isolated" or "sealed" put the player into a process
    of its own, unread by this one; programs are always in one, and people and models never: walls would keep keys, keyboard and network
    from them. "default", for tournaments: isolated whatever is somebody's own, trusted the named players and given callables.
    """
    if sandbox == DEFAULT:
        sandbox = _default_mode(address)
    if isinstance(address, str) and address.partition("?")[0] in _OF_THIS_PROCESS:
        sandbox = ""
    if not isinstance(address, str):
        if sandbox not in ("", "trusted"):
            raise UserError(
                f"{_given_name(address)} is a function of this process and cannot be {sandbox}: name it MODULE:NAME"
            )
        return Maker(_given_name(address), address, {})
    if address.startswith(PROGRAM) or sandbox not in ("", "trusted"):
        from agents.guarded import Guarded  # noqa: PLC0415  most matches need no walls

        return Guarded(address, sandbox)
    name, given = split(address)
    if Path(name, "run.json").is_file():
        return Maker(name, importlib.import_module("agents.learned").of(Path(name)), given)
    if ":" in name or name.endswith(".py"):
        return Maker(name, _target(name), given)
    if name not in found():
        raise unknown("agent", name, names())
    return Maker(name, _target(found()[name]), given)


def _default_mode(address: str | Agent) -> str:
    """The mode of a player in a tournament."""
    name = address.partition("?")[0] if isinstance(address, str) else ""
    return "isolated" if ":" in name or name.endswith(".py") else "trusted"


def _given_name(target: Any) -> str:
    named = target if hasattr(target, "__qualname__") else type(target)
    return f"{named.__module__}:{named.__qualname__}"


def _target(place: str) -> Any:
    """The object at "module:name" or "path/to/file.py:name"."""
    source, _, attribute = place.rpartition(":")
    if not source or not attribute:
        raise UserError(f"{place!r} names no agent: write MODULE:NAME or path/to/file.py:NAME")
    try:
        target = _file_module(Path(source)) if source.endswith(".py") else _module(source)
        for part in attribute.split("."):
            target = getattr(target, part)
    except UserError:
        raise
    except AttributeError as error:
        raise UserError(f"no agent {attribute!r} in {source!r} ({error})", NOT_FOUND) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001  whatever somebody's file raises is told in one line
        raise UserError(f"cannot load {place!r}: {type(error).__name__}: {error}", FAILURE) from None
    return target


def _module(name: str) -> Any:
    _make_importable(Path.cwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        whom = "" if error.name == name else f" for {name!r}"
        raise UserError(
            f"cannot import {error.name!r}{whom}: check the name and the working folder", NOT_FOUND
        ) from None


def _file_module(path: Path) -> Any:
    """A file run as a module of its own; run anew each time, so that an edited file is seen."""
    if not path.is_file():
        raise UserError(f"no file {str(path)!r}: give the path of a Python file", NOT_FOUND)
    whole = path.resolve()
    _make_importable(whole.parent)
    name = f"palaestra_{blake2b(str(whole).encode(), digest_size=6).hexdigest()}_{path.stem}"
    made = importlib.util.spec_from_file_location(name, whole)
    assert made is not None
    assert made.loader is not None
    module = importlib.util.module_from_spec(made)
    sys.modules[name] = module
    made.loader.exec_module(module)
    return module


def _make_importable(folder: Path) -> None:
    """Somebody's agent finds the modules beside it; at the end of the path, where it can hide nothing."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
