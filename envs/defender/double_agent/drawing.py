"""The drawing: the dialogue beside two panes of belief, trust as a gauge, and the turn since which the attacker is lost.

Left the public acts, newest last; right the attacker's posterior over its likeliest leaves, with the truth marked where the
viewer knows it, and what the defender has stated about it, turn by turn. A pane that the viewer may not see says so.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.canvas import Canvas, seat_colour
from envs.defender.double_agent.ledger import TRUST, posted
from envs.defender.double_agent.rules import OUTCOMES
from envs.defender.double_agent.themes import THEMES, labels, named
from envs.defender.double_agent.words import lost, public
from envs.trees import ancestor, first_of, on_path

__all__ = ["draw"]

_WIDTH, _MIDDLE, _LEAVES = 21, 10.5, 5
_HONEST = 0.85
"""The prior that the defender is honest, as the plainest attacker has it; the drawing weighs the ledger with it."""
_UNSEEN = "not yours to see"


def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    canvas.size(_WIDTH, 13 + c.depth)
    turn = "over" if obs.done else f"turn {obs.turn + 1} of {len(obs.about)}"
    canvas.text(0, 0.5, f"{THEMES[obs.theme]}, {turn}", "text", "left")
    _draw_dialogue(obs, c, canvas)
    _draw_trust(obs, canvas)
    _draw_attacker(obs, c, canvas)
    _draw_defender(obs, c, canvas)
    if hasattr(obs, "outcome") and obs.done:
        shade = {"fooled": "good", "baited": "gold"}.get(OUTCOMES[obs.outcome], "bad")
        canvas.text(_WIDTH, 0.5, OUTCOMES[obs.outcome], shade, "right")


def _draw_dialogue(obs: Any, c: Any, canvas: Canvas) -> None:
    """The last turns, a line for each act; a bar marks those since which the attacker is lost."""
    said, since = public(obs, c), _lost(obs, c)
    room = (9 + c.depth) // 2 * 2
    first = max(0, (len(said) - room + 1) // 2 * 2)
    for row, (seat, means) in enumerate(said[first:]):
        y, turn = 2.5 + row, (first + row) // 2
        if since >= 0 and turn >= since:
            canvas.rect(0, y - 0.5, 0.25, 1, "good")
        if seat == 0:
            canvas.text(1.5, y, str(turn + 1), "muted", "right")
        line = _line(means, obs, c)
        canvas.text(2, y, line if len(line) <= 16 else f"{line[:15]}…", seat_colour(seat), "left")
    if since >= 0:
        canvas.text(0, 12.5 + c.depth, f"lost since turn {since + 1}", "good", "left")


def _line(means: Any, obs: Any, c: Any) -> str:
    """An act in few letters: a field that is asked for, a name with a question mark, "has" before what is revealed."""
    if means.kind == "ask":
        return f"{labels(obs.theme, c.depth)[means.value - 1]}?"
    name = _short(means.value, obs, c)
    return {"check": f"{name}?", "reveal": f"has {name}", "close": f"= {name}", "name": name}.get(
        means.kind, means.kind
    )


def _lost(obs: Any, c: Any) -> int:
    """Only who sees beliefs and truth can tell."""
    if not (hasattr(obs, "truth") and hasattr(obs, "beliefs")):
        return -1
    return lost(obs.beliefs.tolist(), first_of(c.depth, c.branching) + obs.truth, c)


def _draw_trust(obs: Any, canvas: Canvas) -> None:
    canvas.text(_MIDDLE, 1.5, "trust", "muted", "left")
    if not hasattr(obs, "trust"):
        canvas.text(_WIDTH, 1.5, _UNSEEN[:9], "muted", "right")  # all of it would touch the word before it
        return
    shade = ("bad", "bad", "gold", "gold", "good", "good")[obs.trust]
    for step in range(TRUST):
        canvas.rect(_MIDDLE + 3 + step, 1.25, 1, 0.5, shade if step < obs.trust else "hole")
    canvas.text(_WIDTH, 1.5, str(obs.trust), shade, "right")


def _draw_attacker(obs: Any, c: Any, canvas: Canvas) -> None:
    """The leaves that the ledger makes likeliest, each on a bar; the truth green, and always among them where it is known."""
    canvas.text(_MIDDLE, 2.5, "attacker believes", seat_colour(0), "left")
    if not hasattr(obs, "ledger"):
        canvas.text(_MIDDLE, 3.5, _UNSEEN, "muted", "left")
        return
    first = first_of(c.depth, c.branching)
    fits = np.array([bool(on_path(obs.known, first + leaf, c.branching)) for leaf in range(c.branching**c.depth)])
    chances = posted(obs.ledger, _HONEST, fits)
    truth = getattr(obs, "truth", -1)
    shown = sorted(range(len(chances)), key=lambda leaf: (-chances[leaf], leaf))[:_LEAVES]
    if truth >= 0 and truth not in shown:
        shown[-1] = truth
    for row, leaf in enumerate(shown):
        _draw_leaf(_short(first + leaf, obs, c), float(chances[leaf]), leaf == truth, 3.5 + row, canvas)
    beliefs = [belief for belief in obs.beliefs.tolist() if belief >= -1]
    if beliefs:
        canvas.text(_MIDDLE, 8.5, f"says {_short(beliefs[-1], obs, c)}", "text", "left")


def _draw_leaf(name: str, chance: float, true: bool, y: float, canvas: Canvas) -> None:
    room = _WIDTH - _MIDDLE
    canvas.rect(_MIDDLE, y - 0.5, room, 1, "hole")
    barred = room * chance >= 0.25
    if barred:
        canvas.rect(_MIDDLE, y - 0.5, room * chance, 1, "good" if true else "wall")
    canvas.text(_MIDDLE, y, f"{'*' if true else ''}{name}"[:16], "good" if true and not barred else "card", "left")
    canvas.text(_WIDTH, y, f"{chance:.0%}", "text", "right")


def _short(node: int, obs: Any, c: Any) -> str:
    """A node's own name, which is enough, because names are unique."""
    return named(obs.theme, obs.naming, c.depth, c.branching)[node] if node >= 0 else "nothing"


