"""Plays a plan: all matches of a round at once, in threads, since their time goes by in waiting for endpoints."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arena.bench.models.count import Count, SeatCount
from arena.bench.models.plan import Duel, Field, Plan
from arena.clock import Limits
from arena.events import Seat
from arena.forgiving import FORGIVEN, Retries
from arena.host import close_all
from arena.match import Match, Result
from arena.matches import AT_ONCE, agent_makers, play
from arena.statistics import paired_bootstrap
from arena.tally import UNCOUNTED
from envs.errors import UserError
from envs.game import Game
from envs.registry import game as open_game

__all__ = ["How", "Played", "fitting", "run", "survivors", "warm"]

SOON = 30
"""Ticks in which every seat of most games has been asked."""


@dataclass(frozen=True)
class How:
    """limits and retries as in a match; record: a folder for recordings; texts: recordings hold what was asked and said; at_once: matches
    at a time; rounds: after each of them but the last, entrants that are surely worse than the best are left out (1: nobody is).
    """

    limits: Limits
    retries: Retries = FORGIVEN
    record: Path | None = None
    texts: bool = True
    at_once: int = AT_ONCE
    rounds: int = 1


@dataclass(frozen=True)
class Played:
    """A match that is over, and what each seat's answers came to. points: their range where players are compared over matches."""

    duel: Duel
    result: Result
    counts: tuple[Count, ...]
    points: tuple[float, float] | None = None

    def share(self, agent: str, seat: int | None = None) -> float | None:
        """1 for a win of the agent's seat, 1/2 for a draw, 0 for a loss; or where in their range its points lie, from 0 to 1. None where
        the match does not count. seat: where the agent has several; by default its first.
        """
        if self.result.reason in UNCOUNTED or agent not in self.duel.pairing.seats:
            return None
        own = self.result.scores[self.duel.pairing.seats.index(agent) if seat is None else seat]
        if self.points is not None:
            low, high = self.points
            return min(1.0, max(0.0, (own - low) / (high - low)))
        best = max(s for s, name in zip(self.result.scores, self.duel.pairing.seats, strict=True) if name != agent)
        return 0.5 if own == best else float(own > best)


def fitting(plan: Plan, told: Callable[[str], None] = lambda line: None) -> dict[str, Field]:
    """The games by name, compiled when first stepped, each with those of the pool that play it. told: hears who does not.

    UserError where an entrant cannot play a game, or nobody of the pool.
    """
    fields = {}
    makers = [agent_makers(side) for side in (plan.entrants, plan.pool)]
    for name in plan.games:
        game = open_game(name)
        for maker in makers[0]:
            maker.fits(game)
        fitting = tuple(agent for agent, maker in zip(plan.pool, makers[1], strict=True) if _plays(maker, game))
        if not fitting:
            raise UserError(f"nobody of the pool {', '.join(plan.pool)} plays {name}: name others with --pool")
        for agent in [agent for agent in plan.pool if agent not in fitting]:
            told(f"{agent} does not play {name} and is left out there")
        fields[name] = Field(game, fitting)
        if fields[name].apart and not all(map(math.isfinite, game.spec.points)):
            raise UserError(f"{name} declares no range of points, and players are compared by points there")
    return fields


def _plays(maker: Any, game: Game) -> bool:
    try:
        maker.fits(game)
    except UserError:
        return False
    return True


def warm(field: Field) -> None:
    """Compile what first ticks need, so that no player's time holds it: the rules, and the pool's players of this process."""
    for agent, maker in zip(field.pool, agent_makers(field.pool), strict=True):
        players = [maker() for _ in range(field.game.seats)]
        with suppress(Exception):  # what fails here fails in a match, and is its result there
            if not any(hasattr(player, "prepare") for player in players):
                _first_answers(Match(field.game, [Seat(agent, agent)] * field.game.seats, 0), players)
        close_all(players)


def _first_answers(match: Match, players: Sequence[Any]) -> None:
    """Until every seat has answered once, or it is not asked soon."""
    answered: set[int] = set()
    while not match.over and len(answered) < len(players) and match.tick < SOON:
        for seat in match.waiting():
            ask = match.ask(seat)
            match.acted(seat, players[seat](ask), 0.0, ask.tick)
            answered.add(seat)


def run(
    plan: Plan, fields: Mapping[str, Field], how: How, told: Callable[[str], None] = lambda line: None
) -> Iterator[Played]:
    """Every match of the plan as it ends. told: hears who was left out after a round."""
    for field in fields.values():
        warm(field)
    staying, seen = list(plan.entrants), []
    edges = [round(plan.pairs * r / how.rounds) for r in range(how.rounds + 1)]
    for turn in range(how.rounds):
        first, last = edges[turn], edges[turn + 1]
        duels = [duel for name, field in fields.items() for duel in plan.duels(name, field, staying, first, last)]
        for played in _all(duels, fields, how, f"round{turn}"):
            seen.append(played)
            yield played
        if turn + 1 < how.rounds and len(staying) > 1:
            kept = survivors(staying, seen, plan.seed, 1 - 0.05 / how.rounds)
            for gone in [entrant for entrant in staying if entrant not in kept]:
                told(f"left out after round {turn + 1} of {how.rounds}: {gone}")
            staying = kept


def _all(duels: Sequence[Duel], fields: Mapping[str, Field], how: How, part: str) -> Iterator[Played]:
    stop = threading.Event()
    places = {name: f"{n}_{re.sub('[^a-z0-9_]+', '-', name.lower())[:80]}" for n, name in enumerate(fields)}

    def one(duel: Duel) -> Played:
        counts, pairing, field = SeatCount(len(duel.pairing.seats)), duel.pairing, fields[duel.game]
        path = how.record and how.record / f"{places[duel.game]}_{part}_{pairing.number:05d}.arena"
        result = play(
            field.game, pairing.seats, seed=pairing.seed, record=path, limits=how.limits, retries=how.retries, sinks=[counts],
            stop=stop.is_set, texts=how.texts,
        )  # fmt: skip
        return Played(duel, result, tuple(counts.seats), field.points)

    pool = ThreadPoolExecutor(max(1, min(how.at_once, len(duels))), thread_name_prefix="match")
    try:
        for future in as_completed([pool.submit(one, duel) for duel in duels]):
            yield future.result()
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def survivors(entrants: Sequence[str], played: Sequence[Played], seed: int, level: float) -> list[str]:
    """The entrants that are not surely worse than the one with the highest share of wins.

    Entrants met the same opponents on the same seeds in the same seats, so their matches are compared one by one (a paired bootstrap).
    """
    shares = {entrant: _shares(entrant, played) for entrant in entrants}
    means = {entrant: sum(each.values()) / len(each) if each else 0.0 for entrant, each in shares.items()}
    best = max(entrants, key=lambda entrant: means[entrant])
    kept = []
    for entrant in entrants:
        both = sorted(shares[entrant].keys() & shares[best].keys())
        pairs = [(shares[entrant][k], shares[best][k]) for k in both]
        worse = bool(pairs) and paired_bootstrap([a for a, _ in pairs], [b for _, b in pairs], seed, level=level)[2] < 0
        if entrant == best or not worse:
            kept.append(entrant)
    return kept


def _shares(entrant: str, played: Sequence[Played]) -> dict[tuple[object, ...], float]:
    """What an entrant won, by game, opponents, seat and seed."""
    found: dict[tuple[object, ...], float] = {}
    for each in played:
        share = each.share(entrant)
        if share is not None:
            seats = each.duel.pairing.seats
            others = tuple("" if name == entrant else name for name in seats)
            found[each.duel.game, others, each.duel.pairing.seed] = share
    return found
