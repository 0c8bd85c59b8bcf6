"""The drawing: the dialogue beside two panes of belief, trust as a gauge, and the turn since which the attacker is lost.

Left the public acts, newest last; right the attacker's posterior over the leaves, with the truth marked where the viewer
knows it, and what the defender has stated about it. A pane that the viewer may not see says so.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.canvas import Canvas, seat_colour
from envs.defender.double_agent.ledger import TRUST, posted
from envs.defender.double_agent.rules import OUTCOMES
from envs.defender.double_agent.themes import THEMES, named
from envs.defender.double_agent.tree import ancestor, first_of, on_path
from envs.defender.double_agent.words import lost, public, written

__all__ = ["draw"]

_WIDTH, _HEIGHT, _ROWS, _MIDDLE = 40, 22, 15, 20
_HONEST = 0.85
"""The prior that the defender is honest, as the plainest attacker has it; the drawing weighs the ledger with it."""


def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    canvas.size(_WIDTH, _HEIGHT)
    turn = "over" if obs.done else f"turn {obs.turn + 1} of {len(obs.about)}"
    canvas.text(0.5, 0.5, f"{THEMES[obs.theme]}, {turn}", "text", "left")
    _draw_dialogue(obs, c, canvas)
    _draw_trust(obs, canvas)
    _draw_attacker(obs, c, canvas)
    _draw_defender(obs, c, canvas)
    if hasattr(obs, "outcome") and obs.done:
        shade = {"fooled": "good", "baited": "gold"}.get(OUTCOMES[obs.outcome], "bad")
        canvas.text(_WIDTH - 0.5, 0.5, OUTCOMES[obs.outcome], shade, "right")


def _draw_dialogue(obs: Any, c: Any, canvas: Canvas) -> None:
    """The last turns, a line for each act; a bar marks turns since the attacker was lost."""
    said = public(obs, c)
    since = _lost(obs, c)
    first = max(0, len(said) - 2 * ((_HEIGHT - 3) // 2))
    first += first % 2
    for row, (seat, means) in enumerate(said[first:]):
        y, turn = 2.5 + row, (first + row) // 2
        if since >= 0 and turn >= since:
            canvas.rect(0, y - 0.5, 0.3, 1, "good")
        if seat == 0:
            canvas.text(0.5, y, str(turn + 1), "muted", "left")
        canvas.text(2.2 if seat == 0 else 3.4, y, written(means, obs, c)[:24], seat_colour(seat), "left")
    if since >= 0:
        canvas.text(0.5, _HEIGHT - 0.5, f"lost since turn {since + 1}", "good", "left")


def _lost(obs: Any, c: Any) -> int:
    """Only who sees beliefs and truth can tell."""
    if not (hasattr(obs, "truth") and hasattr(obs, "beliefs")):
        return -1
    return lost(obs.beliefs.tolist(), first_of(c.depth, c.branching) + obs.truth, c)


def _draw_trust(obs: Any, canvas: Canvas) -> None:
    canvas.text(_MIDDLE, 1.5, "trust", "muted", "left")
    if not hasattr(obs, "trust"):
        canvas.text(_MIDDLE + 4, 1.5, "not yours to see", "muted", "left")
        return
    for step in range(TRUST):
        shade = ("bad", "bad", "gold", "good", "good", "good")[obs.trust] if step < obs.trust else "hole"
        canvas.rect(_MIDDLE + 4 + 1.5 * step, 1.1, 1.2, 0.8, shade)
    canvas.text(_MIDDLE + 12, 1.5, str(obs.trust), "text", "left")


def _draw_attacker(obs: Any, c: Any, canvas: Canvas) -> None:
    """The leaves that the ledger makes likeliest, each with a bar; a star where the truth is known to be."""
    canvas.text(_MIDDLE, 3.5, "attacker believes", seat_colour(0), "left")
    if not hasattr(obs, "ledger"):
        canvas.text(_MIDDLE, 4.5, "not yours to see", "muted", "left")
        return
    first = first_of(c.depth, c.branching)
    fits = np.array([bool(on_path(obs.known, first + leaf, c.branching)) for leaf in range(c.branching**c.depth)])
    chances = posted(obs.ledger, _HONEST, fits)
    truth = getattr(obs, "truth", -1)
    rows = sorted(range(len(chances)), key=lambda leaf: (-chances[leaf], leaf))[:7]
    rows += [truth] if truth >= 0 and truth not in rows else []
    for row, leaf in enumerate(rows[:7] if truth not in rows[7:] else [*rows[:6], truth]):
        _draw_leaf(obs, c, canvas, 4.5 + row, leaf, float(chances[leaf]), leaf == truth)
    beliefs = [belief for belief in obs.beliefs.tolist() if belief >= -1]
    if beliefs:
        canvas.text(_MIDDLE, 11.7, f"says: {_short(beliefs[-1], obs, c)}", "text", "left")


def _draw_leaf(obs: Any, c: Any, canvas: Canvas, y: float, leaf: int, chance: float, true: bool) -> None:
    names = named(obs.theme, obs.naming, c.depth, c.branching)
    canvas.rect(_MIDDLE, y - 0.4, 7, 0.8, "hole")
    if chance > 0.004:
        canvas.rect(_MIDDLE, y - 0.4, max(0.25, 7 * chance), 0.8, "good" if true else seat_colour(0))
    label = f"{'* ' if true else ''}{names[first_of(c.depth, c.branching) + leaf]}"
    canvas.text(_MIDDLE + 7.4, y, label, "good" if true else "text", "left")
    canvas.text(_WIDTH - 0.5, y, f"{chance:.0%}", "muted", "right")


def _short(node: int, obs: Any, c: Any) -> str:
    """A node's own name, which is enough, because names are unique."""
    return named(obs.theme, obs.naming, c.depth, c.branching)[node] if node >= 0 else "nothing yet"


