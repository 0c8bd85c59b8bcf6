"""Part 2, the state: sizes, units, and the records of a level, of the world and of what is seen.

Lengths are in 1/1024 of a map unit (the map is the square from -3 to 3), time in frames of 0.02 s, progress along a road in 1/16 of
a length unit, shares in per cent. A level is data: everything in it comes from a TOML file (see `levels`).
"""

from __future__ import annotations

import numpy as np

from envs.rules import config, nested, observation, state

UNIT, HALF = 1024, 3072
SECOND = 50
KINDS, PATHS, POINTS, SLOTS, ENEMIES, KNIGHTS, FIRES = 25, 5, 20, 15, 50, 50, 10
WAVES, SPAWNS, BANK, GRID = 12, 25, 4, 24
"""At most so many kinds of enemies, roads, points of a road, tower slots, living enemies and knights, fires, waves, enemies of a wave,
levels in one configuration, cells along a side of the grid. The sizes that TowerMind's observation has are its own."""
CELLS = GRID * GRID
PLACES, SITES = (ENEMIES + 7) & -8, (SLOTS + 7) & -8
"""Places in the arrays of the enemies and of the towers: loops over all go by eights, with the machine's wide registers."""
LETTERS = 16
"""Characters of the name of a kind of enemies, at most."""
ALONG = 16
HERO, FREE = 100, -1
"""A blocker is the index of a knight, HERO, or FREE for none."""
NEAR = 1 << 15
"""The bit of a cell from which a road is near; bit t says that slot t's knights may be sent there."""
SCALE = 2000
"""Reward units in a base life; the optional cost of a decision is one of them."""
SOURCES = ("archer", "magician", "knight", "hero", "fire")
ARCHER, MAGICIAN, KNIGHT, BY_HERO, FIRE = range(5)
CODES = 16

I8, I16, I32 = np.int8, np.int16, np.int32


def _shorts(*names: str) -> tuple[tuple[str, type], ...]:
    return tuple((name, I16) for name in names)


KIND = nested(
    ("health", I32), *_shorts(
        "speed", "interval", "damage", "extra", "air", "armour", "resist", "evade", "regen", "pulse", "aura", "heal", "freeze", "haste",
        "split", "brood", "rage", "burst",
    ),
)  # fmt: skip
"""pulse: frames between the effects of an aura, 0 for none; aura: its radius; heal: health given; freeze: frames that towers stand still;
haste, rage: more speed to neighbours, or below half health; split: kind of the brood; burst: damage to knights around at its death."""
PATH = nested(
    ("n", I16), ("x", I16, (POINTS,)), ("y", I16, (POINTS,)), ("dx", I16, (POINTS,)), ("dy", I16, (POINTS,)),
    ("start", I32, (POINTS + 1,)), ("length", I32),
)  # fmt: skip
"""dx, dy: the direction of the leg that begins at a point, times 4096; start: progress there."""
SLOT = nested(*_shorts("x", "y", "rally_x", "rally_y"))
MAKE = nested(*_shorts("price", "upgrade", "interval", "damage", "extra", "reach", "growth", "splash", "top"))
"""A kind of tower. reach: half of the range; growth: per cent of damage kept a level; splash: radius of a magician's blow."""
TROOP = nested(*_shorts("health", "speed", "interval", "damage", "extra", "training", "squad", "reach"))
CHAMPION = nested(
    *_shorts(
        "health", "speed", "interval", "damage", "extra", "reach", "regen", "revive", "upgrade", "gain", "top",
        "skill_damage", "skill_extra", "skill_cost", "skill_lasts", "skill_radius", "skill_reach", "skill_wait",
    )
)  # fmt: skip
LEVEL = nested(
    *_shorts(
        "lives", "gold", "most_gold", "waves", "first", "interval", "refund", "coin_every", "coin_stays", "coin_least", "coin_extra",
        "amends_chance", "amends_gold", "fog_radius", "fog_speed", "aid_count", "aid_lasts", "aid_wait", "paths", "slots", "expert",
    ),
    ("path", PATH, (PATHS,)), ("slot", SLOT, (SLOTS,)), ("make", MAKE, (3,)), ("troop", TROOP), ("champion", CHAMPION),
    ("kind", KIND, (KINDS,)), ("spot_x", I16, (CELLS,)), ("spot_y", I16, (CELLS,)), ("cell", I32, (CELLS,)), ("road", I16, (CELLS,)),
    ("names", I8, (KINDS, LETTERS)),
)  # fmt: skip
"""expert: hundredths of the scripted expert's mean score, 1 where it is not known. spot: the point that stands for a grid cell;
cell: bits NEAR and of slots; road: per mille of the way to the base, -1 off the roads; names: of the kinds, in ASCII."""
PLAN = nested(("kind", I8, (WAVES, SPAWNS)), ("lane", I8, (WAVES, SPAWNS)), ("spacing", I16, (WAVES,)))
"""What comes: kind + 1 (0: nobody) and road of each enemy of each wave, frames between them."""
CONFIG = config(
    ("levels", LEVEL, (BANK,)), ("plans", PLAN, (BANK,)), ("count", I16), ("raw", I8), ("grid", I16), ("step_cost", I8),
    ("shuffled", I8), ("document", I8), hidden=("plans",),
)  # fmt: skip
"""count: levels in use, of which an episode draws one. shuffled: waves come in random order and on random roads."""

