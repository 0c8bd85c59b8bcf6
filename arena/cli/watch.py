"""`arena watch`: the lobby, a new match, or a recording, on the terminal's screen or as plain lines.

A match that is started here runs in a process of its own and is recorded under the folder of runs; leaving the screen does not end it.
Screens and agents are reached by name.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arena.cli import loading, terminal
from arena.cli.lineup import clocks, is_human, limits_of, lineup
from envs.errors import NOT_FOUND, UserError

if TYPE_CHECKING:
    from arena.clock import Limits
    from arena.settings import Settings

__all__ = ["command"]

PUBLIC = -2
FASTEST = 1000.0
"""Moves per second of a match with a person: each must be on file before the person is asked."""


@click.command()
@click.argument("what", metavar="[ENV AGENT... | REPLAY | RUN | TOURNAMENT | URL]", nargs=-1)
@click.option("--seed", type=click.IntRange(0, (1 << 64) - 1), metavar="S", help="Seed of a new match (drawn).")
@click.option("--speed", metavar="N", help='Moves per second, or "max".')
@click.option("--delay", type=float, metavar="SECONDS", help="Stay behind a running match.")
@click.option("--seat", metavar="N", help='Look through a seat, or as the "public"; nothing it cannot know is shown.')
@click.option("--plain", is_flag=True, help="Print lines instead of opening a screen.")
@click.option("--board", is_flag=True, help="Plain lines: the board at every tick.")
@click.option(
    "--token", metavar="TOKEN", help="A host's address: what lets you in (or ARENA_TOKEN in the environment)."
)
@click.option("--match", default="", metavar="ID", help="A host's address: which match (the newest).")
@clocks
def command(
    what: tuple[str, ...], seed: int | None, speed: str | None, delay: float | None, seat: str | None, plain: bool, board: bool,
    token: str | None, match: str, move: float | None, bank: float | None, increment: float,
) -> int:  # fmt: skip
    """Watch a match, a recording or a training run; play yourself with the agent "human".

    Alone it lists what is running. With a game and its agents it starts a match in the background, recorded under the folder of runs,
    and shows it. Without a terminal it prints plain lines, and the recording's path last.
    """
    pace = None if speed in (None, "max") else _speed(speed)
    settings = _settings(pace, delay)
    screen = not plain and terminal.draws()
    if len(what) == 1 and what[0].startswith(("ws://", "wss://")):
        who = _who(seat) if seat else PUBLIC
        return (_distant_screen if screen else _distant)(what[0], token, match, who, settings, board)
    if not what:
        return _list(settings, screen)
    who = _who(seat)
    if len(what) == 1 and Path(what[0], "run.json").is_file():
        return _run(Path(what[0]), settings, screen)
    if len(what) == 1 and _is_store(Path(what[0])):
        return _leaderboard(Path(what[0]), screen)
    if len(what) == 1:
        path = _recording(what[0])
        return _show(path, settings, who) if screen else _tell(path, settings, who, board, pace)
    game, *agents = what
    seats = lineup(game, agents).seats
    if who >= seats:
        raise UserError(f"--seat {who}: {game} has seats 0 to {seats - 1}")
    # Somebody who reads along is given time; a pipe is not.
    chosen = None if speed == "max" or (pace is None and not sys.stdout.isatty()) else settings.speed
    return _new(game, agents, settings, screen, (seed, chosen, limits_of(move, bank, increment)), who, board)


def _distant(url: str, token: str | None, match: str, who: int, settings: Settings, board: bool) -> int:
    """A match on a host elsewhere, in lines."""
    follow = loading.load("tui.distant:follow")
    known = token or os.environ.get("ARENA_TOKEN", "")
    code: int = follow(
        url, sys.stdout, token=known, match=match, who=who, delay=settings.delay, board=board, runs=settings.runs
    )
    return code


def _distant_screen(url: str, token: str | None, match: str, who: int, settings: Settings, board: bool) -> int:
    """The same on the whole terminal; after its end the recording that the host has opened."""
    show = loading.load("tui.distant_view:show")
    known = token or os.environ.get("ARENA_TOKEN", "")
    code, path = show(
        url,
        sys.stdout,
        token=known,
        match=match,
        who=who,
        delay=settings.delay,
        runs=settings.runs,
        palette=settings.palette,
    )
    return _show(path, settings, who) if path is not None else int(code)


def _speed(text: str | None) -> float:
    try:
        return float(text or "")
    except ValueError:
        raise UserError(f'--speed {text} is not allowed: give moves per second, from 0.01 to 1000, or "max"') from None


def _settings(speed: float | None, delay: float | None) -> Settings:
    from arena.settings import load  # noqa: PLC0415  (help is shown without it)

    return load({"speed": speed, "delay": delay})


def _who(seat: str | None) -> int:
    """The number of a seat, -1 for who sees all, -2 for the public."""
    if seat is None or seat == "public":
        return -1 if seat is None else PUBLIC
    if not seat.isdecimal():
        raise UserError(f'--seat {seat} is not allowed: give a seat\'s number, from 0, or "public"')
    return int(seat)


def _list(settings: Settings, screen: bool) -> int:
    if screen:
        code: int = loading.load("tui.app:lobby")()
        return code
    loading.load("tui.plain:running")(settings.runs, sys.stdout)
    return 0


def _run(path: Path, settings: Settings, screen: bool) -> int:
    """A training run: its monitor, or where it stands as lines."""
    if screen:
        code: int = loading.load("tui.screens.training:watch")(path, settings)
        return code
    loading.load("tui.training:tell")(path, sys.stdout)
    return 0


def _is_store(path: Path) -> bool:
    """Whether it is the folder of a tournament; known by its file, so that a recording need not load what knows more."""
    return (path / "tournament.sqlite").is_file()


def _leaderboard(store: Path, screen: bool) -> int:
    if screen:
        code: int = loading.load("tui.app:leaderboard")(store)
        return code
    from arena.cli.rank import command as rank  # noqa: PLC0415

    return int(rank.main([str(store), "--plain"], standalone_mode=False) or 0)


def _recording(name: str) -> Path:
    """A recording, finished or still being written (with or without its last ending)."""
    path = Path(name.removesuffix(".part"))
    if path.is_file() or Path(f"{path}.part").is_file():
        return path
    from envs import registry  # noqa: PLC0415  (help is shown without it)

    if name.partition("?")[0] in registry.names():
        raise UserError(f"{name} is a game: name an agent for each seat too, as in `arena watch {name} mcts random`")
    kind = "is a folder" if path.is_dir() else "is no file"
    raise UserError(
        f"{name} {kind}: give a recording (x.arena), a training run, the folder of a tournament, or a game and its agents",
        NOT_FOUND,
    )


def _show(path: Path, settings: Settings, who: int) -> int:
    """The screen of a person's seat where one waits, else that of the match; says where the recording is when it is left."""
    seat = loading.load("tui.watched:open_seat")(path)
    if seat is not None:
        code: int = loading.load("tui.screens.human:play")(path, seat, settings)
    else:
        code = loading.load("tui.app:watch")(path, speed=settings.speed, delay=settings.delay, who=who)
    running = Path(f"{path}.part").exists()
    click.echo(f"still running, open it again: arena watch {path}" if running else f"recorded: {path}", err=True)
    return code


