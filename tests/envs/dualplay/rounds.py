"""Rounds of a proposer and its solvers, played from whole texts: for the tests of all games of this family."""

from __future__ import annotations

from typing import Any

from envs.keys import fold
from envs.spec import Refusal

__all__ = ["at_random", "remembering", "written"]


def written(game: Any, text: str, answers: list[str] | None = None, key: int = 0) -> Any:
    """The state after a question (and claim), and after each solver's answer."""
    state = _spoken(game, game.start(key), {0: text})
    return _spoken(game, state, dict(enumerate(answers, 1))) if answers and not game.facts(state).done else state


def _spoken(game: Any, state: Any, texts: dict[int, str]) -> Any:
    """Whole texts of several seats, played as their tokens side by side."""
    tokens = {}
    for seat, text in texts.items():
        found = game.parse(text, game.observe(state, seat), game.legal(state, seat))
        assert not isinstance(found, Refusal), found
        tokens[seat] = found
    while any(tokens.values()):
        acts = {seat: tokens[seat].pop(0) for seat in game.acting(state) if tokens.get(seat)}
        state = game.step(state, acts, 0)
    return state


def remembering(game: Any, texts: list[str]) -> Any:
    """The same game, which knows earlier questions now."""
    configs = game.configs.copy()
    for i, text in enumerate(texts):
        configs["history"][0, i] = written(game, text)["asked"][0]
    configs["known"] = len(texts)
    game.configure(configs.tobytes())
    return game


def at_random(game: Any, seed: int) -> Any:
    """The last state of a round of random tokens."""
    state = game.start(seed)
    while acting := game.acting(state):
        acts = {seat: game.legal(state, seat).sample(fold(fold(seed, game.facts(state).tick), seat)) for seat in acting}
        state = game.step(state, acts, seed)
    return state
