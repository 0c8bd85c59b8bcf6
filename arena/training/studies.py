"""Studies of training: what agents come to in a fixed budget, seed by seed, kept as rows of docs/results/training.jsonl.

    python -m arena.training.studies train connect-four ppo SEED     a run, or the next part of one: give it again until it says "done"
    python -m arena.training.studies judge connect-four ppo SEED     its last checkpoint against the opponents
    python -m arena.training.studies record connect-four             the rows of the algorithms that were begun, all seeds judged
Budget, seeds, opponents and numbers of matches are fixed here before the first run. The budget counts processor seconds of one thread.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from arena.bench.results import append
from arena.bench.studies import as_command, mean_figure, study_row, typed
from arena.training import algorithm
from arena.training.evaluation import Judgement, against
from arena.training.run import Run, is_run
from envs.errors import UserError, unknown
from envs.registry import spec

__all__ = ["STUDIES", "Study", "judge", "main", "rows", "train"]

DOCS = Path(__file__).parents[2] / "docs"
PART = 5.0
"""Minutes of one call of `train`."""


@dataclass(frozen=True)
class Study:
    """game; minutes a run; seeds; algorithm -> (what it is, settings beside the game's defaults).

    opponents: figure -> (options of the learned player, opponent, matches); matches: how many are played alone, in a game with one seat.
    """

    game: str
    minutes: float
    seeds: tuple[int, ...]
    algorithms: Mapping[str, tuple[str, Mapping[str, Any]]]
    opponents: Mapping[str, tuple[str, str, int]] = field(default_factory=dict)
    matches: int = 0


STUDIES = {
    "connect-four": Study(
        "connect_four", 15.0, (0, 1, 2, 3, 4),
        {
            name: (f"{name.upper()}, perceptron 2x128", {"threads": 1, "agents": "scripted", "agent_rows": 64, "two_ply": 0.1})
            for name in ("ppo", "pqn", "dqn")
        },
        {
            "random": ("", "random", 400), "scripted": ("", "scripted", 200), "mcts_200": ("", "mcts?simulations=200", 100),
            "inside_mcts_200": ("search=200", "mcts?simulations=200", 100),
        },
    ),
}  # fmt: skip
"""inside_mcts_200: the policy guides 200 simulations and plays against plain search of as many."""
STUDIES |= {
    f"tower-level-{level}": Study(
        f"tower_defence?level={level}&period=64", 4.0, (0, 1, 2) if level < 3 else (0,),
        {name: (f"{name.upper()}, perceptron 2x128", {"threads": 1}) for name in ("ppo", "dqn")}, matches=40,
    )
    for level in range(1, 6)
}  # fmt: skip


def folder_of(name: str, algo: str, seed: int, base: Path) -> Path:
    return base / name / f"{algo}-{seed}"


def train(
    name: str, algo: str, seed: int, base: Path = Path("runs/studies"), part: float = PART, clock: Callable[[], float] | None = None
) -> bool:  # fmt: skip
    """Train for a part of the budget; True when it is used up. clock: seconds, by default this process's processor time."""
    study = _study(name)
    module = algorithm(algo)
    fixed = {
        "seed": seed,
        "minutes": study.minutes,
        "steps": 10**12,
        "clock": "processor",
        "part": part,
        "log_every": 10.0,
    }
    config = module.Config.made({**fixed, **study.algorithms[algo][1]}, spec(study.game).name)
    folder = folder_of(name, algo, seed, base)
    module.train(
        config, study.game, folder, resume=is_run(folder), clock=clock, command=_command("train", name, algo, seed)
    )
    found = Run.opened(folder).newest()
    return found is not None and float(found.state["seconds"]) >= 60.0 * study.minutes


def judge(name: str, algo: str, seed: int, base: Path = Path("runs/studies"), workers: int = 1) -> dict[str, Any]:
    """Play the last checkpoint of a run against the opponents; figure -> counts, also in the run's judged.json."""
    study, folder = _study(name), folder_of(name, algo, seed, base)
    run = Run.opened(folder)
    found: dict[str, Any] = {}
    for figure, (options, opponent, episodes) in study.opponents.items():
        player = f"{folder}?{options}" if options else str(folder)
        judgement: Judgement = against(
            study.game, player, opponent, episodes=episodes, seed=1_000_000 * (1 + seed), workers=workers
        )
        found[figure] = judgement.tree()
    if study.matches:
        alone = against(
            study.game, str(folder), "", episodes=study.matches, seed=1_000_000 * (1 + seed), plies=0, workers=workers
        )
        found["score"] = alone.tree()
    newest = run.newest()
    found["steps"] = newest.step if newest else 0
    run.keep("judged.json", json.dumps(found, indent=2).encode())
    return found


def rows(name: str, now: datetime, base: Path = Path("runs/studies")) -> list[dict[str, Any]]:
    """A row for each algorithm that was begun. UserError when one of its seeds is not judged: none is dropped."""
    study, made = _study(name), []
    for algo, (what, settings) in study.algorithms.items():
        if not any(folder_of(name, algo, seed, base).exists() for seed in study.seeds):
            continue
        judged = [_judged(folder_of(name, algo, seed, base)) for seed in study.seeds]
        figures = {f: mean_figure([100.0 * each[f]["win_rate"] for each in judged], "%") for f in study.opponents}
        if study.matches:
            figures["score"] = mean_figure([each["score"]["points"] for each in judged], "points")
        figures["samples"] = mean_figure([float(each["steps"]) for each in judged], "samples")
        config = {"game": study.game, "minutes": study.minutes, "clock": "processor", **settings}
        matches = {figure: episodes for figure, (_, _, episodes) in study.opponents.items()}
        matches |= {"score": study.matches} if study.matches else {}
        made.append(
            study_row(
                f"{name}/{algo}", what, _command("record", name), now, config=config, seeds=study.seeds, figures=figures,
                matches=matches, each=judged,
            )
        )  # fmt: skip
    return made


def _judged(folder: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / "judged.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UserError(f"{folder} is not judged yet: train it until it is done, then `judge` it") from None
    return found


def _study(name: str) -> Study:
    if name not in STUDIES:
        raise unknown("study", name, STUDIES)
    return STUDIES[name]


def _command(*words: object) -> str:
    return typed("arena.training.studies", words)


def main(words: Sequence[str]) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m arena.training.studies", description="Studies of training.")
    parser.add_argument("what", choices=("train", "judge", "record"))
    parser.add_argument("study", choices=STUDIES)
    parser.add_argument("algo", nargs="?", help="of a run: ppo, pqn, dqn")
    parser.add_argument("seed", nargs="?", type=int, help="of a run")
    given = parser.parse_args(words)
    if given.what == "record":
        kept = append(DOCS / "results" / "training.jsonl", rows(given.study, datetime.now(UTC)))
        sys.stdout.write(f"{kept} rows added\n")
        return 0
    if given.seed is None:
        parser.error(f"{given.what} needs an algorithm and a seed")
    if given.what == "train":
        sys.stdout.write("done\n" if train(given.study, given.algo, given.seed) else "to be continued\n")
    else:
        sys.stdout.write(json.dumps(judge(given.study, given.algo, given.seed), indent=2) + "\n")
    return 0


if __name__ == "__main__":
    as_command(main)
