"""The figures of a bench of models: by game and entrant, as a tree for programs and rows for a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from arena.bench.models.count import Count
from arena.bench.models.plan import Plan, labels
from arena.bench.models.running import Played
from arena.events import KINDS
from arena.ratings import rate
from arena.standings import Bout, Player, Standing
from arena.statistics import wilson
from arena.tally import UNCOUNTED
from envs.game import Game

__all__ = ["HEAD", "SCHEMA", "document", "rows"]

SCHEMA = "palaestra.llm-bench/1"
HEAD = (
    "game", "player", "rating", "95 %", "matches", "won", "score", "valid", "trunc", "empty", "unpars", "illegal", "void", "tokens",
    "dollars", "seconds", "score/$", "score/s",
)  # fmt: skip


def document(
    plan: Plan, games: Mapping[str, Game], played: Sequence[Played], seconds: float, left_out: Sequence[str]
) -> dict[str, Any]:
    """One JSON document: of each game the players, best first; entrants besides over all games."""
    names = labels(plan.entrants)
    return {
        "schema": SCHEMA, "pairs": plan.pairs, "seed": plan.seed, "pool": list(plan.pool), "seconds": round(seconds, 3),
        "entrants": [{"agent": agent, "name": names[agent]} | _over_all(agent, played) for agent in plan.entrants],
        "left_out": list(left_out),
        "games": [
            {"game": game.id, "title": game.spec.title, "players": _players(plan, game, [p for p in played if p.duel.game == name])}
            for name, game in games.items()
        ],
        "rating": "Davidson's strengths in Elo points, mean 1500; 95 % intervals; shares: Wilson's",
    }  # fmt: skip


def _over_all(agent: str, played: Sequence[Played]) -> dict[str, Any]:
    count, matches, void = _counted(agent, played), 0, 0
    for each in played:
        matches += agent in each.duel.pairing.seats
        void += agent in each.duel.pairing.seats and each.result.reason in UNCOUNTED
    return count.tree() | {"matches": matches, "void_matches": void}


def _counted(agent: str, played: Sequence[Played]) -> Count:
    total = Count()
    for each in played:
        for seat, name in enumerate(each.duel.pairing.seats):
            if name == agent:
                total.add(each.counts[seat])
    return total


def _players(plan: Plan, game: Game, played: Sequence[Played]) -> list[dict[str, Any]]:
    """Every player of a game, by ladder and rating."""
    names = labels(plan.entrants)
    groups: dict[tuple[object, ...], int] = {}
    bouts = [_bout(game, number, each, groups) for number, each in enumerate(_ordered(played))]
    players = sorted({player for bout in bouts for player in bout.players})
    table = rate(bouts, players, trend=False, apart="apart" in game.spec.traits)
    standings = [standing for ladder in table.ladders for standing in ladder.standings]
    return [_player(standing, names, plan, game, played) for standing in standings]


def _ordered(played: Sequence[Played]) -> list[Played]:
    return sorted(played, key=lambda each: (each.duel.pairing.seed, each.duel.pairing.number, each.duel.pairing.seats))


def _bout(game: Game, number: int, each: Played, groups: dict[tuple[object, ...], int]) -> Bout:
    pairing, result = each.duel.pairing, each.result
    group = groups.setdefault((pairing.seed, tuple(sorted(set(pairing.seats)))), len(groups))
    players = tuple(Player(agent, game.spec.role(seat).name) for seat, agent in enumerate(pairing.seats))
    scores = None if result.reason in UNCOUNTED else tuple(result.scores)
    return Bout(number, group, players, scores, result.faults, result.refusals, result.reason)


def _player(
    standing: Standing, names: Mapping[str, str], plan: Plan, game: Game, played: Sequence[Played]
) -> dict[str, Any]:
    agent, role = standing.player
    own = [
        each
        for each in played
        if any(p == agent and game.spec.role(s).name == role for s, p in enumerate(each.duel.pairing.seats))
    ]
    count = _counted(agent, own)
    shares = [share for each in own if (share := each.share(agent)) is not None]
    share, matches = (fmean(shares) if shares else 0.0), max(1, len(own))
    return {
        "agent": agent, "name": names.get(agent, agent), "role": role, "entrant": agent in plan.entrants,
        "rating": standing.rating, "rating_interval": [standing.low, standing.high], "matches": standing.matches,
        "won": standing.won, "drawn": standing.drawn, "lost": standing.lost, "void": standing.uncounted, "share": share,
        "win_interval": list(wilson(standing.won, standing.matches)), "points": standing.mean, "faults": dict(standing.faults),
        "share_per_dollar": share / (count.cost / matches) if count.cost else None,
        "share_per_second": share / (count.thinking / matches) if count.thinking else None,
        "metrics": _metrics(own), **count.tree(),
    }  # fmt: skip


def _metrics(played: Sequence[Played]) -> dict[str, float]:
    """The means of the games' own figures, where they are numbers."""
    sums: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for each in played:
        for name, value in each.result.metrics.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                sums[str(name)] += value  # type: ignore[assignment]
                counts[str(name)] += 1
    return {name: sums[name] / counts[name] for name in sums}


def rows(tree: Mapping[str, Any]) -> list[list[object]]:
    """The table: one row a game and player."""
    return [_row(game, player) for game in tree["games"] for player in game["players"]]


def _row(game: Mapping[str, Any], player: Mapping[str, Any]) -> list[object]:
    low, high = player["rating_interval"]
    kinds, tokens = player["kinds"], sum(player["tokens"][kind] for kind in ("prompt", "completion"))
    name = player["name"] + ("" if player["role"] == "player" else f" ({player['role']})")
    counts = [kinds[kind] or "" for kind in KINDS]
    return [
        game["game"], name, f"{player['rating']:.0f}", f"[{low:.0f}, {high:.0f}]", player["matches"], player["won"],
        f"{player['share']:.1%}", f"{player['valid']:.1%}", *counts, player["void"] or "", f"{tokens:,}" if tokens else "",
        f"{player['dollars']:.4f}" if player["dollars"] else "", f"{player['seconds']:.1f}",
        *(f"{worth:.3g}" if worth is not None else "" for worth in (player["share_per_dollar"], player["share_per_second"])),
    ]  # fmt: skip
