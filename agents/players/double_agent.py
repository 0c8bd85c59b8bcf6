"""The double agent: four Bayesian attackers and eight defenders, chosen by the options `attacker` and `defender`.

A turn is answered at once, statements and act together. The pane shows how sure the attacker is, and the
defender's estimate of what the attacker knew. `_attack` and `_defend` do the same for batches.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from agents import pane
from agents.players import _attack, _defend
from arena.agent import Ask, Reply

__all__ = ["act"]

ATTACKER = 0


def act(ask: Ask, options: Mapping[str, Any]) -> Reply:
    """The statements and the act of a turn, as far as they are still to come."""
    return (_attacked if ask.seat == ATTACKER else _defended)(ask, options)


def _attacked(ask: Ask, options: Mapping[str, Any]) -> Reply:
    style = _attack.style_of(options["attacker"])
    out = _run(ask, _attack.attack, style)
    sure = float(style["sure"][0])
    why = f"its likeliest path has probability {sure:.2f}, trust {out[0]}"
    return _answer(ask, out, ask.obs.phase, 2 * sure - 1, why)


def _defended(ask: Ask, options: Mapping[str, Any]) -> Reply:
    out = _run(ask, _defend.defend, _defend.conduct_of(options["defender"]))
    why = f"{options['defender']}: the attacker seems to have known {out[0]} of {ask.game.public.depth} fields"
    return _answer(ask, out, ask.obs.phase - 3, 0.0, why)


def _run(ask: Ask, driver: Any, how: np.ndarray) -> list[int]:
    """The three actions of one turn."""
    game: Any = ask.game
    actions = np.zeros((1, 3), np.int32)
    game.run(driver, ask.obs.array, game.public.array, how, np.array([ask.seed], np.uint64), actions)
    return [int(action) for action in actions[0]]


def _answer(ask: Ask, out: list[int], done: int, value: float, why: str) -> Reply:
    """What is left of the turn's three actions; a script is sure of what it does."""
    first, *rest = out[done:]
    told = "; ".join([why, *(f"then {ask.game.name([action], ask.obs)}" for action in rest)])
    shares = pane.policy(ask, dict.fromkeys(ask.legal, 0.0) | {first: 1.0}, first)
    notes = {"policy": shares, "value": float(value), "why": told}
    return Reply([[action] for action in out[done:]], notes=notes)
