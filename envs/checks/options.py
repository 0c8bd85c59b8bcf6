"""The configurations of a game that are tried, made from the options that it declares: every choice, every bound, pairs of them.

A new game and a new option are covered without a table that somebody must keep.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from envs.checks.trial import Trial, demand, walk
from envs.errors import UserError
from envs.registry import game as open_game
from envs.spec import SPECTATOR, Option

__all__ = ["configurations", "covering", "every_option", "values"]

MOST = 24
"""Configurations of one game: enough for each value, and for each pair of values of a game with a handful of options."""
_FARTHEST = 60
"""Ticks that one configuration is played."""

Chosen = dict[str, Any]


def values(option: Option) -> tuple[Any, ...]:
    """The values of an option that are tried: all choices, or the default and the bounds, or both of true and false."""
    if option.choices:
        return option.choices
    if isinstance(option.default, bool):
        return (option.default, not option.default)
    kind = type(option.default)
    bounds = [kind(bound) for bound in (option.low, option.high) if bound is not None]
    return tuple(dict.fromkeys([option.default, *bounds]))


def covering(declared: Mapping[str, Option], most: int = MOST) -> list[Chosen]:
    """Settings of all options, the defaults first; they hold every value, and every pair of values of two options.

    most: from this number of settings on no more are made for the sake of pairs.
    """
    tried = {name: values(option) for name, option in declared.items()}
    defaults = {name: option.default for name, option in declared.items()}
    made = [defaults]
    # One value away from the defaults, so that each value is tried where nothing else can be to blame.
    made += [defaults | {name: value} for name, some in tried.items() for value in some if value != defaults[name]]
    missing = _pairs(tried) - {pair for each in made for pair in _held(each)}
    while missing and len(made) < most:
        best = _setting(tried, missing)
        made.append(best)
        missing -= _held(best)
    return made


def _pairs(tried: Mapping[str, tuple[Any, ...]]) -> set[frozenset[tuple[str, Any]]]:
    return {frozenset({(a, x), (b, y)}) for a, b in combinations(tried, 2) for x in tried[a] for y in tried[b]}


def _held(chosen: Chosen) -> set[frozenset[tuple[str, Any]]]:
    """The pairs of values that a setting holds."""
    return {frozenset(pair) for pair in combinations(chosen.items(), 2)}


def _setting(tried: Mapping[str, tuple[Any, ...]], missing: set[frozenset[tuple[str, Any]]]) -> Chosen:
    """A setting that holds a missing pair and, option by option, as many more as it can."""
    chosen: Chosen = dict(min(missing, key=lambda pair: sorted(map(str, pair))))
    for name, some in tried.items():
        if name not in chosen:
            gains = {
                value: sum(frozenset({(name, value), each}) in missing for each in chosen.items()) for value in some
            }
            chosen[name] = max(gains, key=lambda value: gains[value])
    return {name: chosen[name] for name in tried}


def configurations(name: str, most: int = MOST) -> list[Chosen]:
    """The settings of a game's options that the game accepts, the defaults first. Raises UserError when there is no such game."""
    declared = open_game(name, plain=True).spec.options
    return [chosen for chosen in covering(declared, most) if _refusal(name, chosen) is None]


def _refusal(name: str, chosen: Chosen) -> UserError | None:
    """Why a game does not accept a setting: two options may not go together."""
    try:
        open_game(name, plain=True, **chosen)
    except UserError as error:
        return error
    return None


def every_option(trial: Trial) -> str:
    """Every declared value of every option gives a game that can be played, alone or beside other values."""
    name, declared = trial.game.place, trial.game.spec.options
    if not declared or not name:
        return "the game has no options" if not declared else "the game has no name or file from which to open it"
    tried = covering(declared)
    refused = {n: error for n, each in enumerate(tried) if (error := _refusal(name, each)) is not None}
    kept = [each for n, each in enumerate(tried) if n not in refused]
    for option, value in _wanted(declared):
        if any(each[option] == value for each in kept):
            continue
        reason = next((str(error) for n, error in refused.items() if tried[n][option] == value), "it is never tried")
        beside = next((each for each in _beside(declared, option, value) if _refusal(name, each) is None), None)
        demand(beside is not None, f"{option}={value} is declared and never accepted: {reason}")
        kept += [beside] if beside is not None else []
    steps = sum(_played(name, each, trial.seed) for each in kept)
    return f"{len(kept)} configurations played for {steps} ticks" + (f", {len(refused)} refused" if refused else "")


def _beside(declared: Mapping[str, Option], option: str, value: Any) -> Iterator[Chosen]:
    """A value with each value of each other option, all others as declared: the pair that it needs may be one that was not made."""
    defaults = {name: each.default for name, each in declared.items()}
    others = ((name, each) for name, one in declared.items() if name != option for each in values(one))
    return (defaults | {option: value, name: each} for name, each in others)


def _wanted(declared: Mapping[str, Option]) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, option in declared.items() for value in values(option))


def _played(name: str, chosen: Chosen, seed: int) -> int:
    """Ticks of one random game under a setting, each with somebody to act and something to say and draw."""
    from envs.canvas import Canvas  # noqa: PLC0415

    game = open_game(name, plain=True, **chosen)
    steps = [step for step, _ in zip(walk(game, seed), range(_FARTHEST), strict=False)]
    where = ", ".join(f"{option}={value}" for option, value in chosen.items())
    demand(len(steps) > 1, f"with {where} nobody can act at the start")
    for step in steps:
        facts = game.facts(step.state)
        demand(facts.done or bool(step.actions), f"with {where} nobody can act at tick {facts.tick}")
        demand(bool(game.say(game.observe(step.state, SPECTATOR))), f"with {where} the spectator is told nothing")
    if game.can("draw"):
        game.draw(game.observe(steps[-1].state, SPECTATOR), Canvas())
    return len(steps) - 1
