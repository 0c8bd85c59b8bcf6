"""Part 3a, the ground of the rules: distances, steps, what fog hides, harm to an enemy, and who leaves the arrays."""

from __future__ import annotations

import numpy as np

from envs.keys import below, fold
from envs.rules import Rule, rule
from envs.towerdefence.tower_defence.state import ARCHER, ENEMIES, FIRE, FREE, HERO, KNIGHTS, MAGICIAN


@rule
def apart(ax, ay, bx, by):
    """The square of a distance."""
    return (ax - bx) * (ax - bx) + (ay - by) * (ay - by)


@rule
def long(dx, dy):
    """About the length of a vector, never less than 1: the longer side and three eighths of the shorter one (7 % off at most)."""
    dx, dy = abs(dx), abs(dy)
    return max(dx, dy) + 3 * min(dx, dy) // 8 + 1


@rule
def walk(unit, to_x, to_y, speed):
    """One frame of a walk across country; whether the unit has arrived."""
    dx = to_x - unit.x
    dy = to_y - unit.y
    far = long(dx, dy)
    if far <= speed + 1:
        unit.x = to_x
        unit.y = to_y
        return True
    unit.x += dx * speed // far
    unit.y += dy * speed // far
    return False


@rule
def covered(s, lv, x, y):
    """Whether fog hides this point: it is under the cloud, and no fire lights it."""
    radius = lv.fog_radius
    if radius == 0 or apart(x, y, s.fog.x, s.fog.y) > radius * radius:
        return False
    return not lit(s, lv, x, y)


@rule
def lit(s, lv, x, y):
    """Whether a fire lights this point."""
    light = lv.champion.skill_radius
    found = False
    for i in range(s.burning):
        found = found or apart(x, y, s.fires[i].x, s.fires[i].y) <= light * light
    return found


def _word_plain(n):
    return n


def _word_compiled(n):
    return np.int32(n)


word = Rule(_word_plain, _word_compiled)
"""word(n): the same number, of which the compiler then knows that 32 bits hold it, so that eight are compared with it at once."""


@rule
def eights(n):
    """The least multiple of 8 that is no less than n."""
    return (n + 7) & -8


@rule
def place(s, lv, j):
    """Where enemy j's progress has brought it; its leg is moved on first."""
    e = s.enemies
    path = lv.path[e.lane[j]]
    leg = e.leg[j]
    while e.along[j] >= path.start[leg + 1] and leg < path.n - 2:
        leg += 1
    e.leg[j] = leg
    e.start[j] = path.start[leg]
    e.end[j] = path.start[leg + 1]
    e.from_x[j] = path.x[leg]
    e.from_y[j] = path.y[leg]
    e.dx[j] = path.dx[leg]
    e.dy[j] = path.dy[leg]
    locate(e, j)


@rule
def locate(e, j):
    """Put enemy j where its progress on its leg has brought it."""
    off = (e.along[j] - e.start[j]) >> 4
    e.x[j] = e.from_x[j] + (off * e.dx[j] >> 12)
    e.y[j] = e.from_y[j] + (off * e.dy[j] >> 12)


@rule
def pace(s, lv, j):
    """The speed of enemy j now: drums and rage make it faster."""
    e = s.enemies
    kind = lv.kind[e.kind[j]]
    more = 0
    if kind.rage > 0 and 2 * e.hp[j] < kind.health:
        more += kind.rage
    if e.haste[j] > 0:
        more += 50
    e.speed[j] = kind.speed * (100 + more) // 100


