"""`arena replay info`: what a recording is, without playing it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from arena.cli.loading import load
from arena.cli.replay.shared import facts, json_option, print_json, recording, rules_option, tape_of
from envs.words import plural

__all__ = ["command"]

_TRACKS = ("states", "acts", "notes", "texts", "events")


@click.command()
@recording()
@rules_option
@json_option
def command(recording: str, rules: str | None, as_json: bool) -> int:
    """What a recording is: game, players, result, sizes, damage."""
    with tape_of(recording, rules) as tape:
        found = _found(tape)
    if as_json:
        print_json("info", found)
        return 0
    facts(_lines(found))
    return 0


def _found(tape: Any) -> dict[str, Any]:
    started, ended, game = tape.started, tape.ended, tape.started.game
    marks = len(tape.marks())
    return {
        "path": str(tape.log.path), "game": str(game.get("game", "")), "title": str(game.get("title", "")),
        "options": game.get("options", {}),
        "match": started.match, "seats": [{"name": s.name, "agent": s.agent, "title": s.title} for s in started.seats],
        "state": _state(tape), "reason": ended.reason if ended else "", "scores": list(ended.scores) if ended else [],
        "faults": [{"seat": seat, "cause": cause} for seat, cause in ended.faults] if ended else [],
        "refusals": list(ended.refusals) if ended else [], "metrics": ended.metrics if ended else {},
        "outcome": load("replays.exports:outcome")(tape), "ticks": tape.last, "marks": marks,
        "seconds": ended.at if ended else tape.at(-1).at if tape.log.count(0) else 0.0, "seed": tape.secret.seed,
        "created": started.created, "software": started.software, "branch": started.branch, "bytes": tape.log.path.stat().st_size,
        "records": {name: tape.log.count(track) for track, name in enumerate(_TRACKS)}, "damage": tape.log.damaged,
        "rules": "same" if tape.game is not None else tape.why_closed,
    }  # fmt: skip


def _state(tape: Any) -> str:
    if (tape.log.summary or {}).get("truncated"):
        return "recovered"
    if tape.finished:
        return "finished"
    return "running" if load("arena.background:is_running")(tape.log.path) else "unfinished"


def _lines(found: dict[str, Any]) -> list[tuple[str, object]]:
    seats = [(seat["name"], _agent(seat)) for seat in found["seats"]]
    options = (
        ", ".join(f"{name}={value}" for name, value in found["options"].items())
        if isinstance(found["options"], dict)
        else ""
    )
    lines: list[tuple[str, object]] = [
        ("game", f"{found['title']} ({found['game']}{', ' if options else ''}{options})"), *seats,
        ("result", found["outcome"] or f"none: the match is {found['state']}"),
        ("faults", ", ".join(f"seat {fault['seat']}: {fault['cause']}" for fault in found["faults"]) or "none"),
        ("ticks", f"{found['ticks']}, {plural(found['marks'], 'event')}, {found['seconds']:.1f} s"), ("seed", found["seed"]),
        ("created", _date(found["created"])), ("file", f"{found['bytes']:,} bytes, {found['state']}"),
        ("records", ", ".join(f"{count} {name}" for name, count in found["records"].items() if count)),
        ("rules", "the same as installed" if found["rules"] == "same" else found["rules"]),
        *(("damage", line) for line in found["damage"] or ["none found"]),
    ]  # fmt: skip
    if found["branch"]:
        lines.append(("branch", f"of match {found['branch'].get('match')} at tick {found['branch'].get('tick')}"))
    lines += [(name, value) for name, value in found["metrics"].items()]
    return lines


def _agent(seat: dict[str, str]) -> str:
    return seat["agent"] if seat["title"] in ("", seat["agent"]) else f"{seat['agent']} ({seat['title']})"


def _date(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(" ", "seconds") if seconds > 0 else "unknown"
    except (OverflowError, ValueError, OSError):
        return "unknown"
