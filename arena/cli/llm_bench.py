"""`arena llm-bench`: language models against a fixed pool of players: ratings, valid answers, kinds of failures, tokens, money, time.

The table goes to stdout (`--json`: one document), a page with plots to `--html`, progress to stderr.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from arena.cli.lineup import clocks, limits_of
from arena.cli.tables import table

if TYPE_CHECKING:
    from arena.bench.models.plan import Plan
    from arena.bench.models.running import How, Played
    from envs.game import Game

__all__ = ["command"]

INTERRUPTED = 130
POOL = "random,scripted,mcts?simulations=100"


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


@click.command()
@click.option("--games", required=True, metavar="ENV,ENV", help="The games, with options as elsewhere.")
@click.option("--models", required=True, metavar="NAME,NAME", help='Models, or whole addresses ("llm?model=...").')
@click.option("--option", "options", multiple=True, metavar="KEY=VALUE", help="An option of all models: base_url=...")
@click.option("--prompts", multiple=True, metavar="FILE", help="A file of prompts; of several, each is an entrant.")
@click.option("--pool", default=POOL, show_default=True, metavar="AGENT,AGENT", help="Whom they play.")
@click.option(
    "--pairs", type=click.IntRange(1, 100_000), default=10, metavar="N", help="Seeds for each two of them (10)."
)
@click.option("--seed", type=click.IntRange(0, (1 << 64) - 1), default=0, metavar="S", help="The first seed (0).")
@click.option(
    "--prune", type=click.IntRange(1, 100), default=1, metavar="ROUNDS", help="Leave out who is surely worse."
)
@click.option("--at-once", type=click.IntRange(1, 4096), default=256, metavar="N", help="Matches at a time (256).")
@click.option("--record", type=click.Path(path_type=Path), metavar="FOLDER", help="Record every match.")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write a page with plots.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option(
    "--retries", type=click.IntRange(0, 100), default=2, metavar="N", help="Failed answers of a kind forgiven (2)."
)
@clocks
def command(
    games: str, models: str, options: tuple[str, ...], prompts: tuple[str, ...], pool: str, pairs: int, seed: int, prune: int,
    at_once: int, record: Path | None, html: Path | None, as_json: bool, retries: int, move: float | None, bank: float | None,
    increment: float,
) -> int:  # fmt: skip
    """Measure language models as players.

    Every model plays every member of the pool on the same seeds in all seats, and the pool plays among itself. A match that an endpoint's
    failure has ended counts for nobody.
    """
    from arena.bench.models.plan import Plan, addresses  # noqa: PLC0415  (help is shown without them)
    from arena.bench.models.running import How, fitting  # noqa: PLC0415

    plan = Plan(_names(games), addresses(_names(models), options, prompts), _names(pool), pairs, seed)
    found = fitting(plan)
    how = How(limits_of(move, bank, increment), retries, record, at_once, prune)
    began = time.monotonic()
    played: list[Played] = []
    left_out: list[str] = []
    interrupted = _play(plan, found, how, played, left_out)
    if not played:
        click.echo("stopped before a match had ended", err=True)
        return INTERRUPTED
    from arena.bench.models.report import document  # noqa: PLC0415

    tree = document(plan, found, played, time.monotonic() - began, left_out) | {"interrupted": interrupted}
    click.echo(json.dumps(tree, indent=2, allow_nan=False) if as_json else _shown(tree))
    if html is not None:
        _write(html, tree)
    return INTERRUPTED if interrupted else 0


def _play(plan: Plan, games: Mapping[str, Game], how: How, played: list[Played], left_out: list[str]) -> bool:
    """Fills `played` and `left_out`; True when the user has stopped it."""
    from arena.bench.models.running import run  # noqa: PLC0415

    def told(line: str) -> None:
        left_out.append(line)
        click.echo(line, err=True)

    try:
        for each in run(plan, games, how, told):
            played.append(each)
            if sys.stderr.isatty():
                click.echo(f"\r{len(played)} matches", nl=False, err=True)
    except KeyboardInterrupt:
        return True
    finally:
        if sys.stderr.isatty():
            click.echo("\r" + " " * 40 + "\r", nl=False, err=True)
    return False


def _shown(tree: Mapping[str, Any]) -> str:
    from arena.bench.models.report import HEAD, rows  # noqa: PLC0415

    lines = [table(HEAD, rows(tree), "llrlrrrrrrrrrrrrrr", 40), ""]
    lines += tree["left_out"]
    lines.append(f"{tree['pairs']} seeds from {tree['seed']} for each two, seats swapped; {tree['rating']}")
    lines.append(
        "valid: share of a model's answers that were legal; score: wins and half the draws; failures are counts of answers"
    )
    return "\n".join(lines)


def _write(path: Path, tree: Mapping[str, Any]) -> None:
    from arena.bench.models.page import page  # noqa: PLC0415
    from envs.errors import UserError  # noqa: PLC0415

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page(tree), encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; choose another place") from None
    click.echo(f"page written to {path}", err=True)
