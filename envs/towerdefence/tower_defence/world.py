"""Part 3d, the world of one frame: waves, fog, enemies and their traits, coins, who falls, and the end."""

from __future__ import annotations

from envs.keys import below, fold
from envs.rules import rule
from envs.towerdefence.tower_defence.combat import CONTACT, burn, defend, fall, lead, stand
from envs.towerdefence.tower_defence.ground import apart, bury, discharge, eights, enlist, locate, pace, place, walk
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
    e = s.enemies
    if s.stirs != 0 and due(s):
        # What a trait does to the others depends on who of them has walked already.
        for j in range(s.crowd - 1, -1, -1):
            if e.hp[j] > 0:
                tend(s, lv, j)
                if e.foe[j] == FREE:
                    e.along[j] += e.speed[j]
                    locate(e, j)
                if busy(e, j):
                    turn(s, lv, j, key)
        return
    if s.stirs != 0:
        wait(s)
    if stride(s):
        for j in range(s.crowd - 1, -1, -1):
            if busy(e, j):
                turn(s, lv, j, key)


@rule
def due(s):
    """Whether the trait of an enemy works in this frame, or its haste ends."""
    e = s.enemies
    found = False
    for j in range(eights(s.crowd)):
        found = found | ((e.hp[j] > 0) & ((e.pulse[j] == 1) | (e.haste[j] == 1)))
    return found


@rule
def wait(s):
    """A frame of the timers of traits and haste, none of which ends in it."""
    e = s.enemies
    for j in range(eights(s.crowd)):
        e.pulse[j] -= (e.pulse[j] > 0) & (e.hp[j] > 0)
        e.haste[j] -= (e.haste[j] > 0) & (e.hp[j] > 0)


@rule
def stride(s):
    """All who are free walk; whether anybody is busy.

    Without a branch, so that eight do it at once. Who is held or dead is put where it was.
    """
    e = s.enemies
    found = False
    for j in range(eights(s.crowd)):
        e.along[j] += e.speed[j] * ((e.hp[j] > 0) & (e.foe[j] == FREE))
        locate(e, j)
        found = found | busy(e, j)
    return found


@rule
def busy(e, j):
    """Whether enemy j is held, or has come to the end of its leg."""
    return (e.hp[j] > 0) & ((e.foe[j] != FREE) | (e.along[j] >= e.end[j]))


@rule
def tend(s, lv, j):
    """A frame of the timers of enemy j."""
    e = s.enemies
    if e.pulse[j] > 0:
        e.pulse[j] -= 1
        if e.pulse[j] == 0:
            work(s, lv, j)
    if e.haste[j] > 0:
        e.haste[j] -= 1
        if e.haste[j] == 0:
            pace(s, lv, j)


@rule
def turn(s, lv, j, key):
    """What enemy j does when it is busy: it fights, takes the next leg of its road, or leaves at its end."""
    e = s.enemies
    if e.foe[j] != FREE:
        strike(s, lv, j, fold(key, j))
    elif e.along[j] >= e.goal[j]:
        s.lives -= 1
        s.reward[0] -= SCALE
        discharge(s, j)
    else:
        place(s, lv, j)


@rule
def strike(s, lv, j, key):
    """Enemy j fights who holds it."""
    e = s.enemies
    if e.foe[j] == HERO and s.hero.foe != j:
        e.foe[j] = FREE
        return
    if e.cool[j] > 0:
        e.cool[j] -= 1
        return
    kind = lv.kind[e.kind[j]]
    e.cool[j] = kind.interval
    harm = kind.damage + below(key, kind.extra + 1)
    if e.foe[j] == HERO:
        s.hero.hp -= harm
        if s.hero.hp <= 0:
            fall(s, lv)
    else:
        s.knights[e.foe[j]].hp -= harm
        if s.knights[e.foe[j]].hp <= 0:
            s.fallen = 1


@rule
def work(s, lv, j):
    """The trait of enemy j: heal itself or those around, make them faster, freeze towers."""
    e = s.enemies
    kind = lv.kind[e.kind[j]]
    e.pulse[j] = kind.pulse
    if kind.regen > 0:
        e.hp[j] = min(e.hp[j] + kind.regen, kind.health)
    if kind.heal > 0 or kind.haste > 0:
        for k in range(s.crowd):
            if k != j and e.hp[k] > 0 and apart(e.x[j], e.y[j], e.x[k], e.y[k]) <= kind.aura * kind.aura:
                e.hp[k] = min(e.hp[k] + kind.heal, lv.kind[e.kind[k]].health)
                if kind.haste > 0:
                    e.haste[k] = kind.haste
                    pace(s, lv, k)
    if kind.freeze > 0:
        for t in range(lv.slots):
            if s.towers.kind[t] != 0 and apart(e.x[j], e.y[j], lv.slot[t].x, lv.slot[t].y) <= kind.aura * kind.aura:
                s.towers.frozen[t] = max(s.towers.frozen[t], kind.freeze)


@rule
def reap(s, lv, key):
    """Who has no health left leaves; splitters leave a brood, sappers a blast, knights perhaps some gold."""
    s.fallen = 0
    for j in range(s.crowd - 1, -1, -1):
        if s.enemies.hp[j] <= 0:
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
    e = s.enemies
    kind = lv.kind[e.kind[j]]
    for n in range(kind.brood):
        enlist(s, lv, kind.split, e.lane[j], max(e.along[j] - 1600 * n, 0))
    if kind.burst > 0:
        for i in range(s.guard):
            m = s.knights[i]
            if m.hp > 0 and apart(m.x, m.y, e.x[j], e.y[j]) <= 4 * CONTACT * CONTACT:
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
