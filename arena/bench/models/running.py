"""Plays a plan: all matches of a round at once, in threads, since their time goes by in waiting for endpoints."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from arena.bench.models.count import Count, SeatCount
from arena.bench.models.plan import Duel, Plan
from arena.clock import Limits
from arena.match import Result
from arena.matches import AT_ONCE, agent_makers, play
from arena.statistics import paired_bootstrap
from arena.tally import UNCOUNTED
from envs.errors import UserError
from envs.game import Game
from envs.registry import game as open_game

__all__ = ["How", "Played", "fitting", "run", "survivors"]


@dataclass(frozen=True)
class How:
    """limits and retries as in a match; record: a folder for recordings; at_once: matches at a time; rounds: after each of them but the
    last, entrants that are surely worse than the best are left out (1: nobody is).
    """

    limits: Limits
    retries: int = 2
    record: Path | None = None
    at_once: int = AT_ONCE
    rounds: int = 1


@dataclass(frozen=True)
class Played:
    """A match that is over, and what each seat's answers came to."""

    duel: Duel
    result: Result
    counts: tuple[Count, ...]

    def share(self, agent: str) -> float | None:
        """1 for a win of the agent's seat, 1/2 for a draw, 0 for a loss; None where the match does not count."""
        if self.result.reason in UNCOUNTED or agent not in self.duel.pairing.seats:
            return None
        own = self.result.scores[self.duel.pairing.seats.index(agent)]
        best = max(s for s, name in zip(self.result.scores, self.duel.pairing.seats, strict=True) if name != agent)
        return 0.5 if own == best else float(own > best)


def fitting(plan: Plan) -> dict[str, Game]:
    """The games by name, compiled when first stepped. UserError where an entrant or a member of the pool cannot play one."""
    games = {name: open_game(name) for name in plan.games}
    makers = agent_makers([*plan.entrants, *plan.pool])
    for name, game in games.items():
        if game.seats < 2:
            raise UserError(f"{name} has one seat: models are compared in games of two and more")
        for maker in makers:
            maker.fits(game)
    return games


def run(
    plan: Plan, games: Mapping[str, Game], how: How, told: Callable[[str], None] = lambda line: None
) -> Iterator[Played]:
    """Every match of the plan as it ends. told: hears who was left out after a round."""
    staying, seen = list(plan.entrants), []
    edges = [round(plan.pairs * r / how.rounds) for r in range(how.rounds + 1)]
    for turn in range(how.rounds):
        first, last = edges[turn], edges[turn + 1]
        duels = [duel for name, game in games.items() for duel in plan.duels(name, game.seats, staying, first, last)]
        for played in _all(duels, games, how, f"round{turn}"):
            seen.append(played)
            yield played
        if turn + 1 < how.rounds and len(staying) > 1:
            kept = survivors(staying, seen, plan.seed, 1 - 0.05 / how.rounds)
            for gone in [entrant for entrant in staying if entrant not in kept]:
                told(f"left out after round {turn + 1} of {how.rounds}: {gone}")
            staying = kept


def _all(duels: Sequence[Duel], games: Mapping[str, Game], how: How, part: str) -> Iterator[Played]:
    stop = threading.Event()

    def one(duel: Duel) -> Played:
        counts, pairing = SeatCount(len(duel.pairing.seats)), duel.pairing
        path = (
            how.record
            and how.record / f"{duel.game.partition('?')[0].replace('/', '_')}_{part}_{pairing.number:05d}.arena"
        )
        result = play(
            games[duel.game], pairing.seats, seed=pairing.seed, record=path, limits=how.limits, retries=how.retries, sinks=[counts],
            stop=stop.is_set,
        )  # fmt: skip
        return Played(duel, result, tuple(counts.seats))

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
