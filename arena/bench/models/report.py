"""The figures of a bench of models: by game and entrant, as a tree for programs and rows for a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from statistics import fmean
from typing import Any

from arena.bench.models.comparing import bouts
from arena.bench.models.count import Count
from arena.bench.models.plan import Field, Plan, labels, short
from arena.bench.models.running import Played
from arena.events import KINDS
from arena.ratings import rate
from arena.spending import worth
from arena.standings import Player, Standing
from arena.statistics import paired_bootstrap, wilson
from arena.tally import UNCOUNTED
from arena.text import safe_text
from envs.options import split

__all__ = ["HEAD", "SCHEMA", "document", "own_figures", "rows", "seeds", "titled", "troubles"]

ENOUGH = 10
"""Seeds to draw again from: fewer would give intervals of chance, down to none at all."""
SCHEMA = "palaestra.llm-bench/1"
HEAD = (
    "game", "player", "rating", "95 %", "valid", "matches", "won", "points", "score", "trunc", "empty", "unpars", "illegal", "void",
    "tokens", "dollars", "seconds", "score/$", "score/s",
)  # fmt: skip


def document(
    plan: Plan, fields: Mapping[str, Field], played: Sequence[Played], seconds: float, left_out: Sequence[str]
) -> dict[str, Any]:
    """One JSON document: of each game the players, best first; entrants besides over all games."""
    names = labels(plan.entrants)
    return {
        "schema": SCHEMA, "pairs": plan.pairs, "seed": plan.seed, "pool": list(plan.pool), "seconds": round(seconds, 3),
        "entrants": [{"agent": agent, "name": names[agent]} | _over_all(agent, played) for agent in plan.entrants],
        "left_out": list(left_out), "unrecorded": sorted({each.result.unrecorded for each in played} - {""})[:3],
        "games": [_game(plan, name, field, [p for p in played if p.duel.game == name]) for name, field in fields.items()],
        "rating": "Davidson's strengths in Elo points, mean 1500; 95 % intervals, "
        + (f"by bootstrap over {plan.pairs} seeds" if plan.pairs >= ENOUGH else "from the fit alone, as seeds are few"),
    }  # fmt: skip


def _game(plan: Plan, name: str, field: Field, played: Sequence[Played]) -> dict[str, Any]:
    """named: with its options, as it was asked for; compared: within each match, or over matches (see plan)."""
    game = field.game
    return {
        "game": game.id, "named": name, "short": short(plan.games)[name], "title": game.spec.title, "pool": list(field.pool),
        "compared": "over matches" if field.apart else "within matches", "players": _players(plan, field, played),
    }  # fmt: skip


def _over_all(agent: str, played: Sequence[Played]) -> dict[str, Any]:
    count, matches, void = _counted(agent, played), 0, 0
    for each in played:
        matches += agent in each.duel.pairing.seats
        void += agent in each.duel.pairing.seats and each.result.reason in UNCOUNTED
    return count.tree() | {"matches": matches, "void_matches": void}


def _counted(agent: str, played: Sequence[Played], seats: Container[int] | None = None) -> Count:
    """seats: of those of one role; None: of all."""
    total = Count()
    for each in played:
        for seat, name in enumerate(each.duel.pairing.seats):
            if name == agent and (seats is None or seat in seats):
                total.add(each.counts[seat])
    return total


def _players(plan: Plan, field: Field, played: Sequence[Played]) -> list[dict[str, Any]]:
    """Every player of a game, by ladder and rating."""
    names = labels(plan.entrants)
    every = bouts(field, _ordered(played))
    seated = {(agent, seat) for each in played for seat, agent in enumerate(each.duel.pairing.seats)}
    players = sorted({Player(agent, field.game.spec.role(seat).name) for agent, seat in seated})
    table = rate(every, players, resamples=1000 if plan.pairs >= ENOUGH else 0, trend=False)
    # Who played no match that counts has no rating and comes last.
    ordered = [sorted(ladder.standings, key=lambda each: not each.matches) for ladder in table.ladders]
    standings = [standing for ladder in ordered for standing in ladder]
    return [_player(standing, names, plan, field, played) for standing in standings]


def _ordered(played: Sequence[Played]) -> list[Played]:
    return sorted(played, key=lambda each: (each.duel.pairing.seed, each.duel.pairing.number, each.duel.pairing.seats))


def _player(
    standing: Standing, names: Mapping[str, str], plan: Plan, field: Field, played: Sequence[Played]
) -> dict[str, Any]:
    agent, role = standing.player
    seats = {seat for seat in range(field.game.seats) if field.game.spec.role(seat).name == role}
    own = [each for each in played if any(p == agent and s in seats for s, p in enumerate(each.duel.pairing.seats))]
    count = _counted(agent, own, seats)
    places = [(each, min(s for s in seats if each.duel.pairing.seats[s] == agent)) for each in own]
    shares = [share for each, seat in places if (share := each.share(agent, seat)) is not None]
    points = [each.result.scores[seat] for each, seat in places if each.result.reason not in UNCOUNTED]
    share, matches = (fmean(shares) if shares else 0.0), max(1, len(own))
    return {
        "agent": agent, "name": names.get(agent, agent), "role": role, "entrant": agent in plan.entrants,
        "rating": standing.rating, "rating_interval": [standing.low, standing.high], "matches": len(shares),
        "won": standing.won, "drawn": standing.drawn, "lost": standing.lost, "void": len(own) - len(shares), "share": share,
        "win_interval": list(wilson(standing.won, standing.matches)), "points": fmean(points) if points else 0.0,
        "points_interval": _interval(points, plan.seed), "faults": dict(standing.faults),
        "share_per_dollar": share / (count.cost / matches) if count.cost and shares else None,
        "share_per_second": share / (count.thinking / matches) if count.thinking and shares else None,
        "metrics": _metrics(own), **count.tree(),
    }  # fmt: skip


def _interval(points: Sequence[float], seed: int) -> list[float] | None:
    """The mean's 95 % interval, by bootstrap over matches; None for fewer than two."""
    return list(paired_bootstrap(points, [0.0] * len(points), seed)[1:]) if len(points) > 1 else None


