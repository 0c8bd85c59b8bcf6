"""`arena rollouts`: recordings as rows of JSON for an outside trainer, also while matches are still being played.

One line on stdout for each attempt at a decision (see `replays.rollouts`). A reader that has gone ends the stream without a word.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from arena.cli import loading

__all__ = ["command", "stream"]

EVERY = 0.5


@click.command()
@click.argument("places", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--seat", "seats", type=click.IntRange(0), multiple=True, metavar="N", help="Rows of this seat (all that wrote)."
)
@click.option("--follow", is_flag=True, help="Go on with the matches that end from now on; await PATH.")
@click.option("--matches", type=click.IntRange(1), metavar="N", help="Stop after so many matches.")
def command(places: tuple[Path, ...], seats: tuple[int, ...], follow: bool, matches: int | None) -> int:
    """Print what models wrote, with rewards, as rows to train from.

    PATH is a recording or a folder of recordings. Tokens and log-probabilities are there where the seat had record_tokens=true and the
    endpoint gave them.
    """
    rows, finished = loading.load("replays.rollouts:rows"), loading.load("replays.rollouts:finished")
    wanted = frozenset(seats) if seats else None
    count = 0
    for path in stream(lambda: finished(list(places), follow), follow, matches, time.sleep):
        for row in rows(path, wanted):
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
        sys.stdout.flush()
    if not count:
        click.echo("no rows: no match there that counts was recorded with what an agent wrote", err=True)
    return 0


def stream(
    look: Callable[[], list[Path]], follow: bool, most: int | None, pause: Callable[[float], None]
) -> Iterator[Path]:
    """Each finished recording once, as it turns up; `most` of them at most. A recording is under its name when it is whole."""
    seen: set[Path] = set()
    while True:
        for path in look():
            if path not in seen:
                seen.add(path)
                yield path
                if most is not None and len(seen) >= most:
                    return
        if not follow:
            return
        pause(EVERY)
