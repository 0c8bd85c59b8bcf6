"""The JSON document of what a seat sees: TowerMind's fields, in map units and seconds, without what fog hides and without waves to come."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from envs.towerdefence.tower_defence.acts import ACTS, ERRORS
from envs.towerdefence.tower_defence.state import SECOND, UNIT

__all__ = ["document", "document_text"]

_KINDS = ("none", "archer", "magician", "knight")


def _at(x: Any, y: Any) -> list[float]:
    return [round(int(x) / UNIT, 4), round(int(y) / UNIT, 4)]


def _time(frames: Any) -> float:
    return round(int(frames) / SECOND, 2)


def document(obs: Any, c: Any, names: Sequence[str]) -> dict[str, Any]:
    """The document as plain values; names: of the kinds of enemies, by number."""
    level = c.array["levels"][0, obs.level]
    slots = level["slot"][: level["slots"]]
    return {
        "map": {"min": [-3, -3], "max": [3, 3]},
        "slot_bounds": {"min": _at(slots["x"].min(), slots["y"].min()), "max": _at(slots["x"].max(), slots["y"].max())},
        "coin_count": obs.coins,
        "compensation_count": obs.amends,
        "max_gold": int(level["most_gold"]),
        "initial_lives": int(level["lives"]),
        "waves": _waves(obs, level, names),
        "refund": int(level["refund"]) / 100,
        "coin": _coin(obs, level),
        "destination": _destination(level),
        "decision": obs.tick,
        "time": _time(obs.frame),
        "gold": obs.gold,
        "lives": obs.lives,
        "fog": {"at": _at(obs.fog_x, obs.fog_y), "radius": _at(level["fog_radius"], 0)[0]} if level["fog_radius"] else None,
        "reinforcements_in": _time(obs.aid_in),
        "hero": _hero(obs.hero),
        "fires": [{"at": _at(f.x, f.y), "left": _time(f.left)} for f in obs.fires[: obs.burning]],
        "last_action": _last(obs.last),
        "prices": {ACTS[i]: [int(level["make"][i]["price"]), int(level["make"][i]["upgrade"])] for i in range(3)},
        "paths": [[_at(x, y) for x, y in zip(p["x"][: p["n"]], p["y"][: p["n"]], strict=True)] for p in level["path"][: level["paths"]]],
        "towers": [_tower(t, slots[t], obs.towers[t]) for t in range(len(slots))],
        "enemies": [{"kind": names[e.kind], "at": _at(e.x, e.y), "health": e.hp, "path": e.lane} for e in obs.enemies[: obs.crowd]],
        "knights": [{"at": _at(m.x, m.y), "health": m.hp} for m in obs.knights[: obs.guard]],
    }  # fmt: skip


def _waves(obs: Any, level: Any, names: Sequence[str]) -> dict[str, Any]:
    return {
        "total": int(level["waves"]), "current": obs.wave, "countdown": _time(max(obs.countdown, 0)), "interval": _time(level["interval"]),
        "remaining": int(level["waves"]) - obs.wave, "still_to_come": obs.coming,
        "types": [names[kind - 1] for kind in obs.types.tolist() if kind > 0],
    }  # fmt: skip


def _coin(obs: Any, level: Any) -> dict[str, Any]:
    lying = {"at": _at(obs.coin.x, obs.coin.y), "left": _time(obs.coin.left)} if obs.coin.left else None
    least = int(level["coin_least"])
    return {
        "every": _time(level["coin_every"]), "stays": _time(level["coin_stays"]), "least": least, "most": least + int(level["coin_extra"]),
        "lying": lying,
    }  # fmt: skip


def _destination(level: Any) -> list[float]:
    path = level["path"][0]
    return _at(path["x"][path["n"] - 1], path["y"][path["n"] - 1])


def _hero(hero: Any) -> dict[str, Any]:
    return {
        "dead": hero.down > 0, "revives_in": _time(hero.down), "at": _at(hero.x, hero.y), "health": hero.hp, "full": hero.full,
        "skill_in": _time(hero.skill_in),
    }  # fmt: skip


def _last(act: Any) -> dict[str, Any] | None:
    if act.kind < 0:
        return None
    return {
        "at": _at(act.x, act.y),
        "action": act.kind,
        "success": act.error == 0,
        "error": act.error,
        "says": ERRORS[act.error],
    }


def _tower(t: int, slot: Any, tower: Any) -> dict[str, Any]:
    built = tower.kind > 0
    rally = _at(tower.rally_x, tower.rally_y) if built else _at(slot["rally_x"], slot["rally_y"])
    return {
        "slot": t + 1, "at": _at(slot["x"], slot["y"]), "level": tower.level, "built": built, "frozen": tower.frozen > 0, "rally": rally,
        "type": _KINDS[tower.kind],
    }  # fmt: skip


def document_text(obs: Any, c: Any, names: Sequence[str]) -> str:
    """The document on one line of ASCII."""
    return json.dumps(document(obs, c, names), separators=(",", ":"))
