"""What the games of a tournament say together, and what one game says where strength is no single number.

Ratings of different games are on scales of their own and are never added. Each ladder is a ballot instead: the games of a family vote on
the players of one role, all of them together on everybody who plays in at least two (`arena.voting`). Within a game, `unbeaten` is the
mixture of players against which nobody has more than half of the points: one player where somebody is best, several where they beat one
another in a circle (Nash averaging; Balduzzi et al., "Re-evaluating Evaluation", arXiv 1806.02643).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from arena.standings import Ladder, Player, Table
from arena.tournament.plan import Division
from arena.voting import lottery, mixture, schulze
from envs.registry import family

__all__ = ["MOST", "Verdict", "unbeaten", "verdicts"]

MOST = 24
"""Players of a mixture: exact fractions grow long, and a mixture of more says little."""


@dataclass(frozen=True)
class Verdict:
    """The judgement of several ladders on the players of one role.

    name: "all games", or a family of games with the role where there are several; games: who votes; ballots: how many ladders that are;
    order: groups of equals, best first; shares: the maximal lottery, () for more than MOST players.
    """

    name: str
    games: tuple[str, ...]
    ballots: int
    order: tuple[tuple[str, ...], ...]
    shares: tuple[tuple[str, Fraction], ...]


def verdicts(divisions: Sequence[Division], tables: Sequence[Table]) -> list[Verdict]:
    """The judgement of all games, then of each family and role in which at least two ladders vote and that is not all of them."""
    ladders = [(of, ladder) for of, made in zip(divisions, tables, strict=True) for ladder in made.ladders]
    by: dict[str, list[tuple[Division, Ladder]]] = {}
    for of, ladder in ladders:
        role = f", {ladder.role}" if len(of.roles) > 1 else ""
        by.setdefault(f"{family(of.game)}{role}", []).append((of, ladder))
    parts = {name: votes for name, votes in by.items() if 1 < len(votes) < len(ladders)}
    every = {"all games": ladders} if len(ladders) > 1 else {}
    return [verdict for name, votes in (every | parts).items() for verdict in _verdict(name, votes)]


def _verdict(name: str, votes: Sequence[tuple[Division, Ladder]]) -> Iterator[Verdict]:
    """None where fewer than two players are in at least two of the ballots."""
    ballots = [[each.player.agent for each in ladder.standings if each.matches] for _, ladder in votes]
    named = [agent for ballot in ballots for agent in ballot]
    players = sorted({agent for agent in named if named.count(agent) > 1})
    if len(players) < 2:
        return
    kept = [[agent for agent in ballot if agent in players] for ballot in ballots]
    order = tuple(tuple(group) for group in schulze(kept, players))
    shares = tuple(lottery(kept, players).items()) if len(players) <= MOST else ()
    yield Verdict(name, tuple(dict.fromkeys(of.game for of, _ in votes)), len(ballots), order, shares)


def unbeaten(made: Table, ladder: Ladder) -> dict[Player, Fraction]:
    """The share of each player of a ladder in the mixture that no opponent beats, {} where nobody has played or for more than MOST."""
    rows = [each.player for each in ladder.standings if each.matches]
    columns = sorted({pair[1] for pair in made.meetings if pair[0] in rows})
    if not rows or not columns or max(len(rows), len(columns)) > MOST:
        return {}
    shares = mixture([[_ahead(made, row, column) for column in columns] for row in rows])
    return dict(zip(rows, shares, strict=True))


def _ahead(made: Table, row: Player, column: Player) -> Fraction:
    """The share of points beyond a half; 0 for two who have not met."""
    meeting = made.meetings.get((row, column))
    return Fraction(meeting.won - meeting.lost, 2 * meeting.matches) if meeting else Fraction(0)
