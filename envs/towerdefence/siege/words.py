"""Part 4, words: the defender's are those of `tower_defence`; the attacker reads field, budget and prices, and writes groups."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from envs.rules import Mark, Refusal
from envs.towerdefence.siege.state import ATTACKER, DEFENDER, FLYERS, GROUPS, SIZES
from envs.towerdefence.tower_defence import words as world
from envs.towerdefence.tower_defence.state import KINDS, PATHS
from envs.towerdefence.tower_defence.words import kind_names, level_of

PASS = 0
_SECRET = frozenset({"coin", "refused", "range"})
"""Kinds of the defender's marks that tell the attacker what it does not see."""


# ------------------------------------------------------------------ the situation
def say(obs: Any, c: Any) -> str:
    if obs.seat == DEFENDER:
        return f"{world.say(obs, c)}{'' if c.document else f'{chr(10)}{_coming(obs)}'}"
    level = level_of(obs, c)
    if obs.seat == -1:
        lines = [*world.state_of_play(obs, level), *world.land(obs, c, level), *world.units(obs, c, level)]
    else:
        lines = [
            world.clock(obs, level, ""),
            *world.land(obs, c, level),
            f"{world.hero(obs, c)}.",
            *world.field(obs, c, level),
        ]
    return "\n".join([*lines, _coming(obs), *(() if obs.seat == -2 else _composer(obs, c, level))])


def _coming(obs: Any) -> str:
    """What both sides know of the wave to come."""
    if obs.composing:
        return f"The attacker composes wave {obs.wave + 1}."
    if obs.composed > obs.wave:
        return f"Wave {obs.wave + 1} is composed and sealed until it begins."
    return "No wave is being composed."


def _composer(obs: Any, c: Any, level: Any) -> Iterator[str]:
    """What only the attacker knows: its wave, its budget, and what that buys."""
    names = kind_names(level)
    if obs.composed > obs.wave:
        yield f"Chosen for it so far: {_listed(obs.next_types, obs.next_lanes, names) or 'nobody'}."
    if not obs.composing:
        return
    cost = c.array["prices"][0, obs.level].tolist()
    whole = int(c.array["purses"][0, obs.level, obs.composed - 1])
    aloft = whole * FLYERS // 100 - obs.aloft
    yield f"Budget left {obs.purse} of {whole}, at most {aloft} of it for flyers; {obs.composing} of {GROUPS} groups to choose."
    bought = [f"{names[k]} {cost[k]}" for k in range(KINDS) if 0 < cost[k] <= obs.purse]
    yield f"Prices: {', '.join(bought) or 'nothing that can be paid'}."


def _listed(types: Any, lanes: Any, names: Sequence[str]) -> str:
    """The groups of a wave in their order: "4 wolf on road 2, 1 ogre on road 1"."""
    told: list[list[Any]] = []
    for kind, lane in zip(types.tolist(), lanes.tolist(), strict=True):
        if kind and told and told[-1][1:] == [kind, lane]:
            told[-1][0] += 1
        elif kind:
            told.append([1, kind, lane])
    return ", ".join(f"{n} {names[kind - 1]} on road {lane + 1}" for n, kind, lane in told)


# ------------------------------------------------------------------ acts as text
def group_of(action: int) -> tuple[int, int, int]:
    """(kind, road, size) of an index from 1 on; kind and road from 0."""
    rest, n = divmod(action - 1, len(SIZES))
    kind, lane = divmod(rest, PATHS)
    return kind, lane, SIZES[n]


def form(action: Any, obs: Any, c: Any) -> str:
    if obs.seat == DEFENDER:
        return world.form(action, obs, c)
    if action == PASS:
        return "pass"
    kind, lane, size = group_of(action)
    return f"{size} {kind_names(level_of(obs, c))[kind]} {lane + 1}"


name = form


