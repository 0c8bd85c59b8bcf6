"""Tower defence: one defender builds towers, leads a hero and holds a base against waves, under a moving fog.

Mechanics after TowerMind (arXiv 2601.05899, AAAI 2026), as far as its public guide and user reports tell them; what is the same, changed or
unknown is in docs/tower-defence.md. The parts stand in files of their own: the state (`state`), the rules (`ground`, `acts`, `combat`,
`world`, `sight`, `views`, `rules`), words (`words`, `document`), drawing (`drawing`); levels are data (`levels`, `schema`, `survey`,
`generator`). All numbers are integers: lengths in 1/1024 of a map unit, time in frames of 0.02 s.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.record_game import RecordGame
from envs.rules import Box, Discrete, Option, Role, Spec, View
from envs.towerdefence.tower_defence import levels as level_files
from envs.towerdefence.tower_defence.acts import ACTS, FIXED
from envs.towerdefence.tower_defence.drawing import draw, pixels
from envs.towerdefence.tower_defence.generator import random_level
from envs.towerdefence.tower_defence.rules import acting, command, init, legal
from envs.towerdefence.tower_defence.sight import imagine, observe
from envs.towerdefence.tower_defence.state import (
    BANK,
    CONFIG,
    HALF,
    LEVEL,
    OBS,
    PLAN,
    SCALE,
    SECOND,
    SPAWNS,
    STATE,
    UNIT,
)  # fmt: skip
from envs.towerdefence.tower_defence.views import PLANES, STRUCTURED, encode_compact, encode_structured
from envs.towerdefence.tower_defence.words import HANDS, form, metrics, name, parse, say, tell, touch
from envs.towerdefence.tower_defence.world import advance

__all__ = [
    "HANDS", "SPEC", "acting", "advance", "build", "command", "draw", "encode_compact", "encode_structured", "form", "imagine", "init",
    "legal", "metrics", "name", "observe", "parse", "pixels", "say", "tell", "touch",
]  # fmt: skip

# ------------------------------------------------------------------ 1. the rules in words
RULES = """\
Waves of enemies walk along roads to your base. Each one that gets there costs a life; at 0 lives you lose, after the last wave you have
won what is left. Gold builds towers on free slots; some slots lie so far from every road that a tower there is wasted. An archer tower
shoots one enemy, in the air too. A magician tower hits all ground enemies around one. A knight tower keeps up to three knights at its
rally point, who stop ground enemies one by one and fight them; you may move the rally point within the tower's range. Towers can be
upgraded, and sold for part of the price. Your hero walks where you send it, stops an enemy that it meets, throws fireballs while it
stands free, picks up coins, comes back some time after it falls, and may be trained for more health. Its fire burns a place within its
reach for a while and costs health. Reinforcements, two knights for a short time, can be set down near a road. Fog drifts over the map:
it hides units and stops the towers under it; fire lights it up. Some enemies are armoured, heal, freeze towers, split, dodge, fly.
You act once every {period} frames of 0.02 s. {answer}"""
SEMANTIC = """\
Cells of the map are named like those of a chess board, A1 at the lower left. Answer with one of: archer N, magician N, knights N,
upgrade N, sell N, range N (N is the number of a slot), rally C, reinforce C, hero C, fire C (C is a cell such as F7), train, wait."""
RAW = """\
Answer with an act and a point, such as archer at -1.25 0.5; x and y run from -3 to 3. Acts: {acts}. An act that is not possible
changes nothing, and its error code is shown to you."""

OPTIONS = {
    "level": Option("1", help="1 to 5, t1 to t4, training (one of t1 to t4 each episode), random, or the path of a TOML file"),
    "actions": Option("semantic", choices=("semantic", "raw"), help="verb and place with a mask, or any (x, y, type), valid or not"),
    "grid": Option(12, 4, 24, help="cells along a side of the grid of acts and of the compact view"),
    "period": Option(16, 1, 64, help="frames of 0.02 s in a decision"),
    "text": Option("words", choices=("words", "json"), help="what a seat is told: a few lines, or a JSON document"),
    "waves": Option("fixed", choices=("fixed", "mixed"), help="mixed: enemies of a wave come in random order on random roads"),
    "step_cost": Option(False, help="0.0005 points less for each decision"),
    "difficulty": Option(0.5, 0.0, 1.0, help="of level=random"),
    "layout": Option(0, 0, 1_000_000, help="which map level=random draws"),
}  # fmt: skip


def declared(limit: int, lives: int, actions: str, grid: int, period: int, step_cost: bool) -> dict[str, Any]:
    """What the options change in SPEC."""
    raw = actions == "raw"
    wide = (-HALF, -HALF, 0), (HALF, HALF, len(ACTS) - 1), (1 / UNIT, 1 / UNIT, 1.0)
    form = Box(*wide) if raw else Discrete(FIXED + 4 * grid * grid)
    views = {"compact": View((len(PLANES), grid, grid)), "structured": View((STRUCTURED,), low=-9999.0, high=1e7)}
    answer = RAW.format(acts=", ".join(ACTS)) if raw else SEMANTIC
    return {
        "rules": RULES.format(period=period, answer=answer),
        "roles": (Role("defender", 1, form, views),),
        "limit": limit,
        "frames": period,
        "points": (-float(lives) - (limit / SCALE if step_cost else 0.0), 0.0),
    }


SPEC = Spec(
    name="tower_defence",
    title="Tower defence",
    traits=frozenset({"hidden", "chance"}),
    options=OPTIONS,
    scale=SCALE,
    **declared(1000, 20, "semantic", 12, 16, False),
)


def chosen(level: str, grid: int, difficulty: float, layout: int) -> list[level_files.Level]:
    """The levels that an episode may draw."""
    if level == "training":
        return [level_files.load(each, grid) for each in level_files.TRAINING]
    if level == "random":
        return [random_level(difficulty, layout, grid)]
    return [level_files.load(level, grid)]


def longest(level: Any, plan: Any) -> int:
    """Frames after which a level is over whatever happens: the waves, and a minute and a half for the last to arrive."""
    waves = sum(max(int(level["interval"]), SPAWNS * int(space)) for space in plan["spacing"][: level["waves"]])
    return int(level["first"]) + waves + 90 * SECOND


def bank(found: list[level_files.Level]) -> dict[str, Any]:
    """The levels as values of the configuration."""
    records, plans = np.zeros(BANK, LEVEL), np.zeros(BANK, PLAN)
    for i, level in enumerate(found):
        records[i], plans[i] = level.record[0], level.plan[0]
    return {"levels": records, "plans": plans, "count": len(found)}


def build(**options: Any) -> RecordGame:
    """Raises UserError for a level that cannot be read."""
    given = {name: option.default for name, option in OPTIONS.items()} | options
    found = chosen(given["level"], given["grid"], given["difficulty"], given["layout"])
    frames = max(longest(level.record[0], level.plan[0]) for level in found)
    lives = max(int(level.record["lives"][0]) for level in found)
    limit = -(-frames // given["period"])
    spec = SPEC.replace(
        **declared(limit, lives, given["actions"], given["grid"], given["period"], given["step_cost"]),
    )
    values = bank(found) | {
        "raw": given["actions"] == "raw", "grid": given["grid"], "step_cost": given["step_cost"],
        "shuffled": given["waves"] == "mixed", "document": given["text"] == "json",
    }  # fmt: skip
    return RecordGame(globals(), spec, state=STATE, observations=OBS, config=CONFIG, values=values)
