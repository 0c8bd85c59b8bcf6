"""Part 3b, who knows what, what a seat may imagine, and the attacker's tensor.

The defender sees what it sees in `tower_defence`, and that a wave is being composed, but nothing of a wave before it begins. The attacker
sees through the fog, which is its own, and everything that stands and walks; it does not see the defender's gold, what it picked up or was
paid, its last act, how soon its reinforcements and its hero's fire are ready, and which range it looks at. The public knows what both know.
"""

from __future__ import annotations

from envs.keys import below, fold
from envs.rules import rule
from envs.towerdefence.siege.rules import draw_group
from envs.towerdefence.siege.state import ATTACKER, DEFENDER, GROUPS
from envs.towerdefence.tower_defence.sight import (
    build,
    guess_weather,
    people,
    place_units,
    show_field,
    show_known,
    show_towers,
)
from envs.towerdefence.tower_defence.state import SPAWNS
from envs.towerdefence.tower_defence.views import PLANES, encode_compact, fill

SPECTATOR = -1
OWN_PLANES = ("budget left", "groups to choose", "enemies chosen")
"""What the attacker's `compact` shows besides the planes of `tower_defence`; one number everywhere. Gold reads 0 in it."""
SHOWN = len(PLANES)


@rule
def observe(s, c, seat, obs):
    show_known(s, obs)
    show_towers(s, obs)
    show_field(s, c.levels[s.level], seat in (SPECTATOR, ATTACKER), obs)
    obs.composing = s.composing
    obs.composed = s.composed
    if seat not in (SPECTATOR, DEFENDER):
        veil(obs)
    if seat in (SPECTATOR, ATTACKER):
        obs.purse = s.purse
        obs.aloft = s.aloft
        obs.bought = s.bought
        if s.composed > s.wave:
            for i in range(SPAWNS):
                obs.next_types[i] = s.plan.kind[s.wave, i]
                obs.next_lanes[i] = s.plan.lane[s.wave, i]


@rule
def veil(obs):
    """Take out what only the defender knows."""
    obs.gold = 0
    obs.coins = 0
    obs.amends = 0
    obs.aid_in = 0
    obs.shown = -1
    obs.hero.skill_in = 0
    obs.hero.cool = 0
    obs.last.x = 0
    obs.last.y = 0
    obs.last.kind = -1
    obs.last.error = 0


@rule
def imagine(obs, c, seat, key, s):
    """A state that looks like this. The defender draws the sealed wave by the attacker's rules, the attacker what the defender holds."""
    lv = c.levels[obs.level]
    show_known(obs, s)
    build(obs, s)
    guess_weather(obs, lv, key, s)
    recall(obs, c, key, s)
    if seat == DEFENDER:
        for n in range(GROUPS - obs.composing if obs.composed > obs.wave else 0):
            draw_group(s, c, fold(key, 500 + n))
    else:
        remember(obs, s)
    if seat == ATTACKER:
        guess_hand(lv, key, s)
    place_units(obs, lv, s)
    if seat == DEFENDER and lv.fog_radius > 0:
        people(s, lv, key)


@rule
def recall(obs, c, key, s):
    """The wave that has begun, and the frame of the one that comes next, still empty."""
    if obs.wave > 0:
        s.plan.spacing[obs.wave - 1] = obs.spacing
        for i in range(SPAWNS):
            s.plan.kind[obs.wave - 1, i] = obs.types[i]
            s.plan.lane[obs.wave - 1, i] = obs.lanes[i]
    if obs.coming > 0:
        s.next_in = 1 + below(fold(key, 4), max(obs.spacing, 1))
    s.composing = obs.composing
    s.composed = obs.composed
    if obs.composed > obs.wave:
        s.purse = c.purses[obs.level, obs.wave]
        s.plan.spacing[obs.wave] = c.spacings[obs.level, obs.wave]


@rule
def remember(obs, s):
    """The wave that waits sealed, as its composer knows it."""
    s.purse = obs.purse
    s.aloft = obs.aloft
    s.bought = obs.bought
    if obs.composed > obs.wave:
        for i in range(SPAWNS):
            s.plan.kind[obs.wave, i] = obs.next_types[i]
            s.plan.lane[obs.wave, i] = obs.next_lanes[i]


@rule
def guess_hand(lv, key, s):
    """Gold, and how soon the defender's means are ready."""
    s.gold = below(fold(key, 600), min(lv.most_gold, 500) + 1)
    s.aid_in = below(fold(key, 601), 2) * below(fold(key, 602), lv.aid_wait + 1)
    s.hero.skill_in = below(fold(key, 603), 2) * below(fold(key, 604), lv.champion.skill_wait + 1)


@rule
def encode_compact_attacker(obs, c, out):
    """The planes of `tower_defence`, then OWN_PLANES."""
    encode_compact(obs, c, out)
    g = out.shape[1]
    fill(out, SHOWN, obs.purse / max(c.purses[obs.level, max(obs.composed - 1, 0)], 1), g)
    fill(out, SHOWN + 1, obs.composing / GROUPS, g)
    fill(out, SHOWN + 2, obs.bought / SPAWNS, g)
