"""`arena replay diff`: where two recordings of one game part."""

from __future__ import annotations

import click

from arena.cli.loading import load
from arena.cli.replay.shared import allow, json_option, print_json, rules_option
from arena.text import safe_text
from envs.errors import FAILURE

__all__ = ["command"]


@click.command()
@click.argument("first", type=click.Path())
@click.argument("second", type=click.Path())
@rules_option
@json_option
def command(first: str, second: str, rules: str | None, as_json: bool) -> int:
    """Where two recordings of one game part: what they were given, then what was done. Exit 1 where they differ."""
    allow(rules)
    found = list(load("replays.difference:differences")(first, second))
    if as_json:
        print_json(
            "diff", {"first": first, "second": second, "differences": [difference.tree() for difference in found]}
        )
    else:
        for difference in found:
            click.echo(safe_text(difference.line))
        if not found:
            click.echo("no difference")
    return FAILURE if found else 0
