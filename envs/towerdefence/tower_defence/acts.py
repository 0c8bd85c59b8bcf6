"""Part 3b, the acts of the defender: what each costs, what it changes, and the code of what forbids it.

An act is a triple (x, y, kind) or an index of verb and place; both become (kind, slot, x, y) in `rules`. Whatever is forbidden changes
nothing but the record of the last act.
"""

from __future__ import annotations

from envs.rules import rule
from envs.towerdefence.tower_defence.ground import apart, leave, recruit, release
from envs.towerdefence.tower_defence.state import FIRES, SLOTS, UNIT

ACTS = (
    "archer", "magician", "knights", "upgrade", "sell", "range", "wait", "rally", "reinforce", "hero", "fire", "train",
)  # fmt: skip
"""By number, in the order of TowerMind's twelve types."""
BUILD, UPGRADE, SELL, RANGE, WAIT, RALLY, AID, SEND, SKILL, TRAIN = 0, 3, 4, 5, 6, 7, 8, 9, 10, 11
ON_SLOTS = 6
"""The first six kinds of acts name a slot."""
FIXED = ON_SLOTS * SLOTS + 2
"""Indices before those of grid cells: six verbs for each slot, wait, train."""
ERRORS = (
    "done",
    "not enough gold",
    "the slot is taken",
    "no tower stands here",
    "the tower cannot be better",
    "the hero is down",
    "a build site is needed",
    "a knight tower is needed, within its range",
    "reinforcements are not ready",
    "no road is near",
    "the skill is not ready",
    "the hero is too weak for the skill",
    "the hero cannot be better",
    "out of the hero's reach",
)
"""By code. 6 and 7 are the two whose numbers in TowerMind are reported by users; the other numbers are ours."""
(DONE, GOLD, TAKEN, EMPTY, BEST, DOWN, SITE, NO_KNIGHTS, AID_WAITS, NO_ROAD, SKILL_WAITS, WEAK, GROWN, FAR) = range(14)
CLICK = UNIT * 3 // 10
"""How far from a slot's centre a triple still means it."""
ROAD = UNIT * 45 // 100
"""How far from a road knights may be set down."""


@rule
def slot_at(lv, x, y):
    """The slot that a point means, -1 for none."""
    best = CLICK * CLICK + 1
    found = -1
    for t in range(lv.slots):
        far = apart(x, y, lv.slot[t].x, lv.slot[t].y)
        if far < best:
            best = far
            found = t
    return found


@rule
def rallied(s, lv, x, y):
    """The nearest knight tower within whose range a point lies, -1 for none."""
    reach = lv.make[2].reach
    best = reach * reach + 1
    found = -1
    for t in range(lv.slots):
        if s.towers.kind[t] == 3:
            far = apart(x, y, lv.slot[t].x, lv.slot[t].y)
            if far < best:
                best = far
                found = t
    return found


@rule
def roadside(lv, x, y):
    """Whether a road passes near a point."""
    for p in range(lv.paths):
        path = lv.path[p]
        for leg in range(path.n - 1):
            span = (path.start[leg + 1] - path.start[leg]) // 16
            off = ((x - path.x[leg]) * path.dx[leg] + (y - path.y[leg]) * path.dy[leg]) >> 12
            off = min(max(off, 0), span)
            far = apart(x, y, path.x[leg] + (off * path.dx[leg] >> 12), path.y[leg] + (off * path.dy[leg] >> 12))
            if far <= ROAD * ROAD:
                return True
    return False


@rule
def on_slot(s, lv, kind, slot):
    """The code of building, upgrading, selling or looking at a slot; -1 is no slot."""
    if slot < 0:
        return SITE if kind < UPGRADE else EMPTY
    built = s.towers
    if kind < UPGRADE:
        if built.kind[slot] != 0:
            return TAKEN
        return GOLD if s.gold < lv.make[kind].price else DONE
    if built.kind[slot] == 0:
        return EMPTY
    make = lv.make[built.kind[slot] - 1]
    if kind == UPGRADE:
        if built.level[slot] >= make.top:
            return BEST
        return GOLD if s.gold < make.upgrade else DONE
    return DONE


