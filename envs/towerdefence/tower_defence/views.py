"""Part 3f, tensors: the compact planes for learning, and the 759 numbers in TowerMind's order."""

from __future__ import annotations

from envs.rules import rule
from envs.towerdefence.tower_defence.ground import apart, lit
from envs.towerdefence.tower_defence.state import (
    ENEMIES,
    FIRES,
    HALF,
    KINDS,
    KNIGHTS,
    PATHS,
    POINTS,
    SECOND,
    SLOTS,
    SPAWNS,
    UNIT,
)  # fmt: skip

PLANES = (
    "road", "free slot", "archers", "magicians", "knight tower", "tower at rest", "ground enemies", "flyers", "enemies with an aura",
    "knights", "hero", "coin", "fog", "fire", "gold", "lives", "countdown", "wave", "reinforcements", "hero's health", "skill",
)  # fmt: skip
"""What the planes of `compact` show, each from 0 to 1. From "gold" on, a plane holds one number everywhere."""
STRUCTURED, MISSING = 759, -9999.0


@rule
def cell_of(x, grid):
    """The column (or row) of a grid in which a coordinate lies."""
    return min(max((x + HALF) * grid // (2 * HALF), 0), grid - 1)


@rule
def encode_compact(obs, c, out):
    """See PLANES. Rows run from y = -3 upwards in y, columns from x = -3."""
    lv = c.levels[obs.level]
    g = out.shape[1]
    for row in range(g):
        for column in range(g):
            road = lv.road[row * g + column]
            out[0, row, column] = (1000 - road) * 0.001 if road >= 0 else 0.0
    for t in range(lv.slots):
        tower = obs.towers[t]
        row = cell_of(lv.slot[t].y, g)
        column = cell_of(lv.slot[t].x, g)
        if tower.kind == 0:
            out[1, row, column] = 1.0
        else:
            out[1 + tower.kind, row, column] = (1 + tower.level) / 4.0
            if tower.frozen > 0 or in_fog(obs, lv, lv.slot[t].x, lv.slot[t].y):
                out[5, row, column] = 1.0
    for n in range(obs.crowd):
        e = obs.enemies[n]
        row = cell_of(e.y, g)
        column = cell_of(e.x, g)
        kind = lv.kind[e.kind]
        plane = 7 if kind.air != 0 else 6
        out[plane, row, column] = min(out[plane, row, column] + e.hp / 4000.0, 1.0)
        if kind.aura > 0:
            out[8, row, column] = 1.0
    for n in range(obs.guard):
        m = obs.knights[n]
        row = cell_of(m.y, g)
        column = cell_of(m.x, g)
        out[9, row, column] = min(out[9, row, column] + m.hp / 2000.0, 1.0)
    spots(obs, lv, out, g)
    numbers(obs, lv, out, g)


@rule
def in_fog(obs, lv, x, y):
    """Whether fog covers a point, from what is seen."""
    radius = lv.fog_radius
    if radius == 0 or apart(x, y, obs.fog_x, obs.fog_y) > radius * radius:
        return False
    return not lit(obs, lv, x, y)


@rule
def spots(obs, lv, out, g):
    """Hero, coin, fires, fog."""
    hero = obs.hero
    if hero.down == 0:
        out[10, cell_of(hero.y, g), cell_of(hero.x, g)] = max(hero.hp, 0) / max(hero.full, 1)
    if obs.coin.left > 0:
        out[11, cell_of(obs.coin.y, g), cell_of(obs.coin.x, g)] = 1.0
    for i in range(obs.burning):
        out[13, cell_of(obs.fires[i].y, g), cell_of(obs.fires[i].x, g)] = 1.0
    if lv.fog_radius > 0:
        low = cell_of(obs.fog_y - lv.fog_radius, g)
        left = cell_of(obs.fog_x - lv.fog_radius, g)
        right = cell_of(obs.fog_x + lv.fog_radius, g)
        for row in range(low, cell_of(obs.fog_y + lv.fog_radius, g) + 1):
            y = (2 * row + 1) * HALF // g - HALF
            for column in range(left, right + 1):
                x = (2 * column + 1) * HALF // g - HALF
                if in_fog(obs, lv, x, y):
                    out[12, row, column] = 1.0


@rule
def numbers(obs, lv, out, g):
    """The planes that hold one number; all at once, because a loop for each costs more than its stores."""
    gold = min(obs.gold / 1000.0, 1.0)
    lives = max(obs.lives, 0) / max(lv.lives, 1)
    countdown = min(max(obs.countdown, 0) / max(lv.interval, lv.first, 1), 1.0)
    wave = obs.wave / max(lv.waves, 1)
    aid = 1.0 - obs.aid_in / max(lv.aid_wait, 1)
    health = max(obs.hero.hp, 0) / max(obs.hero.full, 1)
    skill = 1.0 - obs.hero.skill_in / max(lv.champion.skill_wait, 1)
    for row in range(g):
        for column in range(g):
            out[14, row, column] = gold
            out[15, row, column] = lives
            out[16, row, column] = countdown
            out[17, row, column] = wave
            out[18, row, column] = aid
            out[19, row, column] = health
            out[20, row, column] = skill


@rule
def fill(out, plane, value, g):
    for row in range(g):
        for column in range(g):
            out[plane, row, column] = value


@rule
def encode_structured(obs, c, out):
    """44 numbers; 5 paths x 20 points x (x, y); 25 types of the wave; 10 fires x (x, y); 15 towers x (x, y, level, built, frozen, rally x,
    rally y, type); 50 enemies x (x, y, type, health); 50 knights x (x, y, health). Missing entries are -9999; lengths in map units,
    times in seconds.
    """
    lv = c.levels[obs.level]
    for i in range(STRUCTURED):
        out[i] = MISSING
    heading(obs, lv, c, out)
    at = 44
    for p in range(lv.paths):
        for i in range(lv.path[p].n):
            out[at + 2 * (p * POINTS + i)] = lv.path[p].x[i] / UNIT
            out[at + 2 * (p * POINTS + i) + 1] = lv.path[p].y[i] / UNIT
    at += 2 * PATHS * POINTS
    for i in range(min(SPAWNS, KINDS)):
        if obs.types[i] > 0:
            out[at + i] = obs.types[i] - 1
    at += KINDS
    for i in range(obs.burning):
        out[at + 2 * i] = obs.fires[i].x / UNIT
        out[at + 2 * i + 1] = obs.fires[i].y / UNIT
    at += 2 * FIRES
    for t in range(lv.slots):
        tower = obs.towers[t]
        out[at + 8 * t] = lv.slot[t].x / UNIT
        out[at + 8 * t + 1] = lv.slot[t].y / UNIT
        out[at + 8 * t + 2] = tower.level
        out[at + 8 * t + 3] = 1.0 if tower.kind != 0 else 0.0
        out[at + 8 * t + 4] = 1.0 if tower.frozen > 0 else 0.0
        out[at + 8 * t + 5] = (tower.rally_x if tower.kind != 0 else lv.slot[t].rally_x) / UNIT
        out[at + 8 * t + 6] = (tower.rally_y if tower.kind != 0 else lv.slot[t].rally_y) / UNIT
        out[at + 8 * t + 7] = tower.kind
    at += 8 * SLOTS
    for n in range(obs.crowd):
        e = obs.enemies[n]
        out[at + 4 * n] = e.x / UNIT
        out[at + 4 * n + 1] = e.y / UNIT
        out[at + 4 * n + 2] = e.kind
        out[at + 4 * n + 3] = e.hp
    at += 4 * ENEMIES
    for n in range(min(obs.guard, KNIGHTS)):
        m = obs.knights[n]
        out[at + 3 * n] = m.x / UNIT
        out[at + 3 * n + 1] = m.y / UNIT
        out[at + 3 * n + 2] = m.hp


@rule
def heading(obs, lv, c, out):
    """The 44 numbers that come first."""
    left, right, low, high = HALF, -HALF, HALF, -HALF
    for t in range(lv.slots):
        left, right = min(left, lv.slot[t].x), max(right, lv.slot[t].x)
        low, high = min(low, lv.slot[t].y), max(high, lv.slot[t].y)
    out[0], out[1], out[2], out[3] = -3.0, 3.0, -3.0, 3.0
    out[4], out[5], out[6], out[7] = left / UNIT, right / UNIT, low / UNIT, high / UNIT
    out[8], out[9], out[10], out[11] = obs.coins, obs.amends, lv.most_gold, lv.lives
    out[12], out[13] = lv.waves, obs.wave
    out[14] = max(obs.countdown, 0) / SECOND
    out[15] = lv.waves - obs.wave
    out[16], out[17] = lv.interval / SECOND, lv.refund / 100.0
    out[18], out[19] = lv.coin_every / SECOND, lv.coin_stays / SECOND
    out[20], out[21] = lv.coin_least, lv.coin_least + lv.coin_extra
    last = lv.path[0].n - 1
    out[22], out[23] = lv.path[0].x[last] / UNIT, lv.path[0].y[last] / UNIT
    out[24], out[25] = obs.tick, obs.frame / SECOND
    out[26], out[27] = obs.gold, obs.lives
    if lv.fog_radius > 0:
        out[28], out[29] = obs.fog_x / UNIT, obs.fog_y / UNIT
    out[30] = obs.aid_in / SECOND
    hero = obs.hero
    out[31], out[32] = 1.0 if hero.down > 0 else 0.0, hero.down / SECOND
    out[33], out[34], out[35] = hero.x / UNIT, hero.y / UNIT, hero.hp
    if obs.coin.left > 0:
        out[36], out[37], out[38] = obs.coin.x / UNIT, obs.coin.y / UNIT, obs.coin.left / SECOND
    out[39], out[40], out[41] = obs.last.x / UNIT, obs.last.y / UNIT, obs.last.kind
    out[42], out[43] = 1.0 if obs.last.error == 0 else 0.0, obs.last.error
