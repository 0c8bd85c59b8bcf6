"""`arena rank`: the ratings of a tournament, finished or still going on, as a screen, a table or a JSON document."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arena.cli import loading, terminal
from arena.cli.tables import room_of
from envs.errors import NOT_FOUND, UserError

if TYPE_CHECKING:
    from arena.standings import Table
    from arena.store import Played
    from arena.tournament.plan import Plan

__all__ = ["command"]


@click.command()
@click.argument("store", required=False, type=click.Path(path_type=Path))
@click.option("--game", metavar="ENV", help="Only this game.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--plain", is_flag=True, help="Print the table instead of opening the screen.")
@click.option(
    "--resamples", type=click.IntRange(0, 100_000), default=1000, metavar="N", help="Draws for the intervals (1000)."
)
@click.option(
    "--record",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Append the table's rows to a file of results (x.jsonl).",
)
def command(
    store: Path | None, game: str | None, as_json: bool, plain: bool, resamples: int, record: Path | None
) -> int:
    """Print the ratings of STORE, the folder of a tournament (by default the one that was played last).

    They are folded from its results each time: the same results give the same figures to the last bit. In a terminal the leaderboard
    opens, with the matches of each two players and the recordings behind them.
    """
    folder = store or _newest()
    if not (as_json or plain or record) and terminal.draws():
        code: int = loading.load("tui.app:leaderboard")(folder, game)
        return code
    from arena.cli.ranking import document, words  # noqa: PLC0415  (help is shown without what they load)
    from arena.store import Reader  # noqa: PLC0415
    from arena.tournament.account import chosen, progress, tables  # noqa: PLC0415

    with Reader(folder) as reader:
        places = chosen(reader.plan, game)
        made = tables(reader, places, resamples)
        results = reader.results()
        played = progress(reader.plan, results)
        if record is not None:
            _keep(record, reader.plan, places, made, results)
        if as_json:
            click.echo(json.dumps(document(reader, places, made, played), indent=2, allow_nan=False))
        else:
            click.echo(words(reader.plan, places, made, played, room_of(sys.stdout)))
    return 0


def _keep(path: Path, plan: Plan, places: Sequence[int], made: Sequence[Table], results: Sequence[Played]) -> None:
    """Rows for the pages of the documentation, told on stderr."""
    from arena.bench.results import append  # noqa: PLC0415
    from arena.tournament.record import rows  # noqa: PLC0415

    typed = shlex.join(["arena", *sys.argv[1:]])
    kept = append(path, rows(plan, places, made, results, typed, datetime.now(UTC)))
    click.echo(f"{kept} rows added to {path}; `make docs` brings those of docs/results into the pages", err=True)


def _newest() -> Path:
    from arena.cli.ranking import newest  # noqa: PLC0415  (help is shown without them)
    from arena.settings import load  # noqa: PLC0415

    runs = load().runs
    found = newest(runs)
    if found is None:
        raise UserError(
            f"no tournament in {str(runs.parent / 'tournaments')!r}: `arena tournament FILE.toml` plays one", NOT_FOUND
        )
    return found
