"""Observation decides knowledge: what a seat cannot know is in none of its observations, words, pictures, tensors and masks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgpack
import numpy as np

from envs import keys
from envs.checks.trial import Step, Trial, demand
from envs.game import Game
from envs.records import Row
from envs.rules import rules_of
from envs.spec import PUBLIC, Box

__all__ = ["configuration", "filled", "hidden", "masks", "perfect", "public", "sealed", "secrecy"]

_STEPS, _TIMES, _STARTS = 200, 4, 20
_HEADER = {"tick", "done", "truncated", "reward"}
_NO_IMAGINE = "no imagine: planners will be refused"


def secrecy(trial: Trial) -> str:
    """observe(imagine(observe(s))) == observe(s), byte for byte, for every seat."""
    game, looked = trial.game, 0
    if not game.can("imagine"):
        return _NO_IMAGINE
    for step in trial.some(_STEPS):
        for seat in range(game.seats):
            seen = game.observe(step.state, seat)
            for i in range(_TIMES):
                again = game.observe(game.imagine(seen, seat, keys.fold(step.seed, i)), seat)
                demand(
                    again == seen,
                    f"{trial.where(step)}: seat {seat} sees {_first_difference(seen, again)} in a state that it imagines",
                )
                looked += 1
    return f"{looked} imagined states look to their seat like the true one"


def _first_difference(a: Any, b: Any) -> str:
    one, two = a.tree(), b.tree()
    name = next((name for name in one if repr(one[name]) != repr(two[name])), "?")
    return f"{name} = {two.get(name)} instead of {one.get(name)}"


def hidden(trial: Trial) -> str:
    """Imagined states differ from the true one and from one another where hidden is declared; they never do elsewhere."""
    game = trial.game
    if not game.can("imagine"):
        return _NO_IMAGINE
    declared = "hidden" in game.spec.traits
    wrong = several = looked = 0
    for step in trial.some(_STEPS):
        truth = _fields(game, step.state)
        for seat in range(game.seats):
            guesses = _imagined(game, step, seat)
            differ = any(guess != truth for guess in guesses)
            demand(
                declared or not differ,
                f"{trial.where(step)}: seat {seat} does not know the state, and hidden is not declared",
            )
            wrong, several, looked = wrong + differ, several + any(guess != guesses[0] for guess in guesses), looked + 1
    demand(
        not declared or wrong > 0,
        "hidden is declared, and every imagined state is the true one: imagine knows too much, or nothing is hidden",
    )
    demand(not declared or several > 0, "hidden is declared, and every imagined state of a moment is the same")
    return f"in {wrong} of {looked} moments a seat imagined another state"


def _imagined(game: Game, step: Step, seat: int) -> list[dict[str, Any]]:
    obs = game.observe(step.state, seat)
    return [_fields(game, game.imagine(obs, seat, keys.fold(step.seed, i))) for i in range(_TIMES)]


def _fields(game: Game, state: Any) -> dict[str, Any]:
    """A state without its common header."""
    return {name: value for name, value in game.row(state).tree().items() if name not in _HEADER}


def perfect(trial: Trial) -> str:
    """Where perfect is declared, every seat and the public know the whole state, and imagine copies it."""
    game = trial.game
    if "perfect" not in game.spec.traits:
        return "not declared"
    demand("hidden" not in game.spec.traits, "perfect and hidden are both declared")
    demand(game.can("imagine"), "perfect is declared, and there is no imagine that copies the state")
    for step in trial.some(_STEPS):
        truth = _fields(game, step.state)
        for who in (*range(game.seats), PUBLIC):
            guess = _fields(game, game.imagine(game.observe(step.state, who), who, step.seed))
            lacking = next((name for name in truth if truth[name] != guess.get(name)), "")
            demand(
                not lacking,
                f"{trial.where(step)}: {_called(game, who)} does not know {lacking!r}, and perfect is declared",
            )
    return "every seat and the public know the whole state"


def _called(game: Game, who: int) -> str:
    return "the public" if who == PUBLIC else game.spec.seat_names[who]


def masks(trial: Trial) -> str:
    """Whether a seat acts, and what it may do, does not depend on what it cannot see: it is so in each state that it imagines."""
    game, looked = trial.game, 0
    if not game.can("imagine"):
        return _NO_IMAGINE
    for step in trial.some(_STEPS):
        real = game.turns(step.state)
        for seat in range(game.seats):
            guess = game.turns(game.imagine(game.observe(step.state, seat), seat, keys.fold(step.seed, seat)))
            demand(
                (seat in real) == (seat in guess),
                f"{trial.where(step)}: whether seat {seat} acts depends on what it cannot see",
            )
            same = seat not in real or (
                real[seat].form == guess[seat].form and np.array_equal(real[seat].mask, guess[seat].mask)
            )
            demand(same, f"{trial.where(step)}: what seat {seat} may do depends on what it cannot see")
            looked += 1
    return f"{looked} masks tell no secret"


def public(trial: Trial) -> str:
    """What the public sees, every seat knows: it is the same in each state that the seat imagines."""
    game, looked = trial.game, 0
    if not game.can("imagine"):
        return _NO_IMAGINE
    for step in trial.some(_STEPS):
        seen = game.observe(step.state, PUBLIC)
        for seat in range(game.seats):
            again = game.observe(game.imagine(game.observe(step.state, seat), seat, keys.fold(step.seed, 99)), PUBLIC)
            demand(
                again == seen,
                f"{trial.where(step)}: the public sees what seat {seat} does not know: {_first_difference(again, seen)}",
            )
            looked += 1
    return f"{looked} times the public knew no more than a seat"


def configuration(trial: Trial) -> str:
    """No seat sees a hidden part of the configuration when an episode begins: with other numbers in it, its view is the same."""
    game, looked = trial.plain, 0
    if game.config_bytes() == game.config_bytes(public=True):
        return "nothing of the configuration is hidden"
    states = [game.unpack(trial.game.pack(walk[0].state)) for walk in trial.walks[:_STARTS]]
    before = [_starting_views(game, state) for state in states]
    whole = game.config_bytes()
    try:
        # Run plainly, so that an index read from a changed number cannot leave its array without a word.
        game.configure(_altered(game, _alter))
        others = _views_of(game, states)
        if others is None:
            game.configure(whole)
            game.configure(_altered(game, _exchange))
            others = [_starting_views(game, state) for state in states]
    finally:
        game.configure(whole)
    for walk, seen, other in zip(trial.walks, before, others, strict=False):
        for who in seen:
            name = _first_difference(seen[who], other[who]) if seen[who] != other[who] else ""
            demand(
                not name,
                f"{trial.where(walk[0])}: {_called(game, who)} sees a hidden part of the configuration: {name}",
            )
            looked += 1
    return f"{looked} views are the same with another hidden configuration"


def _views_of(game: Game, states: list[Any]) -> list[dict[int, Any]] | None:
    """What all see of these states; None where a changed number is an index that leaves its array."""
    try:
        return [_starting_views(game, state) for state in states]
    except IndexError:
        return None


def _starting_views(game: Game, state: Any) -> dict[int, Any]:
    return {who: game.observe(state, who) for who in (*range(game.seats), PUBLIC)}


def _altered(game: Any, alter: Callable[[np.ndarray], None]) -> bytes:
    """The configuration with every hidden number made another one, in records by `alter`."""
    if game.kind == "record":
        changed = game.configs.copy()
        for name in game.hidden:
            alter(changed[name])
        return bytes(changed.tobytes())
    tree = {name: _another(value) if name in game.hidden else value for name, value in game.config.items()}
    data: bytes = msgpack.packb(tree)
    return data


def _another(value: Any) -> Any:
    """A plain value of the same kind that is not the same."""
    if isinstance(value, dict):
        return {name: _another(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_another(item) for item in value]
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else f"{value}?"


def _alter(numbers: np.ndarray) -> None:
    """Add one to every number of a field, also of nested records; turn every bool."""
    if numbers.dtype.names:
        for name in numbers.dtype.names:
            _alter(numbers[name])
    elif numbers.dtype.kind == "b":
        numbers[...] = ~numbers
    else:
        numbers[...] = numbers + 1


def _exchange(numbers: np.ndarray, place: int = 0) -> None:
    """Let two neighbours of a field change places, also in nested records, in each field others: every number stays in its range."""
    if numbers.dtype.names:
        for n, name in enumerate(numbers.dtype.names):
            _exchange(numbers[name], place + n)
        return
    flat = numbers.reshape(-1)
    different = np.flatnonzero(flat[1:] != flat[:-1])
    if len(different):
        i = different[place % len(different)]
        numbers.flat[[i, i + 1]] = flat[[i + 1, i]]


def filled(trial: Trial) -> str:
    """Every field of an observation is written by its rule: one that nobody writes tells a learner nothing."""
    game: Any = trial.game
    if game.kind != "record":
        return "the observations of a plain game have no declared fields"
    fields = 0
    for who in game.audiences:
        rule = game.words.get(f"observe_{who}") or game.words["observe"]
        named = {name for each in rules_of({"observe": rule}) for name in each.plain.__code__.co_names}
        declared = Row(np.zeros(1, game.observation_types[who])).fields
        empty = [name for name in declared if name not in named and name not in {"tick", "seat", "done"}]
        demand(not empty, f"no rule writes {', '.join(empty)} in the observation of {who}")
        fields += len(declared)
    return f"{fields} fields"


def sealed(trial: Trial) -> str:
    """While one of several acting seats has spoken, nobody's view has changed."""
    game = trial.game
    if "simultaneous" not in game.spec.traits:
        return "no acts to seal"
    from envs.faces.aec import AEC  # noqa: PLC0415  faces load pettingzoo

    env, spoken = AEC(game), 0
    for walk in trial.walks[:20]:
        env.reset(seed=walk[0].seed)
        for step in walk:
            for left, seat in zip(range(len(step.actions) - 1, -1, -1), sorted(step.actions), strict=True):
                before = _views(env)
                demand(
                    env.agent_selection == env.possible_agents[seat],
                    f"{trial.where(step)}: {env.agent_selection} is asked in place of seat {seat}",
                )
                env.step(outward(step.actions[seat], game.spec.role(seat).actions))
                changed = [agent for agent, view in _views(env).items() if left and view != before[agent]]
                demand(not changed, f"{trial.where(step)}: the view of {changed} changes before all have spoken")
                spoken += left > 0
    return f"{spoken} times a seat had spoken and no view had changed"


def _views(env: Any) -> dict[str, str]:
    """What each agent sees, the tensor and all fields."""
    seen = {agent: env._board.observe(env.possible_agents.index(agent)) for agent in env.agents}
    return {agent: repr([env.observe(agent), obs]) for agent, obs in seen.items()}


def outward(action: Any, actions: Any) -> Any:
    """An action as the faces of other libraries take it."""
    if isinstance(actions, Box):
        return np.float32(np.array(action) * np.array(actions.step))
    return action[0] if isinstance(action, list) and len(actions.factors) == 1 else action
