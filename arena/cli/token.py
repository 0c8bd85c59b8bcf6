"""`arena token`: who may come into a host. A token is shown once, when it is made; the file keeps its hash."""

from __future__ import annotations

import time
from pathlib import Path

import click

__all__ = ["command"]


def _file(value: Path | None) -> Path:
    from arena.settings import load  # noqa: PLC0415  (help is shown without it)

    return value or load().runs / "tokens.json"


_at = click.option(
    "--file",
    "--tokens",
    "path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The file of tokens, which `arena serve` knows as --tokens (tokens.json in the folder of runs).",
)


@click.group()
def command() -> None:
    """Make, list and revoke the tokens of a host."""


@command.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    default=["play", "spectate"],
    metavar="SCOPE",
    help="play, spectate, submit, admin (play, spectate).",
)
@click.option("--days", type=click.FloatRange(0.001, 36500), metavar="N", help="How long it holds (for ever).")
@_at
def new(name: str, scopes: tuple[str, ...], days: float | None, path: Path | None) -> None:
    """Make a token and print it."""
    from arena.server.tokens import Tokens  # noqa: PLC0415

    until = None if days is None else time.time() + 86400 * days
    click.echo(Tokens(_file(path)).add(name, scopes, until))


@command.command()
@_at
def ls(path: Path | None) -> None:
    """List who has a token, for what and until when."""
    from arena.cli.tables import table  # noqa: PLC0415
    from arena.server.tokens import Tokens  # noqa: PLC0415

    grants = Tokens(_file(path)).grants.values()
    rows = [(grant.name, ", ".join(grant.scopes), _until(grant.until)) for grant in grants]
    click.echo(table(("name", "scopes", "until"), rows) if rows else f"no tokens in {_file(path)}")


@command.command()
@click.argument("name")
@_at
def revoke(name: str, path: Path | None) -> None:
    """Take a token back; its connections end within a second."""
    from arena.server.tokens import Tokens  # noqa: PLC0415

    Tokens(_file(path)).revoke(name)


def _until(at: float | None) -> str:
    return "for ever" if at is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
