"""Part 3c, who fights for the base: towers, knights, the hero and the hero's fire.

Whoever has no aim looks around every eighth frame, half a decision, which is often enough and an eighth of the work.
"""

from __future__ import annotations

from envs.keys import below, fold
from envs.rules import rule
from envs.towerdefence.tower_defence.acts import formation
from envs.towerdefence.tower_defence.ground import apart, covered, eights, hurt, leave, recruit, release, walk, word
from envs.towerdefence.tower_defence.state import ARCHER, BY_HERO, FIRE, FREE, HERO, KNIGHT, MAGICIAN, SECOND, SITES

LOOK = 8
CONTACT = 130
"""Within this distance two units fight hand to hand, and a free blocker stops an enemy."""
PULSE = 25
"""Frames between two burns of a fire, two parts of regeneration."""


@rule
def rolled(base, extra, percent, key):
    """A blow: (base + 0 to extra) in per cent."""
    return (base + below(key, extra + 1)) * percent // 100


@rule
def anybody(s, x, y, reach):
    """Whether an enemy is alive in the square around a point that reaches so far; without a branch, so that eight are asked at once."""
    e = s.enemies
    left = word(x - reach)
    right = word(x + reach)
    low = word(y - reach)
    high = word(y + reach)
    found = False
    for j in range(eights(s.crowd)):
        within = (e.x[j] >= left) & (e.x[j] <= right) & (e.y[j] >= low) & (e.y[j] <= high)
        found = found | (within & (e.hp[j] > 0))
    return found


@rule
def foremost(s, lv, x, y, reach, air):
    """The enemy in sight and range that has the shortest way to the base; air: flyers count too. -1 for none."""
    if not anybody(s, x, y, reach):
        return -1
    best = 1 << 30
    found = -1
    limit = reach * reach
    e = s.enemies
    for j in range(s.crowd):
        if (
            abs(e.x[j] - x) <= reach
            and abs(e.y[j] - y) <= reach
            and apart(x, y, e.x[j], e.y[j]) <= limit
            and e.hp[j] > 0
            and (air or e.air[j] == 0)
        ):
            left = e.goal[j] - e.along[j]
            if left < best and not covered(s, lv, e.x[j], e.y[j]):
                best = left
                found = j
    return found


@rule
def defend(s, lv, key):
    """A frame of all towers. Their timers run without a branch, because nobody could foretell it; a tower whose turn it is has cool -1."""
    built = s.towers
    ready = False
    for t in range(SITES):
        stands = built.kind[t] != 0
        frozen = built.frozen[t] > 0
        built.frozen[t] -= stands & frozen
        built.cool[t] -= stands & (not frozen)
        ready = ready | (built.cool[t] < 0)
    if ready:
        for t in range(lv.slots):
            if built.cool[t] < 0:
                serve(s, lv, t, fold(key, t))


@rule
def serve(s, lv, t, key):
    """The turn of tower t."""
    kind = s.towers.kind[t]
    if covered(s, lv, lv.slot[t].x, lv.slot[t].y):
        s.towers.cool[t] = LOOK - 1
    elif kind == 3:
        muster(s, lv, t)
    else:
        shoot(s, lv, t, key)


@rule
def shoot(s, lv, t, key):
    """An archer hits one enemy, a magician all ground enemies around one."""
    built = s.towers
    make = lv.make[built.kind[t] - 1]
    j = foremost(s, lv, lv.slot[t].x, lv.slot[t].y, make.reach, built.kind[t] == 1)
    if j < 0:
        built.cool[t] = LOOK - 1
        return
    built.cool[t] = make.interval
    percent = 100
    for _ in range(built.level[t]):
        percent = percent * make.growth // 100
    damage = rolled(make.damage, make.extra, percent, key)
    if built.kind[t] == 1:
        hurt(s, lv, j, damage, ARCHER, key)
        return
    e = s.enemies
    x = e.x[j]
    y = e.y[j]
    for k in range(s.crowd):
        if e.air[k] == 0 and e.hp[k] > 0 and apart(x, y, e.x[k], e.y[k]) <= make.splash * make.splash:
            hurt(s, lv, k, damage, MAGICIAN, key)


@rule
def muster(s, lv, t):
    """A knight tower fills its squad, one knight after another."""
    built = s.towers
    built.cool[t] = LOOK - 1
    if built.men[t] >= lv.troop.squad:
        return
    built.training[t] -= LOOK
    if built.training[t] <= 0:
        taken = 0
        for i in range(s.guard):
            if s.knights[i].tower == t:
                taken |= 1 << s.knights[i].rank
        rank = 0
        while taken >> rank & 1:
            rank += 1
        post_x = built.rally_x[t] + formation(rank)
        post_y = built.rally_y[t] + formation(rank + 1)
        if recruit(s, lv, lv.slot[t].x, lv.slot[t].y, post_x, post_y, t, rank, 0):
            built.men[t] += 1
        built.training[t] = lv.troop.training


