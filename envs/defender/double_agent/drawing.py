"""The drawing: the dialogue beside two panes of belief, trust as a gauge, and the turn since which the attacker is lost.

Left the public acts, newest last; right the attacker's posterior over the tree, a strip for each level, and its likeliest
leaves, with the truth marked where the viewer knows it; below, what the defender has stated about it, turn by turn. A pane
that the viewer may not see says so.
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

_WIDTH, _HEIGHT, _MIDDLE = 21, 17, 10.5
_PANE = _WIDTH - _MIDDLE
_SLIVER = 0.001
"""A node of a smaller chance has no segment of its own, unless it is the truth."""
_HONEST = 0.85
"""The prior that the defender is honest, as the plainest attacker has it; the drawing weighs the ledger with it."""
_UNSEEN = "not yours to see"


def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    canvas.size(_WIDTH, _HEIGHT)
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
    room = (_HEIGHT - 4) // 2 * 2
    first = max(0, (len(said) - room + 1) // 2 * 2)
    for row, (seat, means) in enumerate(said[first:]):
        y, turn = 2.5 + row, (first + row) // 2
        if since >= 0 and turn >= since:
            canvas.rect(0, y - 0.5, 0.25, 1, "good")
        if seat == 0:
            canvas.text(1.5, y, str(turn + 1), "muted", "right")
        line = _line(means, obs, c)
        canvas.text(2, y, _cut(line, 16), seat_colour(seat), "left")
    if since >= 0:
        canvas.text(0, _HEIGHT - 0.5, f"lost since turn {since + 1}", "good", "left")


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
    """The posterior of the ledger: over the tree, and the leaves that it makes likeliest; then the belief that was stated."""
    canvas.text(_MIDDLE, 2.5, "attacker believes", seat_colour(0), "left")
    if not hasattr(obs, "ledger"):
        canvas.text(_MIDDLE, 3.5, _UNSEEN, "muted", "left")
        return
    first = first_of(c.depth, c.branching)
    fits = np.array([bool(on_path(obs.known, first + leaf, c.branching)) for leaf in range(c.branching**c.depth)])
    chances = posted(obs.ledger, _HONEST, fits)
    for level in range(1, c.depth + 1):
        _draw_level(level, chances.reshape(c.branching**level, -1).sum(axis=1), obs, c, canvas)
    _draw_leaves(chances, obs, c, canvas)
    beliefs = [belief for belief in obs.beliefs.tolist() if belief >= -1]
    if beliefs:
        canvas.text(_MIDDLE, _predicts(c) - 1, _cut(f"says {_short(beliefs[-1], obs, c)}"), "text", "left")


def _predicts(c: Any) -> float:
    """Where the defender's half begins: it needs four rows and one for each field of the truth."""
    return _HEIGHT - 3.5 - c.depth


def _draw_level(level: int, chances: np.ndarray, obs: Any, c: Any, canvas: Canvas) -> None:
    """A level's nodes from left to right, each as wide as it is likely, so that children lie below their parent; the truth green."""
    first, y = first_of(level, c.branching), 2.0 + level
    truth = obs.truth // c.branching ** (c.depth - level) if hasattr(obs, "truth") else -1
    edges = _MIDDLE + _PANE * np.concatenate([[0.0], np.cumsum(chances)])
    canvas.rect(_MIDDLE, y, _PANE, 1, "hole")
    for node in sorted(np.flatnonzero(chances >= _SLIVER).tolist(), key=lambda node: node == truth):
        _draw_segment(
            _short(first + node, obs, c), float(edges[node]), float(edges[node + 1]), y, _tint(node, truth), canvas
        )
    if truth >= 0 and chances[truth] < _SLIVER:
        _draw_segment("", float(edges[truth]), float(edges[truth]), y, "good", canvas)


def _tint(node: int, truth: int) -> str:
    """Neighbours differ, so that one sees where a node ends."""
    return "good" if node == truth else ("board", "water")[node % 2]


