"""`arena level`: the level files of tower defence: check one, show it, write a new one.

A file is checked whole: every mistake is told with file, line and field. `show` draws the map; `new` writes a random level of a given
difficulty and, unless told not to, has the scripted expert play it first, because a level that nobody can hold is no level.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from arena.cli.tables import table
from arena.text import safe_text
from envs.errors import CORRUPT, FAILURE, UserError

__all__ = ["command"]

GAME = "tower_defence"
_PACKAGE = "envs.towerdefence.tower_defence"
TRIES = 20


def _part(name: str) -> Any:
    """A module of the game; loaded when a level is asked for."""
    import importlib  # noqa: PLC0415

    return importlib.import_module(f"{_PACKAGE}.{name}")


@click.group()
def command() -> None:
    """Check, show and write level files of tower defence."""


@command.command("check")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def check(files: tuple[str, ...]) -> int:
    """Read level files and tell every mistake with its line and field. Exit code 4 when there is one."""
    wrong = 0
    for file in files:
        faults = _faults(file)
        wrong += len(faults)
        for fault in faults:
            click.echo(f"{safe_text(file)}, {safe_text(str(fault))}")
        if not faults:
            click.echo(f"{safe_text(file)}: sound, difficulty {_hardness(_part('levels').load(file)):.2f}")
    return CORRUPT if wrong else 0


def _faults(file: str) -> list[Any]:
    """All faults of a file, not only the first."""
    levels = _part("levels")
    path = levels.FOLDER / f"{file}.toml" if file in levels.names() else Path(file)
    faults: list[Any] = levels.read(levels.text_of(path), file)[1]
    return faults


def _hardness(level: Any) -> float:
    return float(_part("difficulty").difficulty(level))


@command.command("show")
@click.argument("name", metavar="LEVEL")
@click.option("--columns", type=click.IntRange(40, 400), default=76, metavar="N", help="Width of the map (76).")
@click.option("--plain", is_flag=True, help="ASCII without colours; so it is in a pipe.")
def show(name: str, columns: int, plain: bool) -> int:
    """Draw a level's map and list its waves. LEVEL is a name (1 to 5, t1 to t4) or a file."""
    level = _part("levels").load(name)
    click.echo(_picture(name, columns, plain or not sys.stdout.isatty()))
    click.echo(f"\n{safe_text(level.title)}: lives {level.record['lives'][0]}, gold {level.record['gold'][0]}, "
               f"difficulty {_hardness(level):.2f}")  # fmt: skip
    terms = _part("difficulty").terms(level)
    click.echo(f"terms: {', '.join(f'{term} {value:.2f}' for term, value in terms.items())}\n")
    click.echo(table(("wave", "spacing", "enemies"), _waves(level)))
    far = _part("difficulty").decoys(level.record[0])
    click.echo(f"\ndecoy slots: {', '.join(str(t + 1) for t in far) or 'none'}")
    return 0


def _picture(name: str, columns: int, plain: bool) -> str:
    """The map before the first act, in half blocks or in ASCII."""
    import envs  # noqa: PLC0415
    from arena.cli import loading  # noqa: PLC0415
    from envs.canvas import Canvas  # noqa: PLC0415

    game = envs.game(GAME, plain=True, level=name)
    canvas = Canvas()
    game.draw(game.observe(game.start(0), -1), canvas)
    if plain:
        return str(loading.load("tui.cells:plain")(canvas, columns))
    rows = round(columns / 2 * canvas.height / canvas.width)
    return "\n".join(loading.load("tui.ansi:painted")(canvas, columns, rows))


def _waves(level: Any) -> list[tuple[str, str, str]]:
    rows, plan = [], level.plan[0]
    for w in range(int(level.record["waves"][0])):
        groups: dict[tuple[int, int], int] = {}
        for kind, lane in zip(plan["kind"][w].tolist(), plan["lane"][w].tolist(), strict=True):
            if kind:
                groups[kind, lane] = groups.get((kind, lane), 0) + 1
        text = ", ".join(f"{n} {level.kinds[kind - 1]} (road {lane + 1})" for (kind, lane), n in groups.items())
        rows.append((str(w + 1), f"{plan['spacing'][w] / 50:.1f} s", text))
    return rows


@command.command("new")
@click.argument("path", type=click.Path(dir_okay=False), metavar="FILE")
@click.option(
    "--difficulty",
    type=click.FloatRange(0, 1),
    default=0.5,
    metavar="D",
    help="0 (easiest) to 1 (hardest that is drawn) (0.5).",
)
@click.option(
    "--layout", type=click.IntRange(0, 1_000_000), default=0, metavar="N", help="Which of the random maps (0)."
)
@click.option("--unplayed", is_flag=True, help="Do not have the expert hold it first.")
def new(path: str, difficulty: float, layout: int, unplayed: bool) -> int:
    """Write a random level. The expert must hold it with a life left; else the next layouts are tried."""
    target = Path(path)
    if target.suffix != ".toml" or target.exists():
        raise UserError(f"{path!r} must end in .toml and not exist yet: choose another name")
    for number in range(layout, layout + TRIES):
        text = _part("generator").level_text(difficulty, number)
        target.write_text(text, encoding="utf-8")
        left = None if unplayed else _lives_left(target)
        if left is None or left > 0:
            said = "" if left is None else f"; the scripted expert holds it with {left} lives left"
            formula = _hardness(_part("levels").load(str(target)))
            click.echo(f"{safe_text(path)} written: layout {number}, difficulty {formula:.2f} by the formula{said}")
            return 0
    target.unlink()
    click.echo(f"the expert held none of {TRIES} layouts from {layout} on: try a smaller --difficulty", err=True)
    return FAILURE


def _lives_left(path: Path) -> int:
    """What the scripted expert has left on seed 0."""
    from arena import play  # noqa: PLC0415

    result = play(f"{GAME}?level={path}", ["scripted"], seed=0)
    return int(result.metrics["score"]) + int(_part("levels").load(str(path)).record["lives"][0])
