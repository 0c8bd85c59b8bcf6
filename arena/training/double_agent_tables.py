"""The tables of the study of double agents, one command: makes the runs that are missing, judges scripted defenders, keeps rows.

    python -m arena.training.double_agent_tables --runs runs/double-agent
    python -m arena.training.double_agent_tables --attacker my_module:attack

The first appends rows to docs/results/defender.jsonl, for `python -m arena.bench.pages`, those of self-play (`duel_study`) too; the second
prints how every defender fares against somebody's own attacker, which is asked move by move.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch

from arena.bench.results import append
from arena.bench.studies import as_command, mean_figure, study_row, typed
from arena.training.dialogue import OUTCOMES
from arena.training.double_agent_runs import ATTACKERS, CELLS, SCRIPTED, judged, made, seeds_of
from envs.errors import unknown

__all__ = ["claims", "clustered", "correlation", "defender_row", "figures_of", "rows"]

MODULE = "arena.training.double_agent_tables"
RESULTS = Path(__file__).parents[2] / "docs" / "results" / "defender.jsonl"
WORDS = {
    "plain": "plain", "mixture": "all four", "mind": "theory of mind", "fooling": "fooling", "both": "both rewards", "ppo": "by PPO",
    "separate": "separate heads, no anchor", "unanchored": "no anchor", "free": "no anchor, a looser clone",
}  # fmt: skip
Found = Mapping[str, Any]
Made = tuple[str, datetime]
"""The command that makes rows, as typed, and when."""


def share(found: Found, attacker: str, what: str, priors: Sequence[str] = ("0", "1", "2")) -> float:
    """Per cent of dialogues against an attacker with such an outcome, or the mean per cent of right statements."""
    cells = [found["attackers"][attacker][prior] for prior in priors]
    total = sum(cell["n"] for cell in cells)
    if what in SAID:
        return 100 * sum(cell[what] * cell["n"] for cell in cells) / total
    return 100 * sum(cell[what] for cell in cells) / total


PRIORS, HARD = ("0", "1", "2"), ("1", "2")
SAID = ("mind", "guess")


def figures_of(judgings: Sequence[Found], trained: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """All figures of one defender from its judgings, one a seed: means with intervals over seeds, in per cent, and turns. trained: the
    attackers that it was trained against, if any.
    """
    figures: dict[str, list[float]] = {}
    for attacker in ATTACKERS:
        for prior in PRIORS:
            figures[f"{attacker}_knew_{prior}"] = [share(each, attacker, "fooled", (prior,)) for each in judgings]
        figures[f"{attacker}_hard"] = [share(each, attacker, "fooled", HARD) for each in judgings]
        figures[f"{attacker}_mind_hard"] = [share(each, attacker, "mind", HARD) for each in judgings]
        for what in (*OUTCOMES, *SAID):
            figures[f"{attacker}_{what}"] = [share(each, attacker, what) for each in judgings]
    figures["always_hard"] = [100 * each["always_hard"] for each in judgings]
    for met, chosen in (("met", trained), ("unmet", [each for each in ATTACKERS if trained and each not in trained])):
        for what, told in (("fooled", "hard"), ("mind", "mind_hard")) if chosen else ():
            figures[f"{met}_{told}"] = [fmean(share(each, who, what, HARD) for who in chosen) for each in judgings]
    figures |= by_unknown(judgings)
    return {name: mean_figure(values, "turns" if "turns" in name else "%") for name, values in figures.items()}


def by_unknown(judgings: Sequence[Found]) -> dict[str, list[float]]:
    """By the number of fields that the attacker did not know: outcomes, turns, right statements and predictions, means over the four
    attackers; and the share of scenarios in which all four were fooled.
    """
    figures = {}
    for prior in PRIORS:
        unknown = len(PRIORS) - int(prior)
        for what in (*OUTCOMES, *SAID):
            figures[f"{what}_unknown_{unknown}"] = [
                fmean(share(each, who, what, (prior,)) for who in ATTACKERS) for each in judgings
            ]
        turns = [fmean(each["attackers"][who][prior]["turns"] for who in ATTACKERS) for each in judgings]
        figures[f"turns_unknown_{unknown}"] = turns
        figures[f"all_four_unknown_{unknown}"] = [100 * each["always_knew"][prior] for each in judgings]
    return figures


def defender_row(
    name: str, what: str, judgings: Sequence[Found], config: Mapping[str, Any], made_by: Made
) -> dict[str, Any]:
    seeds, figures = list(range(len(judgings))), figures_of(judgings, config.get("attackers", ()))
    return study_row(f"double-agent/{name}", what, *made_by, config=config, seeds=seeds, figures=figures)


def titled(cell: str) -> str:
    """ "fooling-plain-ppo" for people: "fooling, against plain, by PPO"."""
    reward, against, *more = cell.split("-")
    return ", ".join([f"trained for {WORDS[reward]}", f"against {WORDS[against]}", *(WORDS[each] for each in more)])


def clustered(
    pairs: Mapping[str, Sequence[tuple[float, float]]], seed: int = 0, resamples: int = 2000
) -> dict[str, Any]:
    """Pearson's correlation of all pairs, with a 95 % bootstrap interval that draws whole defenders, not pairs."""
    names, rng = list(pairs), np.random.default_rng(seed)
    drawn = [[names[i] for i in rng.integers(len(names), size=len(names))] for _ in range(resamples)]
    values = sorted(correlation([pair for name in chosen for pair in pairs[name]]) for chosen in drawn)
    middle = correlation([pair for name in names for pair in pairs[name]])
    ends = [values[int(0.025 * (resamples - 1))], values[int(0.975 * (resamples - 1))]]
    return {"n": len(names), "median": middle, "interval": ends, "unit": "r", "of": "correlation"}


