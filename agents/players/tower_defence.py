"""Tower defence by a fixed plan, in six styles: nothing, random, valid-random, weak, greedy (or fair), expert (or strong; the default).

nothing waits. random draws any verb and place, possible or not; valid-random only what is possible. weak sets any tower on any slot
and does no more. greedy spends gold as it comes, on the
slot nearest to the base, and leaves the hero where it is. expert builds where towers reach most of the roads, upgrades when such
places are gone, meets the foremost enemy with hero and reinforcements, burns crowds and picks up coins in quiet moments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from agents import pane
from agents.players._grounds import Ground, ground
from arena.agent import Ask, Reply
from envs import keys
from envs.spec import Refusal

__all__ = ["STYLES", "act"]

UNIT = 1024
NAMES = ("archer", "magician", "knights")
ANY = (
    "archer",
    "magician",
    "knights",
    "upgrade",
    "sell",
    "range",
    "wait",
    "rally",
    "reinforce",
    "hero",
    "fire",
    "train",
)
ON_SLOT = frozenset(ANY[:6])

Intent = tuple[str, Any, str]
"""Verb, place (a slot's number from 0, a point, or None), and why."""
WAIT: Intent = ("wait", None, "nothing to do")


def act(ask: Ask, options: Mapping[str, Any]) -> Reply:
    """One act."""
    style = str(options.get("style", "expert"))
    if style == "valid-random":
        drawn = ask.legal.sample(ask.key)
        return _reply(ask, drawn, "drawn from what is possible")
    verb, place, why = STYLES[style](ask)
    found = ask.game.parse(_text(ask, verb, place), ask.obs, ask.legal)
    if isinstance(found, Refusal):
        found = ask.game.parse("wait", ask.obs, ask.legal)
        why = f"would {verb}, which is not possible"
    assert not isinstance(found, Refusal)
    return _reply(ask, found[0], why)


def _reply(ask: Ask, action: Any, why: str) -> Reply:
    seen, level = ask.obs, ask.game.public.array["levels"][0, ask.obs.level]
    value = 2.0 * max(seen.lives, 0) / max(int(level["lives"]), 1) - 1.0
    if ask.legal.bounds is None:
        return pane.answer(ask, action if isinstance(action, int) else action[0], why, value=value)
    return Reply([action], notes={"policy": [(ask.game.name(action, seen), 1.0)], "value": value, "why": why})


def _text(ask: Ask, verb: str, place: Any) -> str:
    """An intent in the words of the game: a slot's number or a cell, or a point where the game wants one."""
    c = ask.game.public
    level = c.array["levels"][0, ask.obs.level]
    if place is None:
        return verb
    if not isinstance(place, tuple):
        if not c.raw:
            return f"{verb} {place + 1}"
        place = level["slot"]["x"][place], level["slot"]["y"][place]
    x, y = place
    if c.raw:
        return f"{verb} at {int(x) / UNIT:.4f} {int(y) / UNIT:.4f}"
    column, row = (min(max((value + 3 * UNIT) * c.grid // (6 * UNIT), 0), c.grid - 1) for value in (int(x), int(y)))
    return f"{verb} {chr(97 + column)}{row + 1}"


# ------------------------------------------------------------------ the simple styles
def _nothing(ask: Ask) -> Intent:
    return WAIT


def _random(ask: Ask) -> Intent:
    """Any of the twelve verbs anywhere; with slots by number it names one of the fifteen that there may be."""
    verb = ANY[keys.below(keys.fold(ask.key, 0), len(ANY))]
    x, y = (keys.below(keys.fold(ask.key, i), 6 * UNIT + 1) - 3 * UNIT for i in (1, 2))
    if not ask.game.public.raw and verb in ON_SLOT:
        return verb, keys.below(keys.fold(ask.key, 3), 15), "drawn from everything"
    return (
        (verb, None, "drawn from everything") if verb in {"wait", "train"} else (verb, (x, y), "drawn from everything")
    )


def _weak(ask: Ask) -> Intent:
    """A tower of any kind on any free slot, as long as gold lasts."""
    row, level = _row(ask)
    kind = keys.below(keys.fold(ask.key, 0), len(NAMES))
    free = np.flatnonzero(row["towers"]["kind"][: level["slots"]] == 0)
    if not len(free) or row["gold"] < level["make"][kind]["price"]:
        return WAIT
    return NAMES[kind], int(free[keys.below(keys.fold(ask.key, 1), len(free))]), "any tower anywhere"


def _greedy(ask: Ask) -> Intent:
    """The next tower of an unvarying row on the free slot that is nearest to the base, then upgrades in the same order."""
    row, level = _row(ask)
    towers, gold, path = row["towers"][: level["slots"]], int(row["gold"]), level["path"][0]
    base = [int(path[axis][path["n"] - 1]) for axis in ("x", "y")]
    slots = level["slot"][: level["slots"]]
    order = np.argsort(np.hypot(slots["x"].astype(float) - base[0], slots["y"].astype(float) - base[1]), kind="stable")
    free = [int(t) for t in order if towers["kind"][t] == 0]
    if free:
        kind = (len(towers) - len(free)) % 3
        return (
            (NAMES[kind], free[0], "the free slot nearest to the base")
            if gold >= level["make"][kind]["price"]
            else WAIT
        )
    return _upgrade(towers, level, gold, order)


def _row(ask: Ask) -> tuple[Any, Any]:
    """The observation and the level as records of numbers."""
    return ask.obs.array[0], ask.game.public.array["levels"][0, ask.obs.level]


def _upgrade(towers: Any, level: Any, gold: int, order: Any) -> Intent:
    """The first tower of an order that can be better and paid."""
    for t in order:
        kind = int(towers[t]["kind"]) - 1
        if kind >= 0 and towers[t]["level"] < level["make"][kind]["top"]:
            return (
                ("upgrade", int(t), "a better tower in a good place")
                if gold >= level["make"][kind]["upgrade"]
                else WAIT
            )
    return WAIT


# ------------------------------------------------------------------ the expert
def _expert(ask: Ask) -> Intent:
    row, level = _row(ask)
    place = ground(level.tobytes(), level.dtype)
    crowd = row["enemies"][: row["crowd"]]
    for plan in (_burn, _reinforce, _build, _lead):
        intent = plan(row, level, place, crowd)
        if intent is not None:
            return intent
    return WAIT


def _burn(row: Any, level: Any, place: Ground, crowd: Any) -> Intent | None:
    """Fire on the best crowd within reach."""
    hero, man = row["hero"], level["champion"]
    if hero["down"] or hero["skill_in"] or hero["hp"] < 3 * man["skill_cost"] or not len(crowd):
        return None
    at = np.stack([crowd["x"], crowd["y"]], 1).astype(float)
    near = np.hypot(*(at - (hero["x"], hero["y"])).T) < man["skill_reach"] - 40
    hit = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1)) < 0.9 * man["skill_radius"]
    worth = np.where(near, (hit * np.minimum(crowd["hp"], 700)).sum(1), 0)
    best = int(worth.argmax())
    return ("fire", (int(at[best, 0]), int(at[best, 1])), "a crowd within reach") if worth[best] >= 900 else None


def _reinforce(row: Any, level: Any, place: Ground, crowd: Any) -> Intent | None:
    """Two knights in the way of the foremost walkers."""
    walking = crowd[(level["kind"]["air"][crowd["kind"]] == 0) & (crowd["held"] == 0)]
    if row["aid_in"] or len(walking) < 2:
        return None
    lead = walking[place.left(walking).argmin()]
    return "reinforce", place.ahead(lead, 0.35), "knights in the way of the foremost"


def _build(row: Any, level: Any, place: Ground, crowd: Any) -> Intent | None:
    """The kind of tower that is missing, where it reaches most of the roads; upgrades once only poor places are left."""
    towers, gold = row["towers"][: level["slots"]], int(row["gold"])
    have = [int((towers["kind"] == kind).sum()) for kind in (1, 2, 3)]
    kind = _wanted(have)
    free = np.flatnonzero(towers["kind"] == 0)
    good = free[place.worth[kind][free] > 0.45 * place.worth[kind].max()] if len(free) else free
    if len(good):
        best = int(good[place.worth[kind][good].argmax()])
        return (NAMES[kind], best, "it reaches most of the roads") if gold >= level["make"][kind]["price"] else None
    order = np.argsort(-place.worth[0] - 10 * (towers["kind"] == 1))
    intent = _upgrade(towers, level, gold, [t for t in order if towers[t]["kind"] in (1, 2)])
    if intent is WAIT and gold >= 2 * level["champion"]["upgrade"]:
        return "train", None, "gold lies idle"
    return None if intent is WAIT else intent


def _wanted(have: list[int]) -> int:
    """Archers first; to two of them a magician, to four a knight tower."""
    archers, magicians, knights = have
    if archers >= 3 and knights < archers // 3:
        return 2
    return 1 if archers >= 2 and magicians < archers // 2 else 0


def _lead(row: Any, level: Any, place: Ground, crowd: Any) -> Intent | None:
    """The hero meets the foremost walker, picks up coins in quiet moments, waits near the base else."""
    hero = row["hero"]
    if hero["down"]:
        return None
    here = np.array([hero["x"], hero["y"]], float)
    walking = crowd[(level["kind"]["air"][crowd["kind"]] == 0) & (crowd["hp"] > 0)]
    left = place.left(walking)
    if row["coin"]["left"] and (not len(walking) or left.min() > 2.5):
        return _send(hero, (int(row["coin"]["x"]), int(row["coin"]["y"])), "a coin in a quiet moment", 0.2)
    if len(walking):
        near = np.hypot(walking["x"] - here[0], walking["y"] - here[1]).min() / UNIT < 0.3
        if not near or left.min() < 0.8:
            return _send(hero, place.ahead(walking[left.argmin()], 0.5), "in the way of the foremost", 0.45)
        return None
    return _send(hero, place.home, "a place that many towers reach", 0.4)


def _send(hero: Any, to: tuple[int, int], why: str, least: float) -> Intent | None:
    """Send the hero unless it is about there, or on its way."""
    aimed = np.hypot(int(hero["to_x"]) - to[0], int(hero["to_y"]) - to[1]) / UNIT
    return ("hero", to, why) if aimed > least else None


STYLES = {
    "nothing": _nothing, "random": _random, "weak": _weak, "greedy": _greedy, "fair": _greedy, "expert": _expert, "strong": _expert,
}  # fmt: skip
"""valid-random needs no plan: it draws from the mask."""
