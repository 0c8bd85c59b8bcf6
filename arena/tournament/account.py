"""A tournament's results as tables of ratings, one for each game: what its players are called, and what each match was to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from arena.ratings import rate
from arena.standings import Bout, Player, Table
from arena.store import Played, Reader
from arena.tally import UNCOUNTED
from arena.tournament.plan import Division, Plan
from arena.tournament.rounds import total
from envs.errors import NOT_FOUND, UserError

__all__ = ["bout", "chosen", "players", "progress", "table", "tables"]


def players(division: Division) -> list[Player]:
    """Everybody who is rated: each agent in each role that it plays."""
    sides = division.entrants or (tuple(range(len(division.agents))),) * len(division.roles)
    return [
        Player(division.agents[agent], role)
        for (role, _), side in zip(division.roles, sides, strict=True)
        for agent in side
    ]


def bout(division: Division, played: Played) -> Bout:
    """A match as ratings see it."""
    pairing, result = played.pairing, played.result
    seats = tuple(Player(agent, division.role(seat)) for seat, agent in enumerate(pairing.seats))
    scores = None if result.reason in UNCOUNTED else result.scores
    told = result.faults, result.refusals, result.reason, played.spent
    return Bout(pairing.number, pairing.group, seats, scores, *told)


def table(division: Division, results: Iterable[Played], resamples: int = 1000, trend: bool = True) -> Table:
    """The table of one division; results: its own."""
    bouts = [bout(division, played) for played in results]
    return rate(bouts, players(division), resamples, trend=trend)


def chosen(plan: Plan, game: str | None) -> list[int]:
    """The divisions of a game, all of them for None. UserError for a game that is not played."""
    places = [
        n for n, division in enumerate(plan.divisions) if game in (None, division.game, division.game.partition("?")[0])
    ]
    if not places:
        games = ", ".join(dict.fromkeys(division.game for division in plan.divisions))
        raise UserError(f"no game {game!r} in tournament {plan.name}: it has {games}", NOT_FOUND)
    return places


def tables(reader: Reader, places: Sequence[int], resamples: int = 1000) -> list[Table]:
    """The tables of these divisions, from what is in the store now."""
    results = reader.results()
    return [
        table(reader.plan.divisions[place], [played for played in results if played.division == place], resamples)
        for place in places
    ]


def progress(plan: Plan, results: Iterable[Played]) -> list[tuple[int, int]]:
    """(played, in all) of each division."""
    played = [0] * len(plan.divisions)
    for each in results:
        played[each.division] += 1
    return list(zip(played, map(total, plan.divisions), strict=True))
