"""What the leaderboard shows of a tournament: its plan, its results by game, and the table of the game in front. No Textual here.

`look` reads the disk and folds ratings, which takes a moment: screens call it in a thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from arena.standings import Player, Table
from arena.store import NAME, Played, Reader
from arena.tournament.account import bout, table
from arena.tournament.overall import Verdict, unbeaten, verdicts
from arena.tournament.plan import Division, Plan
from arena.tournament.rounds import total
from envs.errors import UserError

__all__ = ["Brief", "Cup", "brief", "csv", "found", "look", "overall"]


@dataclass(frozen=True)
class Cup:
    """A tournament at one moment. results: by game; place: the number of the game whose table this is."""

    folder: Path
    plan: Plan
    results: tuple[tuple[Played, ...], ...]
    place: int
    table: Table
    mixture: Mapping[Player, Fraction] = field(default_factory=dict)
    """The share of each player in the mixture that no opponent beats."""

    @property
    def division(self) -> Division:
        return self.plan.divisions[self.place]

    @property
    def count(self) -> int:
        return sum(map(len, self.results))

    @property
    def total(self) -> int:
        """Matches of the whole tournament."""
        return sum(map(total, self.plan.divisions))

    def matches(self, first: Player, second: Player | None = None) -> list[Played]:
        """The matches of a player of this game, or of two against each other, newest first."""
        wanted = {first} | ({second} if second is not None else set())
        own = [each for each in self.results[self.place] if wanted <= set(bout(self.division, each).players)]
        return own[::-1]


def look(folder: Path, place: int, before: Cup | None = None) -> Cup:
    """What is there now; `before` itself where nothing has changed. Raises UserError."""
    with Reader(folder) as reader:
        if before is not None and (before.place, before.count) == (place, reader.count()):
            return before
        results: list[list[Played]] = [[] for _ in reader.plan.divisions]
        for played in reader.results():
            results[played.division].append(played)
        place %= len(results)
        made = table(reader.plan.divisions[place], results[place])
        mixture = {player: share for ladder in made.ladders for player, share in unbeaten(made, ladder).items()}
        return Cup(folder, reader.plan, tuple(map(tuple, results)), place, made, mixture)


def overall(cup: Cup) -> list[Verdict]:
    """What the games say together; without intervals, which votes do not need."""
    divisions = cup.plan.divisions
    made = [table(of, played, resamples=0, trend=False) for of, played in zip(divisions, cup.results, strict=True)]
    return verdicts(divisions, made)


@dataclass(frozen=True)
class Brief:
    """A tournament in a list; problem: why it cannot be read, "" for most."""

    folder: Path
    name: str = ""
    games: tuple[str, ...] = ()
    played: int = 0
    total: int = 0
    written: float = 0.0
    problem: str = ""


def brief(folder: Path) -> Brief:
    """What a list says of a tournament; never raises for what is wrong with it."""
    try:
        with Reader(folder) as reader:
            games = tuple(dict.fromkeys(division.game for division in reader.plan.divisions))
            every = sum(map(total, reader.plan.divisions))
            return Brief(folder, reader.plan.name, games, reader.count(), every, reader.latest())
    except (UserError, OSError) as error:
        return Brief(folder, problem=str(error))


def found(runs: Path) -> list[Path]:
    """The tournaments beside a folder of runs, the one that was written last first."""
    bases = (runs.parent / "tournaments").glob(f"*/{NAME}")
    return [path.parent for path in sorted(bases, key=lambda path: path.stat().st_mtime, reverse=True)]


def csv(made: Table) -> str:
    """The table for a spreadsheet; names in quotes, as their makers wrote them."""
    lines = ["role,place,agent,rating,low,high,matches,won,drawn,lost,forfeits,refused,void"]
    for ladder in made.ladders:
        for place, each in enumerate(ladder.standings, 1):
            agent = each.player.agent.replace('"', '""')
            figures = (each.rating, each.low, each.high)
            counts = (each.matches, each.won, each.drawn, each.lost, each.forfeits, each.refused, each.uncounted)
            lines.append(
                f'{ladder.role},{place},"{agent}",{",".join(f"{n:.1f}" for n in figures)},{",".join(map(str, counts))}'
            )
    return "\n".join(lines) + "\n"
