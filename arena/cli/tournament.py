"""`arena tournament`: play what a file describes, and go on where it was left when it was stopped or killed.

The table goes to stdout (`--json`: one document), the live table and the bar to stderr when that is a terminal.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from arena.cli.tables import room_of

if TYPE_CHECKING:
    from arena.store import Store
    from arena.tournament.crew import Crew
    from arena.tournament.run import Run

__all__ = ["command"]

INTERRUPTED = 130


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--store", type=click.Path(path_type=Path), metavar="DIR", help="Its folder (tournaments/NAME beside the runs)."
)
@click.option("--workers", type=click.IntRange(1, 1024), metavar="N", help="Processes (one a core).")
@click.option(
    "--ray", metavar="ADDRESS", help='Play on a Ray cluster: its address, or "local" for one of this machine.'
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document at the end.")
@click.option(
    "--resamples", type=click.IntRange(0, 100_000), default=1000, metavar="N", help="Draws for the intervals (1000)."
)
def command(file: Path, store: Path | None, workers: int | None, ray: str | None, as_json: bool, resamples: int) -> int:
    """Play the tournament that FILE (TOML) describes and print its table.

    Every result is on disk before the next one counts: stop it with Ctrl-C or lose power, the same command goes on where it was.
    docs/tournaments.md tells what may stand in the file.
    """
    from arena.cli.ranking import default_store  # noqa: PLC0415  (help is shown without what these load)
    from arena.settings import load  # noqa: PLC0415
    from arena.tournament.reading import read  # noqa: PLC0415
    from arena.tournament.run import Run, open_store  # noqa: PLC0415

    plan = read(file)
    kept = open_store(plan, store or default_store(load().runs, plan.name))
    try:
        run = Run(kept, _crew(workers, ray))
        interrupted = _play(run)
        _print(kept, as_json, resamples, interrupted)
    finally:
        kept.close()
    return INTERRUPTED if interrupted else 0


def _crew(workers: int | None, ray: str | None) -> Crew:
    if ray is not None:
        from arena.tournament.cluster import Cluster  # noqa: PLC0415  (an extra that most do without)

        return Cluster(ray)
    from arena.tournament.crew import Processes  # noqa: PLC0415

    return Processes(workers or os.cpu_count() or 1)


def _play(run: Run) -> bool:
    """Plays what is missing; True when the user has stopped it."""
    from arena.cli.scoreboard import Scoreboard  # noqa: PLC0415

    with Scoreboard(run, sys.stderr) as board:
        try:
            for played in run:
                board.add(played)
        except KeyboardInterrupt:
            return True
    return False


def _print(store: Store, as_json: bool, resamples: int, interrupted: bool) -> None:
    from arena.cli.ranking import count_of, document, words  # noqa: PLC0415
    from arena.tournament.account import chosen, progress, tables  # noqa: PLC0415

    places = chosen(store.plan, None)
    results = store.results()
    made, played = tables(store, places, resamples), progress(store.plan, results)
    if as_json:
        told = document(store, places, made, played, interrupted=interrupted)
        click.echo(json.dumps(told, indent=2, allow_nan=False))
        return
    click.echo(words(store.plan, places, made, played, room_of(sys.stdout)))
    done, every = (sum(column) for column in zip(*played, strict=True))
    click.echo("\n".join([*_troubles(results), f"{done} of {count_of(every)} in {store.folder}"]))
    if interrupted:
        click.echo("stopped; the same command goes on from here", err=True)


def _troubles(results: Iterable[Any]) -> list[str]:
    """What the host could not finish, in words: each kind once."""
    from arena.text import safe_text  # noqa: PLC0415

    told = [each.result.metrics["trouble"] for each in results if "trouble" in each.result.metrics]
    return [f"void, {told.count(text)} times: {safe_text(text, width=120)}" for text in dict.fromkeys(told)]
