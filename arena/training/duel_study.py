"""The study of self-play in the double agent: both rules of trust, what became of both sides, and what trained responses gain.

    python -m arena.training.duel_study --runs runs/duel --defenders runs/double-agent --seeds 0-7

Makes what is missing (a run, or the file of a response), then appends rows to docs/results/defender.jsonl; then: make docs. With
--only runs or responses it keeps no rows. Fixed before the first run: seeds 0 to 7, the last checkpoint, acts drawn, scenarios of
measuring that no training saw. Times are of this process on the processor.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import torch

from arena.bench.results import append
from arena.bench.studies import as_command, mean_figure, study_row, typed
from arena.training import duel
from arena.training.dialogue import OUTCOMES
from arena.training.double_agent_runs import seeds_of
from arena.training.double_agent_seat import loaded
from arena.training.double_agent_tables import RESULTS, Made
from arena.training.duel_response import Player, attacks, defends, meet, networks
from arena.training.run import Run, is_run

__all__ = ["RESPONSES", "TRUSTS", "Response", "rows"]

MODULE = "arena.training.duel_study"
TRUSTS = {"earned": "trust by the rule of trust", "stated": "trust as the attacker says"}
CONFIG = duel.Config()
JUDGED, STEPS = 1536, 120_000
"""Dialogues of a measurement; decisions of a response's training, which ends after CONFIG.updates steps in any case."""


class Response(NamedTuple):
    """Who learns ("attacker" or "defender"), against whom, under which rule of trust; `usual` is the player beside which it is held."""

    side: str
    victim: str
    usual: str
    trust: str


RESPONSES = {
    "defender-of-duel-earned": Response("attacker", "duel", "duel", "earned"),
    "attacker-of-duel-earned": Response("defender", "duel", "duel", "earned"),
    "tracker-earned": Response("attacker", "tracker", "mixture", "earned"),
    "trained-mixture-earned": Response("attacker", "both-mixture", "mixture", "earned"),
    "four-attackers-earned": Response("defender", "mixture", "tracker", "earned"),
    "defender-of-duel-stated": Response("attacker", "duel", "duel", "stated"),
    "attacker-of-duel-stated": Response("defender", "duel", "duel", "stated"),
}
WORDS = {
    "duel": "self-play", "tracker": "tracker", "mixture": "four scripted attackers", "both-mixture": "defender trained against all four",
}  # fmt: skip


class Places(NamedTuple):
    """Folders: of the runs and responses, and of the defenders of the other study."""

    runs: Path
    defenders: Path


def made_run(places: Places, trust: str, seed: int) -> Run:
    """A run of self-play, made if it is not there."""
    path = places.runs / f"{trust}-{seed}"
    if not is_run(path):
        duel.train(CONFIG.replace(seed=seed), f"double_agent?trust={trust}", path, command=typed(MODULE, ()))
    return Run.opened(path)


def player(places: Places, name: str, seat: int, trust: str, seed: int) -> Player:
    """A name of RESPONSES as a player: "duel" is the run's own network of that seat."""
    if name == "duel":
        return networks(made_run(places, trust, seed))[seat]
    return loaded(places.defenders / f"{name}-{seed}.json") if name == "both-mixture" else name


def made_response(places: Places, name: str, seed: int) -> dict[str, Any]:
    """The figures of a response, from its file or made now: what it gains, what the usual player gains, seconds of its training."""
    path = places.runs / f"response-{name}-{seed}.json"
    if not path.is_file():
        found = RESPONSES[name]
        seat = ("attacker", "defender").index(found.side)
        victim = player(places, found.victim, 1 - seat, found.trust, seed)
        usual = player(places, found.usual, seat, found.trust, seed)
        began = time.process_time()
        bound = (defends if seat else attacks)(CONFIG.replace(seed=seed), victim, STEPS, JUDGED, trust=found.trust)
        seconds = time.process_time() - began
        pair = (victim, usual) if seat else (usual, victim)
        points = duel.PAYOFF[meet(*pair, seed, JUDGED, trust=found.trust).ended].mean() * (-1) ** seat
        told = {"gain": bound.gain, "usual": float(points), "steps": bound.steps, "seconds": seconds}
        path.with_suffix(".part").write_text(json.dumps(told), encoding="utf-8")
        path.with_suffix(".part").rename(path)
    return dict(json.loads(path.read_text(encoding="utf-8")))


