"""The siege by a fixed plan, on both sides. The defender's styles are those of tower defence; the attacker has five of the same names.

nothing passes; random and valid-random draw from what can be paid. weak sends single enemies and pairs of any kind on any road and leaves
most of its budget. fair spends all of it without a look at the field: one kind on one road after another, as many as it can pay. strong
(also: expert) reckons for each kind and road how many would come through the towers that it sees, and sends where that is most.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from agents import pane
from agents.players import tower_defence
from agents.players._grounds import Ground, ground
from arena.agent import Ask, Reply
from envs import keys

__all__ = ["act"]

DEFENDER, PASS = 0, 0
SIZES, ROADS = (1, 2, 4, 8), 5
UNIT, ALONG, SECOND = 1024, 16, 50

Choice = tuple[int, str]
"""An index of the attacker's, and why."""


def act(ask: Ask, options: Mapping[str, Any]) -> Reply:
    """One act of the defender, or one group of the attacker's."""
    if ask.seat == DEFENDER:
        return tower_defence.act(ask, options)
    chosen, why = STYLES[str(options.get("style", "expert"))](ask)
    level = ask.game.public.array["levels"][0, ask.obs.level]
    value = 1.0 - 2.0 * max(ask.obs.lives, 0) / max(int(level["lives"]), 1)
    return pane.answer(ask, chosen, why, value=value)


def _index(kind: int, road: int, n: int) -> int:
    return 1 + (kind * ROADS + road) * len(SIZES) + n


def _passes(ask: Ask) -> Choice:
    return PASS, "nobody goes"


def _drawn(ask: Ask) -> Choice:
    return int(ask.legal.sample(ask.key)[0]), "drawn from what can be paid"


def _weak(ask: Ask) -> Choice:
    """One or two of any kind on any road."""
    small = [each for each in ask.legal if each and (each - 1) % len(SIZES) < 2]
    if not small:
        return PASS, "nothing can be paid"
    return small[keys.below(ask.key, len(small))], "one or two of a kind, drawn"


def _fair(ask: Ask) -> Choice:
    """As many as can be paid of a kind that was drawn, on a road that was drawn."""
    kinds = sorted({(each - 1) // (ROADS * len(SIZES)) for each in ask.legal if each})
    if not kinds:
        return PASS, "nothing can be paid"
    kind = kinds[keys.below(keys.fold(ask.key, 0), len(kinds))]
    road = keys.below(keys.fold(ask.key, 1), int(_level(ask)["paths"]))
    return _most(ask, kind, road), "as many as can be paid"


def _level(ask: Ask) -> Any:
    return ask.game.public.array["levels"][0, ask.obs.level]


def _most(ask: Ask, kind: int, road: int) -> int:
    """The largest group of a kind that can be paid; PASS where there is none."""
    return next((found for n in (3, 2, 1, 0) if (found := _index(kind, road, n)) in ask.legal), PASS)


# ------------------------------------------------------------------ the strong attacker
def _strong(ask: Ask) -> Choice:
    """The kind and road on which most would come through, if the rest of the budget went there."""
    row, level, prices = ask.obs.array[0], _level(ask), ask.game.public.array["prices"][0, ask.obs.level]
    able = np.array([_most(ask, kind, 0) != PASS for kind in range(len(prices))])
    if not able.any():
        return PASS, "nothing can be paid"
    through = reckoned(row, level, prices, ask.game.public.array["spacings"][0, ask.obs.level, row["wave"]])
    through[~able] = -np.inf
    kind, road = np.unravel_index(int(through.argmax()), through.shape)
    return _most(ask, int(kind), int(road)), f"of what is left, {max(through.max(), 0):.1f} would come through"


def reckoned(row: Any, level: Any, prices: Any, spacing: Any) -> np.ndarray:
    """float[kinds, roads]: how many of a kind would come through on a road, for the rest of the budget, past the towers seen now.

    Towers harm who is in range as long as somebody is; what was chosen for the same road before takes its part of that.
    """
    place, kinds, roads = ground(level.tobytes(), level.dtype), level["kind"], int(level["paths"])
    health = np.maximum(kinds["health"].astype(float), 1.0)
    purse = np.where(kinds["air"] != 0, row["purse"] / 2, row["purse"])
    many = np.minimum(purse // np.maximum(prices, 1), 25 - int(row["bought"]))
    harm = _harm(row["towers"][: level["slots"]], level, place, many, int(spacing) / SECOND)
    taken = np.zeros(roads)
    for kind, lane in zip(row["next_types"], row["next_lanes"], strict=True):
        if kind:
            taken[lane] += health[kind - 1]
    left = np.maximum(harm - taken, 0.0)
    return np.asarray(many[:, None] - left / health[:, None])


def _harm(towers: Any, level: Any, place: Ground, many: np.ndarray, gap: float) -> np.ndarray:
    """float[kinds, roads]: health that the towers take from so many of a kind on a road."""
    kinds, roads = level["kind"], int(level["paths"])
    speed = np.maximum(kinds["speed"], 1) * SECOND / (ALONG * UNIT)
    ground_only = 1.0 - kinds["air"].astype(float)
    felt = (
        (100 - kinds["armour"]) * (100 - kinds["evade"]) / 1e4,
        ground_only * (100 - kinds["resist"]) / 100,
        ground_only * (100 - kinds["armour"]) / 100,
    )
    total = np.zeros((len(kinds), roads))
    for t in np.flatnonzero(towers["kind"]):
        make, kind = level["make"][towers["kind"][t] - 1], int(towers["kind"][t]) - 1
        blow = _blow(make, level["troop"], kind) * (int(make["growth"]) / 100) ** int(towers["level"][t])
        for road in range(roads):
            reached = place.cover[kind][road, t]
            busy = np.where(reached > 0, reached / speed + np.maximum(many - 1, 0) * gap, 0.0)
            total[:, road] += blow * felt[kind] * busy
    return total


def _blow(make: Any, troop: Any, kind: int) -> float:
    """Harm of a tower in a second: a magician's blow meets two on average, a knight tower's three knights are there half of the time."""
    if kind == 2:
        return 1.5 * (int(troop["damage"]) + int(troop["extra"]) / 2) * SECOND / max(int(troop["interval"]), 1)
    return (1 + kind) * (int(make["damage"]) + int(make["extra"]) / 2) * SECOND / max(int(make["interval"]), 1)


STYLES = {
    "nothing": _passes, "random": _drawn, "valid-random": _drawn, "weak": _weak, "fair": _fair, "greedy": _fair, "strong": _strong,
    "expert": _strong,
}  # fmt: skip
