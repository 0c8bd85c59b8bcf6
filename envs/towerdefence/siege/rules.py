"""Part 3, the rules: the attacker composes wave by wave while the defender plays `tower_defence`; what the one loses the other wins."""

from __future__ import annotations

from envs.keys import below, fold
from envs.rules import rule
from envs.towerdefence.siege.state import ATTACKER, DEFENDER, FLYERS, GROUPS, LEAD, SIZES
from envs.towerdefence.tower_defence.rules import allow, open_level, order
from envs.towerdefence.tower_defence.state import PATHS, SPAWNS
from envs.towerdefence.tower_defence.world import advance as advance_world


@rule
def init(s, c, key):
    open_level(s, c, key)
    open_wave(s, c)


@rule
def acting(s, c, seats):
    seats[DEFENDER] = True
    seats[ATTACKER] = s.composing > 0


@rule
def legal(s, c, seat, mask):
    if seat == DEFENDER:
        allow(s, c, mask)
    else:
        offer(s, c, mask)


@rule
def command(s, c, actions, key):
    order(s, c, actions, DEFENDER)
    if s.composing > 0:
        choose(s, c, actions[ATTACKER, 0])
        s.composing -= 1


@rule
def advance(s, c, key, frame):
    """One frame of 0.02 s: the world's, then perhaps the time for another wave."""
    advance_world(s, c, key, frame)
    s.reward[ATTACKER] = -s.reward[DEFENDER]
    open_wave(s, c)


@rule
def open_wave(s, c):
    """Let the attacker compose the wave that comes next, once its time is near; what it has not chosen when a wave begins is lost."""
    lv = c.levels[s.level]
    if s.composed > s.wave:
        return
    s.composing = 0
    if s.wave < lv.waves and 0 <= s.countdown <= LEAD:
        s.composed = s.wave + 1
        s.composing = GROUPS
        s.purse = c.purses[s.level, s.wave]
        s.aloft = 0
        s.bought = 0
        s.plan.spacing[s.wave] = c.spacings[s.level, s.wave]


@rule
def affordable(s, c, kind, size):
    """Whether a group of so many enemies may join the wave that is being composed."""
    price = c.prices[s.level, kind] * size
    if price == 0 or price > s.purse or s.bought + size > SPAWNS:
        return False
    if c.levels[s.level].kind[kind].air == 0:
        return True
    return s.aloft + price <= c.purses[s.level, s.composed - 1] * FLYERS // 100


@rule
def offer(s, c, mask):
    """The attacker's mask: pass, and every group that it can pay."""
    lv = c.levels[s.level]
    mask[0] = True
    for kind in range(len(lv.kind)):
        for n in range(len(SIZES)):
            if affordable(s, c, kind, SIZES[n]):
                for lane in range(lv.paths):
                    mask[1 + (kind * PATHS + lane) * len(SIZES) + n] = True


@rule
def choose(s, c, index):
    """Take the attacker's choice: a group joins the wave, behind those that were chosen before; 0 passes."""
    if index == 0:
        return
    n = (index - 1) % len(SIZES)
    lane = (index - 1) // len(SIZES) % PATHS
    join(s, c, (index - 1) // (len(SIZES) * PATHS), lane, SIZES[n])


@rule
def join(s, c, kind, lane, size):
    """A group that was found affordable."""
    price = c.prices[s.level, kind] * size
    for i in range(size):
        s.plan.kind[s.composed - 1, s.bought + i] = kind + 1
        s.plan.lane[s.composed - 1, s.bought + i] = lane
    s.bought += size
    s.purse -= price
    s.sent += size
    s.paid += price
    if c.levels[s.level].kind[kind].air != 0:
        s.aloft += price


@rule
def draw_group(s, c, key):
    """A random group that can be paid joins the wave; sometimes none."""
    lv = c.levels[s.level]
    for n in range(8):
        at = fold(key, n)
        kind = below(fold(at, 0), len(lv.kind))
        size = SIZES[below(fold(at, 1), len(SIZES))]
        if affordable(s, c, kind, size):
            join(s, c, kind, below(fold(at, 2), max(lv.paths, 1)), size)
            return
