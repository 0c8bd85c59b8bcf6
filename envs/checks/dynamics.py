"""What rules must do whoever plays: end, stay ended, pay what is declared, and compute alike in both ways and in batches."""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.checks.trial import Failed, Step, Trial, demand, walk
from envs.game import Game
from envs.record_game import RecordGame
from envs.spec import PUBLIC, SPECTATOR

__all__ = ["alike", "ends", "fits", "moves", "pays", "repeats", "rows", "stays"]

_STATES = 200


def repeats(trial: Trial) -> str:
    """Same seed and actions, same bytes."""
    for steps in trial.walks:
        again = list(walk(trial.game, steps[0].seed))
        same = [trial.game.pack(a.state) == trial.game.pack(b.state) for a, b in zip(steps, again, strict=True)]
        demand(
            all(same),
            f"seed {steps[0].seed}: tick {same.index(False) if not all(same) else 0} differs when played again",
        )
    return f"{len(trial.walks)} episodes were the same twice"


def alike(trial: Trial) -> str:
    """Compiled and plain rules give the same bytes: states, masks, observations, imagined states and tensors."""
    if trial.plain is trial.game:
        return "the game runs in one way only"
    looked = 0
    for steps in trial.walks:
        state = trial.plain.start(steps[0].seed)
        for step in steps:
            same = trial.plain.pack(state) == trial.game.pack(step.state)
            demand(same, f"{trial.where(step)}: {_difference(trial, step.state, state)}")
            looked += _seen_alike(trial, step)
            state = _stepped_plainly(trial, step, state)
    return f"{sum(map(len, trial.walks))} states and {looked} observations agree to the byte"


def _stepped_plainly(trial: Trial, step: Step, state: Any) -> Any:
    try:
        return trial.plain.step(state, step.actions, step.seed) if step.actions else state
    except (IndexError, OverflowError, ZeroDivisionError) as error:
        raise Failed(f"{trial.where(step)}: run plainly, the rules raise {type(error).__name__}: {error}") from None


def _seen_alike(trial: Trial, step: Step) -> int:
    """Compare what one audience sees, another one at each tick; masks always."""
    game, plain = trial.game, trial.plain
    tick = game.facts(step.state).tick
    who = (*range(game.seats), SPECTATOR, PUBLIC)[(tick + step.seed) % (game.seats + 2)]
    ours, theirs = game.turns(step.state), plain.turns(step.state)
    masks = ours.keys() == theirs.keys() and all((ours[seat].mask == theirs[seat].mask).all() for seat in ours)
    demand(masks, f"{trial.where(step)}: who acts or what is legal differs between compiled and plain")
    obs = game.observe(step.state, who)
    demand(
        obs == plain.observe(step.state, who),
        f"{trial.where(step)}: the observation of {who} differs between compiled and plain",
    )
    if who < 0:
        return 1
    if game.can("imagine"):
        both = [game.pack(each.imagine(obs, who, step.seed)) for each in (game, plain)]
        demand(both[0] == both[1], f"{trial.where(step)}: what seat {who} imagines differs between compiled and plain")
    for view in game.spec.role(who).views:
        same = np.array_equal(game.encode(obs, view), plain.encode(obs, view))
        demand(same, f"{trial.where(step)}: view {view} differs between compiled and plain")
    return 1


def _difference(trial: Trial, a: Any, b: Any) -> str:
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
            actions, acting = vec.sample().copy(), vec.acting.copy()
            if _stuck(game, vec):
                return f"{compared} rows equal the match alone; then a seat has no legal action"
            vec.step(actions)
            for row in range(num):
                acts = {int(p): actions[row, p].tolist() for p in np.flatnonzero(acting[row])}
                states[row] = game.step(states[row], acts, seeds[row])
                if game.facts(states[row]).done:
                    seeds[row] = int(vec.seeds[row])
                    states[row] = game.start(seeds[row])
                demand(
                    game.pack(states[row]) == vec._raw[row].tobytes(),
                    f"row {row} of {num} differs from the match alone with seed {seeds[row]}",
                )
                compared += 1
    return f"{compared} rows equal the match alone"


