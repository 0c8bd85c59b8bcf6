"""Observation decides knowledge: what a seat cannot know is in none of its observations, words, pictures and tensors."""

from __future__ import annotations

from typing import Any

from envs import keys
from envs.checks.trial import Step, Trial, demand
from envs.game import Game
from envs.spec import PUBLIC

__all__ = ["perfect", "sealed", "secrecy"]


def secrecy(trial: Trial) -> str:
    """observe(imagine(observe(s))) == observe(s), byte for byte, while imagined states of hidden games differ from s and from one another."""
    game = trial.game
    if not game.can("imagine"):
        return "no imagine: planners will be refused"
    differing = kinds = looked = 0
    for step in trial.some(200):
        for seat in range(game.seats):
            seen = game.observe(step.state, seat)
            imagined = [game.imagine(seen, seat, keys.fold(step.seed, i)) for i in range(3)]
            for state in imagined:
                again = game.observe(state, seat)
                demand(again == seen, f"{_where(game, step)}: seat {seat} sees {_first_difference(seen, again)} in a state that it imagines")
            packed = {_hidden(game, state) for state in imagined}
            differing += _hidden(game, step.state) not in packed
            kinds += len(packed) > 1
            looked += 1
    if "hidden" in game.spec.traits:
        demand(differing > 0, "hidden is declared, and every imagined state is the true one: imagine knows what it should not, or nothing is hidden")
        demand(kinds > 0, "hidden is declared, and every imagined state of a moment is the same")
    return f"{looked} observations; imagined states differ from the true one in {differing}"


def _hidden(game: Game, state: Any) -> str:
    tree = game.row(state).tree()
    return repr({name: value for name, value in tree.items() if name != "reward"})


def _where(game: Game, step: Step) -> str:
    return f"seed {step.seed}, tick {game.facts(step.state).tick}"


def _first_difference(a: Any, b: Any) -> str:
    one, two = a.tree(), b.tree()
    name = next((name for name in one if repr(one[name]) != repr(two[name])), "?")
    return f"{name} = {two.get(name)} instead of {one.get(name)}"


def perfect(trial: Trial) -> str:
    """Where perfect is declared, all seats and the public see the same; where it is not, they do not always."""
    game = trial.game
    differs = ""
    for step in trial.some(200):
        seen = [game.observe(step.state, who).tree() | {"seat": 0} for who in (*range(game.seats), PUBLIC)]
        if any(repr(view) != repr(seen[0]) for view in seen) and len({tuple(view) for view in seen}) == 1:
            differs = differs or _where(game, step)
    if "perfect" in game.spec.traits:
        demand(not differs, f"perfect is declared, and at {differs} seats see different things")
        demand("hidden" not in game.spec.traits, "perfect and hidden are both declared")
    return "all see the same" if "perfect" in game.spec.traits else f"seats differ, first at {differs or 'no state seen'}"


def sealed(trial: Trial) -> str:
    """In a simultaneous tick nobody's view tells what another seat is about to do: views come from the state before."""
    game = trial.game
    if "simultaneous" not in game.spec.traits or len(game.spec.roles) > 1:
        return "no acts to seal"
    from envs.faces.aec import AEC  # noqa: PLC0415  faces load pettingzoo

    env = AEC(game)
    env.reset(seed=trial.seed)
    asked = 0
    for _ in range(30):
        if any(env.terminations.values()) or any(env.truncations.values()):
            break
        before = {agent: repr(env.observe(agent)) for agent in env.agents}
        waiting = list(env._order)
        for seat in waiting:
            changed = [agent for agent in env.agents if repr(env.observe(agent)) != before[agent]]
            demand(not changed, f"{changed} see something new before all have spoken")
            legal = env._board.legal(seat)
            env.step(legal.sample(keys.fold(trial.seed, asked)) if len(legal.sizes) > 1 else legal.sample(keys.fold(trial.seed, asked))[0])
            asked += 1
    return f"{asked} acts were sealed"