def _draw_defender(obs: Any, c: Any, canvas: Canvas) -> None:
    """How many fields it thinks the attacker knew, turn by turn, green where the viewer knows it to be right; its prediction."""
    canvas.text(_MIDDLE, 13.5, "defender predicts", seat_colour(1), "left")
    if not hasattr(obs, "minds"):
        canvas.text(_MIDDLE, 14.5, "not yours to see", "muted", "left")
        return
    canvas.text(_MIDDLE, 15.2, "knew", "muted", "left")
    for turn, mind in enumerate(mind for mind in obs.minds.tolist() if mind >= 0):
        shade = "text" if not hasattr(obs, "prior") else "good" if mind == obs.prior else "bad"
        canvas.text(_MIDDLE + 4 + turn, 15.2, str(mind), shade, "left")
    _draw_guesses(obs, c, canvas)
    if hasattr(obs, "truth"):
        names = named(obs.theme, obs.naming, c.depth, c.branching)
        truth = first_of(c.depth, c.branching) + obs.truth
        fields = [names[ancestor(truth, level, c.branching)] for level in range(1, c.depth + 1)]
        canvas.text(_MIDDLE, 19, "truth", "muted", "left")
        for level, field in enumerate(fields):
            knew = hasattr(obs, "prior") and level < obs.prior
            canvas.text(
                _MIDDLE + 4, 19 + level, field + (", known" if knew else ""), "muted" if knew else "text", "left"
            )


def _draw_guesses(obs: Any, c: Any, canvas: Canvas) -> None:
    """The last prediction of the attacker's belief, and for each turn whether it was met, where both can be seen."""
    guesses = [guess for guess in obs.guesses.tolist() if guess >= -1]
    if guesses:
        canvas.text(_MIDDLE, 17.2, f"thinks it says: {_short(guesses[-1], obs, c)}", "text", "left")
    if hasattr(obs, "beliefs"):
        canvas.text(_MIDDLE, 16.2, "met", "muted", "left")
        for turn, (guess, belief) in enumerate(zip(guesses, obs.beliefs.tolist(), strict=False)):
            canvas.disc(_MIDDLE + 4.3 + turn, 16.2, 0.3, "good" if guess == belief else "bad", guess == belief)
