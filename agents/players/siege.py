"""The siege by a fixed plan, on both sides. The defender's styles are those of tower defence; the attacker has five of the same names.

nothing passes; random and valid-random draw from what can be paid. weak sends single enemies and pairs of any kind on any road and leaves
much of its budget. fair (or greedy) spends all of it without a look at the field: a kind and a road that it draws, as many as it can pay.
strong (or expert) tries waves out in its head on the field that it sees, and sends the one that does most harm (`_waves`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents import pane
from agents.players import tower_defence
from agents.players._waves import PASS, ROADS, SIZES, best_wave, largest
from arena.agent import Ask, Reply
from envs import keys

__all__ = ["act"]

DEFENDER = 0

Choice = tuple[list[int], str]
"""Indices of the attacker's, to be played one after another, and why."""


def act(ask: Ask, options: Mapping[str, Any]) -> Reply:
    """One act of the defender, or one group of the attacker's."""
    if ask.seat == DEFENDER:
        return tower_defence.act(ask, options)
    chosen, why = STYLES[str(options.get("style", "expert"))](ask)
    level = ask.game.public.array["levels"][0, ask.obs.level]
    value = 1.0 - 2.0 * max(ask.obs.lives, 0) / max(int(level["lives"]), 1)
    first = pane.answer(ask, chosen[0], why, value=value)
    return Reply([[each] for each in chosen], notes=first.notes)


def _passes(ask: Ask) -> Choice:
    return [PASS], "nobody goes"


def _drawn(ask: Ask) -> Choice:
    return [int(ask.legal.sample(ask.key)[0])], "drawn from what can be paid"


def _weak(ask: Ask) -> Choice:
    """One or two of any kind on any road."""
    small = [each for each in ask.legal if each and (each - 1) % len(SIZES) < 2]
    if not small:
        return [PASS], "nothing can be paid"
    return [small[keys.below(ask.key, len(small))]], "one or two of a kind, drawn"


def _fair(ask: Ask) -> Choice:
    """As many as can be paid of a kind that was drawn, on a road that was drawn."""
    kinds = sorted({(each - 1) // (ROADS * len(SIZES)) for each in ask.legal if each})
    if not kinds:
        return [PASS], "nothing can be paid"
    kind = kinds[keys.below(keys.fold(ask.key, 0), len(kinds))]
    roads = int(ask.game.public.array["levels"][0, ask.obs.level]["paths"])
    return [largest(ask.legal.mask, kind, keys.below(keys.fold(ask.key, 1), roads))], "as many as can be paid"


def _strong(ask: Ask) -> Choice:
    """The wave that does most harm in trials; it is chosen whole, with the first group."""
    groups, why = best_wave(ask)
    return groups or [PASS], why


STYLES = {
    "nothing": _passes, "random": _drawn, "valid-random": _drawn, "weak": _weak, "fair": _fair, "greedy": _fair, "strong": _strong,
    "expert": _strong,
}  # fmt: skip
