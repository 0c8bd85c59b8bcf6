"""`arena replay show`: one moment of a recording, in words and as a picture of letters."""

from __future__ import annotations

from typing import Any

import click

from arena.cli.loading import exists, load
from arena.cli.replay.shared import json_option, print_json, recording, rules_option, seat_option, tape_of
from arena.text import safe_text

__all__ = ["command"]

_LINES = 500


@click.command()
@recording()
@click.option(
    "--tick", default="end", metavar="N", help="12, -1, 37%, end, e3 (the third event), or a kind of event: win, win:2."
)
@seat_option
@rules_option
@json_option
def command(recording: str, tick: str, seat: int, rules: str | None, as_json: bool) -> int:
    """One moment in words and as a picture of letters."""
    with tape_of(recording, rules) as tape:
        load("replays.search:demand_seat")(tape, seat)
        found = _found(tape, load("replays.search:place")(tape, tick, seat), seat)
    if as_json:
        print_json("show", found)
    else:
        _print(found)
    return 0


def _found(tape: Any, tick: int, seat: int) -> dict[str, Any]:
    moment = tape.at(tick)
    closed = tape.game is None
    row = moment.row if closed or seat == -1 else moment.observe(seat)
    marks = [mark for mark in load("replays.search:marks_for")(tape, seat) if mark.tick == moment.tick]
    return {
        "path": str(tape.log.path), "tick": moment.tick, "last": tape.last, "seat": seat, "at": moment.at,
        "acts": [_act(act) for act in load("replays.search:acts_for")(tape, moment.acts, seat)],
        "marks": [{"kind": mark.kind, "seat": mark.seat, "text": mark.text} for mark in marks], "text": moment.text(seat),
        "picture": "" if closed else _picture(moment, seat), "state" if seat == -1 else "observation": row.tree(), "note": tape.why_closed,
    }  # fmt: skip


def _act(act: Any) -> dict[str, Any]:
    return {
        "seat": act.seat,
        "action": act.action,
        "name": act.name,
        "took": act.took,
        "said": act.said,
        "notes": act.notes,
    }


def _picture(moment: Any, seat: int) -> str:
    """The drawing in letters, where the screens are installed that know how."""
    if not exists("tui"):
        return ""
    canvas = load("envs.canvas:Canvas")()
    moment.draw(canvas, seat)
    picture: str = load("tui.cells:plain")(canvas)
    return picture


def _print(found: dict[str, Any]) -> None:
    who = {-1: "", -2: ", as all know it"}.get(found["seat"], f", as seat {found['seat']} knew it")
    click.echo(f"tick {found['tick']} of {found['last']}, {found['at']:.1f} s{who}")
    if found["note"]:
        click.echo(safe_text(found["note"]))
    for part in (found["text"], found["picture"]):
        if part:
            click.echo("\n" + safe_text(part, lines=_LINES))
    if found["marks"] or found["acts"]:
        click.echo()
    for mark in found["marks"]:
        click.echo(f"* {safe_text(mark['text'])}")
    for act in found["acts"]:
        why = f": {safe_text(act['notes'].get('why'))}" if act["notes"].get("why") else ""
        click.echo(f"seat {act['seat']} then plays {safe_text(act['name'] or act['action'])}{why}")
