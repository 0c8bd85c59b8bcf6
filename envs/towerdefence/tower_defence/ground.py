"""Part 3a, the ground of the rules: distances, steps, what fog hides, harm to an enemy, and who leaves the arrays."""

from __future__ import annotations

from envs.keys import below, fold
from envs.rules import rule
from envs.towerdefence.tower_defence.state import ARCHER, FIRE, FREE, HERO, KNIGHTS, MAGICIAN


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
    light = lv.champion.skill_radius
    lit = False
    for i in range(s.burning):
        lit = lit or apart(x, y, s.fires[i].x, s.fires[i].y) <= light * light
    return not lit


@rule
def place(lv, e):
    """Where an enemy's progress has brought it; its leg is moved on first."""
    path = lv.path[e.lane]
    while e.along >= path.start[e.leg + 1] and e.leg < path.n - 2:
        e.leg += 1
    leg = e.leg
    off = (e.along - path.start[leg]) >> 4
    e.x = path.x[leg] + (off * path.dx[leg] >> 12)
    e.y = path.y[leg] + (off * path.dy[leg] >> 12)


@rule
def pace(lv, e):
    """An enemy's speed now: drums and rage make it faster."""
    kind = lv.kind[e.kind]
    more = 0
    if kind.rage > 0 and 2 * e.hp < kind.health:
        more += kind.rage
    if e.haste > 0:
        more += 50
    e.speed = kind.speed * (100 + more) // 100


@rule
def hurt(s, lv, j, amount, source, key):
    """Harm enemy j: armour turns steel, resistance turns magic and fire, some dodge arrows."""
    e = s.enemies[j]
    kind = lv.kind[e.kind]
    if source == ARCHER and kind.evade > 0 and below(fold(key, 7), 100) < kind.evade:
        return
    turned = kind.resist if source in (MAGICIAN, FIRE) else kind.armour
    amount = min(amount * (100 - turned) // 100, e.hp)
    e.hp -= amount
    s.tally.damage[source] += amount
    if e.hp <= 0:
        s.fallen = 1
    elif kind.rage > 0:
        pace(lv, e)


@rule
def enlist(s, lv, kind, lane, along):
    """A new enemy on a road; False when there is no room for it."""
    if s.crowd >= len(s.enemies):
        return False
    e = s.enemies[s.crowd]
    data = lv.kind[kind]
    e.kind = kind
    e.lane = lane
    e.along = along
    e.leg = 0
    e.hp = data.health
    e.foe = FREE
    e.air = data.air
    e.cool = 0
    e.haste = 0
    e.speed = data.speed
    e.pulse = data.pulse
    place(lv, e)
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
        s.enemies[j] = s.enemies[last]
    s.enemies[last].hp = 0
    s.crowd = last


@rule
def bury(s, i):
    """Knight i leaves: the enemy that it held is free, and the last knight takes its place."""
    last = s.guard - 1
    for j in range(s.crowd):
        e = s.enemies[j]
        if e.foe == i:
            e.foe = FREE
        elif e.foe == last:
            e.foe = i
    if s.knights[i].tower >= 0:
        s.towers[s.knights[i].tower].men -= 1
    if i != last:
        s.knights[i] = s.knights[last]
    s.knights[last].hp = 0
    s.guard = last


@rule
def release(s, i):
    """Knight i lets go of its enemy."""
    m = s.knights[i]
    if m.foe >= 0 and s.enemies[m.foe].foe == i:
        s.enemies[m.foe].foe = FREE
    m.foe = FREE


@rule
def leave(s):
    """The hero lets go of its enemy."""
    if s.hero.foe >= 0 and s.enemies[s.hero.foe].foe == HERO:
        s.enemies[s.hero.foe].foe = FREE
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