TOWERS = nested(
    *((name, I32, (SITES,)) for name in ("kind", "frozen", "cool")),
    *((name, I16, (SITES,)) for name in ("level", "rally_x", "rally_y", "spent", "training", "men")),
)
"""The towers by slot, an array for each of their fields. kind: 0 none, 1 archer, 2 magician, 3 knight."""
_AT_ONCE = (
    "hp", "along", "x", "y", "speed", "foe", "pulse", "haste", "start", "end", "from_x", "from_y", "dx", "dy", "goal"
)  # fmt: skip
CROWD = nested(
    *((name, I32, (PLACES,)) for name in _AT_ONCE), ("cool", I16, (PLACES,)),
    *((name, I8, (PLACES,)) for name in ("kind", "lane", "leg", "air")),
)  # fmt: skip
"""The enemies, an array for each of their fields, so that eight walk at once; only loops over fields of one width become wide.
start, end, from_x, from_y, dx, dy: of the leg of the road on which it is; goal: length of the road."""
SOLDIER = nested(
    ("hp", I32), *_shorts("x", "y", "post_x", "post_y", "cool", "life"), ("foe", I8), ("tower", I8), ("rank", I8)
)
"""life: frames that a reinforcement stays, 0 for a tower's knight; foe: the enemy that it goes for, FREE for none."""
HEROIC = nested(
    ("hp", I32), ("full", I32), *_shorts("x", "y", "to_x", "to_y", "level", "down", "cool", "skill_in"), ("foe", I8)
)
"""down: frames until it is alive again."""
ACT = nested(*_shorts("x", "y", "kind", "error"))
COIN = nested(*_shorts("x", "y", "left", "wait"))
BLAZE = nested(*_shorts("x", "y", "left"))
FOG = nested(*_shorts("x", "y", "to_x", "to_y"))
TALLY = nested(
    ("errors", I32, (CODES,)),
    ("damage", I32, (len(SOURCES),)),
    ("idle", np.int64),
    ("spent", I32),
    ("kills", I32),
    ("acts", I32),
)

_PARTY = (
    ("level", I16), ("frame", I32), ("wave", I16), ("countdown", I16), ("coming", I16), ("lives", I16), ("gold", I16), ("coins", I16),
    ("amends", I16), ("aid_in", I16), ("shown", I16), ("last", ACT), ("hero", HEROIC),
)  # fmt: skip
_FLAMES = (("burning", I16), ("fires", BLAZE, (FIRES,)))
"""What a defender knows, besides its towers. wave: waves begun; countdown: frames to the next, -1 after the last; coming: enemies of
this wave that are still to come; coins, amends: how often gold was picked up, or paid for a fallen knight; burning: fires alight,
which stand first."""
WORLD = (
    *_PARTY, ("towers", TOWERS), *_FLAMES, ("fog", FOG), ("coin", COIN), ("plan", PLAN), ("next_in", I16), ("fallen", I16),
    ("stirs", I8), ("crowd", I16), ("enemies", CROWD), ("guard", I16), ("knights", SOLDIER, (KNIGHTS,)), ("tally", TALLY),
)  # fmt: skip
STATE = state(*WORLD)
"""crowd enemies and guard knights stand first in their arrays. fallen: somebody's health is gone in this frame. stirs: an enemy whose
trait works now and then has come in this episode."""
SEEN_TOWER = nested(*_shorts("kind", "level", "frozen", "cool", "rally_x", "rally_y", "spent", "training", "men"))
SEEN_ENEMY = nested(("hp", I32), ("along", I32), *_shorts("x", "y"), ("kind", I8), ("lane", I8), ("held", I8))
SEEN_KNIGHT = nested(("hp", I32), *_shorts("x", "y", "life"), ("tower", I8), ("rank", I8))
SEEN_COIN = nested(*_shorts("x", "y", "left"))
SEEN = (
    *_PARTY, ("towers", SEEN_TOWER, (SLOTS,)), *_FLAMES, ("fog_x", I16), ("fog_y", I16), ("coin", SEEN_COIN),
    ("types", I8, (SPAWNS,)), ("lanes", I8, (SPAWNS,)), ("spacing", I16), ("crowd", I16), ("enemies", SEEN_ENEMY, (ENEMIES,)),
    ("guard", I16), ("knights", SEEN_KNIGHT, (KNIGHTS,)),
)  # fmt: skip
OBS = {"*": observation(*SEEN)}
"""types, lanes: the enemies of the wave that has begun, kind + 1 and road. What fog covers is in none of the arrays."""
