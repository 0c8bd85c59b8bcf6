"""Part 3g, the rules that drivers call: begin, who acts, what is allowed, an act, a frame."""

from __future__ import annotations

from envs.keys import below, fold
from envs.rules import rule
from envs.towerdefence.tower_defence.acts import allow, order
from envs.towerdefence.tower_defence.state import FREE, HALF, SPAWNS, WAVES
from envs.towerdefence.tower_defence.world import count


@rule
def open_level(s, c, key):
    """Draw a level and set everything up but the waves."""
    s.level = below(fold(key, 0), c.count)
    lv = c.levels[s.level]
    s.lives = lv.lives
    s.gold = lv.gold
    s.countdown = lv.first
    s.shown = -1
    last = lv.path[0].n - 1
    s.hero.full = lv.champion.health
    s.hero.hp = lv.champion.health
    s.hero.x = lv.path[0].x[last]
    s.hero.y = lv.path[0].y[last]
    s.hero.to_x = s.hero.x
    s.hero.to_y = s.hero.y
    s.hero.foe = FREE
    s.coin.wait = lv.coin_every
    s.last.kind = -1
    if lv.fog_radius > 0:
        s.fog.x = below(fold(key, 1), 2 * HALF + 1) - HALF
        s.fog.y = below(fold(key, 2), 2 * HALF + 1) - HALF
        s.fog.to_x = below(fold(key, 3), 2 * HALF + 1) - HALF
        s.fog.to_y = below(fold(key, 4), 2 * HALF + 1) - HALF


@rule
def init(s, c, key):
    open_level(s, c, key)
    s.plan = c.plans[s.level]
    if c.shuffled != 0:
        mix(s, c.levels[s.level], key)


@rule
def mix(s, lv, key):
    """Swap enemies of each wave at random, and draw their roads anew."""
    for w in range(WAVES):
        n = count(s, w)
        for i in range(n - 1, -1, -1):
            j = below(fold(key, 100 + w * SPAWNS + i), i + 1)
            kept = s.plan.kind[w, i]
            s.plan.kind[w, i] = s.plan.kind[w, j]
            s.plan.kind[w, j] = kept
            s.plan.lane[w, i] = below(fold(key, 1000 + w * SPAWNS + i), lv.paths)


@rule
def acting(s, c, seats):
    seats[0] = True


@rule
def legal(s, c, seat, mask):
    allow(s, c, mask)


@rule
def command(s, c, actions, key):
    order(s, c, actions, 0)
    s.reward[0] -= c.step_cost
