"""`arena rank`: the ratings of a tournament, finished or still going on, as a screen, a table or a JSON document."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from arena.cli import loading
from envs.errors import NOT_FOUND, UserError

__all__ = ["command"]


@click.command()
@click.argument("store", required=False, type=click.Path(path_type=Path))
@click.option("--game", metavar="ENV", help="Only this game.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--plain", is_flag=True, help="Print the table instead of opening the screen.")
@click.option(
    "--resamples", type=click.IntRange(0, 100_000), default=1000, metavar="N", help="Draws for the intervals (1000)."
)
def command(store: Path | None, game: str | None, as_json: bool, plain: bool, resamples: int) -> int:
    """Print the ratings of STORE, the folder of a tournament (by default the one that was played last).

    They are folded from its results each time: the same results give the same figures to the last bit. In a terminal the leaderboard
    opens, with the matches of each two players and the recordings behind them.
    """
    folder = store or _newest()
    if not (as_json or plain) and sys.stdin.isatty() and sys.stdout.isatty():
        code: int = loading.load("tui.app:leaderboard")(folder, game)
        return code
    from arena.cli.ranking import document, words  # noqa: PLC0415  (help is shown without what they load)
    from arena.store import Reader  # noqa: PLC0415
    from arena.tournament.account import chosen, progress, tables  # noqa: PLC0415

    with Reader(folder) as reader:
        places = chosen(reader.plan, game)
        made = tables(reader, places, resamples)
        played = progress(reader.plan, reader.results())
        if as_json:
            click.echo(json.dumps(document(reader, places, made, played), indent=2, allow_nan=False))
        else:
            click.echo(words(reader.plan, places, made, played))
    return 0


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
