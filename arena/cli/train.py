"""`arena train`: an algorithm trains on a game into a run's folder, without a screen.

Progress goes to stderr: a bar with steps a second, the time that is left and the figures of health in a terminal, a line now and then
elsewhere. The last line on stdout is the folder. Ctrl-C, or SIGTERM, ends the training with its round and a checkpoint, from which
`--resume` goes on; a second one ends it at once.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from envs.errors import UserError

__all__ = ["command"]

INTERRUPTED = 130
BAR, WIDE, BESIDE = 24, 100, 14
"""Cells of the bar, half as many below WIDE columns; what share, time and gaps take beside it."""
HEALTH = ("entropy", "kl", "explained", "won/past", "exploitability", "points/self", "points", "return", "loss")
"""Metrics that the bar shows, those of them that an algorithm has, four at most."""


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("words", metavar="ENV [--SETTING VALUE ...]", nargs=-1, type=click.UNPROCESSED)
@click.option("--algo", metavar="NAME", help="The algorithm (ppo).")
@click.option("--run", "folder", type=click.Path(path_type=Path), metavar="DIR", help="Where the run is kept.")
@click.option("--resume", is_flag=True, help="Go on in a run that is there.")
@click.option("--settings", "listing", is_flag=True, help="Print the algorithm's settings and train nothing.")
def command(words: tuple[str, ...], algo: str | None, folder: Path | None, resume: bool, listing: bool) -> int:
    """Train a policy into a run folder: arena train connect_four --algo ppo --run runs/x --steps 2000000

    Every setting of the algorithm is an option too (--rate 1e-3, --hidden 128): --settings prints them. With --resume the game, the
    algorithm and the settings are those of the run, and only its budget may be given anew.
    """
    from arena.training import algorithm  # noqa: PLC0415  (--help loads no algorithm)

    game, given = _split(words)
    if listing:
        click.echo(_listed(algorithm(algo or "ppo").Config))
        return 0
    if folder is None:
        raise UserError("where is the run to be kept? give --run DIR")
    if resume:
        game, algo, before = _kept(folder, game, algo)
    else:
        before = {}
    if game is None:
        raise UserError("what is to be trained on? give a game: `arena envs` lists them")
    module = algorithm(algo or "ppo")
    config = _config(module.Config, given, game, before)
    typed = shlex.join(["arena", *sys.argv[1:]])
    try:
        with _stopping() as stopped, _progress() as progress:
            module.train(config, game, folder, resume=resume, command=typed, progress=progress, stop=stopped)
    except KeyboardInterrupt:
        click.echo(_stopped(folder, getattr(module, "RESUMES", True)), err=True)
        return INTERRUPTED
    if stopped():
        click.echo(_stopped(folder, getattr(module, "RESUMES", True)), err=True)
    click.echo(folder)
    return INTERRUPTED if stopped() else 0


@contextmanager
def _stopping() -> Iterator[Callable[[], bool]]:
    """Says whether Ctrl-C or SIGTERM has come. The second one is a KeyboardInterrupt."""
    come: list[int] = []

    def note(number: int, frame: Any) -> None:
        if come:
            raise KeyboardInterrupt
        come.append(number)
        # Past the buffers, in which this may have interrupted somebody.
        os.write(2, b"\nstopping with this round; once more stops at once\n")

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(come)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stopped(folder: Path, resumes: bool) -> str:
    """What is said of a training that was stopped."""
    from arena.training.run import Run, is_run  # noqa: PLC0415

    step = Run.opened(folder).newest_step() if is_run(folder) else 0
    if not step:
        return "stopped before the first checkpoint: nothing can be gone on with"
    if not resumes:
        return f"stopped at step {step}: {folder} plays as it is, and cannot be gone on with"
    return f"stopped; go on from step {step}: arena train --resume --run {shlex.quote(str(folder))}"


def _split(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """The game, and the settings with their values: the word that is no setting and no value of one is the game."""
    game, settings, follows = None, [], False
    for word in words:
        if word.startswith("--") or follows or game is not None:
            settings.append(word)
            follows = word.startswith("--") and "=" not in word
        else:
            game = word
    return game, settings


def _config(kind: Any, words: list[str], game: str, before: Mapping[str, Any]) -> Any:
    """The settings: what the user gave, else those of the run, else the game's."""
    from arena.training.config import from_arguments  # noqa: PLC0415
    from envs.registry import spec  # noqa: PLC0415

    given = from_arguments(words, kind.options())
    return kind.made({**before, **given}, spec(game).name)


def _kept(folder: Path, game: str | None, algo: str | None) -> tuple[str, str, dict[str, Any]]:
    """Game, algorithm and settings of a run. UserError when others were given."""
    from arena.training.run import Run  # noqa: PLC0415

    run = Run.opened(folder)
    if game not in (None, run.game) or algo not in (None, run.algo):
        raise UserError(f"{folder} is a run of {run.algo} on {run.game}: --resume goes on with both, so leave them out")
    return run.game, run.algo, run.config


def _listed(kind: Any) -> str:
    from arena.cli.tables import option_rows, table  # noqa: PLC0415

    rows = [
        (f"--{name.replace('_', '-')}", default, text) for _, name, default, text in option_rows("", kind.options())
    ]
    return table(("setting", "default", "what it is"), rows)


@contextmanager
def _progress() -> Iterator[Any]:
    """What is called with each line of metrics: a bar in a terminal, a line elsewhere."""
    if not sys.stderr.isatty():
        yield _line
        return
    from rich.console import Console  # noqa: PLC0415  (43 ms)
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    console = Console(stderr=True)
    length = BAR if console.width >= WIDE else BAR // 2
    columns = (BarColumn(length), TaskProgressColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("first round ...", total=1.0)

        def advance(step: int, seconds: float, used: float, metrics: Mapping[str, float]) -> None:
            bar.update(task, completed=used, description=_words(step, metrics, console.width - length - BESIDE))

        yield advance


def _line(step: int, seconds: float, used: float, metrics: Mapping[str, float]) -> None:
    click.echo(f"{used:6.1%} {seconds:8.1f} s  {_words(step, metrics)}", err=True)


def _words(step: int, metrics: Mapping[str, float], room: int = 1000) -> str:
    """A step's figures in one line, as many as there is room for: bar, share and time that is left would have to give way."""
    words = f"{_short(step)} steps  {_short(metrics.get('steps_per_second', 0.0))}/s"
    for name in [name for name in HEALTH if name in metrics][:4]:
        more = f"  {name} {metrics[name]:.3g}"
        if len(words + more) > room:
            break
        words += more
    return words


def _short(count: float) -> str:
    """1234567 -> "1.23 M"."""
    for unit, name in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if count >= unit:
            return f"{count / unit:.3g}{name}"
    return f"{count:.0f}"