@rule
def of_hero(s, lv, kind):
    """The code of an act of the hero wherever it is aimed."""
    hero = s.hero
    man = lv.champion
    if kind == TRAIN:
        if hero.level >= man.top:
            return GROWN
        return GOLD if s.gold < man.upgrade else DONE
    if hero.down > 0:
        return DOWN
    if kind == SKILL:
        if hero.skill_in > 0 or s.burning >= FIRES:
            return SKILL_WAITS
        return WEAK if hero.hp <= man.skill_cost else DONE
    return DONE


@rule
def of_aid(s, lv):
    """The code of reinforcements, wherever they are set down."""
    return AID_WAITS if s.aid_in > 0 else DONE


@rule
def reaches(s, lv, x, y):
    """Whether the hero's skill reaches a point."""
    far = lv.champion.skill_reach
    return apart(x, y, s.hero.x, s.hero.y) <= far * far


@rule
def code(s, lv, kind, slot, x, y):
    """What forbids an act: 0 for nothing."""
    if kind < ON_SLOTS:
        return on_slot(s, lv, kind, slot)
    if kind == RALLY:
        return DONE if rallied(s, lv, x, y) >= 0 else NO_KNIGHTS
    if kind == AID:
        wrong = of_aid(s, lv)
        return NO_ROAD if wrong == DONE and not roadside(lv, x, y) else wrong
    if kind in (SEND, SKILL, TRAIN):
        wrong = of_hero(s, lv, kind)
        return FAR if wrong == DONE and kind == SKILL and not reaches(s, lv, x, y) else wrong
    return DONE


@rule
def perform(s, lv, kind, slot, x, y):
    """Do what `code` allows."""
    if kind < ON_SLOTS:
        perform_on_slot(s, lv, kind, slot)
    elif kind == RALLY:
        t = rallied(s, lv, x, y)
        s.towers.rally_x[t] = x
        s.towers.rally_y[t] = y
        regroup(s, t)
    elif kind == AID:
        for i in range(lv.aid_count):
            recruit(s, lv, x, y, x + 80 * i, y + 60 * i, -1, i, lv.aid_lasts)
        s.aid_in = lv.aid_wait
    elif kind == SEND:
        leave(s)
        s.hero.to_x = x
        s.hero.to_y = y
    elif kind == SKILL:
        s.hero.hp -= lv.champion.skill_cost
        s.hero.skill_in = lv.champion.skill_wait
        fire = s.fires[s.burning]
        fire.x = x
        fire.y = y
        fire.left = lv.champion.skill_lasts
        s.burning += 1
    elif kind == TRAIN:
        pay(s, lv.champion.upgrade)
        s.hero.level += 1
        s.hero.full += lv.champion.gain
        if s.hero.down == 0:
            s.hero.hp += lv.champion.gain


@rule
def perform_on_slot(s, lv, kind, slot):
    built = s.towers
    s.shown = slot
    if kind < UPGRADE:
        pay(s, lv.make[kind].price)
        built.kind[slot] = kind + 1
        built.level[slot] = 0
        built.cool[slot] = 0
        built.frozen[slot] = 0
        built.spent[slot] = lv.make[kind].price
        built.rally_x[slot] = lv.slot[slot].rally_x
        built.rally_y[slot] = lv.slot[slot].rally_y
        built.training[slot] = 25
        built.men[slot] = 0
    elif kind == UPGRADE:
        price = lv.make[built.kind[slot] - 1].upgrade
        pay(s, price)
        built.level[slot] += 1
        built.spent[slot] += price
    elif kind == SELL:
        s.gold = min(s.gold + built.spent[slot] * lv.refund // 100, lv.most_gold)
        disband(s, slot)
        built.kind[slot] = 0
        built.level[slot] = 0
        built.spent[slot] = 0
        s.shown = -1


@rule
def pay(s, price):
    s.gold -= price
    s.tally.spent += price


@rule
def formation(rank):
    """Where a knight stands beside its tower's rally point."""
    return (rank % 3) * 110 - 110


@rule
def regroup(s, t):
    """The knights of a tower leave their enemies for the rally point."""
    for i in range(s.guard):
        m = s.knights[i]
        if m.tower == t:
            release(s, i)
            m.post_x = s.towers.rally_x[t] + formation(m.rank)
            m.post_y = s.towers.rally_y[t] + formation(m.rank + 1)


@rule
def disband(s, t):
    """The knights of a tower that is sold are gone at the end of this frame."""
    for i in range(s.guard):
        if s.knights[i].tower == t:
            s.knights[i].hp = 0
            s.knights[i].life = 1
            s.fallen = 1
