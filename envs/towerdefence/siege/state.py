"""Part 2, the state: the world of `tower_defence`, the wave that is being composed, and who is shown what of it."""

from __future__ import annotations

from envs.rules import config, observation, state
from envs.towerdefence.tower_defence import state as world
from envs.towerdefence.tower_defence.state import (
    BANK,
    I8,
    I16,
    I32,
    KINDS,
    PATHS,
    SECOND,
    SEEN,
    SPAWNS,
    WAVES,
    WORLD,
)  # fmt: skip

DEFENDER, ATTACKER = 0, 1
"""The seats. The defender comes first, because the rules of `tower_defence` speak of seat 0."""
GROUPS = 6
"""Groups of a wave: so many decisions the attacker has for it, used or not, so that their number tells nothing."""
SIZES = (1, 2, 4, 8)
"""Enemies of a group."""
LEAD = 8 * SECOND
"""Frames before a wave begins at which the attacker starts to compose it."""
FLYERS = 50
"""Per cent of a wave's budget that may go into flyers, at most."""
CHOICES = 1 + KINDS * PATHS * len(SIZES)
"""Indices of the attacker: pass, then kind, road and size."""

_WAVE = (("composing", I16), ("composed", I16), ("purse", I32), ("aloft", I32), ("bought", I16))
"""composing: groups still to choose, 0 when it is not the time; composed: waves that were opened for composing; purse: what is left
for this wave; aloft: what of it went into flyers; bought: its enemies so far."""
STATE = state(*WORLD, *_WAVE, ("sent", I16), ("paid", I32))
"""sent, paid: enemies and price of all waves."""
CONFIG = config(
    *(field for field in world.CONFIG.fields if field[0] not in {"plans", "shuffled"}),
    ("purses", I32, (BANK, WAVES)), ("prices", I32, (BANK, KINDS)), ("spacings", I16, (BANK, WAVES)),
)  # fmt: skip
"""By level: the budget of each wave, the price of each kind (0: not for sale), frames between two enemies of each wave."""
OBS = {"*": observation(*SEEN, *_WAVE, ("next_types", I8, (SPAWNS,)), ("next_lanes", I8, (SPAWNS,)))}
"""next_types, next_lanes: the wave that is being composed or waits sealed; the attacker's alone, as are purse, aloft and bought."""
