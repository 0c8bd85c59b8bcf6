"""Playing one match of a tournament: a task of plain values becomes an outcome of plain values, in whatever process this runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from arena.clock import Limits
from arena.match import Result
from arena.matches import play
from arena.schedule import Pairing
from arena.spending import Spending, Spent
from arena.store import replay_name, sha256
from arena.tournament.plan import Plan
from envs.errors import UserError
from envs.game import Game
from envs.registry import game as open_game

__all__ = ["Task", "do", "result_of", "task_of"]

Task = dict[str, Any]
_games: dict[str, Game] = {}


def task_of(plan: Plan, division: int, pairing: Pairing, folder: Path) -> Task:
    """What a process has to know to play a match."""
    of = plan.divisions[division]
    return {
        "division": division, "number": pairing.number, "game": of.game, "seats": list(pairing.seats), "seed": pairing.seed,
        "limits": plan.limits.tree(), "retries": of.retries, "texts": plan.texts, "patience": of.patience,
        "record": str(folder / replay_name(division, pairing.number)) if plan.record else None,
    }  # fmt: skip


def do(task: Task, point: Callable[[str], None] = lambda name: None) -> dict[str, Any]:
    """Play the match: {"result", "spent", "seconds", "sha256"}; {"stop": line} where the user has to mend something, such as a full disk;
    {"trouble": line} where the game itself failed.
    """
    point("before_match")
    began = time.process_time()
    try:
        result, spent = _play(task)
        point("after_recording")
        digest = sha256(Path(task["record"])) if task["record"] else ""
    except (UserError, OSError) as error:
        return {"stop": f"{task['game']}, match {task['number']}: {error}"}
    except Exception as error:  # noqa: BLE001  one game's bug must not end a tournament of many
        return {"trouble": f"{type(error).__name__}: {error}"[:400]}
    return {"result": _tree(result), "spent": spent, "seconds": round(time.process_time() - began, 6), "sha256": digest}


def _play(task: Task) -> tuple[Result, list[Spent]]:
    if task["game"] not in _games:
        _games[task["game"]] = open_game(task["game"])
    record = task["record"] and Path(task["record"])
    if record:
        for path in (record, Path(f"{record}.part")):  # left by a process that was killed before its result was kept
            path.unlink(missing_ok=True)
    spending = Spending(len(task["seats"]))
    result = play(
        _games[task["game"]], task["seats"], seed=task["seed"], record=record, limits=Limits(**task["limits"]),
        retries=task["retries"], texts=task["texts"], sinks=[spending],
    )  # fmt: skip
    if record and not record.is_file():
        raise OSError(f"{record} could not be written: see that the disk has room, then run the same command again")
    return result, spending.seats


def _tree(result: Result) -> dict[str, Any]:
    return {
        "scores": list(result.scores), "reason": result.reason, "faults": [list(fault) for fault in result.faults],
        "ticks": result.ticks, "refusals": list(result.refusals), "metrics": dict(result.metrics),
    }  # fmt: skip


def result_of(tree: Mapping[str, Any]) -> Result:
    """The result in an outcome."""
    faults = tuple((int(seat), str(cause)) for seat, cause in tree["faults"])
    scores, refusals = tuple(map(float, tree["scores"])), tuple(map(int, tree["refusals"]))
    return Result(scores, str(tree["reason"]), faults, int(tree["ticks"]), refusals, tree["metrics"])
