"""How soon algorithms come to a level: PQN beside DQN and PPO in Connect Four over processor time, kept as rows of docs/results/pace.jsonl.

    python -m arena.training.pace train pqn SEED     one run, in one call, with its curve; algorithms ppo, pqn, dqn; seeds 0 to 2
    python -m arena.training.pace record             a row for each algorithm, all of its seeds trained
Fixed before the first run: budget, seeds, looks, opponents, and the level: nine tenths of the lower of PQN's and DQN's final win rates
against the reader of two plies. A run that never comes to it counts with its whole budget. The clock counts processor seconds of one
thread, and stands while a look is taken.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Any, cast

import numpy as np

from arena.bench.results import append
from arena.bench.studies import as_command, mean_figure, study_row, typed
from arena.training import algorithm, net
from arena.training.loop import drive
from arena.training.opponents import TwoPly, demand_two_ply, take
from arena.training.run import Run
from arena.training.trial import Trial
from envs import keys
from envs.errors import UserError, unknown
from envs.game import Game
from envs.registry import game as open_game
from envs.sampling import sample

__all__ = ["ALGORITHMS", "Pairs", "main", "rate", "rows", "seconds_to", "train"]

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "pace.jsonl"
GAME, MINUTES, SEEDS = "connect_four", 1.0, (0, 1, 2)
ALGORITHMS = {name: f"{name.upper()}, perceptron 2x128" for name in ("ppo", "pqn", "dqn")}
SETTINGS: dict[str, Any] = {"threads": 1}
LOOK, MATCHES, PLIES = 3.0, 512, 2
"""Seconds between looks; matches of a look against each opponent; random plies of an opening, which two matches share."""
OPPONENTS = ("random", "two_ply")
WARM = 40_000
"""Samples of a training that is thrown away, so that what is compiled is loaded before the clock begins."""
FINAL, SHARE = 3, 0.9
"""Looks whose mean is a run's final win rate; the share of it that is the level."""

Point = dict[str, float]
"""A look: seconds, samples, and the share of matches won against each opponent."""


class Pairs(Trial):
    """Matches of networks, greedily played, in pairs: two begin with the same random plies, from either seat. For two seats in turn."""

    def __init__(self, game: Game, nets: Mapping[str, net.Net], rows: int) -> None:
        demand_two_ply(game)
        super().__init__(game, nets, rows)
        self.reader = TwoPly(slice(0, rows))

    def won(self, weights: np.ndarray, opponent: str, key: int) -> float:
        """The share of the matches that the weights (as in `Trial`) win against "random" or "two_ply"; the key gives the openings."""
        vec, points, going = self.vec, np.zeros(self.rows), np.ones(self.rows, np.bool_)
        nets = self._made(weights[None])
        vec.reset(seed=key % (1 << 63))
        for tick in range(self.game.spec.limit):
            sample(vec.acting, vec.legal, self.spaces, vec.seeds, tick, self.other)
            if tick < PLIES:
                self.full[:] = self.other
                self.full[1::2] = self.full[::2]
            else:
                self._fill(self.full, nets)
                if opponent == "two_ply":
                    self.reader.act(cast(Any, self), keys.fold(key, tick))
                else:
                    take(self.full, self.other, vec.acting, self.own, going)
            vec.step(self.full)
            points += np.where(going, vec.reward[np.arange(self.rows), self.own], 0.0)
            going &= ~(vec.terminated | vec.truncated)
            if not going.any():
                break
        return float((points > 0).mean())


class _Stopwatch:
    """Seconds of a clock, less those of looks. stood: what these have taken."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock, self.stood = clock, 0.0

    def __call__(self) -> float:
        return self.clock() - self.stood


class _Watched:
    """A `loop.Work` that is looked at between its rounds, while the clock stands."""

    def __init__(self, work: Any, watch: _Stopwatch, key: int) -> None:
        self.work, self.key, self.curve = work, key, list[Point]()
        self._pairs = Pairs(work.game, work.nets, MATCHES)
        self._watch, self._began = watch, watch()

    @property
    def step(self) -> int:
        return int(self.work.step)

    @step.setter
    def step(self, value: int) -> None:
        self.work.step = value

    def round(self, progress: float) -> dict[str, float]:
        if not self.curve:
            self._look()
        metrics: dict[str, float] = self.work.round(progress)
        if self._watch() - self._began >= LOOK * len(self.curve):
            self._look()
        return metrics

    def _look(self) -> None:
        seconds, began = self._watch() - self._began, self._watch.clock()
        weights = np.concatenate([each.theta for each in self.work.nets.values()])
        key = keys.fold(keys.fold(self.key, 0x10), len(self.curve))
        won = {name: self._pairs.won(weights, name, keys.fold(key, n)) for n, name in enumerate(OPPONENTS)}
        self.curve.append({"seconds": seconds, "samples": float(self.step), **won})
        self._watch.stood += self._watch.clock() - began

    def weights(self) -> dict[str, np.ndarray]:
        return cast(dict[str, np.ndarray], self.work.weights())

    def state(self) -> dict[str, Any]:
        return cast(dict[str, Any], self.work.state())

    def restore(self, weights: Mapping[str, np.ndarray], state: Mapping[str, Any]) -> None:
        self.work.restore(weights, state)

    def close(self) -> None:
        self._pairs.close()
        self.work.close()


def folder_of(algo: str, seed: int, base: Path) -> Path:
    return base / f"{algo}-{seed}"


def train(
    algo: str, seed: int, base: Path = Path("runs/pace"), clock: Callable[[], float] = time.process_time
) -> list[Point]:
    """One run from its beginning to the end of its budget; its curve, also in the run's curve.json."""
    if algo not in ALGORITHMS:
        raise unknown("algorithm of the study", algo, ALGORITHMS)
    with tempfile.TemporaryDirectory() as scratch:
        _driven(algo, seed, Path(scratch) / "run", {"steps": WARM}, clock)
    path = folder_of(algo, seed, base)
    curve = _driven(algo, seed, path, {"minutes": MINUTES, "steps": 10**12}, clock)
    Run.opened(path).keep("curve.json", json.dumps(curve, indent=1).encode())
    return curve


