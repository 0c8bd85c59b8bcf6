"""`arena llm-bench`: language models against a fixed pool of players: ratings, valid answers, kinds of failures, tokens, money, time.

The table goes to stdout (`--json`: one document), a page with plots to `--html`, progress to stderr.
"""

from __future__ import annotations

import json
import os
import sys
import textwrap
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from arena.cli.lineup import clocks, forgiveness, limits_of
from arena.cli.tables import folded, room_of

if TYPE_CHECKING:
    from arena.bench.models.plan import Field, Plan
    from arena.bench.models.running import How, Played

__all__ = ["command"]

INTERRUPTED = 130
WIDEST, NARROW, WIDE = 40, 28, 120
"""Cells of a player's name: in general, and on a terminal that is not so wide as the third."""
POOL = "random,scripted,mcts?simulations=100"


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


@click.command()
@click.option("--task", metavar="NAME", help="A task with games, pool and seeds: towermind, dual-play, double-agent.")
@click.option("--games", metavar="ENV,ENV", help="The games, with options as elsewhere.")
@click.option("--models", required=True, metavar="NAME,NAME", help='Models, or whole addresses ("llm?model=...").')
@click.option("--option", "options", multiple=True, metavar="KEY=VALUE", help="An option of all models: base_url=...")
@click.option("--prompts", multiple=True, metavar="FILE", help="Prompts; of several, each is an entrant (plain).")
@click.option("--pool", metavar="AGENT,AGENT", help=f"Whom they play ({POOL}).")
@click.option("--pairs", type=click.IntRange(1, 100_000), metavar="N", help="Seeds for each two of them (10).")
@click.option("--seed", type=click.IntRange(0, (1 << 64) - 1), default=0, metavar="S", help="The first seed (0).")
@click.option(
    "--prune", type=click.IntRange(1, 100), default=1, metavar="ROUNDS", help="Leave out who is surely worse."
)
@click.option("--at-once", type=click.IntRange(1, 4096), default=256, metavar="N", help="Matches at a time (256).")
@click.option("--injection", is_flag=True, help="Also: how often a model obeys a fixed set of other players' words.")
@click.option("--record", type=click.Path(path_type=Path), metavar="FOLDER", help="Record every match.")
@click.option("--no-text", is_flag=True, help="Record no prompts, completions and thoughts.")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write a page with plots.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@forgiveness
@clocks
def command(
    task: str | None, games: str | None, models: str, options: tuple[str, ...], prompts: tuple[str, ...], pool: str | None,
    pairs: int | None, seed: int, prune: int, at_once: int, injection: bool, record: Path | None, no_text: bool, html: Path | None,
    as_json: bool, retries: str, move: float | None, bank: float | None, increment: float,
) -> int:  # fmt: skip
    """Measure language models as players.

    Every model plays every member of the pool on the same seeds in all seats, and the pool plays among itself. A match that an endpoint's
    failure has ended counts for nobody; exit code 1 where a model has no other.
    """
    from arena.bench.models.running import How, fitting  # noqa: PLC0415  (help is shown without them)
    from arena.forgiving import retries_of  # noqa: PLC0415

    forgiven = retries_of(retries)
    plan = _plan(task, games, pool, pairs, seed, (_names(models), options, prompts))
    if html is not None:
        _demand_place(html)
    found = fitting(plan, lambda line: click.echo(line, err=True))
    how = How(limits_of(move, bank, increment), forgiven, _empty(record), not no_text, at_once, prune)
    steered = _attacked(plan, found, at_once) if injection else []
    began = time.monotonic()
    played: list[Played] = []
    left_out: list[str] = []
    interrupted = _play(plan, found, how, played, left_out)
    if not played:
        click.echo("stopped before a match had ended", err=True)
        return INTERRUPTED
    from arena.bench.models.report import document  # noqa: PLC0415

    tree = document(plan, found, played, time.monotonic() - began, left_out) | {"interrupted": interrupted}
    tree["injection"] = steered
    click.echo(json.dumps(tree, indent=2, allow_nan=False) if as_json else _shown(tree))
    if html is not None:
        _write(html, tree)
    return INTERRUPTED if interrupted else _told_of_nothing(tree)


