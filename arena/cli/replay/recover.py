"""`arena replay recover`: a finished file from what can be read of a broken or unfinished one."""

from __future__ import annotations

from pathlib import Path

import click

from arena.cli.loading import load
from arena.cli.replay.shared import json_option, print_json, recording
from arena.text import safe_text

__all__ = ["command"]


@click.command()
@recording()
@click.argument("out", required=False, type=click.Path())
@json_option
def command(recording: str, out: str | None, as_json: bool) -> int:
    """Make a finished file (by default NAME.recovered.arena) of what can be read of a broken one, which stays as it is."""
    whole = Path(recording)
    target = (
        Path(out)
        if out
        else whole.with_name(whole.name.removesuffix(".part").removesuffix(".arena") + ".recovered.arena")
    )
    counts = load("replays:recover")(recording, target)
    if as_json:
        print_json("recover", {"path": str(target), **counts})
        return 0
    lost = f"{counts['lost_records']:,} records in {counts['lost_chunks']:,} chunks lost, {counts['unread_bytes']:,} bytes unread"
    click.echo(safe_text(f"{target}: {counts['records']:,} records in {counts['chunks']:,} chunks kept, {lost}"))
    return 0
