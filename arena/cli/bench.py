"""`arena bench`: our speed beside that of peers, measured in turns on one core, with the targets that were set.

Tables go to stdout as each area is done (`--json`: one document at the end), progress to stderr. A ratio is the median of its rounds with
the least and the greatest; more is better for us. `--record` keeps the rows in docs/results of the checkout.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from arena.cli.tables import table
from envs.errors import UserError

if TYPE_CHECKING:
    from arena.bench.areas import Question
    from arena.bench.results import Row

__all__ = ["command"]

SCHEMA = "palaestra.bench/1"
DOCS = Path(__file__).parents[2] / "docs"
HEAD = ("question", "ours", "peer", "", "ratio", "least to greatest", "target", "verdict")


@click.command()
@click.argument("names", metavar="[AREA...]", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option(
    "--seconds", type=click.FloatRange(0.01, 60), default=0.3, metavar="S", help="A side's time in a round (0.3)."
)
@click.option("--rounds", type=click.IntRange(1, 1000), default=5, metavar="N", help="How many rounds (5).")
@click.option("--record", is_flag=True, help="Keep the rows in docs/results of this checkout.")
@click.option("--list", "listing", is_flag=True, help="Print the questions and measure nothing.")
def command(names: tuple[str, ...], as_json: bool, seconds: float, rounds: int, record: bool, listing: bool) -> int:
    """Measure the speed of games on this machine, beside peers.

    AREA is an area or one question of it, as `--list` prints them; without any, all but the slowest areas are measured.
    """
    from arena.bench.areas import choose  # noqa: PLC0415  (--help loads no catalogue)

    questions = choose(names)
    if listing:
        click.echo(_listed(questions))
        return 0
    target = _results_file() if record else None
    rows, told = _measured(questions, rounds, seconds, not as_json)
    trees = [row.tree(told) | {"schema": SCHEMA, "rounds": rounds, "seconds": seconds} for row in rows]
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, **told, "rows": trees}, indent=2, allow_nan=False))
    else:
        click.echo(_circumstances(told, rounds, seconds))
    if target is not None:
        _keep(target, trees)
    return 0


def _results_file() -> Path:
    if not DOCS.is_dir():
        raise UserError(
            "there is no checkout to record to: run this in one (`pip install -e .`), or use --json and keep what it prints"
        )
    return DOCS / "results" / "bench.jsonl"


def _keep(path: Path, trees: Sequence[dict[str, Any]]) -> None:
    from arena.bench.results import append  # noqa: PLC0415

    kept = append(path, (tree for tree in trees if tree["figures"]))
    click.echo(f"{kept} rows added to {path}; `make docs` brings them into the pages", err=True)


def _measured(
    questions: Sequence[Question], rounds: int, seconds: float, show: bool
) -> tuple[list[Row], dict[str, Any]]:
    """All rows, and the circumstances of the run. Areas are shown as they are done."""
    from arena.bench.machine import circumstances  # noqa: PLC0415

    told = circumstances(shlex.join(["arena", *sys.argv[1:]]), datetime.now(UTC))
    rows = []
    for area in _by_area(questions, rounds, seconds):
        rows += area
        if show:
            click.echo(_shown(area) + "\n")
    return rows, told


def _by_area(questions: Sequence[Question], rounds: int, seconds: float) -> Iterator[list[Row]]:
    from arena.bench.duel import Arena, ask  # noqa: PLC0415
    from arena.bench.machine import last_core  # noqa: PLC0415

    for _, group in groupby(questions, key=lambda question: question.area):
        rows = []
        with Arena(last_core()) as arena:
            for question in group:
                click.echo(f"{question.id} ...", err=True)
                rows.append(ask(question, arena, rounds, seconds))
        yield rows


def _listed(questions: Sequence[Question]) -> str:
    rows = [
        (question.id, question.what, question.peer.name if question.peer else "", str(question.target or ""))
        for question in questions
    ]
    return table(("question", "what", "peer", "target"), rows)


def _shown(rows: Sequence[Row]) -> str:
    lines = [table(HEAD, [_cells(row) for row in rows], right="lrrlrlll", most=48)]
    lines += [f"  {row.id}: {'; '.join([row.what, *row.notes])}" for row in rows]
    return "\n".join(lines)


def _cells(row: Row) -> tuple[str, ...]:
    figures = {name: str(figure) for name, figure in row.figures.items()}
    span = row.figures["ratio"].span if "ratio" in row.figures else ""
    target = f"{row.target.of} {row.target}" if row.target else ""
    return (
        row.id,
        figures.get("ours", "-"),
        figures.get("peer", "-"),
        row.peer,
        figures.get("ratio", "-"),
        span,
        target,
        row.verdict,
    )


def _circumstances(told: dict[str, Any], rounds: int, seconds: float) -> str:
    from arena.bench.machine import last_core  # noqa: PLC0415

    machine = told["machine"]
    where = f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}, Python {machine['python']}"
    core = "on the same core" if last_core() else "on no core of their own (this system cannot pin them)"
    how = f"{rounds} rounds of {seconds:g} s a side in turns, both with one thread {core}"
    return f"{where}; load {told['load']}; commit {told['commit']}, {told['date']}\n{how}; all figures are medians"
