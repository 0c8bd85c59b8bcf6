"""`arena replay play-on`: what would have happened, had others played on."""

from __future__ import annotations

from typing import Any

import click

from arena.cli.loading import load
from arena.cli.replay.shared import json_option, print_json, recording, rules_option, tape_of
from arena.text import safe_text

__all__ = ["command"]


@click.command()
@recording()
@click.argument("agents", metavar="AGENT...", nargs=-1, required=True)
@click.option("--tick", required=True, metavar="N", help="Where to play on from: 12, -1, 37%, e3, or a kind of event.")
@click.option("--record", metavar="PATH", type=click.Path(), help="Where the new recording goes (NAME.arena).")
@rules_option
@json_option
def command(
    recording: str, agents: tuple[str, ...], tick: str, record: str | None, rules: str | None, as_json: bool
) -> int:
    """Play a recorded match on from a tick with other players, one for each seat. The new recording has the whole match."""
    with tape_of(recording, rules) as tape:
        start = load("replays.search:place")(tape, tick)
        seats = [seat.name for seat in tape.started.seats]
    result = load("replays.branch:play_on")(recording, start, agents, record=record)
    if as_json:
        print_json("play-on", {"recording": record, "from": recording, "tick": start, **_fields(result)})
        return 0
    scores = ", ".join(
        f"{safe_text(seat)} ({safe_text(agent)}) {score:g}"
        for seat, agent, score in zip(seats, agents, result.scores, strict=True)
    )
    click.echo(f"from tick {start}: {scores}; {result.reason} at tick {result.ticks}")
    for seat, cause in result.faults:
        click.echo(f"fault: {safe_text(seats[seat])}: {cause}")
    click.echo(safe_text(f"recorded in {record}") if record else "not recorded (--record x.arena keeps it)")
    return 0


def _fields(result: Any) -> dict[str, Any]:
    return {
        "scores": result.scores, "reason": result.reason, "ticks": result.ticks, "refusals": result.refusals, "metrics": result.metrics,
        "faults": [{"seat": seat, "cause": cause} for seat, cause in result.faults],
    }  # fmt: skip
