"""The siege: tower defence for two. One seat defends, the other composes the waves from a budget; what the one loses the other wins.

The rules of the world are those of `tower_defence`, called and not copied. Files: state, prices (what enemies cost), rules (composing),
sight (who knows what), words, drawing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.record_game import RecordGame
from envs.rules import Discrete, Option, Role, Spec, View
from envs.towerdefence import tower_defence
from envs.towerdefence.siege.drawing import draw
from envs.towerdefence.siege.prices import prices, purses
from envs.towerdefence.siege.rules import acting, advance, command, init, legal
from envs.towerdefence.siege.sight import OWN_PLANES, encode_compact_attacker, imagine, observe
from envs.towerdefence.siege.state import CHOICES, CONFIG, FLYERS, GROUPS, LEAD, OBS, STATE
from envs.towerdefence.siege.words import HANDS, form, metrics, name, parse, say, tell, touch
from envs.towerdefence.tower_defence.acts import FIXED
from envs.towerdefence.tower_defence.state import BANK, KINDS, SCALE, SECOND, WAVES
from envs.towerdefence.tower_defence.views import PLANES, STRUCTURED, encode_compact, encode_structured

__all__ = [
    "HANDS", "SPEC", "acting", "advance", "build", "command", "draw", "encode_compact", "encode_compact_attacker", "encode_structured",
    "form", "imagine", "init", "legal", "metrics", "name", "observe", "parse", "say", "tell", "touch",
]  # fmt: skip

# ------------------------------------------------------------------ 1. the rules in words
RULES = """\
Two sides. The defender holds a base: {world}
The attacker composes the waves. {lead} seconds before a wave begins it has {groups} decisions, one a decision of the game, while the
defender goes on; each names a group, 1, 2, 4 or 8 enemies of one kind on one road, or passes. Groups come in the order in which they
were chosen. A wave costs no more than its budget, of which at most {flyers} of a hundred may go into flyers, and has at most 25
enemies; what is left of a budget is lost. The defender sees nothing of a wave before it begins. The attacker sees the field through
the fog, but not the defender's gold. Each base life lost is a point for the attacker and costs the defender one. The attacker answers
for example: 4 wolf 1 (how many, kind, road) or pass; several groups may stand between semicolons."""

_SHARED = ("grid", "period", "text", "difficulty", "layout")
OPTIONS = {
    "level": Option("2", help="the map and the strength of the waves: 1 to 5, t1 to t4, training, random, or the path of a TOML file"),
    "budget": Option(100, 10, 400, help="what a wave may cost, in per cent of what the level's own wave costs"),
    **{name: tower_defence.OPTIONS[name] for name in _SHARED},
}  # fmt: skip


def declared(limit: int, lives: int, grid: int, period: int) -> dict[str, Any]:
    """What the options change in SPEC."""
    world = tower_defence.declared(limit, lives, "semantic", grid, period, step_cost=False)
    told = RULES.format(world=world["rules"], lead=LEAD // SECOND, groups=GROUPS, flyers=FLYERS)
    own = {"compact": View((len(PLANES) + len(OWN_PLANES), grid, grid))}
    views = {"compact": View((len(PLANES), grid, grid)), "structured": View((STRUCTURED,), low=-9999.0, high=1e7)}
    return world | {
        "rules": told,
        "roles": (
            Role("defender", 1, Discrete(FIXED + 4 * grid * grid), views),
            Role("attacker", 1, Discrete(CHOICES), own),
        ),
        "points": (-float(lives), float(lives)),
    }


SPEC = Spec(
    name="siege",
    title="Siege",
    traits=frozenset({"hidden", "chance", "zero_sum", "simultaneous"}),
    options=OPTIONS,
    scale=SCALE,
    **declared(1000, 20, 12, 16),
)


def bank(found: list[Any], budget: int) -> dict[str, Any]:
    """The levels as values of the configuration: maps, prices and budgets. Their own waves stay outside."""
    shared = tower_defence.bank(found)
    shared.pop("plans")
    values = shared | {
        "prices": np.zeros((BANK, KINDS), np.int32),
        "purses": np.zeros((BANK, WAVES), np.int32),
        "spacings": np.zeros((BANK, WAVES), np.int16),
    }
    for i, level in enumerate(found):
        values["prices"][i] = prices(level.record[0])
        values["purses"][i] = purses(level, budget)
        values["spacings"][i] = level.plan["spacing"][0]
    return values


def build(**options: Any) -> RecordGame:
    """Raises UserError for a level that cannot be read."""
    given = {name: option.default for name, option in OPTIONS.items()} | options
    found = tower_defence.chosen(given["level"], given["grid"], given["difficulty"], given["layout"])
    frames = max(tower_defence.longest(level.record[0], level.plan[0]) for level in found)
    lives = max(int(level.record["lives"][0]) for level in found)
    spec = SPEC.replace(**declared(-(-frames // given["period"]), lives, given["grid"], given["period"]))
    values = bank(found, given["budget"]) | {"grid": given["grid"], "document": given["text"] == "json"}
    return RecordGame(globals(), spec, state=STATE, observations=OBS, config=CONFIG, values=values)