def parse(text: str, obs: Any, c: Any, legal: Any) -> list[Any] | Refusal:
    if obs.seat == DEFENDER:
        return world.parse(text, obs, c, legal)
    names = kind_names(level_of(obs, c))
    parts = [part for each in re.split(r"[;,\n]", text[:400].lower()) if (part := each.strip(" ."))]
    found = [_group(part.split(), names) for part in parts[:GROUPS]]
    if not found or None in found:
        wrong = next((part for part, action in zip(parts, found, strict=False) if action is None), text.strip())
        return Refusal(
            f"{world.quoted(wrong)} is no group: answer for example 4 wolf 1 (how many, kind, road), or pass"
        )
    if found[0] not in legal:
        return Refusal(f"{world.quoted(parts[0])} is not possible now: {_why(obs, c, names, legal)}")
    return found


def _group(words: list[str], names: Sequence[str]) -> int | None:
    if words == ["pass"]:
        return PASS
    kind = " ".join(words[1:-1])
    numbers = [word for word in (words[0], words[-1]) if word.isascii() and word.isdecimal() and len(word) < 3]
    if len(words) < 3 or not kind or kind not in names or len(numbers) < 2:
        return None
    size, lane = map(int, numbers)
    if size not in SIZES or not 1 <= lane <= PATHS:
        return None
    return 1 + (names.index(kind) * PATHS + lane - 1) * len(SIZES) + SIZES.index(size)


def _why(obs: Any, c: Any, names: Sequence[str], legal: Any) -> str:
    kinds = dict.fromkeys(names[group_of(action)[0]] for action in legal if action)
    roads = int(level_of(obs, c)["paths"])
    sizes = ", ".join(map(str, SIZES))
    return (
        f"{obs.purse} is left for some of {', '.join(kinds) or 'nobody'}, in groups of {sizes}, on roads 1 to {roads}"
    )


HANDS, touch = world.HANDS, world.touch
"""In a window a person defends."""


# ------------------------------------------------------------------ what happened
def tell(before: Any, actions: dict[int, Any], after: Any, c: Any) -> list[Mark]:
    names = kind_names(level_of(after, c))
    marks = [_told(mark, after, names) for mark in world.tell(before, actions, after, c)]
    if before.composing and actions.get(ATTACKER, PASS) != PASS:
        kind, lane, size = group_of(actions[ATTACKER])
        marks.append(
            Mark("chosen", f"wave {before.composed}: {size} {names[kind]} on road {lane + 1}", ATTACKER, ATTACKER)
        )
    if before.composing and not after.composing and after.composed > after.wave:
        marks.append(Mark("sealed", f"wave {after.composed} is composed", ATTACKER))
    return marks


def _told(mark: Mark, after: Any, names: Sequence[str]) -> Mark:
    """A mark of `tower_defence`: what is the defender's alone stays so, and a wave that begins is told whole."""
    if mark.kind in _SECRET:
        return dataclasses.replace(mark, audience=DEFENDER)
    if mark.kind == "wave":
        kinds = Counter(k for k in after.plan.kind[after.wave - 1].tolist() if k)
        told = ", ".join(f"{n} {names[kind - 1]}" for kind, n in kinds.items()) or "nobody"
        return dataclasses.replace(mark, text=f"{mark.text}: {told}", seat=ATTACKER)
    return mark


def metrics(s: Any, c: Any) -> dict[str, Any]:
    """The defender's figures as in `tower_defence`; lost: base lives; sent, paid: enemies of all waves and their price; budget_per_mille:
    the share of the budgets of the waves that were opened which was paid.
    """
    figures = world.metrics(s, c)
    figures.pop("normalised_per_mille", None)
    opened = int(c.array["purses"][0, s.level, : s.composed].sum())
    return figures | {
        "lost": -figures["score"], "sent": s.sent, "paid": s.paid, "budget_per_mille": 1000 * s.paid // max(opened, 1),
    }  # fmt: skip
