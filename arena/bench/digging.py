"""How well scripted seats dig in the game `search`: questions that hold, answers that are right, and what foreign documents are for.

    python -m arena.bench.digging solvers       three proposers, each against four solvers at once
    python -m arena.bench.digging large         the same in a larger world, with more steps
    python -m arena.bench.digging noise         the greedy proposer, verified with 0 to 8 foreign documents
Rows go to docs/results/search.jsonl. Seeds are 0 to EPISODES - 1. Rules run plainly: so few matches take less time than a compiler.
`oracle` knows every fact and looks only for names that it needs; it is no player of the arena, because it reads what is hidden.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import envs
from arena.agent import Ask
from arena.bench.results import append
from arena.bench.studies import as_command, mean_figure, share_figure, study_row, typed
from arena.match import Result
from arena.matches import play
from envs.game import Game

__all__ = ["main", "noise", "oracle", "solvers"]

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "search.jsonl"
EPISODES = 60
STRENGTHS = ("careful", "greedy", "walk")
WORLDS = {"solvers": ("search", "entities=40&hops=3"), "large": ("search-large", "entities=96&hops=5")}
NOISE = (0, 1, 4, 8)


def oracle(game: Game) -> Any:
    """A solver who knows the way: it searches from name to name until the answer is one that it may give."""
    facts = [game.config.facts[i] for i in range(game.config.many)]
    back, sizes = len(game.words["TYPES"]), game.words["sizes"]
    aspects = 1 + back

    def act(ask: Ask) -> int:
        asked, names = ask.obs.posed, len(ask.obs.seen) * aspects
        path = [int(asked.start)]
        for reading in asked.steps[: asked.length].tolist():
            path.append(_next(facts, path[-1], reading, back))
        if path[-1] >= 0 and names + path[-1] in ask.legal:
            return names + path[-1]
        for i in range(len(path) - 2, -1, -1):
            for aspect in (1 + int(asked.steps[i]) % back, 0, *range(1, aspects)) if path[i] >= 0 else ():
                query = path[i] * aspects + aspect
                if query in ask.legal and query not in ask.obs.log[ask.seat][: ask.obs.calls[ask.seat]].tolist():
                    return query
        return next(act for act in ask.legal if act >= sizes(len(ask.obs.seen))[1])

    return act


def _next(facts: Sequence[Any], here: int, reading: int, back: int) -> int:
    """Where a reading leads, the lowest number of several; -1 where nowhere."""
    if reading < back:
        return min((int(f.object) for f in facts if f.relation == reading and f.subject == here), default=-1)
    return min((int(f.subject) for f in facts if f.relation == reading - back and f.object == here), default=-1)


def _played(game: Game, proposer: str, others: Sequence[Any], episodes: int) -> list[Result]:
    return [play(game, [f"scripted?searching={proposer}", *others], seed=seed) for seed in range(episodes)]


def _judged(results: Sequence[Result]) -> tuple[list[Result], dict[str, Any]]:
    """The matches with a valid question, and what is told of the questions."""
    valid = [result for result in results if result.metrics["verdict"] == "valid"]
    figures = {"valid": share_figure(len(valid), len(results))}
    if valid:
        figures["second_answer"] = share_figure(sum(result.metrics["fitting"] > 1 for result in valid), len(valid))
    return valid, figures


def solvers(what: str, episodes: int, command: str, now: datetime) -> list[dict[str, Any]]:
    """A row for each proposer: valid questions; of these, those with a second answer, and those that each solver answers."""
    study, options = WORLDS[what]
    game = envs.game(f"search?attempts={len(STRENGTHS) + 1}&{options}", plain=True)
    seats = [*(f"scripted?searching={strength}" for strength in STRENGTHS), oracle(game)]
    rows = []
    for proposer in STRENGTHS:
        valid, figures = _judged(_played(game, proposer, seats, episodes))
        for i, solver in enumerate((*STRENGTHS, "oracle"), 1) if valid else ():
            figures[solver] = share_figure(sum(result.scores[i] > 0 for result in valid), len(valid))
            figures[f"{solver}_searches"] = mean_figure([float(r.metrics["searches"][i]) for r in valid], "")
        about = {"options": options, "proposer": proposer}
        rows.append(study_row(f"{study}/{proposer}", f"{proposer} proposer", command, now, config=about,
                              seeds=range(episodes), figures=figures))  # fmt: skip
    return rows


def noise(episodes: int, command: str, now: datetime) -> list[dict[str, Any]]:
    """A row for each number of foreign documents: questions of the greedy proposer that hold, and of these, those with a second answer."""
    rows = []
    for documents in NOISE:
        game = envs.game(f"search?attempts=1&noise={documents}&invalid=ends", plain=True)
        _, figures = _judged(_played(game, "greedy", ["scripted?searching=walk"], episodes))
        rows.append(study_row(f"search-noise/{documents}", f"{documents} foreign documents", command, now,
                              config={"noise": documents, "proposer": "greedy"}, seeds=range(episodes), figures=figures))  # fmt: skip
    return rows


def main(arguments: Sequence[str]) -> int:
    """See the module."""
    if len(arguments) != 1 or arguments[0] not in (*WORLDS, "noise"):
        sys.stderr.write("usage: python -m arena.bench.digging solvers | large | noise\n")
        return 2
    what, command, now = (
        arguments[0],
        typed("arena.bench.digging", arguments),
        datetime.now(UTC),
    )
    rows = solvers(what, EPISODES, command, now) if what in WORLDS else noise(EPISODES, command, now)
    append(RESULTS, rows)
    sys.stdout.write(f"{len(rows)} rows\n")
    return 0


if __name__ == "__main__":
    as_command(main)