@rule
def hurt(s, lv, j, amount, source, key):
    """Harm enemy j: armour turns steel, resistance turns magic and fire, some dodge arrows."""
    e = s.enemies
    kind = lv.kind[e.kind[j]]
    if source == ARCHER and kind.evade > 0 and below(fold(key, 7), 100) < kind.evade:
        return
    turned = kind.resist if source in (MAGICIAN, FIRE) else kind.armour
    amount = min(amount * (100 - turned) // 100, e.hp[j])
    e.hp[j] -= amount
    s.tally.damage[source] += amount
    if e.hp[j] <= 0:
        s.fallen = 1
    elif kind.rage > 0:
        pace(s, lv, j)


@rule
def enlist(s, lv, kind, lane, along):
    """A new enemy on a road; False when there is no room for it."""
    j = s.crowd
    if j >= ENEMIES:
        return False
    e = s.enemies
    data = lv.kind[kind]
    e.kind[j] = kind
    e.lane[j] = lane
    e.goal[j] = lv.path[lane].length
    e.along[j] = along
    e.leg[j] = 0
    e.hp[j] = data.health
    e.foe[j] = FREE
    e.air[j] = data.air
    e.cool[j] = 0
    e.haste[j] = 0
    e.speed[j] = data.speed
    e.pulse[j] = data.pulse
    if data.pulse > 0:
        s.stirs = 1
    place(s, lv, j)
    s.crowd += 1
    return True


@rule
def discharge(s, j):
    """Enemy j leaves: who fought it is free, and the last enemy takes its place."""
    last = s.crowd - 1
    for i in range(s.guard):
        m = s.knights[i]
        if m.foe == j:
            m.foe = FREE
        elif m.foe == last:
            m.foe = j
    if s.hero.foe == j:
        s.hero.foe = FREE
    elif s.hero.foe == last:
        s.hero.foe = j
    if j != last:
        succeed(s.enemies, j, last)
    s.enemies.hp[last] = 0
    s.crowd = last


@rule
def succeed(e, j, last):
    """The last enemy takes the place of enemy j."""
    e.hp[j] = e.hp[last]
    e.along[j] = e.along[last]
    e.x[j] = e.x[last]
    e.y[j] = e.y[last]
    e.speed[j] = e.speed[last]
    e.foe[j] = e.foe[last]
    e.start[j] = e.start[last]
    e.end[j] = e.end[last]
    e.from_x[j] = e.from_x[last]
    e.from_y[j] = e.from_y[last]
    e.dx[j] = e.dx[last]
    e.dy[j] = e.dy[last]
    e.goal[j] = e.goal[last]
    e.cool[j] = e.cool[last]
    e.pulse[j] = e.pulse[last]
    e.haste[j] = e.haste[last]
    e.kind[j] = e.kind[last]
    e.lane[j] = e.lane[last]
    e.leg[j] = e.leg[last]
    e.air[j] = e.air[last]


@rule
def bury(s, i):
    """Knight i leaves: the enemy that it held is free, and the last knight takes its place."""
    last = s.guard - 1
    e = s.enemies
    for j in range(s.crowd):
        if e.foe[j] == i:
            e.foe[j] = FREE
        elif e.foe[j] == last:
            e.foe[j] = i
    if s.knights[i].tower >= 0:
        s.towers.men[s.knights[i].tower] -= 1
    if i != last:
        s.knights[i] = s.knights[last]
    s.knights[last].hp = 0
    s.guard = last


@rule
def release(s, i):
    """Knight i lets go of its enemy."""
    m = s.knights[i]
    if m.foe >= 0 and s.enemies.foe[m.foe] == i:
        s.enemies.foe[m.foe] = FREE
    m.foe = FREE


@rule
def leave(s):
    """The hero lets go of its enemy."""
    if s.hero.foe >= 0 and s.enemies.foe[s.hero.foe] == HERO:
        s.enemies.foe[s.hero.foe] = FREE
    s.hero.foe = FREE


@rule
def recruit(s, lv, x, y, post_x, post_y, tower, rank, life):
    """A new knight; False when there is no room for it."""
    if s.guard >= KNIGHTS:
        return False
    m = s.knights[s.guard]
    m.hp = lv.troop.health
    m.x = x
    m.y = y
    m.post_x = post_x
    m.post_y = post_y
    m.cool = 0
    m.life = life
    m.foe = FREE
    m.tower = tower
    m.rank = rank
    s.guard += 1
    return True
