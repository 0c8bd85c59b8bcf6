"""`arena replay export`: a recording in a form that other programs take."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from arena.cli.loading import load
from arena.cli.replay.shared import allow, json_option, print_json, recording, rules_option, seat_option
from arena.text import safe_text
from envs.errors import UserError

__all__ = ["command"]


@click.command()
@recording()
@click.argument("out", type=click.Path())
@seat_option
@click.option("--from", "first", default="0", metavar="N", help="First tick or place (see show).")
@click.option("--to", "last", default="end", metavar="N", help="Last tick or place; the one that a .png shows.")
@click.option("--speed", type=float, metavar="N", help="Ticks a second (2, more for long matches).")
@click.option("--fps", type=float, default=25.0, metavar="N", help="Pictures a second at most (25).")
@click.option("--size", metavar="WxH", help="Pixels of pictures; columns and rows of a .cast (80x24).")
@click.option(
    "--palette", type=click.Choice(["standard", "colour-blind"]), default="standard", help="Colours of pictures."
)
@rules_option
@json_option
def command(
    recording: str, out: str, seat: int, first: str, last: str, speed: float | None, fps: float, size: str | None, palette: str,
    rules: str | None, as_json: bool,
) -> int:  # fmt: skip
    """Make a .json, .txt, .png, .gif, .mp4 or .cast of a recording; the suffix of OUT says which."""
    allow(rules)
    with _progress() as done:
        path = load("replays:export")(
            recording, out, seat=seat, first=first, last=last, speed=speed, fps=fps, size=_size(size), palette=palette, done=done
        )  # fmt: skip
    size_of = path.stat().st_size
    if as_json:
        print_json("export", {"path": str(path), "bytes": size_of})
    else:
        click.echo(safe_text(f"{path}: {size_of:,} bytes"))
    return 0


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    wide, by, high = text.lower().partition("x")
    if not (by and wide.isdecimal() and high.isdecimal() and len(text) < 12):
        raise UserError(f"--size {safe_text(text, width=20)} is not allowed: write WIDTHxHEIGHT, for example 640x480")
    return int(wide), int(high)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """A line on stderr that says how far it is, where somebody looks at it."""
    if not sys.stderr.isatty():
        yield None
        return
    shown = [-1]

    def done(tick: int, last: int) -> None:
        share = 100 * tick // max(1, last)
        if share != shown[0]:
            shown[0] = share
            click.echo(f"\r{share:3d} %", nl=False, err=True)

    try:
        yield done
    finally:
        click.echo("\r     \r", nl=False, err=True)
