"""The account of played matches: in words for one, as a table for many, as a JSON document for programs."""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from arena.cli.tables import table
from arena.match import Result
from arena.schedule import Pairing
from arena.tally import Standing, Tally, has_first_mover, outcome
from arena.text import safe_text
from envs.spec import Spec
from envs.words import plural

__all__ = ["SCHEMA", "Account"]

SCHEMA = "palaestra.play/1"


@dataclass
class Account:
    """`spec` of the game, the agents as they were given, what was played (in any order) and the seconds it took."""

    spec: Spec
    agents: Sequence[str]
    seed: int
    swap: bool
    played: Sequence[tuple[Pairing, Result]]
    seconds: float

    def __post_init__(self) -> None:
        self.tally = Tally(self.agents)
        for pairing, result in self.played:
            self.tally.add(pairing, result)

    @property
    def unrecorded(self) -> list[str]:
        """Why recordings that were asked for are not whole, one text a match."""
        return [result.unrecorded for _, result in self.played if result.unrecorded]

    # ------------------------------------------------------------------ one match
    def one(self, recording: Path | None) -> str:
        """The result of a single match in words, one fact a line."""
        pairing, result = self.played[0]
        seats = self.spec.seat_names
        lines = [
            f"{self.spec.title} ({self.spec.id}), seed {pairing.seed}",
            f"result    {outcome(pairing.seats, seats, result.scores, result.reason, result.ticks, 'apart' in self.spec.traits)}",
        ]
        why = [f": {detail}" if detail else "" for detail in result.details] or [""] * len(result.faults)
        lines += [
            f"fault     {safe_text(pairing.seats[p])} ({seats[p]}): {cause}{more}"
            for (p, cause), more in zip(result.faults, why, strict=True)
        ]
        if any(result.refusals):
            refused = ", ".join(f"{seats[p]} {n}" for p, n in enumerate(result.refusals) if n)
            lines.append(f"refused   {refused} (answers that were not legal)")
        lines += [f"{safe_text(name, width=24):<9} {safe_text(figure)}" for name, figure in result.metrics.items()]
        kept = f"not whole: {safe_text(result.unrecorded)}" if result.unrecorded else recording
        lines.append(f"recorded  {kept or 'no (--record x.arena keeps it)'}")
        return "\n".join(lines)

    # ------------------------------------------------------------------ a series
    def many(self, folder: Path | None, interrupted: bool, wanted: int) -> str:
        """The table of a series and what is to be said of it."""
        count = self.tally.matches
        of = f" of {wanted}, stopped" if interrupted else ""
        order = "seats swapped" if self.swap else "seats kept"
        lines = [f"{self.spec.title} ({self.spec.id}): {count} matches{of}, seeds from {self.seed}, {order}", ""]
        head = ("agent", "games", "won", "drawn", "lost", "win rate", "95 %", "mean score")
        lines.append(table(head, [_row(standing) for standing in self.tally.standings], "lrrrrrlr"))
        lines += ["", *self._remarks()]
        lines.append(
            f"{count / self.seconds if self.seconds else 0:.3g} matches/s ({self.seconds:.1f} s, {self.tally.ticks} ticks)"
        )
        if folder is not None:
            lines.append(f"recordings in {folder}")
        if self.unrecorded:
            lines.append(f"recordings that are not whole: {len(self.unrecorded)} ({safe_text(self.unrecorded[0])})")
        return "\n".join(lines)

    def _remarks(self) -> list[str]:
        """First mover, faults, refusals, and what the figures mean."""
        lines = []
        if has_first_mover(self.spec) and self.tally.decisive:
            low, high = self.tally.first_interval
            share = self.tally.by_first / self.tally.decisive
            decisive = "1 match that was" if self.tally.decisive == 1 else f"{self.tally.decisive} matches that were"
            lines.append(f"first seat won {share:.1%} [{low:.1%}, {high:.1%}] of {decisive} decided")
        if self.tally.uncounted:
            lines.append(f"void or aborted, counted for nobody: {self.tally.uncounted}")
        faults = [
            f"{safe_text(each.agent)}: {cause} {n}" for each in self.tally.standings for cause, n in each.faults.items()
        ]
        lines.append("faults: " + ("; ".join(faults) or "none"))
        lines += [
            f"  {cause}, {plural(count, 'time')}: {detail}" for (cause, detail), count in self._details().most_common(3)
        ]
        refused = [f"{safe_text(each.agent)}: {each.refusals}" for each in self.tally.standings if each.refusals]
        lines.append("refused answers: " + ("; ".join(refused) or "none"))
        lines.append("win rate = wins / matches; intervals are Wilson's score intervals at 95 %")
        return [*lines, *self._means()]

    def _means(self) -> list[str]:
        """What the game counts, as means over the matches that were played out."""
        told = [result.metrics for _, result in self.played if result.metrics]
        counted = {
            n: [float(m[n]) for m in told if isinstance(m.get(n), int | float)] for n in (told[0] if told else ())
        }
        means = ", ".join(f"{safe_text(n, width=24)} {fmean(values):.3g}" for n, values in counted.items() if values)
        return textwrap.wrap(f"means of {len(told)}: {means}", 100, subsequent_indent="  ") if means else []

    def _details(self) -> Counter[tuple[str, str]]:
        """What was said of faults, with their causes."""
        told = (zip(result.faults, result.details, strict=True) for _, result in self.played if result.details)
        return Counter((cause, detail) for each in told for (_, cause), detail in each if detail)

    # ------------------------------------------------------------------ for programs
    def document(self, recording: Callable[[int], Path | None], interrupted: bool) -> dict[str, Any]:
        """One JSON document; figures that are not finite are null."""
        ordered = sorted(self.played, key=lambda pair: pair[0].number)
        return {
            "schema": SCHEMA, "game": self.spec.id, "title": self.spec.title, "seed": self.seed, "swap": self.swap,
            "interrupted": interrupted, "matches_played": self.tally.matches, "uncounted": self.tally.uncounted,
            "seconds": round(self.seconds, 3),
            "matches_per_second": round(self.tally.matches / self.seconds, 3) if self.seconds else None,
            "interval": "wilson 95 %",
            "agents": [_standing_tree(standing) for standing in self.tally.standings],
            "first_mover": self._first_tree(),
            "faults": dict(sum((each.faults for each in self.tally.standings), start=Counter[str]())),
            "refusals": sum(each.refusals for each in self.tally.standings),
            "matches": [_match_tree(pairing, result, recording(pairing.number)) for pairing, result in ordered],
        }  # fmt: skip

    def _first_tree(self) -> dict[str, Any] | None:
        """None where it makes no sense or nothing was decided."""
        if not has_first_mover(self.spec) or not self.tally.decisive:
            return None
        low, high = self.tally.first_interval
        won, decisive = self.tally.by_first, self.tally.decisive
        return {"won": won, "decisive": decisive, "share": won / decisive, "interval": [low, high]}