def _tell(path: Path, settings: Settings, who: int, board: bool, speed: float | None) -> int:
    follow = loading.load("tui.plain:follow")
    code: int = follow(path, sys.stdout, who=who, board=board, speed=speed, delay=settings.delay)
    return code


def _new(
    game: str, agents: Sequence[str], settings: Settings, screen: bool, chosen: tuple[int | None, float | None, Limits], who: int,
    board: bool,
) -> int:  # fmt: skip
    """Start the match and show it."""
    from arena.background import start  # noqa: PLC0415  (it loads the match)

    people = [seat for seat, agent in enumerate(agents) if is_human(agent)]
    if people and not screen:
        raise UserError(
            f"a person plays on a screen: run this in a terminal, or `arena play {game} {' '.join(agents)}`"
        )
    seed, speed, limits = chosen
    if screen:
        # The rules are compiled in the match's process, which takes a moment, the first time several seconds.
        click.echo(f"starting {game}: {' v '.join(agents)} ...", err=True)
    recording = start(
        game,
        agents,
        runs=settings.runs,
        seed=seed,
        speed=speed or (FASTEST if people else None),
        limits=limits,
        tell=(lambda line: click.echo(line, err=True)) if screen else str,
    )
    if not screen:
        return _tell(recording, settings, who, board, None)
    return _show(recording, settings, who)
