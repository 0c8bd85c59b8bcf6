"""The study of dual-play arithmetic: paradigms and controls on equal budgets, from one cold start a seed.

    python -m arena.training.dual_study run ROW SEED [--seconds S] [--folder DIR]     one run; finished ones are left alone
    python -m arena.training.dual_study all [--seeds N] [--seconds S] [--folder DIR]  every run that is missing, one after another
    python -m arena.training.dual_study record [--seconds S] [--folder DIR]           rows of docs/results from the finished runs

Fixed before the first run: seeds 0 to N - 1, the last checkpoint, held-out accuracy as the mean over the cells. Seconds are those of
the processor, the cold start (once a seed) and the measuring apart. Learning rates and questions a step were chosen on seeds from 1000.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from arena.bench.results import append
from arena.bench.studies import as_command, mean_figure, study_row, typed
from arena.training.paradigms import Config

__all__ = ["ABLATIONS", "ROWS", "main"]

ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "online": ("PasoDoble online, claims computed", {}),
    "costly": ("PasoDoble online, claims computed, invalid questions cost 0.6", {"penalty": 0.6}),
    "written": (
        "PasoDoble online, claims written, invalid questions cost 0.5, from a longer cold start, 300 seconds",
        {"claims": "written", "penalty": 0.5, "questions": 64, "until": 0.5, "seconds": 300.0},
    ),
    "ahead": (
        "PasoDoble online, claims written, invalid questions cost 0.5, the proposer 2,500 steps ahead, 300 seconds",
        {"claims": "written", "penalty": 0.5, "questions": 64, "until": 0.5, "ahead": 2500, "seconds": 300.0},
    ),
    "offline": ("PasoDoble offline, claims computed", {"paradigm": "offline"}),
    "costly_offline": (
        "PasoDoble offline, claims computed, invalid questions cost 0.6",
        {"paradigm": "offline", "penalty": 0.6},
    ),
    "uniform": ("control: uniform valid questions", {"paradigm": "uniform"}),
    "frozen": ("control: the proposer frozen", {"paradigm": "frozen"}),
    "supervised": ("control: further supervised steps", {"paradigm": "supervised"}),
}
ABLATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "published": (
        "the published reward unchanged, claims written, solver steps on all",
        {"claims": "written", "payoff": "pasodoble", "collect": 1},
    ),
    "random": ("ablation: random rewards", {"paradigm": "random", "collect": 1}),
    "ungated": (
        "ablation: no validity gate",
        {"claims": "written", "payoff": "pasodoble", "gate": False, "collect": 1},
    ),
    "ssp": ("Search Self-play: 1 - p, replaced from a pool", {"paradigm": "ssp", "payoff": "ssp"}),
    "scratch": ("from random weights", {"until": 0.0}),
    "evicting": ("ablation: offline, questions evicted", {"paradigm": "offline", "evict": True}),
    "svs": ("SvS: variants of half-solved problems", {"paradigm": "svs", "payoff": "band", "entropy": 0.0}),
    "plain": ("plain reinforcement on the same problems", {"paradigm": "plain", "payoff": "band", "entropy": 0.0}),
    "countdown": (
        "countdown, PasoDoble online",
        {"played": "countdown?operators=2&digits=1&most=99", "until": 0.3, "examples": 8000},
    ),
}
"""One seed each."""
FOLDER = Path("runs/dual-play")
RESULTS = Path(__file__).parents[2] / "docs" / "results" / "dual-play.jsonl"


def config(row: str, seed: int, seconds: float) -> Config:
    """The settings of one run; a row may have seconds of its own."""
    return Config.made({"seconds": seconds} | (ROWS | ABLATIONS)[row][1] | {"seed": seed})


def _warm(folder: Path, chosen: Config) -> list[Any]:
    """The weights after the cold start of this seed, kind of claims (game, or variants) and end, trained once and kept."""
    from safetensors.torch import load_file, save_file  # noqa: PLC0415

    from arena.training.pasodoble import Loop  # noqa: PLC0415
    from envs.registry import game as named  # noqa: PLC0415

    kind = "variants" if chosen.variants else chosen.claims
    kind = kind if chosen.played == Config().played else f"{chosen.played.partition('?')[0]}-{kind}"
    end = f"{chosen.until:g}+{chosen.ahead}" if chosen.ahead else f"{chosen.until:g}"
    places = [folder / "cold" / f"{kind}-{end}-{chosen.seed}-{who}.safetensors" for who in ("proposer", "solver")]
    if not all(place.is_file() for place in places):
        loop = Loop(chosen, named(chosen.game()))  # type: ignore[arg-type]
        loop.warm()
        places[0].parent.mkdir(parents=True, exist_ok=True)
        for place, model in zip(places, (loop.proposer, loop.solver), strict=True):
            save_file(model.state_dict(), place)
    return [load_file(place) for place in places]


def run(row: str, seed: int, seconds: float, folder: Path) -> dict[str, float]:
    """One run, or what it brought when it is there."""
    import torch  # noqa: PLC0415

    from arena.training.pasodoble import train  # noqa: PLC0415

    torch.set_num_threads(1)
    place = folder / f"{row}-{seed}"
    kept = place / "last.json"
    if not kept.is_file():
        chosen = config(row, seed, seconds)
        warm = _warm(folder, chosen) if chosen.until > 0 else ()
        found = train(chosen, place, warm=warm)
        kept.write_text(json.dumps(found) + "\n", encoding="utf-8")
    found = json.loads(kept.read_text(encoding="utf-8"))
    sys.stdout.write(
        f"{row} {seed}: {found['start_sampled']:.3f} -> {found['sampled']:.3f} sampled, {found['greedy']:.3f} greedy\n"
    )
    return found


def record(seconds: float, folder: Path, command: str) -> int:
    """Rows of the finished runs; how many."""
    rows, now, uniform = [], datetime.now(UTC), _finished(folder, "uniform")
    for name, (what, changes) in (ROWS | ABLATIONS).items():
        found = _finished(folder, name)
        if found:
            figures = _figures([found[seed] for seed in sorted(found)])
            if _compared(name, changes) and found.keys() <= uniform.keys():
                more = [100 * (found[seed]["sampled"] - uniform[seed]["sampled"]) for seed in sorted(found)]
                figures["over_uniform"] = mean_figure(more, "points")
            about: dict[str, Any] = {
                "config": {"seconds": seconds} | changes,
                "seeds": sorted(found),
                "figures": figures,
            }
            rows.append(study_row(f"dual-play/{name}", what, command, now, **about))
    return append(RESULTS, rows)


_OTHER = {"seconds", "until", "claims", "played", "examples"}
"""Settings that make a row's budget, start or game another one than that of the control with uniform questions."""