def correlation(pairs: Sequence[tuple[float, float]]) -> float:
    """0 where one side does not vary."""
    x, y = np.array(pairs).T
    return float(np.corrcoef(x, y)[0, 1]) if x.std() > 0 and y.std() > 0 else 0.0


def gain(run: Found, attacker: str, what: str, priors: Sequence[str] = ("0", "1", "2")) -> float:
    """Points by which a trained defender differs from its clone."""
    return share(run["trained"], attacker, what, priors) - share(run["clone"], attacker, what, priors)


Runs = Mapping[str, Sequence[Found]]


def claims(runs: Runs, made_by: Made) -> Iterator[dict[str, Any]]:
    """The published claims as rows, each whose cells have been run: differences in points over seeds, a correlation over defenders."""
    for name, what, cells, figure in (*_of_one_reward(runs), *_both_best(runs)):
        if all(runs.get(cell) for cell in cells):
            about: dict[str, Any] = {"config": {"cells": cells}, "seeds": [run["seed"] for run in runs[cells[0]]]}
            yield study_row(f"double-agent-claims/{name}", what, *made_by, **about, figures={"difference": figure()})


Claim = tuple[str, str, list[str], Callable[[], dict[str, Any]]]
"""Name, what it says, the cells that it needs, and its figure."""


def _of_one_reward(runs: Runs) -> Iterator[Claim]:
    for name, what, cell, kind in (
        ("mind-fools", "rewarded for theory of mind alone: gain in dialogues fooled", "mind-plain", "fooled"),
        ("fooling-reads", "rewarded for fooling alone: gain in right statements", "fooling-plain", "mind"),
    ):
        yield name, what, [cell], partial(_gains, runs, cell, kind)
    main = [cell for cell in CELLS if runs.get(cell) and cell.count("-") == 1]
    told = "gain in right statements and gain in fooling, all attackers"
    for name, drawn, kinds in (
        ("gains-correlate", "trained networks", False),
        ("gains-correlate-kinds", "kinds of training", True),
    ):
        yield name, f"{told}; whole {drawn} drawn", main[:1] or [""], partial(_correlated, runs, main, kinds)


def _both_best(runs: Runs) -> Iterator[Claim]:
    """Both rewards beside each alone, in fooling and in statements."""
    for alone, what in product(("fooling", "mind"), ("fooled", "mind")):
        for attacker, against in (("plain", "plain"), ("forewarned", "mixture"), ("strategic", "mixture")):
            cells = [f"both-{against}", f"{alone}-{against}"]
            measured = "hard scenarios fooled" if what == "fooled" else "right statements, hard scenarios"
            told = f"both rewards less {WORDS[alone]} alone: {measured}, {attacker} attacker, trained against {WORDS[against]}"
            more = ("" if alone == "fooling" else "-over-mind") + ("" if what == "fooled" else "-statements")
            yield f"both-best-{attacker}{more}", told, cells, partial(_beside, runs, attacker, cells, what)


def _gains(runs: Runs, cell: str, what: str) -> dict[str, Any]:
    return mean_figure([gain(run, "plain", what) for run in runs[cell]], "points")


def _correlated(runs: Runs, cells: Sequence[str], kinds: bool) -> dict[str, Any]:
    """A defender is a trained network, or with `kinds` all that were trained alike."""
    pairs: dict[str, list[tuple[float, float]]] = {}
    for cell, run in ((name, run) for name in cells for run in runs[name]):
        own = [(gain(run, each, "mind"), gain(run, each, "fooled")) for each in ATTACKERS]
        pairs.setdefault(cell if kinds else f"{cell}/{run['seed']}", []).extend(own)
    return clustered(pairs)


