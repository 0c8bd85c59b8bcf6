"""Studies of small games: how close to an equilibrium solvers and networks come, kept as rows of docs/results/solvers.jsonl.

    python -m arena.training.solver_studies train kuhn/network SEED     a run, or its next part: give it again until it says "done"
    python -m arena.training.solver_studies record kuhn                 the rows of a game, or of one entry: tables are made at once
Iterations, decisions and seeds are fixed here before the first run; the last checkpoint counts. Solvers draw nothing: they have one seed.
The budget of a network is given in decisions; the processor seconds that they took are told.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import envs
from arena.bench.results import append
from arena.bench.studies import as_command, mean_figure, study_row, typed
from arena.training import algorithm, checkpoint
from arena.training.config import Common
from arena.training.exploitability import gap
from arena.training.judging import strategy_of
from arena.training.run import Run, is_run
from arena.training.trees import Tree, walk
from envs.errors import NOT_FOUND, UserError, unknown

__all__ = ["ENTRIES", "GAMES", "Entry", "main", "rows", "train"]

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "solvers.jsonl"
PART = 0.4
"""Minutes of one call of `train`."""

GAMES = {"kuhn": "kuhn_poker", "leduc": "leduc_poker", "perturbed-rps": "matrix?game=perturbed_rps&rounds=1"}
EQUILIBRIUM = np.array([1, 3, 3, 1, 3, 3]) / 7
"""Of the perturbed game, by hand: the strategy against which all three acts are worth nothing."""


@dataclass(frozen=True)
class Entry:
    """One line of a table: what it is, the algorithm ("" for uniform play), its settings, its seeds; alone: recorded by its name only."""

    what: str
    algo: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    seeds: tuple[int, ...] = (0,)
    alone: bool = False


NETWORK = {"policy": "network", "magnet": "annealed"}
ENTRIES = {
    "kuhn/uniform": Entry("uniform play"),
    "kuhn/cfr+": Entry("CFR+, 2,000 iterations", "cfr+", {"steps": 2000}),
    "kuhn/annealed": Entry(
        "MMD, annealed, 10,000 iterations", "mmd", {"steps": 10_000, "magnet": "annealed", "alpha": 0.5, "eta": 2.0}
    ),
    "kuhn/moving": Entry("MMD, moving magnet, 4,000 iterations", "mmd", {"steps": 4000, "magnet": "moving"}),
    "kuhn/network": Entry(
        "MMD, network 2x64, 1.2 M decisions", "mmd",
        {**NETWORK, "steps": 1_200_000, "alpha": 0.3, "eta": 2.0, "rows": 256, "ticks": 6, "batch": 512}, (0, 1, 2, 3, 4),
    ),
    "leduc/uniform": Entry("uniform play"),
    "leduc/cfr+": Entry("CFR+, 1,000 iterations", "cfr+", {"steps": 1000}),
    "leduc/annealed": Entry("MMD, annealed, 10,000 iterations", "mmd", {"steps": 10_000}),
    "leduc/network": Entry(
        "MMD, network 2x64, 8 M decisions", "mmd", {**NETWORK, "steps": 8_000_000, "alpha": 0.3, "eta": 13.0}, (0, 1, 2, 3, 4)
    ),
    "leduc/network-long": Entry(
        "MMD, network 2x64, 16 M decisions", "mmd", {**NETWORK, "steps": 16_000_000, "alpha": 0.3, "eta": 13.0}, (0, 1, 2, 3, 4), alone=True
    ),
    "leduc/network-wide": Entry(
        "MMD, network 2x64, 64 M decisions, 8,192 games at once", "mmd",
        {**NETWORK, "steps": 64_000_000, "alpha": 0.3, "eta": 13.0, "rows": 8192, "batch": 4096}, (0, 1, 2, 3, 4), alone=True,
    ),
    "perturbed-rps/uniform": Entry("uniform play"),
    "perturbed-rps/annealed": Entry(
        "MMD, annealed, 5,000 iterations", "mmd", {"steps": 5000, "magnet": "annealed", "alpha": 1 / 3, "eta": 3.0}
    ),
    "perturbed-rps/moving": Entry("MMD, moving magnet, 5,000 iterations", "mmd", {"steps": 5000}),
}  # fmt: skip


def train(name: str, seed: int, base: Path = Path("runs/solvers"), part: float = PART) -> bool:
    """Train one seed of an entry for a part; True when its decisions are used up."""
    entry, address = _entry(name)
    folder = _folder(name, seed, base)
    config = _config(entry, address, seed, {"part": part, "clock": "processor", "log_every": 1.0, "save_every": 1000.0})
    algorithm(entry.algo).train(
        config, address, folder, resume=is_run(folder), command=_command("train", name, str(seed))
    )
    return Run.opened(folder).newest_step() >= config.steps


def rows(game: str, now: datetime, base: Path = Path("runs/solvers")) -> list[dict[str, Any]]:
    """A row for each entry of a game, or for the one named. UserError when a seed of a network is not trained: none is dropped."""
    if game not in GAMES and game not in ENTRIES:
        raise unknown("game or entry of the study", game, [*GAMES, *ENTRIES])
    tree = walk(envs.game(GAMES[game.partition("/")[0]]))
    names = [
        name for name, entry in ENTRIES.items() if name == game or (name.partition("/")[0] == game and not entry.alone)
    ]
    return [_row(name, tree, now, base) for name in names]


def _row(name: str, tree: Tree, now: datetime, base: Path) -> dict[str, Any]:
    entry, address = _entry(name)
    found = [_judged(name, seed, tree, base) for seed in entry.seeds]
    figures = {
        "exploitability": mean_figure([each[0] for each in found], "chips"),
        "nash_conv": mean_figure([2 * each[0] for each in found], "chips"),
    }
    if name.startswith("perturbed-rps/"):
        figures["distance"] = mean_figure([float(np.abs(each[1] - EQUILIBRIUM).max()) for each in found], "")
    if entry.algo:
        figures["processor"] = mean_figure([each[2] for each in found], "s")
    config = {"game": address, "algo": entry.algo, **entry.settings}
    each = [{"seed": seed, "exploitability": one[0]} for seed, one in zip(entry.seeds, found, strict=True)]
    return study_row(
        name,
        entry.what,
        _command("record", name.partition("/")[0]),
        now,
        config=config,
        seeds=entry.seeds,
        figures=figures,
        each=each,
    )


def _judged(name: str, seed: int, tree: Tree, base: Path) -> tuple[float, np.ndarray, float]:
    """(exploitability, strategy, processor seconds) of one seed; a table is solved here and now."""
    entry, address = _entry(name)
    if not entry.algo:
        return gap(tree, tree.uniform()).exploitability, tree.uniform(), 0.0
    with tempfile.TemporaryDirectory() as scratch:
        folder = _folder(name, seed, base)
        if entry.settings.get("policy") != "network":
            folder = Path(scratch) / "run"
            config = _config(entry, address, seed, {"clock": "processor", "log_every": 1000.0, "save_every": 1000.0})
            algorithm(entry.algo).train(config, address, folder)
        run = Run.opened(folder)
        found = checkpoint.newest(folder / "checkpoints")
        if found is None or found.step < int(run.config["steps"]):
            raise UserError(f"{folder} is not trained to its end: train it until it is done", NOT_FOUND)
        strategy = strategy_of(run, tree)
        return gap(tree, strategy).exploitability, strategy, float(found.state["seconds"])


def _config(entry: Entry, address: str, seed: int, more: Mapping[str, Any]) -> Common:
    config: Common = algorithm(entry.algo).Config.made(
        {"seed": seed, **entry.settings, **more}, envs.spec(address).name
    )
    return config


def _entry(name: str) -> tuple[Entry, str]:
    if name not in ENTRIES:
        raise unknown("entry of the study", name, ENTRIES)
    return ENTRIES[name], GAMES[name.partition("/")[0]]


def _folder(name: str, seed: int, base: Path) -> Path:
    return base / f"{name.replace('/', '-')}-{seed}"


def _command(*words: str) -> str:
    return typed("arena.training.solver_studies", words)


def main(words: Sequence[str]) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m arena.training.solver_studies", description="Studies of solvers.")
    parser.add_argument("what", choices=("train", "record"))
    parser.add_argument("entry", help="which, or of `record` also the game that it belongs to")
    parser.add_argument("seed", nargs="?", type=int, help="of a run")
    given = parser.parse_args(words)
    if given.what == "record":
        sys.stdout.write(f"{append(RESULTS, rows(given.entry, datetime.now(UTC)))} rows added\n")
        return 0
    if given.seed is None:
        parser.error("train needs a seed")
    sys.stdout.write("done\n" if train(given.entry, given.seed) else "to be continued\n")
    return 0


if __name__ == "__main__":
    as_command(main)
