"""Ratings as a fold over results: what each player of a game is worth, how sure that is, and what went wrong beside it.

Ratings are Davidson's strengths (`arena.davidson`) in Elo points, 400 for odds of ten to one, the mean of a ladder at 1500. They depend on
the set of results, not on its order: the same results give the same bits. Intervals are at 95 %: percentiles of fits to groups of matches
(swapped seats, one seed) drawn again within each table. Who has met somebody against whom all points went to one side has no spread that
could be drawn; there the standard error at the fit counts too, and what reaches farther is the interval.
Players of different roles have ladders of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from arena.standings import Bout, Ladder, Meeting, Player, Standing, Table, comparisons
from arena.strengths import Groups, write_strengths

__all__ = ["digest", "rate"]


def rate(
    bouts: Iterable[Bout], players: Sequence[Player], resamples: int = 1000, seed: int = 0, trend: bool = True
) -> Table:
    """Fold results into the table of a game. players: everybody, also who has not played yet.

    resamples: 0 leaves out the bootstrap and the intervals come from the information alone.
    """
    ordered = sorted(bouts, key=lambda bout: bout.number)
    standings = {player: Standing(player) for player in players}
    meetings: dict[tuple[Player, Player], Meeting] = {}
    for bout in ordered:
        _count(bout, standings, meetings)
    names = sorted(standings)
    index = {player: n for n, player in enumerate(names)}
    tie = write_strengths(Groups(ordered, index), [standings[name] for name in names], resamples, seed)
    if trend:
        _run(ordered, standings)
    ladders = [
        Ladder(
            role, sorted((s for s in standings.values() if s.player.role == role), key=lambda s: (-s.rating, s.player))
        )
        for role in dict.fromkeys(player.role for player in players)
    ]
    uncounted = sum(bout.scores is None for bout in ordered)
    return Table(ladders, meetings, len(ordered), uncounted, tie)


# ------------------------------------------------------------------ counts
def _count(bout: Bout, standings: Mapping[Player, Standing], meetings: dict[tuple[Player, Player], Meeting]) -> None:
    for player in set(bout.players):
        own = {seat for seat, other in enumerate(bout.players) if other == player}
        standing = standings[player]
        standing.refused += sum(count for seat, count in enumerate(bout.refused) if seat in own)
        standing.faults.update({cause for seat, cause in bout.faults if seat in own})
        if bout.scores is None:
            standing.uncounted += 1
            continue
        standing.matches += 1
        standing.spent = sum((bout.spent[seat] for seat in own if seat < len(bout.spent)), standing.spent)
        standing.points += sum(bout.scores[seat] for seat in own) / len(own)
        _place(standing, bout.scores, own)
    for (first, second), outcome in comparisons(bout):
        for pair, won in (((first, second), outcome), ((second, first), -outcome)):
            _note(meetings.setdefault(pair, Meeting()), won, bout.number)


def _place(standing: Standing, scores: Sequence[float], own: set[int]) -> None:
    """Won: a seat of its own has the highest score alone; drawn: shares it."""
    best = [seat for seat, score in enumerate(scores) if score == max(scores)]
    won = len(best) == 1 and best[0] in own
    drawn = not won and any(seat in own for seat in best)
    standing.won += won
    standing.drawn += drawn
    standing.lost += not won and not drawn


def _note(meeting: Meeting, outcome: int, number: int) -> None:
    meeting.won += outcome > 0
    meeting.drawn += outcome == 0
    meeting.lost += outcome < 0
    if not meeting.bouts or meeting.bouts[-1] != number:
        meeting.bouts.append(number)


# ------------------------------------------------------------------ running ratings
def _run(bouts: Sequence[Bout], standings: Mapping[Player, Standing]) -> None:
    """The running rating and its course."""
    from arena.online import Line, Online  # noqa: PLC0415  (it loads openskill)

    online = Online()
    course: dict[Player, list[float]] = {player: [] for player in standings}
    for bout in bouts:
        online.add(Line(bout.players, bout.scores))
        for player in set(bout.players) & online.keys():
            course[player].append(online[player].mu)
    for player, standing in standings.items():
        running = online.get(player, online.default)
        standing.running, standing.sigma, standing.trend = running.mu, running.sigma, tuple(course[player])


def digest(table: Table) -> str:
    """A hash of all figures of a table to their last bit: equal tables have equal digests."""
    told = [
        (s.player, s.rating.hex(), s.low.hex(), s.high.hex(), s.places, s.matches, s.won, s.drawn, s.lost, s.uncounted, s.points.hex(),
         s.refused, sorted(s.faults.items()), s.running.hex(), s.sigma.hex())
        for ladder in table.ladders for s in ladder.standings
    ]  # fmt: skip
    met = sorted((pair, m.won, m.drawn, m.lost, tuple(m.bouts)) for pair, m in table.meetings.items())
    return hashlib.blake2b(repr((told, met, table.matches, table.uncounted)).encode(), digest_size=16).hexdigest()