@rule
def stand(s, lv, key):
    """A frame of all knights."""
    for i in range(s.guard):
        m = s.knights[i]
        m.cool -= m.cool > 0
        if m.life == 1:
            m.hp = 0
            s.fallen = 1
        m.life -= m.life > 1
        if m.foe < 0:
            if (s.frame + i) % LOOK == 0:
                m.foe = nearest(s, lv, m)
            if m.x != m.post_x or m.y != m.post_y:
                walk(m, m.post_x, m.post_y, lv.troop.speed)
        else:
            close_in(s, lv, i, key)


@rule
def nearest(s, lv, m):
    """The ground enemy nearest to a knight within reach of its post; those that nobody holds come first. FREE for none."""
    reach = lv.troop.reach
    x = m.post_x
    y = m.post_y
    if not anybody(s, x, y, reach):
        return FREE
    best = 1 << 30
    found = FREE
    e = s.enemies
    for j in range(s.crowd):
        # Most are too far away, so that is asked first.
        if abs(e.x[j] - x) <= reach and apart(x, y, e.x[j], e.y[j]) <= reach * reach and e.air[j] == 0 and e.hp[j] > 0:
            far = apart(m.x, m.y, e.x[j], e.y[j])
            if e.foe[j] != FREE:
                far += 1 << 26
            if far < best:
                best = far
                found = j
    return found


@rule
def close_in(s, lv, i, key):
    """Knight i goes for its enemy, holds it if nobody does, and strikes."""
    m = s.knights[i]
    j = m.foe
    e = s.enemies
    reach = lv.troop.reach + CONTACT
    if e.hp[j] <= 0 or apart(m.post_x, m.post_y, e.x[j], e.y[j]) > reach * reach:
        release(s, i)
    elif apart(m.x, m.y, e.x[j], e.y[j]) > CONTACT * CONTACT:
        walk(m, e.x[j], e.y[j], lv.troop.speed)
    else:
        if e.foe[j] == FREE:
            e.foe[j] = i
        if m.cool == 0:
            m.cool = lv.troop.interval
            percent = 100
            if m.tower >= 0:
                for _ in range(s.towers.level[m.tower]):
                    percent = percent * lv.make[2].growth // 100
            hurt(s, lv, j, rolled(lv.troop.damage, lv.troop.extra, percent, fold(key, 100 + i)), KNIGHT, key)


@rule
def lead(s, lv, key):
    """A frame of the hero: revive, walk, hold and strike who comes near, or throw fire at who is in range."""
    hero = s.hero
    man = lv.champion
    if hero.skill_in > 0:
        hero.skill_in -= 1
    if hero.down > 0:
        hero.down -= 1
        if hero.down == 0:
            hero.hp = hero.full
        return
    if s.frame % PULSE == 0:
        hero.hp = min(hero.hp + man.regen * PULSE // SECOND, hero.full)
    if hero.cool > 0:
        hero.cool -= 1
    if hero.x != hero.to_x or hero.y != hero.to_y:
        walk(hero, hero.to_x, hero.to_y, man.speed)
    elif hero.foe >= 0:
        if hero.cool == 0:
            hero.cool = man.interval
            hurt(s, lv, hero.foe, rolled(man.damage, man.extra, 100, key), BY_HERO, key)
    elif s.frame % LOOK == 0:
        meet(s, lv, key)


@rule
def meet(s, lv, key):
    """The hero stops the first free ground enemy in contact; without one it throws a fireball at the foremost in range."""
    hero = s.hero
    man = lv.champion
    e = s.enemies
    for j in range(s.crowd if anybody(s, hero.x, hero.y, 2 * CONTACT) else 0):
        near = apart(hero.x, hero.y, e.x[j], e.y[j]) <= CONTACT * CONTACT * 2
        if near and e.air[j] == 0 and e.hp[j] > 0 and e.foe[j] == FREE:
            e.foe[j] = HERO
            hero.foe = j
            return
    if hero.cool == 0:
        j = foremost(s, lv, hero.x, hero.y, man.reach, True)
        if j >= 0:
            hero.cool = man.interval
            hurt(s, lv, j, rolled(man.damage, man.extra, 100, key), BY_HERO, key)


@rule
def fall(s, lv):
    """The hero goes down where it stands."""
    leave(s)
    s.hero.hp = 0
    s.hero.down = lv.champion.revive
    s.hero.to_x = s.hero.x
    s.hero.to_y = s.hero.y


@rule
def burn(s, lv, key):
    """A frame of the fires; the last one takes the place of one that has burnt out."""
    man = lv.champion
    e = s.enemies
    for i in range(s.burning - 1, -1, -1):
        fire = s.fires[i]
        if fire.left % PULSE == 0:
            for j in range(s.crowd):
                if e.hp[j] > 0 and apart(fire.x, fire.y, e.x[j], e.y[j]) <= man.skill_radius * man.skill_radius:
                    hurt(s, lv, j, rolled(man.skill_damage, man.skill_extra, 100, fold(key, 200 + j)), FIRE, key)
        fire.left -= 1
        if fire.left <= 0:
            s.burning -= 1
            if i != s.burning:
                s.fires[i] = s.fires[s.burning]
            s.fires[s.burning].left = 0