def _draw_defender(obs: Any, c: Any, canvas: Canvas) -> None:
    """Turn by turn how many fields it thinks the attacker knew, and whether its prediction of the belief was met; the truth."""
    canvas.text(_MIDDLE, 9.5, "defender predicts", seat_colour(1), "left")
    if not hasattr(obs, "minds"):
        canvas.text(_MIDDLE, 10.5, _UNSEEN, "muted", "left")
        return
    canvas.text(_MIDDLE, 10.5, "knew", "muted", "left")
    for turn, mind in enumerate(mind for mind in obs.minds.tolist() if mind >= 0):
        shade = "text" if not hasattr(obs, "prior") else "good" if mind == obs.prior else "bad"
        canvas.text(_MIDDLE + 3 + 0.5 * turn, 10.5, str(mind), shade, "left")
    guesses = [guess for guess in obs.guesses.tolist() if guess >= -1]
    if hasattr(obs, "beliefs"):
        canvas.text(_MIDDLE, 11.5, "met", "muted", "left")
        for turn, (guess, belief) in enumerate(zip(guesses, obs.beliefs.tolist(), strict=False)):
            canvas.rect(_MIDDLE + 3 + 0.5 * turn, 11.25, 0.5, 0.5, "good" if guess == belief else "bad")
    if guesses:
        canvas.text(_MIDDLE, 12.5, f"says {_short(guesses[-1], obs, c)}", "text", "left")
    if hasattr(obs, "truth"):
        _draw_truth(obs, c, canvas)


def _draw_truth(obs: Any, c: Any, canvas: Canvas) -> None:
    """Field by field; muted what the attacker knew from the start, where the viewer knows that."""
    leaf, known = first_of(c.depth, c.branching) + obs.truth, getattr(obs, "prior", 0)
    for level in range(c.depth):
        name = _short(ancestor(leaf, level + 1, c.branching), obs, c)
        told = f"{name}, known"[:21] if level < known else name
        canvas.text(_MIDDLE, 13.5 + level, told, "muted" if level < known else "good", "left")