def _draw_segment(name: str, left: float, right: float, y: float, tint: str, canvas: Canvas) -> None:
    left = min(left, _WIDTH - 0.5)  # a segment is drawn at least a pixel wide, which has to lie within the pane
    canvas.rect(left, y, max(right - left, 0.25), 1, tint)
    if len(name) + 1 <= 2 * (right - left):  # a unit is at least two letters wide
        canvas.text((left + right) / 2, y + 0.5, name, "ink" if tint == "good" else "card")


def _draw_leaves(chances: np.ndarray, obs: Any, c: Any, canvas: Canvas) -> None:
    """The likeliest leaves, each on a bar; the truth green, and always among them where it is known."""
    first, truth = first_of(c.depth, c.branching), getattr(obs, "truth", -1)
    rows = int(_predicts(c) - 1 - (3 + c.depth))
    shown = sorted(range(len(chances)), key=lambda leaf: (-chances[leaf], leaf))[:rows]
    if truth >= 0 and truth not in shown:
        shown[-1] = truth
    for row, leaf in enumerate(shown):
        _draw_leaf(_short(first + leaf, obs, c), float(chances[leaf]), leaf == truth, 3.5 + c.depth + row, canvas)


def _draw_leaf(name: str, chance: float, true: bool, y: float, canvas: Canvas) -> None:
    canvas.rect(_MIDDLE, y - 0.5, _PANE, 1, "hole")
    barred = _PANE * chance >= 0.25
    if barred:
        canvas.rect(_MIDDLE, y - 0.5, _PANE * chance, 1, "good" if true else "wall")
    canvas.text(_MIDDLE, y, f"{'*' if true else ''}{name}"[:16], "good" if true and not barred else "card", "left")
    canvas.text(_WIDTH, y, f"{chance:.0%}", "text", "right")


def _cut(line: str, letters: int = 21) -> str:
    return line if len(line) <= letters else f"{line[: letters - 1]}…"


def _short(node: int, obs: Any, c: Any) -> str:
    """A node's own name, which is enough, because names are unique."""
    return named(obs.theme, obs.naming, c.depth, c.branching)[node] if node >= 0 else "nothing"


def _draw_defender(obs: Any, c: Any, canvas: Canvas) -> None:
    """Turn by turn how many fields it thinks the attacker knew, and whether its prediction of the belief was met; the truth."""
    y = _predicts(c)
    canvas.text(_MIDDLE, y, "defender predicts", seat_colour(1), "left")
    if not hasattr(obs, "minds"):
        canvas.text(_MIDDLE, y + 1, _UNSEEN, "muted", "left")
        return
    canvas.text(_MIDDLE, y + 1, "knew", "muted", "left")
    for turn, mind in enumerate(mind for mind in obs.minds.tolist() if mind >= 0):
        shade = "text" if not hasattr(obs, "prior") else "good" if mind == obs.prior else "bad"
        canvas.text(_MIDDLE + 3 + 0.5 * turn, y + 1, str(mind), shade, "left")
    guesses = [guess for guess in obs.guesses.tolist() if guess >= -1]
    if hasattr(obs, "beliefs"):
        canvas.text(_MIDDLE, y + 2, "met", "muted", "left")
        for turn, (guess, belief) in enumerate(zip(guesses, obs.beliefs.tolist(), strict=False)):
            canvas.rect(_MIDDLE + 3 + 0.5 * turn, y + 1.75, 0.5, 0.5, "good" if guess == belief else "bad")
    if guesses:
        canvas.text(_MIDDLE, y + 3, _cut(f"says {_short(guesses[-1], obs, c)}"), "text", "left")
    if hasattr(obs, "truth"):
        _draw_truth(obs, c, canvas)


def _draw_truth(obs: Any, c: Any, canvas: Canvas) -> None:
    """Field by field; muted what the attacker knew from the start, where the viewer knows that."""
    leaf, known = first_of(c.depth, c.branching) + obs.truth, getattr(obs, "prior", 0)
    for level in range(c.depth):
        name = _short(ancestor(leaf, level + 1, c.branching), obs, c)
        told = f"{name}, known" if level < known and len(name) <= 14 else name
        canvas.text(_MIDDLE, _HEIGHT + 0.5 - c.depth + level, told, "muted" if level < known else "good", "left")