def _compared(name: str, changes: Mapping[str, Any]) -> bool:
    """Whether a row can be told beside the control with uniform questions: of its start, budget and game, on no problems of its own."""
    return name != "uniform" and not _OTHER & changes.keys() and changes.get("paradigm") not in ("svs", "plain")


def _finished(folder: Path, name: str) -> dict[int, dict[str, float]]:
    """What the finished runs of a row have come to, by seed."""
    places = sorted(folder.glob(f"{name}-*/last.json"))
    return {int(place.parent.name.rpartition("-")[2]): json.loads(place.read_text()) for place in places}


def _figures(told: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Percentages over the seeds; rates of tokens."""

    def percent(name: str) -> dict[str, Any]:
        return mean_figure([100 * one[name] for one in told], "%")

    made = {
        "before": percent("start_sampled"), "sampled": percent("sampled"), "greedy": percent("greedy"),
        "rise": mean_figure([100 * (one["sampled"] - one["start_sampled"]) for one in told], "points"),
    }  # fmt: skip
    made |= {f"cell_{i}": percent(f"sampled_{i}") for i in range(4) if f"sampled_{i}" in told[0]}
    spread = [name for name in told[0] if name.removeprefix("start_").startswith(("pass_", "entropy"))]
    made |= {name: percent(name) for name in spread if "pass_" in name}
    made |= {name: mean_figure([one[name] for one in told], "nats") for name in spread if "entropy" in name}
    if "valid" in told[0]:
        made |= {
            "valid": percent("valid"),
            "p": mean_figure([one["p"] for one in told], ""),
            "unique": percent("unique"),
        }
        busy = [
            max(1e-9, sum(one[f"{stage}_seconds"] for stage in ("proposing", "solving", "learning"))) for one in told
        ]
        made["tokens"] = mean_figure([one["tokens"] / time for one, time in zip(told, busy, strict=True)], "tokens/s")
        for stage in ("proposing", "solving", "learning"):
            made[stage] = mean_figure(
                [100 * one[f"{stage}_seconds"] / time for one, time in zip(told, busy, strict=True)], "%"
            )
    return made


def main(arguments: Sequence[str]) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(
        prog="python -m arena.training.dual_study", description="the study of dual-play arithmetic"
    )
    parser.add_argument("what", choices=("run", "all", "record"))
    parser.add_argument("row", nargs="?", choices=list(ROWS | ABLATIONS))
    parser.add_argument("seed", nargs="?", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    given = parser.parse_args(arguments)
    if given.what == "run":
        if given.row is None:
            parser.error("run needs a ROW and a SEED")
        run(given.row, given.seed, given.seconds, given.folder)
    elif given.what == "all":
        for seed in range(given.seeds):
            for row in [*ROWS, *(ABLATIONS if seed == 0 else ())]:
                run(row, seed, given.seconds, given.folder)
    else:
        made_by = typed("arena.training.dual_study", arguments)
        sys.stdout.write(f"{record(given.seconds, given.folder, made_by)} rows\n")
    return 0


if __name__ == "__main__":
    as_command(main)