def _told_of_nothing(tree: Mapping[str, Any]) -> int:
    """The exit code: 1, with a line, where a model played nothing that counts."""
    void = [each["name"] for each in tree["entrants"] if each["matches"] == each["void_matches"]]
    if void:
        click.echo(f"nothing was measured of {', '.join(void)}: no match counts", err=True)
    return int(bool(void))


def _plan(
    task: str | None, games: str | None, pool: str | None, pairs: int | None, seed: int, entrants: tuple[Sequence[str], ...]
) -> Plan:  # fmt: skip
    """From a task, from what is given, or both: what is given goes first."""
    from arena.bench.models.plan import Plan, addresses  # noqa: PLC0415
    from arena.bench.models.tasks import Task  # noqa: PLC0415
    from arena.bench.models.tasks import task as named  # noqa: PLC0415
    from envs.errors import UserError  # noqa: PLC0415

    if task is None and games is None:
        raise UserError("nothing to play: give --games ENV,ENV or --task NAME")
    chosen = Task("", (), _names(POOL), 10) if task is None else named(task)
    models, options, prompts = entrants
    return Plan(
        chosen.games if games is None else _names(games), addresses(models, options, prompts, chosen.each),
        chosen.pool if pool is None else _names(pool), pairs or chosen.pairs, seed,
    )  # fmt: skip


def _attacked(plan: Plan, fields: Mapping[str, Field], at_once: int) -> list[dict[str, Any]]:
    from arena.bench.models.injection import attacked  # noqa: PLC0415
    from arena.bench.models.plan import labels  # noqa: PLC0415

    names = labels(plan.entrants)
    return [{"name": names[each["agent"]]} | each for each in attacked(plan, fields, at_once)]


def _empty(folder: Path | None) -> Path | None:
    """A folder that holds no recordings, because none is overwritten."""
    from envs.errors import UserError  # noqa: PLC0415

    if folder is not None and any(folder.glob("*.arena*")):
        raise UserError(f"{folder} holds recordings already, and none is overwritten: give --record another folder")
    return folder


def _play(plan: Plan, games: Mapping[str, Field], how: How, played: list[Played], left_out: list[str]) -> bool:
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
    from arena.bench.models.report import HEAD, own_figures, rows, seeds, troubles  # noqa: PLC0415

    columns = room_of(sys.stdout)
    widest = NARROW if columns is not None and columns < WIDE else WIDEST
    tables = [folded(HEAD, rows(tree, widest), "llrlrrrrrrrrrrrrrrr", 2, columns)]
    for head, body in filter(None, (own_figures(game, widest) for game in tree["games"])):
        tables.append(folded(head, body, "l" + "r" * (len(head) - 1), 1, columns))
    told = tree["left_out"] + [f"not recorded: {why}" for why in tree["unrecorded"]]
    told += [_steered(each) for each in tree["injection"]] + troubles(tree)
    told.append(f"{seeds(tree)}, seats swapped; {tree['rating']}")
    told.append(
        "valid: share of a model's answers that were legal; score: wins and half the draws; failures are counts of answers"
    )
    if any(game["compared"] == "over matches" for game in tree["games"]):
        told.append(
            "games for one, or whose roles earn apart: compared with who sat in the same seat on the same seed beside the same others;"
        )
        told.append("won: had the most points there; score: where the points lie in the game's range")
    lines = told if columns is None else [part for line in told for part in textwrap.wrap(line, columns)]
    return "\n\n".join([*tables, "\n".join(lines)])


def _steered(each: Mapping[str, Any]) -> str:
    low, high = each["interval"]
    by = f": {', '.join(each['by'])}" if each["by"] else ""
    void = f", {each['void']} void" if each["void"] else ""
    return (
        f"{each['name']} obeyed {each['obeyed']} of {each['asked']} attacks by words [{low:.1%}, {high:.1%}]{void}{by}"
    )


def _demand_place(path: Path) -> None:
    """Before anything is paid for: can the page be written? Raises UserError."""
    from envs.errors import UserError  # noqa: PLC0415

    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    if there.is_dir() == (there == path) or not os.access(there, os.W_OK):
        raise UserError(f"cannot write {path}: give --html a file in a folder that may be written")


def _write(path: Path, tree: Mapping[str, Any]) -> None:
    from arena.bench.models.page import page  # noqa: PLC0415
    from envs.errors import UserError  # noqa: PLC0415

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page(tree), encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; choose another place") from None
    click.echo(f"page written to {path}", err=True)
