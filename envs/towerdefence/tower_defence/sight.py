"""Part 3e, what is seen and what may be imagined: everything but what fog covers and what is still to come."""

from __future__ import annotations

from envs.keys import below, fold
from envs.rules import rule
from envs.towerdefence.tower_defence.acts import formation
from envs.towerdefence.tower_defence.ground import apart, covered, enlist, recruit
from envs.towerdefence.tower_defence.state import ENEMIES, FREE, HALF, HERO, KNIGHTS, SLOTS, SPAWNS, WAVES

TRIES = 24


@rule
def observe(s, c, seat, obs):
    """The spectator (-1) sees through fog; everybody else is shown the same."""
    show_known(s, obs)
    show_towers(s, obs)
    show_field(s, c.levels[s.level], seat == -1, obs)


@rule
def show_field(s, lv, clear, obs):
    """Fog, coin, the wave that has begun, and who stands in the open; clear: through the fog too."""
    all_seen = clear or lv.fog_radius == 0
    obs.fog_x = s.fog.x
    obs.fog_y = s.fog.y
    if s.coin.left > 0 and (all_seen or not covered(s, lv, s.coin.x, s.coin.y)):
        obs.coin.x = s.coin.x
        obs.coin.y = s.coin.y
        obs.coin.left = s.coin.left
    if s.wave > 0:
        obs.spacing = s.plan.spacing[s.wave - 1]
        for i in range(SPAWNS):
            obs.types[i] = s.plan.kind[s.wave - 1, i]
            obs.lanes[i] = s.plan.lane[s.wave - 1, i]
    n = 0
    e = s.enemies
    for j in range(s.crowd):
        if all_seen or not covered(s, lv, e.x[j], e.y[j]):
            show_enemy(e, j, obs.enemies[n])
            n += 1
    obs.crowd = n
    n = 0
    for i in range(s.guard):
        m = s.knights[i]
        if all_seen or not covered(s, lv, m.x, m.y):
            show_knight(m, obs.knights[n])
            n += 1
    obs.guard = n


@rule
def show_enemy(e, j, seen):
    seen.hp = e.hp[j]
    seen.along = e.along[j]
    seen.x = e.x[j]
    seen.y = e.y[j]
    seen.kind = e.kind[j]
    seen.lane = e.lane[j]
    seen.held = 0 if e.foe[j] == FREE else 1


@rule
def show_knight(m, seen):
    seen.hp = m.hp
    seen.x = m.x
    seen.y = m.y
    seen.life = m.life
    seen.tower = m.tower
    seen.rank = m.rank


@rule
def show_known(s, obs):
    """From a state to an observation, and back: the fields have the same names."""
    obs.level = s.level
    obs.frame = s.frame
    obs.wave = s.wave
    obs.countdown = s.countdown
    obs.coming = s.coming
    obs.lives = s.lives
    obs.gold = s.gold
    obs.coins = s.coins
    obs.amends = s.amends
    obs.aid_in = s.aid_in
    obs.shown = s.shown
    obs.last = s.last
    obs.hero = s.hero
    # Whom the hero holds is a number in an array that the seat does not see.
    obs.hero.foe = FREE
    obs.burning = s.burning
    obs.fires = s.fires


@rule
def show_towers(s, obs):
    """The towers, which nothing hides."""
    built = s.towers
    for t in range(SLOTS):
        seen = obs.towers[t]
        seen.kind = built.kind[t]
        seen.level = built.level[t]
        seen.frozen = built.frozen[t]
        seen.cool = built.cool[t]
        seen.rally_x = built.rally_x[t]
        seen.rally_y = built.rally_y[t]
        seen.spent = built.spent[t]
        seen.training = built.training[t]
        seen.men = built.men[t]


@rule
def build(obs, s):
    """The way back of show_towers."""
    built = s.towers
    for t in range(SLOTS):
        seen = obs.towers[t]
        built.kind[t] = seen.kind
        built.level[t] = seen.level
        built.frozen[t] = seen.frozen
        built.cool[t] = seen.cool
        built.rally_x[t] = seen.rally_x
        built.rally_y[t] = seen.rally_y
        built.spent[t] = seen.spent
        built.training[t] = seen.training
        built.men[t] = seen.men


@rule
def imagine(obs, c, seat, key, s):
    """A state that looks like this: strangers in the fog, guessed waves, timers that nobody sees drawn at random."""
    lv = c.levels[obs.level]
    show_known(obs, s)
    build(obs, s)
    guess_weather(obs, lv, key, s)
    guess_waves(obs, lv, key, s)
    place_units(obs, lv, s)
    if seat != -1 and lv.fog_radius > 0:
        people(s, lv, key)


