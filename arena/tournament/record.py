"""A tournament's table as rows of results, from which the pages of the documentation are written (see arena.bench)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from statistics import fmean
from typing import Any

from arena.bench.studies import mean_figure, share_figure, study_row
from arena.standings import Player, Standing, Table
from arena.store import Played
from arena.tournament.account import bout
from arena.tournament.plan import Division, Plan

__all__ = ["rows"]


def rows(
    plan: Plan, places: Sequence[int], tables: Sequence[Table], results: Sequence[Played], command: str, now: datetime
) -> list[dict[str, Any]]:
    """A row for each player of these games, and where they are all games one for the whole: matches, and their processor time.

    A player's row is "tournament-GAME/AGENT", with " (ROLE)" behind it where a game has several roles.
    """
    found = [
        study_row(
            f"tournament-{plan.divisions[n].game}/{_who(each, made)}", _who(each, made), command, now,
            config=_config(plan, plan.divisions[n]), seeds=[plan.seed], place=place,
            figures=_figures(each, _points(each.player, plan.divisions[n], [of for of in results if of.division == n])),
        )
        for n, made in zip(places, tables, strict=True)
        for ladder in made.ladders
        for place, each in enumerate(ladder.standings, 1)
    ]  # fmt: skip
    return found if len(places) < len(plan.divisions) else [*found, _whole(plan, results, command, now)]


def _whole(plan: Plan, results: Sequence[Played], command: str, now: datetime) -> dict[str, Any]:
    figures = {
        "seconds": _sum([each.seconds for each in results], "s"),
        "matches": _sum([1.0] * len(results), "matches"),
    }
    return study_row(
        f"tournament/{plan.name}", plan.name, command, now, config={"games": [of.game for of in plan.divisions]},
        seeds=[plan.seed], figures=figures,
    )  # fmt: skip


def _who(each: Standing, made: Table) -> str:
    return f"{each.player.agent} ({each.player.role})" if len(made.ladders) > 1 else each.player.agent


def _config(plan: Plan, division: Division) -> dict[str, Any]:
    own = {name: getattr(division, name) for name in ("system", "rounds", "sets", "swap", "retries")}
    return {"game": division.game, "agents": list(division.agents), "clock": plan.limits.tree(), **own}


def _points(player: Player, division: Division, results: Sequence[Played]) -> list[float]:
    """The player's mean points in each group of swapped seats, in the order of the schedule."""
    groups: dict[int, list[float]] = {}
    for match in (bout(division, played) for played in results):
        if match.scores is not None:
            own = [score for who, score in zip(match.players, match.scores, strict=True) if who == player]
            groups.setdefault(match.group, []).extend(own)
    return [fmean(groups[group]) for group in sorted(groups) if groups[group]]


def _figures(each: Standing, points: Sequence[float]) -> dict[str, Any]:
    every = each.matches + each.uncounted
    return {
        "rating": {"n": each.matches, "median": each.rating, "interval": [each.low, each.high], "unit": "Elo", "of": "rating"},
        **({"mean_score": mean_figure(points, "points", resamples=500)} if points else {}),
        "won": share_figure(each.won, each.matches), "drawn": share_figure(each.drawn, each.matches),
        "forfeits": share_figure(each.forfeits, every), "illegal": share_figure(each.faults["illegal"], every),
        "void": share_figure(each.uncounted, every),
    }  # fmt: skip


def _sum(values: Sequence[float], unit: str) -> dict[str, Any]:
    """A total: its interval has no width."""
    total = sum(values)
    return {"n": len(values), "median": total, "interval": [total, total], "unit": unit, "of": "sum"}
