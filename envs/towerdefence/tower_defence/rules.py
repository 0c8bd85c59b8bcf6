"""Part 3g, the rules that drivers call: begin, who acts, what is allowed, an act, a frame."""

from __future__ import annotations

from envs.keys import below, fold
from envs.rules import rule
from envs.towerdefence.tower_defence.acts import (
    DONE,
    FIXED,
    ON_SLOTS,
    RALLY,
    SEND,
    SKILL,
    TRAIN,
    UPGRADE,
    WAIT,
    code,
    of_aid,
    of_hero,
    on_slot,
    perform,
    reaches,
    slot_at,
)  # fmt: skip
from envs.towerdefence.tower_defence.state import FREE, HALF, NEAR, SLOTS, SPAWNS, WAVES
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
def clamped(value):
    return min(max(value, -HALF), HALF)


@rule
def order(s, c, actions, seat):
    """Take the defender's act: do it, or write down why not."""
    lv = c.levels[s.level]
    slot = -1
    x = 0
    y = 0
    kind = 0
    if c.raw != 0:
        x = clamped(actions[seat, 0])
        y = clamped(actions[seat, 1])
        kind = actions[seat, 2]
        if kind < ON_SLOTS:
            slot = slot_at(lv, x, y)
    else:
        index = actions[seat, 0]
        if index < ON_SLOTS * SLOTS:
            kind = index // SLOTS
            slot = index % SLOTS
            x = lv.slot[slot].x
            y = lv.slot[slot].y
        elif index < FIXED:
            kind = WAIT if index == FIXED - 2 else TRAIN
        else:
            cells = c.grid * c.grid
            kind = RALLY + (index - FIXED) // cells
            x = lv.spot_x[(index - FIXED) % cells]
            y = lv.spot_y[(index - FIXED) % cells]
    wrong = code(s, lv, kind, slot, x, y)
    if wrong == DONE:
        perform(s, lv, kind, slot, x, y)
    s.last.x = x
    s.last.y = y
    s.last.kind = kind
    s.last.error = wrong
    s.tally.errors[wrong] += 1
    if kind != WAIT:
        s.tally.acts += 1


@rule
def allow(s, c, mask):
    """The mask of indices: all whose code is 0."""
    if c.raw != 0:
        return
    lv = c.levels[s.level]
    for slot in range(lv.slots):
        # A free slot may be built on, a tower may be upgraded, sold and looked at; the other three kinds are forbidden anyway.
        first = 0 if s.towers.kind[slot] == 0 else UPGRADE
        for kind in range(first, first + 3):
            mask[kind * SLOTS + slot] = on_slot(s, lv, kind, slot) == DONE
    mask[FIXED - 2] = True
    mask[FIXED - 1] = of_hero(s, lv, TRAIN) == DONE
    knights = 0
    for t in range(lv.slots):
        if s.towers.kind[t] == 3:
            knights |= 1 << t
    aid = NEAR if of_aid(s, lv) == DONE else 0
    send = of_hero(s, lv, SEND) == DONE
    skill = of_hero(s, lv, SKILL) == DONE
    cells = c.grid * c.grid
    if knights != 0:
        for cell in range(cells):
            mask[FIXED + cell] = (lv.cell[cell] & knights) != 0
    if aid != 0:
        for cell in range(cells):
            mask[FIXED + cells + cell] = (lv.cell[cell] & aid) != 0
    if send:
        for cell in range(cells):
            mask[FIXED + 2 * cells + cell] = True
    if skill:
        for cell in range(cells):
            mask[FIXED + 3 * cells + cell] = reaches(s, lv, lv.spot_x[cell], lv.spot_y[cell])


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
