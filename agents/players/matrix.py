"""Repeated matrix games: the equilibrium mixture where one's gain is the other's loss, else tit for tat.

The mixture is solved from the payoffs by trying every support (von Neumann 1928 says that one fits). Tit for tat (Axelrod
1980) begins with the act that is best for both when both choose it, and then does what the other did last.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from agents import pane
from arena.agent import Ask, Reply
from envs import keys

__all__ = ["act", "mixture"]


def act(ask: Ask, options: Mapping[str, Any]) -> Reply:
    """The act of this round."""
    payoffs = ask.game.public.payoffs
    own = payoffs[ask.seat] if ask.seat == 0 else payoffs[1].T
    if not payoffs.sum(axis=0).any():
        return _mixed(ask, own)
    friendly = max(range(len(own)), key=lambda a: own[a, a])
    last = int(ask.obs.acts[0, 1 - ask.seat])
    action = friendly if last < 0 else last
    names = [ask.game.name([each], ask.obs) for each in (friendly, action)]
    why = f"{names[0]} is best for both" if last < 0 else f"tit for tat: the other chose {names[1]}"
    left = ask.game.public.limit - ask.obs.tick
    expected = float(ask.obs.total[ask.seat] + left * own[action, action])
    return pane.answer(ask, action, why, value=pane.scaled(expected, ask))


def _mixed(ask: Ask, own: np.ndarray) -> Reply:
    shares = mixture(own)
    drawn, action = keys.uniform(ask.key), 0
    while action < len(shares) - 1 and drawn >= shares[action]:
        drawn -= shares[action]
        action += 1
    value = float(shares @ own @ mixture(-own.T)) * (ask.game.public.limit - ask.obs.tick)
    expected = pane.scaled(float(ask.obs.total[ask.seat]) + value, ask)
    why = f"equilibrium: {', '.join(f'{share:.2f}' for share in shares)}"
    return pane.answer(ask, action, why, value=expected, weights=dict(enumerate(shares.tolist())))


def mixture(payoffs: np.ndarray) -> np.ndarray:
    """The row player's equilibrium of a zero-sum game with payoffs[own, other's], float[n], for the few acts of a table."""
    n = len(payoffs)
    supports = [
        (rows, columns)
        for k in range(1, n + 1)
        for rows in combinations(range(n), k)
        for columns in combinations(range(n), k)
    ]
    for rows, columns in supports:
        shares, value = _equalising(payoffs, rows, columns)
        others, _ = _equalising(-payoffs.T, columns, rows)
        if (
            shares is not None
            and others is not None
            and (shares @ payoffs >= value - 1e-9).all()
            and (payoffs @ others <= value + 1e-9).all()
        ):
            return shares
    raise ArithmeticError("no support of equal size fits: the payoffs are degenerate")


def _equalising(
    payoffs: np.ndarray, rows: tuple[int, ...], columns: tuple[int, ...]
) -> tuple[np.ndarray | None, float]:
    """Shares of these rows that make all these columns worth the same, and that worth; None where there are none."""
    k = len(rows)
    system = np.ones((k + 1, k + 1))
    system[:k, :k] = payoffs[np.ix_(rows, columns)].T
    system[:k, k], system[k, k] = -1.0, 0.0
    if abs(np.linalg.det(system)) < 1e-12:
        return None, 0.0
    solved = np.linalg.solve(system, np.append(np.zeros(k), 1.0))
    if (solved[:k] < -1e-12).any():
        return None, 0.0
    shares = np.zeros(len(payoffs))
    shares[list(rows)] = solved[:k].clip(0.0)
    return shares, float(solved[k])