def _row(standing: Standing) -> list[object]:
    low, high = standing.interval
    counts = [standing.games, standing.won, standing.drawn, standing.lost]
    return [
        standing.agent, *counts, f"{standing.rate:.1%}", f"[{low:.1%}, {high:.1%}]", f"{standing.mean:+.3f}",
    ]  # fmt: skip


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _standing_tree(standing: Standing) -> dict[str, Any]:
    return {
        "agent": standing.agent, "games": standing.games, "won": standing.won, "drawn": standing.drawn, "lost": standing.lost,
        "win_rate": standing.rate if standing.games else None, "interval": list(standing.interval),
        "mean_score": _finite(standing.mean) if standing.games else None, "faults": dict(standing.faults),
        "refusals": standing.refusals,
    }  # fmt: skip


def _match_tree(pairing: Pairing, result: Result, recording: Path | None) -> dict[str, Any]:
    return {
        "number": pairing.number, "group": pairing.group, "seed": pairing.seed,
        "seats": list(pairing.seats), "players": list(pairing.players),
        "scores": [_finite(score) for score in result.scores], "reason": result.reason, "ticks": result.ticks,
        "faults": [[seat, cause] for seat, cause in result.faults], "details": list(result.details), "refusals": list(result.refusals),
        "unrecorded": result.unrecorded or None,
        "metrics": {str(name): _plain(figure) for name, figure in result.metrics.items()},
        "recording": None if recording is None else str(recording),
    }  # fmt: skip


def _plain(figure: Any) -> Any:
    """A game's figure as JSON takes it."""
    value = figure.item() if hasattr(figure, "item") else figure
    return _finite(value) if isinstance(value, bool | int | float | str | None) else str(value)
