"""Rows of studies, and their tables in the documentation: what was learned, won or lost, with intervals, beside the rows of speed.

A study keeps a row for each thing that it compares: id "STUDY/NAME" ("connect-four/ppo"), `what` for people, named figures with their
intervals. A page shows them with
    <!-- rows:STUDY FIGURE FIGURE ... -->...<!-- /rows -->
one line a row in the order of their first appearance; a row that lacks a figure leaves its cell empty.
"""

from __future__ import annotations

import random
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from statistics import fmean
from typing import Any, NoReturn

from arena.bench.figures import worded
from arena.bench.machine import circumstances
from arena.bench.results import figure
from arena.statistics import wilson
from envs.errors import UserError

__all__ = ["as_command", "mean_figure", "share_figure", "study_row", "study_table", "typed"]


def mean_figure(values: Sequence[float], unit: str, seed: int = 0, resamples: int = 2000) -> dict[str, Any]:
    """The mean of one value a seed, with its 95 % percentile bootstrap interval over the seeds. ValueError without values."""
    if not values:
        raise ValueError("no values: a figure needs at least one")
    draw = random.Random(seed).choices
    means = sorted(fmean(draw(values, k=len(values))) for _ in range(resamples))
    low, high = means[int(0.025 * (resamples - 1))], means[int(0.975 * (resamples - 1))]
    return {"n": len(values), "median": fmean(values), "interval": [low, high], "unit": unit, "of": "mean"}


def share_figure(successes: int, trials: int) -> dict[str, Any]:
    """A share in per cent with Wilson's 95 % interval."""
    low, high = wilson(successes, trials)
    share = 100 * successes / max(1, trials)
    return {"n": trials, "median": share, "interval": [100 * low, 100 * high], "unit": "%", "of": "share"}


def study_row(
    ident: str, what: str, command: str, now: datetime, *, config: Mapping[str, Any], seeds: Sequence[int],
    figures: Mapping[str, Mapping[str, Any]], **more: Any,
) -> dict[str, Any]:  # fmt: skip
    """A row that `arena.bench.results.append` takes. command: as typed, so that another can type it; now: with its time zone."""
    row = {
        "id": ident,
        "what": what,
        "config": dict(config),
        "seeds": list(seeds),
        "figures": {n: dict(f) for n, f in figures.items()},
    }
    return row | dict(more) | circumstances(command, now)


def study_table(study: str, names: Sequence[str], rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The lines of a table: one for each newest row of the study, a column for each figure; none without rows."""
    chosen = [row for ident, row in rows.items() if ident.startswith(f"{study}/") and set(names) & set(row["figures"])]
    if not chosen:
        return []
    head = [study.replace("-", " "), *(name.replace("_", " ") for name in names), "n"]
    cells = [
        [str(row.get("what", row["id"])), *(_cell(row, name) for name in names), _trials(row, names)] for row in chosen
    ]
    return [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *cells)]


def _cell(row: Mapping[str, Any], name: str) -> str:
    """The middle, and the interval where it has a width."""
    found = figure(row, name)
    if found is None:
        return ""
    low, high = found.interval
    middle = worded(found.median, found.unit)
    return middle if low == high else f"{middle} ({worded(low, '').strip()} to {worded(high, '').strip()})"


def _trials(row: Mapping[str, Any], names: Iterable[str]) -> str:
    """How many values (seeds, matches) each figure is made of."""
    counts = [str(row["figures"][name]["n"]) for name in names if name in row["figures"]]
    return counts[0] if len(set(counts)) == 1 else ", ".join(counts)


def typed(module: str, words: Iterable[object]) -> str:
    """The command of a study as somebody types it."""
    return shlex.join(["python", "-m", module, *map(str, words)])


def as_command(main: Callable[[Sequence[str]], int | None]) -> NoReturn:
    """Ends the process with what `main` makes of the words behind the command; what their writer got wrong is one line and its code."""
    try:
        sys.exit(main(sys.argv[1:]))
    except UserError as told:
        sys.stderr.write(f"{told}\n")
        sys.exit(told.code)
