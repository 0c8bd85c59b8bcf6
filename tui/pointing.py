"""Which action a click on a board means, found without knowing the game: by what each legal action would change in the picture.

Each action is tried and drawn; the unit cells where its picture differs from the present one, and not in the same way for every action,
are the action's own. Where a seat does not see everything, states that it holds possible are tried and never the real one, so that
trying betrays nothing; what depends on them or on chance is nobody's cell. A game may say it itself with the word
`point(x, y, obs, c) -> action | None`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from envs.canvas import Canvas
from envs.game import Game
from envs.keys import fold

__all__ = ["Cell", "Pointing"]

Cell = tuple[int, int]
MOST_ACTIONS = 256
"""Actions that are tried; a game with more is played in words."""
_OPEN = frozenset({"hidden", "chance", "simultaneous"})
"""Without any of these one trial tells all."""
_WIDEST = 1.5
_TRIALS, _KEY = 3, 0x5EA7


class Pointing:
    """The cells of each action of `seat` in `state`. Without any, where the game is not one to be pointed at."""

    def __init__(self, game: Game, state: Any, seat: int, actions: Sequence[int]) -> None:
        self.game, self.state, self.seat = game, state, seat
        self.cells: Mapping[int, frozenset[Cell]] = {}
        if not 0 < len(actions) <= MOST_ACTIONS:
            return
        if "perfect" in game.spec.traits and not _OPEN & game.spec.traits:
            self.cells = self._tried(state, actions, 0)
        elif game.can("imagine"):
            self.cells = self._imagined(actions)

    def _imagined(self, actions: Sequence[int]) -> dict[int, frozenset[Cell]]:
        """The cells that are an action's own in every trial; none at all unless they tell all actions apart."""
        obs = self.game.observe(self.state, self.seat)
        trials = []
        for n in range(_TRIALS):
            state = self.game.imagine(obs, self.seat, fold(_KEY, n))
            trials.append(self._tried(state, actions, fold(_KEY, n)))
        cells = {action: frozenset.intersection(*(each[action] for each in trials)) for action in actions}
        apart = len(set(cells.values())) == len(cells) and all(cells.values())
        return cells if apart else {}

    def _tried(self, state: Any, actions: Sequence[int], key: int) -> dict[int, frozenset[Cell]]:
        now = self._verbs(state)
        # What the others do at the same time is the same in every trial, and so no action's own.
        others = {
            seat: legal.sample(fold(key, seat)) for seat, legal in self.game.turns(state).items() if seat != self.seat
        }
        changed = {
            action: now ^ self._verbs(self.game.step(state, others | {self.seat: [action]}, key)) for action in actions
        }
        alike = frozenset.intersection(*changed.values()) if len(changed) > 1 else frozenset()
        words = "perfect" in self.game.spec.traits
        return {action: _cells(verbs - alike, words) for action, verbs in changed.items()}

    def _verbs(self, state: Any) -> frozenset[Any]:
        canvas = Canvas()
        self.game.draw(self.game.observe(state, self.seat), canvas)
        return frozenset(canvas.verbs)

    @property
    def possible(self) -> bool:
        """Whether a click on this board can mean anything."""
        return bool(self.cells) or "point" in getattr(self.game, "words", {})

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


def _cells(verbs: frozenset[Any], words: bool) -> frozenset[Cell]:
    """The cells of these verbs; `words` count where there is nothing else, because elsewhere they are labels."""
    figures = frozenset(filter(None, (_cell(verb) for verb in verbs if verb[0] != "text")))
    return figures or (frozenset(filter(None, map(_cell, verbs))) if words else figures)


def _cell(verb: tuple[Any, ...]) -> Cell | None:
    """The unit cell in the middle of a verb; None for what is larger than a cell."""
    name, x, y, *rest = verb
    if name == "rect":
        return (int(x + rest[0] / 2), int(y + rest[1] / 2)) if max(rest[0], rest[1]) <= _WIDEST else None
    return (int(x), int(y)) if name in ("disc", "sprite", "text") else None
