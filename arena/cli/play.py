"""`arena play`: one match with its result in words, or many with a table of wins, draws, losses and faults.

Results go to stdout (`--json`: one document), progress to stderr when that is a terminal. Ctrl-C prints what was played so far.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from arena.cli.lineup import clocks, forgiveness, in_person, limits_of, lineup, sandboxes, windowed
from envs.errors import FAILURE, UserError

if TYPE_CHECKING:
    from arena.clock import Limits
    from arena.forgiving import Retries
    from arena.match import Result
    from arena.schedule import Pairing

__all__ = ["command"]

INTERRUPTED = 130


@dataclass
class Order:
    """What the command line asks for."""

    game: str
    agents: tuple[str, ...]
    seed: int
    episodes: int
    record: Path | None
    limits: Limits
    retries: Retries
    workers: int | None
    swap: bool
    texts: bool
    sandbox: str = ""
    played: list[tuple[Pairing, Result]] = field(default_factory=list)

    def recording(self, number: int) -> Path | None:
        """Where a match is recorded: the path itself, or a numbered file of the folder."""
        if self.record is None or self.record.suffix == ".arena":
            return self.record
        return self.record / f"{number:05d}.arena"


@click.command()
@click.argument("game", metavar="ENV")
@click.argument("agents", metavar="AGENT...", nargs=-1, required=True)
@click.option("--episodes", type=click.IntRange(1, 10_000_000), default=1, metavar="N", help="How many matches (1).")
@click.option("--seed", type=click.IntRange(0, (1 << 64) - 1), default=0, metavar="S", help="Seed of the first (0).")
@click.option(
    "--record", type=click.Path(path_type=Path), metavar="PATH", help="A file x.arena, or a folder for several."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@clocks
@forgiveness
@click.option("--workers", type=click.IntRange(1, 1024), metavar="N", help="Processes (one a core).")
@click.option("--no-swap", is_flag=True, help="Keep everybody in their seats.")
@click.option("--window", is_flag=True, help="The agent human plays in a window, in real time.")
@click.option("--no-text", is_flag=True, help="Record no prompts and completions.")
@sandboxes
def command(
    game: str, agents: tuple[str, ...], episodes: int, seed: int, record: Path | None, as_json: bool, move: float | None,
    bank: float | None, increment: float, retries: str, workers: int | None, no_swap: bool, window: bool, no_text: bool,
    sandbox: str | None,
) -> int:  # fmt: skip
    """Play matches and print wins, draws, losses and faults.

    One agent for each seat: a name with options ("mcts?simulations=400"), module:name, file.py:name, or a program that speaks the protocol
    ("exec:./bot", docs/protocol.md). In a series the agents change
    seats, and the matches in which they do so share a seed. The same command plays the same matches. Exit code 1 when no match counts.
    """
    if window:
        game, agents = windowed(game, agents)
    from arena.forgiving import retries_of  # noqa: PLC0415  (help is shown without it)

    limits, forgiven = limits_of(move, bank, increment), retries_of(retries)
    order = Order(
        game, agents, seed, episodes, record, limits, forgiven, workers, not no_swap, not no_text, sandbox or ""
    )
    _demand_possible(order)
    spec = lineup(game, agents, order.sandbox).spec
    began = time.monotonic()
    interrupted = _play(order)
    from arena.cli.playing import Account  # noqa: PLC0415  (with numpy behind it, which help does without)

    account = Account(spec, order.agents, order.seed, order.swap, order.played, time.monotonic() - began)
    if as_json:
        click.echo(json.dumps(account.document(order.recording, interrupted), indent=2, allow_nan=False))
    elif not order.played:
        click.echo("stopped before a match had ended", err=True)
    elif episodes == 1:
        click.echo(account.one(order.recording(0)))
    else:
        click.echo(account.many(order.record, interrupted, episodes))
    if interrupted:
        return INTERRUPTED
    nothing = account.tally.uncounted == account.tally.matches
    if nothing:
        click.echo("nothing was decided: no match counts", err=True)
    return FAILURE if nothing or account.unrecorded else 0


def _demand_possible(order: Order) -> None:
    if order.episodes > 1 and order.record is not None and order.record.suffix == ".arena":
        raise UserError(f"{order.record} is one file and there are {order.episodes} matches: give --record a folder")
    if order.episodes == 1 and order.record is not None and order.record.suffix != ".arena":
        order.record.mkdir(parents=True, exist_ok=True)


def _play(order: Order) -> bool:
    """Fills `played`; True when the user has stopped it."""
    try:
        with _progress(order.episodes) as advance:
            for pair in _results(order):
                order.played.append(pair)
                advance()
    except KeyboardInterrupt:
        # What the other processes are at is given up; what they have finished is on disk.
        for child in multiprocessing.active_children():
            child.terminate()
        return True
    return False


def _results(order: Order) -> Iterator[tuple[Pairing, Result]]:
    from arena.schedule import rotations  # noqa: PLC0415

    pairings = rotations(order.agents, order.episodes, order.seed, order.swap)
    # Several processes cannot share one person's keyboard.
    if order.episodes == 1 or any(map(in_person, order.agents)):
        yield from ((pairing, _one(order, pairing)) for pairing in pairings)
        return
    from arena.matches import series  # noqa: PLC0415  (it loads the rules, which --help does without)

    yield from series(
        order.game, pairings, workers=order.workers, record=order.record, limits=order.limits, retries=order.retries,
        texts=order.texts, sandbox=order.sandbox,
    )  # fmt: skip


def _one(order: Order, pairing: Pairing) -> Result:
    from arena.matches import play  # noqa: PLC0415

    return play(
        order.game, pairing.seats, seed=pairing.seed, record=order.recording(pairing.number), limits=order.limits,
        retries=order.retries, texts=order.texts, sandbox=order.sandbox,
    )  # fmt: skip


@contextmanager
def _progress(total: int) -> Iterator[Any]:
    """A bar on stderr for a series in a terminal; gives the function that advances it."""
    if total == 1 or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console  # noqa: PLC0415  (43 ms that a single match does not pay)
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn  # noqa: PLC0415

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda: bar.advance(task)