def _beside(runs: Runs, attacker: str, cells: Sequence[str], what: str) -> dict[str, Any]:
    """By how much the first cell has more of something on hard scenarios than the second, seed by seed."""
    pairs = zip(*(runs[cell] for cell in cells), strict=False)
    shares = ([share(run["trained"], attacker, what, HARD) for run in pair] for pair in pairs)
    return mean_figure([first - second for first, second in shares], "points")


def probes(runs: Mapping[str, Sequence[Found]], made_by: Made) -> Iterator[dict[str, Any]]:
    """What the frozen state tells beside what was stated, trained and clone."""
    for cell, found in runs.items():
        if found:
            figures = {
                "stated": [100 * run["probe"]["stated"] for run in found], "probe": [100 * run["probe"]["probe"] for run in found],
                "clone_stated": [100 * run["probe_clone"]["stated"] for run in found],
                "clone_probe": [100 * run["probe_clone"]["probe"] for run in found],
            }  # fmt: skip
            told = {name: mean_figure(values, "%") for name, values in figures.items()}
            told["processor_seconds"] = mean_figure([run["seconds"] for run in found], "seconds")
            seeds = [run["seed"] for run in found]
            yield study_row(
                f"double-agent-probe/{cell}",
                titled(cell),
                *made_by,
                config=dict(found[0]["config"]),
                seeds=seeds,
                figures=told,
            )


def rows(folder: Path, seeds: Sequence[int], cells: Sequence[str], made_by: Made) -> Iterator[dict[str, Any]]:
    """All rows of the study; runs that have no file are made."""
    runs = {cell: [made(folder, cell, seed) for seed in seeds] for cell in cells}
    for name in SCRIPTED:
        told = {
            "chance": "chance: one of three numbers drawn, lies from there",
            "chance-hard": "chance on hard: one of two numbers drawn",
            "oracle": "oracle, told what the attacker knew",
            "liar1": "consistent liar",
            "liar2": "liar from level 2",
            "liar3": "liar from level 3",
        }
        yield defender_row(
            name, told.get(name, name), [judged(name, seed) for seed in seeds], {"defender": name}, made_by
        )
    first = next(iter(runs))
    yield defender_row(
        "clone", "clone of a noisy tracker", [run["clone"] for run in runs[first]], {"cell": first}, made_by
    )
    for cell, found in runs.items():
        yield defender_row(cell, titled(cell), [run["trained"] for run in found], dict(found[0]["config"]), made_by)
    yield from claims(runs, made_by)
    yield from probes(runs, made_by)


def main(words: Sequence[str]) -> None:
    """Keep the rows, or judge one's own attacker."""
    parser = argparse.ArgumentParser(
        prog="python -m arena.training.double_agent_tables", description="Tables of the study of double agents."
    )
    parser.add_argument("--runs", type=Path, default=Path("runs/double-agent"))
    parser.add_argument("--duel", type=Path, default=Path("runs/duel"), help="runs of self-play")
    parser.add_argument("--no-duel", action="store_true", help="leave self-play out")
    parser.add_argument("--seeds", default="0-7")
    parser.add_argument("--cells", default=",".join(CELLS))
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--attacker", help="module:name of an agent; prints instead of keeping rows")
    parser.add_argument("--dialogues", type=int, default=60, help="with --attacker: how many against each defender")
    given = parser.parse_args(words)
    cells = given.cells.split(",")
    unknown_cell = next((cell for cell in cells if cell not in CELLS), None)
    if unknown_cell is not None:
        raise unknown("cell", unknown_cell, CELLS)
    if given.attacker:
        from arena.training.double_agent_guest import table  # noqa: PLC0415  few need it

        for line in table(given.attacker, given.runs, cells, given.dialogues):
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
        return
    torch.set_num_threads(1)  # runs that are missing are of one core, whoever makes them
    made_by, seeds = (typed(MODULE, words), datetime.now(UTC)), seeds_of(given.seeds)
    told = list(rows(given.runs, seeds, cells, made_by))
    if not given.no_duel:
        from arena.training import duel_study  # noqa: PLC0415  it reads this file

        told += duel_study.rows(duel_study.Places(given.duel, given.runs), seeds, made_by)
    kept = append(given.results, [row | {"load": told[0]["load"]} for row in told])  # one run, one line of where
    sys.stdout.write(f"{kept} rows added to {given.results}\n")


if __name__ == "__main__":
    as_command(main)
