"""Part 3d, the world of one frame: waves, fog, enemies and their traits, coins, who falls, and the end."""

from __future__ import annotations

from envs.keys import below, fold
from envs.rules import rule
from envs.towerdefence.tower_defence.combat import CONTACT, burn, defend, fall, lead, stand
from envs.towerdefence.tower_defence.ground import apart, bury, discharge, enlist, pace, place, walk
from envs.towerdefence.tower_defence.state import FREE, HALF, HERO, SCALE, SPAWNS, UNIT

PICK = UNIT * 3 // 10
"""How near the hero must be to pick up a coin."""


@rule
def advance(s, c, key, frame):
    """One frame of 0.02 s."""
    lv = c.levels[s.level]
    key = fold(key, 64 + frame)
    s.frame += 1
    s.tally.idle += s.gold
    if s.aid_in > 0:
        s.aid_in -= 1
    arrive(s, lv)
    if lv.fog_radius > 0:
        drift(s, lv, key)
    defend(s, lv, key)
    stand(s, lv, fold(key, 20))
    lead(s, lv, fold(key, 21))
    if s.burning > 0:
        burn(s, lv, fold(key, 22))
    march(s, lv, fold(key, 23))
    if s.fallen != 0:
        reap(s, lv, fold(key, 24))
    glitter(s, lv, key)
    if s.lives <= 0 or (s.wave >= lv.waves and s.coming == 0 and s.crowd == 0):
        s.done = True


@rule
def arrive(s, lv):
    """Waves begin, and their enemies come one after another; one for whom there is no room waits."""
    if s.coming > 0:
        s.next_in -= 1
        if s.next_in <= 0:
            w = s.wave - 1
            i = count(s, w) - s.coming
            if enlist(s, lv, s.plan.kind[w, i] - 1, s.plan.lane[w, i], 0):
                s.coming -= 1
                s.next_in = s.plan.spacing[w]
    if s.countdown > 0:
        s.countdown -= 1
    if s.countdown == 0 and s.coming == 0:
        begin_wave(s, lv)


@rule
def count(s, w):
    """Enemies of wave w."""
    n = 0
    while n < SPAWNS and s.plan.kind[w, n] > 0:
        n += 1
    return n


@rule
def begin_wave(s, lv):
    s.wave += 1
    s.coming = count(s, s.wave - 1)
    s.next_in = 1
    s.countdown = lv.interval if s.wave < lv.waves else -1


@rule
def drift(s, lv, key):
    """The cloud goes to one random place after another."""
    if walk(s.fog, s.fog.to_x, s.fog.to_y, lv.fog_speed):
        s.fog.to_x = below(fold(key, 30), 2 * HALF + 1) - HALF
        s.fog.to_y = below(fold(key, 31), 2 * HALF + 1) - HALF


@rule
def march(s, lv, key):
    """Enemies walk, fight who holds them, work their traits, and leave at the base; from the last, who replaces one that leaves."""
    # The leg of the road that the enemy before this one walks on: most walk on the same.
    lane, leg, start, end = -1, -1, 0, 0
    x, y, dx, dy = 0, 0, 0, 0
    for j in range(s.crowd - 1, -1, -1):
        e = s.enemies[j]
        if e.hp > 0:
            if e.pulse > 0:
                e.pulse -= 1
                if e.pulse == 0:
                    work(s, lv, j)
            if e.haste > 0:
                e.haste -= 1
                if e.haste == 0:
                    pace(lv, e)
            if e.foe != FREE:
                strike(s, lv, j, fold(key, j))
            else:
                along = e.along + e.speed
                e.along = along
                if e.lane != lane or e.leg != leg:
                    lane = e.lane
                    leg = e.leg
                    path = lv.path[lane]
                    start = path.start[leg]
                    end = path.start[leg + 1]
                    x, y, dx, dy = path.x[leg], path.y[leg], path.dx[leg], path.dy[leg]
                if along < end:
                    off = (along - start) >> 4
                    e.x = x + (off * dx >> 12)
                    e.y = y + (off * dy >> 12)
                elif along >= lv.path[lane].length:
                    s.lives -= 1
                    s.reward[0] -= SCALE
                    discharge(s, j)
                else:
                    place(lv, e)


