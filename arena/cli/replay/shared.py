"""What the verbs share: how a recording is opened, the options that several have, and the shape of a JSON document."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from arena.cli.loading import load
from arena.text import cell_width, safe_text

__all__ = ["as_json", "facts", "json_option", "print_json", "recording", "rules_option", "seat_option", "tape_of"]

F = TypeVar("F", bound=Callable[..., Any])


def recording(name: str = "recording") -> Callable[[F], F]:
    """An argument that is the path of a recording."""
    return click.argument(name, metavar=name.upper(), type=click.Path())


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
seat_option = click.option(
    "--seat",
    type=click.IntRange(-2),
    default=-1,
    metavar="N",
    help="As this seat saw it; -1 sees everything, -2 what all know.",
)
rules_option = click.option(
    "--rules", metavar="PLACE", help="The game's file or MODULE:BUILD, for recordings of games that are not installed."
)


@contextmanager
def tape_of(path: str, rules: str | None = None) -> Iterator[Any]:
    """The recording as a tape. Raises UserError: 3 no such file, 4 not readable."""
    allow(rules)
    tape = load("replays:open")(path)
    try:
        yield tape
    finally:
        tape.close()


def allow(rules: str | None) -> None:
    """Let recordings be opened with the rules that the user has named. Raises UserError where there are none."""
    if rules is not None:
        load("envs.registry:load")(rules)
        load("replays.games:allow")(rules)


def print_json(schema: str, fields: dict[str, Any]) -> None:
    """One document on stdout; its schema is palaestra.replay-VERB/VERSION. Everything in it is escaped to ASCII."""
    click.echo(json.dumps({"schema": f"palaestra.replay-{schema}/1"} | as_json(fields), indent=2, allow_nan=False))


def as_json(value: Any) -> Any:
    """The value in the types of JSON."""
    return load("replays.readable:as_json")(value)


def facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Print names and values in two columns, all of it safe."""
    rows = [(safe_text(name, width=24), safe_text(value)) for name, value in pairs]
    wide = max((cell_width(name) for name, _ in rows), default=0)
    for name, value in rows:
        click.echo(f"{name}{' ' * (wide - cell_width(name))}  {value}".rstrip())