def _stuck(game: RecordGame, vec: Any) -> bool:
    """Whether some acting seat has nothing to choose, which is another check's finding."""
    turns = np.argwhere(vec.acting).tolist()
    return not all(all(game.legal_from(vec.legal[row, seat], seat).factors) for row, seat in turns)


def moves(trial: Trial) -> str:
    """Until the end some seat acts, and every acting seat has a legal action."""
    for step in trial.steps:
        facts = trial.game.facts(step.state)
        acting = trial.game.acting(step.state)
        demand(
            facts.done or bool(acting), f"seed {step.seed}, tick {facts.tick}: nobody acts and the episode is not done"
        )
        demand(not (facts.done and acting), f"seed {step.seed}, tick {facts.tick}: done, and seats {acting} still act")
        for seat in acting:
            legal = trial.game.legal(step.state, seat)
            empty = legal.form is None and any(not values for values in legal.factors)
            demand(not empty, f"seed {step.seed}, tick {facts.tick}: seat {seat} acts and has no legal action")
    return f"{sum(map(len, trial.walks))} states"


def fits(trial: Trial) -> str:
    """`legal` writes nothing beyond the actions of the seat's role; other libraries read masks of that length."""
    game: Any = trial.game
    if game.kind != "record":
        return "the game has no masks of a common length"
    sizes = [sum(game.spec.role(seat).actions.factors) for seat in range(game.seats)]
    looked = 0
    for step in trial.some(_STATES):
        mask = game.masks(step.state)[1]
        for seat, size in enumerate(sizes):
            beyond = np.flatnonzero(mask[seat, size:]) + size
            demand(
                not len(beyond),
                f"{trial.where(step)}: legal allows {beyond.tolist()} to seat {seat}, which has {size} actions",
            )
            looked += 1
    return f"{looked} masks"


def ends(trial: Trial) -> str:
    """Episodes end, at the tick limit at the latest, and ticks count up by one."""
    limit, longest = trial.game.spec.limit, 0
    for steps in trial.walks:
        ticks = [trial.game.facts(step.state).tick for step in steps]
        demand(ticks == list(range(len(ticks))), f"seed {steps[0].seed}: ticks run {ticks[:8]}")
        facts = trial.game.facts(steps[-1].state)
        demand(
            facts.done or len(ticks) <= limit,
            f"seed {steps[0].seed}: not done after {facts.tick} ticks, the limit is {limit}",
        )
        demand(facts.tick <= limit, f"seed {steps[0].seed}: tick {facts.tick} is over the limit of {limit}")
        demand(
            not facts.truncated or facts.tick >= limit,
            f"seed {steps[0].seed}: truncated at tick {facts.tick}, before the limit of {limit}",
        )
        demand(len(ticks) > 1, f"seed {steps[0].seed}: over before anybody could act")
        longest = max(longest, facts.tick)
    return f"the longest of {len(trial.walks)} episodes had {longest} ticks"


def stays(trial: Trial) -> str:
    """A step after the end changes nothing but the reward, which is 0."""
    ended = 0
    for steps in trial.walks:
        state = steps[-1].state
        if not trial.game.facts(state).done:
            continue
        after = trial.game.step(
            state, {seat: _zeros(trial.game, seat) for seat in range(trial.game.seats)}, steps[0].seed
        )
        before, now = trial.game.row(state).tree(), trial.game.row(after).tree()
        changed = [name for name in before if name != "reward" and before[name] != now[name]]
        demand(not changed, f"seed {steps[0].seed}: a step after the end changes {changed}")
        demand(
            not any(trial.game.facts(after).reward),
            f"seed {steps[0].seed}: a step after the end pays {trial.game.facts(after).reward}",
        )
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
            demand(
                low - 1e-9 <= totals.min() and totals.max() <= high + 1e-9,
                f"seed {steps[0].seed}: totals {totals.tolist()} leave [{low}, {high}]",
            )
        seen = [min(seen[0], float(totals.min())), max(seen[1], float(totals.max()))]
    return f"totals from {seen[0]:g} to {seen[1]:g} of [{low:g}, {high:g}]"
