"""Measured figures in the documentation: `python -m arena.bench.pages` writes them into README.md and docs/ from docs/results.

A page holds markers, and what stands between a marker and its end is generated:
    <!-- figure:vector/pgx ratio -->...<!-- /figure -->    a median: ours, peer or ratio; "ratio.span" is its least to greatest
    <!-- target:vector/pgx -->...<!-- /target -->          the bound that the catalogue sets
    <!-- table:vector -->...<!-- /table -->                all questions of an area, with where and when they were measured
    <!-- rows:connect-four won -->...<!-- /rows -->        a study's rows and the figures named (arena.bench.studies)
    <!-- given -->30 fps<!-- /given -->                    a number with a unit that nobody measured: a setting, a definition; left as it is
The newest row of an id counts. A question that has no row yet reads "not measured yet". `bare` finds figures outside of markers.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from arena.bench.areas import QUESTIONS, Question
from arena.bench.results import figure, newest, read
from arena.bench.studies import study_table
from envs.errors import UserError, unknown

__all__ = ["NOT_YET", "bare", "filled", "pages", "refresh"]

ROOT = Path(__file__).parents[2]
NOT_YET = "not measured yet"
Rows = Mapping[str, Mapping[str, Any]]

_MARKER = re.compile(r"(<!-- (figure|target|table|rows):(\S+)(?: ([^<>]*?))? -->)(.*?)(<!-- /\2 -->)", re.DOTALL)
_GIVEN = re.compile(r"<!-- given -->.*?<!-- /given -->", re.DOTALL)
_LONE = re.compile(r"<!-- /?(?:figure|target|table|rows|given)\b[^>]*>")
_BARE = re.compile(
    r"(?<![\w.,])\d[\d.,]*(?:e[+-]?\d+)?\s?(?:(?:[kMGT]|thousand|million|billion)\s?)?"
    r"(?:x\b(?!\s*\d)|×(?!\s*\d)|%|[\w%]*/s\b|(?:ms|us|µs|ns|s|seconds|fps|times)\b|(?:\w+ ){1,2}(?:per|a|each) second\b)"
)


def filled(page: str, rows: Rows) -> str:
    """The page with everything between its markers written anew. UserError for a marker that nothing answers."""
    _demand_closed(page)
    return _MARKER.sub(lambda found: found[1] + _content(found[2], found[3], found[4] or "", rows) + found[6], page)


def bare(page: str) -> list[str]:
    """Figures with a unit (x, %, /s, ms, s, fps, times ...) that stand outside of markers, in order."""
    _demand_closed(page)
    return [found[0].strip() for found in _BARE.finditer(_unmarked(page))]


def _unmarked(page: str) -> str:
    return _GIVEN.sub(" ", _MARKER.sub(" ", page))


def _demand_closed(page: str) -> None:
    lone = _LONE.search(_unmarked(page))
    if lone:
        raise UserError(f"marker {lone[0]!r} has no partner: write <!-- figure:ID NAME --><!-- /figure -->")


def _content(kind: str, name: str, part: str, rows: Rows) -> str:
    if kind == "table":
        return f"\n{_table(name, rows)}\n"
    if kind == "rows":
        return f"\n{_study(name, part.split(), rows)}\n"
    question = next((question for question in QUESTIONS if question.id == name), None)
    if question is None and name not in rows:
        raise unknown("measured figure", name, [*rows, *(question.id for question in QUESTIONS)])
    if kind == "target":
        return _target(question)
    return _figure(name, part, rows)


def _target(question: Question | None) -> str:
    if question is None or question.target is None:
        raise UserError(f"no target is set for {question.id if question else 'it'}: drop the marker")
    return str(question.target)


def _figure(name: str, part: str, rows: Rows) -> str:
    if name not in rows:
        return NOT_YET
    what, _, detail = part.partition(".")
    found = figure(rows[name], what)
    if found is None or detail not in ("", "span"):
        raise UserError(
            f"{name} has no figure {part!r}: it has {', '.join(rows[name]['figures'])}, each also with .span"
        )
    return found.span if detail else str(found)


_HEAD = ("question", "ours", "the other side", "ratio", "least to greatest", "target", "verdict")


def _table(area: str, rows: Rows) -> str:
    questions = [question for question in QUESTIONS if question.area == area]
    if not questions:
        raise unknown("area", area, {question.area for question in QUESTIONS})
    lines = [_line(_HEAD), _line(["---"] * len(_HEAD))]
    lines += [_line(_cells(question, rows.get(question.id))) for question in questions]
    notes = [
        f"- {question.id}: {question.what}{'; ' if question.note else ''}{question.note}." for question in questions
    ]
    return "\n".join([*lines, "", *notes, *_sources([rows[q.id] for q in questions if q.id in rows])])


def _study(study: str, names: Sequence[str], rows: Rows) -> str:
    if not names:
        raise UserError(f"rows:{study} names no figure: write <!-- rows:{study} FIGURE ... --><!-- /rows -->")
    lines = study_table(study, names, rows)
    chosen = [row for ident, row in rows.items() if ident.startswith(f"{study}/")]
    return "\n".join([*lines, *_sources(chosen)]) if lines else NOT_YET


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(question: Question, row: Mapping[str, Any] | None) -> list[str]:
    peer = question.peer.name if question.peer else "none"
    target = f"{question.target.of} {question.target}" if question.target else ""
    if row is None:
        return [question.id, NOT_YET, peer, "", "", target, ""]
    found = {name: figure(row, name) for name in ("ours", "peer", "ratio")}
    told = {name: str(one) if one else "" for name, one in found.items()}
    span = found["ratio"].span if found["ratio"] else ""
    beside = f"{peer}: {told['peer'] or 'not measured'}" if question.peer else peer
    return [question.id, told["ours"], beside, told["ratio"], span, target, _verdict(question, found)]


def _verdict(question: Question, found: Mapping[str, Any]) -> str:
    if question.target is None:
        return ""
    held = found.get(question.target.of)
    return NOT_YET if held is None else "reached" if question.target.met(held) else "missed"


def _sources(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Where, when and with what, a line for each run that rows come from."""
    runs: dict[str, dict[str, str]] = {}
    for row in rows:
        runs.setdefault(_run(row), {}).update(row.get("versions", {}))
    lines = [
        f"{run}{''.join(f', {name} {version}' for name, version in sorted(used.items()))}."
        for run, used in runs.items()
    ]
    return ["", *lines] if lines else []


def _run(row: Mapping[str, Any]) -> str:
    machine = row["machine"]
    where = f"{machine.get('cpu')}, {machine.get('cores')} cores, {machine.get('system')}, load {row.get('load')}"
    return f"`{row['command']}` at {row['commit']}, {row['date'][:16]}, {where}; Python {machine.get('python')}"


def pages(root: Path) -> list[Path]:
    """The pages of a checkout that may hold markers."""
    return [path for path in (root / "README.md", *sorted((root / "docs").rglob("*.md"))) if path.is_file()]


def refresh(root: Path) -> list[Path]:
    """Write all pages of a checkout anew; those that have changed. UserError names the page that cannot be written."""
    rows = newest(read(root / "docs" / "results"))
    changed = []
    for path in pages(root):
        page = path.read_text(encoding="utf-8")
        try:
            written = filled(page, rows)
        except UserError as error:
            raise UserError(f"{path}: {error}", error.code) from None
        if written != page:
            path.write_text(written, encoding="utf-8")
            changed.append(path)
    return changed


def main() -> int:
    """Refresh this checkout."""
    try:
        changed = refresh(ROOT)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return error.code
    sys.stdout.writelines(f"{path.relative_to(ROOT)} written\n" for path in changed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
