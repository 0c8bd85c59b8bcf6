"""The drawings: what is round stays on the map, and words stand apart on the smallest map that is drawn."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

import envs
from envs.canvas import Canvas, Verb
from envs.spec import PUBLIC, SPECTATOR
from envs.towerdefence.tower_defence.drawing import SIDE, TOP, WIDE, at
from envs.towerdefence.tower_defence.state import HALF

SMALLEST = 1.5
"""Columns of a unit of the smallest map that a terminal draws; see tui.sheet.legible."""


@pytest.fixture(scope="module", params=["tower_defence?level=3", "siege?level=3"])
def game(request: pytest.FixtureRequest) -> Any:
    return envs.game(request.param, plain=True)


def drawn(game: Any, state: Any, who: int = 0) -> list[Verb]:
    canvas = Canvas()
    game.draw(game.observe(state, who), canvas)
    return canvas.verbs


def test_the_range_of_a_tower_and_a_fire_are_laid_into_the_ground_and_nothing_else(game: Any) -> None:
    state = game.start(3)
    low = int(np.argmin(game.config.array["levels"][0, 0]["slot"]["y"]))
    state["towers"]["kind"][0, low] = 1
    state["burning"] = 1
    state["fires"][0, 0] = (HALF, -HALF, 50)
    pictures = []
    for shown in (-1, low):
        state["shown"] = shown
        verbs = drawn(game, state)
        pictures.append(np.frombuffer(next(verb[-1] for verb in verbs if verb[0] == "image"), np.uint8))
        assert all(verb[3] <= 0.5 and TOP <= verb[2] <= TOP + WIDE for verb in verbs if verb[0] == "disc")
    changed = (pictures[0] != pictures[1]).reshape(SIDE, SIDE, 3).any(axis=2)
    slot, far = (game.config.array["levels"][0, 0][name] for name in ("slot", "make"))
    x, y = at(int(slot[low]["x"]), int(slot[low]["y"]))
    rows, columns = np.nonzero(changed)
    away = np.hypot((columns + 0.5) / SIDE * WIDE - x, (rows + 0.5) / SIDE * WIDE + TOP - y)
    reach = int(far[0]["reach"]) * WIDE / (2 * HALF)
    assert reach - 0.3 < away.max() <= reach + 0.1
    assert y + reach > TOP + WIDE  # it would run over the waves


def test_words_of_the_bars_stand_apart_where_the_map_is_smallest(game: Any) -> None:
    state = game.start(3)
    state["gold"] = 9999
    state["wave"] = 4
    for name in ("composed", "composing"):
        if name in state.dtype.names:
            state[name] = 5
    for who in (*range(game.seats), SPECTATOR, PUBLIC):
        spans = [
            span(verb) for verb in drawn(game, state, who) if verb[0] == "text" and not TOP <= verb[2] < TOP + WIDE
        ]
        assert len(spans) >= 2
        for one, other in combinations(spans, 2):
            assert one[0] != other[0] or one[2] < other[1] or other[2] < one[1], (who, spans)
        assert all(left >= 0 and right <= WIDE * SMALLEST for _, left, right in spans), (who, spans)


def span(verb: Verb) -> tuple[int, int, int]:
    """The row, the first column and the one behind the last that a text takes."""
    _, x, y, words, _, anchor = verb
    left = int(x * SMALLEST) - {"left": 0, "centre": len(words) // 2, "right": len(words)}[anchor]
    return int(y * SMALLEST) // 2, left, left + len(words)