@rule
def strike(s, lv, j, key):
    """Enemy j fights who holds it."""
    e = s.enemies[j]
    if e.foe == HERO and s.hero.foe != j:
        e.foe = FREE
        return
    if e.cool > 0:
        e.cool -= 1
        return
    kind = lv.kind[e.kind]
    e.cool = kind.interval
    harm = kind.damage + below(key, kind.extra + 1)
    if e.foe == HERO:
        s.hero.hp -= harm
        if s.hero.hp <= 0:
            fall(s, lv)
    else:
        s.knights[e.foe].hp -= harm
        if s.knights[e.foe].hp <= 0:
            s.fallen = 1


@rule
def work(s, lv, j):
    """The trait of enemy j: heal itself or those around, make them faster, freeze towers."""
    e = s.enemies[j]
    kind = lv.kind[e.kind]
    e.pulse = kind.pulse
    if kind.regen > 0:
        e.hp = min(e.hp + kind.regen, kind.health)
    if kind.heal > 0 or kind.haste > 0:
        for k in range(s.crowd):
            other = s.enemies[k]
            if k != j and other.hp > 0 and apart(e.x, e.y, other.x, other.y) <= kind.aura * kind.aura:
                other.hp = min(other.hp + kind.heal, lv.kind[other.kind].health)
                if kind.haste > 0:
                    other.haste = kind.haste
                    pace(lv, other)
    if kind.freeze > 0:
        for t in range(lv.slots):
            if s.towers[t].kind != 0 and apart(e.x, e.y, lv.slot[t].x, lv.slot[t].y) <= kind.aura * kind.aura:
                s.towers[t].frozen = max(s.towers[t].frozen, kind.freeze)


@rule
def reap(s, lv, key):
    """Who has no health left leaves; splitters leave a brood, sappers a blast, knights perhaps some gold."""
    s.fallen = 0
    for j in range(s.crowd - 1, -1, -1):
        if s.enemies[j].hp <= 0:
            s.tally.kills += 1
            last_words(s, lv, j)
            discharge(s, j)
    for i in range(s.guard - 1, -1, -1):
        m = s.knights[i]
        if m.hp <= 0:
            if m.life == 0 and below(fold(key, i), 100) < lv.amends_chance:
                s.amends += 1
                s.gold = min(s.gold + lv.amends_gold, lv.most_gold)
            bury(s, i)


@rule
def last_words(s, lv, j):
    """What enemy j does as it dies."""
    e = s.enemies[j]
    kind = lv.kind[e.kind]
    for n in range(kind.brood):
        enlist(s, lv, kind.split, e.lane, max(e.along - 1600 * n, 0))
    if kind.burst > 0:
        for i in range(s.guard):
            m = s.knights[i]
            if m.hp > 0 and apart(m.x, m.y, e.x, e.y) <= 4 * CONTACT * CONTACT:
                m.hp -= kind.burst


@rule
def glitter(s, lv, key):
    """A coin appears, waits for the hero, and is gone after a while."""
    coin = s.coin
    if coin.left > 0:
        coin.left -= 1
        if s.hero.down == 0 and apart(coin.x, coin.y, s.hero.x, s.hero.y) <= PICK * PICK:
            coin.left = 0
            s.coins += 1
            s.gold = min(s.gold + lv.coin_least + below(fold(key, 40), lv.coin_extra + 1), lv.most_gold)
    elif lv.coin_every > 0:
        coin.wait -= 1
        if coin.wait <= 0:
            coin.x = below(fold(key, 41), 2 * HALF - UNIT + 1) - HALF + UNIT // 2
            coin.y = below(fold(key, 42), 2 * HALF - UNIT + 1) - HALF + UNIT // 2
            coin.left = lv.coin_stays
            coin.wait = lv.coin_every
