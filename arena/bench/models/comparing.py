"""The matches of a game as ratings see them: within each match, or over matches where nobody in it is an adversary (see `plan`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from arena.bench.models.plan import Field
from arena.bench.models.running import Played
from arena.standings import Bout, Player
from arena.tally import UNCOUNTED

__all__ = ["bouts"]


def bouts(field: Field, played: Sequence[Played]) -> list[Bout]:
    """played: in an order that does not depend on when each match ended."""
    return _over(field, played) if field.apart else _within(field, played)


def _within(field: Field, played: Sequence[Played]) -> list[Bout]:
    """A bout of each match; those of the same players on one seed are a group."""
    groups: dict[tuple[object, ...], int] = {}
    found = []
    for number, each in enumerate(played):
        pairing, result = each.duel.pairing, each.result
        group = groups.setdefault((pairing.seed, tuple(sorted(set(pairing.seats)))), len(groups))
        players = tuple(Player(agent, field.game.spec.role(seat).name) for seat, agent in enumerate(pairing.seats))
        scores = None if result.reason in UNCOUNTED else tuple(result.scores)
        found.append(Bout(number, group, players, scores, result.faults, result.refusals, result.reason))
    return found


def _over(field: Field, played: Sequence[Played]) -> list[Bout]:
    """A bout of all who sat in one seat, on one seed, beside the same others; those of one seed are a group."""
    places: defaultdict[tuple[int, int, tuple[str, ...]], list[Played]] = defaultdict(list)
    for each in played:
        seats = each.duel.pairing.seats
        for seat in range(len(seats)):
            places[each.duel.pairing.seed, seat, seats[:seat] + seats[seat + 1 :]].append(each)
    found: list[Bout] = []
    for (seed, seat, _), here in places.items():
        role = field.game.spec.role(seat).name
        counted = [each for each in here if each.result.reason not in UNCOUNTED]
        if len(counted) > 1:
            found.append(_bout(len(found), seed, seat, role, counted))
        for each in here:
            if each.result.reason in UNCOUNTED:
                found.append(Bout(len(found), seed, (Player(each.duel.pairing.seats[seat], role),), None))
    return found


def _bout(number: int, group: int, seat: int, role: str, here: Sequence[Played]) -> Bout:
    players = tuple(Player(each.duel.pairing.seats[seat], role) for each in here)
    scores = tuple(each.result.scores[seat] for each in here)
    faults = tuple((n, cause) for n, each in enumerate(here) for who, cause in each.result.faults if who == seat)
    return Bout(number, group, players, scores, faults, tuple(each.result.refusals[seat] for each in here))