def became(places: Places, trust: str, seed: int) -> dict[str, float]:
    """What a run came to: the ends of its pair, each side against scripted ones, and how far its points swung while it learned."""
    run = made_run(places, trust, seed)
    suspect, mind = networks(run)
    own = duel.shares(meet(suspect, mind, seed, JUDGED, trust=trust))
    told = {name: 100 * own[name] for name in (*OUTCOMES, "mind")} | {"points": own["points"], "turns": own["turns"]}
    lines = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    late = [line["points"] for line in lines[len(lines) // 2 :]]
    told |= {"lowest": min(late), "highest": max(late), "processor_seconds": lines[-1]["seconds"]}
    told["against_tracker"] = float(duel.PAYOFF[meet(suspect, "tracker", seed, JUDGED, trust=trust).ended].mean())
    told["against_four"] = -float(duel.PAYOFF[meet("mixture", mind, seed, JUDGED, trust=trust).ended].mean())
    return told


UNITS = dict.fromkeys((*OUTCOMES, "mind"), "%") | {"turns": "turns", "processor_seconds": "seconds"}


def rows(places: Places, seeds: Sequence[int], made_by: Made) -> Iterator[dict[str, Any]]:
    """All rows; what is missing is made."""
    about: dict[str, Any] = {"seeds": list(seeds)}
    for trust, what in TRUSTS.items():
        found = [became(places, trust, seed) for seed in seeds]
        figures = {name: mean_figure([each[name] for each in found], UNITS.get(name, "points")) for name in found[0]}
        config = CONFIG.values() | {"trust": trust}
        yield study_row(f"duel/{trust}", f"self-play, {what}", *made_by, config=config, figures=figures, **about)
    for name, response in RESPONSES.items():
        gains = [made_response(places, name, seed) for seed in seeds]
        gained, usual = ([each[part] for each in gains] for part in ("gain", "usual"))
        more = [gain - known for gain, known in zip(gained, usual, strict=True)]
        figures = {n: mean_figure(v, "points") for n, v in (("gain", gained), ("usual", usual), ("more", more))}
        figures["processor_seconds"] = mean_figure([each["seconds"] for each in gains], "seconds")
        config = CONFIG.values() | response._asdict() | {"decisions": STEPS}
        yield study_row(f"duel-response/{name}", titled(response), *made_by, config=config, figures=figures, **about)
    yield from exploitabilities(places, seeds, made_by)


def titled(response: Response) -> str:
    other = "defender" if response.side == "attacker" else "attacker"
    whom = f"self-play's {other}" if response.victim == "duel" else WORDS[response.victim]
    return f"{response.side} trained against {whom}, {TRUSTS[response.trust]}"


def exploitabilities(places: Places, seeds: Sequence[int], made_by: Made) -> Iterator[dict[str, Any]]:
    """Half of what both responses gain, a lower bound of each pair's NashConv / 2."""
    for trust, what in TRUSTS.items():
        names = [f"{side}-of-duel-{trust}" for side in ("attacker", "defender")]
        halves = [sum(made_response(places, name, seed)["gain"] for name in names) / 2 for seed in seeds]
        figures = {"exploitability": mean_figure(halves, "points")}
        config = CONFIG.values() | {"trust": trust, "decisions": STEPS}
        yield study_row(
            f"duel-exploitability/{trust}",
            f"self-play, {what}",
            *made_by,
            config=config,
            figures=figures,
            seeds=list(seeds),
        )


def main(words: Sequence[str]) -> None:
    """Make what is missing and keep the rows."""
    parser = argparse.ArgumentParser(
        prog="python -m arena.training.duel_study", description="The study of self-play in the double agent."
    )
    parser.add_argument("--runs", type=Path, default=Path("runs/duel"))
    parser.add_argument("--defenders", type=Path, default=Path("runs/double-agent"))
    parser.add_argument("--seeds", default="0-7")
    parser.add_argument("--only", choices=("runs", "responses"), help="make these and keep no rows")
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args(words)
    torch.set_num_threads(1)
    places, seeds = Places(given.runs, given.defenders), seeds_of(given.seeds)
    if given.only:
        for seed in seeds:
            for name in TRUSTS if given.only == "runs" else RESPONSES:
                found = made_run(places, name, seed) if given.only == "runs" else made_response(places, name, seed)
                print(f"{name} seed {seed}: {found}", flush=True)  # noqa: T201  a command's report
        return
    command = typed(MODULE, words)
    told = list(rows(places, seeds, (command, datetime.now(UTC))))
    kept = append(given.results, [row | {"load": told[0]["load"]} for row in told])  # one run, one line of where
    sys.stdout.write(f"{kept} rows added to {given.results}\n")


if __name__ == "__main__":
    as_command(main)
