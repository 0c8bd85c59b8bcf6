"""Rows of results, and the files that keep them: one JSON object a line, only ever appended to.

Whatever measures something may keep rows here, as long as each has the keys of KEYS and its figures the keys of FIGURE_KEYS. The newest row
of an id, by its date, is the one that counts; older ones stay as history.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from arena.bench.areas import Question
from arena.bench.figures import Figure, Target
from envs.errors import CORRUPT, UserError

__all__ = ["FIGURE_KEYS", "KEYS", "Row", "append", "figure", "newest", "read"]

KEYS = frozenset({"id", "command", "commit", "config", "seeds", "machine", "date", "figures"})
FIGURE_KEYS = frozenset({"n", "median", "interval", "unit"})


@dataclass
class Row:
    """What became of one question. `figures` has "ours", "peer" and "ratio", as far as they could be measured."""

    id: str
    what: str
    ours: str
    peer: str
    target: Target | None
    config: dict[str, Any]
    seeds: list[int]
    threads: int = 1
    pinned: bool = False
    figures: dict[str, Figure] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def about(cls, question: Question) -> Row:
        """A row without figures yet."""
        config = {name: dict(contender.config) for name, contender in question.sides}
        notes = [question.note] if question.note else []
        return cls(
            question.id, question.what, question.ours.name, question.peer.name if question.peer else "", question.target, config,
            [question.seed], notes=notes,
        )  # fmt: skip

    @property
    def area(self) -> str:
        return self.id.partition("/")[0]

    @property
    def verdict(self) -> str:
        """reached, missed, no target, or not measured."""
        if self.target is None:
            return "no target"
        found = self.figures.get(self.target.of)
        if found is None:
            return "not measured"
        return "reached" if self.target.met(found) else "missed"

    def tree(self, circumstances: Mapping[str, Any]) -> dict[str, Any]:
        """The row as plain values, with where and when it was measured."""
        told = {"target_text": str(self.target) if self.target else "", "verdict": self.verdict}
        return asdict(self) | told | dict(circumstances)


def append(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Add rows to a file and make its folder; how many were added. ValueError for a row that lacks something."""
    lines = []
    for row in rows:
        wrong = _wrong(row)
        if wrong:
            raise ValueError(f"row {row.get('id')!r}: {wrong}")
        lines.append(json.dumps(row, allow_nan=False, sort_keys=True) + "\n")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.writelines(lines)
    return len(lines)


def read(folder: Path) -> list[dict[str, Any]]:
    """All rows of all `*.jsonl` of a folder, oldest first. UserError (4) names the file and line that is none."""
    rows = [row for path in sorted(folder.glob("*.jsonl")) for row in _rows(path)]
    return sorted(rows, key=lambda row: str(row["date"]))


def _rows(path: Path) -> Iterable[dict[str, Any]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            wrong = _wrong(row)
        except ValueError as error:
            wrong = f"is no JSON ({error})"
        if wrong:
            raise UserError(f"{path}, line {number}: {wrong}", CORRUPT)
        yield row


def _wrong(row: Any) -> str:
    """What a row lacks, '' when nothing."""
    if not isinstance(row, Mapping):
        return f"is a {type(row).__name__}, not a row"
    lacking = KEYS - row.keys()
    if lacking:
        return f"lacks {', '.join(sorted(lacking))}"
    for name, found in row["figures"].items():
        if FIGURE_KEYS - found.keys():
            return f"figure {name!r} lacks {', '.join(sorted(FIGURE_KEYS - found.keys()))}"
    return ""


def newest(rows: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """By id, the row that counts: the last of rows that come oldest first."""
    return {row["id"]: row for row in rows}


def figure(row: Mapping[str, Any], name: str) -> Figure | None:
    """A figure of a row that was read."""
    found = row["figures"].get(name)
    return found and Figure(found["n"], found["median"], tuple(found["interval"]), found["unit"])
