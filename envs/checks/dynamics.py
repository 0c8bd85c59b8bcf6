"""What rules must do whoever plays: end, stay ended, keep their word about traits, and compute alike in both ways."""

from __future__ import annotations

import numpy as np

from envs.checks.trial import Trial, demand, walk
from envs.game import Game
from envs.record_game import RecordGame

__all__ = ["alike", "ends", "moves", "pays", "repeats", "rows", "stays", "traits"]


def repeats(trial: Trial) -> str:
    """Same seed and actions, same bytes."""
    for steps in trial.walks:
        again = list(walk(trial.game, steps[0].seed))
        same = [trial.game.pack(a.state) == trial.game.pack(b.state) for a, b in zip(steps, again, strict=True)]
        demand(all(same), f"seed {steps[0].seed}: tick {same.index(False) if not all(same) else 0} differs when played again")
    return f"{len(trial.walks)} episodes were the same twice"


def alike(trial: Trial) -> str:
    """Compiled and plain rules give the same bytes; a write out of range shows here, because plain arrays check it."""
    if trial.plain is trial.game:
        return "the game runs in one way only"
    for steps in trial.walks:
        try:
            other = list(walk(trial.plain, steps[0].seed))
        except (IndexError, OverflowError, ZeroDivisionError) as error:
            demand(False, f"seed {steps[0].seed}: run plainly, the rules raise {type(error).__name__}: {error}")
        for tick, (a, b) in enumerate(zip(steps, other, strict=False)):
            demand(
                trial.game.pack(a.state) == trial.plain.pack(b.state), f"seed {steps[0].seed}, tick {tick}: {_difference(trial, a.state, b.state)}"
            )
        demand(len(steps) == len(other), f"seed {steps[0].seed}: {len(steps) - 1} ticks compiled, {len(other) - 1} plain")
    return f"{sum(map(len, trial.walks))} states agree to the byte"


def _difference(trial: Trial, a: np.ndarray, b: np.ndarray) -> str:
    one, two = trial.game.row(a).tree(), trial.game.row(b).tree()
    field = next((name for name in one if one[name] != two[name]), "the bytes between fields")
    return f"{field} is {one.get(field)} compiled and {two.get(field)} plain"


def rows(trial: Trial) -> str:
    """A row of a batch never depends on its neighbours, whatever the size of the batch."""
    game = trial.game
    if not isinstance(game, RecordGame):
        return "the game has no vector face"
    from envs.faces.vector import Vector  # noqa: PLC0415  faces load gymnasium

    compared = 0
    for num in (1, 3, 17):
        vec = Vector(game, num)
        vec.reset(trial.seed)
        states = [game.start(int(seed)) for seed in vec.seeds]
        seeds = [int(seed) for seed in vec.seeds]
        for _ in range(40):
            actions, acting = _sampled(vec), vec.acting.copy()
            vec.step(actions)
            for row in range(num):
                acts = {int(p): actions[row, p].tolist() for p in np.flatnonzero(acting[row])}
                states[row] = game.step(states[row], acts, seeds[row])
                if game.facts(states[row]).done:
                    seeds[row] = int(vec.seeds[row])
                    states[row] = game.start(seeds[row])
                demand(game.pack(states[row]) == vec._raw[row].tobytes(), f"row {row} of {num} differs from the match alone with seed {seeds[row]}")
                compared += 1
    return f"{compared} rows equal the match alone"


def _sampled(vec: object) -> np.ndarray:
    """Uniform legal actions; numbers of a Box are drawn from its middle."""
    from envs.spec import Box  # noqa: PLC0415

    game = vec.game  # type: ignore[attr-defined]
    if any(isinstance(role.actions, Box) for role in game.spec.roles):
        actions = np.zeros((vec.num, game.seats, game.spec.factors), np.int32)  # type: ignore[attr-defined]
        for seat in range(game.seats):
            space = game.spec.role(seat).actions
            actions[:, seat, : len(space.low)] = (np.array(space.low) + np.array(space.high)) // 2
        return actions
    return vec.sample().copy()  # type: ignore[attr-defined]


