"""`arena gate`: a run's newest checkpoint takes the best's place when a sequential test says that it is stronger."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from arena.training.gate import Gate

__all__ = ["command"]

SCHEMA = "palaestra.gate/1"


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--worse", type=float, default=0.5, metavar="S", help="Score that keeps the best (0.5).")
@click.option("--better", type=float, default=0.55, metavar="S", help="Score that promotes (0.55).")
@click.option("--alpha", type=float, default=0.05, metavar="P", help="Chance to promote a worse one (0.05).")
@click.option("--beta", type=float, default=0.05, metavar="P", help="Chance to reject a better one (0.05).")
@click.option("--most", type=int, default=400, metavar="N", help="Pairs after which the best is kept (400).")
@click.option(
    "--seed", type=click.IntRange(0, (1 << 64) - 1), default=0, metavar="S", help="Seed of the first pair (0)."
)
@click.option("--plies", type=click.IntRange(0, 1000), default=2, metavar="N", help="Random plies of an opening (2).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(
    folder: Path,
    worse: float,
    better: float,
    alpha: float,
    beta: float,
    most: int,
    seed: int,
    plies: int,
    as_json: bool,
) -> int:
    """Challenge the best of a run: arena gate runs/x

    The newest checkpoint and DIR/best play pairs of matches, one opening from both seats, until a sequential probability ratio test
    decides. The first challenger is the best without a match. DIR/best is a run of its own and plays as one.
    """
    from arena.training.challenge import challenge  # noqa: PLC0415  (it loads the rules, which --help does without)
    from arena.training.gate import Config  # noqa: PLC0415
    from arena.training.run import Run  # noqa: PLC0415

    run = Run.opened(folder)
    config = Config(worse=worse, better=better, alpha=alpha, beta=beta, most=most)
    gate = challenge(run, config, seed=seed, plies=plies, tell=_told)
    step = run.newest_step()
    if as_json:
        click.echo(
            json.dumps({"schema": SCHEMA, "run": str(folder), "step": step} | gate.tree(), indent=2, allow_nan=False)
        )
    else:
        click.echo(f"checkpoint {step}: {gate}")
    return 0


def _told(gate: Gate) -> None:
    """Where the test stands, in a terminal."""
    if sys.stderr.isatty() and gate.pairs % 10 == 0:
        click.echo(f"{gate}, log ratio {gate.ratio:+.2f}", err=True)
