"""Judging a player against others: seats swapped, seeds paired, balanced random openings, intervals.

A pair is two matches on one seed, with the same first plies, drawn uniformly and played for both sides before the players are asked,
from both seats; so neither side owes its score to the draw. In games where seats act at once the seeds alone are paired.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from arena.agent import Reply
from arena.match import Match, Result
from arena.matches import play
from arena.schedule import Pairing
from arena.statistics import wilson
from arena.tally import Tally
from envs import keys
from envs.errors import UserError
from envs.game import Game
from envs.registry import game as open_game

__all__ = ["Judgement", "against", "opening"]


@dataclass
class Judgement:
    """What came of matches of `player` against `opponent`: counts, faults by cause, answers that were not legal."""

    player: str
    opponent: str
    games: int = 0
    won: int = 0
    drawn: int = 0
    lost: int = 0
    points: float = 0.0
    forfeits: int = 0
    refused: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    uncounted: int = 0
    ticks: int = 0

    @property
    def rate(self) -> float:
        """Wins per match, 0 without matches."""
        return self.won / self.games if self.games else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the rate."""
        return wilson(self.won, self.games)

    def tree(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "player": self.player, "opponent": self.opponent, "games": self.games, "won": self.won, "drawn": self.drawn,
            "lost": self.lost, "win_rate": self.rate if self.games else None, "interval": list(self.interval),
            "points": self.points / self.games if self.games else None, "forfeits": self.forfeits, "refused": self.refused,
            "faults": dict(self.faults), "uncounted": self.uncounted, "ticks": self.ticks,
        }  # fmt: skip


def opening(game: Game, seed: int, plies: int) -> list[dict[int, list[int]]]:
    """The first acts of an episode, uniform and legal, as the seed of the pair has it; shorter where a game would end in them.

    Empty for games whose seats act at once or write texts.
    """
    if "simultaneous" in game.spec.traits or game.kind == "foreign":
        return []
    state, acts = game.start(seed), []
    for ply in range(plies):
        turns = game.turns(state)
        drawn = {seat: legal.sample(keys.fold(keys.fold(seed, 77), ply)) for seat, legal in turns.items()}
        after = game.step(state, drawn, seed)
        if game.facts(after).done or any(isinstance(act, str) for act in drawn.values()):
            break
        acts.append(drawn)
        state = after
    return acts


def against(
    game: str,
    player: str,
    opponent: str,
    *,
    episodes: int,
    seed: int = 0,
    plies: int = 2,
    workers: int = 1,
    record: Path | None = None,
) -> Judgement:
    """`episodes` matches of a game with any number of seats: the player sits in one, the opponent's agents in the others.

    seed: of the first group; a group has as many matches as seats. record: a folder for the recordings, or None. Raises UserError.
    """
    rules = open_game(game, plain=True)
    if episodes % rules.seats:
        raise UserError(
            f"{episodes} matches cannot be played from {rules.seats} seats alike: give a multiple of {rules.seats}"
        )
    tasks = [
        (game, _pairing(player, opponent, rules.seats, n, seed), plies, record and record / f"{n:05d}.arena")
        for n in range(episodes)
    ]
    tally, found = Tally([player, opponent]), Judgement(player, opponent)
    for pairing, result in _played(tasks, workers):
        tally.add(_two_sided(pairing), _two_scores(pairing, result))
        found.forfeits += result.reason == "forfeit" and any(pairing.players[seat] == 0 for seat, _ in result.faults)
    own = tally.standings[0]
    found.games, found.won, found.drawn, found.lost = own.games, own.won, own.drawn, own.lost
    found.points, found.refused, found.faults = own.points, own.refusals, dict(own.faults)
    found.uncounted, found.ticks = tally.uncounted, tally.ticks
    return found


def _pairing(player: str, opponent: str, seats: int, number: int, seed: int) -> Pairing:
    group, place = divmod(number, seats)
    names = tuple(player if seat == place else opponent for seat in range(seats))
    return Pairing(number, names, tuple(int(seat != place) for seat in range(seats)), (seed + group) % (1 << 64))


def _two_sided(pairing: Pairing) -> Pairing:
    """The player and one opponent, for the tally."""
    return Pairing(pairing.number, pairing.seats[:2], (0, 1), pairing.seed)


def _two_scores(pairing: Pairing, result: Result) -> Result:
    """The player's score and the best of the others; its own faults and refusals first."""
    own = pairing.players.index(0)
    others = [score for seat, score in enumerate(result.scores) if seat != own] or [0.0]
    faults = tuple((int(seat != own), cause) for seat, cause in result.faults)
    refusals = (result.refusals[own], sum(result.refusals) - result.refusals[own]) if result.refusals else (0, 0)
    return Result((result.scores[own], max(others)), result.reason, faults, result.ticks, refusals, result.metrics)


def _played(tasks: Sequence[tuple[Any, ...]], workers: int) -> Iterator[tuple[Pairing, Result]]:
    if workers <= 1 or len(tasks) <= 1:
        yield from map(_one, tasks)
        return
    yield _one(tasks[0])
    pool = ProcessPoolExecutor(min(workers, len(tasks)), mp_context=get_context("spawn"))
    try:
        yield from pool.map(_one, tasks[1:], chunksize=max(1, len(tasks) // (workers * 8)))
    finally:
        pool.shutdown(cancel_futures=True)


_games: dict[str, Game] = {}


def _one(task: tuple[Any, ...]) -> tuple[Pairing, Result]:
    name, pairing, plies, record = task
    game = _games.get(name) or _games.setdefault(name, open_game(name))
    acts = opening(game, pairing.seed, plies)

    def begin(match: Match, now: float) -> None:
        for each in acts:
            for seat, action in each.items():
                match.acted(seat, Reply([action]), now)

    return pairing, play(game, pairing.seats, seed=pairing.seed, record=record, opening=begin)
