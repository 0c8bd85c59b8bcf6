"""Level files: from TOML to the records of `state`, with every mistake named by file, line and field.

`load("third")` reads a level that comes with the game, `load("my/level.toml")` any other. Defaults stand in `levels/defaults.toml`; a level
writes what differs. Which levels there are: `names()`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from envs.errors import CORRUPT, NOT_FOUND, UserError, unknown
from envs.towerdefence.tower_defence import survey
from envs.towerdefence.tower_defence.schema import TABLES, Fault, Field, Reader
from envs.towerdefence.tower_defence.state import KINDS, LETTERS, LEVEL, PATHS, PLAN, POINTS, SLOTS, SPAWNS, UNIT, WAVES

__all__ = ["BENCHMARK", "FOLDER", "LARGEST", "TOWERS", "TRAINING", "Level", "load", "names", "read", "text_of"]

FOLDER = Path(__file__).parent / "levels"
BENCHMARK = ("1", "2", "3", "4", "5")
TRAINING = ("t1", "t2", "t3", "t4")
TOWERS = ("archer", "magician", "knight")
LARGEST = 256 * 1024
"""Bytes of a level file, at most."""
_TOP = (
    "title",
    "rules",
    "coin",
    "compensation",
    "fog",
    "tower",
    "knight",
    "hero",
    "reinforcements",
    "enemy",
    "path",
    "slot",
    "wave",
)
_EXTRA = {"enemy": ("splits", "trait"), "rules": ("expert",)}
_PLACE = Field("", "length", -3, 3)
_SPACING = Field("spacing", "time", 0.1, 60)
_EXPERT = Field("expert", "share", -200, 0)


@dataclass(frozen=True)
class Level:
    """A level that was read: its record LEVEL[1] and plan PLAN[1], its title, and the names and traits of its kinds of enemies."""

    title: str
    record: np.ndarray
    plan: np.ndarray
    kinds: tuple[str, ...]
    traits: tuple[str, ...]
    source: str


def names() -> tuple[str, ...]:
    """The levels that come with the game, the benchmark first."""
    return (*BENCHMARK, *TRAINING)


def load(name: str, grid: int = 12) -> Level:
    """A level by its short name or path. UserError names file, line and field of the first mistake and how many more there are."""
    path = FOLDER / f"{name}.toml" if name in names() else Path(name)
    if not name.endswith(".toml") and name not in names():
        raise unknown("level", name[:40], [*names(), "training", "random", "PATH.toml"])
    text = text_of(path)
    level, faults = read(text, path.name if name in names() else str(path), grid)
    if level is None:
        more = f" (and {len(faults) - 1} more: arena level check {path})" if len(faults) > 1 else ""
        raise UserError(f"{path}, {faults[0]}{more}", CORRUPT)
    return level


def text_of(path: Path) -> str:
    """The text of a level file. UserError where it is not there, too large or no text."""
    try:
        if path.stat().st_size > LARGEST:
            raise UserError(f"{path} is too large for a level: at most {LARGEST} bytes are read", CORRUPT)
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text: byte {error.start} cannot be read", CORRUPT) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "the name is no path"
        raise UserError(f"cannot read the level {str(path)[:200]!r}: {why}", NOT_FOUND) from None


@cache
def _defaults() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "defaults.toml").read_text(encoding="utf-8"))


def read(text: str, source: str, grid: int = 12) -> tuple[Level | None, list[Fault]]:
    """A level from the text of its file; None and the faults, by line, where it has any."""
    try:
        tree = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        said = re.sub(r"\s*\(at (line \d+, column \d+|end of document)\)", "", str(error)) or "nested too deeply"
        line = re.search(r"at line (\d+)", str(error))
        at = int(line[1]) if line else text.count("\n") + 1
        return None, [Fault(at, "the file", f"is no TOML: {said[:120]}")]
    reader = Reader(text)
    level = _Builder(reader, tree, grid).built(source)
    return (None if reader.faults else level), sorted(reader.faults, key=lambda fault: fault.line)


class _Builder:
    """Fills the records of one level from its tree."""

    def __init__(self, reader: Reader, tree: Mapping[str, Any], grid: int) -> None:
        self.reader, self.tree, self.grid = reader, tree, grid
        self.record, self.plan = np.zeros(1, LEVEL), np.zeros(1, PLAN)
        self.level: Any = self.record[0]

    def built(self, source: str) -> Level:
        self.reader.only(self.tree, _TOP, ())
        title = self.tree.get("title", "")
        if not isinstance(title, str) or not title.isprintable() or len(title) > 60 or not title:
            self.reader.wrong(("title",), "must be a text of 1 to 60 characters on one line")
            title = ""
        for name in ("rules", "coin", "compensation", "fog", "reinforcements"):
            self.take(name, (name,), self.level)
        self.take("knight", ("knight",), self.level["troop"])
        self.take("hero", ("hero",), self.level["champion"])
        self.reader.only(self.reader.table(self.tree, ("tower",)), TOWERS, ("tower",))
        for i, name in enumerate(TOWERS):
            self.take("tower", ("tower", name), self.level["make"][i])
        kinds, traits = self.enemies()
        self.roads()
        self.places()
        self.waves(kinds)
        self.together()
        if not self.reader.faults:
            survey.cells(self.level, self.grid)
        return Level(title, self.record, self.plan, tuple(kinds), tuple(traits), source)

    def take(self, schema: str, path: tuple[str, ...], record: Any) -> None:
        """All fields of a table, the level's own before the defaults."""
        own = self.reader.table(self.tree, path)
        default: Any = _defaults()
        for part in path:
            default = default.get(part, {})
        self.reader.only(own, (*TABLES[schema], *_EXTRA.get(schema, ())), path)
        for name, rule in TABLES[schema].items():
            if name in own or name in default:
                value = self.reader.number(own.get(name, default.get(name)), rule, (*path, name))
                if value is not None and rule.target in record.dtype.names:
                    record[rule.target] = value

    def enemies(self) -> tuple[list[str], list[str]]:
        """The kinds, the known ones first; health is multiplied last."""
        own = self.reader.table(self.tree, ("enemy",))
        kinds = [*_defaults()["enemy"], *(name for name in own if name not in _defaults()["enemy"])]
        for name in kinds[KINDS:]:
            self.reader.wrong(("enemy", name), f"is one kind too many: a level has at most {KINDS}")
        kinds, traits = kinds[:KINDS], []
        more = self.reader.table(self.tree, ("rules",)).get("health", 1.0)
        for i, name in enumerate(kinds):
            kind, path = self.level["kind"][i], ("enemy", name)
            self.take("enemy", path, kind)
            table = _defaults()["enemy"].get(name, {}) | dict(self.reader.table(self.tree, path))
            if not re.fullmatch(r"[a-z][a-z ]{0,15}", name):
                self.reader.wrong(path, "must be named with 1 to 16 small letters")
            if kind["health"] == 0 or kind["speed"] == 0:
                self.reader.wrong(path, "needs health and speed: no kind of this name comes with the game")
            kind["interval"] = kind["interval"] or 50
            if isinstance(more, int | float) and not isinstance(more, bool) and 0 < more <= 20:
                kind["health"] = max(round(int(kind["health"]) * more), 1)
            self.brood(kind, table, kinds, path)
            traits.append(str(table.get("trait", ""))[:60])
            written = name.encode("ascii", "replace")[:LETTERS]
            self.level["names"][i][: len(written)] = list(written)
        return kinds, traits

    def brood(self, kind: Any, table: Mapping[str, Any], kinds: Sequence[str], path: tuple[str, ...]) -> None:
        splits = table.get("splits")
        if splits is None and kind["brood"] == 0:
            return
        if splits not in kinds or kind["brood"] == 0:
            self.reader.wrong((*path, "splits"), "needs the name of a kind of enemies, and brood from 1 to 4")
            return
        kind["split"] = kinds.index(splits)
        if "splits" in self.reader.table(self.tree, ("enemy", splits)) or splits == path[1]:
            self.reader.wrong((*path, "splits"), "names a kind that splits itself: broods must come to an end")

    def listed(self, name: str, most: int) -> list[Mapping[str, Any]]:
        """The tables of [[name]]: one at least, `most` at most."""
        found = self.tree.get(name, [])
        if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
            self.reader.wrong((name,), f"must be tables: write [[{name}]]")
            return []
        if not 1 <= len(found) <= most:
            self.reader.wrong((name, most), f"there are {len(found)}: a level has 1 to {most}")
        return found[:most]

    def point(self, value: Any, path: tuple[Any, ...]) -> tuple[int, int] | None:
        """[x, y] in map units."""
        if not isinstance(value, list) or len(value) != 2:
            self.reader.wrong(path, "must be two numbers, [x, y], each from -3 to 3")
            return None
        x, y = (self.reader.number(each, _PLACE, path) for each in value)
        return None if x is None or y is None else (x, y)

    def roads(self) -> None:
        ends = set()
        for p, table in enumerate(self.listed("path", PATHS)):
            path = ("path", p, "points")
            self.reader.only(table, ("points",), path[:2])
            given = table.get("points", [])
            if not isinstance(given, list) or not 2 <= len(given) <= POINTS:
                self.reader.wrong(path, f"must be a list of 2 to {POINTS} points")
                continue
            points = [self.point(each, path) for each in given]
            if None in points:
                continue
            if any(survey.distance(a, b) < UNIT // 20 for a, b in pairwise(points)):
                self.reader.wrong(path, "has two points at the same place: neighbours are 0.05 apart at least")
                continue
            survey.road(self.level["path"][p], points)
            ends.add(points[-1])
            self.level["paths"] = p + 1
        if len(ends) > 1:
            self.reader.wrong(("path", 1, "points"), "ends elsewhere than the first: all roads lead to one base")

    def places(self) -> None:
        taken: list[tuple[int, int]] = []
        for t, table in enumerate(self.listed("slot", SLOTS)):
            self.reader.only(table, ("at", "rally"), ("slot", t))
            at = self.point(table.get("at"), ("slot", t, "at"))
            rally = self.point(table["rally"], ("slot", t, "rally")) if "rally" in table else None
            if at is None:
                continue
            if any(survey.distance(at, other) < UNIT * 35 // 100 for other in taken):
                self.reader.wrong(("slot", t, "at"), "is too near to another slot: 0.35 apart at least")
            taken.append(at)
            slot = self.level["slot"][t]
            slot["x"], slot["y"] = at
            slot["rally_x"], slot["rally_y"] = rally or survey.beside(self.level, at)
            self.level["slots"] = t + 1

    def waves(self, kinds: Sequence[str]) -> None:
        plan = self.plan[0]
        for w, table in enumerate(self.listed("wave", WAVES)):
            self.reader.only(table, ("spacing", "groups"), ("wave", w))
            spacing = self.reader.number(table.get("spacing", 1.0), _SPACING, ("wave", w, "spacing"))
            plan["spacing"][w] = spacing or 50
            self.groups(table.get("groups"), plan, w, kinds)
            self.level["waves"] = w + 1

    def groups(self, groups: Any, plan: Any, w: int, kinds: Sequence[str]) -> None:
        """The enemies of a wave: [[kind, how many, road], ...]."""
        path, n = ("wave", w, "groups"), 0
        if not isinstance(groups, list) or not groups:
            self.reader.wrong(path, 'must be a list such as [["goblin", 6, 1], ["wolf", 2, 1]]: kind, how many, road')
            return
        for group in groups:
            sound = isinstance(group, list) and len(group) == 3 and type(group[1]) is int and type(group[2]) is int
            if not sound:
                self.reader.wrong(path, 'each group must be [kind, how many, road], such as ["goblin", 6, 1]')
                return
            kind, many, lane = group
            if kind not in kinds:
                self.reader.wrong(path, str(unknown("kind of enemies", str(kind)[:30], kinds))[:300])
            elif not 1 <= lane <= max(int(self.level["paths"]), 1):
                self.reader.wrong(path, f"names road {str(lane)[:12]}: there are roads 1 to {self.level['paths']}")
            elif not 1 <= many <= SPAWNS - n:
                self.reader.wrong(path, f"has {str(n + many)[:12]} enemies: a wave has 1 to {SPAWNS}")
                return
            else:
                plan["kind"][w, n : n + many] = kinds.index(kind) + 1
                plan["lane"][w, n : n + many] = lane - 1
                n += many

    def together(self) -> None:
        """What single values cannot show."""
        level, rules = self.level, self.reader.table(self.tree, ("rules",))
        if level["gold"] > level["most_gold"]:
            self.reader.wrong(("rules", "gold"), f"is more than max_gold, {level['most_gold']}")
        if level["aid_wait"] < level["aid_lasts"]:
            self.reader.wrong(
                ("reinforcements", "wait"), "must be at least `lasts`: one squad goes before the next comes"
            )
        if "expert" in rules:
            value = self.reader.number(rules["expert"], _EXPERT, ("rules", "expert"))
            level["expert"] = 1 if value is None else value
        else:
            level["expert"] = 1