def _metrics(played: Sequence[Played]) -> dict[str, float]:
    """The means of the games' own figures over the matches that have any, where they are numbers; one that a match lacks is 0 there."""
    sums: Counter[str] = Counter()
    having = [each.result.metrics for each in played if each.result.metrics]
    for metrics in having:
        for name, value in metrics.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                sums[str(name)] += value  # type: ignore[assignment]
    return {name: total / len(having) for name, total in sums.items()}


def rows(tree: Mapping[str, Any], width: int | None = None) -> list[list[object]]:
    """The table: one row a game and player. width: of a name at most."""
    return [_row(game, player, width) for game in tree["games"] for player in game["players"]]


def titled(player: Mapping[str, Any], players: Sequence[Mapping[str, Any]], width: int | None = None) -> str:
    """A player's name, with the role where the game has several. width: cells at most, of which the role takes what it needs."""
    several = len({each["role"] for each in players}) > 1
    role = f" ({player['role']})" if several else ""
    return safe_text(player["name"], width=None if width is None else max(1, width - len(role))) + role


def own_figures(game: Mapping[str, Any], width: int | None = None) -> tuple[list[str], list[list[object]]] | None:
    """The game's own figures as a table: one row a figure, one column a player; None where it has none."""
    names = list(dict.fromkeys(name for player in game["players"] for name in player["metrics"]))
    if not names:
        return None
    head = [game["short"], *(titled(player, game["players"], width) for player in game["players"])]
    return head, [
        [name.replace("_", " "), *(_figure(player["metrics"].get(name)) for player in game["players"])]
        for name in names
    ]


def seeds(tree: Mapping[str, Any]) -> str:
    """How often two players met, in words."""
    return f"{tree['pairs']} {'seed' if tree['pairs'] == 1 else 'seeds'} from {tree['seed']} for each two players"


def troubles(tree: Mapping[str, Any]) -> list[str]:
    """A line for each reason why a model's matches were void, and for each model without a price or whose endpoint did not take what was
    asked for.
    """
    found = []
    for each in tree["entrants"]:
        found += [
            f"{each['name']}, void {n} {'time' if n == 1 else 'times'}: {why}" for why, n in each["troubles"].items()
        ]
        prices = split(each["agent"])[1].get("prices")
        if prices and each["attempts"] and not each["priced"]:
            found.append(f"{each['name']} has no price in {prices}: what it cost is not counted")
        if each["without"]:
            found.append(
                f"{each['name']} was asked without {', '.join(each['without'])}: the endpoint does not take that"
            )
    return found


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}" if abs(value) >= 1000 or value == round(value) else f"{value:.2f}"


def _row(game: Mapping[str, Any], player: Mapping[str, Any], width: int | None) -> list[object]:
    """What was not measured stays empty: no rating without a match that counts, no share of valid answers without an answer."""
    low, high = player["rating_interval"]
    kinds, tokens = player["kinds"], sum(player["tokens"][kind] for kind in ("prompt", "completion"))
    name = titled(player, game["players"], width)
    counts = [kinds[kind] or "" for kind in KINDS]
    rating = (f"{player['rating']:.0f}", f"[{low:.0f}, {high:.0f}]") if player["matches"] else ("", "")
    earned = (player["won"], f"{player['points']:.2f}", f"{player['share']:.1%}") if player["matches"] else ("", "", "")
    return [
        game["short"], name, *rating, "" if player["valid"] is None else f"{player['valid']:.1%}", player["matches"], *earned,
        *counts, player["void"] or "", f"{tokens:,}" if tokens else "",
        f"{player['dollars']:.4f}" if player["dollars"] else "", f"{player['seconds']:.1f}",
        worth(player["share_per_dollar"]), worth(player["share_per_second"]),
    ]  # fmt: skip