def moves(trial: Trial) -> str:
    """Until the end some seat acts, and every acting seat has a legal action."""
    for step in trial.steps:
        facts = trial.game.facts(step.state)
        acting = trial.game.acting(step.state)
        demand(facts.done or bool(acting), f"seed {step.seed}, tick {facts.tick}: nobody acts and the episode is not done")
        demand(not (facts.done and acting), f"seed {step.seed}, tick {facts.tick}: done, and seats {acting} still act")
        for seat in acting:
            legal = trial.game.legal(step.state, seat)
            empty = legal.form is None and any(not values for values in legal.factors)
            demand(not empty, f"seed {step.seed}, tick {facts.tick}: seat {seat} acts and has no legal action")
    return f"{sum(map(len, trial.walks))} states"


def ends(trial: Trial) -> str:
    """Episodes end, at the tick limit at the latest, and ticks count up by one."""
    limit, longest = trial.game.spec.limit, 0
    for steps in trial.walks:
        ticks = [trial.game.facts(step.state).tick for step in steps]
        demand(ticks == list(range(len(ticks))), f"seed {steps[0].seed}: ticks run {ticks[:8]}")
        facts = trial.game.facts(steps[-1].state)
        demand(facts.done or facts.tick < limit, f"seed {steps[0].seed}: not done after {facts.tick} ticks, the limit is {limit}")
        demand(facts.tick <= limit, f"seed {steps[0].seed}: tick {facts.tick} is over the limit of {limit}")
        demand(not facts.truncated or facts.tick >= limit, f"seed {steps[0].seed}: truncated at tick {facts.tick}, before the limit of {limit}")
        longest = max(longest, facts.tick)
    return f"the longest of {len(trial.walks)} episodes had {longest} ticks"


def stays(trial: Trial) -> str:
    """A step after the end changes nothing but the reward, which is 0."""
    ended = 0
    for steps in trial.walks:
        state = steps[-1].state
        if not trial.game.facts(state).done:
            continue
        after = trial.game.step(state, {seat: _zeros(trial.game, seat) for seat in range(trial.game.seats)}, steps[0].seed)
        before, now = trial.game.row(state).tree(), trial.game.row(after).tree()
        changed = [name for name in before if name != "reward" and before[name] != now[name]]
        demand(not changed, f"seed {steps[0].seed}: a step after the end changes {changed}")
        demand(not any(trial.game.facts(after).reward), f"seed {steps[0].seed}: a step after the end pays {trial.game.facts(after).reward}")
        ended += 1
    return f"{ended} ended episodes"


def _zeros(game: Game, seat: int) -> list[int]:
    return [0] * len(game.spec.role(seat).actions.factors)


def pays(trial: Trial) -> str:
    """Totals lie in the declared range of points."""
    low, high = trial.game.spec.points
    seen = [0.0, 0.0]
    for steps in trial.walks:
        totals = np.sum([trial.game.facts(step.state).reward for step in steps], axis=0)
        if trial.game.facts(steps[-1].state).done:
            demand(low - 1e-9 <= totals.min() and totals.max() <= high + 1e-9, f"seed {steps[0].seed}: totals {totals.tolist()} leave [{low}, {high}]")
        seen = [min(seen[0], float(totals.min())), max(seen[1], float(totals.max()))]
    return f"totals from {seen[0]:g} to {seen[1]:g} of [{low:g}, {high:g}]"


def traits(trial: Trial) -> str:
    """Declared traits hold in random play."""
    game, declared = trial.game, trial.game.spec.traits
    together = any(len(step.actions) > 1 for step in trial.steps)
    demand(together == ("simultaneous" in declared), f"several seats act at once: {together}; simultaneous is {'' if not together else 'not '}declared")
    if "zero_sum" in declared:
        for step in trial.steps:
            reward = game.facts(step.state).reward
            demand(abs(sum(reward)) < 1e-9, f"seed {step.seed}, tick {game.facts(step.state).tick}: rewards {reward} do not sum to 0")
    if "chance" not in declared:
        _no_chance(trial)
    return ", ".join(sorted(declared)) or "none declared"


def _no_chance(trial: Trial) -> None:
    """Without chance the key does not matter."""
    for steps in trial.walks[:20]:
        state = trial.game.start(steps[0].seed + 12345)
        for step in steps:
            same = trial.game.pack(state) == trial.game.pack(step.state)
            demand(same, f"seed {step.seed}: another seed with the same actions gives another state; chance is not declared")
            if step.actions:
                state = trial.game.step(state, step.actions, steps[0].seed + 12345)
