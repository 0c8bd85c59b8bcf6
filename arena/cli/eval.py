"""`arena eval`: a run's checkpoint against opponents, from balanced openings and from both seats."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arena.cli.tables import folded, room_of

if TYPE_CHECKING:
    from arena.training.evaluation import Judgement

__all__ = ["command"]

SCHEMA = "palaestra.eval/1"


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--against", "opponents", multiple=True, metavar="AGENT", help="An opponent; may be given again (random)."
)
@click.option(
    "--episodes", type=click.IntRange(1, 1_000_000), default=100, metavar="N", help="Matches with each (100)."
)
@click.option("--seed", type=click.IntRange(0, (1 << 64) - 1), default=0, metavar="S", help="Seed of the first (0).")
@click.option("--plies", type=click.IntRange(0, 1000), default=2, metavar="N", help="Random plies of an opening (2).")
@click.option(
    "--search", type=click.IntRange(0, 1_000_000), default=0, metavar="N", help="Let the network guide N simulations."
)
@click.option("--step", type=click.IntRange(0), default=0, metavar="N", help="The checkpoint (the newest).")
@click.option("--workers", type=click.IntRange(1, 1024), metavar="N", help="Processes (one a core).")
@click.option("--record", is_flag=True, help="Keep the matches in DIR/matches.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(
    folder: Path, opponents: tuple[str, ...], episodes: int, seed: int, plies: int, search: int, step: int, workers: int | None,
    record: bool, as_json: bool,
) -> int:  # fmt: skip
    """Evaluate a run's checkpoint: arena eval runs/x --against random --against "mcts?simulations=200"

    Both sides play every opening from both seats. A match that the player loses by a fault is a forfeit; answers that were not legal are
    counted. What was found is kept in DIR/ratings.json.
    """
    from arena.training.evaluation import against  # noqa: PLC0415  (it loads the rules, which --help does without)
    from arena.training.run import Run  # noqa: PLC0415
    from arena.training.threads import cores  # noqa: PLC0415

    run = Run.opened(folder)
    options = "&".join(f"{name}={value}" for name, value in (("search", search), ("step", step)) if value)
    player = f"{folder}?{options}" if options else str(folder)
    found = []
    for number, opponent in enumerate(opponents or ("random",)):
        place = folder / "matches" / f"{run.newest_step()}-{number}" if record else None
        found.append(
            against(
                run.game,
                player,
                opponent,
                episodes=episodes,
                seed=seed,
                plies=plies,
                workers=workers or cores(),
                record=place,
            )
        )
    head = {
        "schema": SCHEMA, "run": str(folder), "game": run.game, "step": step or run.newest_step(), "search": search, "seed": seed,
        "plies": plies, "interval": "wilson 95 %",
    }  # fmt: skip
    document = json.dumps(head | {"judgements": [each.tree() for each in found]}, indent=2, allow_nan=False)
    run.keep("ratings.json", document.encode())
    run.close()
    click.echo(document if as_json else _told(run.game, found, seed, plies, room_of(sys.stdout)))
    return 0


def _told(game: str, found: list[Judgement], seed: int, plies: int, columns: int | None) -> str:
    head = ("against", "games", "won", "drawn", "lost", "win rate", "95 %", "mean score", "forfeits", "illegal")
    rows = []
    for each in found:
        low, high = each.interval
        counts = [each.opponent, each.games, each.won, each.drawn, each.lost]
        mean = each.points / max(each.games, 1)
        rows.append(
            [*counts, f"{each.rate:.1%}", f"[{low:.1%}, {high:.1%}]", f"{mean:+.3f}", each.forfeits, each.refused]
        )
    lines = [
        f"{found[0].player} on {game}",
        f"seeds from {seed}, {plies} random plies, every opening from every seat",
        "",
    ]
    return "\n".join(
        [*lines, folded(head, rows, "lrrrrrlrrr", 1, columns), "", "intervals are Wilson's score intervals at 95 %"]
    )
