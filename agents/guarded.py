"""Players that run behind walls: programs (`exec:./bot`), and named players or somebody's Python in a process of their own.

Nothing of such a player is read or imported here; its process does that.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from agents.process import Process
from agents.registry import PROGRAM, found
from agents.sandbox.walls import Bounds, planned
from envs.errors import NOT_FOUND, UserError, unknown
from envs.game import Game
from envs.options import checked, split
from envs.spec import Option

__all__ = ["Guarded"]

ROOT = Path(__file__).parents[1]


class Guarded:
    """A maker like `agents.registry.Maker`. mode: "isolated" (also where none is given) or "sealed". Raises UserError in one line.

    A program takes its bounds as options: "exec:./bot?memory=512&cpu=60". bounds: what a player has that names none.
    """

    waits = False
    PROGRAM_OPTIONS: ClassVar[Mapping[str, Option]] = {
        "memory": Option(4096, 16, 1 << 20, help="MiB of address space of each process"),
        "cpu": Option(3600, 1, 1 << 20, help="seconds of processor time of each process"),
        "files": Option(256, 16, 65536, help="open files of each process"),
        "size": Option(64, 1, 1 << 20, help="MiB of one written file"),
        "processes": Option(256, 1, 65536, help="processes of its user"),
    }

    def __init__(self, address: str, mode: str = "", bounds: Bounds | None = None) -> None:
        self.address, self.mode, self.help = address, mode or "isolated", ""
        self.options: Mapping[str, Any] = {}
        self.declared: Mapping[str, Option] = {}
        self._game: Game | None = None
        if address.startswith(PROGRAM):
            text, given = split(address.removeprefix(PROGRAM))
            self.options, self.declared = checked(PROGRAM + text, self.PROGRAM_OPTIONS, given), self.PROGRAM_OPTIONS
            self._command, read = _program(text)
            bounds = Bounds(**self.options)
            self.title = Path(self._command[-1]).name
        else:
            self._command, read = [], _places(address)
            self.title = address.partition("?")[0].rpartition(":")[2]
        self.plan = planned(self.mode, bounds, read)
        self.walls = self.plan.walls

    def fits(self, game: Game) -> None:
        """Remembers the game, which our own worker loads. UserError for an environment that lives in this process."""
        if game.kind == "foreign" and not self._command:
            raise UserError(
                f"{game.id} is an environment of another library: only trusted agents and programs can play it"
            )
        self._game = game

    def __call__(self) -> Process:
        if self._command:
            return Process(self._command, self.plan)
        assert self._game is not None
        packages = [str(ROOT / name) for name in ("agents", "arena", "envs", "replays")]
        place = Path(self._game.place)
        own = [str(place.resolve().parent)] if self._game.place.endswith(".py") else []
        plan = dataclasses.replace(
            self.plan, read=(*self.plan.read, *packages, *own), look=(str(ROOT), str(Path.cwd()))
        )
        return Process(self._worker(), plan, environment={"PYTHONPATH": str(ROOT)})

    def _worker(self) -> list[str]:
        """Our own worker, told what to load."""
        assert self._game is not None
        place = self._game.place or self._game.id
        if place.endswith(".py"):
            place = str(Path(place).absolute())
        task = {
            "agent": _absolute(self.address),
            "place": place,
            "options": dict(self._game.options),
            "folder": str(Path.cwd()),
        }
        return [sys.executable, "-m", "agents.worker", json.dumps(task)]

    def __repr__(self) -> str:
        return f"agents.load({self.address!r}, {self.mode!r})"


def _program(text: str) -> tuple[list[str], list[Path]]:
    """A command line with whole paths, and the folders that it names."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UserError(f"exec:{text} is no command line: {error}") from None
    if not words:
        raise UserError("exec: names no program: write exec:./bot or exec:'node bot.js'")
    path = shutil.which(words[0])
    if path is None:
        raise UserError(
            f"no program {words[0]!r} that can be run: give its path, and make it executable (chmod +x)", NOT_FOUND
        )
    files = [Path(path).absolute(), *(Path(word).absolute() for word in words[1:] if Path(word).is_file())]
    whole = [str(Path(word).absolute()) if Path(word).is_file() else word for word in words[1:]]
    folders = [file.resolve().parent for file in files] + [file.parent for file in files]
    return [str(files[0]), *whole], folders


def _absolute(address: str) -> str:
    """The address with the whole path of its file, if it names one."""
    name, mark, rest = address.partition("?")
    file, colon, attribute = name.rpartition(":")
    return f"{Path(file).absolute()}:{attribute}{mark}{rest}" if colon and file.endswith(".py") else address


def _places(address: str) -> list[Path]:
    """What a Python player has to read: the folder of its file, or of its module's package. Nothing is imported."""
    name = address.partition("?")[0]
    source, colon, attribute = name.rpartition(":")
    if not colon and name not in found():
        raise unknown("agent", name, found())
    if not colon:
        return []
    if not attribute or not source:
        raise UserError(f"{name!r} names no agent: write MODULE:NAME or path/to/file.py:NAME")
    if source.endswith(".py"):
        if not Path(source).is_file():
            raise UserError(f"no file {source!r}: give the path of a Python file", NOT_FOUND)
        return [Path(source).resolve().parent]
    top = source.partition(".")[0]
    here = Path.cwd() / top
    if here.is_dir() or here.with_suffix(".py").is_file():
        return [here if here.is_dir() else here.with_suffix(".py")]
    spec = importlib.util.find_spec(top)
    if spec is None:
        raise UserError(
            f"cannot find the module {top!r} for {name!r}: check the name and the working folder", NOT_FOUND
        )
    return [
        Path(place)
        for place in [*(spec.submodule_search_locations or []), spec.origin or ""]
        if place and Path(place).exists()
    ]
