"""Which games there are: one file in a family folder is one game; other packages add theirs by entry points.

The name of a file is the name of its game: `selfplay/connect_four.py` is "connect_four". A file `..._v1.py` is version 1 of the game;
the short name means the newest. Also taken: "module:build", "path/to/file.py", "pettingzoo:module" and "gymnasium:Id".
Nothing is imported until it is asked for.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from collections.abc import Callable
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from envs.errors import NOT_FOUND, USAGE, UserError, unknown
from envs.game import Game
from envs.options import checked, split
from envs.spec import Spec

__all__ = ["FAMILIES", "broken", "family", "found", "game", "load", "names", "spec"]

FAMILIES = ("selfplay", "dualplay", "defender", "towerdefence")
FOREIGN = ("pettingzoo", "gymnasium")
_GROUP = "palaestra.games"
_VERSIONED = re.compile(r"(?P<name>.+?)[-_]v(?P<version>\d+)")


@cache
def found() -> dict[str, str]:
    """Every installed game's id ("connect_four-v0") and where its `build` is ("envs.selfplay.connect_four:build")."""
    games = {}
    for family in FAMILIES:
        folder = Path(__file__).parent / family
        for path in sorted(folder.glob("[a-z]*.py")) + sorted(p.parent for p in folder.glob("[a-z]*/__init__.py")):
            games[_full(path.stem)] = f"envs.{family}.{path.stem}:build"
    for point in entry_points(group=_GROUP):
        games.setdefault(_full(point.name), point.value)
    return games


def _full(name: str) -> str:
    match = _VERSIONED.fullmatch(name)
    return f"{match['name']}-v{match['version']}" if match else f"{name}-v0"


def names() -> list[str]:
    """The short names of all installed games, sorted."""
    return sorted({full.rpartition("-v")[0] for full in found()})


def broken() -> dict[str, str]:
    """Games of other packages that cannot be loaded, with the reason in one line."""
    reasons = {}
    for full, place in found().items():
        if not place.startswith("envs."):
            try:
                load(place)
            except Exception as error:  # noqa: BLE001  whatever a foreign package raises must not break the list
                reasons[full] = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else place}"
    return reasons


def _newest(name: str) -> str:
    """The id that a name means."""
    if _VERSIONED.fullmatch(name) and "-v" in name:
        short, version = name.rpartition("-v")[0], name
    else:
        versions = [full for full in found() if full.rpartition("-v")[0] == name]
        short, version = name, max(versions, key=lambda full: int(full.rpartition("-v")[2]), default="")
    if version in found():
        return version
    if short in names():
        has = ", ".join(full for full in found() if full.startswith(f"{short}-v"))
        raise UserError(f"no version {name!r} of {short}: there is {has}", NOT_FOUND)
    raise unknown("game", name, names())


def family(address: str) -> str:
    """The family folder of one of our games ("selfplay"), "other" for games of other packages and files."""
    short = address.partition("?")[0]
    place = next((place for full, place in found().items() if short in (full, full.rpartition("-v")[0])), "")
    parts = place.split(".")
    return parts[1] if parts[0] == "envs" and parts[1] in FAMILIES else "other"


def load(place: str) -> Callable[..., Game]:
    """The `build` function at "module:name" or in "path/to/file.py". Raises UserError when it is not there."""
    if ".py:" in place:
        raise UserError(f"{place!r} is no game: give the file alone, in which build(**options) stands", NOT_FOUND)
    module_name, _, attribute = place.partition(":") if not place.endswith(".py") else (place, "", "build")
    try:
        module = _file_module(Path(place)) if place.endswith(".py") else importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise UserError(
            f"cannot import {error.name!r} for {place!r}: check the name and the working folder", NOT_FOUND
        ) from None
    build = getattr(module, attribute or "build", None)
    if not callable(build):
        raise UserError(
            f"{place!r} has no function {attribute or 'build'!r}: a game's file defines build(**options)", NOT_FOUND
        )
    return build


def _file_module(path: Path) -> Any:
    if not path.is_file():
        raise UserError(f"no file {str(path)!r}: give the path of a game's Python file", NOT_FOUND)
    name = f"palaestra_file_{path.stem}"
    made = importlib.util.spec_from_file_location(name, path)
    assert made is not None and made.loader is not None
    module = importlib.util.module_from_spec(made)
    sys.modules[name] = module
    made.loader.exec_module(module)
    return module


def game(name: str, *, plain: bool = False, **options: Any) -> Game:
    """A game by name, with its options checked.

    name: "connect_four", "connect_four-v0", "liars_dice?seats=4", "module:build", "file.py", "pettingzoo:pettingzoo.classic.chess_v6",
    "gymnasium:CartPole-v1". plain=True runs the rules in Python and never loads numba. Raises UserError.
    """
    short, given = split(name)
    given |= options
    short = short.removesuffix(":build") if short.endswith(".py:build") else short  # as agents in a file are named
    scheme, _, rest = short.partition(":")
    if scheme in FOREIGN and rest:
        from envs.foreign import open_foreign  # noqa: PLC0415  it knows other libraries

        return open_foreign(scheme, rest, given)
    build = load(short) if ":" in short or short.endswith(".py") else load(found()[_newest(short)])
    made = _built(short, build, given)
    made.place = short
    if plain and hasattr(made, "plain"):
        made.plain = True
    return made


def _built(name: str, build: Callable[..., Game], given: dict[str, Any]) -> Game:
    declared = _declaration(build)
    values = checked(name, declared.options, given) if declared else given
    try:
        made = build(**values)
    except TypeError as error:
        raise UserError(f"{name} could not be built: {error}", USAGE) from error
    made.options = values
    return made


def _declaration(build: Callable[..., Game]) -> Spec | None:
    """The SPEC beside a build function."""
    declared = getattr(sys.modules.get(build.__module__), "SPEC", None)
    return declared if isinstance(declared, Spec) else None


def spec(name: str) -> Spec:
    """A game's declaration with its default options; "connect_four-v0" is the full id, the short name means the newest."""
    return game(name, plain=True).spec