def _driven(algo: str, seed: int, path: Path, budget: Mapping[str, Any], clock: Callable[[], float]) -> list[Point]:
    module = algorithm(algo)
    config = module.Config.made(
        {"seed": seed, "clock": "processor", "log_every": 3.0, "save_every": 1000.0, **SETTINGS, **budget}, GAME
    )
    learner = getattr(module, algo.capitalize())
    watch, watched = _Stopwatch(clock), list[_Watched]()

    def make(game: Game, run: Run) -> _Watched:
        watched.append(_Watched(learner(config, game, run), watch, seed))
        return watched[0]

    drive(make, config, open_game(GAME), path, clock=watch, command=_command("train", algo, seed))
    return watched[0].curve


def rate(curve: Sequence[Point], opponent: str) -> float:
    """A run's final win rate: the mean of its last looks."""
    return fmean(point[opponent] for point in curve[-FINAL:])


def seconds_to(level: float, curve: Sequence[Point]) -> float:
    """When the win rate against the reader of two plies was first seen at the level; the whole budget where it never was."""
    return next((point["seconds"] for point in curve if point["two_ply"] >= level), 60.0 * MINUTES)


def samples_to(level: float, curve: Sequence[Point]) -> float:
    """How many samples that took; all of the run where it never was."""
    return next((point["samples"] for point in curve if point["two_ply"] >= level), curve[-1]["samples"])


def rows(now: datetime, base: Path = Path("runs/pace")) -> list[dict[str, Any]]:
    """A row for each algorithm. UserError when a seed is not trained: none is dropped."""
    curves = {algo: [_curve(folder_of(algo, seed, base)) for seed in SEEDS] for algo in ALGORITHMS}
    level = SHARE * min(fmean(rate(curve, "two_ply") for curve in curves[algo]) for algo in ("pqn", "dqn"))
    took = {algo: [seconds_to(level, curve) for curve in found] for algo, found in curves.items()}
    made = []
    for algo, found in curves.items():
        figures = {name: mean_figure([100.0 * rate(curve, name) for curve in found], "%") for name in OPPONENTS}
        figures["samples"] = mean_figure([curve[-1]["samples"] for curve in found], "samples")
        figures["to_level"] = mean_figure(took[algo], "s")
        figures["samples_to_level"] = mean_figure([samples_to(level, curve) for curve in found], "samples")
        figures["dqn_takes"] = ratio_figure(took["dqn"], took[algo])
        config = {"game": GAME, "algo": algo, "minutes": MINUTES, "clock": "processor", **SETTINGS}
        made.append(
            study_row(
                f"pace/{algo}", ALGORITHMS[algo], _command("record"), now, config=config, seeds=SEEDS, figures=figures,
                level=level, matches=MATCHES, each=[{"seed": s, "curve": c} for s, c in zip(SEEDS, found, strict=True)],
            )
        )  # fmt: skip
    return made


def ratio_figure(
    above: Sequence[float], below: Sequence[float], seed: int = 0, resamples: int = 2000
) -> dict[str, Any]:
    """The ratio of two means over seeds, with its 95 % percentile bootstrap interval, the seeds of both drawn apart."""
    draw = random.Random(seed).choices
    found = sorted(fmean(draw(above, k=len(above))) / fmean(draw(below, k=len(below))) for _ in range(resamples))
    low, high = found[int(0.025 * (resamples - 1))], found[int(0.975 * (resamples - 1))]
    middle = fmean(above) / fmean(below)
    return {"n": len(below), "median": middle, "interval": [low, high], "unit": "x", "of": "ratio of means"}


def _curve(folder: Path) -> list[Point]:
    try:
        found: list[Point] = json.loads((folder / "curve.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UserError(f"{folder} has no curve yet: remove it if it is there, and `train` it to its end") from None
    return found


def _command(*words: object) -> str:
    return typed("arena.training.pace", words)


def main(words: Sequence[str]) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m arena.training.pace", description="The study of pace.")
    parser.add_argument("what", choices=("train", "record"))
    parser.add_argument("algo", nargs="?", choices=tuple(ALGORITHMS))
    parser.add_argument("seed", nargs="?", type=int)
    given = parser.parse_args(words)
    if given.what == "record":
        sys.stdout.write(f"{append(RESULTS, rows(datetime.now(UTC)))} rows added\n")
        return 0
    if given.algo is None or given.seed is None:
        parser.error("train needs an algorithm and a seed")
    last = train(given.algo, given.seed)[-1]
    sys.stdout.write(json.dumps(last) + "\n")
    return 0


if __name__ == "__main__":
    as_command(main)
