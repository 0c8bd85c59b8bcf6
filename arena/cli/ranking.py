"""Tables of a tournament in words and as JSON: what `arena tournament` prints at its end and `arena rank` at any time."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arena.cli.tables import table as columns
from arena.spending import worth
from arena.text import cell_width, safe_text
from arena.tournament.overall import unbeaten, verdicts

if TYPE_CHECKING:
    from fractions import Fraction

    from arena.standings import Ladder, Player, Standing, Table
    from arena.store import Reader
    from arena.tournament.overall import Verdict
    from arena.tournament.plan import Division, Plan

__all__ = ["SCHEMA", "count_of", "default_store", "document", "newest", "words"]

SCHEMA = "palaestra.rank/1"
_HEAD = (
    "#", "agent", "rating", "95 %", "games", "won", "drawn", "lost", "mean", "forfeits", "illegal", "refused", "void", "running",
    "mix", "mode",
)  # fmt: skip
_WORTH = ("score/$", "score/s")
"""Shown where language models play: what their answers cost."""
_SPARE = ("mode", "running", "void", "refused", "illegal", "mix", "mean", "forfeits", "drawn")
"""Columns that give way where there is little room, in this order."""


def default_store(runs: Path, name: str) -> Path:
    """Where a tournament is kept: beside the folder of runs, so that its many recordings do not bury those of single matches."""
    return runs.parent / "tournaments" / name


def newest(runs: Path) -> Path | None:
    """The store that was written last, None where there is none."""
    from arena.store import NAME  # noqa: PLC0415  (help is shown without it)

    found = sorted((runs.parent / "tournaments").glob(f"*/{NAME}"), key=lambda path: path.stat().st_mtime)
    return found[-1].parent if found else None


# ------------------------------------------------------------------ in words
def count_of(matches: int) -> str:
    """ "1 match", "2 matches"."""
    return f"{matches} match{'' if matches == 1 else 'es'}"


def words(
    plan: Plan,
    places: Sequence[int],
    tables: Sequence[Table],
    played: Sequence[tuple[int, int]],
    room: int | None = None,
) -> str:
    """A table for each game, and what its figures mean. room: columns there are; without it nothing is left out."""
    parts = [_division(plan.divisions[n], made, played[n], room) for n, made in zip(places, tables, strict=True)]
    parts += _overall(plan, places, tables)
    legend = (
        "rating: Davidson's model, 400 points are odds of ten to one, the mean is 1500; intervals: groups of swapped seats drawn again\n"
        "forfeits, illegal, void: shares of all matches; refused: answers that were not legal; running: openskill, mu - 3 sigma\n"
        "mean: points a match; mix: shares of the players against which together nobody has more than half of the points\n"
        "mode: where its agent ran: trusted (in the host's process), isolated, sealed"
    )
    if room is not None:
        legend = "\n".join(line for text in legend.splitlines() for line in textwrap.wrap(text, room))
    return "\n\n".join([*parts, legend])


def _overall(plan: Plan, places: Sequence[int], tables: Sequence[Table]) -> list[str]:
    """What several games say together, a table for each family and role."""
    found = verdicts([plan.divisions[n] for n in places], tables)
    return [f"{safe_text(each.name)}: {each.ballots} ladders vote\n\n{_verdict(each)}" for each in found]


def _verdict(verdict: Verdict) -> str:
    shares, rows, place = dict(verdict.shares), [], 1
    for group in verdict.order:
        rows += [[place, agent, _part(shares.get(agent))] for agent in group]
        place += len(group)
    return columns(("#", "agent", "lottery"), rows, "rlr")


def _part(share: Fraction | None) -> str:
    return "" if share is None else f"{100 * float(share):.0f}%" if share else "0"


def _fitted(head: Sequence[str], rows: Sequence[Sequence[object]], right: str, room: int | None) -> str:
    """The table, without the columns that can best be spared until it fits; what is gone is said."""
    kept, gone = list(range(len(head))), list[str]()
    for spare in ("", *_SPARE):
        if spare in head:
            kept.remove(head.index(spare))
            gone.append(spare)
        told = columns(
            [head[n] for n in kept], [[row[n] for n in kept] for row in rows], "".join(right[n] for n in kept)
        )
        if room is None or all(cell_width(line) <= room for line in told.splitlines()):
            break
    return f"{told}\n({', '.join(gone)}: in a wider terminal)" if gone else told


def _division(division: Division, made: Table, played: tuple[int, int], room: int | None) -> str:
    done, every = played
    of = "" if done == every else f" of {every}"
    title = f"{safe_text(division.game)}: {count_of(done)}{of}, {division.system.replace('_', ' ')}"
    lines = []
    for ladder in made.ladders:
        mix = unbeaten(made, ladder)
        told = any(each.spent.tokens for each in ladder.standings)
        rows = [
            [*_row(n, each), _part(mix.get(each.player)), _modes(each), *(_worth(each) if told else ())]
            for n, each in enumerate(ladder.standings, 1)
        ]
        name = f", {safe_text(ladder.role)}" if len(made.ladders) > 1 else ""
        lines += [f"{title}{name}", "", _fitted(_HEAD + _WORTH * told, rows, "rlrlrrrrrrrrrrrlrr", room), ""]
    return "\n".join(lines[:-1])


def _row(place: int, standing: Standing) -> list[object]:
    rating = (f"{standing.rating:.0f}", f"[{standing.low:.0f}, {standing.high:.0f}]") if standing.matches else ("", "")
    return [
        place, standing.player.agent, *rating, standing.matches, standing.won, standing.drawn, standing.lost, f"{standing.mean:+.3f}",
        _share(standing, standing.forfeits), _share(standing, standing.faults["illegal"]), standing.refused,
        _share(standing, standing.uncounted), f"{standing.running - 3 * standing.sigma:.1f}",
    ]  # fmt: skip


def _modes(standing: Standing) -> str:
    """How the agent ran, most often first."""
    return ", ".join(mode for mode, _ in standing.modes.most_common())


def _worth(standing: Standing) -> list[str]:
    return [worth(standing.per_dollar), worth(standing.per_second)]


def _share(standing: Standing, count: int) -> str:
    return f"{100 * standing.rate(count)[0]:.1f}%" if count else "0"


# ------------------------------------------------------------------ for programs
def document(
    reader: Reader, places: Sequence[int], tables: Sequence[Table], played: Sequence[tuple[int, int]], **more: Any
) -> dict[str, Any]:
    """One JSON document. `digest` tells tables apart to the last bit; the key of the seeds comes out when all has been played."""
    from arena.ratings import digest  # noqa: PLC0415

    plan = reader.plan
    finished = all(done == every for done, every in played)
    return {
        "schema": SCHEMA, "tournament": plan.name, "store": str(reader.folder), "finished": finished,
        "seed_key": reader.secret.hex() if plan.rated and finished else None, "interval": "95 %", **more,
        "games": [
            _division_tree(plan.divisions[n], made, played[n], digest(made)) for n, made in zip(places, tables, strict=True)
        ],
        "overall": [_verdict_tree(each) for each in verdicts([plan.divisions[n] for n in places], tables)],
    }  # fmt: skip


def _verdict_tree(verdict: Verdict) -> dict[str, Any]:
    shares = {agent: float(share) for agent, share in verdict.shares}
    order = [list(group) for group in verdict.order]
    return {
        "name": verdict.name,
        "games": list(verdict.games),
        "ballots": verdict.ballots,
        "order": order,
        "lottery": shares,
    }


def _division_tree(division: Division, made: Table, played: tuple[int, int], digest: str) -> dict[str, Any]:
    return {
        "game": division.game, "system": division.system, "matches": played[0], "scheduled": played[1], "uncounted": made.uncounted,
        "digest": digest, "equals_tie": made.tie,
        "ladders": [_ladder(made, ladder) for ladder in made.ladders],
        "meetings": [_meeting(pair, made) for pair in sorted(made.meetings)],
    }  # fmt: skip


def _ladder(made: Table, ladder: Ladder) -> dict[str, Any]:
    mix = unbeaten(made, ladder)
    players = [
        _standing(n, each) | {"mixture": float(mix[each.player]) if each.player in mix else None}
        for n, each in enumerate(ladder.standings, 1)
    ]
    return {"role": ladder.role, "players": players}


def _standing(place: int, standing: Standing) -> dict[str, Any]:
    rates = {"forfeit": standing.forfeits, "illegal": standing.faults["illegal"], "void": standing.uncounted}
    return {
        "place": place, "places": list(standing.places), "agent": standing.player.agent, "rating": standing.rating,
        "interval": [standing.low, standing.high], "matches": standing.matches, "won": standing.won, "drawn": standing.drawn,
        "lost": standing.lost, "mean_score": standing.mean, "refused": standing.refused, "faults": dict(standing.faults),
        "modes": dict(standing.modes),
        "rates": {name: dict(zip(("share", "low", "high"), standing.rate(n), strict=True)) for name, n in rates.items()},
        "spent": standing.spent._asdict(), "score_per_dollar": standing.per_dollar, "score_per_second": standing.per_second,
        "running": {"mu": standing.running, "sigma": standing.sigma},
    }  # fmt: skip


def _meeting(pair: tuple[Player, Player], made: Table) -> Mapping[str, Any]:
    meeting = made.meetings[pair]
    return {
        "agent": pair[0].agent, "role": pair[0].role, "against": pair[1].agent, "against_role": pair[1].role,
        "won": meeting.won, "drawn": meeting.drawn, "lost": meeting.lost, "share": meeting.share, "matches": meeting.bouts,
    }  # fmt: skip