@rule
def guess_weather(obs, lv, key, s):
    """Fog and coin where they are seen; where the cloud goes, and when the next coin comes, is drawn."""
    s.fog.x = obs.fog_x
    s.fog.y = obs.fog_y
    s.fog.to_x = below(fold(key, 1), 2 * HALF + 1) - HALF
    s.fog.to_y = below(fold(key, 2), 2 * HALF + 1) - HALF
    s.coin.x = obs.coin.x
    s.coin.y = obs.coin.y
    s.coin.left = obs.coin.left
    s.coin.wait = 1 + below(fold(key, 3), max(lv.coin_every, 1))


@rule
def place_units(obs, lv, s):
    """The knights and enemies that are seen, each enemy that is held with somebody who holds it."""
    for n in range(obs.guard):
        m = obs.knights[n]
        post_x = m.x
        post_y = m.y
        if m.tower >= 0:
            post_x = s.towers.rally_x[m.tower] + formation(m.rank)
            post_y = s.towers.rally_y[m.tower] + formation(m.rank + 1)
        recruit(s, lv, m.x, m.y, post_x, post_y, m.tower, m.rank, m.life)
        s.knights[n].hp = m.hp
    for n in range(obs.crowd):
        seen = obs.enemies[n]
        enlist(s, lv, seen.kind, seen.lane, seen.along)
        s.enemies.hp[n] = seen.hp
        s.enemies.x[n] = seen.x
        s.enemies.y[n] = seen.y
        if seen.held != 0:
            hold(s, n)


@rule
def hold(s, n):
    """Somebody holds enemy n: the nearest knight who is free, else the hero."""
    e = s.enemies
    best = 1 << 30
    e.foe[n] = HERO
    for i in range(s.guard):
        m = s.knights[i]
        far = apart(m.x, m.y, e.x[n], e.y[n])
        if m.foe == FREE and far < best:
            best = far
            e.foe[n] = i
    if e.foe[n] == HERO:
        s.hero.foe = n
    else:
        s.knights[e.foe[n]].foe = n


@rule
def guess_waves(obs, lv, key, s):
    """The wave that has begun is known; the others are drawn from the level's kinds, a little larger each time."""
    kinds = 0
    for k in range(len(lv.kind)):
        if lv.kind[k].health > 0:
            kinds = k + 1
    for w in range(WAVES):
        size = min(8 + 2 * w + below(fold(key, 300 + w), 4), SPAWNS)
        s.plan.spacing[w] = 60
        if w == obs.wave - 1:
            size = SPAWNS
            s.plan.spacing[w] = obs.spacing
        k = 0
        for i in range(size if w < lv.waves else 0):
            if w == obs.wave - 1:
                s.plan.kind[w, i] = obs.types[i]
                s.plan.lane[w, i] = obs.lanes[i]
            else:
                if i % 5 == 0:
                    k = below(fold(key, 400 + 32 * w + i), max(min(kinds, 2 + 2 * w), 1))
                s.plan.kind[w, i] = 1 + k
                s.plan.lane[w, i] = below(fold(key, 800 + 32 * w + i), max(lv.paths, 1))
    if obs.coming > 0:
        s.next_in = 1 + below(fold(key, 4), max(obs.spacing, 1))


@rule
def people(s, lv, key):
    """Put the knights that are missing, and some enemies, where fog covers."""
    for t in range(lv.slots):
        shown = 0
        for i in range(s.guard):
            if s.knights[i].tower == t:
                shown += 1
        for rank in range(s.towers.men[t] - shown):
            conceal(s, lv, t, rank, fold(key, 1200 + 4 * t + rank))
    begun = s.wave - 1
    wanted = below(fold(key, 5), 6) if begun >= 0 else 0
    for n in range(TRIES):
        at = fold(key, 1300 + n)
        if wanted > 0 and s.crowd < ENEMIES:
            i = below(fold(at, 0), SPAWNS)
            k = s.plan.kind[begun, i]
            if k > 0:
                lane = s.plan.lane[begun, i]
                enlist(s, lv, k - 1, lane, below(fold(at, 1), max(lv.path[lane].length, 1)))
                j = s.crowd - 1
                if covered(s, lv, s.enemies.x[j], s.enemies.y[j]):
                    wanted -= 1
                else:
                    s.enemies.hp[j] = 0
                    s.crowd = j


@rule
def conceal(s, lv, t, rank, key):
    """A knight of tower t somewhere in the fog; nowhere if no such place is found."""
    for n in range(TRIES):
        radius = lv.fog_radius
        x = s.fog.x + below(fold(key, 2 * n), 2 * radius + 1) - radius
        y = s.fog.y + below(fold(key, 2 * n + 1), 2 * radius + 1) - radius
        if s.guard < KNIGHTS and covered(s, lv, x, y):
            recruit(s, lv, x, y, x, y, t, rank, 0)
            return
