"""Somebody's own attacker against all defenders: an agent named as `module:name`, asked act by act like in a match.

Slow beside the compiled attackers, so it plays fewer dialogues; whatever it answers must be legal, else the dialogue counts as
a fault of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch

from arena.agent import Ask
from arena.answers import understood
from arena.training.dialogue import ATTACKER, DEFENDER, OUTCOMES, Side, Table, folded, scripted
from arena.training.double_agent import Voice, policy
from arena.training.double_agent_runs import SCRIPTED
from arena.training.double_agent_seat import loaded as network
from envs import keys
from envs.errors import NOT_FOUND, UserError
from envs.spec import Refusal

__all__ = ["loaded", "played", "table"]

GUEST_SEED, MOST = 7_000_000, 100_000


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


def table(place: str, runs: Path, cells: Sequence[str], num: int = 60) -> Iterator[str]:
    """A line for each defender: dialogues fooled by what the attacker knew, then shares of the outcomes of all `num`, and of faults.

    Defenders are the scripted ones, and the first network of each cell that has left a file in `runs`.
    """
    make = loaded(place)
    if not 1 <= num <= MOST:
        raise UserError(f"--dialogues {num} is not allowed: give a number from 1 to {MOST}")
    yield f"{'defender':<26}{'knew 0':>10}{'1':>8}{'2':>8}{'hard':>8}" + "".join(
        f"{each:>12}" for each in (*OUTCOMES, "fault")
    )
    networks = [found for found in (runs / f"{cell}-0.json" for cell in cells) if found.is_file()]
    everybody: list[str | Path] = [*SCRIPTED, *networks]
    for defender in everybody:
        prior, ended = played(make, defender, num)
        fooled = [_share(ended[chosen] == 0) for chosen in (prior == 0, prior == 1, prior == 2, prior > 0)]
        shares = [_share(ended == i) for i in range(len(OUTCOMES) + 1)]
        name = defender if isinstance(defender, str) else defender.stem
        yield (
            f"{name:<26}{fooled[0]:>10}"
            + "".join(f"{each:>8}" for each in fooled[1:])
            + "".join(f"{each:>12}" for each in shares)
        )
    counts = ", ".join(f"{int((prior == knew).sum())} knew {knew}" for knew in range(3))
    yield f"{num} dialogues a line ({counts}), the same scenarios for all"


def _share(which: np.ndarray) -> str:
    return f"{100 * which.mean():.0f} %" if len(which) else ""


def _side(defender: str | Path, num: int) -> Side:
    """A scripted defender, or the network of a run's file."""
    if isinstance(defender, str):
        return scripted(defender, num)
    return Voice(policy(network(defender), num, torch.Generator().manual_seed(GUEST_SEED)), num)


def played(make: Callable[[], Any], defender: str | Path, num: int) -> tuple[np.ndarray, np.ndarray]:
    """Of each of `num` dialogues what the attacker knew and how it ended, as an index in OUTCOMES; one more for a guest's fault."""
    seat = Table(num)
    rows = np.arange(num)
    seat.start(folded(keys.fold(GUEST_SEED, 1), rows), folded(keys.fold(GUEST_SEED, 2), rows))
    guests, faults = [make() for _ in rows], np.zeros(num, np.bool_)
    answer = _side(defender, num)
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
    return seat.states["prior"].astype(np.int64), np.where(faults, len(OUTCOMES), seat.outcome().ended)


def _asked(seat: Table, guest: Any, row: int) -> int | None:
    """One act of one guest, None for an answer that is none, or an exception."""
    game, state = seat.game, seat.states[row : row + 1]
    obs, legal = game.observe(state, ATTACKER), game.legal(state, ATTACKER)
    tick, seed = game.facts(state).tick, int(seat.keys[ATTACKER, row])
    try:
        reply = understood(game, obs, legal, guest(Ask("guest", game, ATTACKER, tick, obs, legal, seed)))
    except Exception:  # noqa: BLE001  a stranger's code: in a match its seat would lose, too
        return None
    return None if isinstance(reply, Refusal) else int(reply.actions[0][0])
