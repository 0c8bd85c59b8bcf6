"""`arena replay verify`: proof that a recording is what its rules, seed and acts make of it."""

from __future__ import annotations

import click

from arena.cli.loading import load
from arena.cli.replay.shared import allow, json_option, print_json, rules_option
from arena.text import safe_text

__all__ = ["command"]


@click.command()
@click.argument("recordings", metavar="RECORDING...", nargs=-1, required=True, type=click.Path())
@rules_option
@json_option
def command(recordings: tuple[str, ...], rules: str | None, as_json: bool) -> int:
    """Play a recording again and compare everything. Exit 0: all the same, 4: the rules are not there, 5: it diverges."""
    allow(rules)
    verdicts = [load("replays:verify")(path) for path in recordings]
    code: int = max(verdict.code for verdict in verdicts)
    if as_json:
        print_json("verify", {"code": code, "verdicts": [verdict.tree() for verdict in verdicts]})
        return code
    for verdict in verdicts:
        name = f"{verdict.path}: " if len(verdicts) > 1 else ""
        click.echo(safe_text(name + verdict.line))
        for note in verdict.notes:
            click.echo(f"  {safe_text(note)}")
    return code
