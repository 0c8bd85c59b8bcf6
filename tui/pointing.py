"""Which action a click on a board means, found without knowing the game: by what each legal action would change in the picture.

Each action is tried on a copy of the state and drawn; the unit cells where its picture differs from the present one, and not in the same
way for every action, are the action's own. Only where every seat sees everything and nothing is random, so that trying betrays nothing.
A game may say it itself with the word `point(x, y, obs, c) -> action | None`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from envs.canvas import Canvas
from envs.game import Game

__all__ = ["Cell", "Pointing"]

Cell = tuple[int, int]
MOST_ACTIONS = 256
"""Actions that are tried; a game with more is played in words."""
_UNFIT = frozenset({"hidden", "chance", "simultaneous"})
_WIDEST = 1.5


class Pointing:
    """The cells of each action of `seat` in `state`. Without any, where the game is not one to be pointed at."""

    def __init__(self, game: Game, state: Any, seat: int, actions: Sequence[int]) -> None:
        self.game, self.state, self.seat = game, state, seat
        self.cells: Mapping[int, frozenset[Cell]] = {}
        fit = "perfect" in game.spec.traits and not _UNFIT & game.spec.traits
        if fit and 0 < len(actions) <= MOST_ACTIONS:
            self.cells = self._tried(actions)

    def _tried(self, actions: Sequence[int]) -> dict[int, frozenset[Cell]]:
        now = self._verbs(self.state)
        changed = {
            action: now ^ self._verbs(self.game.step(self.state, {self.seat: [action]}, 0)) for action in actions
        }
        alike = frozenset.intersection(*changed.values()) if len(changed) > 1 else frozenset()
        return {action: _cells(verbs - alike) for action, verbs in changed.items()}

    def _verbs(self, state: Any) -> frozenset[Any]:
        canvas = Canvas()
        self.game.draw(self.game.observe(state, self.seat), canvas)
        return frozenset(canvas.verbs)

    def said(self, x: float, y: float) -> int | None:
        """The action that the game itself finds at a position; None where it has no such word or finds none."""
        point = getattr(self.game, "words", {}).get("point")
        if point is None:
            return None
        found = point(x, y, self.game.observe(self.state, self.seat), self.game.public)
        return found if found in self.cells or not self.cells else None

    def at(self, picked: Sequence[Cell]) -> list[int]:
        """The actions that own all these cells; one cell may also mean its column, where each action has a column of its own."""
        found = [action for action, cells in self.cells.items() if all(cell in cells for cell in picked)]
        if found or len(picked) != 1:
            return found
        columns = {action: {x for x, _ in cells} for action, cells in self.cells.items()}
        apart = all(len(each) == 1 for each in columns.values())
        if not apart or len(set().union(*columns.values())) < len(columns):
            return []
        return [action for action, each in columns.items() if picked[0][0] in each]


def _cells(verbs: frozenset[Any]) -> frozenset[Cell]:
    """The cells of these verbs; letters count where there is nothing else, because elsewhere they are labels."""
    figures = frozenset(filter(None, (_cell(verb) for verb in verbs if verb[0] != "text")))
    return figures or frozenset(filter(None, map(_cell, verbs)))


def _cell(verb: tuple[Any, ...]) -> Cell | None:
    """The unit cell in the middle of a verb; None for what is larger than a cell."""
    name, x, y, *rest = verb
    if name == "rect":
        return (int(x + rest[0] / 2), int(y + rest[1] / 2)) if max(rest[0], rest[1]) <= _WIDEST else None
    return (int(x), int(y)) if name in ("disc", "sprite", "text") else None
