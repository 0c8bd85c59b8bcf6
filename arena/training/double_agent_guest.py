"""Somebody's own attacker against the scripted defenders: an agent named as `module:name`, asked act by act like in a match.

Slow beside the compiled attackers, so it plays fewer dialogues; whatever it answers must be legal, else the dialogue counts as
a fault of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import numpy as np

from arena.agent import Ask
from arena.answers import understood
from arena.training.dialogue import ATTACKER, DEFENDER, OUTCOMES, Table, folded, scripted
from envs import keys
from envs.errors import NOT_FOUND, UserError
from envs.spec import Refusal

__all__ = ["loaded", "played", "table"]

DEFENDERS = ("refuse", "honest", "vague", "random", "liar1", "liar2", "liar3", "tracker", "oracle")
GUEST_SEED = 7_000_000


def loaded(place: str) -> Callable[[], Any]:
    """What makes an agent from "module:name": a class is made anew for each dialogue, a function is taken as it is."""
    module, _, name = place.partition(":")
    try:
        target = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UserError(
            f"no attacker {place!r} ({error}): write MODULE:NAME of a function of an Ask", NOT_FOUND
        ) from None
    return target if isinstance(target, type) else lambda: target


def table(place: str, num: int = 60) -> Iterator[str]:
    """A line for each defender: shares of the outcomes of `num` dialogues, and of faults."""
    yield f"{'defender':<10}" + "".join(f"{name:>12}" for name in (*OUTCOMES, "fault"))
    make = loaded(place)
    for name in DEFENDERS:
        counts = played(make, name, num)
        yield f"{name:<10}" + "".join(f"{100 * counts.get(each, 0) / num:>10.0f} %" for each in (*OUTCOMES, "fault"))


def played(make: Callable[[], Any], defender: str, num: int) -> dict[str, int]:
    """How many of `num` dialogues ended in each way; one that met no legal answer is a "fault"."""
    seat = Table(num)
    rows = np.arange(num)
    seat.start(folded(keys.fold(GUEST_SEED, 1), rows), folded(keys.fold(GUEST_SEED, 2), rows))
    guests, faults = [make() for _ in rows], np.zeros(num, np.bool_)
    answer = scripted(defender, num)
    while not seat.states["done"].all():
        for _ in range(3):
            actions = np.zeros((num, 2, 1), np.int32)
            for row in np.flatnonzero(~seat.states["done"]):
                action = _asked(seat, guests[row], int(row))
                faults[row] |= action is None
                seat.states["done"][row] |= action is None
                actions[row, ATTACKER, 0] = action or 0
            seat.tick(actions)
        if not seat.states["done"].all():
            seat.speak(DEFENDER, answer(seat))
    ended = np.where(faults, len(OUTCOMES), seat.outcome().ended)
    return {name: int((ended == i).sum()) for i, name in enumerate((*OUTCOMES, "fault"))}


def _asked(seat: Table, guest: Any, row: int) -> int | None:
    """One act of one guest, None for an answer that is none."""
    game, state = seat.game, seat.states[row : row + 1]
    obs, legal = game.observe(state, ATTACKER), game.legal(state, ATTACKER)
    tick, seed = game.facts(state).tick, int(seat.keys[ATTACKER, row])
    reply = understood(game, obs, legal, guest(Ask("guest", game, ATTACKER, tick, obs, legal, seed)))
    return None if isinstance(reply, Refusal) else int(reply.actions[0][0])
