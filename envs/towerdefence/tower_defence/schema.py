"""What a level file may say: every table and field with its unit and range, and where a mistake stands.

A value is written in map units, seconds and shares; the records of `state` hold it as an integer. `Reader` collects all faults of a file,
each with line and field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from envs.towerdefence.tower_defence.state import ALONG, SECOND, UNIT

__all__ = ["TABLES", "Fault", "Field", "Reader", "lines_of"]

UNITS = {
    "count": 1.0, "length": float(UNIT), "half": UNIT / 2, "time": float(SECOND), "share": 100.0, "pace": UNIT / SECOND,
    "road pace": UNIT * ALONG / SECOND, "flag": 1.0,
}  # fmt: skip
"""What one of a unit is in a record. half: a diameter, kept as its half."""


@dataclass(frozen=True)
class Field:
    """A number of a level file: the field of the record that takes it, its unit, and its range as written."""

    target: str
    unit: str
    low: float
    high: float

    def kept(self, value: float) -> int:
        """The integer that stands in the record."""
        return round(value * UNITS[self.unit])


def _fields(text: str) -> dict[str, Field]:
    """Lines of "name target unit low high"."""
    rows = [line.split("|") for line in text.strip().splitlines()]
    table = {}
    for row in rows:
        name, target, unit, low, high = (part.strip() for part in row)
        table[name] = Field(target or name, unit, float(low), float(high))
    return table


TABLES: dict[str, dict[str, Field]] = {
    "rules": _fields("""
        lives||count|1|200
        gold||count|0|30000
        max_gold|most_gold|count|1|30000
        first_wave|first|time|0.1|600
        wave_interval|interval|time|0.1|600
        refund||share|0|1
        health||share|0.05|20
    """),
    "coin": _fields("""
        every|coin_every|time|0|600
        stays|coin_stays|time|0.1|600
        least|coin_least|count|0|10000
        extra|coin_extra|count|0|10000
    """),
    "compensation": _fields("""
        chance|amends_chance|share|0|1
        gold|amends_gold|count|0|10000
    """),
    "fog": _fields("""
        radius|fog_radius|length|0|3
        speed|fog_speed|pace|0.05|5
    """),
    "tower": _fields("""
        price||count|1|10000
        upgrade||count|1|10000
        interval||time|0.1|60
        damage||count|0|20000
        extra||count|0|10000
        range|reach|half|0.1|12
        growth||share|1|5
        splash||length|0|3
        top||count|0|5
    """),
    "knight": _fields("""
        health||count|1|30000
        speed||pace|0.05|5
        interval||time|0.1|60
        damage||count|0|20000
        extra||count|0|10000
        training||time|0.1|600
        squad||count|0|3
        reach||length|0.1|3
    """),
    "hero": _fields("""
        health||count|1|30000
        speed||pace|0.05|5
        interval||time|0.1|60
        damage||count|0|20000
        extra||count|0|10000
        range|reach|half|0.1|12
        regeneration|regen|count|0|10000
        revive||time|0.1|600
        upgrade||count|1|10000
        gain||count|0|10000
        top||count|0|20
        skill_damage||count|0|20000
        skill_extra||count|0|10000
        skill_cost||count|0|10000
        skill_lasts||time|0.5|60
        skill_range|skill_radius|half|0.1|12
        skill_reach||length|0.1|9
        skill_wait||time|0|600
    """),
    "reinforcements": _fields("""
        count|aid_count|count|0|5
        lasts|aid_lasts|time|0.1|60
        wait|aid_wait|time|0.1|600
    """),
    "enemy": _fields("""
        health||count|1|1000000
        speed||road pace|0.05|5
        interval||time|0.1|60
        damage||count|0|20000
        extra||count|0|10000
        flies|air|flag|0|1
        armour||share|0|0.95
        resist||share|0|0.95
        evade||share|0|0.95
        regeneration|regen|count|0|10000
        pulse||time|0|60
        aura||length|0|6
        heal||count|0|10000
        freeze||time|0|60
        haste||time|0|60
        brood||count|0|4
        rage||share|0|3
        burst||count|0|30000
    """),
}  # fmt: skip
"""By table; `tower` and `enemy` stand for each of their sub-tables."""


@dataclass(frozen=True)
class Fault:
    """A mistake in a level file. line 0: nowhere in particular; field: "wave 2, groups"; text: what is wrong and what is allowed."""

    line: int
    field: str
    text: str

    def __str__(self) -> str:
        return f"{f'line {self.line}, ' if self.line else ''}{self.field}: {self.text}"


_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.\"'-]+)\s*\]")
_KEY = re.compile(r"\s*([\w-]+)\s*=")


def lines_of(text: str) -> dict[tuple[Any, ...], int]:
    """Where tables and their keys stand: ("wave", 0, "spacing") -> line. Good enough for messages."""
    found: dict[tuple[Any, ...], int] = {}
    counts: dict[str, int] = {}
    table: tuple[Any, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            names = tuple(re.sub("[\"']", "", header[2]).split("."))
            table = names
            if header[1] == "[[":
                counts[header[2]] = counts.get(header[2], -1) + 1
                table = (*names, counts[header[2]])
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault((*table, key[1]), number)
    return found


@dataclass
class Reader:
    """Takes checked values out of a parsed level file and notes every fault. `text` is the file, for lines."""

    text: str
    faults: list[Fault] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lines = lines_of(self.text)

    def wrong(self, path: tuple[Any, ...], text: str) -> None:
        """Note a fault at the place that is nearest to `path`."""
        near = path
        while near and near not in self.lines:
            near = near[:-1]
        self.faults.append(Fault(self.lines.get(near, 0), _named(path), text))

    def table(self, tree: Mapping[str, Any], path: tuple[Any, ...]) -> Mapping[str, Any]:
        """The table at a path, {} where there is none or something else."""
        found: Any = tree
        for part in path:
            found = found.get(part, {}) if isinstance(found, Mapping) else {}
        if not isinstance(found, Mapping):
            self.wrong(path, f"is {_short(found)}: write a table, [{'.'.join(map(str, path))}]")
            return {}
        return found

    def only(self, table: Mapping[str, Any], known: Iterable[str], path: tuple[Any, ...]) -> None:
        """Note keys that nobody knows."""
        allowed = sorted(known)
        for name in table:
            if name not in allowed:
                self.wrong((*path, name), f"is not known here: there is {', '.join(allowed)}")

    def number(self, value: Any, rule: Field, path: tuple[Any, ...]) -> int | None:
        """A value as the integer of its record; None when it is none."""
        if rule.unit == "flag":
            if not isinstance(value, bool):
                self.wrong(path, f"is {_short(value)}: it must be true or false")
                return None
            return int(value)
        whole = rule.unit == "count"
        right = isinstance(value, int) if whole else isinstance(value, int | float)
        if isinstance(value, bool) or not right or not rule.low <= value <= rule.high:
            kind = "an integer" if whole else "a number"
            self.wrong(path, f"is {_short(value)}: it must be {kind} from {rule.low:g} to {rule.high:g}")
            return None
        return rule.kept(value)


def _named(path: tuple[Any, ...]) -> str:
    """("wave", 1, "groups") -> "wave 2, groups"; what a stranger wrote is shortened."""
    words: list[str] = []
    for part in path:
        if isinstance(part, int) and words:
            words[-1] += f" {part + 1}"
        else:
            words.append(_short(part, quoted=False))
    return ", ".join(words) or "the file"


def _short(value: Any, quoted: bool = True) -> str:
    text = repr(value) if quoted else str(value)
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    return text if len(text) <= 40 else f"{text[:37]}..."
