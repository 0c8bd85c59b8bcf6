"""`arena join URL AGENT`: a player of yours takes seats on a host."""

from __future__ import annotations

import os

import click

from arena.cli import loading

__all__ = ["command"]


@click.command()
@click.argument("url", metavar="URL")
@click.argument("agent", metavar="AGENT")
@click.option(
    "--token", metavar="TOKEN", help="What lets you in; ARENA_TOKEN in the environment is not seen by others."
)
@click.option("--matches", type=click.IntRange(1, 1 << 20), default=1, metavar="N", help="How many seats to take (1).")
@click.option("--at-once", type=click.IntRange(1, 1024), default=1, metavar="N", help="How many of them at a time (1).")
@click.option("--alone", is_flag=True, help="Take every seat of a match yourself.")
@click.option("--name", default="", metavar="NAME", help="Your name for the others (the agent's).")
@click.option(
    "--game", "place", default="", metavar="PLACE", help="Where the game is, if not installed: FILE.py or MODULE:BUILD."
)
@click.option("--ca", metavar="FILE", type=click.Path(exists=True), help="Trust the certificates in this file (wss).")
def command(
    url: str,
    agent: str,
    token: str | None,
    matches: int,
    at_once: int,
    alone: bool,
    name: str,
    place: str,
    ca: str | None,
) -> int:
    """Play on a host with a player of yours. URL: ws://HOST:PORT, wss://HOST:PORT or unix:PATH, as `arena serve` prints it."""
    from arena.protocol.visit import Visit  # noqa: PLC0415  (help is shown without the rules)
    from arena.text import safe_text  # noqa: PLC0415

    maker = loading.load("agents:load")(agent)
    player = loading.load("agents.remote:Player")(maker, fits=maker.fits, place=place)
    visit = Visit(url, token or os.environ.get("ARENA_TOKEN", ""), name or maker.title, matches, at_once, ca, alone)
    visit.play(player, lambda line: click.echo(line, err=True))
    for over in player.overs:
        faults = "".join(f", seat {seat}: {cause}" for seat, cause in over.faults)
        kept = "" if over.recorded else ", not recorded"
        score = over.scores[over.seat] if over.seat < len(over.scores) else 0.0
        click.echo(
            f"{over.match} seat {over.seat}: {score:+g}, {safe_text(over.reason)} after {over.ticks} ticks{safe_text(faults)}{kept}"
        )
    return 0 if len(player.overs) >= matches else 1
