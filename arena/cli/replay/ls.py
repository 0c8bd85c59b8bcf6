"""`arena replay ls`: the recordings of a folder, newest first, found by condition or by words."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from arena import settings
from arena.cli.loading import load
from arena.cli.replay.shared import json_option, print_json
from arena.cli.tables import table
from arena.text import safe_text

__all__ = ["command"]


@click.command()
@click.argument("folder", required=False, type=click.Path())
@click.option(
    "--where", default="", metavar="COND", help='As in "game=connect_four and (winner=mcts or not ticks<20)".'
)
@click.option(
    "--search", default="", metavar="WORDS", help="Only recordings with these words in marks, acts or agents' texts."
)
@click.option("--limit", type=click.IntRange(1), default=200, metavar="N", help="How many at most (200).")
@json_option
def command(folder: str | None, where: str, search: str, limit: int, as_json: bool) -> int:
    """List the recordings of FOLDER (by default the runs folder), newest first."""
    runs = folder or settings.load().runs
    with load("replays.index:Index")(runs) as index:
        index.update()
        rows = index.rows(where, search, limit)
    if as_json:
        print_json("ls", {"folder": str(runs), "recordings": [asdict(row) for row in rows]})
        return 0
    if not rows:
        click.echo(f"no recordings {'like that ' if where or search else ''}in {safe_text(runs)}")
        return 0
    click.echo(
        table(("recording", "game", "players", "result", "ticks", "created"), [_row(row) for row in rows], "llllrl")
    )
    for row in rows:
        for tick, place, text in row.found:
            click.echo(f"{safe_text(row.path.name)} tick {tick}, {safe_text(place)}: {text}")
    return 0


def _row(row: Any) -> tuple[str, ...]:
    if row.problem and not row.game:
        return row.path.name, "?", "", row.problem, "", ""
    return row.path.name, row.game, " - ".join(row.agents), _result(row), str(row.ticks), _date(row.created)


def _result(row: Any) -> str:
    scores = ":".join(f"{score:g}" for score in row.scores)
    trouble = " ".join(
        word
        for word, there in (
            (row.causes, row.causes),
            ("damaged", row.damaged),
            (f"{row.refusals} refused", row.refusals),
        )
        if there
    )
    state = (
        row.reason if row.reason not in ("", "played out", "limit", "forfeit") else "" if row.finished else "unfinished"
    )
    return " ".join(part for part in (scores, state, trouble) if part)


def _date(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M") if seconds > 0 else ""
    except (OverflowError, ValueError, OSError):
        return ""
